//! A job without a step, and a workflow without a job.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for workflow in pipeline.workflows.iter().filter(|w| w.jobs.is_empty()) {
        diagnostics.push(
            Diagnostic::error("empty-workflow", workflow.name.span, format!("workflow `{}` has no job", workflow.name.value))
                .label("nothing to run")
                .help("add a job, or remove the workflow"),
        );
    }
    for job in &pipeline.jobs {
        if job.runs_nothing() && job.raw.is_empty() {
            diagnostics.push(
                Diagnostic::error("empty-job", job.name.span, format!("`{}` has no step", job.name.value))
                    .label("does nothing")
                    .help("add `run \"…\"`, or remove it"),
            );
        }
    }
}
