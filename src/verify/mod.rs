//! Whether what was rendered is right: it is read again, by other code than wrote it.
//!
//! Invariant: nothing is written before it came through this room.

mod accepted;
pub mod aws;
mod bash;
pub mod behaviour;
mod commands;
pub mod difference;
pub mod equivalence;
pub mod events;
pub mod expected;
pub mod github;
pub mod gitlab;
mod machine;
mod model;
pub mod raw;
mod readers;
pub mod regex;
mod same;
pub mod schema;
mod script;
pub mod settings;
pub mod stories;
mod texts;
mod token;
mod turns;
mod unsure;
mod wanted;
mod worlds;
pub mod yaml;
