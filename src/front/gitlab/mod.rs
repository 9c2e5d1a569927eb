//! GitLab CI: a configuration with its local files to one workflow of a spec.
//!
//! GitLab has one pipeline, and its jobs carry the rules: `workflow` becomes the events, what a job's rules say its condition. What GitLab does
//! without a word is in docs.gitlab.com, "CI/CD YAML syntax reference": the five stages, branches and tags for a job without rules.

mod ask;
mod data;
mod decided;
mod dotenv;
mod expr;
mod job;
mod merge;
mod raw;
mod release;
mod request;
mod rule;
mod told;
mod truth;
mod value;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::source::SourceMap;
use crate::base::span::SourceId;
use crate::front::Imported;
use crate::front::account::Account as _;
use crate::front::filter;
use crate::front::ledger::{Fate, Ledger};
use crate::front::logic::Part;
use crate::front::name::Names;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node, Value};

use decided::Decided;
use dotenv::Dotenv;
use job::Job;
use merge::{DEFAULTS, Whole};
use work::Work;

/// Keys at the top that are no jobs.
const TOP: &[&str] = &["default", "include", "stages", "variables", "workflow", "spec"];

/// The stages where nobody says any.
const STAGES: &[&str] = &["build", "test", "deploy"];

/// What GitLab does with a job without a limit, unless its project says otherwise.
const LIMIT: &str = "1h";

/// Imports a configuration; the files that it includes are read below the root.
pub(super) fn import(sources: &SourceMap, files: &[SourceId], root: &Path, imported: &mut Imported) {
    let mut names = Names::default();
    for file in files {
        let Some(mut whole) = merge::read(sources, *file, root, imported) else { continue };
        let name = names.unique("ci");
        let mut ledger = std::mem::take(&mut imported.ledger);
        let sections = configuration(sources, &mut whole, &name, &mut ledger);
        for id in &whole.replaced {
            if !ledger.is_marked(*id) {
                ledger.mark(*id, Fate::Emulated("what is laid over it says otherwise".to_owned()));
            }
        }
        imported.ledger = ledger;
        match sections {
            Some(sections) => {
                if sections.iter().flatten().any(|b| b.0.name() == "gate") {
                    let why = "whoever may run a pipeline could start these jobs; protected environments narrow it";
                    imported.accepts.retain(|(target, loss, _)| (*target, *loss) != ("gitlab", "approval-team"));
                    imported.accepts.push(("gitlab", "approval-team", why));
                }
                imported.sections.extend(sections);
                imported.limit = Some(LIMIT);
            }
            None => imported.stays(*file, "no job of it is one that a spec can say"),
        }
    }
}

