//! What starts a pipeline: its sources, its triggers, the rules of EventBridge beside it.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::{Names, slug};
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::stack::Stack;
use super::time::{Started, mentions, schedules as times};
use super::work::Work;

/// What the sources of a pipeline say.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Branches whose pushes start it.
    branches: Vec<String>,
    /// Whether something else than a push to them is said.
    pub(super) repository: Option<String>,
    /// The ARN of the connection.
    pub(super) connection: Option<String>,
    /// Names of the artifacts that are the repository.
    pub(super) artifacts: Vec<String>,
    seen: bool,
}

/// Whether a resource of the template starts pipelines by pushes.
fn has_rule(stack: &Stack) -> bool {
    let rules = stack.resources("AWS::Events::Rule");
    let pushes = rules.iter().any(|r| r.value.get("Properties").is_some_and(|p| p.get("EventPattern").is_some()));
    pushes || !stack.resources("AWS::CodePipeline::Webhook").is_empty()
}

/// Reads an action that brings files.
pub(super) fn action(work: &mut Work<'_>, stack: &mut Stack, provider: &str, action: &Node, found: &mut Source) {
    let _ = work.open(action, "InputArtifacts");
    let outputs = work.open(action, "OutputArtifacts").cloned();
    let mut names = Vec::new();
    let items = outputs.map(|o| stack.items(work, &o.value)).unwrap_or_default();
    for item in items {
        names.extend(work.open(&item, "Name").and_then(|n| stack.text(work, &n.value)));
    }
    let Some(configuration) = work.open(action, "Configuration") else { return };
    let map = &configuration.value;
    if !matches!(provider, "CodeCommit" | "GitHub" | "CodeStarSourceConnection" | "Bitbucket") {
        let why = "a spec starts by events of its repository: files of a store and images start nothing";
        return configuration.mark_all(&mut work.ledger, &Fate::Lost(why.to_owned()));
    }
    if found.seen {
        let why = "a job of a spec has one repository: check the second one out by a command";
        return configuration.mark_all(&mut work.ledger, &Fate::Lost(why.to_owned()));
    }
    found.seen = true;
    found.artifacts.extend(names);
    let branch = work.open(map, "BranchName").or_else(|| map.entry("Branch")).cloned();
    let mut value = |work: &mut Work<'_>, key: &str| work.open(map, key).and_then(|e| stack.literal(work, &e.value));
    let (owner, repo, full) = (value(work, "Owner"), value(work, "Repo"), value(work, "FullRepositoryId"));
    found.repository = full.or_else(|| Some(format!("{}/{}", owner?, repo?)));
    for key in ["RepositoryName", "OutputArtifactFormat", "OAuthToken"] {
        if let Some(entry) = work.open(map, key) {
            entry.mark_all(&mut work.ledger, &Fate::Emulated("the repository that the spec lies in".to_owned()));
            work.turn(entry, "the repository that the spec lies in");
        }
    }
    if let Some(entry) = work.open(map, "ConnectionArn") {
        let before = work.declared.variables.clone();
        found.connection = stack.text(work, &entry.value);
        work.declared.variables = before;
        entry.mark_all(&mut work.ledger, &Fate::Emulated("a setting of the target `codepipeline`".to_owned()));
    }
    let polls = work.open(map, "PollForSourceChanges").or_else(|| map.entry("DetectChanges")).cloned();
    let starts = polls.as_ref().is_none_or(|e| {
        work.mark(e, Fate::Emulated("the events of the workflow".to_owned()));
        e.value.text() != Some("false")
    });
    let Some(branch) = branch else { return };
    work.mark(&branch, Fate::Exact);
    match stack.literal(work, &branch.value) {
        Some(name) if starts || has_rule(stack) => found.branches.push(name),
        Some(_) => {
            if let Some(polls) = polls {
                work.lose(&polls, "nothing in the template starts it on a push: the workflow starts by hand");
            }
        }
        None => work.lose(&branch, "the stack says the branch when it is made: write it into `on`"),
    }
}

/// The events of a pipeline.
pub(super) fn events(work: &mut Work<'_>, stack: &mut Stack, pipeline: &Entry, properties: &Node, found: &Source) -> Build {
    let mut on = node("on");
    match work.open(properties, "Triggers").cloned() {
        Some(triggers) => {
            for item in stack.items(work, &triggers.value) {
                trigger(work, stack, &item, found, &mut on);
            }
        }
        None if !found.branches.is_empty() => on.push(node("push").args(&found.branches)),
        None => {}
    }
    schedules(work, stack, pipeline, &mut on);
    let mut manual = node("manual");
    if let Some(variables) = work.open(properties, "Variables").cloned() {
        for item in stack.items(work, &variables.value) {
            let Some(name) = work.open_text(&item, "Name").map(str::to_owned) else { continue };
            let mut input = node("input").arg(&slug(&name));
            match work.open(&item, "DefaultValue") {
                Some(entry) => input = input.maybe("default", stack.text(work, &entry.value)),
                // Nothing starts without its value.
                None => input = input.arg("required"),
            }
            input = input.maybe("description", work.open_text(&item, "Description"));
            manual.push(input);
        }
    }
    // A run by hand has a branch: what reads a tag or a pull request fails there.
    let reads = TOLD_BY_TRIGGERS.iter().any(|name| mentions(properties, name));
    let started = on.0.children().iter().any(|c| matches!(c.name(), "push" | "schedule"));
    if reads && !started && on.0.children.is_some() && manual.0.children.is_none() {
        return on;
    }
    on.child(manual)
}

