//! A deploy that a newer run may cut off half way.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::job::{Mode, Purpose};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(used) = job.environment.as_ref().filter(|u| u.purpose != Purpose::Verify) else { continue };
        let Some(concurrency) = job.concurrency.as_ref().filter(|c| c.mode.value == Mode::CancelRunning) else { continue };
        let environment = &pipeline.environment(used.environment).name.value;
        diagnostics.push(
            Diagnostic::error(
                "deploy-interruptible",
                concurrency.mode.span,
                format!(
                    "a newer run would cut `{}` off half way, and leave `{environment}` between two versions",
                    job.name.value
                ),
            )
            .label("cancels a running deploy")
            .related(used.span, format!("it changes `{environment}`"))
            .help(
                "write queue=latest: the newest run waits, and the ones between are dropped; deploys queue without being told to",
            ),
        );
    }
}
