//! What a job does, step by step.

use crate::base::span::{Span, Spanned};
use crate::ir::expr::Expr;
use crate::ir::id::{AppId, ChannelId, GateId, ImageId, RegistryId, TargetId};
use crate::ir::text::{EnvVar, Text};
use crate::ir::units::Duration;
use crate::ir::words::fields;

/// One step: its own shell process. Directory and variables do not carry over to the next.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Shown in the run; the vendor's own default where there is none.
    pub name: Option<Text>,
    /// What it does.
    pub kind: StepKind,
    /// Runs only if this holds, and is silently passed over if not.
    pub condition: Option<Expr>,
    /// Which outcome of the steps before lets it run.
    pub when: Outcome,
    /// Whether the job goes on, and stays green, when it fails.
    pub continue_on_error: bool,
    /// Its own time limit.
    pub timeout: Option<Duration>,
    /// Variables of this step.
    pub env: Vec<EnvVar>,
    /// Directory below the root; the job's where there is none.
    pub dir: Option<Spanned<String>>,
    /// Its handle, by which expressions of GitHub's own speak of it.
    pub id: Option<Spanned<String>>,
    /// Where it stands.
    pub span: Span,
}

fields! {
    /// Which outcome of what came before lets something run.
    Outcome {
        /// All went well.
        Success = "success",
        /// Something failed; a cancelled run does not count.
        Failure = "failure",
        /// In any case, cancellation included.
        Always = "always",
    }
}

/// What a step does.
#[derive(Clone, PartialEq, Debug)]
pub enum StepKind {
    /// Shell lines.
    Run(Script),
    /// The repository at the commit of the event. Every job starts with one unless `checkout none` is said.
    Checkout(Checkout),
    /// Language toolchains.
    Toolchain(Toolchain),
    /// Tools that the image lacks.
    Tools(Vec<Tool>),
    /// Files kept between runs to save time.
    Cache(Cache),
    /// Builds an image and pushes it, if it has a registry.
    DockerBuild(Box<DockerBuild>),
    /// Logs in to a registry.
    RegistryLogin(RegistryId),
    /// Copies an image from one tag to others, in the registry.
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
    /// Commands on another machine.
    Ssh(Box<Ssh>),
    /// A vendor's own action; stands in the body of an [`ActionCall`] only.
    Uses {
        /// `owner/name@version`; pinned by commit when rendered.
        action: Spanned<String>,
        /// Its inputs.
        with: Vec<(Spanned<String>, Text)>,
    },
    /// A portable action, standard or the user's own.
    Action(ActionCall),
    /// Delivers an app, or brings back what it was. What it reads of the run are variables of the step.
    App(AppStep),
    /// Evaluates a measured gate, or runs a probe, query, check or window gate where it is required.
    Gate(GateId),
    /// Tells a channel.
    Notify(Notification),
}

/// Shell lines that share one shell and stop at the first failure, pipes too, on every vendor.
#[derive(Clone, PartialEq, Debug)]
pub struct Script {
    /// The arguments of `run`, or its `line`s; one may hold several lines of text.
    pub lines: Vec<Text>,
}

/// How the repository is laid out for the job.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Checkout {
    /// Commits of history: 1 unless said; `Some(0)` is all.
    pub depth: Option<u32>,
    /// Another branch, tag or commit.
    pub reference: Option<Text>,
    /// Fetch large files.
    pub lfs: bool,
    /// Fetch submodules.
    pub submodules: bool,
}

/// Language toolchains, in the vendor's idiom.
#[derive(Clone, PartialEq, Debug)]
pub struct Toolchain {
    /// Language and version, as in `node="20"`.
    pub tools: Vec<(Spanned<String>, Text)>,
    /// Whether the package manager's downloads are cached.
    pub cache: bool,
    /// Whether the dependencies are installed, by the lock file's tool.
    pub install: bool,
}

/// A tool by name.
#[derive(Clone, PartialEq, Debug)]
pub struct Tool {
    /// Its name.
    pub name: Spanned<String>,
    /// Its version, if it matters.
    pub version: Option<Text>,
}

