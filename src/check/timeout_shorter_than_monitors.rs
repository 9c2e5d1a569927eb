//! A deploy that is stopped before its monitors have seen what they wait for.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::units::Duration;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(deploy) = &job.deploy else { continue };
        let watched: u64 = deploy.monitor.iter().map(|g| pipeline.gate(g.value).kind.seconds()).sum();
        let Some(first) = deploy.monitor.first().filter(|_| watched >= job.timeout.seconds) else { continue };
        let long = Duration::from_seconds(watched);
        diagnostics.push(
            Diagnostic::error(
                "timeout-shorter-than-monitors",
                job.timeout.span,
                format!("`{}` is stopped after {}, and its monitors alone take {long}", job.name.value, job.timeout.value),
            )
            .label("too short")
            .related(first.span, "watched after the deploy")
            .help("raise the timeout above the monitors and the deploy itself, or leave it out: the default adapts"),
        );
    }
}
