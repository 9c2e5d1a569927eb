//! YAML as a tree with places, for the importers.
//!
//! Scalars are text: what a word means (`on`, `yes`, `3.10`) is for who reads it, so that no version of YAML decides.

mod comment;
mod read;

pub use comment::Comments;
pub use read::{Fault, Limits, read};

use crate::base::span::Span;
use crate::front::ledger::{Fate, KeyId, Ledger};

/// A value with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it starts; the end of a block scalar is that of its last line.
    pub span: Span,
    /// `!reference`, without the core tags of YAML.
    pub tag: Option<String>,
}

/// What a value is.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Text.
    Scalar {
        /// The text, escapes resolved.
        text: String,
        /// Whether it was written without quotes, so that it may be a number, a truth value or nothing.
        plain: bool,
    },
    /// `- a`
    List(Vec<Node>),
    /// `a: b`
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The key as text.
    pub key: String,
    /// Where the key stands.
    pub span: Span,
    /// Its place in the account.
    pub id: KeyId,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The text of a scalar; `None` for a list, a map and nothing.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Whether nothing is written.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The truth value of a plain scalar.
    pub fn truth(&self) -> Option<bool> {
        match &self.value {
            Value::Scalar { text, plain: true } => match text.as_str() {
                "true" | "True" | "TRUE" => Some(true),
                "false" | "False" | "FALSE" => Some(false),
                _ => None,
            },
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Scalar { .. } | Value::Map(_) => &[],
        }
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Scalar { .. } | Value::List(_) => &[],
        }
    }

    /// Whether it is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|e| e.key == key)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|e| &e.value)
    }

    /// A scalar, or the scalars of a list, as text; `None` where something else is among them.
    pub fn texts(&self) -> Option<Vec<&str>> {
        match &self.value {
            Value::Scalar { .. } => Some(self.text().into_iter().collect()),
            Value::List(items) => items.iter().map(Self::text).collect(),
            Value::Map(_) => None,
        }
    }

    /// Calls `f` for every entry below, outside in.
    pub fn each_entry(&self, f: &mut impl FnMut(&Entry)) {
        match &self.value {
            Value::Scalar { .. } => {}
            Value::List(items) => items.iter().for_each(|i| i.each_entry(f)),
            Value::Map(entries) => {
                for entry in entries {
                    f(entry);
                    entry.value.each_entry(f);
                }
            }
        }
    }

    /// Calls `f` for every text below.
    pub fn each_text<'n>(&'n self, f: &mut impl FnMut(&'n str)) {
        match &self.value {
            Value::Scalar { text, .. } => f(text),
            Value::List(items) => items.iter().for_each(|i| i.each_text(f)),
            Value::Map(entries) => entries.iter().for_each(|e| e.value.each_text(f)),
        }
    }
}

impl Entry {
    /// Says what became of this key and of all keys below it of which nothing has been said.
    pub fn mark_all(&self, ledger: &mut Ledger, fate: &Fate) {
        ledger.mark(self.id, fate.clone());
        self.value.each_entry(&mut |e| {
            if !ledger.is_marked(e.id) {
                ledger.mark(e.id, fate.clone());
            }
        });
    }
}
