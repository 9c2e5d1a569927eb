//! A job as one target will run it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::base::span::Spanned;
use crate::ir::event::Filter;
use crate::ir::expr::Expr;
use crate::ir::id::{EnvironmentId, GateId, ImageId, JobId};
use crate::ir::job::{Job, NeedKind};
use crate::ir::order::behind_needs;
use crate::ir::step::Permission;
use crate::ir::text::{Context, EnvVar, Text};
use crate::ir::units::Duration;
use crate::plan::step::{PlannedKind, PlannedStep, RunWhen};

/// A job as one target will run it.
#[derive(Clone, Debug)]
pub struct PlannedJob<'a> {
    /// Where it comes from.
    pub source: JobSource,
    /// Everything that needs no planning: runner, image, docker, services, matrix, artifacts, outputs, reports, shell, retry, allow-failure,
    /// concurrency, `raw`, comments, presence. A back end reads from it what this struct does not hold, and never its `steps`, `needs`,
    /// `env`, `permissions`, `requires`, `notify`, `deploy` or `timeout`. Owned for a job that the plan made.
    pub job: Cow<'a, Job>,
    /// A legal id, unique in its file: of GitHub in `[A-Za-z_][A-Za-z0-9_-]*`; of GitLab the job's name, with the workflow before it where two meet.
    pub id: String,
    /// What to show a person: the name of the spec.
    pub title: String,
    /// What it waits for, one entry a job, in the order of the spec.
    pub needs: Vec<PlannedNeed>,
    /// An ancestor (not only a need) may be absent in an event for which this job is present. On GitHub a skipped ancestor skips every descendant
    /// without a status function, so such a job needs the long condition that names each of its needs.
    pub poisoned: bool,
    /// The filters beside the workflow's own that decide its presence: of its stage, then its own. All must accept the event, and `job.condition` must hold.
    pub filters: Vec<Filter>,
    /// The steps in order; see [`crate::plan::step`].
    pub steps: Vec<PlannedStep>,
    /// Variables of the job: its environment's, then its own (which win). Those of the workflow are in [`crate::plan::PlannedWorkflow::env`].
    pub env: Vec<EnvVar>,
    /// All that its steps need of the vendor's token: what the job asks for and what its steps imply.
    pub permissions: BTreeSet<Permission>,
    /// The secrets that its steps, variables and services read, by the names of the spec.
    pub secrets: BTreeSet<String>,
    /// The variables (`var.x`) that it reads and whose values live with the vendor.
    pub variables: BTreeSet<String>,
    /// Time limit of the whole job; never counts the wait for an approval.
    pub timeout: Duration,
    /// Whether a newer run may cancel it: it is no deploy, and no deploy asks for a gate of it.
    pub interruptible: bool,
    /// Approvals that must be given before it starts.
    pub approvals: Vec<PlannedApproval>,
    /// What the approver is asked, on the job that waits for him.
    pub question: Option<Question>,
    /// The environment it enters, with the vendor's name of it.
    pub environment: Option<PlannedEnvironment>,
}

/// Where a planned job comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobSource {
    /// A job of the spec.
    Spec(JobId),
    /// An approval that no environment of the vendor holds: GitHub emits a job in an environment of the gate's name (or, `via issue`, its
    /// `steps`), GitLab a blocking manual job. `round` counts from 1 for `via sequential`.
    Approval {
        /// The gate.
        gate: GateId,
        /// Which of several approvals one after another.
        round: u32,
    },
}

/// An approval of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedApproval {
    /// The gate.
    pub gate: GateId,
    /// Who asks.
    pub by: ApprovalBy,
}

/// What a person is asked before this job may start: of GitHub a part of the job's name, since its review shows no other text; of GitLab
/// the job's `manual_confirmation`.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The message of the approval.
    pub message: Option<Text>,
    /// What to look at.
    pub checklist: Vec<String>,
}

/// Who asks for an approval.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ApprovalBy {
    /// The vendor, by the settings of the job's own environment: the job waits without a job before it.
    Environment,
    /// Jobs before it, which this job needs strictly: indexes into the workflow's jobs, the last round last.
    Jobs(Vec<usize>),
}

/// The environment a job enters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedEnvironment {
    /// The one of the spec; none for an approval's own.
    pub id: Option<EnvironmentId>,
    /// The vendor's name of it.
    pub name: String,
    /// Whether entering it counts as a deployment there (`purpose deploy` and `rollback`), or only looks (`verify`, approvals).
    pub deploys: bool,
}

/// A job that must have ended before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedNeed {
    /// Index into the workflow's jobs.
    pub job: usize,
    /// Every reason for it.
    pub kinds: BTreeSet<NeedKind>,
    /// One of the reasons is strict: it must be present and successful.
    pub strict: bool,
    /// It is present in every event for which the waiting job may be. Otherwise it is optional: its absence does not matter.
    pub always_present: bool,
    /// Names of its artifacts that the waiting job reads; empty means none.
    pub artifacts: Vec<Spanned<String>>,
    /// Only its end matters, whatever the outcome: `needs.x.result` is read and nothing else binds the two.
    pub any_result: bool,
}

impl PlannedNeed {
    /// Whether the waiting job reads an output of it.
    pub fn reads_outputs(&self) -> bool {
        self.kinds.contains(&NeedKind::Output)
    }
}

/// The jobs in an order in which each stands behind its needs.
pub fn in_order(jobs: &[PlannedJob<'_>]) -> Vec<usize> {
    let needs: Vec<Vec<usize>> = jobs.iter().map(|j| j.needs.iter().map(|n| n.job).collect()).collect();
    behind_needs(&needs)
}

impl PlannedJob<'_> {
    /// The ids of steps that a later step asks after: whether they started, or failed.
    pub fn asked_after(&self) -> BTreeSet<&str> {
        let ids = self.steps.iter().flat_map(|step| match &step.when {
            RunWhen::Rollback { started } => std::slice::from_ref(started),
            RunWhen::AnyFailed { steps } => steps.as_slice(),
            RunWhen::Success | RunWhen::Failure | RunWhen::Always | RunWhen::Ran { .. } => &[],
        });
        ids.map(String::as_str).collect()
    }

    /// Every context that its variables and steps read, in their conditions too; that of the job itself is asked before it starts.
    fn contexts(&self) -> impl Iterator<Item = Context> {
        let steps = self.steps.iter().flat_map(|s| s.env.iter().map(|e| &e.value).chain(s.kind.texts()));
        let texts = self.env.iter().map(|e| &e.value).chain(steps);
        let conditions = self.steps.iter().flat_map(|s| s.condition.iter().chain(s.kind.conditions()));
        texts.flat_map(Text::contexts).cloned().chain(conditions.flat_map(Expr::contexts)).map(|c| c.value)
    }

    /// Whether a step of it reads an image.
    pub fn reads_image(&self, image: ImageId) -> bool {
        self.contexts().any(|c| c == Context::Image(image))
    }

    /// Whether it reads an output, or an image, of another job.
    pub fn reads(&self, other: &Self) -> bool {
        self.contexts().any(|context| match context {
            Context::Output { job, .. } => other.source == JobSource::Spec(job),
            Context::Image(image) => {
                other.steps.iter().any(|s| matches!(&s.kind, PlannedKind::DockerBuild(build) if build.image == image))
            }
            _ => false,
        })
    }
}
