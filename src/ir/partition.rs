//! The kinds of strings that a set of filters can tell apart.
//!
//! Two strings are of one class when every filter treats them alike. All classes are found in one walk over the filters
//! side by side, so the cost follows the size of what is found, not the square of the number of filters.

use std::collections::BTreeMap;

use crate::ir::automaton::{Automaton, Builder, DEAD, Edge};
use crate::ir::bits::BitSet;
use crate::ir::lang::{Lang, TooComplex, Trail, rank};

/// Most classes that a partition may have.
pub const MAX_CLASSES: usize = 4_096;

/// Most (filter, state) pairs that the walk may hold: some sixty for each class.
const MAX_PAIRS: usize = 1 << 18;

/// Strings that no filter tells apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Class {
    /// A shortest string of the class that reads well.
    pub witness: String,
    /// Which of the filters, in the order given, hold the class; they hold all of it.
    pub members: BitSet,
}

/// The classes of a universe under some filters: disjoint, none empty, together the whole universe.
#[derive(Clone, Debug)]
pub struct Partition {
    /// By the first filter that holds them; the class that no filter holds comes last.
    pub classes: Vec<Class>,
    automaton: Automaton,
    /// The class of the strings that end in each state, if they are in the universe.
    class_of_state: Vec<Option<u32>>,
    suggested: BitSet,
}

/// The classes of all refs under some filters.
///
/// # Errors
/// When there are more than [`MAX_CLASSES`], or the filters together are too large to compare.
pub fn partition(filters: &[Lang]) -> Result<Partition, TooComplex> {
    partition_of(&Lang::all(), filters)
}

/// The classes of a universe under some filters. What a filter holds outside of the universe does not count.
///
/// # Errors
/// When there are more than [`MAX_CLASSES`], or the filters together are too large to compare.
pub fn partition_of(universe: &Lang, filters: &[Lang]) -> Result<Partition, TooComplex> {
    let mut distinct: BTreeMap<&Lang, Vec<usize>> = BTreeMap::new();
    for (i, filter) in filters.iter().enumerate() {
        distinct.entry(filter).or_default().push(i);
    }
    // In the order of the input, so that a tuple's order is stable however the languages compare.
    let mut distinct: Vec<(&Lang, Vec<usize>)> = distinct.into_iter().filter(|(l, _)| !l.is_empty()).collect();
    distinct.sort_by_key(|(_, places)| places[0]);
    let walk = Walk { universe: universe.automaton(), filters: distinct.iter().map(|(l, _)| l.automaton()).collect() };
    if universe.is_empty() {
        let (automaton, class_of_state) = (Automaton::nothing(), vec![None]);
        return Ok(Partition { classes: Vec::new(), automaton, class_of_state, suggested: BitSet::new(0) });
    }
    let found = walk.run()?;

    let mut classes: Vec<(Vec<usize>, u32, String)> = found
        .classes
        .into_iter()
        .map(|(members, (number, witness))| {
            let mut places: Vec<usize> = members.iter().flat_map(|m| &distinct[*m as usize].1).copied().collect();
            places.sort_unstable();
            (places, number, witness)
        })
        .collect();
    classes.sort_by(|(a, ..), (b, ..)| (a.is_empty(), a).cmp(&(b.is_empty(), b)));
    let mut order = vec![0; classes.len()];
    classes.iter().enumerate().for_each(|(place, (_, number, _))| order[*number as usize] = place as u32);
    let classes: Vec<Class> = classes
        .into_iter()
        .map(|(places, _, witness)| {
            let mut members = BitSet::new(filters.len());
            places.iter().for_each(|p| _ = members.insert(*p));
            Class { witness, members }
        })
        .collect();
    let class_of_state = found.class_of_state.iter().map(|c| c.map(|c| order[c as usize])).collect();
    let suggested = BitSet::new(classes.len());
    Ok(Partition { classes, automaton: found.automaton, class_of_state, suggested })
}

impl Partition {
    /// The class of a string; none if it is not in the universe.
    pub fn class_of(&self, text: &str) -> Option<usize> {
        match self.automaton.run(text) {
            DEAD => None,
            state => self.class_of_state[state as usize].map(|c| c as usize),
        }
    }

    /// The strings of a class. Costs as much as the whole partition has states: ask for few.
    pub fn lang(&self, class: usize) -> Lang {
        Lang::wrap(self.automaton.accepting(|state| self.class_of_state[state as usize] == Some(class as u32)))
    }

