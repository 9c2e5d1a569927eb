//! A vendor's own keys.

use crate::base::span::Spanned;
use crate::ir::id::TargetId;

/// Vendor keys that are merged into an output.
#[derive(Clone, PartialEq, Debug)]
pub struct Raw {
    /// Whose.
    pub target: Spanned<TargetId>,
    /// Keys in order.
    pub keys: Vec<(Spanned<String>, RawValue)>,
}

/// A workflow of a vendor that stays in its own file, as it is.
#[derive(Clone, PartialEq, Debug)]
pub struct RawFile {
    /// Whose.
    pub target: TargetId,
    /// Below the root.
    pub path: Spanned<String>,
}

impl Raw {
    /// Calls `f` for every text in it, with the key directly above.
    pub fn each_text<'r>(&'r self, f: &mut impl FnMut(&'r str, &'r Spanned<String>, &'r str)) {
        self.keys.iter().for_each(|(key, value)| value.each_text(&key.value, &mut |word, text| f(word, key, text)));
    }
}

impl RawValue {
    fn each_text<'r>(&'r self, key: &'r str, f: &mut impl FnMut(&'r str, &'r str)) {
        match self {
            Self::String(text) => f(key, text),
            Self::List(items) => items.iter().for_each(|i| i.each_text(key, f)),
            Self::Map(rows) => rows.iter().for_each(|(key, value)| value.each_text(key, f)),
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }
}

/// A value of a raw key.
#[derive(Clone, PartialEq, Debug)]
pub enum RawValue {
    /// `#null`
    Null,
    /// `#true`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// Text, as written; `${…}` is the vendor's own.
    String(String),
    /// Several arguments, or `- x` children.
    List(Vec<RawValue>),
    /// Children.
    Map(Vec<(String, RawValue)>),
}
