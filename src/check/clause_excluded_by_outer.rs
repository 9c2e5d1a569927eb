//! A clause of an inner filter that can never take an event, because an outer filter took it away.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::check::facts::{passing, stage_only};
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::event::{Clause, Filter};
use crate::ir::id::WorkflowId;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (index, workflow) in pipeline.workflows.iter().enumerate() {
        let id = WorkflowId(index as u32);
        for stage in &workflow.stages {
            if let Some(only) = &stage.only {
                excluded(pipeline, only, &passing(pipeline, id, &[]), workflow.on.span, diagnostics);
            }
        }
    }
    for job in &pipeline.jobs {
        if let Some(only) = &job.only {
            let stage = stage_only(pipeline, job);
            let outer = stage.map_or(pipeline.workflow(job.workflow).on.span, |s| s.span);
            excluded(pipeline, only, &passing(pipeline, job.workflow, &[stage]), outer, diagnostics);
        }
    }
}

fn excluded(pipeline: &Pipeline, filter: &Filter, outer: &BitSet, at: Span, diagnostics: &mut Diagnostics) {
    let takes = |clause: &Clause| outer.iter().any(|i| clause.accepts(&pipeline.events[i]));
    let dead: Vec<&Clause> = filter.clauses.iter().filter(|c| !takes(c)).collect();
    if outer.is_empty() || dead.len() == filter.clauses.len() {
        // Nothing is left at all: then the job never runs, which is said instead.
        return;
    }
    for clause in dead {
        // A named set is shared: what it holds for others is no mistake here.
        let own = clause.span.source == filter.span.source
            && clause.span.start >= filter.span.start
            && clause.span.end <= filter.span.end;
        if own {
            diagnostics.push(
                Diagnostic::error("clause-excluded-by-outer", clause.span, "these events never come here")
                    .label("an outer filter leaves them out")
                    .related(at, "filters of several levels intersect; this one takes other events")
                    .help("remove the clause, or widen the outer filter"),
            );
        }
    }
}
