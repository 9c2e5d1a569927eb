//! A workflow whose time limits add up to more than its budget.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::id::JobId;
use crate::ir::job::{Job, Workflow};
use crate::ir::units::Duration;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for workflow in &pipeline.workflows {
        let Some(budget) = workflow.budget else { continue };
        let (seconds, path) = (0..pipeline.events.len()).map(|e| longest(pipeline, workflow, e)).max().unwrap_or_default();
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

/// The longest chain of time limits among the jobs of one event: seconds and jobs.
fn longest(pipeline: &Pipeline, workflow: &Workflow, event: usize) -> (u64, Vec<JobId>) {
    let mut best: Vec<Option<(u64, Vec<JobId>)>> = vec![None; pipeline.jobs.len()];
    let present: Vec<JobId> = workflow.jobs.iter().copied().filter(|j| pipeline.job(*j).possible.contains(event)).collect();
    // A round for each job settles every chain; needs form no cycle.
    for _ in &present {
        for id in &present {
            let job = pipeline.job(*id);
            let before = job.needs.iter().filter(|n| present.contains(&n.job)).filter_map(|n| best[n.job.index()].clone()).max();
            let (seconds, mut path) = before.unwrap_or_default();
            path.push(*id);
            let own = Some((seconds + own_limit(job), path));
            if best[id.index()] == own {
                continue;
            }
            best[id.index()] = own;
        }
    }
    best.into_iter().flatten().max().unwrap_or_default()
}

/// The limit that a job sets itself. One that the pipeline gives to every job guards against a job that hangs, and says nothing of how long it takes;
/// that of a deploy leaves room for its rollback.
fn own_limit(job: &Job) -> u64 {
    let (at, around) = (job.timeout.span, job.span);
    let is_own =
        job.deploy.is_none() && at != around && at.source == around.source && at.start >= around.start && at.end <= around.end;
    if is_own { job.timeout.seconds } else { 0 }
}
