//! Jobs.

use std::collections::BTreeSet;

use crate::front::account::Account as _;
use crate::front::filter;
use crate::front::ledger::Fate;
use crate::front::logic::{Part, and};
use crate::front::name::slug;
use crate::front::node::{Build, node, run};
use crate::front::yaml::{Entry, Node};

use super::ask::{self, Asked, Gate};
use super::data;
use super::decided;
use super::raw;
use super::release;
use super::rule;
use super::told;
use super::value;
use super::work::{Place, Work};

/// Keys that a spec has no word for, with the reason.
const LOST: &[(&str, &str)] =
    &[("id_tokens", "a spec logs in to a cloud by the identity of an environment"), ("type", "an old word for `stage`")];

/// A job with its parts.
pub(super) struct Job<'j> {
    /// What it is called in the spec.
    pub(super) name: &'j str,
    /// The key that it stands under.
    pub(super) entry: &'j Entry,
    /// What it says, with what it extends.
    pub(super) body: &'j Node,
    /// Whether the pipeline says by `workflow` which events it runs for.
    pub(super) by_workflow: bool,
    /// What the whole pipeline asks of its events beside its triggers.
    pub(super) guard: &'j Part,
}

/// Converts a job; `None` where it never runs for the events that are carried, or is no job of a spec.
pub(super) fn job(work: &mut Work<'_>, job: &Job<'_>) -> Option<Build> {
    let Job { name, entry, body, by_workflow, guard } = job;
    if let Some(run) = body.entry("run") {
        work.lose(run, "steps of GitLab are not read");
        entry.mark_all(work.ledger, &Fate::Lost("its steps are not read".to_owned()));
        return None;
    }
    let mut comments = work.comments(entry.span);
    if *name != entry.key {
        work.mark(entry, Fate::Emulated(format!("the job is called `{name}`")));
        if slug(super::plain(&entry.key)) != *name {
            comments.insert(0, entry.key.clone());
        }
    }
    let Presence { present, when, forgiven, paths, variables: set } = presence(work, name, body, *by_workflow);
    if present == Part::Known(false) {
        let why = Fate::Emulated("the job never runs for the events that are carried, so it is left out".to_owned());
        body.each_entry(&mut |e| {
            if !work.ledger.is_marked(e.id) {
                work.ledger.mark(e.id, why.clone());
            }
        });
        work.mark(entry, why);
        return None;
    }
    work.body = (*body).clone();
    work.told = told::told(work, entry, body);
    work.exports.clear();
    work.given = work.dotenv.given(&entry.key).to_vec();
    let mut build = node("job").arg(name).comments(comments);
    let asked = work.asked.remove(&entry.key).unwrap_or_default();
    needs(work, body, &asked, &mut build);
    let mut gates = asked.gates;
    let question = body.entry("manual_confirmation").cloned();
    if let Some(unasked) = question.as_ref().filter(|_| when.as_deref() != Some("manual")) {
        work.lose(unasked, "nobody starts the job by hand");
    }
    match when.as_deref() {
        Some("manual") => {
            gates.push(Gate { name: format!("start-of-{name}"), place: None, question });
        }
        Some("on_failure") => build.push(node("when").arg("failure")),
        Some("always") => build.push(node("when").arg("always")),
        _ => {}
    }
    if !gates.is_empty() {
        build.push(node("requires").args(gates.iter().map(|gate| gate.name.clone())));
        let mut made: Vec<Build> = gates.iter().map(|gate| ask::gate(work, gate)).collect();
        work.gates.append(&mut made);
    }
    let present = and((*guard).clone(), present);
    let for_tags = release::is_for_tags(&present);
    let (clauses, rest) = filter::split(&present, &work.kinds);
    if let Some(text) = rest.text() {
        build.push(node("if").arg(&text));
    }
    // Runs without a change of their own have all files changed, as GitLab sees it.
    let only = if clauses.is_empty() && !paths.is_empty() { filter::all(&work.kinds) } else { clauses };
    if !only.is_empty() {
        build.push(node("only").children(only.iter().map(|c| c.build(&paths))));
    }
    if body.entry("trigger").is_some() {
        return Some(starter(work, body, forgiven, &set, build));
    }
    runner(work, body, &mut build);
    let released = body.entry("release").filter(|_| for_tags).and_then(|entry| release::step(work, entry, body));
    if let Some(image) = work.open(body, "image") {
        if released.is_some() && release::is_image_of_it(body) {
            let why = Fate::Emulated("it had GitLab's program for releases, and the step `release` asks for none".to_owned());
            image.mark_all(work.ledger, &why);
        } else {
            data::image(work, image, body, &mut build);
        }
    }
    if let Some(limit) = work.open(body, "timeout") {
        // What the script itself may take is the limit of a job in a spec.
        let of_script = of_runner(body, "RUNNER_SCRIPT_TIMEOUT").and_then(value::seconds);
        match of_script.or_else(|| limit.value.text().and_then(value::seconds)) {
            Some(seconds) => build.push(node("timeout").arg(&value::duration(seconds))),
            None => work.lose(limit, "a span of time is expected"),
        }
    }
    if let Some(retry) = work.open(body, "retry") {
        let max =
            if retry.value.is_map() { work.open(&retry.value, "max").and_then(|e| e.value.text()) } else { retry.value.text() };
        if let Some(count) = max.filter(|m| m.bytes().all(|b| b.is_ascii_digit()) && *m != "0") {
            build.push(node("retry").number(count));
        }
        for key in ["when", "exit_codes"] {
            if let Some(lost) = retry.value.entry(key) {
                work.mark(lost, Fate::Emulated("a job of a spec runs again after any failure".to_owned()));
            }
        }
    }
    allow_failure(work, body, forgiven, &mut build);
    environment(work, body, &mut build);
    around(work, body, &set, &mut build);
    if let Some(services) = work.open(body, "services") {
        data::services(work, services, &mut build);
    }
    consumes(work, body, &mut build);
    data::cache(work, body, &mut build);
    if when.as_deref() == Some("delayed") {
        delay(work, body, &mut build);
    }
    script(work, job, &mut build);
    if let Some(step) = released {
        build.push(step);
    }
    let sets = std::mem::take(&mut work.dotenv);
    let hands_over = sets.outputs(&entry.key, &mut build);
    work.dotenv = sets;
    data::artifacts(work, body, name, hands_over, &mut build);
    left(work, body, &mut build);
    Some(build)
}

