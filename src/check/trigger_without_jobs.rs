//! An event that starts a run in which no job is present.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts::passing;
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::id::WorkflowId;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (index, workflow) in pipeline.workflows.iter().enumerate() {
        let starting = passing(pipeline, WorkflowId(index as u32), &[]);
        let mut any = BitSet::new(pipeline.events.len());
        workflow.jobs.iter().for_each(|j| any.union_with(&pipeline.job(*j).possible));
        for clause in &workflow.on.clauses {
            let mut events = starting.iter().filter(|i| clause.accepts(&pipeline.events[*i])).peekable();
            let Some(first) = events.peek().copied() else { continue };
            if !events.any(|i| any.contains(i)) {
                diagnostics.push(
                    Diagnostic::warning(
                        "trigger-without-jobs",
                        clause.span,
                        format!("workflow `{}` has no job to run {}", workflow.name.value, pipeline.events[first].shown()),
                    )
                    .label("starts a run without jobs")
                    .help("remove the clause, or widen the filter of a job"),
                );
            }
        }
    }
}
