//! A required check whose job can be left out: the pull request then waits for it for ever.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::check::facts::stage_only;
use crate::ir::Pipeline;
use crate::ir::environment::Protection;
use crate::ir::event::{ClauseKind, DEFAULT_PULL_REQUEST_TYPES, Event, EventKind, Filter};
use crate::ir::expr::Truth;
use crate::ir::job::Job;
use crate::ir::lang::Lang;
use crate::sema::presence::{absence, present};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for protection in pipeline.repository.iter().flat_map(|r| &r.protect) {
        for required in &protection.checks {
            let job = pipeline.job(required.value);
            diagnostics.extend(pending(pipeline, protection, job, required.span));
        }
    }
}

fn pending(pipeline: &Pipeline, protection: &Protection, job: &Job, span: Span) -> Option<Diagnostic> {
    let name = &job.name.value;
    let error = |message| Diagnostic::error("required-check-pending", span, message).label("would stay pending for ever");
    for branch in &protection.branches {
        let mut pulls = job.present.iter().map(|i| &pipeline.events[i]).filter(|e| {
            e.kind == EventKind::PullRequest
                && e.pull_request_type.is_some_and(|t| DEFAULT_PULL_REQUEST_TYPES.contains(&t))
                && e.target.as_ref().is_some_and(|t| branch.value.matches(t))
        });
        let Some(event) = pulls.next() else {
            return Some(
                error(format!(
                    "`{name}` must pass before a merge to `{}`, but it does not run on pull requests to it",
                    branch.value
                ))
                .related(job.name.span, "the job")
                .help(format!(
                    "let its workflow start on pull-request {}, and the job run there, or remove the check",
                    branch.value
                )),
            );
        };
        for other in variants(pipeline, job, event) {
            if present(pipeline, job, &other) == Truth::No
                && let Some(absence) = absence(pipeline, job, &other)
            {
                return Some(
                    error(format!(
                        "`{name}` must pass before a merge to `{}`, but it does not run {}",
                        branch.value,
                        other.shown()
                    ))
                    .related(absence.span, format!("left out by {}", absence.what))
                    .help("let the job run on every pull request to that branch and decide in its steps, or remove the check"),
                );
            }
        }
    }
    None
}

/// The event with files and heads that a filter on the way to the job leaves out.
fn variants(pipeline: &Pipeline, job: &Job, event: &Event) -> Vec<Event> {
    let filters: [Option<&Filter>; 3] = [Some(&pipeline.workflow(job.workflow).on), stage_only(pipeline, job), job.only.as_ref()];
    let outside = |all: Lang, lang: &Lang| all.difference(lang).ok().and_then(|rest| rest.witness());
    let mut found = Vec::new();
    for clause in filters.into_iter().flatten().flat_map(|f| &f.clauses) {
        if let ClauseKind::PullRequest { heads, paths, exclude_forks, .. } = &clause.kind {
            let file = paths.as_ref().and_then(|p| outside(Lang::paths(), &p.pattern.lang));
            found.extend(file.map(|file| Event { paths: Some(vec![file]), ..event.clone() }));
            let head = outside(Lang::all(), &heads.lang);
            found.extend(head.map(|head| Event { head: Some(head), ..event.clone() }));
            found.extend(exclude_forks.then(|| Event { fork: true, ..event.clone() }));
        }
    }
    found
}