/// A job that starts some time later waits itself. The time is no part of its limit on GitLab, which is an hour where nobody says more.
fn delay(work: &mut Work<'_>, body: &Node, build: &mut Build) {
    const LONGEST: u64 = 30 * 60;
    let entry = work.open(body, "start_in");
    let seconds = entry.and_then(|e| e.value.text()).and_then(value::seconds).filter(|s| *s <= LONGEST);
    match (entry, seconds) {
        (Some(entry), Some(seconds)) => {
            work.turn(entry, "the job itself waits, on its machine");
            build.push(node("wait").number(&seconds.to_string()));
        }
        (Some(entry), None) => work.lose(entry, "the job starts at once: no job of a spec waits so long"),
        (None, _) => {}
    }
}

/// A job that starts another pipeline: it has no machine, and what starts is kept for GitLab.
fn starter(work: &mut Work<'_>, body: &Node, forgiven: bool, set: &[(String, String)], mut build: Build) -> Build {
    allow_failure(work, body, forgiven, &mut build);
    environment(work, body, &mut build);
    around(work, body, set, &mut build);
    left(work, body, &mut build);
    build
}

/// What a variable of the job tells the runner.
fn of_runner<'b>(body: &'b Node, name: &str) -> Option<&'b str> {
    body.get("variables")?.get(name)?.text()
}

