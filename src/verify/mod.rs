//! Whether what was rendered is right: it is read again, by other code than wrote it.
//!
//! Invariant: nothing is written before it came through this room.

pub mod behaviour;
pub mod equivalence;
pub mod github;
pub mod gitlab;
mod model;
pub mod regex;
mod same;
pub mod schema;
pub mod settings;
pub mod stories;
mod worlds;
pub mod yaml;