/// Files kept between runs. Never needed for correctness.
#[derive(Clone, PartialEq, Debug)]
pub struct Cache {
    /// A known tool (`npm`, `pip`, `cargo`, …), whose directory the compiler sets; none for plain paths.
    pub tool: Option<Spanned<String>>,
    /// Paths below the root.
    pub paths: Vec<Spanned<String>>,
    /// What tells two caches apart, beside the files.
    pub key: Option<Text>,
    /// Files whose content is part of the key.
    pub files: Vec<Spanned<String>>,
}

/// An image build.
#[derive(Clone, PartialEq, Debug)]
pub struct DockerBuild {
    /// Its place in the table of images.
    pub image: ImageId,
    /// Where it goes; none means it stays in the job.
    pub registry: Option<Spanned<RegistryId>>,
    /// Directory below the root.
    pub context: Spanned<String>,
    /// `Dockerfile` in the context where none is named.
    pub dockerfile: Option<Spanned<String>>,
    /// Its tags.
    pub tags: Vec<ImageTag>,
    /// Build arguments.
    pub args: Vec<EnvVar>,
    /// Labels.
    pub labels: Vec<EnvVar>,
    /// Platforms; the runner's own where none is named.
    pub platforms: Vec<Spanned<String>>,
    /// The stage of the Dockerfile to build.
    pub target: Option<Spanned<String>>,
    /// When it is pushed.
    pub push: Push,
    /// Whether layers are cached.
    pub cache: bool,
}

/// A tag of an image.
#[derive(Clone, PartialEq, Debug)]
pub struct ImageTag {
    /// The tag.
    pub tag: Text,
    /// Only if this holds.
    pub condition: Option<Expr>,
}

/// When an image is pushed.
#[derive(Clone, PartialEq, Debug)]
pub enum Push {
    /// It has no registry, or `push #false`.
    Never,
    /// On every event but a pull request: the default with a registry.
    NotOnPullRequest,
    /// If this holds.
    If(Expr),
}

/// Containers on a server, by `docker compose`.
#[derive(Clone, PartialEq, Debug)]
pub struct Compose {
    /// What is done.
    pub act: ComposeAct,
    /// The Compose file, seen from the folder.
    pub file: String,
    /// The folder on the server.
    pub dir: String,
    /// The name of the project; each colour has its own behind a dash.
    pub name: String,
    /// How long the containers may take to be well.
    pub wait: Duration,
    /// What changes the database first.
    pub migrate: Option<ComposeMigration>,
    /// Which script tells that they are well.
    pub health: Option<usize>,
    /// Which script gives the requests to a colour; without it the containers are replaced where they stand.
    pub switch: Option<usize>,
}

/// What is done with containers on a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ComposeAct {
    /// A version starts.
    Deploy,
    /// What this run changed is undone.
    Undo,
    /// The version before comes back.
    Back,
}

/// A command that runs once in the new version.
#[derive(Clone, PartialEq, Debug)]
pub struct ComposeMigration {
    /// The service whose image it runs in.
    pub service: String,
    /// The command, run by `sh` in a container of it.
    pub command: String,
    /// Whether the version before runs on the changed schema too.
    pub compatible: bool,
    /// Where it stands.
    pub span: Span,
}

/// Commands on another machine, over SSH with a known host key.
#[derive(Clone, PartialEq, Debug)]
pub struct Ssh {
    /// Host name.
    pub host: Text,
    /// User name.
    pub user: Text,
    /// Private key.
    pub key: Text,
    /// Lines of a known_hosts file: never trust on first use.
    pub known_hosts: Text,
    /// 22 where none is said.
    pub port: Option<Text>,
    /// Variables that the remote shell gets.
    pub env: Vec<EnvVar>,
    /// One remote shell each; with `compose`, lines that stand in its script.
    pub scripts: Vec<Script>,
    /// Containers that it starts there.
    pub compose: Option<Compose>,
}

/// A use of a portable action; arguments have been put into the bodies.
#[derive(Clone, PartialEq, Debug)]
pub struct ActionCall {
    /// Its name.
    pub name: Spanned<String>,
    /// What each target does. A live target without a body is an error.
    pub bodies: Vec<ActionBody>,
    /// The function that it calls, where it is the standard action for that.
    pub function: Option<FunctionCall>,
}

/// A function of AWS Lambda that is called.
#[derive(Clone, PartialEq, Debug)]
pub struct FunctionCall {
    /// Its name.
    pub function: Text,
    /// What it is given, if anything.
    pub input: Option<Text>,
    /// Where it is.
    pub region: Text,
}

