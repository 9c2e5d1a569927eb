//! Which states of an automaton accept the same continuations.

use std::collections::BTreeMap;

use crate::ir::automaton::{Automaton, Builder, Edge};

impl Automaton {
    /// The smallest automaton of the same language: no useless states, equivalent ones merged, numbered by first visit.
    pub(super) fn canonical(self) -> Self {
        let useful = self.useful();
        if !useful[0] {
            return Self::nothing();
        }
        let class = classes(&self, &useful);
        let mut builder = Builder::new(class[0]);
        let mut member = BTreeMap::new();
        for (state, class) in class.iter().enumerate().filter(|(s, _)| useful[*s]) {
            member.entry(*class).or_insert(state as u32);
        }
        while let Some(key) = builder.next() {
            for edge in self.edges(member[&key]).iter().filter(|e| useful[e.to as usize]) {
                builder.edge(edge.lo, edge.hi, class[edge.to as usize]);
            }
            builder.close();
        }
        builder.finish(|key| self.accepts(member[key]))
    }
}

/// A number for every useful state, equal for states with the same future.
fn classes(automaton: &Automaton, useful: &[bool]) -> Vec<u32> {
    Classes::refine(automaton, useful)
}

/// What tells two states of one class apart: the classes that their steps lead to.
type Signature = Vec<Edge>;

/// Refinement of the states into classes of equal future. A class that splits keeps its number for its largest part, so
/// a state changes class at most log(n) times and only the states before it are looked at again.
struct Classes<'a> {
    automaton: &'a Automaton,
    useful: &'a [bool],
    class: Vec<u32>,
    members: Vec<Vec<u32>>,
    /// Where a state stands in the list of its class.
    place: Vec<usize>,
}

impl<'a> Classes<'a> {
    fn refine(automaton: &'a Automaton, useful: &'a [bool]) -> Vec<u32> {
        let n = automaton.len();
        let mut before = vec![Vec::new(); n];
        let mut this = Self { automaton, useful, class: vec![0; n], members: vec![Vec::new(); 2], place: vec![0; n] };
        let mut dirty = Vec::new();
        for state in (0..n as u32).filter(|s| useful[*s as usize]) {
            this.put(state, u32::from(automaton.accepts(state)));
            dirty.push(state);
            for edge in automaton.edges(state).iter().filter(|e| useful[e.to as usize]) {
                before[edge.to as usize].push(state);
            }
        }
        let mut marked = vec![false; n];
        while !dirty.is_empty() {
            dirty.iter().for_each(|s| marked[*s as usize] = true);
            let moved = this.round(&dirty, &marked);
            dirty.iter().for_each(|s| marked[*s as usize] = false);
            dirty = moved.iter().flat_map(|s| &before[*s as usize]).copied().collect();
            dirty.sort_unstable();
            dirty.dedup();
        }
        this.class
    }

    fn put(&mut self, state: u32, class: u32) {
        self.class[state as usize] = class;
        self.place[state as usize] = self.members[class as usize].len();
        self.members[class as usize].push(state);
    }

    fn take(&mut self, state: u32) {
        let list = &mut self.members[self.class[state as usize] as usize];
        let place = self.place[state as usize];
        list.swap_remove(place);
        if let Some(other) = list.get(place) {
            self.place[*other as usize] = place;
        }
    }

    fn signature(&self, state: u32) -> Signature {
        let mut found: Signature = Vec::new();
        for edge in self.automaton.edges(state).iter().filter(|e| self.useful[e.to as usize]) {
            let to = self.class[edge.to as usize];
            match found.last_mut() {
                Some(last) if last.to == to && last.hi + 1 == edge.lo => last.hi = edge.hi,
                _ => found.push(Edge { to, ..*edge }),
            }
        }
        found
    }

    /// Splits by the present classes and returns the states whose class changed. States that are not dirty, in one
    /// class, have one signature: nothing behind them changed since they were found equal.
    fn round(&mut self, dirty: &[u32], marked: &[bool]) -> Vec<u32> {
        let mut touched: BTreeMap<u32, BTreeMap<Signature, Vec<u32>>> = BTreeMap::new();
        for state in dirty {
            let class = self.class[*state as usize];
            if self.members[class as usize].len() > 1 {
                touched.entry(class).or_default().entry(self.signature(*state)).or_default().push(*state);
            }
        }
        let mut leaving: Vec<Vec<u32>> = Vec::new();
        for (class, mut groups) in touched {
            let members = &self.members[class as usize];
            let seen: usize = groups.values().map(Vec::len).sum();
            let quiet = members.len() - seen;
            if let Some(one) = members.iter().find(|s| !marked[**s as usize]) {
                let group = groups.entry(self.signature(*one)).or_default();
                let staying = group.len() + quiet;
                if 2 * staying >= members.len() {
                    // The common case: the quiet majority stays without being looked at.
                    group.clear();
                    leaving.extend(groups.into_values().filter(|g| !g.is_empty()));
                    continue;
                }
                group.extend(members.iter().filter(|s| !marked[**s as usize]));
            }
            let mut parts: Vec<Vec<u32>> = groups.into_values().collect();
            let largest = (0..parts.len()).max_by_key(|i| parts[*i].len());
            if let Some(largest) = largest {
                parts.swap_remove(largest);
            }
            leaving.extend(parts);
        }
        for part in &leaving {
            let fresh = self.members.len() as u32;
            self.members.push(Vec::new());
            for state in part {
                self.take(*state);
                self.put(*state, fresh);
            }
        }
        leaving.into_iter().flatten().collect()
    }
}