fn configuration(sources: &SourceMap, whole: &mut Whole, name: &str, ledger: &mut Ledger) -> Option<Vec<Vec<Build>>> {
    let top = whole.top.clone();
    let find = |key: &str| top.iter().find(|e| e.key == key);
    let is_job = |e: &Entry| !e.key.starts_with('.') && !TOP.contains(&e.key.as_str()) && !DEFAULTS.contains(&e.key.as_str());
    let jobs: Vec<&Entry> = top.iter().filter(|e| is_job(e) && e.value.is_map()).collect();
    let mut defaults: Vec<Entry> = top.iter().filter(|e| DEFAULTS.contains(&e.key.as_str())).cloned().collect();
    if let Some(own) = find("default") {
        ledger.mark(own.id, Fate::Exact);
        merge::lay_over(&mut defaults, own.value.entries().to_vec(), &mut whole.replaced);
    }
    let mut bodies: Vec<(&Entry, Node)> = Vec::new();
    for job in jobs {
        ledger.mark(job.id, Fate::Exact);
        let own = whole.job(job, ledger);
        let mut made: Vec<Entry> = Vec::new();
        // `inherit` names what of the defaults a job takes.
        let inherit = own.iter().find(|e| e.key == "inherit").and_then(|e| e.value.get("default"));
        for entry in &defaults {
            let named = inherit.and_then(Node::texts).is_some_and(|l| l.contains(&entry.key.as_str()));
            let takes = inherit.is_none_or(|i| i.truth() == Some(true) || named);
            if takes && own.iter().all(|o| o.key != entry.key) {
                made.push(Entry { value: whole.referenced(&entry.value, ledger, 0), ..entry.clone() });
            } else {
                whole.replaced.push(entry.id);
                entry.value.each_entry(&mut |e| whole.replaced.push(e.id));
            }
        }
        made.extend(own);
        bodies.push((job, Node { value: Value::Map(made), span: job.value.span, tag: None }));
    }
    let mut job_names = Names::without(&["none", "all"]);
    let named: BTreeMap<String, String> = bodies.iter().map(|(j, _)| (j.key.clone(), job_names.unique(plain(&j.key)))).collect();
    let asked = ask::take(&mut bodies, &named, ledger);
    let workflow = find("workflow").map(|w| whole.referenced(&w.value, ledger, 0));
    let mut texts = String::new();
    let mut gather = |text: &str| {
        texts.push_str(text);
        texts.push('\n');
    };
    workflow.iter().for_each(|w| w.each_text(&mut gather));
    for (_, body) in &bodies {
        for key in ["rules", "only"] {
            if let Some(node) = body.get(key) {
                node.each_text(&mut gather);
            }
        }
    }
    let merge_requests = texts.contains("merge_request") || texts.contains("CI_MERGE_REQUEST");
    let merge_requests = merge_requests || request::start_one(workflow.as_ref(), &bodies);
    let mut kinds = vec!["push", "tag"];
    if merge_requests {
        kinds.push("pull-request");
    }
    kinds.push("manual");
    let comments = std::mem::take(&mut whole.comments);
    let dotenv = Dotenv::of(&bodies, &named, &order(find("stages")));
    let mut work = Work {
        ledger,
        sources,
        comments,
        kinds,
        variables: BTreeSet::new(),
        jobs: named,
        runners: BTreeMap::new(),
        runner_names: Names::without(&["linux", "linux-arm", "windows", "macos"]),
        environments: BTreeMap::new(),
        environment_names: Names::default(),
        inputs: BTreeMap::new(),
        values: BTreeMap::new(),
        defined: defined(find("variables"), &bodies),
        globals: globals(find("variables")),
        value_names: Names::default(),
        value_nodes: Vec::new(),
        of_events: BTreeMap::new(),
        decided: Vec::new(),
        settled: BTreeSet::new(),
        gates: Vec::new(),
        asked,
        followed: BTreeSet::new(),
        cancels: false,
        daemons: bodies.iter().any(|(_, b)| work::daemon(b)),
        speaks: false,
        is_path: false,
        dotenv,
        given: Vec::new(),
        body: Node { value: Value::Map(Vec::new()), span: crate::base::span::Span::default(), tag: None },
        told: Vec::new(),
        exports: Vec::new(),
        artifacts: BTreeMap::new(),
    };
    let cancels = |b: &Node| b.get("interruptible").and_then(Node::truth) == Some(true);
    work.cancels = bodies.iter().all(|(_, b)| cancels(b)) && !bodies.is_empty();

    let mut build = node("workflow").arg(name);
    let by_workflow = find("workflow").is_some();
    let kinds = work.kinds.clone();
    let decided = by_events(&mut work, find("variables"), workflow.as_ref());
    let _ = events(&mut work, find("workflow"), workflow.as_ref());
    // Only where a run by hand is left is there a form for one; conditions are read again with its inputs.
    let by_hand = work.kinds.contains(&"manual");
    (work.kinds, work.variables) = (kinds, BTreeSet::new());
    let forms = forms(&mut work, find("variables"), &set_by_rules(workflow.as_ref(), &bodies), by_hand);
    for (job, body) in &bodies {
        let Some(name) = work.jobs.get(&job.key).cloned() else { continue };
        if data::publishes(&mut work, body) {
            work.artifacts.insert(name.clone(), name);
        }
    }
    let (on, guard, alike) = events(&mut work, find("workflow"), workflow.as_ref());
    work.settled.clear();
    work.decided = decided;
    build.push(with_forms(on, forms));
    if work.cancels {
        build.push(node("concurrency").prop("per", "branch").arg("cancel-running"));
    }
    let mut variables = Vec::new();
    if let Some(entry) = find("variables") {
        work.mark(entry, Fate::Exact);
        work.body.value = Value::Map(Vec::new());
        variables = value::variables(&mut work, entry);
    }
    let of_jobs = set_by_rules(None, &bodies);
    for (name, text) in alike {
        if !of_jobs.contains(&name) {
            work.values.insert(name.clone(), text.clone());
        }
        let (text, _) = value::contexts(&work, &text);
        variables.retain(|(own, _)| *own != name);
        variables.push((name, text));
    }
    for decided in &work.decided {
        variables.retain(|(own, _)| *own != decided.name);
        variables.push((decided.name.clone(), format!("${{value.{}}}", decided.value)));
    }
    let stages = stages(&mut work, find("stages"), &bodies);
    work.followed = followed(&stages, &bodies);
    let mut built: BTreeMap<String, Vec<Build>> = BTreeMap::new();
    for (entry, body) in &bodies {
        let own = work.jobs.get(&entry.key).cloned().unwrap_or_default();
        let stage = work.open(body, "stage").and_then(|e| e.value.text()).unwrap_or("test").to_owned();
        let Some(job) = job::job(&mut work, &Job { name: &own, entry, body, by_workflow, guard: &guard }) else {
            continue;
        };
        built.entry(stage).or_default().push(job);
    }
    if built.is_empty() {
        return None;
    }
    let there: BTreeSet<String> = built.values().flatten().filter_map(|j| Some(j.0.arg(0)?.as_str()?.to_owned())).collect();
    built.values_mut().flatten().for_each(|job| without_absent(job, &there));
    templates(&mut work, &top);
    let mut stage_names = Names::default();
    let read: BTreeSet<String> = work.variables.clone();
    for (key, text) in variables.iter().filter(|(k, _)| !read.contains(k)) {
        build.push(node("env").prop(key, text));
    }
    // A script sees them without a word.
    let mut scripts = Vec::new();
    for (_, body) in &bodies {
        for node in ["before_script", "script", "after_script"].iter().filter_map(|key| body.get(key)) {
            node.each_text(&mut |text| scripts.push(text));
        }
    }
    let is_read = |key: &str| scripts.iter().any(|text| crate::front::script::reads(text, key));
    for key in read.iter().filter(|k| variables.iter().any(|(v, _)| v == *k) || is_read(k)) {
        build.push(node("env").prop(key, &format!("${{var.{key}}}")));
    }
    for stage in &stages {
        if let Some(jobs) = built.remove(stage) {
            build.push(node("stage").arg(&stage_names.unique(stage)).children(jobs));
        }
    }
    for (stage, jobs) in built {
        build.push(node("stage").arg(&stage_names.unique(&stage)).children(jobs));
    }
    let mut small: Vec<Build> = read
        .iter()
        .map(|v| match variables.iter().find(|(k, _)| k == v) {
            Some((_, text)) => node("variable").arg(v).arg(text),
            None => node("variable").arg(v),
        })
        .collect();
    small.extend(work.runners.iter().map(|(name, tags)| node("runner").arg(name).child(node("gitlab").args(tags))));
    let environments = work.environments.values().map(|place| {
        let settings = [("tier", &place.tier), ("url", &place.url)];
        let said = settings.into_iter().filter_map(|(key, text)| Some(node(key).arg(text.as_ref()?)));
        said.fold(node("environment").arg(&place.name), Build::child)
    });
    small.append(&mut work.value_nodes);
    let environments = environments.collect();
    Some(vec![small, approvers(work.gates), environments, vec![build]])
}

