//! Workflows, stages and jobs.

use std::collections::BTreeSet;

use crate::base::span::{Span, Spanned};
use crate::ir::bits::BitSet;
use crate::ir::event::{Filter, Input, Schedule};
use crate::ir::expr::Expr;
use crate::ir::id::{EnvironmentId, GateId, JobId, TargetId, WorkflowId};
use crate::ir::raw::Raw;
use crate::ir::step::{FunctionCall, Notification, Outcome, Permission, Step, StepKind};
use crate::ir::text::{CommitField, Context, EnvVar, RunField, Text};
use crate::ir::units::Duration;
use crate::ir::words::fields;

/// A unit that events start.
#[derive(Clone, PartialEq, Debug)]
pub struct Workflow {
    /// Its name.
    pub name: Spanned<String>,
    /// Which events start it.
    pub on: Filter,
    /// Its schedules.
    pub schedules: Vec<Schedule>,
    /// Inputs of a manual run.
    pub inputs: Vec<Input>,
    /// Prefer one run where two events meet.
    pub dedupe: Option<Span>,
    /// What may run at one time.
    pub concurrency: Option<Concurrency>,
    /// Its stages in order.
    pub stages: Vec<Stage>,
    /// All its jobs, in the order of the spec.
    pub jobs: Vec<JobId>,
    /// Variables of every job.
    pub env: Vec<EnvVar>,
    /// Messages about the workflow as a whole.
    pub notify: Vec<Notification>,
    /// How long a run should take; documentation and a check.
    pub budget: Option<Spanned<Duration>>,
    /// Gates that each of its jobs requires.
    pub requires: Vec<Spanned<GateId>>,
    /// Keys merged into a vendor's output.
    pub raw: Vec<Raw>,
    /// Comments that stand above it.
    pub comments: Vec<String>,
}

/// A group of jobs in the order of a workflow.
#[derive(Clone, PartialEq, Debug)]
pub struct Stage {
    /// Its name.
    pub name: Spanned<String>,
    /// Its jobs.
    pub jobs: Vec<JobId>,
    /// What it waits for.
    pub needs: StageNeeds,
    /// Which events it takes, beside the workflow's.
    pub only: Option<Filter>,
    /// Gates that each of its jobs requires.
    pub requires: Vec<Spanned<GateId>>,
}

/// What a stage waits for.
#[derive(Clone, PartialEq, Debug)]
pub enum StageNeeds {
    /// The nearest earlier stage that has a job for the event.
    Implied,
    /// Nothing.
    None,
    /// These stages, strictly: indexes into `Workflow::stages`.
    Stages(Vec<Spanned<usize>>),
}

/// A job, or a deploy.
#[derive(Clone, PartialEq, Debug)]
pub struct Job {
    /// Its name, unique in its workflow.
    pub name: Spanned<String>,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its stage: index into `Workflow::stages`; none for a job that stands directly in the workflow.
    pub stage: Option<usize>,
    /// What it waits for, resolved; see [`NeedKind`].
    pub needs: Vec<Need>,
    /// Stages it names in `needs`, own or its stage's: each must have a job for every event that this job has.
    pub needs_stages: Vec<Spanned<usize>>,
    /// `needs none` was said: nothing of its stage's needs holds for it.
    pub starts_at_once: bool,
    /// Which outcome of the needed jobs lets it run.
    pub when: Spanned<Outcome>,
    /// Its own filter, beside its stage's and workflow's.
    pub only: Option<Filter>,
    /// Its condition.
    pub condition: Option<Expr>,
    /// The events, of `Pipeline::events`, for which it is certainly present.
    pub present: BitSet,
    /// The events for which it may be present: more than `present` only where a condition reads a value that only the run knows.
    pub possible: BitSet,
    /// Where it runs.
    pub runner: Runner,
    /// The container its steps run in.
    pub image: Option<Text>,
    /// Whether the program that the image starts with is not run around its scripts.
    pub no_entrypoint: Option<Span>,
    /// Whether it has a docker daemon of its own.
    pub docker: Option<Span>,
    /// Containers beside it.
    pub services: Vec<Service>,
    /// Variables of every step.
    pub env: Vec<EnvVar>,
    /// Its cells.
    pub matrix: Option<Matrix>,
    /// What it does, the implied checkout included; `finally` steps stand last with their `when`.
    pub steps: Vec<Step>,
    /// Artifacts that it publishes.
    pub produces: Vec<Artifact>,
    /// Artifacts that it reads.
    pub consumes: Vec<Consume>,
    /// Outputs that it declares.
    pub outputs: Vec<Spanned<String>>,
    /// Reports that it publishes.
    pub reports: Vec<Report>,
    /// Gates that must have passed before it starts: its own, its stage's and its environment's.
    pub requires: Vec<Spanned<GateId>>,
    /// The environment it enters.
    pub environment: Option<EnvironmentUse>,
    /// What makes it a deploy.
    pub deploy: Option<Deploy>,
    /// What it asks for, beside what its steps imply.
    pub permissions: BTreeSet<Permission>,
    /// Time limit without the wait for an approval; always set.
    pub timeout: Spanned<Duration>,
    /// Further attempts after the first, at least one.
    pub retry: Option<Spanned<u32>>,
    /// Whether its failure is forgiven.
    pub allow_failure: Option<AllowFailure>,
    /// What may run at one time.
    pub concurrency: Option<Concurrency>,
    /// `bash` unless said.
    pub shell: Spanned<Shell>,
    /// Directory of its steps, below the root.
    pub working_directory: Option<Spanned<String>>,
    /// Messages about it.
    pub notify: Vec<Notification>,
    /// Keys merged into a vendor's output.
    pub raw: Vec<Raw>,
    /// Comments that stand above it.
    pub comments: Vec<String>,
    /// Where the whole job stands.
    pub span: Span,
}

