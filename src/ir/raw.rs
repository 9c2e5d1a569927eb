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
