//! GitHub Actions.
mod bash;
mod condition;
mod context;
mod domain;
mod expr;
mod leaf;
mod route;
#[cfg(test)]
mod sample;
mod search;
mod translate;