/// Stages behind which a job waits for all that went before.
fn followed(stages: &[String], bodies: &[(&Entry, Node)]) -> BTreeSet<String> {
    let stage = |body: &Node| body.get("stage").and_then(Node::text).unwrap_or("test").to_owned();
    let waits = |name: &String| bodies.iter().any(|(_, b)| b.get("needs").is_none() && stage(b) == *name);
    let last = stages.iter().rposition(waits).unwrap_or(0);
    stages[..last].iter().cloned().collect()
}

/// The people who start jobs, before the gates that they open.
fn approvers(gates: Vec<Build>) -> Vec<Build> {
    let told = "who may start a job was a right in GitLab: name the team by each target's words";
    let team = (!gates.is_empty()).then(|| node("team").arg("approvers").comments([told]));
    team.into_iter().chain(gates).collect()
}

/// The name of a job without the word that keeps it apart from GitLab's keys: no job there can be called `image`.
pub(super) fn plain(key: &str) -> &str {
    let rest = key.strip_suffix(" job").unwrap_or(key);
    if TOP.contains(&rest) || DEFAULTS.contains(&rest) { rest } else { key }
}

/// A job waits for no job that is never there; one that names such jobs only starts at once.
fn without_absent(job: &mut Build, there: &BTreeSet<String>) {
    let Some(children) = &mut job.0.children else { return };
    let Some(at) = children.iter().position(|c| c.name() == "after") else { return };
    children[at].entries.retain(|e| e.as_str().is_none_or(|name| there.contains(name)));
    if children[at].entries.is_empty() {
        children.remove(at);
        if children.iter().all(|c| c.name() != "needs") {
            children.insert(at, node("needs").arg("none").0);
        }
    }
}

