//! How a converter speaks to the account while it reads a tree.

use crate::front::ledger::{Fate, Ledger};
use crate::front::yaml::{Entry, Node};

/// Who keeps an account.
pub trait Account {
    /// The account.
    fn ledger(&mut self) -> &mut Ledger;

    /// The entry of a key, which counts as carried unless something else is said of it.
    fn open<'n>(&mut self, map: &'n Node, key: &str) -> Option<&'n Entry> {
        let entry = map.entry(key)?;
        self.ledger().mark(entry.id, Fate::Exact);
        Some(entry)
    }

    /// The text of a key, which counts as carried unless something else is said of it.
    fn open_text<'n>(&mut self, map: &'n Node, key: &str) -> Option<&'n str> {
        self.open(map, key).and_then(|e| e.value.text())
    }

    /// Says what became of a key.
    fn mark(&mut self, entry: &Entry, fate: Fate) {
        self.ledger().mark(entry.id, fate);
    }

    /// Says that the spec says a key in another way, and how.
    fn turn(&mut self, entry: &Entry, how: &str) {
        self.ledger().mark(entry.id, Fate::Emulated(how.to_owned()));
    }

    /// Says that a key, with all below it, is not carried.
    fn lose(&mut self, entry: &Entry, why: &str) {
        entry.mark_all(self.ledger(), &Fate::Lost(why.to_owned()));
    }
}
