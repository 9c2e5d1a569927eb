//! A wait across workflows: they are separate runs, which no vendor orders.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::sema::order::because;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        for need in &job.needs {
            let other = pipeline.job(need.job);
            if other.workflow == job.workflow {
                continue;
            }
            let of = &pipeline.workflow(other.workflow).name.value;
            diagnostics.push(
                Diagnostic::error(
                    "need-of-other-workflow",
                    need.span,
                    format!(
                        "`{}` waits for `{}`, which is a job of workflow `{of}`: {}",
                        job.name.value,
                        other.name.value,
                        because(need.kind)
                    ),
                )
                .label("a job of another run")
                .related(other.name.span, "declared here")
                .help(format!("put both jobs into one workflow, or let `{}` stand without it", job.name.value)),
            );
        }
    }
}
