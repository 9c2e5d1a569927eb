//! A strategy that nothing carries out: Helm and Argo CD replace pods by Deployments, which know no weights and no colours.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    if pipeline.delivery.rollouts.is_some() {
        return;
    }
    for app in &pipeline.apps {
        for placed in &app.places {
            let strategy = &placed.settings.strategy;
            let Some(span) = strategy.stepwise() else { continue };
            diagnostics.push(
                Diagnostic::error(
                    "strategy-needs-rollouts",
                    span,
                    format!(
                        "nothing carries out `{}` where `{}` is delivered by {}",
                        strategy.word(),
                        app.name.value,
                        app.via.value.word()
                    ),
                )
                .label("a Deployment replaces pod by pod")
                .help("add `target rollouts` if the cluster has Argo Rollouts"),
            );
        }
    }
}
