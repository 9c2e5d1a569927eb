//! What is left of a pipeline where a vendor lacks the events of another: nothing starts for them, and a workflow that has no others is not there.

use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::event::{ClauseKind, EventKind};
use crate::ir::id::JobId;

/// The pipeline without events of one vendor alone; none where it has none of them. A workflow that only these start keeps an empty `on`.
pub(super) fn elsewhere(pipeline: &Pipeline) -> Option<Box<Pipeline>> {
    let is_own = |kind: &ClauseKind| matches!(kind, ClauseKind::Raw(_));
    if !pipeline.workflows.iter().flat_map(|w| &w.on.clauses).any(|c| is_own(&c.kind)) {
        return None;
    }
    let mut rest = pipeline.clone();
    for workflow in &mut rest.workflows {
        workflow.on.clauses.retain(|c| !is_own(&c.kind));
    }
    let kept: Vec<usize> = (0..pipeline.events.len()).filter(|i| pipeline.events[*i].kind != EventKind::Raw).collect();
    rest.events = kept.iter().map(|i| pipeline.events[*i].clone()).collect();
    let among = |set: &BitSet| {
        let mut found = BitSet::new(kept.len());
        kept.iter().enumerate().filter(|(_, old)| set.contains(**old)).for_each(|(new, _)| _ = found.insert(new));
        found
    };
    for job in &mut rest.jobs {
        job.present = among(&job.present);
        job.possible = among(&job.possible);
    }
    // A job that is there for such events alone is not there at all.
    let stays = |rest: &Pipeline, id: JobId| !rest.job(id).possible.is_empty() || pipeline.job(id).possible.is_empty();
    let there: Vec<bool> = rest.job_ids().map(|(id, _)| stays(&rest, id)).collect();
    for workflow in &mut rest.workflows {
        workflow.jobs.retain(|id| there[id.index()]);
        workflow.stages.iter_mut().for_each(|s| s.jobs.retain(|id| there[id.index()]));
    }
    rest.jobs.iter_mut().for_each(|job| job.needs.retain(|n| there[n.job.index()]));
    Some(Box::new(rest))
}
