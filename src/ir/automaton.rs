//! Deterministic automata over characters, in one canonical form.
//!
//! Edges carry ranges of symbols. A missing edge means that no continuation is accepted, so every state of the canonical
//! form leads to acceptance. Two automata accept the same strings exactly when they are equal values.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// A state that accepts nothing, however the string goes on.
pub(super) const DEAD: u32 = u32::MAX;

/// The largest symbol.
pub(super) const LAST: u32 = 0x0010_F7FF;

/// The number of a character. Surrogates are left out, so that every number up to [`LAST`] is a character and ranges
/// which hold the same characters are equal.
pub(super) fn symbol(c: char) -> u32 {
    let n = u32::from(c);
    if n < 0xD800 { n } else { n - 0x800 }
}

/// The character of a number.
pub(super) fn character(symbol: u32) -> char {
    char::from_u32(if symbol < 0xD800 { symbol } else { symbol + 0x800 }).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The exact answer would need more memory than a filter that a person wrote can be worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooComplex;

impl fmt::Display for TooComplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these patterns together are too complex to compare exactly")
    }
}

impl std::error::Error for TooComplex {}

/// A step from a state by any symbol of a range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Edge {
    /// First symbol.
    pub(super) lo: u32,
    /// Last symbol.
    pub(super) hi: u32,
    /// The state it leads to.
    pub(super) to: u32,
}

/// A deterministic automaton; state 0 is the start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Automaton {
    accept: Vec<bool>,
    /// Where the edges of each state begin in `edges`, and where the last ones end.
    first: Vec<u32>,
    /// By state, then by symbol; ranges of one state do not overlap.
    edges: Vec<Edge>,
}

impl Automaton {
    /// Accepts no string.
    pub(super) fn nothing() -> Self {
        Self { accept: vec![false], first: vec![0, 0], edges: Vec::new() }
    }

    /// Accepts one string; this is its canonical form.
    pub(super) fn literal(text: &str) -> Self {
        let edges: Vec<Edge> =
            text.chars().enumerate().map(|(i, c)| Edge { lo: symbol(c), hi: symbol(c), to: i as u32 + 1 }).collect();
        let n = edges.len() as u32;
        let mut accept = vec![false; edges.len() + 1];
        accept[edges.len()] = true;
        Self { accept, first: (0..=n).chain([n]).collect(), edges }
    }

    /// How many states it has.
    pub(super) fn len(&self) -> usize {
        self.accept.len()
    }

    /// Whether it accepts no string. Only right for the canonical form.
    pub(super) fn is_nothing(&self) -> bool {
        self.edges.is_empty() && !self.accepts(0)
    }

    /// Whether a string that ends in this state is accepted.
    pub(super) fn accepts(&self, state: u32) -> bool {
        self.accept.get(state as usize).copied().unwrap_or(false)
    }

    /// The steps from a state; none from [`DEAD`].
    pub(super) fn edges(&self, state: u32) -> &[Edge] {
        if state == DEAD {
            return &[];
        }
        &self.edges[self.first[state as usize] as usize..self.first[state as usize + 1] as usize]
    }

    /// The state after a symbol.
    pub(super) fn step(&self, state: u32, symbol: u32) -> u32 {
        let edges = self.edges(state);
        let at = edges.partition_point(|e| e.hi < symbol);
        edges.get(at).filter(|e| e.lo <= symbol).map_or(DEAD, |e| e.to)
    }

    /// The state after a whole string.
    pub(super) fn run(&self, text: &str) -> u32 {
        text.chars().fold(0, |state, c| if state == DEAD { DEAD } else { self.step(state, symbol(c)) })
    }

    /// The same steps with other accepting states, in canonical form.
    pub(super) fn accepting(&self, accept: impl Fn(u32) -> bool) -> Self {
        let accept = (0..self.len() as u32).map(accept).collect();
        Self { accept, first: self.first.clone(), edges: self.edges.clone() }.canonical()
    }

    /// Builds the automaton whose states are the keys that `step` reaches from `start`, in canonical form.
    ///
    /// # Errors
    /// When more than `limit` keys are reached.
    pub(super) fn explore<K: Ord + Clone>(
        start: K,
        limit: usize,
        mut step: impl FnMut(&K, &mut Vec<(u32, u32, K)>),
        accept: impl Fn(&K) -> bool,
    ) -> Result<Self, TooComplex> {
        let mut builder = Builder::new(start);
        let mut found = Vec::new();
        while let Some(key) = builder.next() {
            step(&key, &mut found);
            for (lo, hi, to) in found.drain(..) {
                builder.edge(lo, hi, to);
            }
            builder.close();
            if builder.len() > limit {
                return Err(TooComplex);
            }
        }
        Ok(builder.finish(accept).canonical())
    }

