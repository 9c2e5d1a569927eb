//! KDL text to a spanned tree and back.
//!
//! Invariant: this room knows how a spec is written, never what it means. The reader is our own (the `kdl` crate aborts on deep nesting, takes
//! exponential time on nested `/-{` and costs a hundred times more per byte); `kdl` is the tests' second opinion.

pub mod chars;
pub mod check;
pub mod fmt;
pub mod habit;
pub mod hint;
pub mod lex;
pub mod number;
pub mod parse;
pub mod print;
pub mod read;
pub mod report;
pub mod settle;
pub mod shape;
pub mod string;
pub mod tree;
