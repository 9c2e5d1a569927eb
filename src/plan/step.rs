//! A step as one target will run it: few kinds, and the condition of each said in full.
//!
//! A job's steps stand in the order of [`Phase`] (an author's `when failure` step stays between his others). All steps of a job run one after
//! another, each as its own shell process; each is guarded by its [`RunWhen`] *and* its `condition`.

use crate::base::span::{Span, Spanned};
use crate::ir::expr::Expr;
use crate::ir::id::{GateId, RegistryId};
use crate::ir::job::Shell;
use crate::ir::step::{Cache, Checkout, DockerBuild, Moment, Push, Script, Tool, Toolchain};
use crate::ir::text::{EnvVar, Text};
use crate::ir::units::Duration;
use crate::target::pins::PinnedAction;

/// A step as one target will run it.
#[derive(Clone, PartialEq, Debug)]
pub struct PlannedStep {
    /// Unique in its job, `[a-z][a-z0-9-]*`; set where another step speaks of this one: a vendor that wants a handle only then writes it only then.
    pub id: Option<String>,
    /// What to show; none only where the spec gives no name to a plain `run`.
    pub name: Option<Text>,
    /// What it does.
    pub kind: PlannedKind,
    /// Which part of the job it belongs to.
    pub phase: Phase,
    /// Which outcome of the steps before lets it run.
    pub when: RunWhen,
    /// Runs only if this holds, and is silently passed over if not. A gate's waiver is in here, negated.
    pub condition: Option<Expr>,
    /// Whether the job goes on, and stays green, when it fails.
    pub continue_on_error: bool,
    /// Its time limit. On GitHub, where the job can roll back, every step that can fail from the deploy on has one, and with the rollback's own they sum up
    /// below the job's: a job killed by its limit rolls nothing back.
    pub timeout: Option<Duration>,
    /// Variables of this step. Values may hold contexts, secrets too; scripts of the plan read contexts only through these.
    pub env: Vec<EnvVar>,
    /// Directory below the root: the step's, else the job's, else none. Scripts of the plan run at the root.
    pub dir: Option<Spanned<String>>,
    /// What runs a script: the job's shell; of a script of the plan one that knows POSIX.
    pub shell: Shell,
    /// The gate that it decides. What a gate measures it writes to `$PIPEWRIGHT_OUTPUT` as `value=…`, if `exports` says so.
    pub gate: Option<GateId>,
    /// Names that it writes to `$PIPEWRIGHT_OUTPUT` and a later step of this job reads (`gate.x.value`).
    pub exports: Vec<String>,
    /// Whether its script is one command, or one pipeline, that leaves nothing behind in its shell.
    pub alone: bool,
    /// Where it stands in the spec.
    pub span: Span,
}

/// What a planned step does.
#[derive(Clone, PartialEq, Debug)]
pub enum PlannedKind {
    /// Shell lines that share one shell and stop at the first failure, pipes too.
    Run(Script),
    /// The repository at the commit of the event.
    Checkout(Checkout),
    /// Language toolchains, in the vendor's idiom.
    Toolchain(Toolchain),
    /// Tools that the image lacks.
    Tools(Vec<Tool>),
    /// Files kept between runs.
    Cache(Cache),
    /// An image build, its push included; a `RegistryLogin` stands before it.
    DockerBuild(Box<DockerBuild>),
    /// A login; at most one for each registry of a job.
    RegistryLogin(RegistryId),
    /// Copies an image from one tag to others, in the registry, without pulling it.
    ImagePromote {
        /// The image.
        image: Spanned<String>,
        /// Its registry.
        registry: RegistryId,
        /// The tag it has.
        from: Text,
        /// The tags it gets.
        to: Vec<Text>,
    },
    /// An action of GitHub's, pinned by commit. Never on another target.
    Uses {
        /// Which.
        action: PinnedAction,
        /// Its inputs.
        with: Vec<(Spanned<String>, Text)>,
    },
}

/// The parts of a job, in the order they run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// Checkout, toolchain, tools, caches, logins to cloud, cluster and registries.
    Setup,
    /// Gates that run where they are required: windows, checks, probes, queries.
    Guard,
    /// The steps of the spec; of a deploy, the deploy itself.
    Main,
    /// Of a deploy.
    SmokeTest,
    /// Gates watched after the deploy, together: one step.
    Monitor,
    /// Gates that the job measures.
    Measure,
    /// Of a deploy.
    Rollback,
    /// `finally` steps.
    Finally,
    /// Messages; those of `started` stand first in the list all the same.
    Notify,
}

/// Which outcome of the steps before lets a step run. "Failed" means: a step failed without `continue-on-error`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunWhen {
    /// None failed and the run was not cancelled.
    Success,
    /// One failed; a cancelled run does not count.
    Failure,
    /// In any case, cancellation included.
    Always,
    /// The step of this id had started, and the job failed since, ran out of time or was cancelled. On GitHub: `steps.ID.outcome != 'skipped' && (failure() || cancelled())`.
    Rollback {
        /// Id of the first step of the deploy proper.
        started: String,
    },
    /// The step of this id ran, whatever came of it (`notify on=rollback`).
    Ran {
        /// Id of the first rollback step.
        step: String,
    },
    /// One of the steps of these ids failed (`notify on=gate-failed`).
    AnyFailed {
        /// Ids of the gates' steps.
        steps: Vec<String>,
    },
}

/// A message about a workflow as a whole.
#[derive(Clone, PartialEq, Debug)]
pub struct Notice {
    /// When; never `approval-requested`, `rollback` or `gate-failed`, which belong to a job.
    pub on: Moment,
    /// What sends it: a `Run`. Its `when` is `Success`: the job around it carries the condition.
    pub step: PlannedStep,
}

impl PlannedKind {
    /// The texts in it that may hold contexts: code, tags, versions.
    pub fn texts(&self) -> Vec<&Text> {
        match self {
            Self::DockerBuild(build) => {
                let pairs = build.args.iter().chain(&build.labels).map(|e| &e.value);
                build.tags.iter().map(|t| &t.tag).chain(pairs).collect()
            }
            Self::ImagePromote { from, to, .. } => to.iter().chain([from]).collect(),
            Self::Checkout(checkout) => checkout.reference.iter().collect(),
            Self::Tools(tools) => tools.iter().filter_map(|t| t.version.as_ref()).collect(),
            Self::Run(script) => script.lines.iter().collect(),
            Self::Toolchain(_) | Self::Cache(_) | Self::RegistryLogin(_) | Self::Uses { .. } => Vec::new(),
        }
    }

    /// The conditions in it: of tags, of the push.
    pub fn conditions(&self) -> Vec<&Expr> {
        let Self::DockerBuild(build) = self else { return Vec::new() };
        let mut found: Vec<&Expr> = build.tags.iter().filter_map(|t| t.condition.as_ref()).collect();
        if let Push::If(condition) = &build.push {
            found.push(condition);
        }
        found
    }
}
