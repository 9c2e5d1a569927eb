//! Jenkins: declarative pipelines to workflows of a spec (jenkins.io, "Pipeline Syntax").
//!
//! A reader of our own takes the declarative syntax; code of Groovy is never run, and what it does is listed as not carried, with its place.

mod agent;
mod keep;
mod option;
mod read;
mod stage;
mod step;
mod text;
mod tree;
mod when;
mod work;

use std::collections::BTreeMap;

use crate::base::source::{SourceFile, SourceMap};
use crate::base::span::SourceId;
use crate::front::Imported;
use crate::front::declare::Declared;
use crate::front::ledger::{Fate, Ledger};
use crate::front::name::Names;
use crate::front::node::{Build, node};

use stage::Around;
use tree::{Item, Value};
use work::Work;

/// Jenkins stops no run by itself; the spec needs a limit.
const LIMIT: &str = "6h";

/// What a person has to know of each file.
const EVENTS: &str = "which branches and pull requests start a run is said in Jenkins and not in the file: \
     look at `on` of the workflow";

/// Imports declarative Jenkinsfiles, each a workflow.
pub(super) fn import(sources: &SourceMap, files: &[SourceId], imported: &mut Imported) {
    let mut names = Names::default();
    let mut declared = Declared::default();
    let mut workflows = Vec::new();
    for id in files {
        let file = sources.file(*id);
        let items = match read::read(*id, &file.text, &mut imported.ledger) {
            Ok(items) => items,
            Err(fault) => {
                imported.faults.push(fault);
                continue;
            }
        };
        let Some(pipeline) = items.iter().find(|i| i.name == "pipeline" && i.body.is_some()) else {
            imported.stays(*id, "it is a scripted pipeline: only declarative ones are read");
            continue;
        };
        for other in items.iter().filter(|i| i.span != pipeline.span) {
            let why = "code beside the pipeline runs in Jenkins alone";
            other.each_key(&mut |key| imported.ledger.mark(key, Fate::Lost(why.to_owned())));
        }
        let name = names.unique(stem(&file.name));
        match workflow(pipeline, &name, file, &mut imported.ledger, &mut declared) {
            Some(build) => {
                workflows.push(vec![build]);
                imported.remark(*id, EVENTS);
            }
            None => imported.stays(*id, "no stage of it is one that a spec can say"),
        }
    }
    if !workflows.is_empty() {
        imported.limit = Some(LIMIT);
        imported.sections = declared.sections();
        imported.sections.extend(workflows);
    }
}

/// The name of a file without its folders and its ending; `Jenkinsfile` alone is the usual workflow.
fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    match file.trim_end_matches(".groovy").trim_end_matches(".jenkinsfile").trim_end_matches(".Jenkinsfile") {
        "Jenkinsfile" => "ci",
        other => other.trim_start_matches("Jenkinsfile."),
    }
}

