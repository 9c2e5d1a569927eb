//! Apps: what runs in a cluster, who delivers it, and what differs between environments.

use crate::base::span::{Span, Spanned};
use crate::ir::alert::{Alert, Metrics};
use crate::ir::gate::Gate;
use crate::ir::id::{EnvironmentId, ImageId};
use crate::ir::raw::RawValue;
use crate::ir::strategy::{CanaryStep, Strategy};
use crate::ir::text::{EnvVar, Text};
use crate::ir::units::{Cpu, Duration, Percent, Size};
use crate::ir::words::fields;

/// A service that runs in a cluster.
#[derive(Clone, PartialEq, Debug)]
pub struct App {
    /// Its name: of its chart, its release and its objects.
    pub name: Spanned<String>,
    /// Who delivers it.
    pub via: Spanned<Method>,
    /// What holds in every environment that says nothing else.
    pub base: AppSettings,
    /// Where it runs, in the order of the environments: those that name it and those that a deploy brings it to.
    pub places: Vec<Placed>,
    /// Where it stands.
    pub span: Span,
}

impl App {
    /// How it runs in an environment.
    pub fn place(&self, environment: EnvironmentId) -> Option<&Placed> {
        self.places.iter().find(|p| p.environment == environment)
    }
}

fields! {
    /// Who delivers an app.
    Method {
        /// Argo CD, from a repository that the deploy commits to.
        Argocd = "argocd",
        /// `helm upgrade` in the deploy.
        Helm = "helm",
        /// `kubectl apply` of the chart's objects in the deploy.
        Kubectl = "kubectl",
    }
}

/// An app in an environment.
#[derive(Clone, PartialEq, Debug)]
pub struct Placed {
    /// Which.
    pub environment: EnvironmentId,
    /// All that holds there: the app's own, changed by what the environment says.
    pub settings: AppSettings,
    /// Where the environment names it; where the app stands, if it does not.
    pub span: Span,
}

/// How an app runs.
#[derive(Clone, PartialEq, Debug)]
pub struct AppSettings {
    /// Its image.
    pub image: Option<Spanned<AppImage>>,
    /// Its ports by name, in order.
    pub ports: Vec<(Spanned<String>, u16)>,
    /// Pods, where nothing scales it.
    pub replicas: Spanned<u32>,
    /// What its pods are promised.
    pub requests: Resources,
    /// What its pods may take at most.
    pub limits: Resources,
    /// How to tell that a pod is well.
    pub health: Option<Health>,
    /// Its variables.
    pub env: Vec<EnvVar>,
    /// Secrets that become variables of it.
    pub secrets: Vec<Spanned<String>>,
    /// How it is reached from outside of the cluster.
    pub ingress: Option<Ingress>,
    /// How it is scaled.
    pub autoscale: Option<Autoscale>,
    /// What changes its database before a new version starts.
    pub migrate: Option<Migration>,
    /// The user that its processes run as.
    pub user: Option<Spanned<u32>>,
    /// Whether its processes may write to their own file system.
    pub writable_root: Option<Span>,
    /// Figures that Prometheus fetches from it.
    pub metrics: Option<Metrics>,
    /// Who is told when it is not well.
    pub alerts: Vec<Alert>,
    /// How a new version replaces the old one.
    pub strategy: Strategy,
    /// How Argo CD keeps it.
    pub sync: Option<SyncPolicy>,
    /// Values of the spec's own, for templates that stand beside ours.
    pub values: Vec<(Spanned<String>, RawValue)>,
}

/// Where an image comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AppImage {
    /// A `docker-build` of the spec.
    Built(ImageId),
    /// A repository, without a tag.
    Repository(String),
}

/// Shares of processors and memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Resources {
    /// Processors.
    pub cpu: Option<Cpu>,
    /// Memory.
    pub memory: Option<Size>,
}

/// An address of a pod that answers while it is well.
#[derive(Clone, PartialEq, Debug)]
pub struct Health {
    /// The path, with its slash.
    pub path: Spanned<String>,
    /// The name of the port.
    pub port: String,
    /// Between two looks.
    pub every: Duration,
    /// How long a pod may take to start.
    pub start: Duration,
}

/// A way in from outside.
#[derive(Clone, PartialEq, Debug)]
pub struct Ingress {
    /// The host name.
    pub host: Spanned<String>,
    /// The path below it.
    pub path: String,
    /// Which controller; the cluster's own default without it.
    pub class: Option<String>,
    /// The secret that holds the certificate.
    pub tls: Option<String>,
    /// Namespace and name of the gateway that routes are hung on, for the routers that want one.
    pub gateway: Option<Spanned<(String, String)>>,
    /// The name of the port.
    pub port: String,
}

