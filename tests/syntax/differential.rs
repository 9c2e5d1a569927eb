//! A second opinion: random documents mean to us what they mean to the `kdl` crate.
