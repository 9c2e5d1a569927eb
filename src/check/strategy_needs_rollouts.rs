//! A strategy that nothing carries out: Helm and Argo CD replace pods by Deployments, which know no weights and no colours. A deploy by kubectl
//! carries most of them out by itself.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::app::{Method, Placed};
use crate::ir::strategy::{Router, Strategy};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for app in &pipeline.apps {
        for placed in &app.places {
            let strategy = &placed.settings.strategy;
            if !pipeline.delivery.emulates(strategy) {
                continue;
            }
            let Some(span) = strategy.stepwise() else { continue };
            if app.via.value == Method::Kubectl {
                by_deploy(placed, &app.name.value, diagnostics);
                continue;
            }
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
                .help("add `target rollouts` if the cluster has Argo Rollouts, or write via=kubectl: the deploy carries it out then"),
            );
        }
    }
}

/// What a deploy cannot do by itself.
fn by_deploy(placed: &Placed, app: &str, diagnostics: &mut Diagnostics) {
    let Strategy::Canary(canary) = &placed.settings.strategy else { return };
    let (span, message, label) = match (canary.router, &placed.settings.autoscale) {
        (Some(router), _) if router.value != Router::Nginx => (
            router.span,
            format!("a deploy cannot tell `{}` how to split the requests of `{app}`", router.value.word()),
            "needs a controller",
        ),
        (None, Some(scale)) => {
            (scale.span, format!("the load scales `{app}` while its canary gets a share of the pods"), "undoes the shares")
        }
        _ => return,
    };
    diagnostics.push(
        Diagnostic::error("strategy-needs-rollouts", span, message)
            .label(label)
            .related(canary.span, "the canary")
            .help("add `target rollouts` if the cluster has Argo Rollouts, or split the requests at the ingress: traffic nginx"),
    );
}
