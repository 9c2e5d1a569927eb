//! What the files written for AWS do, as CodeBuild and CodePipeline read them.
//!
//! Invariant: nothing here is shared with what writes them.

mod action;
mod acts;
mod build;
pub mod codebuild;
pub mod codepipeline;
mod condition;
mod context;
mod cron;
mod evaluate;
mod host;
mod jobs;
mod names;
mod passage;
mod services;
mod shell;
mod stack;
mod trigger;
mod turns;
mod webhook;
mod words;