impl FunctionCall {
    /// All that is said of it.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        [&self.function, &self.region].into_iter().chain(&self.input)
    }
}

impl ActionCall {
    /// What a target does. The jobs of a pipeline of AWS are builds of CodeBuild: what is said for those is for these.
    pub fn body(&self, target: TargetId) -> Option<&ActionBody> {
        let own = |id: TargetId| self.bodies.iter().find(|b| b.targets.contains(&id));
        own(target).or_else(|| own(TargetId::Codebuild).filter(|_| target == TargetId::Codepipeline))
    }

    /// What any of these targets does, each once.
    pub fn bodies_of(&self, targets: &[TargetId]) -> Vec<&ActionBody> {
        let used: Vec<&ActionBody> = targets.iter().filter_map(|t| self.body(*t)).collect();
        self.bodies.iter().filter(|b| used.iter().any(|u| std::ptr::eq(*u, *b))).collect()
    }
}

/// What some targets do for a portable action.
#[derive(Clone, PartialEq, Debug)]
pub struct ActionBody {
    /// For which targets.
    pub targets: Vec<TargetId>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Whether none is written: the action is left out there.
    pub is_empty: bool,
    /// What the steps need of the vendor's token.
    pub permissions: Vec<Permission>,
}

/// A message to a channel.
#[derive(Clone, PartialEq, Debug)]
pub struct Notification {
    /// Where to.
    pub channel: ChannelId,
    /// When; one or more.
    pub on: Vec<Spanned<Moment>>,
    /// What.
    pub text: Text,
    /// The subject, where the channel has one.
    pub subject: Option<Text>,
    /// Where it stands.
    pub span: Span,
}

fields! {
    /// When a channel is told.
    Moment {
        /// The job starts.
        Started = "started",
        /// It succeeded.
        Success = "success",
        /// It failed.
        Failure = "failure",
        /// It ended.
        Always = "always",
        /// A person is asked to approve.
        ApprovalRequested = "approval-requested",
        /// A rollback ran.
        Rollback = "rollback",
        /// A gate said no.
        GateFailed = "gate-failed",
    }
}

fields! {
    /// What a job may do with the vendor's token.
    Permission {
        /// Read the repository.
        ContentsRead = "contents-read",
        /// Push to the repository, make releases.
        ContentsWrite = "contents-write",
        /// Pull from the vendor's registry.
        PackagesRead = "packages-read",
        /// Push to the vendor's registry.
        PackagesWrite = "packages-write",
        /// Write on pull requests.
        PrComment = "pr-comment",
        /// Open issues.
        IssuesWrite = "issues-write",
        /// Upload findings.
        SecurityUpload = "security-upload",
        /// Prove who it is to a cloud.
        IdToken = "id-token",
        /// Look at deployments.
        DeploymentsRead = "deployments-read",
        /// Record deployments.
        DeploymentsWrite = "deployments-write",
        /// Write checks.
        ChecksWrite = "checks-write",
        /// Publish pages.
        PagesWrite = "pages-write",
        /// Read other runs and their artifacts.
        ActionsRead = "actions-read",
        /// Start and cancel other runs.
        ActionsWrite = "actions-write",
        /// Read pull requests.
        PrRead = "pr-read",
        /// Read issues.
        IssuesRead = "issues-read",
        /// Read checks.
        ChecksRead = "checks-read",
        /// Read findings.
        SecurityRead = "security-read",
        /// Read the statuses of commits.
        StatusesRead = "statuses-read",
        /// Set the statuses of commits.
        StatusesWrite = "statuses-write",
        /// Say how a file came to be, signed.
        AttestationsWrite = "attestations-write",
        /// Read the settings of pages.
        PagesRead = "pages-read",
    }
}

/// What a deploy does with an app.
#[derive(Clone, PartialEq, Debug)]
pub struct AppStep {
    /// Which.
    pub app: AppId,
    /// What is done.
    pub act: AppAct,
    /// How long the new pods may take.
    pub wait: Duration,
}

fields! {
    /// What a deploy does with an app.
    AppAct {
        /// Brings the version of the step's variable `VERSION`.
        Tag = "tag",
        /// Brings the image of the step's variable `IMAGE`, a reference with its digest.
        Digest = "digest",
        /// Brings back what ran before this job.
        RollBack = "roll-back",
    }
}