/// Lock, cells and variables.
fn around(work: &mut Work<'_>, body: &Node, set: &[(String, String)], build: &mut Build) {
    if let Some(group) = work.open(body, "resource_group")
        && let Some(text) = group.value.text()
    {
        let mut text = text.to_owned();
        // Without merge requests the name of the branch or tag tells the groups apart, as the slug that is made of it did.
        if !work.kinds.contains(&"pull-request") {
            for name in ["CI_COMMIT_REF_SLUG", "CI_COMMIT_REF_NAME"] {
                let said = text.replace(&format!("${{{name}}}"), "${commit.ref}").replace(&format!("${name}"), "${commit.ref}");
                if said != text {
                    work.turn(group, "the name of the branch or tag tells the groups apart");
                    text = said;
                }
            }
        }
        let (text, left) = value::contexts(work, &text);
        if left {
            work.mark(group, Fate::Own("it reads variables that GitLab sets".to_owned()));
        }
        build.push(node("concurrency").arg(&text));
    }
    if let Some(parallel) = work.open(body, "parallel") {
        data::parallel(work, parallel, build);
    }
    if let Some(variables) = work.open(body, "variables") {
        for (key, text) in value::variables(work, variables) {
            if set.iter().all(|(own, _)| *own != key) {
                build.push(node("env").prop(&key, &text));
            }
        }
    }
    for (key, text) in set {
        build.push(node("env").prop(key, &value::contexts(work, text).0));
    }
    // What another job sets goes before what the file says.
    for (key, text) in work.given.clone() {
        build.0.children.iter_mut().flatten().filter(|c| c.name() == "env").for_each(|c| {
            c.entries.retain(|e| e.name.as_ref().is_none_or(|n| n.text != key));
        });
        build.push(node("env").prop(&key, &text));
    }
    if let Some(children) = &mut build.0.children {
        children.retain(|c| c.name() != "env" || !c.entries.is_empty());
    }
}

/// What is kept for GitLab, and what is lost.
fn left(work: &mut Work<'_>, body: &Node, build: &mut Build) {
    raw::kept(work, body, build);
    if let Some(entry) = body.entry("interruptible") {
        let cancelled = Fate::Emulated("a newer run cancels the workflow: `concurrency cancel-running`".to_owned());
        let never = Fate::Emulated("nothing cancels it".to_owned());
        match (work.cancels, entry.value.truth()) {
            (true, _) => work.mark(entry, cancelled),
            (false, Some(false)) => work.mark(entry, never),
            (false, _) => work.lose(entry, "say `concurrency cancel-running` on the workflow: every job of it is cancelled"),
        }
    }
    for (key, why) in LOST {
        if let Some(lost) = body.entry(key) {
            work.lose(lost, why);
        }
    }
}

/// What the rules of a job come to.
struct Presence {
    /// When it is there.
    present: Part,
    /// How it starts.
    when: Option<String>,
    /// Whether its failure is forgiven.
    forgiven: bool,
    /// Files of which one must have changed, where there are changes at all.
    paths: Vec<String>,
    /// Variables that its rules set.
    variables: Vec<(String, String)>,
}

fn presence(work: &mut Work<'_>, name: &str, body: &Node, by_workflow: bool) -> Presence {
    let own = work.open(body, "when");
    let own_when = own.and_then(|e| e.value.text()).map(str::to_owned);
    let (mut present, mut when, mut forgiven) = (Part::Known(true), own_when.clone(), false);
    let (mut paths, mut variables) = (Vec::new(), Vec::new());
    if let Some(entry) = work.open(body, "rules") {
        let globals = work.globals.clone();
        let own = |name: &str| body.get("variables").and_then(|v| v.get(name)).and_then(Node::text).map(str::to_owned);
        let usual = |name: &str| own(name).or_else(|| globals.get(name).cloned()).or_else(|| Some(String::new()));
        let decided = decided::declare(work, entry.value.items(), Some(name), &usual);
        work.settled = decided.iter().map(|d| d.name.clone()).collect();
        let made = rule::rules(work, entry);
        work.settled.clear();
        (present, forgiven) = (made.present, made.forgiven);
        (paths, variables) = (made.paths, made.variables);
        variables.extend(decided.into_iter().map(|d| (d.name, format!("${{value.{}}}", d.value))));
        // `when` of the job is what a rule without a word means.
        when = made.when.filter(|w| w != "on_success" || own_when.is_none()).or(own_when);
    } else if body.entry("only").is_some() || body.entry("except").is_some() {
        present = rule::only_except(work, body);
    } else if !by_workflow {
        present = and(present, rule::without_word(work));
    }
    if when.as_deref() == Some("never") {
        present = Part::Known(false);
    }
    if let (Some("manual"), Some(said)) = (when.as_deref(), own.or_else(|| body.entry("rules"))) {
        // Without rules nothing waits for such a job, unless it says so.
        let own = body.get("allow_failure").and_then(Node::truth);
        let optional = own.unwrap_or(body.entry("rules").is_none() || forgiven);
        forgiven |= optional;
        let why = if optional && work.followed.contains(body.get("stage").and_then(Node::text).unwrap_or("test")) {
            Fate::Lost(
                "the jobs of later stages did not wait for the person who started it, and do: give them `needs`".to_owned(),
            )
        } else {
            Fate::Emulated("somebody has to agree, as an approval of each target; a run waits for it".to_owned())
        };
        work.mark(said, why);
    }
    Presence { present, when, forgiven, paths, variables }
}

