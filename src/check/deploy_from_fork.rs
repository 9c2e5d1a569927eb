//! A job that enters an environment for a pull request that anyone may have opened.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::event::{Event, EventKind};
use crate::ir::expr::Truth;
use crate::sema::presence::present;

/// Whether the code may be a stranger's, with a fork's rights: a pull request, or a review of one.
pub(super) fn of_stranger(event: &Event) -> bool {
    event.kind == EventKind::PullRequest || event.kind == EventKind::Raw && event.fork
}

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(used) = &job.environment else { continue };
        let pulls = job.possible.iter().map(|i| &pipeline.events[i]).filter(|e| of_stranger(e));
        let mut forks = pulls.map(|e| Event { fork: true, ..e.clone() });
        let Some(event) = forks.find(|e| present(pipeline, job, e) != Truth::No) else { continue };
        let environment = pipeline.environment(used.environment);
        diagnostics.push(
            Diagnostic::error(
                "deploy-from-fork",
                used.span,
                format!("`{}` enters `{}` {}", job.name.value, environment.name.value, event.shown()),
            )
            .label("an outsider's code would run here, and its secrets are empty")
            .help("write `exclude-forks` in the pull-request clause of its `only`, or leave pull requests out"),
        );
    }
}