/// The plain values of variables of the whole configuration.
fn globals(entry: Option<&Entry>) -> BTreeMap<String, String> {
    let all = entry.map(|e| e.value.entries()).unwrap_or_default();
    all.iter().filter_map(|e| Some((e.key.clone(), e.value.text()?.to_owned()))).collect()
}

/// Variables that the rules of the whole pipeline set by the kind of event. A form for runs by hand is none of them.
fn by_events(work: &mut Work<'_>, variables: Option<&Entry>, workflow: Option<&Node>) -> Vec<Decided> {
    let is_form = |name: &str| variables.and_then(|v| v.value.get(name)).is_some_and(Node::is_map);
    let rules = workflow.and_then(|w| w.get("rules")).map(Node::items).unwrap_or_default();
    let mut rules: Vec<Node> = rules.iter().filter(|r| !is_dedupe(r)).cloned().collect();
    for rule in &mut rules {
        let Value::Map(keys) = &mut rule.value else { continue };
        for own in keys.iter_mut().filter(|k| k.key == "variables") {
            if let Value::Map(all) = &mut own.value.value {
                all.retain(|v| !is_form(&v.key));
            }
        }
    }
    let globals = work.globals.clone();
    let usual = |name: &str| Some(globals.get(name).cloned().unwrap_or_default());
    let made = decided::declare(work, &rules, None, &usual);
    work.settled = made.iter().map(|d| d.name.clone()).collect();
    made
}

/// The rule that leaves out a branch with an open merge request.
fn is_dedupe(rule: &Node) -> bool {
    rule.get("if").and_then(Node::text).is_some_and(|t| t.contains("$CI_OPEN_MERGE_REQUESTS"))
}

/// Names of variables that a rule sets.
fn set_by_rules(workflow: Option<&Node>, bodies: &[(&Entry, Node)]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let all = workflow.into_iter().chain(bodies.iter().map(|(_, b)| b)).filter_map(|n| n.get("rules"));
    for rule in all.flat_map(Node::items) {
        names.extend(rule.get("variables").map(Node::entries).unwrap_or_default().iter().map(|e| e.key.clone()));
    }
    names
}

/// Names of variables to which the files give a value somewhere: GitLab sets the others that have its names.
fn defined(variables: Option<&Entry>, bodies: &[(&Entry, Node)]) -> BTreeSet<String> {
    let of_jobs = bodies.iter().filter_map(|(_, b)| b.get("variables"));
    let all = variables.map(|e| &e.value).into_iter().chain(of_jobs);
    // A job that names a variable only to hand it on gives it no value.
    let is_itself = |e: &Entry| e.value.text().is_some_and(|t| t == format!("${}", e.key) || t == format!("${{{}}}", e.key));
    let own = all.flat_map(Node::entries).filter(|e| !is_itself(e));
    let mut names: BTreeSet<String> = own.map(|e| e.key.clone()).collect();
    names.extend(set_by_rules(None, bodies));
    names
}

/// Variables with a description are a form for runs by hand, where there are such runs: inputs of a spec. The others have a value.
fn forms(work: &mut Work<'_>, entry: Option<&Entry>, changed: &BTreeSet<String>, by_hand: bool) -> Vec<Build> {
    let mut forms = Vec::new();
    let mut names = Names::default();
    for own in entry.map(|e| e.value.entries()).unwrap_or_default() {
        let value = own.value.get("value").unwrap_or(&own.value).text().map(str::to_owned);
        // Where rules set it for other events, they are told.
        let is_form = by_hand && (own.value.get("description").is_some() || own.value.get("options").is_some());
        let value_text = value.clone().unwrap_or_default();
        if !is_form || !crate::front::name::is_variable(&own.key) || value_text.contains('$') {
            if let Some(value) = value.filter(|_| !changed.contains(&own.key)) {
                work.values.insert(own.key.clone(), value);
            }
            continue;
        }
        let input = names.unique(&own.key);
        let options = own.value.get("options").and_then(Node::texts).unwrap_or_default();
        let mut build = node("input").arg(&input);
        if !options.is_empty() {
            build = build.prop("type", "choice");
        }
        build = build.prop("default", &value_text).maybe("description", own.value.get("description").and_then(Node::text));
        if !options.is_empty() {
            build.push(node("option").args(options));
        }
        work.inputs.insert(own.key.clone(), input);
        forms.push(build);
    }
    forms
}

