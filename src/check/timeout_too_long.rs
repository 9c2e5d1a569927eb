//! A time limit that is never reached: something around it ends first. The six hours of a hosted runner are a capability of GitHub.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::gate::GateKind;
use crate::ir::id::TargetId;

/// A run waits for reviewers for thirty days.
const REVIEW: u64 = 30 * 86_400;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        for step in job.steps.iter().filter(|s| s.timeout.is_some_and(|t| t > job.timeout.value)) {
            diagnostics.push(
                Diagnostic::warning(
                    "timeout-too-long",
                    step.span,
                    format!(
                        "this step may take longer than its job `{}`, which ends after {}",
                        job.name.value, job.timeout.value
                    ),
                )
                .label("its own limit is never reached")
                .help("raise the timeout of the job, or lower that of the step"),
            );
        }
    }
    if pipeline.targets.iter().all(|t| t.id != TargetId::Github) {
        return;
    }
    for gate in &pipeline.gates {
        let GateKind::Approval(approval) = &gate.kind else { continue };
        let Some(timeout) = approval.timeout.filter(|t| t.seconds > REVIEW) else { continue };
        diagnostics.push(
            Diagnostic::warning(
                "timeout-too-long",
                timeout.span,
                format!("GitHub waits 30 days for `{}`, then fails the run", gate.name.value),
            )
            .label("never reached on GitHub")
            .help("write timeout \"30d\" or less"),
        );
    }
}
