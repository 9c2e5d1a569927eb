//! What Helm and Argo CD are given: apps times environments, with every text known.
//!
//! A plan of delivery holds no jobs: the CI vendors' plans do, and their deploys run what `script::app` writes. Both take names and folders from here.

use crate::ir::Pipeline;
use crate::ir::app::{App, AppSettings, Argocd, SyncPolicy};
use crate::ir::environment::Environment;
use crate::ir::gate::{GateKind, Window};
use crate::ir::strategy::Router;
use crate::ir::units::Duration;
use crate::plan::alert::PlannedAlert;
use crate::plan::analysis::PlannedAnalysis;

/// The folder of the charts. Helm's own examples and chart-testing look for charts there.
pub const CHARTS: &str = "charts";
/// The folder of the Applications.
pub const APPLICATIONS: &str = "argocd";

/// Keys of the values that the compiler writes, those of Helm's own among them.
pub const OWNED_VALUES: &[&str] = &[
    "active",
    "alerts",
    "analysis",
    "autoscale",
    "config",
    "externalSecrets",
    "global",
    "health",
    "image",
    "ingress",
    "metrics",
    "migrate",
    "ports",
    "replicas",
    "resources",
    "rollout",
    "slot",
    "slots",
    "strategy",
    "user",
    "writableRoot",
];

/// The folder of an app's chart.
pub fn chart_folder(app: &str) -> String {
    format!("{CHARTS}/{app}")
}

/// Where the chart of an app lies in the repository that Argo CD reads: a folder for each environment, so that a new template reaches an
/// environment with its deploy and not before.
pub fn infra_folder(path: &str, environment: &str, app: &str) -> String {
    if path == "." { format!("{environment}/{app}") } else { format!("{}/{environment}/{app}", path.trim_end_matches('/')) }
}

/// The name of an Application.
pub fn application(app: &str, environment: &str) -> String {
    format!("{app}-{environment}")
}

/// The namespace of an environment.
pub fn namespace(environment: &Environment) -> String {
    let named = environment.cluster.as_ref().and_then(|c| c.namespace.as_ref());
    named.map_or_else(|| "default".to_owned(), |n| n.value.clone())
}

/// Whether an environment asks a person.
pub fn needs_approval(pipeline: &Pipeline, environment: &Environment) -> bool {
    environment.requires.iter().any(|g| matches!(pipeline.gate(g.value).kind, GateKind::Approval(_)))
}

/// Whether Argo CD acts by itself for an app in an environment: never where a person is asked, since the answer comes to the deploy.
pub fn is_automated(pipeline: &Pipeline, environment: &Environment, settings: &AppSettings) -> bool {
    settings.sync.as_ref().is_some_and(|s| s.automated) && !needs_approval(pipeline, environment)
}

/// All that Helm and Argo CD are given.
#[derive(Clone, Debug)]
pub struct DeliveryPlan<'a> {
    /// The spec's path, for the headers of the outputs.
    pub spec: String,
    /// The spec.
    pub pipeline: &'a Pipeline,
    /// The apps, in the order of the spec.
    pub apps: Vec<PlannedApp<'a>>,
    /// Argo CD, if it is a target.
    pub argocd: Option<&'a Argocd>,
}

/// An app with everything known.
#[derive(Clone, Debug)]
pub struct PlannedApp<'a> {
    /// As the spec says it.
    pub app: &'a App,
    /// The repository of its image.
    pub repository: String,
    /// Its variables where no environment is known: those that are the same everywhere.
    pub env: Vec<(String, String)>,
    /// Its alerts, if they are the same everywhere.
    pub alerts: Vec<PlannedAlert>,
    /// Its environments.
    pub places: Vec<PlannedPlace<'a>>,
}

/// An app in an environment, with everything known.
#[derive(Clone, Debug)]
pub struct PlannedPlace<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// As the spec says it.
    pub settings: &'a AppSettings,
    /// Its variables.
    pub env: Vec<(String, String)>,
    /// Its secrets, by store.
    pub secrets: Vec<SecretGroup>,
    /// The gates that the cluster asks while a new version comes in.
    pub analyses: Vec<PlannedAnalysis>,
    /// Its alerts.
    pub alerts: Vec<PlannedAlert>,
    /// What Argo CD is told; none where it does not deliver.
    pub application: Option<PlannedApplication<'a>>,
}

/// Secrets of one store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretGroup {
    /// The store.
    pub store: String,
    /// How often it is read again.
    pub refresh: Duration,
    /// Variable, path in the store, and the property there.
    pub entries: Vec<(String, String, Option<String>)>,
}

/// An Application.
#[derive(Clone, Debug)]
pub struct PlannedApplication<'a> {
    /// Its name.
    pub name: String,
    /// Address of the cluster.
    pub server: String,
    /// The namespace there.
    pub namespace: String,
    /// Folder of the chart in the repository.
    pub folder: String,
    /// How it is kept.
    pub sync: Option<&'a SyncPolicy>,
    /// What moves weights that the chart has written.
    pub router: Option<Router>,
    /// Whether Argo CD acts by itself.
    pub automated: bool,
    /// Hours in which Argo CD does not act by itself, with the gate's name.
    pub windows: Vec<(&'a str, &'a Window)>,
}
