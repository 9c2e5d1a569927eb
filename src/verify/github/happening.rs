//! An event as GitHub tells it: the contexts of expressions and the variables of scripts.

use crate::ir::Pipeline;
use crate::ir::event::{Event, EventKind, InputValue, PullRequestType};
use crate::ir::raw::{RunsOn, runs_on};
use crate::verify::behaviour::OPAQUE;
use crate::verify::github::Workflow;
use crate::verify::github::expr::value::Value;

/// The repository of every event: see [`crate::verify::behaviour::OPAQUE`].
const REPOSITORY: &str = "\0group/project";

/// The event of a caller.
const CALLER: &str = "\0event";

/// An event.
#[derive(Debug)]
pub(super) struct Happening {
    event: Event,
    name: String,
    reference: String,
    is_tag: bool,
    /// The cron expression of a schedule, and its time zone.
    cron: Option<String>,
    zone: Option<String>,
    /// The workflow of a manual run, by its name.
    workflow: Option<String>,
}

impl Happening {
    pub(super) fn of(pipeline: &Pipeline, event: &Event) -> Self {
        let text = |name: &Option<String>| name.clone().unwrap_or_default();
        let branch = || format!("refs/heads/{}", event.branch.as_ref().unwrap_or(&pipeline.default_branch.value));
        let (name, reference, is_tag) = match event.kind {
            EventKind::Push => ("push", branch(), false),
            EventKind::Tag => ("push", format!("refs/tags/{}", text(&event.tag)), true),
            EventKind::PullRequest => ("pull_request", "refs/pull/1/merge".to_owned(), false),
            EventKind::Schedule => ("schedule", branch(), false),
            EventKind::Manual => ("workflow_dispatch", branch(), false),
            EventKind::Release => ("release", format!("refs/tags/{}", text(&event.tag)), true),
            EventKind::Raw => {
                let name = event.own.as_deref().unwrap_or_default();
                let reference = match runs_on(name) {
                    Some(RunsOn::Merge) => "refs/pull/1/merge".to_owned(),
                    // What a spec's own branches are would be the worst of what it may be.
                    Some(RunsOn::Default | RunsOn::Base | RunsOn::Other) | None => branch(),
                    Some(RunsOn::Caller) => format!("{OPAQUE}ref"),
                };
                // Of a call nobody knows which event its caller had.
                (if runs_on(name) == Some(RunsOn::Caller) { CALLER } else { name }, reference, false)
            }
        };
        let name = name.to_owned();
        let mut schedules = pipeline.workflows.iter().flat_map(|w| &w.schedules);
        let scheduled = schedules.find(|s| Some(&s.name.value) == event.schedule.as_ref());
        let cron = scheduled.map(|s| s.cron.value.to_string());
        let zone = scheduled.and_then(|s| s.timezone.as_ref()).map(|z| z.value.clone()).filter(|z| z != "UTC");
        let workflow = event.workflow.map(|w| pipeline.workflow(w).name.value.clone());
        Self { event: event.clone(), name, reference, is_tag, cron, zone, workflow }
    }

