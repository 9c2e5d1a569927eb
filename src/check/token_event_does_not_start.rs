//! A tag or release that a job makes with GitHub's built-in token: it starts no other run there
//! (GitHub docs, "Triggering a workflow from a workflow"), so the workflow that waits for it never comes.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::event::{Clause, ClauseKind, EventKind};
use crate::ir::id::TargetId;
use crate::ir::step::StepKind;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    if pipeline.targets.iter().all(|t| t.id != TargetId::Github) {
        return;
    }
    for job in &pipeline.jobs {
        // A run that a tag started has the tag already.
        let tags_anew = job.possible.iter().any(|i| !matches!(pipeline.events[i].kind, EventKind::Tag | EventKind::Release));
        for step in &job.steps {
            let StepKind::Action(call) = &step.kind else { continue };
            if call.name.value != "release" {
                continue;
            }
            let waits = |c: &&Clause| {
                matches!(c.kind, ClauseKind::Release { .. }) || (tags_anew && matches!(c.kind, ClauseKind::Tag { .. }))
            };
            let Some(clause) = pipeline.workflows.iter().flat_map(|w| &w.on.clauses).find(waits) else { continue };
            let what = if matches!(clause.kind, ClauseKind::Tag { .. }) { "tag" } else { "release" };
            diagnostics.push(
                Diagnostic::error(
                    "token-event-does-not-start",
                    call.name.span,
                    format!("the {what} that `{}` makes does not start a run on GitHub", job.name.value),
                )
                .label("made with the built-in token")
                .related(clause.span, "this waits for it")
                .help("put the jobs that follow into this workflow, behind this job"),
            );
        }
    }
}
