//! Whether a job logs in to a registry.

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::ir::event::EventKind;
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal};
use crate::ir::id::{RegistryId, TargetId};
use crate::ir::job::Job;
use crate::ir::step::{Push, Step, StepKind};
use crate::ir::text::{Context, RunField};

/// When the job needs a login: `Some(None)` is always, `None` never. Who only builds needs no password, and a pull request of a fork has none.
pub fn login(pipeline: &Pipeline, target: TargetId, job: &Job, registry: RegistryId) -> Option<Option<Expr>> {
    let mut pushes = Vec::new();
    let deploy = job.deploy.iter().flat_map(|d| d.smoke_tests.iter().chain(d.rollback.iter().flat_map(|r| &r.steps)));
    let mut steps: Vec<&Step> = job.steps.iter().chain(deploy).collect();
    while let Some(step) = steps.pop() {
        match &step.kind {
            StepKind::DockerBuild(build) if build.registry.as_ref().is_some_and(|r| r.value == registry) => {
                pushes.push((&build.push, step.span));
            }
            StepKind::RegistryLogin(id) | StepKind::ImagePromote { registry: id, .. } if *id == registry => {
                return Some(None);
            }
            StepKind::Action(call) => {
                steps.extend(call.body(target).iter().flat_map(|b| &b.steps));
            }
            _ => {}
        }
    }
    pushes.retain(|(push, _)| **push != Push::Never);
    let (push, span) = *pushes.first()?;
    if pushes.iter().any(|(other, _)| *other != push) {
        return Some(None);
    }
    let kinds: BTreeSet<_> = job.possible.iter().filter_map(|i| pipeline.events.get(i)).map(|e| e.kind).collect();
    match push {
        Push::Never => None,
        Push::If(condition) => Some(Some(condition.clone())),
        Push::NotOnPullRequest if !kinds.contains(&EventKind::PullRequest) => Some(None),
        Push::NotOnPullRequest if kinds.len() == 1 => None,
        Push::NotOnPullRequest => {
            let part = |kind| Box::new(Expr { kind, span });
            let event = part(ExprKind::Context(Context::Run(RunField::Event)));
            let kind = part(ExprKind::Literal(Literal::String("pull-request".to_owned())));
            Some(Some(Expr { kind: ExprKind::Compare(Comparison::NotEqual, event, kind), span }))
        }
    }
}
