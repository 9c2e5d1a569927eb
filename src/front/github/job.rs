//! Jobs of a workflow.

use std::collections::{BTreeMap, BTreeSet};

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::slug;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::checkout;
use super::concurrency;
use super::condition::system_of;
use super::matrix;
use super::permission;
use super::runner::{self, runner_axis};
use super::service;
use super::step::{self, Shells, shell_word};
use super::survey::{Jobs, needs};
use super::text::Where;
use super::whole;
use super::work::Work;

/// Converts all jobs.
pub(super) fn jobs(work: &mut Work<'_, '_>, found: &Jobs<'_>) -> Vec<Build> {
    let mut built = Vec::new();
    for job in &found.entries {
        work.mark(job, Fate::Exact);
        work.scope.job = found.scopes.get(&job.key).cloned().unwrap_or_default();
        let comments = work.comments(job);
        if found.is_never(&job.key, &mut BTreeSet::new()) {
            let why = "the job never runs for the events that are carried, so it is left out";
            job.mark_all(work.ledger, &Fate::Emulated(why.to_owned()));
            continue;
        }
        if found.waits_for_nothing(job) {
            work.lose(job, "it runs after the failure of jobs that are not part of the spec");
            continue;
        }
        built.push(match whole::why(&job.value) {
            Some(why) => whole::job(work, job, found, why, comments),
            None => one(work, job, found, comments),
        });
    }
    built
}

fn one(work: &mut Work<'_, '_>, job: &Entry, found: &Jobs<'_>, mut comments: Vec<String>) -> Build {
    let id = job.key.clone();
    let name = work.scope.jobs.get(&id).cloned().unwrap_or_default();
    if name != id {
        work.mark(job, Fate::Emulated(format!("the job is called `{name}`")));
    }
    if let Some(entry) = work.open(&job.value, "name")
        && let Some(shown) = entry.value.text()
        && slug(shown) != name
    {
        comments.insert(0, shown.to_owned());
        work.mark(entry, Fate::Emulated(format!("a comment; GitHub shows the job as `{name}`")));
    }
    let mut build = node("job").arg(&name).comments(comments);
    requirements(work, job, found, &mut build);
    let axis = runner_axis(&job.value);
    let strategy = work.open(&job.value, "strategy");
    let matrix = strategy.and_then(|e| matrix::strategy(work, e, axis.as_deref()));
    if let Some(entry) = work.open(&job.value, "runs-on") {
        runner::runner(work, entry, axis.as_deref(), &mut build);
    }
    if let Some(entry) = work.open(&job.value, "timeout-minutes")
        && let Some(limit) = step::minutes(work, entry)
    {
        build.push(node("timeout").arg(&limit));
    }
    if work.open(&job.value, "continue-on-error").is_some_and(|e| step::truth(work, e)) {
        build.push(node("allow-failure"));
    }
    if let Some(entry) = work.open(&job.value, "environment") {
        environment(work, entry, &mut build);
    }
    if let Some(entry) = work.open(&job.value, "concurrency") {
        build.0.children.get_or_insert_default().extend(concurrency::concurrency(work, entry).map(|b| b.0));
    }
    let permissions = match work.open(&job.value, "permissions") {
        Some(entry) => permission::permissions(work, entry),
        None => work.permissions.clone(),
    };
    let mut env = Vec::new();
    service::container(work, &job.value, &mut build, &mut env);
    if let Some(entry) = work.open(&job.value, "env") {
        env.extend(step::env(work, entry));
    }
    for (name, value) in &env {
        build.push(node("env").prop(name, value));
    }
    service::services(work, &job.value, &mut build);
    build.0.children.get_or_insert_default().extend(matrix.map(|m| m.0));
    outputs(work, job, found, &mut build);
    let shells = shells(work, &job.value);
    if let Some(entry) = work.open(&job.value, "steps") {
        let made = step::steps(work, entry, &shells, &found.artifacts);
        if let Some(shell) = made.shell {
            build.push(node("shell").arg(shell));
        }
        // Where nobody says what the token may do, it could push.
        let unsaid = job.value.entry("permissions").is_none() && work.kept.permissions.is_none();
        let pushes = made.push_token.as_deref() == Some(checkout::RUN_TOKEN);
        let permissions = if unsaid && pushes { vec!["contents-write".to_owned()] } else { permissions };
        let words: Vec<&String> = permissions.iter().filter(|p| !(made.has_checkout && *p == "contents-read")).collect();
        if !words.is_empty() {
            build.push(node("permissions").args(words));
        }
        if !made.consumes.is_empty() {
            build.push(node("consumes").args(&made.consumes));
        }
        for (name, value) in std::mem::take(&mut work.scope.job.env) {
            if env.iter().chain(&work.env).all(|(known, _)| *known != name) {
                build.push(node("env").prop(&name, &value));
            }
        }
        if let Some(folder) = work.scope.job.pages.take() {
            build.push(
                node("raw")
                    .arg("gitlab")
                    .child(node("pages").child(node("publish").arg(folder.trim_start_matches("./").trim_end_matches('/')))),
            );
        }
        if work.scope.job.wants_docker {
            build.push(node("docker"));
        }
        build = build.children(made.steps).children(handed(work, job, found, made.shell)).children(made.produces);
    }
    build
}