/// How many pods there are, by their load.
#[derive(Clone, PartialEq, Debug)]
pub struct Autoscale {
    /// At least.
    pub min: Spanned<u32>,
    /// At most.
    pub max: Spanned<u32>,
    /// Share of the promised processors that a pod should take.
    pub cpu: Option<Percent>,
    /// Share of the promised memory that a pod should take.
    pub memory: Option<Percent>,
    /// Where it stands.
    pub span: Span,
}

/// A command that runs once before a new version starts.
#[derive(Clone, PartialEq, Debug)]
pub struct Migration {
    /// The command, run by `sh -c` in the new image.
    pub command: String,
    /// How long it may take.
    pub timeout: Duration,
    /// Whether the version before runs on the changed schema too.
    pub compatible: bool,
    /// Where it stands.
    pub span: Span,
}

/// How Argo CD keeps what runs like what the repository says.
#[derive(Clone, PartialEq, Debug)]
pub struct SyncPolicy {
    /// Whether it acts by itself.
    pub automated: bool,
    /// Whether it removes what the repository does not have any more.
    pub prune: bool,
    /// Whether it undoes changes made in the cluster.
    pub self_heal: bool,
    /// How often a failed attempt is repeated.
    pub retry: Option<SyncRetry>,
    /// Options of Argo CD, without `=true`.
    pub options: Vec<Spanned<String>>,
    /// Its place among the Applications that a parent holds; smaller ones first.
    pub wave: Option<u32>,
    /// Where it stands.
    pub span: Span,
}

/// Further attempts of a failed synchronisation.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SyncRetry {
    /// Further attempts.
    pub limit: u32,
    /// Before the first of them.
    pub backoff: Duration,
    /// Multiplies the time before each further one.
    pub factor: u32,
    /// Longest time between two.
    pub max: Duration,
}

/// The targets that deliver apps. They are no CI vendors: they hold no jobs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Delivery {
    /// `target helm`: a chart for each app.
    pub helm: Option<Span>,
    /// Labels by which a Prometheus of the clusters chooses its monitors and rules.
    pub monitor_labels: Vec<(Spanned<String>, String)>,
    /// `target argocd`: Applications and a project.
    pub argocd: Option<Argocd>,
    /// `target rollouts`: the clusters have Argo Rollouts.
    pub rollouts: Option<Span>,
}

impl Delivery {
    /// Whether the deploy itself carries out a strategy, since nothing in the cluster does.
    pub fn emulates(&self, strategy: &Strategy) -> bool {
        self.rollouts.is_none() && strategy.stepwise().is_some()
    }

    /// Seconds that a strategy holds a deploy beside the start of pods. Without a controller the deploy also waits until the old version may go.
    pub fn seconds(&self, strategy: &Strategy, gates: &[Gate]) -> u64 {
        let keeps = match strategy {
            Strategy::BlueGreen(colours) if self.rollouts.is_none() => colours.keep_old.value.seconds,
            Strategy::BlueGreen(_) | Strategy::Canary(_) | Strategy::Rolling { .. } => 0,
        };
        strategy.seconds(gates) + keeps
    }

    /// How often a deploy waits for pods of an app to start: once, or for each share of a canary and for all of them at the end.
    pub fn starts(&self, strategy: &Strategy) -> u64 {
        match strategy {
            Strategy::Canary(canary) if self.rollouts.is_none() => {
                1 + canary.steps.iter().filter(|s| matches!(s, CanaryStep::Weight(_))).count() as u64
            }
            Strategy::Canary(_) | Strategy::BlueGreen(_) | Strategy::Rolling { .. } => 1,
        }
    }
}

fields! {
    /// How Applications are written down.
    Applications {
        /// One for each environment.
        Each = "each",
        /// An ApplicationSet for each app, which makes those of its environments.
        Set = "set",
    }
}

/// Argo CD and the repository that it reads.
#[derive(Clone, PartialEq, Debug)]
pub struct Argocd {
    /// Address of the repository, HTTPS.
    pub repo: Spanned<String>,
    /// Folder of the repository below which the charts lie, by environment.
    pub path: String,
    /// Branch that is read and committed to.
    pub revision: Spanned<String>,
    /// The namespace that Argo CD lives in.
    pub namespace: String,
    /// How its Applications are written down.
    pub applications: Applications,
    /// Address of Argo CD's own interface.
    pub server: Option<Text>,
    /// Its token, for the deploy.
    pub token: Option<Text>,
    /// What may push to the repository.
    pub push_token: Option<Text>,
    /// Where it stands.
    pub span: Span,
}
