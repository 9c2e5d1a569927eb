//! The condition of a job is decided before the job starts: what only its machine knows has no value there.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::text::{Context, RunField};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        for context in job.condition.iter().flat_map(|c| c.contexts()) {
            let Some(what) = late(&context.value) else { continue };
            diagnostics.push(
                Diagnostic::error(
                    "context-not-known-yet",
                    context.span,
                    format!("the `if` of `{}` reads {what}, which has no value before the job starts", job.name.value),
                )
                .label("not known yet")
                .help("ask for the event, an input or a `variable`; or give the condition to a step: run \"…\" if=\"…\""),
            );
        }
    }
}

/// What a vendor knows on the job's own machine only.
fn late(context: &Context) -> Option<&'static str> {
    match context {
        Context::Secret(_) | Context::Run(RunField::Token) => Some("a secret"),
        Context::Env(_) => Some("a variable of the steps"),
        Context::Matrix(_) => Some("a cell of the matrix"),
        Context::Image(_) => Some("the digest of an image"),
        Context::Service { .. } | Context::DockerHost => Some("the address of a service"),
        Context::Gate { .. } => Some("the answer of a gate"),
        Context::JobStatus => Some("the status of the job"),
        Context::Commit(_)
        | Context::Run(_)
        | Context::Pr(_)
        | Context::Repository(_)
        | Context::JobName
        | Context::Output { .. }
        | Context::NeedsResult(_)
        | Context::Input(_)
        | Context::Variable(_)
        | Context::Registry(_)
        | Context::Environment { .. }
        | Context::Value(_) => None,
    }
}
