//! A job that reads a secret for pull requests of forks, which get none.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Spanned;
use crate::check::deploy_from_fork::of_stranger;
use crate::ir::Pipeline;
use crate::ir::event::Event;
use crate::ir::expr::Truth;
use crate::ir::job::Job;
use crate::ir::text::{Context, EnvVar, Text};
use crate::ir::walk::{self, Item};
use crate::sema::presence::{holds, present};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    for workflow in &pipeline.workflows {
        // One word a workflow: the way out is the same for all its jobs.
        let jobs = || workflow.jobs.iter().map(|id| pipeline.job(*id)).filter(|j| j.environment.is_none());
        let found = jobs().find_map(|job| {
            let pulls = job.possible.iter().map(|i| &pipeline.events[i]).filter(|e| of_stranger(e));
            let mut forks = pulls.map(|e| Event { fork: true, ..e.clone() });
            let event = forks.find(|e| present(pipeline, job, e) != Truth::No)?;
            let name = read(pipeline, job, &event, &targets)?;
            Some((job, name))
        });
        let Some((job, name)) = found else { continue };
        diagnostics.push(
            Diagnostic::note(
                "secret-empty-for-forks",
                name.span,
                format!(
                    "`{}` reads secret `{}` for pull requests, and those that come from a fork get no secrets",
                    job.name.value, name.value
                ),
            )
            .label("empty there")
            .help(
                "if forks may send pull requests, write `exclude-forks` in the clause of the job, or let the step do without it",
            ),
        );
    }
}

/// The first secret that a job reads for an event.
fn read(pipeline: &Pipeline, job: &Job, event: &Event, targets: &[crate::ir::id::TargetId]) -> Option<Spanned<String>> {
    let secret = |text: &Text| {
        text.contexts().find_map(|c| match &c.value {
            Context::Secret(name) => Some(Spanned::new(name.clone(), c.span)),
            _ => None,
        })
    };
    let of_vars = |vars: &[EnvVar]| vars.iter().find_map(|v| secret(&v.value));
    let of_job = of_vars(&job.env).or_else(|| job.services.iter().find_map(|s| of_vars(&s.env)));
    of_job.or_else(|| {
        let runs = |c: &Option<_>| c.as_ref().is_none_or(|c| holds(pipeline, Some(job.workflow), event, c) != Truth::No);
        job.steps.iter().filter(|s| runs(&s.condition)).find_map(|step| {
            let mut first = None;
            walk::step(step, targets, &mut |item| {
                if let Item::Text(text) | Item::Script(text) = item {
                    first = first.take().or_else(|| secret(text));
                }
            });
            first
        })
    })
}
