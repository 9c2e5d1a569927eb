//! What a spec compares names with, and how they cut the names into classes.

use crate::ir::event::Pattern;
use crate::ir::glob::Glob;
use crate::ir::lang::Lang;
use crate::ir::partition::{Partition, partition_of};

/// What the spec compares with, by dimension.
#[derive(Default)]
pub(super) struct Names {
    pub(super) push: Words,
    pub(super) manual: Words,
    pub(super) tags: Words,
    pub(super) releases: Words,
    pub(super) targets: Words,
    pub(super) heads: Words,
    pub(super) files: Words,
}

/// Filters of one dimension and names that a person would read.
#[derive(Default)]
pub(super) struct Words {
    pub(super) langs: Vec<Lang>,
    /// As the spec writes them.
    pub(super) literals: Vec<String>,
    /// Made of patterns.
    pub(super) samples: Vec<String>,
}

impl Words {
    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        if !pattern.is_all() {
            self.langs.push(pattern.lang.clone());
        }
        let literals = pattern.include.iter().filter_map(|g| g.value.is_literal()).map(str::to_owned);
        self.literals.extend(literals);
        self.samples.extend(pattern.include.iter().chain(&pattern.except).map(|g| g.value.sample()));
    }

    pub(super) fn literal(&mut self, text: &str) {
        self.langs.push(Lang::literal(text));
        self.literals.push(text.to_owned());
    }

    pub(super) fn glob(&mut self, glob: &Glob) {
        self.langs.push(glob.strings().clone());
        self.samples.push(glob.sample());
    }

    /// The classes, with witnesses that read well; `first` are the names to prefer over the spec's own.
    pub(super) fn cut(&self, universe: &Lang, first: &[&str], last: &[&str]) -> Result<Partition, ()> {
        let mut found = partition_of(universe, &self.langs).map_err(|_| ())?;
        let fitting = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect();
        let names: [Vec<String>; 4] = [fitting(first), self.literals.clone(), fitting(last), self.samples.clone()];
        names.iter().flatten().for_each(|name| found.suggest(name));
        Ok(found)
    }
}
