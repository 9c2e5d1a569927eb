//! Text and speech: sources, spans, diagnostics, failures.
//!
//! Invariant: this room knows no pipeline, no vendor and no syntax; every other room may import it.

pub mod diag;
pub mod failure;
pub mod source;
pub mod span;
