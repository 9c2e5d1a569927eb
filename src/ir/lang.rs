//! Placeholder of regular languages.
/// A set of strings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lang;
