//! Plans to files, one room a vendor.
//!
//! Invariant: what a file says is decided before it is rendered; a template only lays it out.

mod argocd;
mod aws;
mod codebuild;
mod codepipeline;
mod github;
pub mod gitlab;
mod helm;
pub mod settings;
pub mod shell;
mod state;
mod tree;
mod variables;

use crate::base::failure::Failure;
use crate::ir::id::TargetId;
use crate::plan::Plan;
use crate::plan::delivery::DeliveryPlan;
use crate::render::{Output, Renderer};

/// The files of a plan.
///
/// # Errors
/// `Internal` if a template and its view do not fit; never for anything a spec says.
pub fn emit(plan: &Plan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    // A spec may hold files of another vendor alone.
    if plan.workflows.is_empty() && plan.drift.is_none() {
        return Ok(Vec::new());
    }
    match plan.target.id {
        TargetId::Github => github::emit(plan, renderer),
        TargetId::Gitlab => gitlab::emit(plan, renderer),
        TargetId::Codebuild => codebuild::emit(plan, renderer),
        TargetId::Codepipeline => codepipeline::emit(plan, renderer),
    }
}

/// The charts of a plan of delivery.
///
/// # Errors
/// As [`emit`].
pub fn emit_charts(plan: &DeliveryPlan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    helm::emit(plan, renderer)
}

/// The Applications of a plan of delivery.
///
/// # Errors
/// As [`emit`].
pub fn emit_applications(plan: &DeliveryPlan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    argocd::emit(plan, renderer)
}
