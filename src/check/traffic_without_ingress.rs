//! Requests that are to be split at an ingress that is not there, and colours behind a load balancer that follows them too late.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::app::Ingress;
use crate::ir::strategy::{Canary, Strategy};

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
                (Strategy::Canary(Canary { router: Some(router), .. }), Some(ingress))
                    if router.value.has_gateway() != ingress.gateway.is_some() =>
                {
                    let (span, message, label) = match &ingress.gateway {
                        None => (
                            ingress.host.span,
                            format!(
                                "`{}` splits requests at a gateway, and the ingress of `{}` names none",
                                router.value.word(),
                                app.name.value
                            ),
                            "at which gateway?",
                        ),
                        Some(gateway) => (
                            gateway.span,
                            format!("`{}` splits requests at an ingress, which has no gateway", router.value.word()),
                            "nothing reads it",
                        ),
                    };
                    diagnostics.push(
                        Diagnostic::error("traffic-without-ingress", span, message)
                            .label(label)
                            .related(router.span, "what splits the requests")
                            .help("for istio and gateway write ingress host=… gateway=\"NAMESPACE/NAME\"; for nginx and alb leave the gateway out"),
                    );
                }
                (_, Some(Ingress { gateway: Some(gateway), host, class, tls, .. }))
                    if !has_gateway(&placed.settings.strategy) || class.is_some() || tls.is_some() =>
                {
                    let (message, help) = if class.is_some() || tls.is_some() {
                        (
                            "a gateway holds class and certificate by itself",
                            "leave `class` and `tls` out of an ingress with a gateway",
                        )
                    } else {
                        (
                            "only a canary with `traffic istio` or `traffic gateway` hangs a route on a gateway",
                            "leave the gateway out there",
                        )
                    };
                    diagnostics.push(
                        Diagnostic::error("traffic-without-ingress", gateway.span, message)
                            .label("nothing reads it")
                            .related(host.span, "of this ingress")
                            .help(help),
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

fn has_gateway(strategy: &Strategy) -> bool {
    matches!(strategy, Strategy::Canary(Canary { router: Some(router), .. }) if router.value.has_gateway())
}
