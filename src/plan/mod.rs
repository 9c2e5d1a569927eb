//! What a target will run: the pipeline made legal for it, and normalised so that every back end reads the same plan.
//!
//! A [`Plan`] is the proof that nothing is lost in silence: the only way to get one is [`build::plan`], which refuses what the target cannot
//! hold unless the spec accepts it by name. A back end walks [`Plan::workflows`], then [`PlannedWorkflow::jobs`], then [`PlannedJob::steps`]
//! in their order and translates; it decides no order, no gate, no permission and no script of its own.
//!
//! What is done here, so that no back end does it: gates, probes, queries, windows, checks, notifications, remote commands and portable
//! actions have become plain `Run` steps (or `Uses`, on GitHub, pinned by commit); approvals that no environment of the vendor holds have become jobs; the steps
//! of a deploy stand in one list with the condition of each; needs are merged, and say whether the needed job can be absent; variables,
//! permissions and secrets are summed up; names are legal and unique.
//!
//! What is left to a back end: translating contexts and conditions (a context in a script becomes a variable of the step, never text),
//! events and filters, runners and images, services, caches, artifacts, outputs, reports, matrices, concurrency, and the layout.
//!
//! Invariant: this room writes no vendor syntax beyond what the steps of `targets/actions.kdl` say, and imports no back end.

pub mod action;
pub mod alert;
pub mod analysis;
pub mod approve;
pub mod apps;
pub mod build;
pub mod delivery;
pub mod drift;
pub mod job;
pub mod kept;
pub mod legalize;
pub mod limits;
pub mod names;
pub mod readers;
pub mod registry;
pub mod require;
pub mod script;
pub mod settings;
pub mod stages;
pub mod start;
pub mod step;
pub mod steps;
pub mod words;

use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::id::{ImageId, JobId, WorkflowId};
use crate::ir::job::Workflow;
use crate::ir::text::EnvVar;
use crate::plan::drift::DriftCheck;
use crate::plan::job::PlannedJob;
use crate::plan::step::Notice;
use crate::target::capability::Capability;

/// A pipeline that one target can hold.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The spec's path, for the headers of the outputs.
    pub spec: String,
    /// The spec.
    pub pipeline: &'a Pipeline,
    /// The vendor, with its tier, tags and flags.
    pub target: &'a Target,
    /// The workflows this target emits, in the order of the spec.
    pub workflows: Vec<PlannedWorkflow<'a>>,
    /// The check of the outputs against the spec, where the target asks for it.
    pub drift: Option<DriftCheck>,
    /// What is lost by leave of the spec; stands in the header of the output.
    pub losses: Vec<AcceptedLoss>,
    /// What a person must set up outside the files, in the order found.
    pub settings: Vec<Setting>,
}

impl<'a> Plan<'a> {
    /// The planned job of a job of the spec, with its workflow; none where this target does not emit its workflow.
    pub fn job(&self, id: JobId) -> Option<(&PlannedWorkflow<'a>, &PlannedJob<'a>)> {
        self.workflows.iter().find_map(|w| w.jobs.iter().find(|j| j.source == job::JobSource::Spec(id)).map(|j| (w, j)))
    }

    /// All planned jobs, workflow by workflow.
    pub fn jobs(&self) -> impl Iterator<Item = &PlannedJob<'a>> {
        self.workflows.iter().flat_map(|w| &w.jobs)
    }
}

/// A workflow on one target.
#[derive(Clone, Debug)]
pub struct PlannedWorkflow<'a> {
    /// Its id.
    pub id: WorkflowId,
    /// As the spec says it: its events, inputs, schedules, concurrency, `raw`.
    pub workflow: &'a Workflow,
    /// A file name without folder and ending, unique: `ci`.
    pub file: String,
    /// Its jobs in the order of the spec; an approval that became a job stands before the first job it guards.
    pub jobs: Vec<PlannedJob<'a>>,
    /// Variables of every job.
    pub env: Vec<EnvVar>,
    /// Messages about the run as a whole, sent after all jobs ended (`started`: at once). Each wants a small job of its own.
    pub notices: Vec<Notice>,
}

/// A loss that the spec accepts by name.
#[derive(Clone, PartialEq, Debug)]
pub struct AcceptedLoss {
    /// What the target lacks.
    pub capability: Capability,
    /// What is lost there, from the target's table.
    pub lost: String,
    /// The jobs that suffer, by the names of the spec; empty where it concerns the whole pipeline.
    pub jobs: Vec<String>,
    /// Why the spec accepts it.
    pub reason: String,
    /// The last day of the acceptance, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Where the `accept` stands.
    pub span: Span,
}

/// Something that the vendor keeps outside its files.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// The capability that asks for it.
    pub capability: Capability,
    /// What to set, in one sentence: "environment `production`: required reviewers example/devops".
    pub text: String,
    /// Where the spec asks for it.
    pub span: Span,
}

/// What the command line adds to the spec.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// The spec's path, for the headers of the outputs.
    pub spec: String,
    /// The day, `YYYY-MM-DD`, against which acceptances expire. None of them expires without it.
    pub today: Option<String>,
}

impl PlannedWorkflow<'_> {
    /// Whether a step of a job, or of one that needs the job, reads an image.
    pub fn image_is_read(&self, job: &PlannedJob<'_>, image: ImageId) -> bool {
        let needs = |other: &PlannedJob<'_>| other.needs.iter().any(|n| self.jobs.get(n.job).is_some_and(|j| j.id == job.id));
        job.reads_image(image) || self.jobs.iter().any(|j| needs(j) && j.reads_image(image))
    }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
