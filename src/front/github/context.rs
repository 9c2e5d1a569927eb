//! Contexts of GitHub and what a spec has for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::raw::{RunsOn, runs_on};

use super::declare::{Declared, is_declarable};
use super::expr::Gh;

/// What is known where an expression stands.
#[derive(Clone, Default)]
pub(super) struct Scope {
    /// The name of the workflow file's workflow, as `github.workflow` gives it.
    pub(super) workflow: String,
    /// Kinds of events that start the workflow, in the words of a spec.
    pub(super) kinds: Vec<String>,
    /// Events among them that only GitHub has.
    pub(super) own: Vec<String>,
    /// Jobs of the workflow: the vendor's id to the spec's name.
    pub(super) jobs: BTreeMap<String, String>,
    /// Outputs that jobs declare: (id of the job, name of the output) to the name that the spec has for it.
    pub(super) outputs: BTreeMap<(String, String), String>,
    /// Inputs of a manual run, and whether each is a truth value.
    pub(super) inputs: BTreeMap<String, (String, bool)>,
    /// Jobs that call a workflow of another repository: their outputs are not known here.
    pub(super) foreign: BTreeSet<String>,
    /// The job around it.
    pub(super) job: JobScope,
}

/// What is known of the job around an expression.
#[derive(Clone, Default)]
pub(super) struct JobScope {
    /// Its id at the vendor.
    pub(super) id: String,
    /// The jobs it needs, by their ids at the vendor.
    pub(super) needs: Vec<String>,
    /// Axes of its matrix: the vendor's path (`os`, `target.triple`) to the spec's name.
    pub(super) axes: BTreeMap<String, String>,
    /// The axis that names the runner: the vendor's values to the spec's.
    pub(super) runner_axis: Option<(String, BTreeMap<String, String>)>,
    /// The system it runs on, where that is one: `Linux`, `Windows`, `macOS`.
    pub(super) system: Option<&'static str>,
    /// Outputs of its own steps that are outputs of the job: (id of the step, name) to the spec's name.
    pub(super) steps: BTreeMap<(String, String), String>,
    /// Whether its cells are worked out when the workflow runs.
    pub(super) has_own_cells: bool,
    /// Whether it is at its steps, which know how it stands.
    pub(super) in_steps: bool,
    /// Ids of its steps.
    pub(super) ids: BTreeSet<String>,
    /// Handles of steps that something speaks of: the vendor's id to the spec's.
    pub(super) handles: BTreeMap<String, String>,
    /// Outputs of actions that commands give elsewhere: (handle, output) to the file that has it there.
    pub(super) files: BTreeMap<(String, String), String>,
    /// Services that say their port.
    pub(super) services: BTreeMap<String, String>,
    /// Variables of the workflow and of the job whose value is written down, and that no script changes.
    pub(super) fixed: BTreeMap<String, String>,
    /// Names of all variables of the job; none where a script may set others.
    pub(super) variables: Option<BTreeSet<String>>,
    /// Variables that an action sets for the steps behind it.
    pub(super) env: Vec<(String, String)>,
    /// Whether the runner is an ARM one.
    pub(super) is_arm: bool,
    /// Steps that keep or bring a cache: whether one was found is asked of them.
    pub(super) caches: Vec<String>,
    /// The folder that the job publishes as pages.
    pub(super) pages: Option<String>,
    /// Whether the job uploads findings, so that what it runs is a scanner.
    pub(super) finds: bool,
    /// Whether a step wants a daemon of docker.
    pub(super) wants_docker: bool,
}

/// Contexts of one word on both sides.
const SAME: &[(&str, &str)] = &[
    ("github.sha", "commit.sha"),
    ("github.ref_name", "commit.ref"),
    ("github.head_ref", "pr.source"),
    ("github.base_ref", "pr.target"),
    ("github.repository", "repository.name"),
    ("github.repository_owner", "repository.owner"),
    ("github.actor", "run.actor"),
    ("github.triggering_actor", "run.actor"),
    ("github.run_id", "run.id"),
    ("github.run_number", "run.number"),
    ("github.run_attempt", "run.attempt"),
    ("github.token", "run.token"),
    ("secrets.github_token", "run.token"),
    ("github.event.pull_request.number", "pr.number"),
    ("github.event.number", "pr.number"),
    ("github.event.pull_request.title", "pr.title"),
    ("github.event.pull_request.head.sha", "commit.head-sha"),
    ("github.event.pull_request.head.ref", "pr.source"),
    ("github.event.pull_request.base.ref", "pr.target"),
    ("github.event.head_commit.message", "commit.message"),
    ("github.event.head_commit.author.name", "commit.author"),
    ("github.event.repository.default_branch", "repository.default-branch"),
    ("github.event.release.tag_name", "commit.tag"),
    ("github.event.repository.full_name", "repository.name"),
    ("job.status", "job.status"),
];

