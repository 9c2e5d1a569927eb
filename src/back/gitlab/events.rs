//! The model's own table of events and jobs, to be held against what GitLab's rules give.

use crate::back::gitlab::value::{WORKFLOW, input, input_text};
use crate::ir::event::{DEFAULT_PULL_REQUEST_TYPES, Event, EventKind};
use crate::plan::Plan;

/// Lines `event<TAB>job`: for every event a spec can tell apart, the jobs that may be present; `-` where none is. An event is written as
/// `.ci/tools/gitlab-events.sh` reads it; one that starts no pipeline on GitLab, or that cannot be written so, is left out.
pub fn table(plan: &Plan<'_>) -> String {
    // A tag and the release made of it are one event to GitLab.
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (number, event) in plan.pipeline.events.iter().enumerate() {
        let Some(words) = words(plan, event) else { continue };
        let at = found.iter().position(|(other, _)| *other == words).unwrap_or_else(|| {
            found.push((words, Vec::new()));
            found.len() - 1
        });
        let names = &mut found[at].1;
        for workflow in &plan.workflows {
            let jobs = workflow.jobs.iter().filter(|j| j.job.possible.contains(number));
            let before = names.len();
            names.extend(jobs.map(|j| j.id.clone()));
            if names.len() > before {
                names.extend(super::notice_names(plan, workflow));
            }
        }
        names.extend(plan.drift.iter().filter(|d| d.on.accepts(event)).map(|d| d.id.clone()));
    }
    let mut out = String::new();
    for (words, mut names) in found {
        if names.is_empty() {
            names.push("-".to_owned());
        }
        for name in names {
            let line = format!("{words}\t{name}\n");
            if !out.contains(&line) {
                out.push_str(&line);
            }
        }
    }
    out
}

fn words(plan: &Plan<'_>, event: &Event) -> Option<String> {
    let mut variables: Vec<(String, String)> = Vec::new();
    let start = match event.kind {
        EventKind::Push => format!("push:{}", event.branch.as_ref()?),
        EventKind::Tag | EventKind::Release => format!("tag:{}", event.tag.as_ref()?),
        EventKind::PullRequest => {
            if !event.pull_request_type.is_some_and(|t| DEFAULT_PULL_REQUEST_TYPES.contains(&t)) {
                return None;
            }
            let from = if event.fork { "fork/project" } else { "group/project" };
            variables.push(("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH".to_owned(), from.to_owned()));
            variables.push(("CI_MERGE_REQUEST_PROJECT_PATH".to_owned(), "group/project".to_owned()));
            format!("mr:{}:{}", event.head.as_ref()?, event.target.as_ref()?)
        }
        EventKind::Schedule => {
            // The tool runs schedules on the default branch.
            if event.branch.as_ref().is_some_and(|b| *b != plan.pipeline.default_branch.value) {
                return None;
            }
            format!("schedule:{}", event.schedule.as_ref()?)
        }
        EventKind::Manual => {
            let workflow = event.workflow.map(|w| plan.pipeline.workflow(w).name.value.clone());
            variables.extend(workflow.map(|name| (WORKFLOW.to_owned(), name)));
            variables.extend(event.inputs.iter().map(|(name, value)| (input(name), input_text(value))));
            format!("web:{}", event.branch.as_deref().unwrap_or(&plan.pipeline.default_branch.value))
        }
    };
    let mut out = start;
    for (name, value) in variables {
        out.push_str(&format!(":{name}={value}"));
    }
    if let Some(paths) = &event.paths {
        // Without a changed file every rule on changes would hold.
        let list = if paths.is_empty() { ".none".to_owned() } else { paths.join(",") };
        out.push_str(&format!(":changed={list}"));
    }
    let plain = |c: char| !c.is_whitespace() && c != '\'' && c != '"';
    out.chars().all(plain).then_some(out)
}
