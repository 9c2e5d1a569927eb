//! A loss is accepted on a target that the spec does not have. On those that it has, the plan says which are unused.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for accept in pipeline.accepts.iter().filter(|a| !pipeline.targets.iter().any(|t| t.id == a.target.value)) {
        let message = format!("this spec has no target {}", accept.target.value.word());
        diagnostics.push(Diagnostic::warning("accept-unused", accept.target.span, message).help("take the line out"));
    }
}
