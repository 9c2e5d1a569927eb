//! A workflow whose time limits add up to more than its budget.

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::id::JobId;
use crate::ir::job::{Job, Workflow};
use crate::ir::order::behind_needs;
use crate::ir::units::Duration;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for workflow in &pipeline.workflows {
        let Some(budget) = workflow.budget else { continue };
        let place: BTreeMap<JobId, usize> = workflow.jobs.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let needs = |id: &JobId| pipeline.job(*id).needs.iter().filter_map(|n| place.get(&n.job).copied()).collect();
        let order = behind_needs(&workflow.jobs.iter().map(needs).collect::<Vec<_>>());
        let chains = (0..pipeline.events.len()).map(|e| longest(pipeline, workflow, &order, e));
        let (seconds, path) = chains.max().unwrap_or_default();
        if seconds <= budget.seconds {
            continue;
        }
        let names: Vec<&str> = path.iter().map(|j| pipeline.job(*j).name.value.as_str()).collect();
        let worst = Duration::from_seconds(seconds);
        diagnostics.push(
            Diagnostic::warning(
                "budget-exceeded",
                budget.span,
                format!("`{}` has a budget of {}, and may take {worst}", workflow.name.value, budget.value),
            )
            .label("less than the time limits allow")
            .help(format!("lower the timeouts along {}, or raise the budget", names.join(" → "))),
        );
    }
}

/// The longest chain of time limits among the jobs of one event: seconds and jobs. `order` has each job behind its needs.
fn longest(pipeline: &Pipeline, workflow: &Workflow, order: &[usize], event: usize) -> (u64, Vec<JobId>) {
    // For each job the seconds of the longest chain that ends in it, and the job before it there.
    let mut best: BTreeMap<JobId, (u64, Option<JobId>)> = BTreeMap::new();
    for id in order.iter().map(|at| workflow.jobs[*at]).filter(|id| pipeline.job(*id).possible.contains(event)) {
        let job = pipeline.job(id);
        let before = job.needs.iter().filter_map(|n| Some((best.get(&n.job)?.0, n.job))).max();
        let (seconds, before) = before.map_or((0, None), |(seconds, job)| (seconds, Some(job)));
        best.insert(id, (seconds + own_limit(job), before));
    }
    let Some((mut at, seconds)) =
        best.iter().map(|(id, (seconds, _))| (*id, *seconds)).max_by_key(|(id, seconds)| (*seconds, *id))
    else {
        return (0, Vec::new());
    };
    let mut path = vec![at];
    while let Some(before) = best[&at].1 {
        path.push(before);
        at = before;
    }
    path.reverse();
    (seconds, path)
}

/// The limit that a job sets itself. One that the pipeline gives to every job guards against a job that hangs, and says nothing of how long it takes;
/// that of a deploy leaves room for its rollback.
fn own_limit(job: &Job) -> u64 {
    let (at, around) = (job.timeout.span, job.span);
    let is_own =
        job.deploy.is_none() && at != around && at.source == around.source && at.start >= around.start && at.end <= around.end;
    if is_own { job.timeout.seconds } else { 0 }
}
