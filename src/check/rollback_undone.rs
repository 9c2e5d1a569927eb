//! A rollback in the cluster of an app that Argo CD keeps: what the repository says comes back, or Argo CD refuses.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::app::Method;
use crate::ir::job::Job;
use crate::ir::step::StepKind;

/// Commands that change the cluster behind the back of the repository.
const BEHIND: &[&[&str]] = &[
    &["kubectl", "rollout", "undo"],
    &["helm", "rollback"],
    &["argocd", "app", "rollback"],
    &["kubectl", "argo", "rollouts", "undo"],
];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(app) = kept_by_argocd(pipeline, job) else { continue };
        let rollback = job.deploy.iter().filter_map(|d| d.rollback.as_ref()).flat_map(|r| &r.steps);
        for step in rollback {
            for command in script::commands_of(step) {
                let words: Vec<&str> = script::program(&command).iter().map(String::as_str).collect();
                let Some(behind) = BEHIND.iter().find(|b| words.starts_with(b)) else { continue };
                diagnostics.push(
                    Diagnostic::error(
                        "rollback-undone",
                        step.span,
                        format!(
                            "`{}` does not bring `{app}` back: Argo CD delivers it, and brings back what its repository says",
                            behind.join(" ")
                        ),
                    )
                    .label("undone, or refused")
                    .help("write `rollback` alone: it reverts the commit of the deploy"),
                );
            }
        }
    }
}

fn kept_by_argocd<'p>(pipeline: &'p Pipeline, job: &Job) -> Option<&'p str> {
    job.steps.iter().find_map(|s| match &s.kind {
        StepKind::App(step) => {
            let app = pipeline.app(step.app);
            (app.via.value == Method::Argocd).then_some(app.name.value.as_str())
        }
        _ => None,
    })
}
