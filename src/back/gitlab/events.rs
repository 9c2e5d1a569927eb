//! Events in the words of the tools that try a file for GitLab.

use crate::back::gitlab::value::{WORKFLOW, input_text};
use crate::back::variables::input;
use crate::ir::event::{DEFAULT_PULL_REQUEST_TYPES, Event, EventKind};
use crate::plan::Plan;

/// The events that a spec can tell apart, as `.ci/tools/gitlab-events.sh` reads them, each with its place in the pipeline's list. One that starts no
/// pipeline on GitLab, or that cannot be written so, is left out. A tag and the release made of it are one event to GitLab: two rows of one name.
pub fn named(plan: &Plan<'_>) -> Vec<(String, usize)> {
    let events = plan.pipeline.events.iter().enumerate();
    events.filter_map(|(number, event)| Some((words(plan, event)?, number))).collect()
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
        EventKind::Raw => return None,
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