impl Job {
    /// A job on Linux that does nothing and is present for none of so many events.
    pub fn bare(name: &str, workflow: WorkflowId, events: usize, timeout: Duration, span: Span) -> Self {
        Self {
            name: Spanned::new(name.to_owned(), span),
            workflow,
            stage: None,
            needs: Vec::new(),
            needs_stages: Vec::new(),
            starts_at_once: false,
            when: Spanned::new(Outcome::Success, span),
            only: None,
            condition: None,
            present: BitSet::new(events),
            possible: BitSet::new(events),
            runner: Runner::Named(Spanned::new("linux".to_owned(), span)),
            image: None,
            no_entrypoint: None,
            docker: None,
            services: Vec::new(),
            env: Vec::new(),
            matrix: None,
            steps: Vec::new(),
            produces: Vec::new(),
            consumes: Vec::new(),
            outputs: Vec::new(),
            reports: Vec::new(),
            requires: Vec::new(),
            environment: None,
            deploy: None,
            permissions: BTreeSet::new(),
            timeout: Spanned::new(timeout, span),
            retry: None,
            allow_failure: None,
            concurrency: None,
            shell: Spanned::new(Shell::Bash, span),
            working_directory: None,
            notify: Vec::new(),
            raw: Vec::new(),
            comments: Vec::new(),
            span,
        }
    }

    /// Whether nothing runs in it but a checkout: it does nothing, or what its `raw` keys make of it.
    pub fn runs_nothing(&self) -> bool {
        let works = self.steps.iter().any(|s| !matches!(s.kind, StepKind::Checkout(_)));
        let waits = self.deploy.as_ref().is_some_and(|d| !d.smoke_tests.is_empty() || !d.monitor.is_empty());
        !works && !waits
    }

    /// Whether it only starts another pipeline of GitLab (<https://docs.gitlab.com/ci/yaml/#trigger>).
    pub fn starts_a_pipeline(&self) -> bool {
        self.runs_nothing()
            && self.raw.iter().any(|r| r.target.value == TargetId::Gitlab && r.keys.iter().any(|(k, _)| k.value == "trigger"))
    }

    /// Whether keys of GitHub make the whole of it: a call of a workflow, or steps as they stand
    /// (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_iduses>).
    pub fn is_githubs_own(&self) -> bool {
        let whole = |key: &str| matches!(key, "uses" | "steps");
        self.runs_nothing()
            && self.raw.iter().any(|r| r.target.value == TargetId::Github && r.keys.iter().any(|(k, _)| whole(&k.value)))
    }

    /// Whether keys of GitHub say its cells, which are worked out when the workflow runs.
    pub fn has_githubs_cells(&self) -> bool {
        self.matrix.is_none()
            && !self.is_githubs_own()
            && self.raw.iter().any(|r| r.target.value == TargetId::Github && r.keys.iter().any(|(k, _)| k.value == "strategy"))
    }

    /// Whether it is an action of CodePipeline as that has it, and no build
    /// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html>).
    pub fn is_an_action(&self) -> bool {
        self.runs_nothing() && self.raw.iter().any(|r| r.target.value == TargetId::Codepipeline) || self.function().is_some()
    }

