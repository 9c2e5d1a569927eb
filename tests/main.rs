//! One test binary, driven by data: each module below says what it holds.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and its notes are read in its output"
)]
#![allow(clippy::disallowed_methods, reason = "tests read and write the disk around the compiler, not through it")]

mod actions;
mod build;
mod buildspecs;
mod cli;
mod compose;
mod coverage;
mod defects;
mod drift;
mod features;
mod golden;
mod hostile;
mod house;
mod import;
mod meaning;
mod plan;
mod readme;
mod render;
mod repository;
mod rules;
mod settings;
mod spec;
mod strategies;
mod syntax;
mod targets;
mod threats;
mod traps;
mod verify;
