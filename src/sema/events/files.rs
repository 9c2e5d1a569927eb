//! Sets of changed files: the smallest that pass a chain of filters, and all.

use std::collections::BTreeSet;

use crate::ir::bits::BitSet;
use crate::ir::event::Event;
use crate::ir::lang::Lang;
use crate::ir::partition::Partition;
use crate::sema::events::words::Words;
use crate::sema::events::{FILES, MAX_EVENTS, Survey, TooMany};

impl Survey<'_> {
    /// The event with each set of changed files that a filter for it can tell apart.
    pub(super) fn with_files(&mut self, event: Event) -> Result<(), TooMany> {
        let chains = self.chains.files(&event);
        if chains.is_empty() {
            return self.keep(event);
        }
        let distinct: Vec<&Lang> = chains.iter().flatten().collect::<BTreeSet<_>>().into_iter().collect();
        let langs: Vec<Lang> = distinct.iter().map(|l| (*l).clone()).collect();
        let words = Words { langs, literals: Vec::new(), samples: self.names.files.samples.clone() };
        let files = words.cut(&Lang::paths(), &[], FILES).map_err(|()| TooMany(event.kind))?;
        let all: Vec<usize> = (0..files.classes.len()).collect();
        let mut sets: Vec<Vec<usize>> = all.iter().map(|c| vec![*c]).collect();
        for chain in &chains {
            sets.extend(smallest(&files, &distinct, chain));
        }
        sets.push(all);
        let mut seen: BTreeSet<Vec<usize>> = BTreeSet::new();
        for set in sets.into_iter().filter(|s| seen.insert(s.clone())).collect::<Vec<_>>() {
            let paths = set.iter().map(|c| files.classes[*c].witness.clone()).collect();
            self.keep(Event { paths: Some(paths), ..event.clone() })?;
        }
        Ok(())
    }
}

/// The sets of two or more files that pass every filter of a chain, none of whose parts does.
fn smallest(files: &Partition, distinct: &[&Lang], chain: &[Lang]) -> Vec<Vec<usize>> {
    let hits = |class: usize| -> BitSet {
        let mut set = BitSet::new(chain.len());
        for (i, lang) in chain.iter().enumerate() {
            if distinct.binary_search(&lang).is_ok_and(|at| files.classes[class].members.contains(at)) {
                set.insert(i);
            }
        }
        set
    };
    let hits: Vec<(usize, BitSet)> = (0..files.classes.len()).map(|c| (c, hits(c))).collect();
    let partial: Vec<&(usize, BitSet)> = hits.iter().filter(|(_, h)| !h.is_empty() && h.count() < chain.len()).collect();
    let mut sets = Vec::new();
    // Chains have three links, so two files nearly always do; a third is only needed where each passes one link alone.
    for (i, (a, of_a)) in partial.iter().map(|p| (p.0, &p.1)).enumerate() {
        for (j, (b, of_b)) in partial.iter().map(|p| (p.0, &p.1)).enumerate().skip(i + 1) {
            let mut both = of_a.clone();
            both.union_with(of_b);
            if both.count() == chain.len() {
                sets.push(vec![a, b]);
            } else if both.count() > of_a.count() && both.count() > of_b.count() {
                for (c, of_c) in partial.iter().map(|p| (p.0, &p.1)).skip(j + 1) {
                    let mut three = both.clone();
                    three.union_with(of_c);
                    if three.count() == chain.len() && three.count() > both.count() {
                        sets.push(vec![a, b, c]);
                    }
                }
            }
        }
        if sets.len() > MAX_EVENTS {
            break;
        }
    }
    sets
}
