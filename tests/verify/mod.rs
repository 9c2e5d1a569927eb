//! The readers of what is written, and what they find.

mod examples;
mod expressions;
