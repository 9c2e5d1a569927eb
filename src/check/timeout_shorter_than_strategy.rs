//! A deploy that is stopped while its strategy still pauses.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::step::StepKind;
use crate::ir::units::Duration;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let (Some(deploy), Some(entered)) = (&job.deploy, &job.environment) else { continue };
        let (mut needed, mut strategy): (u64, Option<Span>) = (0, None);
        for step in &job.steps {
            let StepKind::App(act) = &step.kind else { continue };
            let Some(placed) = pipeline.app(act.app).place(entered.environment) else { continue };
            let pauses = pipeline.delivery.seconds(&placed.settings.strategy, &pipeline.gates);
            if let Some(span) = placed.settings.strategy.stepwise() {
                needed += pauses + pipeline.delivery.starts(&placed.settings.strategy) * act.wait.seconds;
                strategy = strategy.or(Some(span));
            }
        }
        let monitors: u64 = deploy.monitor.iter().map(|g| pipeline.gate(g.value).kind.seconds()).sum();
        let Some(strategy) = strategy.filter(|_| needed + monitors >= job.timeout.value.seconds) else { continue };
        let long = Duration::from_seconds(needed + monitors);
        diagnostics.push(
            Diagnostic::error(
                "timeout-shorter-than-strategy",
                job.timeout.span,
                format!(
                    "`{}` is stopped after {}, and its pauses, the start of its pods and its monitors take up to {long}",
                    job.name.value, job.timeout.value
                ),
            )
            .label("too short")
            .related(strategy, "the pauses stand here")
            .help("raise the timeout above that, or leave it out: the default adapts"),
        );
    }
}
