//! A workflow that others call sees the event of its caller (docs.github.com, "Reuse workflows"): what it asks of the event is not answered by the
//! spec.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, Filter};
use crate::ir::id::TargetId;
use crate::ir::raw::{RunsOn, runs_on};
use crate::ir::text::{CommitField, Context, RunField};
use crate::ir::walk;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for workflow in &pipeline.workflows {
        let is_call =
            |kind: &ClauseKind| matches!(kind, ClauseKind::Raw(own) if runs_on(&own.name.value) == Some(RunsOn::Caller));
        let Some(call) = workflow.on.clauses.iter().find(|c| is_call(&c.kind)) else { continue };
        for job in workflow.jobs.iter().map(|id| pipeline.job(*id)) {
            let stage = job.stage.and_then(|s| workflow.stages.get(s)).and_then(|s| s.only.as_ref());
            let filter: Option<&Filter> = stage.or(job.only.as_ref());
            let asked = filter.map(|f| (f.span, "has an `only`")).or_else(|| read(pipeline, job));
            let Some((span, what)) = asked else { continue };
            diagnostics.push(
                Diagnostic::error("caller-event", span, format!("`{}` {what}, and another workflow may call it", job.name.value))
                    .label("the caller's event would be asked, which the spec does not know")
                    .related(call.span, "called here")
                    .help("ask in GitHub's words: a `value` with github \"github.event_name\" or \"inputs.NAME\"; or split the workflow"),
            );
        }
    }
}

/// Where a job reads what the event decides.
fn read(pipeline: &Pipeline, job: &crate::ir::job::Job) -> Option<(Span, &'static str)> {
    walk::contexts(job, &[TargetId::Github]).into_iter().find_map(|context| {
        let what = match &context.value {
            Context::Run(RunField::Event) => "asks for the kind of event",
            Context::Commit(CommitField::Branch | CommitField::Tag | CommitField::Ref) => "asks for the branch or tag",
            Context::Pr(_) => "asks for the pull request",
            Context::Input(_) => "asks for an input of a run by hand",
            Context::Value(id) if !pipeline.values[id.index()].arms.is_empty() => "asks for a value that the event decides",
            _ => return None,
        };
        Some((context.span, what))
    })
}