fn workflow(pipeline: &Item, name: &str, file: &SourceFile, ledger: &mut Ledger, declared: &mut Declared) -> Option<Build> {
    let mut work = Work {
        ledger,
        file,
        declared,
        inputs: BTreeMap::new(),
        known: BTreeMap::new(),
        axes: BTreeMap::new(),
        kinds: kinds(pipeline),
        jobs: Names::without(&["none", "all"]),
        gates: Names::default(),
        artifacts: Names::default(),
        stashes: BTreeMap::new(),
    };
    work.mark(pipeline, Fate::Exact);
    let inputs = pipeline.find("parameters").map(|p| option::parameters(&mut work, p)).unwrap_or_default();
    let triggers = pipeline.find("triggers").map(|t| option::triggers(&mut work, t, name)).unwrap_or_default();
    let mut on = node("on");
    let mut pushes = false;
    for trigger in triggers {
        let is_push = trigger.0.name() == "push";
        if !(is_push && pushes) {
            // Which branch was polled is no part of the file.
            on.push(if is_push && !is_multibranch(pipeline) { node("push").arg("main") } else { trigger });
        }
        pushes |= is_push;
    }
    for kind in work.kinds.clone() {
        match kind {
            "manual" => on.push(node("manual").children(inputs.iter().cloned())),
            "schedule" => {}
            "push" if pushes => {}
            other => on.push(node(other)),
        }
    }
    let mut around = Around {
        options: pipeline.find("options").map(|o| option::options(&mut work, o)).unwrap_or_default(),
        ..Around::default()
    };
    around.agent = pipeline.find("agent").map(|a| agent::agent(&mut work, a)).unwrap_or_default();
    around.shares = around.agent.is_there;
    if let Some(item) = pipeline.find("environment") {
        (around.env, around.missing) = agent::environment(&mut work, item);
    }
    if let Some(item) = pipeline.find("tools") {
        around.tools = agent::tools(&mut work, item);
    }
    let mut phases = Vec::new();
    if let Some(item) = pipeline.find("stages") {
        stage::stages(&mut work, item, &around, &mut phases);
    }
    let known = ["agent", "environment", "tools", "options", "parameters", "triggers", "stages", "post"];
    for other in pipeline.items().iter().filter(|i| !known.contains(&i.name.as_str())) {
        work.lose(other, "a spec has no such section");
    }
    if phases.iter().all(|p| p.jobs.iter().all(stage::Job::is_empty)) {
        return None;
    }
    if let Some(item) = pipeline.find("post") {
        stage::at_the_end(&mut work, item, &around, &mut phases);
    }
    let mut build = node("workflow").arg(name).comments(pipeline.comments.iter().cloned()).child(on);
    around.options.workflow.into_iter().for_each(|n| build.push(n));
    phases.iter_mut().for_each(|p| p.jobs.retain(|j| !j.is_empty()));
    phases.retain(|p| !p.jobs.is_empty());
    let alone = phases.len() == 1;
    let mut titles = Names::default();
    for phase in phases {
        let jobs = phase.jobs.into_iter().map(stage::Job::build);
        build = if alone {
            build.children(jobs)
        } else {
            build.child(node("stage").arg(&titles.unique(&phase.title)).children(jobs))
        };
    }
    Some(build)
}

/// Kinds of events that start the pipeline. A file that speaks of branches is one of a multibranch project, which every push starts; of any
/// other a person says by hand when it runs, unless it has triggers.
fn kinds(pipeline: &Item) -> Vec<&'static str> {
    let mut found = Found::default();
    look(pipeline, &mut found);
    let mut kinds = Vec::new();
    if found.branches || found.requests || found.tags || found.polls {
        kinds.push("push");
    }
    if found.tags {
        kinds.push("tag");
    }
    if found.requests {
        kinds.push("pull-request");
    }
    if found.times {
        kinds.push("schedule");
    }
    kinds.push("manual");
    kinds
}

/// Whether a file speaks of branches, as only one of a multibranch project does.
fn is_multibranch(pipeline: &Item) -> bool {
    let mut found = Found::default();
    look(pipeline, &mut found);
    found.branches || found.requests || found.tags
}

/// What a file speaks of.
#[derive(Default)]
struct Found {
    branches: bool,
    requests: bool,
    tags: bool,
    polls: bool,
    times: bool,
}

fn look(item: &Item, found: &mut Found) {
    let has = |word: &str| item.body.is_none() && item.text.contains(word);
    found.branches |= (item.name == "branch" && !item.args.is_empty()) || has("BRANCH_NAME");
    found.requests |= item.name == "changeRequest" || has("CHANGE_ID") || has("CHANGE_TARGET");
    found.tags |= item.name == "buildingTag" || item.name == "tag" || has("TAG_NAME");
    found.polls |= matches!(item.name.as_str(), "pollSCM" | "githubPush");
    found.times |=
        matches!(item.name.as_str(), "cron" | "parameterizedCron") && item.first().is_some_and(|v| !matches!(v, Value::List(_)));
    item.items().iter().for_each(|i| look(i, found));
}
