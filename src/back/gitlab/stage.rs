//! The stages of the file. All order comes from `needs`; stages group jobs for the reader, but GitLab refuses a need of a later stage.

use std::collections::BTreeMap;

use crate::plan::{Plan, PlannedWorkflow};

/// The stages in order, and that of each job: by workflow, then job.
pub(super) struct Stages {
    pub(super) names: Vec<String>,
    pub(super) of_job: Vec<Vec<usize>>,
}

/// Lays the jobs of all workflows out in stages. The spec's names and order hold where the needs allow them; a job whose need stands later
/// moves to the stage of that need.
pub(super) fn lay_out(plan: &Plan<'_>) -> Stages {
    let mut names: Vec<String> = Vec::new();
    for workflow in &plan.workflows {
        merge(&mut names, &own_names(workflow));
    }
    let index: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
    let mut of_job = Vec::new();
    for workflow in &plan.workflows {
        let wanted: Vec<usize> =
            (0..workflow.jobs.len()).map(|i| index.get(own_name(workflow, i)).copied().unwrap_or(0)).collect();
        of_job.push(settled(workflow, wanted));
    }
    // A stage that lost its jobs to a later one says nothing.
    let used: Vec<usize> = (0..names.len()).filter(|i| of_job.iter().flatten().any(|s| s == i)).collect();
    let of_job =
        of_job.into_iter().map(|jobs| jobs.into_iter().map(|s| used.iter().position(|u| *u == s).unwrap_or(0)).collect());
    Stages { of_job: of_job.collect(), names: used.iter().map(|i| names[*i].clone()).collect() }
}

fn own_names(workflow: &PlannedWorkflow<'_>) -> Vec<String> {
    let mut names: Vec<String> = workflow.workflow.stages.iter().map(|s| s.name.value.clone()).collect();
    for job in 0..workflow.jobs.len() {
        let name = own_name(workflow, job).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The stage that the spec gives a job; the workflow's name for a job without one. An approval stands with the first job it guards.
fn own_name<'p>(workflow: &'p PlannedWorkflow<'_>, job: usize) -> &'p str {
    let stage_of =
        |i: usize| workflow.jobs[i].job.stage.and_then(|s| workflow.workflow.stages.get(s)).map(|s| s.name.value.as_str());
    let guarded = || workflow.dependents(job).find_map(stage_of);
    stage_of(job).or_else(guarded).unwrap_or(&workflow.workflow.name.value)
}

/// Adds names to a list so that both orders hold where they agree; names without a neighbour go last.
fn merge(names: &mut Vec<String>, more: &[String]) {
    let first = more.iter().find_map(|name| names.iter().position(|n| n == name));
    let mut at = first.unwrap_or(names.len());
    for name in more {
        match names.iter().position(|n| n == name) {
            Some(found) => at = at.max(found + 1),
            None => {
                names.insert(at, name.clone());
                at += 1;
            }
        }
    }
}

/// Moves each job behind its needs.
fn settled(workflow: &PlannedWorkflow<'_>, mut stages: Vec<usize>) -> Vec<usize> {
    // Needs have no cycles, so as many rounds as jobs are enough.
    for _ in 0..stages.len() {
        let mut moved = false;
        for (i, job) in workflow.jobs.iter().enumerate() {
            let latest = job.needs.iter().filter_map(|n| stages.get(n.job)).max().copied().unwrap_or(0);
            if stages[i] < latest {
                stages[i] = latest;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn names_of_several_workflows_keep_both_orders() {
        let mut names: Vec<String> = ["quality", "deploy"].map(str::to_owned).to_vec();
        merge(&mut names, &["quality", "test", "build", "deploy", "verify"].map(str::to_owned));
        assert_eq!(names, ["quality", "test", "build", "deploy", "verify"]);
        merge(&mut names, &["release"].map(str::to_owned));
        merge(&mut names, &["prepare", "test"].map(str::to_owned));
        assert_eq!(names, ["quality", "prepare", "test", "build", "deploy", "verify", "release"]);
    }
}
