//! Shares of a canary that do not rise: less than before is a step back, and behind everything there is nothing.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::strategy::{CanaryStep, Strategy};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for placed in pipeline.apps.iter().flat_map(|a| &a.places) {
        let Strategy::Canary(canary) = &placed.settings.strategy else { continue };
        let weights: Vec<Spanned<u32>> =
            canary.steps.iter().filter_map(|s| if let CanaryStep::Weight(w) = s { Some(*w) } else { None }).collect();
        for pair in weights.windows(2) {
            let [before, now] = pair else { continue };
            if now.value > before.value {
                continue;
            }
            diagnostics.push(
                Diagnostic::error(
                    "canary-weight-not-rising",
                    now.span,
                    format!("the new version gets {}% behind {}%", now.value, before.value),
                )
                .label("not more than before")
                .related(before.span, "the share before")
                .help("let each weight be larger than the one before; behind the last step the new version gets everything"),
            );
        }
    }
}
