//! What the templates of GitHub are given: keys in the words of the vendor, values ready to print.

use serde::Serialize;
use serde_json::Value;

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
    pub(super) env: Vec<Pair>,
    pub(super) shell: Option<&'static str>,
    pub(super) raw: Vec<(String, Value)>,
    pub(super) jobs: Vec<JobView>,
}

/// One event below `on:`.
#[derive(Serialize)]
pub(super) struct Trigger {
    pub(super) event: &'static str,
    pub(super) keys: Value,
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
    pub(super) needs: Vec<String>,
    pub(super) condition: Option<String>,
    pub(super) runs_on: Value,
    pub(super) environment: Option<EnvironmentView>,
    pub(super) permissions: Vec<PermissionView>,
    pub(super) concurrency: Option<ConcurrencyView>,
    pub(super) timeout: u64,
    pub(super) continue_on_error: bool,
    pub(super) strategy: Option<StrategyView>,
    pub(super) container: Option<String>,
    pub(super) services: Vec<ServiceView>,
    pub(super) outputs: Vec<Pair>,
    pub(super) env: Vec<Pair>,
    pub(super) shell: Option<&'static str>,
    pub(super) directory: Option<String>,
    pub(super) raw: Vec<(String, Value)>,
    pub(super) steps: Vec<StepView>,
}

/// The environment of a job.
#[derive(Serialize)]
pub(super) struct EnvironmentView {
    pub(super) name: String,
    pub(super) url: Option<String>,
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
    pub(super) include: Vec<serde_json::Map<String, Value>>,
}

/// A container beside a job.
#[derive(Serialize)]
pub(super) struct ServiceView {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) env: Vec<Pair>,
    pub(super) ports: Vec<String>,
    pub(super) options: Option<String>,
}

/// A step.
#[derive(Clone, Default, Serialize)]
pub(super) struct StepView {
    pub(super) comments: Vec<String>,
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) continue_on_error: bool,
    pub(super) timeout: Option<u64>,
    pub(super) uses: Option<String>,
    pub(super) version: Option<String>,
    pub(super) with: Vec<Pair>,
    pub(super) directory: Option<String>,
    pub(super) env: Vec<Pair>,
    pub(super) run: Option<String>,
}
