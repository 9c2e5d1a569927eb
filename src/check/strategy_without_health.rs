//! Steps of a strategy on pods that get requests before they can answer.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for app in &pipeline.apps {
        for placed in &app.places {
            let strategy = &placed.settings.strategy;
            let Some(span) = strategy.stepwise().filter(|_| placed.settings.health.is_none()) else { continue };
            diagnostics.push(
                Diagnostic::warning(
                    "strategy-without-health",
                    span,
                    format!(
                        "`{}` counts as ready the moment it starts, so `{}` moves on at once",
                        app.name.value,
                        strategy.word()
                    ),
                )
                .label("nobody knows when its pods are well")
                .help("say which path answers while a pod is well: health \"/health\""),
            );
        }
    }
}
