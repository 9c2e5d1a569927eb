//! A job that no event lets run.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts::{passing, stage_only};
use crate::ir::Pipeline;
use crate::ir::id::WorkflowId;
use crate::ir::step::Outcome;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in pipeline.jobs.iter().filter(|j| j.possible.is_empty()) {
        let workflow = pipeline.workflow(job.workflow);
        let (stage, own) = (stage_only(pipeline, job), job.only.as_ref());
        let name = &job.name.value;
        if passing(pipeline, job.workflow, &[]).is_empty() {
            // Said once for the workflow.
            continue;
        }
        let error = |span| Diagnostic::error("job-never-runs", span, format!("`{name}` never runs"));
        let stage_is_empty = passing(pipeline, job.workflow, &[stage]).is_empty();
        match (stage, own) {
            (Some(stage), _) if stage_is_empty => diagnostics.push(
                error(stage.span)
                    .label("no event passes this and the workflow's `on`")
                    .related(workflow.on.span, "the workflow starts on these")
                    .help("widen one of the two filters"),
            ),
            (_, Some(own)) if passing(pipeline, job.workflow, &[stage, Some(own)]).is_empty() => {
                let outer = stage.map_or(workflow.on.span, |s| s.span);
                diagnostics.push(
                    error(own.span)
                        .label("no event passes this and the filters around it")
                        .related(outer, "an outer filter takes these only")
                        .help("widen one of the two filters"),
                );
            }
            // The filters leave events, so the condition refuses them all: that is another rule's finding.
            _ => {}
        }
    }
    for job in pipeline.jobs.iter().filter(|j| j.when.value == Outcome::Failure && j.needs.is_empty()) {
        let message = format!("`{}` runs after a failure, and waits for no job", job.name.value);
        diagnostics.push(
            Diagnostic::error("job-never-runs", job.when.span, message)
                .label("nothing before it can fail")
                .help("name the jobs that it looks after, with `needs` or `after`"),
        );
    }
    for (index, workflow) in pipeline.workflows.iter().enumerate() {
        if !workflow.jobs.is_empty()
            && !workflow.on.clauses.is_empty()
            && passing(pipeline, WorkflowId(index as u32), &[]).is_empty()
        {
            diagnostics.push(
                Diagnostic::error("job-never-runs", workflow.on.span, format!("workflow `{}` never starts", workflow.name.value))
                    .label("no event passes this filter")
                    .help("check that `except` and `ignore-paths` leave something"),
            );
        }
    }
}
