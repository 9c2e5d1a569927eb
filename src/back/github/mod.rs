//! GitHub Actions.
mod condition;
mod domain;
mod expr;
mod leaf;
#[cfg(test)]
mod sample;
mod search;