    /// The function of AWS Lambda whose call is all of the job, in words that a pipeline of CodePipeline knows before its builds: there it is an
    /// action (<https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html>).
    pub fn function(&self) -> Option<&FunctionCall> {
        // What brings a program or the files along does nothing by itself.
        let mut works = self.steps.iter().filter(|s| !matches!(s.kind, StepKind::Checkout(_) | StepKind::Tools(_)));
        let (Some(step), None) = (works.next(), works.next()) else { return None };
        let StepKind::Action(call) = &step.kind else { return None };
        let plain = step.condition.is_none()
            && step.when == Outcome::Success
            && !step.continue_on_error
            && step.timeout.is_none()
            && step.env.is_empty();
        let bare = self.raw.iter().all(|r| r.target.value != TargetId::Codepipeline)
            && self.image.is_none()
            && self.docker.is_none()
            && self.services.is_empty()
            && self.env.is_empty()
            && self.matrix.is_none()
            && self.produces.is_empty()
            && self.consumes.is_empty()
            && self.outputs.is_empty()
            && self.reports.is_empty()
            && self.environment.is_none()
            && self.deploy.is_none()
            && self.retry.is_none()
            && self.allow_failure.is_none()
            && self.notify.is_empty();
        call.function.as_ref().filter(|f| plain && bare && f.texts().all(is_known_before_builds))
    }
}

/// Whether a pipeline of CodePipeline can put a text together. `#{` begins a variable of its own there.
fn is_known_before_builds(text: &Text) -> bool {
    let known = |context: &Context| match context {
        Context::Commit(field) => {
            matches!(field, CommitField::Sha | CommitField::HeadSha | CommitField::Branch | CommitField::Tag)
        }
        Context::Run(field) => *field == RunField::Id,
        Context::Pr(_) | Context::Input(_) | Context::Variable(_) => true,
        _ => false,
    };
    !text.mentions("#{") && text.contexts().all(|c| known(&c.value))
}

/// An edge to a job that must have ended before.
#[derive(Clone, PartialEq, Debug)]
pub struct Need {
    /// The job.
    pub job: JobId,
    /// Why it is needed.
    pub kind: NeedKind,
    /// Where it was said.
    pub span: Span,
}

/// Why a job waits for another. What `is_strict` must be present for every event the waiting job is present for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NeedKind {
    /// `needs build`
    Strict,
    /// `consumes`: the artifact comes from there.
    Data,
    /// `${job.build.version}`
    Output,
    /// A required gate is measured there.
    Gate,
    /// `after dev`
    After,
    /// The stage before.
    Stage,
    /// The environment before, in promotion order.
    Promotion,
    /// `needs.x.result` is read: the job waits for its end, whatever it is.
    Result,
}

impl NeedKind {
    /// Whether an absent job is an error.
    pub fn is_strict(self) -> bool {
        match self {
            Self::Strict | Self::Data | Self::Output | Self::Gate => true,
            Self::After | Self::Stage | Self::Promotion | Self::Result => false,
        }
    }
}

/// Where a job runs.
#[derive(Clone, PartialEq, Debug)]
pub enum Runner {
    /// A runner of the spec or a standard one: `linux`, `linux-arm`, `windows`, `macos`.
    Named(Spanned<String>),
    /// Named by a matrix axis.
    Axis(Spanned<String>),
    /// By a label of the vendor's that a context gives.
    Label(Text),
}

impl Runner {
    /// Where it is named.
    pub fn span(&self) -> Span {
        match self {
            Self::Named(name) | Self::Axis(name) => name.span,
            Self::Label(text) => text.span,
        }
    }

    /// The text that gives the label; none where the spec names the runner.
    pub fn label(&self) -> Option<&Text> {
        match self {
            Self::Label(text) => Some(text),
            Self::Named(_) | Self::Axis(_) => None,
        }
    }

    /// Whether a label is known before the run: all that gives it are variables of the project.
    pub fn is_by_variables(&self) -> bool {
        self.label().is_some_and(|text| text.contexts().all(|c| matches!(c.value, Context::Variable(_))))
    }
}

/// A container beside a job.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    /// Its name, and its host name where the vendor gives one.
    pub name: Spanned<String>,
    /// Its image.
    pub image: Text,
    /// The port it listens on.
    pub port: Option<Spanned<u16>>,
    /// Its variables.
    pub env: Vec<EnvVar>,
    /// A command inside it that succeeds once it is ready.
    pub ready: Option<Ready>,
}

/// How to tell that a service is ready.
#[derive(Clone, PartialEq, Debug)]
pub struct Ready {
    /// The command.
    pub command: Spanned<String>,
    /// Between two tries; 10 s unless said.
    pub every: Duration,
    /// Of one try; 5 s unless said.
    pub timeout: Duration,
    /// Tries before it counts as failed; 5 unless said.
    pub retries: u32,
}

