//! Plans to files, one room a vendor.
//!
//! Invariant: what a file says is decided before it is rendered; a template only lays it out.

mod github;
pub mod shell;
