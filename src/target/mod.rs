//! What the targets are and what they can hold.
//!
//! Invariant: facts about vendors lie in `targets/<vendor>/` and are read here; no code of another room names a vendor's limit.

pub mod asset;
pub mod capability;
pub mod downloads;
pub mod frame;
pub mod known;
pub mod owned;
pub mod pins;
pub mod table;
