//! A share of the requests that pods cannot give: without a router each pod gets the same, so a share is a whole number of pods.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::strategy::{CanaryStep, Strategy};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for placed in pipeline.apps.iter().flat_map(|a| &a.places) {
        let settings = &placed.settings;
        let Strategy::Canary(canary) = &settings.strategy else { continue };
        if canary.router.is_some() {
            continue;
        }
        // More pods than the smallest number come and go with the load.
        let pods = settings.autoscale.as_ref().map_or(settings.replicas, |a| a.min);
        for step in &canary.steps {
            let CanaryStep::Weight(weight) = step else { continue };
            if (u64::from(weight.value) * u64::from(pods.value)).is_multiple_of(100) {
                continue;
            }
            let fitting = 100 / gcd(100, weight.value);
            diagnostics.push(
                Diagnostic::error(
                    "canary-weight-splits-pod",
                    weight.span,
                    format!(
                        "{}% of {} pods in `{}` is no whole number of pods",
                        weight.value,
                        pods.value,
                        pipeline.environment(placed.environment).name.value
                    ),
                )
                .label("cannot be given")
                .related(pods.span, "so many pods")
                .help(format!(
                    "split the requests at the ingress instead (`traffic nginx`), or run {fitting} pods or a multiple of it"
                )),
            );
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
