//! An app that no target writes a chart or an Application for, and one that runs nowhere.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::app::Method;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for app in &pipeline.apps {
        let name = &app.name.value;
        if pipeline.delivery.helm.is_none() {
            diagnostics.push(
                Diagnostic::error("app-without-target", app.name.span, format!("no target writes the chart of `{name}`"))
                    .label("nothing is written for it")
                    .help("add `target helm`; however an app is delivered, its objects come from its chart"),
            );
        } else if app.via.value == Method::Argocd && pipeline.delivery.argocd.is_none() {
            diagnostics.push(
                Diagnostic::error(
                    "app-without-target",
                    app.via.span,
                    format!("`{name}` is delivered by Argo CD, which is no target"),
                )
                .label("nothing is written for it")
                .help("add target argocd repo=\"https://git.example.com/shop/infra.git\", or write via=helm"),
            );
        }
        if app.places.is_empty() {
            diagnostics.push(
                Diagnostic::warning("app-without-environment", app.name.span, format!("`{name}` runs in no environment"))
                    .label("no values, and nobody delivers it")
                    .help("name it in an environment: environment staging { app NAME {} }, or in a deploy: deploy … to=staging { app NAME }"),
            );
        }
    }
}