/// `needs` and `if`.
pub(super) fn requirements(work: &mut Work<'_, '_>, job: &Entry, found: &Jobs<'_>, build: &mut Build) {
    let own = found.conditions.get(&job.key);
    let (mut strict, mut loose) = (Vec::new(), Vec::new());
    if let Some(entry) = work.open(&job.value, "needs") {
        for need in needs(&job.value) {
            if found.is_gone(need) {
                work.mark(entry, Fate::Lost(format!("`{need}` is not part of the spec")));
                continue;
            }
            let Some(name) = work.scope.jobs.get(need).cloned() else { continue };
            // Who runs in any case does not mind that a job was skipped.
            let skippable = own.is_some_and(|c| c.when.is_some()) && found.conditions.get(need).is_some_and(|c| c.text.is_some());
            if skippable { loose.push(name) } else { strict.push(name) }
        }
    }
    let mut texts = Vec::new();
    let mut reads = BTreeSet::new();
    found.condition(&job.key, &mut BTreeSet::new(), &mut texts, &mut reads);
    // Expressions of GitHub's own are read where the job that they speak of is needed.
    for read in reads.iter().filter_map(|r| work.scope.jobs.get(r)) {
        if !strict.contains(read) && !loose.contains(read) {
            strict.push(read.clone());
        }
    }
    if !strict.is_empty() {
        build.push(node("needs").args(strict));
    }
    if !loose.is_empty() {
        build.push(node("after").args(loose));
    }
    if let Some(when) = own.and_then(|c| c.when) {
        build.push(node("when").arg(when));
    }
    if let [one] = texts.as_slice() {
        build.push(node("if").arg(one));
    } else if !texts.is_empty() {
        let all: Vec<String> = texts.iter().map(|t| if t.contains("||") { format!("({t})") } else { t.clone() }).collect();
        build.push(node("if").arg(&all.join(" && ")));
    }
}

fn shells(work: &mut Work<'_, '_>, job: &Node) -> Shells {
    let defaults = work.open(job, "defaults").and_then(|e| work.open(&e.value, "run"));
    let own = |work: &mut Work<'_, '_>, key: &str| {
        let entry = work.open(&defaults?.value, key)?;
        entry.value.text().map(str::to_owned)
    };
    let default = own(work, "shell").or_else(|| work.shell.clone());
    let directory = own(work, "working-directory").or_else(|| work.directory.clone());
    let windows = work.scope.job.system == Some("Windows");
    let mixed = default.is_none()
        && work.scope.job.system.is_none()
        && work.scope.job.runner_axis.iter().any(|(_, l)| l.keys().any(|l| system_of(l) == Some("Windows")));
    let unsaid = if windows { "pwsh" } else { "bash" };
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for step in job.get("steps").map(Node::items).unwrap_or_default().iter().filter(|s| s.get("run").is_some()) {
        let word = step.get("shell").and_then(Node::text).or(default.as_deref());
        *counts.entry(word.map_or(Some(unsaid), shell_word).unwrap_or("bash")).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(_, n)| **n).map(|(shell, _)| *shell);
    Shells {
        of_job: most.filter(|s| *s != "bash"),
        default: default.or_else(|| windows.then(|| "pwsh".to_owned())),
        mixed,
        directory,
    }
}

