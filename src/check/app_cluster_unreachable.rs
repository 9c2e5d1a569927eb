//! An app whose environment does not name a cluster in the way that its delivery needs: Argo CD an address, a deploy a login.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::app::{App, Method, Placed};
use crate::ir::environment::ClusterAccess;
use crate::ir::id::EnvironmentId;
use crate::ir::step::StepKind;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (index, app) in pipeline.apps.iter().enumerate() {
        for placed in &app.places {
            let by_argocd = app.via.value == Method::Argocd;
            // A chart alone needs no cluster: somebody else may bring it there.
            if by_argocd || is_brought(pipeline, index, placed.environment) {
                place(pipeline, app, placed, by_argocd, diagnostics);
            }
        }
    }
}

fn place(pipeline: &Pipeline, app: &App, placed: &Placed, by_argocd: bool, diagnostics: &mut Diagnostics) {
    let environment = pipeline.environment(placed.environment);
    let access = environment.cluster.as_ref().map(|c| &c.access);
    let has_address = matches!(access, Some(ClusterAccess::Server(_)));
    if access.is_some() && has_address == by_argocd {
        return;
    }
    let (what, help) = if by_argocd {
        (
            format!("Argo CD must know the cluster of `{}` by its address", environment.name.value),
            "write cluster server=\"https://kubernetes.default.svc\" namespace=…: that is the cluster that Argo CD itself runs in",
        )
    } else {
        (
            format!("a deploy to `{}` must log in to its cluster", environment.name.value),
            "write cluster kubeconfig=(secret)KUBE_CONFIG namespace=…, or eks=NAME region=REGION",
        )
    };
    let span = environment.cluster.as_ref().map_or(environment.name.span, |c| c.span);
    diagnostics.push(
        Diagnostic::error("app-cluster-unreachable", span, what)
            .label("not a cluster that it can reach")
            .related(app.via.span, format!("`{}` is delivered by {}", app.name.value, app.via.value.word()))
            .help(help),
    );
}

/// Whether a deploy brings the app there.
fn is_brought(pipeline: &Pipeline, app: usize, environment: EnvironmentId) -> bool {
    let enters = |job: &&crate::ir::job::Job| job.environment.as_ref().is_some_and(|e| e.environment == environment);
    let mut steps = pipeline.jobs.iter().filter(enters).flat_map(|j| &j.steps);
    steps.any(|s| matches!(&s.kind, StepKind::App(step) if step.app.index() == app))
}
