//! The shape-checked tree to the meaning: names resolved, text interpolated, conditions typed, defaults filled in.
//!
//! Invariant: what leaves this room has no unresolved name and no untyped condition; what could not be resolved has been said.

pub mod asked;
pub mod cond;
pub mod constant;
mod decided;
pub mod declare;
mod elsewhere;
pub mod events;
pub mod expand;
pub mod exposure;
pub mod filter;
pub mod image;
pub mod interpolate;
pub mod lower;
pub mod names;
pub mod order;
pub mod presence;
mod raw;
pub mod run;
mod survey;
mod unused;
