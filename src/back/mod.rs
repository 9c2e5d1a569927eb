//! Plans to files, one room a vendor.
//!
//! Invariant: what a file says is decided before it is rendered; a template only lays it out.

mod github;
pub mod gitlab;
pub mod shell;

use crate::base::failure::Failure;
use crate::ir::id::TargetId;
use crate::plan::Plan;
use crate::render::{Output, Renderer};

/// The files of a plan.
///
/// # Errors
/// `Internal` if a template and its view do not fit; never for anything a spec says.
pub fn emit(plan: &Plan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    match plan.target.id {
        TargetId::Github => github::emit(plan, renderer),
        TargetId::Gitlab => gitlab::emit(plan, renderer),
    }
}