/// Variables of a source that only a tag or a pull request gives it.
const TOLD_BY_TRIGGERS: &[&str] = &[
    "#{SourceVariables.TagName}",
    "#{SourceVariables.PullRequestId}",
    "#{SourceVariables.PullRequestTitle}",
    "#{SourceVariables.SourceBranchName}",
    "#{SourceVariables.DestinationBranchName}",
];

/// Names of a filter: `Includes` and `Excludes`.
fn names(work: &mut Work<'_>, map: &Node, key: &str) -> Option<(Vec<String>, Vec<String>)> {
    let entry = work.open(map, key)?;
    let mut list = |word: &str| -> Vec<String> {
        let own = work.open(&entry.value, word).and_then(|e| e.value.texts()).unwrap_or_default();
        own.iter().map(|t| (*t).to_owned()).collect()
    };
    Some((list("Includes"), list("Excludes")))
}

fn filtered(mut build: Build, except: &[String], paths: Option<&(Vec<String>, Vec<String>)>) -> Build {
    let (takes, leaves) = paths.cloned().unwrap_or_default();
    for (word, list) in [("except", except), ("paths", takes.as_slice()), ("ignore-paths", leaves.as_slice())] {
        if !list.is_empty() {
            build.push(node(word).args(list));
        }
    }
    build
}

fn trigger(work: &mut Work<'_>, stack: &mut Stack, item: &Node, found: &Source, on: &mut Build) {
    let _ = work.open(item, "ProviderType");
    let Some(git) = work.open(item, "GitConfiguration").cloned() else { return };
    let _ = work.open(&git.value, "SourceActionName");
    if let Some(push) = work.open(&git.value, "Push").cloned() {
        for filter in stack.items(work, &push.value) {
            let paths = names(work, &filter, "FilePaths");
            let branches = names(work, &filter, "Branches");
            let tags = names(work, &filter, "Tags");
            if let Some((takes, leaves)) = tags {
                on.push(filtered(node("tag").args(takes), &leaves, None));
            } else {
                let (takes, leaves) = branches.unwrap_or_else(|| (found.branches.clone(), Vec::new()));
                on.push(filtered(node("push").args(takes), &leaves, paths.as_ref()));
            }
        }
    }
    if let Some(requests) = work.open(&git.value, "PullRequest").cloned() {
        for filter in stack.items(work, &requests.value) {
            let paths = names(work, &filter, "FilePaths");
            let (takes, leaves) = names(work, &filter, "Branches").unwrap_or_default();
            let mut build = filtered(node("pull-request").args(takes), &leaves, paths.as_ref());
            if let Some(events) = work.open(&filter, "Events") {
                let words: Vec<&str> = events
                    .value
                    .texts()
                    .unwrap_or_default()
                    .iter()
                    .flat_map(|e| match *e {
                        "OPEN" => ["opened", "reopened"].as_slice(),
                        "UPDATED" => &["updated"],
                        "CLOSED" => &["closed", "merged"],
                        _ => &[],
                    })
                    .copied()
                    .collect();
                build.push(node("types").args(words));
            }
            on.push(build);
        }
    }
}

/// Whether a rule of EventBridge starts a pipeline by time.
pub(super) fn is_scheduled(stack: &Stack, pipeline: &Entry) -> bool {
    let only = stack.resources("AWS::CodePipeline::Pipeline").len() == 1;
    let rules = stack.resources("AWS::Events::Rule");
    let of_time = rules.iter().filter_map(|r| r.value.get("Properties")).filter(|p| p.get("ScheduleExpression").is_some());
    let ruled =
        of_time.filter_map(|p| p.get("Targets")).any(|t| only && mentions(t, "codepipeline") || mentions(t, &pipeline.key));
    let times = stack.resources("AWS::Scheduler::Schedule");
    ruled || times.iter().any(|t| mentions(&t.value, "codepipeline:startPipelineExecution") || mentions(&t.value, &pipeline.key))
}

/// Rules of EventBridge that start a pipeline: by time, and by pushes to its source, which `on` says.
fn schedules(work: &mut Work<'_>, stack: &mut Stack, pipeline: &Entry, on: &mut Build) {
    let only = stack.resources("AWS::CodePipeline::Pipeline").len() == 1;
    let mut used = Names::default();
    let title = pipeline.value.get("Properties").and_then(|p| p.get("Name")).and_then(|n| stack.literal(work, n));
    let started =
        Started { key: &pipeline.key, name: title.as_deref(), by: "codepipeline:startPipelineExecution", named: "Name", only };
    times(work, stack, &started, |key| used.unique(&slug(key))).into_iter().for_each(|time| on.push(time));
    for rule in stack.resources("AWS::Events::Rule") {
        let Some(properties) = rule.value.get("Properties").cloned() else { continue };
        let mut speaks = only && properties.get("Targets").is_some_and(|t| mentions(t, "codepipeline"));
        if let Some(targets) = properties.get("Targets") {
            speaks |= mentions(targets, &pipeline.key);
        }
        if !speaks {
            continue;
        }
        work.mark(&rule, Fate::Exact);
        rule.mark_all(&mut work.ledger, &Fate::Emulated("the events of the workflow".to_owned()));
    }
    for hook in stack.resources("AWS::CodePipeline::Webhook") {
        hook.mark_all(
            &mut work.ledger,
            &Fate::Emulated("the events of the workflow: each target hears of pushes in its own way".to_owned()),
        );
    }
}