fn needs(work: &mut Work<'_>, body: &Node, asked: &Asked, build: &mut Build) {
    let Some(entry) = work.open(body, "needs") else { return };
    let (mut strict, mut loose, mut consumed) = (Vec::new(), Vec::new(), Vec::new());
    for item in entry.value.items() {
        let (job, optional, artifacts) = if item.is_map() {
            if let Some(cells) = work.open(item, "parallel") {
                cells.mark_all(work.ledger(), &Fate::Emulated("it waits for all cells".to_owned()));
                work.mark(cells, Fate::Emulated("it waits for all cells".to_owned()));
            }
            for key in ["pipeline", "project", "ref"] {
                if let Some(lost) = item.entry(key) {
                    work.lose(lost, "a job of a spec needs jobs of its own workflow, with all their cells");
                }
            }
            let job = work.open(item, "job").and_then(|e| e.value.text());
            let optional = work.open(item, "optional").and_then(|e| e.value.truth()) == Some(true);
            (job, optional, work.open(item, "artifacts").and_then(|e| e.value.truth()) != Some(false))
        } else {
            (item.text(), false, true)
        };
        if job.is_some_and(|j| asked.keys.iter().any(|key| key == j)) {
            continue;
        }
        // `job: [one, two]` is the cell of a matrix.
        let cell = |j: &str| j.split_once(": [").and_then(|(name, _)| work.jobs.get(name));
        let name = job.and_then(|j| work.jobs.get(j).or_else(|| cell(j))).cloned();
        if name.is_some() && job.is_some_and(|j| !work.jobs.contains_key(j)) {
            work.mark(entry, Fate::Emulated("it waits for all cells".to_owned()));
        }
        let Some(name) = name else {
            work.mark(entry, Fate::Lost(format!("`{}` is not part of the spec", job.unwrap_or("a job"))));
            continue;
        };
        if artifacts && !optional {
            consumed.extend(work.artifacts.get(&name).cloned());
        }
        let list = if optional { &mut loose } else { &mut strict };
        list.push(name);
    }
    for (list, more) in [(&mut strict, &asked.needs), (&mut loose, &asked.after)] {
        list.extend(more.iter().cloned());
    }
    let mut seen = BTreeSet::new();
    strict.retain(|name| seen.insert(name.clone()));
    loose.retain(|name| seen.insert(name.clone()));
    if strict.is_empty() && loose.is_empty() {
        build.push(node("needs").arg("none"));
    }
    if !strict.is_empty() {
        build.push(node("needs").args(strict));
    }
    if !loose.is_empty() {
        build.push(node("after").args(loose));
    }
    consumed.dedup();
    if !consumed.is_empty() && body.entry("dependencies").is_none() && body.entry("trigger").is_none() {
        build.push(node("consumes").args(consumed));
    }
}