/// Variables that the runner sets: what a script of GitHub reads them by.
const SHELL: &[(&str, &str)] = &[
    ("github.ref", "GITHUB_REF"),
    ("github.ref_type", "GITHUB_REF_TYPE"),
    ("github.event_name", "GITHUB_EVENT_NAME"),
    ("github.workspace", "GITHUB_WORKSPACE"),
    ("github.server_url", "GITHUB_SERVER_URL"),
    ("github.api_url", "GITHUB_API_URL"),
    ("github.graphql_url", "GITHUB_GRAPHQL_URL"),
    ("github.event_path", "GITHUB_EVENT_PATH"),
    ("github.job", "GITHUB_JOB"),
    ("github.workflow_ref", "GITHUB_WORKFLOW_REF"),
    ("github.repository_id", "GITHUB_REPOSITORY_ID"),
    ("github.action_path", "GITHUB_ACTION_PATH"),
    ("runner.os", "RUNNER_OS"),
    ("runner.arch", "RUNNER_ARCH"),
    ("runner.tool_cache", "RUNNER_TOOL_CACHE"),
    ("runner.name", "RUNNER_NAME"),
];

impl Scope {
    /// The context of a spec for a path, without `${ }`; `None` where a spec has none.
    pub(super) fn context(&self, path: &[String], declared: &mut Declared) -> Option<String> {
        let lower = path.join(".").to_ascii_lowercase();
        if let Some((_, ours)) = SAME.iter().find(|(theirs, _)| *theirs == lower) {
            return (!self.lacks(ours)).then(|| (*ours).to_owned());
        }
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["secrets", name] if is_declarable(name) => {
                declared.secrets.insert((*name).to_owned());
                Some(format!("secret.{name}"))
            }
            ["vars", name] if is_declarable(name) => {
                declared.variables.insert((*name).to_owned());
                Some(format!("var.{name}"))
            }
            ["env", name] => Some(format!("env.{name}")),
            ["inputs", ..] | ["github", "event", "inputs", ..] if self.is_called() => None,
            ["inputs", name] | ["github", "event", "inputs", name] => {
                self.inputs.get(*name).map(|(ours, _)| format!("input.{ours}"))
            }
            ["matrix", rest @ ..] if !rest.is_empty() => self.job.axes.get(&rest.join(".")).map(|ours| format!("matrix.{ours}")),
            ["needs", job, "result"] => self.jobs.get(*job).map(|ours| format!("needs.{ours}.result")),
            ["needs", job, "outputs", output] => {
                let ours = self.jobs.get(*job)?;
                let output = self.outputs.get(&((*job).to_owned(), (*output).to_owned()))?;
                Some(format!("job.{ours}.{output}"))
            }
            ["steps", step, "outputs", output] => {
                let output = self.job.steps.get(&((*step).to_owned(), (*output).to_owned()))?;
                let own = self.jobs.get(&self.job.id)?;
                Some(format!("job.{own}.{output}"))
            }
            ["job", "services", service, "ports", _] => {
                self.job.services.get(*service).map(|ours| format!("service.{ours}.port"))
            }
            _ => None,
        }
    }

    /// Whether a context has no value for an event of GitHub's own, or one that nobody knows before the run: GitHub's own words have it.
    fn lacks(&self, ours: &str) -> bool {
        let of_event =
            ["pr.", "commit.head-sha", "commit.tag", "commit.message", "commit.author"].iter().any(|word| ours.starts_with(word));
        !self.own.is_empty() && of_event || ours == "commit.ref" && self.has_unknown_ref()
    }

    /// Whether an event of GitHub's own runs on a branch that the spec does not know.
    pub(super) fn has_unknown_ref(&self) -> bool {
        self.own.iter().any(|name| runs_on(name) != Some(RunsOn::Default))
    }

    /// Whether other workflows call it, with events and inputs of theirs.
    pub(super) fn is_called(&self) -> bool {
        self.own.iter().any(|name| runs_on(name) == Some(RunsOn::Caller))
    }

    /// A path that has one value whatever happens.
    pub(super) fn constant(&self, path: &[String]) -> Option<String> {
        if let [steps, step, outputs, hit] = path
            && (steps.as_str(), outputs.as_str(), hit.as_str()) == ("steps", "outputs", "cache-hit")
            && self.job.caches.contains(step)
        {
            // A cache may be empty at any time, so what runs without one is right with one, too.
            return Some("false".to_owned());
        }
        match path.join(".").to_ascii_lowercase().as_str() {
            "github.workflow" => Some(self.workflow.clone()),
            "runner.os" => self.job.system.map(str::to_owned),
            "runner.temp" if self.job.system == Some("Linux") => Some("/tmp".to_owned()),
            "github.server_url" => Some("https://github.com".to_owned()),
            _ => None,
        }
    }

    /// Whether a path is a variable that nothing sets, an input that nobody declares, or an axis that the cells do not have: GitHub finds nothing there.
    pub(super) fn is_unset(&self, path: &[String]) -> bool {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["env", name] => self.job.variables.as_ref().is_some_and(|known| !known.contains(*name)),
            ["inputs", name] | ["github", "event", "inputs", name] => {
                !self.is_called() && !self.inputs.keys().any(|known| known.eq_ignore_ascii_case(name))
            }
            ["matrix", name] => {
                let is_of = |axis: &String| axis.split('.').next().is_some_and(|root| root.eq_ignore_ascii_case(name));
                !self.job.id.is_empty() && !self.job.has_own_cells && !self.job.axes.keys().any(is_of)
            }
            _ => false,
        }
    }

    /// The variable of the runner for a path, where a shell may read it.
    pub(super) fn shell_variable(&self, expr: &Gh) -> Option<&'static str> {
        let path = expr.path()?;
        SHELL.iter().find(|(theirs, _)| *theirs == path).map(|(_, variable)| *variable)
    }
}
