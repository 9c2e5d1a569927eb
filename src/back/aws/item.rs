//! A command of a buildspec.

/// One command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::back) struct Item {
    /// What stands above it.
    pub(in crate::back) comment: Option<String>,
    /// The code.
    pub(in crate::back) text: String,
}
