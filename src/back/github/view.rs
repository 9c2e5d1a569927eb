//! What the templates of GitHub are given: keys in the words of the vendor, values ready to print.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// A key and a text.
pub(super) type Pair = (String, String);

/// A whole workflow file.
#[derive(Serialize)]
pub(super) struct WorkflowView {
    pub(super) header: String,
    pub(super) comments: Vec<String>,
    pub(super) name: String,
    pub(super) on: Vec<Trigger>,
    pub(super) concurrency: Option<ConcurrencyView>,
    /// What the group is about, where it does not say so itself.
    pub(super) why: Option<&'static str>,
    pub(super) env: Vec<Pair>,
    pub(super) shell: Option<&'static str>,
    pub(super) raw: Vec<(String, Value)>,
    pub(super) jobs: Vec<JobView>,
}

/// One event below `on:`.
#[derive(Serialize)]
pub(super) struct Trigger {
    pub(super) event: String,
    /// What a checker of workflows is told about it.
    pub(super) note: Option<&'static str>,
    pub(super) keys: Vec<Key>,
    /// The times of a schedule, which has no keys.
    pub(super) times: Vec<Value>,
}

/// A key of an event; short lists stand on one line.
#[derive(Serialize)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) short: bool,
}

impl Trigger {
    /// An event with its keys.
    pub(super) fn new(event: &str, keys: Map<String, Value>) -> Self {
        let short =
            |value: &Value| value.as_array().is_some_and(|list| list.iter().map(|v| v.to_string().len() + 2).sum::<usize>() < 70);
        let keys = keys.into_iter().map(|(name, value)| Key { name, short: short(&value), value }).collect();
        Self { event: event.to_owned(), note: None, keys, times: Vec::new() }
    }
}

/// A group, and what happens to the run that is in the way.
#[derive(Clone, PartialEq, Serialize)]
pub(super) struct ConcurrencyView {
    pub(super) group: String,
    pub(super) cancel: bool,
    pub(super) queue: Option<&'static str>,
}

/// A job.
#[derive(Default, Serialize)]
pub(super) struct JobView {
    pub(super) comments: Vec<String>,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) needs: Value,
    pub(super) condition: Option<String>,
    pub(super) runs_on: Value,
    pub(super) environment: Option<EnvironmentView>,
    pub(super) permissions: Vec<PermissionView>,
    pub(super) concurrency: Option<ConcurrencyView>,
    pub(super) timeout: u64,
    pub(super) continue_on_error: bool,
    pub(super) strategy: Option<StrategyView>,
    pub(super) container: Option<String>,
    pub(super) container_note: Option<&'static str>,
    pub(super) services: Vec<ServiceView>,
    pub(super) outputs: Vec<Pair>,
    pub(super) env: Vec<Pair>,
    pub(super) shell: Option<&'static str>,
    pub(super) directory: Option<String>,
    pub(super) raw: Vec<(String, Value)>,
    /// Whether `raw` is the whole job.
    pub(super) whole: bool,
    pub(super) steps: Vec<StepView>,
}

/// The environment of a job.
#[derive(Serialize)]
pub(super) struct EnvironmentView {
    pub(super) name: String,
    pub(super) url: Option<String>,
    /// Whether the job counts as a deployment there.
    pub(super) deploys: bool,
}

/// A permission of the job's token, with the reason for it.
#[derive(Serialize)]
pub(super) struct PermissionView {
    pub(super) key: &'static str,
    pub(super) level: &'static str,
    pub(super) why: &'static str,
}

/// A matrix: axes, or a flat list of cells.
#[derive(Serialize)]
pub(super) struct StrategyView {
    pub(super) fail_fast: bool,
    pub(super) max_parallel: Option<u32>,
    pub(super) axes: Vec<(String, Vec<String>)>,
    pub(super) include: Vec<Map<String, Value>>,
}

/// A container beside a job.
#[derive(Serialize)]
pub(super) struct ServiceView {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) note: Option<&'static str>,
    pub(super) env: Vec<Pair>,
    pub(super) ports: Vec<String>,
    pub(super) options: Option<String>,
}

/// A step.
#[derive(Clone, Default, Serialize)]
pub(super) struct StepView {
    pub(super) comments: Vec<String>,
    /// None where the command says it all.
    pub(super) name: Option<String>,
    pub(super) id: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) continue_on_error: bool,
    pub(super) timeout: Option<u64>,
    pub(super) uses: Option<String>,
    pub(super) version: Option<String>,
    #[serde(serialize_with = "typed")]
    pub(super) with: Vec<Pair>,
    pub(super) directory: Option<String>,
    pub(super) shell: Option<&'static str>,
    pub(super) env: Vec<Pair>,
    pub(super) run: Option<String>,
}

/// Inputs of the actions that pipewright chooses which are no texts: their authors write them without quotes, and so does an expert.
const BARE: &[&str] = &[
    "bundler-cache",
    "enable-cache",
    "fetch-depth",
    "include-hidden-files",
    "lfs",
    "load",
    "merge-multiple",
    "package-manager-cache",
    "persist-credentials",
    "push",
    "retention-days",
    "submodules",
];

fn typed<S: Serializer>(with: &[Pair], serializer: S) -> Result<S::Ok, S::Error> {
    let bare = |key: &str, text: &str| match (BARE.contains(&key), text, text.parse::<u64>()) {
        (true, "true" | "false", _) => Value::Bool(text == "true"),
        (true, _, Ok(number)) => Value::from(number),
        _ => Value::String(text.to_owned()),
    };
    serializer.collect_seq(with.iter().map(|(key, text)| (key, bare(key, text))))
}
