//! The stages of the file. All order comes from `needs`; stages group jobs for the reader, but GitLab refuses a need of a later stage.

use std::collections::{BTreeMap, BTreeSet};

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
        let wanted = stages_of(workflow).into_iter().map(|name| index.get(name).copied().unwrap_or(0));
        of_job.push(settled(workflow, wanted.collect()));
    }
    // A stage that lost its jobs to a later one says nothing.
    let used: BTreeSet<usize> = of_job.iter().flatten().copied().collect();
    let place: BTreeMap<usize, usize> = used.iter().enumerate().map(|(place, stage)| (*stage, place)).collect();
    of_job.iter_mut().flatten().for_each(|stage| *stage = place[stage]);
    Stages { of_job, names: used.iter().map(|i| names[*i].clone()).collect() }
}

fn own_names(workflow: &PlannedWorkflow<'_>) -> Vec<String> {
    let mut names: Vec<String> = workflow.workflow.stages.iter().map(|s| s.name.value.clone()).collect();
    let mut known: BTreeSet<String> = names.iter().cloned().collect();
    names.extend(stages_of(workflow).into_iter().filter(|name| known.insert((*name).to_owned())).map(str::to_owned));
    names
}

/// For each job the stage that the spec gives it; the workflow's name for a job without one. An approval stands with the first job it guards.
fn stages_of<'p>(workflow: &'p PlannedWorkflow<'_>) -> Vec<&'p str> {
    let stages = &workflow.workflow.stages;
    let own: Vec<Option<&str>> =
        workflow.jobs.iter().map(|j| j.job.stage.and_then(|s| stages.get(s)).map(|s| s.name.value.as_str())).collect();
    let mut guarded: Vec<Option<&str>> = vec![None; own.len()];
    for (job, stage) in workflow.jobs.iter().zip(&own) {
        job.needs.iter().for_each(|n| guarded[n.job] = guarded[n.job].or(*stage));
    }
    own.into_iter().zip(guarded).map(|(own, guarded)| own.or(guarded).unwrap_or(&workflow.workflow.name.value)).collect()
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
