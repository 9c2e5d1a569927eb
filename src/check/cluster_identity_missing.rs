//! `kubectl` or `helm` in a job that nothing logs in to a cluster.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::step::StepKind;

/// What these programs do without a cluster.
const OFFLINE: &[(&str, &[&str])] = &[
    (
        "helm",
        &[
            "lint",
            "template",
            "package",
            "dependency",
            "dep",
            "repo",
            "version",
            "push",
            "pull",
            "registry",
            "plugin",
            "create",
            "show",
            "search",
        ],
    ),
    ("kubectl", &["version", "kustomize", "config", "completion", "help"]),
];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(used) = &job.environment else { continue };
        let environment = pipeline.environment(used.environment);
        let own_login = job.env.iter().chain(&environment.env).any(|v| v.name.value == "KUBECONFIG");
        let by_action = job.steps.iter().any(|s| matches!(s.kind, StepKind::Action(_) | StepKind::Uses { .. }));
        if environment.cluster.is_some() || own_login || by_action {
            continue;
        }
        let logs_in = |text: &str| {
            ["update-kubeconfig", "get-credentials", "kubeconfig", "KUBECONFIG", "minikube", "kind create", "k3d"]
                .iter()
                .any(|w| text.contains(w))
        };
        if script::of_job(job).any(|l| logs_in(&script::marked(l.text))) {
            continue;
        }
        for line in script::of_job(job) {
            for command in script::commands(&script::marked(line.text)) {
                let [program, rest @ ..] = script::program(&command) else { continue };
                let Some((_, offline)) = OFFLINE.iter().find(|(p, _)| p == program) else { continue };
                let verb = rest.iter().find(|w| !w.starts_with('-')).map_or("", String::as_str);
                if offline.contains(&verb) || rest.iter().any(|w| w == "--dry-run=client") {
                    continue;
                }
                diagnostics.push(
                    Diagnostic::error(
                        "cluster-identity-missing",
                        line.text.span,
                        format!("`{program} {verb}` needs a cluster, and environment `{}` names none", environment.name.value),
                    )
                    .label("no credentials for a cluster")
                    .related(environment.name.span, "no `cluster` here")
                    .help(
                        "add `cluster kubeconfig=(secret)KUBE_CONFIG namespace=…` to the environment; its jobs then log in to it",
                    ),
                );
            }
        }
    }
}