    fn action(&self) -> &'static str {
        match self.event.pull_request_type {
            Some(PullRequestType::Opened) | None => "opened",
            Some(PullRequestType::Updated) => "synchronize",
            Some(PullRequestType::Reopened) => "reopened",
            Some(PullRequestType::Closed | PullRequestType::Merged) => "closed",
            Some(PullRequestType::Ready) => "ready_for_review",
            Some(PullRequestType::Labeled) => "labeled",
        }
    }

    /// Whether it starts a workflow.
    pub(super) fn starts(&self, workflow: &Workflow) -> bool {
        let (event, on) = (&self.event, &workflow.on);
        let (branch, tag) = (event.branch.as_deref().unwrap_or_default(), event.tag.as_deref().unwrap_or_default());
        let paths = event.paths.as_deref();
        match event.kind {
            EventKind::Push => on.push.as_ref().is_some_and(|p| p.branch(branch, paths)),
            EventKind::Tag => on.push.as_ref().is_some_and(|p| p.tag(tag)),
            EventKind::PullRequest => {
                let target = event.target.as_deref().unwrap_or_default();
                on.pull_request.as_ref().is_some_and(|p| p.takes(target, self.action(), paths))
            }
            EventKind::Schedule => {
                let words = |cron: &str| cron.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
                self.cron.as_ref().is_some_and(|c| on.schedule.iter().any(|(s, zone)| words(s) == words(c) && *zone == self.zone))
            }
            EventKind::Manual => on.dispatch.is_some() && self.workflow.as_ref() == Some(&workflow.name),
            EventKind::Release => on.release.as_ref().is_some_and(|types| types.iter().any(|t| t == "published")),
            EventKind::Raw => on.own.iter().any(|(name, ..)| Some(name) == event.own.as_ref()),
        }
    }

    /// The value of `github`.
    pub(super) fn github(&self) -> Value {
        let row = |name: &str, value: &str| (name.to_owned(), Value::text(value));
        let event = &self.event;
        let is_request = event.kind == EventKind::PullRequest;
        let short = self.reference.splitn(3, '/').nth(2).unwrap_or_default();
        let mut payload = Vec::new();
        if is_request {
            let from = if event.fork { "\0fork/project" } else { REPOSITORY };
            let repo = Value::object(vec![row("full_name", from), ("fork".to_owned(), Value::Bool(event.fork))], true);
            let head =
                Value::object(vec![("repo".to_owned(), repo), row("ref", event.head.as_deref().unwrap_or_default())], true);
            let merged = Value::Bool(event.pull_request_type == Some(PullRequestType::Merged));
            payload.push(row("action", self.action()));
            payload.push((
                "pull_request".to_owned(),
                Value::object(vec![("head".to_owned(), head), ("merged".to_owned(), merged)], true),
            ));
        } else {
            let action = if event.kind == EventKind::Release { Value::text("published") } else { Value::Null };
            payload.push(("action".to_owned(), action));
            payload.push(("pull_request".to_owned(), Value::Null));
        }
        let cron = self.cron.as_deref().filter(|_| event.kind == EventKind::Schedule).map_or(Value::Null, Value::text);
        payload.push(("schedule".to_owned(), cron));
        Value::object(
            vec![
                row("event_name", &self.name),
                row("ref", &self.reference),
                row("ref_name", short),
                row("ref_type", if self.is_tag { "tag" } else { "branch" }),
                row("base_ref", event.target.as_deref().unwrap_or_default()),
                row("head_ref", event.head.as_deref().unwrap_or_default()),
                row("repository", REPOSITORY),
                ("event".to_owned(), Value::object(payload, true)),
            ],
            true,
        )
    }

    /// The value of `inputs` in a workflow: empty, unless it was started by hand.
    pub(super) fn inputs(&self, workflow: &Workflow) -> Value {
        if self.event.kind != EventKind::Manual {
            return Value::object(Vec::new(), false);
        }
        let declared = workflow.on.dispatch.iter().flatten();
        let rows = declared.map(|name| {
            let value = match self.event.inputs.get(name) {
                Some(InputValue::String(text)) => Value::text(text),
                Some(InputValue::Bool(value)) => Value::Bool(*value),
                Some(InputValue::Number(number)) => Value::Number(number.to_string().parse().unwrap_or(f64::NAN)),
                None => Value::Unknown,
            };
            (name.clone(), value)
        });
        Value::object(rows.collect(), false)
    }

    /// The value of a variable that GitHub gives every script; none for another one.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let Value::Object(github) = self.github() else { return None };
        let field = match name {
            "GITHUB_EVENT_NAME" => "event_name",
            "GITHUB_REF" => "ref",
            "GITHUB_REF_NAME" => "ref_name",
            "GITHUB_REF_TYPE" => "ref_type",
            "GITHUB_BASE_REF" => "base_ref",
            "GITHUB_HEAD_REF" => "head_ref",
            "GITHUB_REPOSITORY" => "repository",
            _ => return None,
        };
        Some(github.get(field).shown())
    }

    /// The changed files, where the vendor tells them.
    pub(super) fn paths(&self) -> Option<&[String]> {
        self.event.paths.as_deref()
    }
}
