//! Requests that are to be split at an ingress that is not there, and colours behind a load balancer that follows them too late.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::strategy::Strategy;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for app in &pipeline.apps {
        for placed in &app.places {
            let environment = &pipeline.environment(placed.environment).name.value;
            match (&placed.settings.strategy, &placed.settings.ingress) {
                (Strategy::Canary(canary), None) => {
                    let Some(router) = canary.router else { continue };
                    diagnostics.push(
                        Diagnostic::error(
                            "traffic-without-ingress",
                            router.span,
                            format!("`{}` has no ingress in `{environment}` at which {} could split requests", app.name.value, router.value.word()),
                        )
                        .label("nothing to split")
                        .related(placed.span, "its settings there")
                        .help("give it one: ingress host=\"shop.example.com\"; or leave `traffic` out, so that pods share the requests"),
                    );
                }
                (Strategy::BlueGreen(colours), Some(ingress)) if ingress.class.as_deref() == Some("alb") => {
                    diagnostics.push(
                        Diagnostic::warning(
                            "blue-green-behind-alb",
                            colours.span,
                            format!(
                                "the load balancer of `{environment}` may still ask the old pods of `{}` when they go",
                                app.name.value
                            ),
                        )
                        .label("it learns of the switch too late")
                        .related(ingress.host.span, "behind a load balancer of AWS")
                        .help("use `strategy canary` with `traffic alb`, which tells the load balancer itself"),
                    );
                }
                _ => {}
            }
        }
    }
}
