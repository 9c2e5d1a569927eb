//! What a spec gives up on a target by name is not held against the target's files. Everything else is, in the same jobs: an approval that a
//! file forgets is told whatever else the spec accepts.

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::id::{JobId, TargetId, WorkflowId};
use crate::plan::require::require;
use crate::target::capability::Capability;
use crate::verify::difference::Difference;

/// Which jobs run, in what order, and what their failure does.
const RUNS: &[u8] = &[1, 2, 6];

/// The points of equivalence that a capability is about, as far as a target that lacks it is compared.
fn points(capability: Capability, target: TargetId) -> &'static [u8] {
    match capability {
        Capability::PullRequestTypes
        | Capability::PullRequestReopened
        | Capability::PullRequestClosed
        | Capability::PullRequestReady
        | Capability::PullRequestLabeled
        | Capability::PathFilterExcept
        | Capability::PathFilterSeveral
        | Capability::JobPathFilter
        | Capability::PathPatterns
        | Capability::ScheduleBranch
        | Capability::ScheduleDays
        | Capability::Manual
        | Capability::InputString
        | Capability::InputBoolean
        | Capability::InputNumber
        | Capability::InputChoice
        | Capability::InputEnvironment
        | Capability::InputRequired
        | Capability::InputPattern
        | Capability::JobConditionExact
        | Capability::JobConditionCase
        | Capability::AllowFailureExitCodes => RUNS,
        // GitLab starts the run with the tag, and ends a cancelled pipeline without the job: the model knows both.
        Capability::Release | Capability::WhenAlways if target != TargetId::Gitlab => RUNS,
        // The script decides, after the job has begun.
        Capability::JobConditionOutput | Capability::ValueOwn => &[1, 2, 3, 5, 6],
        Capability::ContextAttempt
        | Capability::ContextRunNumber
        | Capability::ContextActor
        | Capability::ContextToken
        | Capability::ContextPrTitle
        | Capability::ContextApprover
        | Capability::Uses => &[3],
        _ => &[],
    }
}

/// What a spec gives up on a target.
pub(super) struct Accepted {
    /// By name.
    capabilities: BTreeSet<Capability>,
    /// The jobs and the points of equivalence that it is about.
    covered: BTreeSet<(String, u8)>,
}

impl Accepted {
    /// What a spec gives up on a target: a job that asks for what is accepted, the jobs of a workflow that does, and what runs after them.
    pub(super) fn of(pipeline: &Pipeline, target: &Target) -> Self {
        let capabilities: BTreeSet<Capability> = pipeline
            .accepts
            .iter()
            .filter(|a| a.target.value == target.id)
            .filter_map(|a| Capability::parse(&a.loss.value))
            .collect();
        let mut covered = BTreeSet::new();
        if capabilities.iter().all(|c| points(*c, target.id).is_empty()) {
            return Self { capabilities, covered };
        }
        let workflows: Vec<WorkflowId> = (0..pipeline.workflows.len() as u32).map(WorkflowId).collect();
        for asked in require(pipeline, &workflows, target).iter().filter(|r| capabilities.contains(&r.capability)) {
            let concerned: Vec<JobId> = match (asked.job, asked.workflow) {
                (Some(job), _) => vec![job],
                (None, Some(workflow)) => pipeline.workflow(workflow).jobs.clone(),
                (None, None) => pipeline.job_ids().map(|(id, _)| id).collect(),
            };
            for point in points(asked.capability, target.id) {
                let jobs = if RUNS.contains(point) { with_dependents(pipeline, &concerned) } else { concerned.clone() };
                covered.extend(jobs.into_iter().map(|id| (pipeline.job(id).name.value.clone(), *point)));
            }
        }
        Self { capabilities, covered }
    }

    /// Whether the target lacks something, and the spec accepts that.
    pub(super) fn gives_up(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// Whether a difference is one that the spec accepts.
    pub(super) fn covers(&self, difference: &Difference) -> bool {
        self.covered.contains(&(difference.job.clone(), difference.point))
    }
}

/// Jobs with all that wait for them, however far.
fn with_dependents(pipeline: &Pipeline, jobs: &[JobId]) -> Vec<JobId> {
    let mut found = jobs.to_vec();
    let mut at = 0;
    while let Some(id) = found.get(at).copied() {
        let after = pipeline.job_ids().filter(|(_, job)| job.needs.iter().any(|n| n.job == id)).map(|(id, _)| id);
        let new: Vec<JobId> = after.filter(|id| !found.contains(id)).collect();
        found.extend(new);
        at += 1;
    }
    found
}