    /// Offers a string that a person would rather read than the shortest one. The first one offered for a class becomes
    /// its witness; a string outside of the universe is ignored.
    pub fn suggest(&mut self, text: &str) {
        if let Some(class) = self.class_of(text)
            && self.suggested.insert(class)
        {
            text.clone_into(&mut self.classes[class].witness);
        }
    }
}

/// The state of the universe, and of each filter that can still match, by number of the filter.
type Tuple = (u32, Vec<(u32, u32)>);

struct Walk<'a> {
    universe: &'a Automaton,
    filters: Vec<&'a Automaton>,
}

/// What the walk finds: the members of each class with its number and first string.
struct Found {
    automaton: Automaton,
    class_of_state: Vec<Option<u32>>,
    classes: BTreeMap<Vec<u32>, (u32, String)>,
}

impl Walk<'_> {
    fn run(&self) -> Result<Found, TooComplex> {
        let start: Tuple = (0, (0..self.filters.len() as u32).map(|f| (f, 0)).collect());
        let mut builder = Builder::new(start);
        let mut trail = Trail::default();
        let mut classes: BTreeMap<Vec<u32>, (u32, String)> = BTreeMap::new();
        let mut class_of_state = Vec::new();
        let mut pairs = 0;
        while let Some(tuple) = builder.next() {
            let here = trail.next();
            pairs += tuple.1.len() + 1;
            if pairs > MAX_PAIRS {
                return Err(TooComplex);
            }
            class_of_state.push(self.members(&tuple).map(|members| {
                let fresh = classes.len() as u32;
                classes.entry(members).or_insert_with(|| (fresh, trail.text(here))).0
            }));
            if classes.len() > MAX_CLASSES {
                return Err(TooComplex);
            }
            // States are numbered in the order of preference, so the first string that reaches a class is its witness.
            let mut steps: Vec<((u32, u32), usize, Edge)> = Vec::new();
            let mut tuples: Vec<Option<Tuple>> = Vec::new();
            for (i, (lo, hi, to)) in self.steps(&tuple).into_iter().enumerate() {
                steps.push((rank(lo, hi), i, Edge { lo, hi, to: DEAD }));
                tuples.push(Some(to));
            }
            steps.sort_unstable_by_key(|(rank, i, _)| (*rank, *i));
            for ((_, by), i, edge) in &mut steps {
                if let Some(to) = tuples[*i].take() {
                    let (number, fresh) = builder.state(to);
                    edge.to = number;
                    if fresh {
                        trail.push(here, *by);
                    }
                }
            }
            steps.sort_unstable_by_key(|(_, i, _)| *i);
            steps.iter().for_each(|(_, _, edge)| builder.edge_to(edge.lo, edge.hi, edge.to));
            builder.close();
        }
        Ok(Found { automaton: builder.finish(|_| true), class_of_state, classes })
    }

    /// The filters that accept what leads to a tuple, if the universe does.
    fn members(&self, (universe, live): &Tuple) -> Option<Vec<u32>> {
        self.universe.accepts(*universe).then(|| {
            let accepting = live.iter().filter(|(f, state)| self.filters[*f as usize].accepts(*state));
            accepting.map(|(f, _)| *f).collect()
        })
    }

    /// The steps of the universe, cut where a filter distinguishes symbols.
    fn steps(&self, (universe, live): &Tuple) -> Vec<(u32, u32, Tuple)> {
        let edges: Vec<(u32, Edge)> =
            live.iter().flat_map(|(f, state)| self.filters[*f as usize].edges(*state).iter().map(|e| (*f, *e))).collect();
        let own = self.universe.edges(*universe);
        let mut cuts: Vec<u32> = edges.iter().map(|(_, e)| e).chain(own).flat_map(|e| [e.lo, e.hi + 1]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut atoms: Vec<Vec<(u32, u32)>> = vec![Vec::new(); cuts.len()];
        let place = |symbol: u32| cuts.partition_point(|c| *c < symbol);
        for (filter, edge) in &edges {
            atoms[place(edge.lo)..place(edge.hi + 1)].iter_mut().for_each(|atom| atom.push((*filter, edge.to)));
        }
        let mut found = Vec::new();
        for edge in own {
            for i in place(edge.lo)..place(edge.hi + 1) {
                found.push((cuts[i], cuts[i + 1] - 1, (edge.to, std::mem::take(&mut atoms[i]))));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{partition, partition_of};
    use crate::ir::glob::{Glob, glob_text, name};
    use crate::ir::lang::Lang;

    fn langs(globs: &[&str]) -> Vec<Lang> {
        globs.iter().map(|g| Glob::parse(g).unwrap().lang()).collect()
    }

    fn shown(globs: &[&str]) -> Vec<(String, Vec<usize>)> {
        let found = partition(&langs(globs)).unwrap();
        found.classes.into_iter().map(|c| (c.witness, c.members.iter().collect())).collect()
    }

    #[test]
    fn classes_come_in_the_order_of_the_filters() {
        let expected: [(&str, &[usize]); 7] = [
            ("main", &[0]),
            ("feature/x", &[1, 2, 3, 4]),
            ("feature/y", &[1, 2, 4]),
            ("feature/x/y", &[2]),
            ("feature/x/x", &[2, 3]),
            ("x", &[3]),
            ("y", &[]),
        ];
        let expected = expected.map(|(witness, members)| (witness.to_owned(), members.to_vec()));
        assert_eq!(shown(&["main", "feature/*", "feature/**", "**x", "feature/*"]), expected);
    }

    #[test]
    fn no_filter_no_universe_and_empty_filters() {
        assert_eq!(shown(&[]), [("x".into(), vec![])]);
        assert_eq!(shown(&["**"]), [("x".into(), vec![0])]);
        assert_eq!(shown(&["a b"]), [("x".into(), vec![])]);
        assert!(partition_of(&Lang::empty(), &langs(&["a"])).unwrap().classes.is_empty());
        let inside = partition_of(&Lang::literal("a"), &langs(&["a*"])).unwrap();
        assert_eq!((inside.classes.len(), inside.class_of("a"), inside.class_of("ab")), (1, Some(0), None));
    }

    #[test]
    fn suggestions_replace_witnesses_of_their_own_class_once() {
        let mut found = partition(&langs(&["v*.*.*"])).unwrap();
        for text in ["v1.2.3", "v9.9.9", "not a ref"] {
            found.suggest(text);
        }
        assert_eq!(found.classes[0].witness, "v1.2.3");
        assert_eq!(found.classes[1].witness, "x");
    }

    #[test]
    fn equal_filters_cost_one_and_many_different_ones_stay_cheap() {
        let same = vec![Glob::parse("feature/**").unwrap().lang(); 10_000];
        let found = partition(&same).unwrap();
        assert_eq!(found.classes.iter().map(|c| c.members.count()).collect::<Vec<_>>(), [10_000, 0]);
        let names: Vec<Lang> = (0..3_000).map(|i| Glob::parse(&format!("service-{i}/**")).unwrap().lang()).collect();
        assert_eq!(partition(&names).unwrap().classes.len(), 3_001);
    }

    #[test]
    fn too_many_classes_are_refused() {
        let globs: Vec<String> = ('a'..='z').map(|c| format!("**{c}**")).collect();
        let globs: Vec<&str> = globs.iter().map(String::as_str).collect();
        assert!(partition(&langs(&globs)).is_err());
    }

    proptest! {
        #[test]
        fn classes_are_disjoint_cover_and_mean_what_they_say(globs in proptest::collection::vec(glob_text(), 0..6), text in name()) {
            let globs: Vec<&str> = globs.iter().map(String::as_str).collect();
            let filters = langs(&globs);
            let found = partition(&filters).unwrap();
            let mut covered = Lang::empty();
            for (i, class) in found.classes.iter().enumerate() {
                let lang = found.lang(i);
                prop_assert_eq!(lang.witness().map(|w| w.chars().count()), Some(class.witness.chars().count()));
                prop_assert!(lang.contains(&class.witness));
                prop_assert_eq!(found.class_of(&class.witness), Some(i));
                prop_assert!(!covered.intersects(&lang));
                covered = covered.union(&lang).unwrap();
                for (f, filter) in filters.iter().enumerate() {
                    prop_assert_eq!(class.members.contains(f), lang.is_subset(filter));
                    prop_assert_eq!(class.members.contains(f), lang.intersects(filter));
                }
            }
            prop_assert_eq!(covered, Lang::all());
            prop_assert_eq!(found.class_of(&text).is_some(), Lang::all().contains(&text));
            if let Some(class) = found.class_of(&text) {
                for (f, filter) in filters.iter().enumerate() {
                    prop_assert_eq!(filter.contains(&text), found.classes[class].members.contains(f));
                }
            }
        }
    }
}