fn consumes(work: &mut Work<'_>, body: &Node, build: &mut Build) {
    let Some(entry) = work.open(body, "dependencies") else { return };
    let names: Vec<String> = entry.value.texts().unwrap_or_default().iter().filter_map(|j| work.jobs.get(*j).cloned()).collect();
    let artifacts: Vec<String> = names.iter().filter_map(|n| work.artifacts.get(n).cloned()).collect();
    if !artifacts.is_empty() {
        build.push(node("consumes").args(artifacts));
    }
}

/// GitLab's own runners that every spec knows (docs.gitlab.com, "Hosted runners").
const HOSTED: &[(&str, &str)] = &[
    ("saas-linux-small-amd64", "linux"),
    ("saas-linux-small-arm64", "linux-arm"),
    ("saas-macos-medium-m1", "macos"),
    ("saas-windows-medium-amd64", "windows"),
];

/// The axis that says the runner of each cell. Its values are the names of the runners.
fn runner_of_cells(work: &mut Work<'_>, tags: &[String], body: &Node) -> Option<String> {
    let [tag] = tags else { return None };
    let name = tag.strip_prefix('$')?.trim_start_matches('{').trim_end_matches('}');
    let rows = body.get("parallel")?.get("matrix")?.items();
    let mut values: Vec<String> = Vec::new();
    for row in rows {
        values.extend(row.get(name)?.texts()?.iter().map(|t| (*t).to_owned()));
    }
    let is_name = |v: &String| !v.contains('$') && slug(v) == *v && HOSTED.iter().all(|(_, known)| known != v);
    if !values.iter().all(is_name) {
        return None;
    }
    for value in values {
        work.runners.entry(value.clone()).or_insert_with(|| vec![value]);
    }
    Some(value::axis(name))
}

fn runner(work: &mut Work<'_>, body: &Node, build: &mut Build) {
    let Some(entry) = work.open(body, "tags") else { return };
    let mut tags: Vec<String> = entry.value.texts().unwrap_or_default().iter().map(|t| (*t).to_owned()).collect();
    if tags.is_empty() {
        return;
    }
    let known: Option<Vec<String>> = tags.iter().map(|t| work.literal(t)).collect();
    if let Some(known) = known {
        tags = known;
    } else if let Some(axis) = runner_of_cells(work, &tags, body) {
        return build.push(node("runner").arg(&format!("${{matrix.{axis}}}")));
    } else {
        work.mark(entry, Fate::Kept("GitLab works the tags out: name the runner for another target".to_owned()));
    }
    let hosted = HOSTED.iter().find(|(tag, _)| tags == [*tag]).map(|(_, name)| *name);
    if let Some(hosted) = hosted {
        return if hosted != "linux" {
            build.push(node("runner").arg(hosted))
        };
    }
    let known = work.runners.iter().find(|(_, own)| **own == tags).map(|(name, _)| name.clone());
    let name = known.unwrap_or_else(|| work.runner_names.unique(&tags.join("-")));
    work.runners.insert(name.clone(), tags);
    build.push(node("runner").arg(&name));
}

fn allow_failure(work: &mut Work<'_>, body: &Node, by_rules: bool, build: &mut Build) {
    let entry = work.open(body, "allow_failure");
    let codes = entry.and_then(|e| work.open(&e.value, "exit_codes")).map(|e| e.value.texts().unwrap_or_default());
    if let Some(codes) = codes.filter(|c| !c.is_empty()) {
        build.push(node("allow-failure").child(codes.iter().fold(node("exit-codes"), |n, c| n.number(c))));
    } else if by_rules || entry.is_some_and(|e| e.value.truth() == Some(true)) {
        build.push(node("allow-failure"));
    }
}