    /// The states from which acceptance can be reached.
    pub(super) fn useful(&self) -> Vec<bool> {
        let mut before = vec![Vec::new(); self.len()];
        for state in 0..self.len() as u32 {
            for edge in self.edges(state) {
                before[edge.to as usize].push(state);
            }
        }
        let mut useful = self.accept.clone();
        let mut open: Vec<u32> = (0..self.len() as u32).filter(|s| self.accepts(*s)).collect();
        while let Some(state) = open.pop() {
            for from in &before[state as usize] {
                if !std::mem::replace(&mut useful[*from as usize], true) {
                    open.push(*from);
                }
            }
        }
        useful
    }
}

/// An automaton under construction, whose states are found through keys.
pub(super) struct Builder<K> {
    number: BTreeMap<K, u32>,
    keys: Vec<K>,
    open: VecDeque<u32>,
    first: Vec<u32>,
    edges: Vec<Edge>,
}

impl<K: Ord + Clone> Builder<K> {
    /// Begins with the key of the start.
    pub(super) fn new(start: K) -> Self {
        Self {
            number: BTreeMap::from([(start.clone(), 0)]),
            keys: vec![start],
            open: VecDeque::from([0]),
            first: vec![0],
            edges: Vec::new(),
        }
    }

    /// How many states are known.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The next key whose steps are not yet known, in order of discovery. Follow it by its edges and [`Builder::close`].
    pub(super) fn next(&mut self) -> Option<K> {
        self.open.pop_front().map(|s| self.keys[s as usize].clone())
    }

    /// The number of a key, and whether it is new.
    pub(super) fn state(&mut self, key: K) -> (u32, bool) {
        if let Some(known) = self.number.get(&key) {
            return (*known, false);
        }
        let fresh = self.keys.len() as u32;
        self.number.insert(key.clone(), fresh);
        self.keys.push(key);
        self.open.push_back(fresh);
        (fresh, true)
    }

    /// Adds a step from the present key; ranges come in order.
    pub(super) fn edge(&mut self, lo: u32, hi: u32, to: K) {
        let (to, _) = self.state(to);
        self.edge_to(lo, hi, to);
    }

    /// Adds a step to a state of known number.
    pub(super) fn edge_to(&mut self, lo: u32, hi: u32, to: u32) {
        let begin = self.first.last().map_or(0, |f| *f as usize);
        match self.edges[begin..].last_mut() {
            Some(last) if last.to == to && last.hi + 1 == lo => last.hi = hi,
            _ => self.edges.push(Edge { lo, hi, to }),
        }
    }

    /// The present key has no more steps.
    pub(super) fn close(&mut self) {
        self.first.push(self.edges.len() as u32);
    }

    /// The automaton, once no key is left.
    pub(super) fn finish(self, accept: impl Fn(&K) -> bool) -> Automaton {
        Automaton { accept: self.keys.iter().map(accept).collect(), first: self.first, edges: self.edges }
    }
}

/// Where the ranges of two lists overlap: (first, last, state of the first list or dead, of the second or dead).
pub(super) fn overlay(a: &[Edge], b: &[Edge]) -> Vec<(u32, u32, u32, u32)> {
    let piece = |edges: &[Edge], from: &mut usize, at: u32| {
        while edges.get(*from).is_some_and(|e| e.hi < at) {
            *from += 1;
        }
        match edges.get(*from) {
            Some(e) if e.lo <= at => (e.hi, e.to),
            Some(e) => (e.lo - 1, DEAD),
            None => (LAST, DEAD),
        }
    };
    let (mut found, mut i, mut j, mut at) = (Vec::new(), 0, 0, 0);
    loop {
        let (end_a, to_a) = piece(a, &mut i, at);
        let (end_b, to_b) = piece(b, &mut j, at);
        let end = end_a.min(end_b);
        if to_a != DEAD || to_b != DEAD {
            found.push((at, end, to_a, to_b));
        }
        if end == LAST {
            return found;
        }
        at = end + 1;
    }
}