fn environment(work: &mut Work<'_, '_>, entry: &Entry, build: &mut Build) {
    let (name, url) = if entry.value.is_map() {
        let name = work.open(&entry.value, "name");
        let url = work.open(&entry.value, "url");
        let url = url.and_then(|e| Some((e, work.text(e, Where::Field)?)));
        let known = url.filter(|(e, text)| {
            let plain = !text.contains("${");
            if !plain {
                let fate = if e.value.text().is_some_and(|t| t.contains(".outputs.page_url")) {
                    Fate::Emulated("the vendor shows the address of its pages itself".to_owned())
                } else {
                    Fate::Lost("the address of an environment is fixed in a spec".to_owned())
                };
                work.ledger.reset(e.id, fate);
            }
            plain
        });
        (name.and_then(|e| e.value.text()), known.map(|(_, text)| text))
    } else {
        (entry.value.text(), None)
    };
    match name.filter(|n| !n.contains("${{")) {
        Some(theirs) => {
            let ours = work.declared.environment(theirs, url);
            if ours != theirs {
                work.mark(entry, Fate::Emulated(format!("the environment is called `{ours}`")));
            }
            build.push(node("environment").arg(&ours));
        }
        None => {
            // Its secrets and approvals would be gone: the build stops at a name that nothing declares.
            work.lose(entry, "a spec names the environment; an expression decides here");
            let unsaid = entry.value.text().or(name).unwrap_or("unnamed").to_owned();
            build.push(node("environment").arg(&slug(&unsaid)).comments([format!("not carried: {unsaid}")]));
        }
    }
}

/// The step that hands on what no script of the job writes: outputs of actions.
fn handed(work: &mut Work<'_, '_>, job: &Entry, found: &Jobs<'_>, shell: Option<&str>) -> Option<Build> {
    let mut lines = Vec::new();
    for key in found.handed.get(&job.key)? {
        let output = job.value.get("outputs").and_then(|o| o.entry(key))?;
        let ours = work.scope.outputs.get(&(job.key.clone(), key.clone())).cloned().unwrap_or_default();
        let text = work.text(output, if shell == Some("pwsh") { Where::Pwsh } else { Where::Bash })?;
        work.mark(output, Fate::Emulated(format!("a last step writes `{ours}`, one line of text")));
        lines.push(match shell {
            Some("pwsh") => format!("\"{ours}={text}\" >> $env:PIPEWRIGHT_OUTPUT"),
            _ => format!("echo \"{ours}={text}\" >> \"$PIPEWRIGHT_OUTPUT\""),
        });
    }
    Some(node("run").prop("name", "Hand on the outputs").arg(&lines.join("\n")))
}

fn outputs(work: &mut Work<'_, '_>, job: &Entry, found: &Jobs<'_>, build: &mut Build) {
    if let Some(entry) = work.open(&job.value, "outputs") {
        for output in entry.value.entries() {
            let name = work.scope.outputs.get(&(job.key.clone(), output.key.clone())).cloned();
            match name {
                Some(name) if name == output.key => work.mark(output, Fate::Exact),
                Some(name) => work.mark(output, Fate::Emulated(format!("the output is called `{name}`"))),
                None => work.lose(output, "an output of a spec is a line that a script of the job writes"),
            }
        }
    }
    let declared = found.outputs.get(&job.key).cloned().unwrap_or_default();
    if !declared.is_empty() {
        build.push(node("output").args(declared));
    }
}
