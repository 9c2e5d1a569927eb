//! Whether what was rendered is right: it is read again, by other code than wrote it.
//!
//! Invariant: nothing is written before it came through this room.

pub mod schema;
pub mod settings;
