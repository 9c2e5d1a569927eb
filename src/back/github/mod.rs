//! GitHub Actions.
mod domain;
mod expr;
mod leaf;
mod search;
