//! The account of an import: every key of the input, and what became of it.
//!
//! The reader of YAML enters every key; a converter says what it made of each. A key of which nothing is said is not carried: forgetting one
//! shows in the report and never as a spec that means less.

use crate::base::span::{SourceId, Span};

/// A key of the input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KeyId(u32);

/// What became of a key, from the best to the worst: of two things said of one key, the worse one counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// No part of what a pipeline does: it stays where it is, as it is.
    Beside(String),
    /// The spec says the same.
    Exact,
    /// The spec says it in another way; the text says what differs for who looks closely.
    Emulated(String),
    /// The spec says it for its own vendor alone, exactly, in a construct that pipewright reads: an action, a value. Another target asks for it by name.
    Own(String),
    /// Kept in the words of its vendor, which nobody reads: it works there and nowhere else.
    Kept(String),
    /// Not in the spec, or not with its whole meaning; the text says why.
    Lost(String),
}

/// A key with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Where the key stands.
    pub span: Span,
    /// `jobs.build.steps[2].with.path`
    pub path: String,
    fate: Option<Fate>,
}

impl Key {
    /// What became of it. A key that nothing was said of is lost.
    pub fn fate(&self) -> Fate {
        self.fate.clone().unwrap_or_else(|| Fate::Lost("pipewright has no word for this key".to_owned()))
    }
}

/// All keys of an import, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    keys: Vec<Key>,
}

/// How many keys met each fate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Carried exactly.
    pub exact: usize,
    /// Carried in another way.
    pub emulated: usize,
    /// Said for their own vendor alone.
    pub own: usize,
    /// Kept in the words of their own vendor.
    pub kept: usize,
    /// Not carried.
    pub lost: usize,
    /// No part of a pipeline.
    pub beside: usize,
}

impl Tally {
    /// All keys that a pipeline is made of.
    pub fn all(&self) -> usize {
        self.exact + self.emulated + self.own + self.kept + self.lost
    }

    /// Adds the counts of another one.
    pub fn join(&mut self, other: &Self) {
        self.exact += other.exact;
        self.emulated += other.emulated;
        self.own += other.own;
        self.kept += other.kept;
        self.lost += other.lost;
        self.beside += other.beside;
    }

    /// Counts one key.
    pub fn add(&mut self, fate: &Fate) {
        match fate {
            Fate::Exact => self.exact += 1,
            Fate::Emulated(_) => self.emulated += 1,
            Fate::Own(_) => self.own += 1,
            Fate::Kept(_) => self.kept += 1,
            Fate::Lost(_) => self.lost += 1,
            Fate::Beside(_) => self.beside += 1,
        }
    }
}

impl Ledger {
    /// Enters a key.
    pub fn enter(&mut self, span: Span, path: String) -> KeyId {
        self.keys.push(Key { span, path, fate: None });
        KeyId(self.keys.len() as u32 - 1)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes back the keys from a number on: a reader that went the wrong way reads again.
    pub fn truncate(&mut self, len: usize) {
        self.keys.truncate(len);
    }

    /// Says what became of a key; the worst that is said of it counts.
    pub fn mark(&mut self, id: KeyId, fate: Fate) {
        if let Some(key) = self.keys.get_mut(id.0 as usize)
            && key.fate.as_ref().is_none_or(|known| *known < fate)
        {
            key.fate = Some(fate);
        }
    }

    /// Says what became of a key in the end, whatever was said of it before.
    pub fn reset(&mut self, id: KeyId, fate: Fate) {
        if let Some(key) = self.keys.get_mut(id.0 as usize) {
            key.fate = Some(fate);
        }
    }

    /// Says the same of every key of a file.
    pub fn lose_file(&mut self, file: SourceId, fate: &Fate) {
        for key in self.keys.iter_mut().filter(|k| k.span.source == file) {
            key.fate = Some(fate.clone());
        }
    }

    /// Whether something has been said of a key.
    pub fn is_marked(&self, id: KeyId) -> bool {
        self.keys.get(id.0 as usize).is_some_and(|k| k.fate.is_some())
    }

    /// The keys in order.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// How many keys met each fate.
    pub fn tally<'k>(keys: impl IntoIterator<Item = &'k Key>) -> Tally {
        let mut tally = Tally::default();
        keys.into_iter().for_each(|k| tally.add(&k.fate()));
        tally
    }
}