fn environment(work: &mut Work<'_>, body: &Node, build: &mut Build) {
    let Some(entry) = work.open(body, "environment") else { return };
    let name = if entry.value.is_map() { work.open(&entry.value, "name") } else { Some(entry) };
    let url = work.open(&entry.value, "url");
    for key in ["on_stop", "auto_stop_in", "kubernetes"] {
        if let Some(lost) = entry.value.entry(key) {
            work.lose(lost, &format!("an environment of a job has no `{key}` in a spec"));
        }
    }
    let mut purpose = None;
    if let Some(action) = work.open(&entry.value, "action") {
        match action.value.text() {
            Some("start") => {}
            Some("prepare" | "verify" | "access") => {
                work.turn(action, "the job leaves no deployment behind: `purpose=verify`");
                purpose = Some("verify");
            }
            _ => work.lose(action, "an environment of a spec is stopped by nobody: what the job does is done"),
        }
    }
    let tier = work.open(&entry.value, "deployment_tier");
    let Some(theirs) = name.and_then(|e| e.value.text()) else { return };
    let Some(known) = work.literal(theirs) else {
        work.lose(entry, "a spec names the environment; a variable decides here, so the job is in none");
        return;
    };
    let theirs = known.as_str();
    let address = url.and_then(|e| e.value.text()).and_then(|u| work.literal(u));
    if let Some(url) = url.filter(|_| address.is_none()) {
        work.lose(url, "the address of an environment is fixed in a spec");
    }
    let names = &mut work.environment_names;
    let fresh = || Place { name: names.unique(theirs), url: None, tier: None, is_guessed: false };
    let place = work.environments.entry(theirs.to_owned()).or_insert_with(fresh);
    place.url = place.url.take().or(address);
    let ours = place.name.clone();
    if tier.is_none() && place.tier.is_none() {
        place.tier = guessed(theirs).map(str::to_owned);
        place.is_guessed = true;
    }
    if let Some(said) = tier {
        if place.is_guessed {
            (place.tier, place.is_guessed) = (None, false);
        }
        let own = said.value.text().filter(|t| TIERS.contains(t)).map(str::to_owned);
        place.tier = place.tier.take().or(own.clone());
        if own.is_none() || place.tier != own {
            work.lose(said, "an environment of a spec has one tier");
        }
    }
    if ours != theirs {
        work.mark(entry, Fate::Emulated(format!("the environment is called `{ours}`")));
    }
    build.push(node("environment").arg(&ours).maybe("purpose", purpose));
}

/// Tiers of an environment, which a spec has from GitLab (docs.gitlab.com, "Deployment tier of environments").
const TIERS: &[&str] = &["production", "staging", "testing", "development", "other"];

/// The tier that GitLab reads out of the name of an environment where nobody says one (docs.gitlab.com, "Deployment tier of environments").
fn guessed(name: &str) -> Option<&'static str> {
    const WORDS: &[(&str, &[&str])] = &[
        ("development", &["dev", "review", "trunk"]),
        ("testing", &["test", "tst", "int", "acpt", "accept", "qa", "qc", "control", "quality"]),
        ("staging", &["stg", "stag", "modl", "model", "pre", "demo", "non"]),
        ("production", &["prd", "prod", "live"]),
    ];
    let name = name.to_ascii_lowercase();
    WORDS.iter().find(|(_, words)| words.iter().any(|w| name.contains(w))).map(|(tier, _)| *tier)
}

/// `before_script` and `script` are one shell on GitLab, and so they are one step; `after_script` has its own.
fn script(work: &mut Work<'_>, job: &Job<'_>, build: &mut Build) {
    let body = job.body;
    let set = |work: &Work<'_>, of_after: bool| {
        let mut set = work.told.clone();
        set.extend(told::told_of_status(work, body, of_after));
        set
    };
    let own = set(work, false);
    let before = work.open(body, "before_script").map(|e| value::lines(work, e, &own)).unwrap_or_default();
    let main = work.open(body, "script").map(|e| value::lines(work, e, &own)).unwrap_or_default();
    let mut lines: Vec<String> = before.into_iter().chain(main).collect();
    if !lines.is_empty() {
        told::tell(work, &own, &mut lines);
        build.push(run(&lines));
    }
    if let Some(entry) = work.open(body, "after_script") {
        let own = set(work, true);
        let mut lines = value::lines(work, entry, &own);
        if !lines.is_empty() {
            told::tell(work, &own, &mut lines);
            build.push(node("finally").child(run(&lines)));
        }
    }
}
