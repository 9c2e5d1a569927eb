//! What the targets of AWS share: a job as a buildspec of CodeBuild.
//!
//! A batch of CodeBuild and a pipeline of CodePipeline run the same builds. They differ in what a build is told of its event: a batch by the
//! variables of the webhook, a pipeline by variables that the action passes. [`place::Host`] is that difference.

pub(super) mod buildspec;
mod cache;
pub(super) mod data;
mod docker;
mod expr;
pub(super) mod guard;
mod item;
pub(super) mod machine;
pub(super) mod names;
pub(super) mod place;
pub(super) mod policy;
pub(super) mod schedule;
pub(super) mod script;
pub(super) mod settings;
mod setup;
mod tool;