/// The events with the form of runs by hand.
fn with_forms(mut on: Build, forms: Vec<Build>) -> Build {
    let manual = on.0.children.iter_mut().flatten().find(|c| c.name() == "manual");
    if let Some(manual) = manual {
        manual.children.get_or_insert_default().extend(forms.into_iter().map(|b| b.0));
        if manual.children.as_ref().is_some_and(Vec::is_empty) {
            manual.children = None;
        }
    }
    on
}

/// The events of the pipeline, what is asked of all of them beside, and the variables that all rules set alike.
fn events(work: &mut Work<'_>, entry: Option<&Entry>, workflow: Option<&Node>) -> (Build, Part, Vec<(String, String)>) {
    let mut alike = Vec::new();
    let mut guard = Part::Known(true);
    let mut clauses = None;
    let mut dedupe = false;
    if let (Some(entry), Some(body)) = (entry, workflow) {
        work.mark(entry, Fate::Exact);
        if let Some(lost) = body.entry("name") {
            work.lose(lost, "a workflow of a spec has no `name`");
        }
        if let Some(cancel) = body.entry("auto_cancel") {
            let keys = cancel.value.entries();
            if work.cancels && keys.len() == 1 && cancel.value.get("on_new_commit").and_then(Node::text) == Some("interruptible")
            {
                cancel.mark_all(work.ledger, &Fate::Exact);
            } else {
                work.lose(cancel, "say `concurrency cancel-running` on the workflow: every job of it is cancelled");
            }
        }
        if let Some(rules) = work.open(body, "rules") {
            // The rule that leaves out a branch with an open merge request is a word of a spec.
            let mut kept = rules.clone();
            for item in rules.value.items().iter().filter(|i| is_dedupe(i)) {
                dedupe = true;
                item.each_entry(&mut |e| work.ledger.mark(e.id, Fate::Emulated("`dedupe` of the events".to_owned())));
            }
            kept.value.value = Value::List(rules.value.items().iter().filter(|i| !is_dedupe(i)).cloned().collect());
            let made = rule::rules(work, &kept);
            (guard, alike) = (made.present, made.variables);
            if let Some(found) = filter::trigger(&guard, &work.kinds) {
                work.kinds.retain(|k| found.iter().any(|c| c.kind() == *k));
                clauses = Some(found);
                guard = Part::Known(true);
            }
        }
    }
    let plain = || work.kinds.iter().map(|kind| node(kind)).collect();
    let clauses: Vec<Build> = clauses.map_or_else(plain, |found| found.iter().map(|c| c.build(&[])).collect());
    let mut on = node("on").children(clauses);
    if dedupe && work.kinds.contains(&"pull-request") {
        on.push(node("dedupe"));
    }
    (on, guard, alike)
}

/// All stages in their order.
fn order(entry: Option<&Entry>) -> Vec<String> {
    let own = entry.map_or_else(|| STAGES.to_vec(), |e| e.value.texts().unwrap_or_default());
    [".pre"].into_iter().chain(own).chain([".post"]).map(str::to_owned).collect()
}

fn stages(work: &mut Work<'_>, entry: Option<&Entry>, bodies: &[(&Entry, Node)]) -> Vec<String> {
    if let Some(entry) = entry {
        work.mark(entry, Fate::Exact);
    }
    let mut list = order(entry);
    list.retain(|s| bodies.iter().any(|(_, b)| b.get("stage").and_then(Node::text).unwrap_or("test") == s));
    list
}

/// What no job uses is left out.
fn templates(work: &mut Work<'_>, top: &[Entry]) {
    let why = Fate::Emulated("no job uses it, or each says otherwise, so it is left out".to_owned());
    for entry in top.iter().filter(|e| e.key.starts_with('.')) {
        let used = work.ledger.is_marked(entry.id);
        if !used {
            entry.mark_all(work.ledger, &why);
        } else {
            // Anchors and references take a part of it.
            entry.value.entries().iter().filter(|e| !work.ledger.is_marked(e.id)).collect::<Vec<_>>().into_iter().for_each(|e| {
                if matches!(e.key.as_str(), "extends") {
                    e.mark_all(work.ledger, &why);
                }
            });
        }
    }
}
