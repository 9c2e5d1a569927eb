//! A share of a canary that nobody looks at, and a look at a canary that has no share yet.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::strategy::{CanaryStep, Strategy};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for placed in pipeline.apps.iter().flat_map(|a| &a.places) {
        let Strategy::Canary(canary) = &placed.settings.strategy else { continue };
        let steps = &canary.steps;
        let first = steps.iter().position(|s| matches!(s, CanaryStep::Weight(_))).unwrap_or(steps.len());
        for step in &steps[..first] {
            let span = match step {
                CanaryStep::Weight(weight) => weight.span,
                CanaryStep::Pause(time) => time.span,
                CanaryStep::Analysis(gates) => gates.first().map_or(canary.span, |g| g.span),
            };
            diagnostics.push(
                Diagnostic::error("canary-hold-without-weight", span, "the new version has no share of the requests yet")
                    .label("nothing to look at")
                    .help("write it behind a weight: weight \"10%\"; pause \"10m\""),
            );
        }
        for (i, step) in steps.iter().enumerate() {
            let CanaryStep::Weight(weight) = step else { continue };
            if weight.value < 100 && !matches!(steps.get(i + 1), Some(CanaryStep::Pause(_) | CanaryStep::Analysis(_))) {
                diagnostics.push(
                    Diagnostic::error(
                        "canary-weight-not-held",
                        weight.span,
                        format!("the new version gets {}% for no time at all", weight.value),
                    )
                    .label("nothing waits here")
                    .help("hold it, so that faults can show: pause \"10m\", or an analysis"),
                );
            }
        }
    }
}