/// The cells of a job, expanded: a flat list that means the same on every vendor.
#[derive(Clone, PartialEq, Debug)]
pub struct Matrix {
    /// The axes in order.
    pub axes: Vec<Spanned<String>>,
    /// A value for every axis, in the order of `axes`; an `include` may leave one out (`None`).
    pub cells: Vec<Vec<Option<String>>>,
    /// Cells that run at one time.
    pub max_parallel: Option<Spanned<u32>>,
    /// Whether the first failure stops the other cells. Without it every cell runs to its end, on every vendor.
    pub fail_fast: Option<Span>,
    /// Where it stands.
    pub span: Span,
}

/// Files that a job publishes. They lie at the same paths where they are consumed.
#[derive(Clone, PartialEq, Debug)]
pub struct Artifact {
    /// Its name, unique in the workflow.
    pub name: Spanned<String>,
    /// Paths below the root; a directory ends in `/`.
    pub paths: Vec<Spanned<String>>,
    /// How long it is kept; the vendor's own default where none is said.
    pub keep: Option<Spanned<Duration>>,
    /// Whether it is published after a failure too.
    pub when: Outcome,
    /// Where it stands.
    pub span: Span,
}

/// An artifact that a job reads.
#[derive(Clone, PartialEq, Debug)]
pub struct Consume {
    /// Its name.
    pub name: Spanned<String>,
    /// The job that publishes it.
    pub producer: JobId,
}

/// A result in a vendor's own display; also an artifact of the name `<job>-<kind>`.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// What it is.
    pub kind: Spanned<ReportKind>,
    /// Files below the root.
    pub paths: Vec<Spanned<String>>,
    /// Of a coverage report: cobertura, jacoco, lcov, clover.
    pub format: Option<Spanned<String>>,
    /// Whether it is published after a failure too.
    pub when: Outcome,
    /// Where it stands.
    pub span: Span,
}

fields! {
    /// What a report holds.
    ReportKind {
        /// Test results.
        Junit = "junit",
        /// Covered lines.
        Coverage = "coverage",
        /// Findings.
        Sarif = "sarif",
    }
}

/// The environment of a job.
#[derive(Clone, PartialEq, Debug)]
pub struct EnvironmentUse {
    /// Which.
    pub environment: EnvironmentId,
    /// What for.
    pub purpose: Purpose,
    /// Where it was said.
    pub span: Span,
}

fields! {
    /// Why a job enters an environment. Rollback and verify skip gates and promotion, but still take the lock.
    Purpose {
        /// To change what runs there.
        Deploy = "deploy",
        /// To bring back what ran before.
        Rollback = "rollback",
        /// To look.
        Verify = "verify",
    }
}

/// What makes a job a deploy. The deploy steps proper are the job's `steps`.
#[derive(Clone, PartialEq, Debug)]
pub struct Deploy {
    /// Run after the deploy steps.
    pub smoke_tests: Vec<Step>,
    /// Gates watched after the smoke tests, together.
    pub monitor: Vec<Spanned<GateId>>,
    /// Runs whenever a deploy step had started and the job did not succeed: time limit and cancellation included.
    pub rollback: Option<Rollback>,
}

/// How a deploy is undone.
#[derive(Clone, PartialEq, Debug)]
pub struct Rollback {
    /// What undoes it.
    pub steps: Vec<Step>,
    /// Its time limit.
    pub timeout: Option<Spanned<Duration>>,
    /// Where it stands.
    pub span: Span,
}

/// A failure that does not fail the run.
#[derive(Clone, PartialEq, Debug)]
pub struct AllowFailure {
    /// Only for these exit codes; every failure when empty.
    pub exit_codes: Vec<u8>,
    /// Where it stands.
    pub span: Span,
}

/// What may run at one time.
#[derive(Clone, PartialEq, Debug)]
pub struct Concurrency {
    /// Runs of one group exclude one another.
    pub group: Group,
    /// What happens to a run that finds another.
    pub mode: Spanned<Mode>,
    /// Where it stands.
    pub span: Span,
}

/// What two runs must share to exclude one another.
#[derive(Clone, PartialEq, Debug)]
pub enum Group {
    /// The branch, tag or pull request.
    PerBranch,
    /// The workflow.
    PerWorkflow,
    /// The environment.
    Environment(EnvironmentId),
    /// A name of the spec's own.
    Named(Text),
}

fields! {
    /// What happens to a run that finds another.
    Mode {
        /// Every run waits for its turn.
        QueueAll = "queue-all",
        /// Only the newest waits.
        QueueLatest = "queue-latest",
        /// The running one is cancelled; only jobs that are neither deploys nor gates of deploys ever are.
        CancelRunning = "cancel-running",
    }
}

fields! {
    /// What runs scripts.
    Shell {
        /// `bash -euo pipefail`
        Bash = "bash",
        /// POSIX `sh -eu`: pipes do not stop it.
        Sh = "sh",
        /// PowerShell.
        Pwsh = "pwsh",
    }
}
