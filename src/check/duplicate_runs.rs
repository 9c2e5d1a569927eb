//! A commit of an open pull request that runs the same jobs twice: once for the push, once for the pull request.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts::passing;
use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, Event, EventKind};
use crate::ir::expr::Truth;
use crate::ir::id::WorkflowId;
use crate::ir::job::Workflow;
use crate::sema::presence::{present, starts};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (index, workflow) in pipeline.workflows.iter().enumerate() {
        let id = WorkflowId(index as u32);
        if workflow.dedupe.is_some() || workflow.jobs.is_empty() {
            continue;
        }
        let starting = passing(pipeline, id, &[]);
        let of = |kind: EventKind| starting.iter().map(|i| &pipeline.events[i]).filter(move |e| e.kind == kind);
        let twice = of(EventKind::Push).find_map(|push| {
            of(EventKind::PullRequest).filter(|pull| !pull.fork).find_map(|pull| {
                // Either witness may name the branch: what a class holds beside its witness is no different.
                let branches = [push.branch.clone()?, pull.head.clone()?];
                branches.into_iter().filter(|b| pull.target.as_ref() != Some(b) && !is_target(workflow, b)).find_map(|branch| {
                    let push = Event { branch: Some(branch.clone()), ..push.clone() };
                    let pull = Event { head: Some(branch), paths: push.paths.clone(), ..pull.clone() };
                    let meet =
                        starts(pipeline, id, &push) && starts(pipeline, id, &pull) && alike(pipeline, workflow, &push, &pull);
                    meet.then_some((push, pull))
                })
            })
        });
        let Some((push, pull)) = twice else { continue };
        let Some(clause) = workflow.on.clauses.iter().find(|c| c.accepts(&pull)) else { continue };
        let other = workflow.on.clauses.iter().find(|c| c.accepts(&push)).map_or(clause.span, |c| c.span);
        diagnostics.push(
            Diagnostic::warning(
                "duplicate-runs",
                clause.span,
                format!(
                    "every commit on `{}` with an open pull request runs the same jobs twice",
                    push.branch.as_deref().unwrap_or_default()
                ),
            )
            .label(format!("once {}", pull.shown()))
            .related(other, format!("once {}", push.shown()))
            .help("write `dedupe` in `on`, or push only the branches that pull requests go to"),
        );
    }
}

/// Long-lived branches that pull requests go to are seldom the head of one.
fn is_target(workflow: &Workflow, branch: &str) -> bool {
    workflow.on.clauses.iter().any(|c| match &c.kind {
        ClauseKind::PullRequest { targets, .. } => !targets.is_all() && targets.contains(branch),
        _ => false,
    })
}

fn alike(pipeline: &Pipeline, workflow: &Workflow, a: &Event, b: &Event) -> bool {
    let jobs = || workflow.jobs.iter().map(|j| pipeline.job(*j));
    jobs().any(|j| present(pipeline, j, a) == Truth::Yes) && jobs().all(|j| present(pipeline, j, a) == present(pipeline, j, b))
}
