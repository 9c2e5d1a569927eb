//! A deploy that carries a strategy out by itself and has no way back: the new version would keep its share when a gate refuses it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::step::{ComposeAct, Ssh, StepKind};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let (Some(deploy), Some(entered)) = (&job.deploy, &job.environment) else { continue };
        if deploy.rollback.is_some() {
            continue;
        }
        for step in &job.steps {
            let colours = |s: &Ssh| s.compose.as_ref().is_some_and(|c| c.act == ComposeAct::Deploy && c.switch.is_some());
            if let StepKind::Ssh(ssh) = &step.kind
                && colours(ssh)
            {
                diagnostics.push(
                    Diagnostic::error(
                        "strategy-without-rollback",
                        step.span,
                        "where something refuses the new version, nothing gives its requests back to the one before",
                    )
                    .label("no way back")
                    .help("write `rollback` in the deploy: it gives the version before everything again"),
                );
                continue;
            }
            let StepKind::App(act) = &step.kind else { continue };
            let app = pipeline.app(act.app);
            let Some(strategy) = app.place(entered.environment).map(|p| &p.settings.strategy) else { continue };
            let Some(span) = strategy.stepwise().filter(|_| pipeline.delivery.emulates(strategy)) else { continue };
            diagnostics.push(
                Diagnostic::error(
                    "strategy-without-rollback",
                    step.span,
                    format!("where a gate refuses the new version of `{}`, nothing takes its requests back", app.name.value),
                )
                .label("no way back")
                .related(span, "carried out by the deploy, not by the cluster")
                .help("write `rollback` in the deploy: it gives the old version everything again"),
            );
        }
    }
}
