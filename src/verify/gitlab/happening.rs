//! An event as GitLab tells it: the predefined variables of its pipeline (GitLab's documentation, "Predefined CI/CD variables").

use std::collections::BTreeMap;

use crate::ir::event::{Event, EventKind, InputValue};
use crate::verify::gitlab::Gitlab;
use crate::verify::gitlab::condition::Known;

/// Variables that are not set where no value is known of them.
const UNSET: &[&str] = &["CI_COMMIT_BRANCH", "CI_COMMIT_TAG", "CI_OPEN_MERGE_REQUESTS"];

/// The project of every event: see [`crate::verify::behaviour::OPAQUE`].
const PROJECT: &str = "\0group/project";

/// The variables of an event.
#[derive(Debug)]
pub(super) struct Variables {
    known: BTreeMap<String, String>,
    /// Inputs of a manual run of which nothing is said.
    open: Vec<String>,
}

impl Variables {
    pub(super) fn of(gitlab: &Gitlab<'_>, event: &Event) -> Self {
        let mut known: BTreeMap<String, String> = gitlab.variables.iter().cloned().collect();
        let mut open = Vec::new();
        let mut set = |name: &str, value: &str| _ = known.insert(name.to_owned(), value.to_owned());
        let default = &gitlab.pipeline.default_branch.value;
        set("CI_DEFAULT_BRANCH", default);
        set("CI_PROJECT_PATH", PROJECT);
        set("CI_PROJECT_NAMESPACE", "\0group");
        let branch = event.branch.as_ref().unwrap_or(default);
        let source = match event.kind {
            EventKind::Push => "push",
            // A release is made of a tag, whose push starts the pipeline.
            EventKind::Tag | EventKind::Release => "push",
            EventKind::PullRequest => "merge_request_event",
            EventKind::Schedule => "schedule",
            EventKind::Manual => "web",
            EventKind::Raw => "",
        };
        set("CI_PIPELINE_SOURCE", source);
        match event.kind {
            EventKind::Push | EventKind::Schedule | EventKind::Manual | EventKind::Raw => {
                set("CI_COMMIT_BRANCH", branch);
                set("CI_COMMIT_REF_NAME", branch);
            }
            EventKind::Tag | EventKind::Release => {
                let tag = event.tag.as_deref().unwrap_or_default();
                set("CI_COMMIT_TAG", tag);
                set("CI_COMMIT_REF_NAME", tag);
            }
            EventKind::PullRequest => {
                let head = event.head.as_deref().unwrap_or_default();
                set("CI_COMMIT_REF_NAME", head);
                set("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", head);
                set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", event.target.as_deref().unwrap_or_default());
                set("CI_MERGE_REQUEST_PROJECT_PATH", PROJECT);
                set("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", if event.fork { "\0fork/project" } else { PROJECT });
            }
        }
        if let Some(schedule) = &event.schedule {
            // The settings of the project give each schedule this variable.
            set("PIPEWRIGHT_SCHEDULE", schedule);
        }
        if let Some(workflow) = event.workflow.map(|w| gitlab.pipeline.workflow(w)) {
            // What a person fills in is what the file offers.
            if gitlab.variables.iter().any(|(name, _)| name == "PIPEWRIGHT_WORKFLOW") {
                set("PIPEWRIGHT_WORKFLOW", &workflow.name.value);
            }
            for input in &workflow.inputs {
                let name = format!("INPUT_{}", input.name.value.to_uppercase().replace('-', "_"));
                match event.inputs.get(&input.name.value) {
                    Some(InputValue::String(text)) => set(&name, text),
                    Some(InputValue::Bool(value)) => set(&name, &value.to_string()),
                    Some(InputValue::Number(value)) => set(&name, &value.to_string()),
                    None => open.push(name),
                }
            }
        }
        Self { known, open }
    }

    /// What is known of a variable.
    pub(super) fn get(&self, name: &str) -> Known {
        if self.open.iter().any(|n| n == name) {
            return Known::Unknown;
        }
        match self.known.get(name) {
            Some(value) => Known::Text(value.clone()),
            None if UNSET.contains(&name) || name.starts_with("CI_MERGE_REQUEST_") && !self.is_request() => Known::Null,
            None if name == "PIPEWRIGHT_SCHEDULE" || name == "PIPEWRIGHT_WORKFLOW" => Known::Null,
            None => Known::Unknown,
        }
    }

    fn is_request(&self) -> bool {
        self.known.get("CI_PIPELINE_SOURCE").is_some_and(|s| s == "merge_request_event")
    }
}
