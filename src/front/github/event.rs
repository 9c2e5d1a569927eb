//! `on:` of a workflow.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::Names;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};
use crate::ir::cron::Cron;

use super::foreign::Foreign;
use super::work::Work;

/// Why an event is not carried.
fn unknown(event: &str) -> String {
    format!("GitHub's pages have no event `{event}`")
}

/// The `on` node, without the events that only GitHub has: those are gathered in `foreign`.
pub(super) fn on(work: &mut Work<'_, '_>, entry: &Entry, workflow: &str, foreign: &mut Foreign) -> Build {
    work.mark(entry, Fate::Exact);
    let mut events = node("on");
    if let Some(words) = entry.value.texts() {
        for word in words {
            match plain(word) {
                Some(nodes) => nodes.iter().for_each(|n| events.push(node(n))),
                None if word == "workflow_call" && work.library.has_callers(entry.span.source) => {
                    work.mark(entry, Fate::Emulated("the jobs are written where they are called".to_owned()));
                }
                None if foreign.word(work, entry, word) => {}
                None => work.mark(entry, Fate::Lost(unknown(word))),
            }
        }
    }
    for event in entry.value.entries() {
        work.mark(event, Fate::Exact);
        let comments = work.comments(event);
        let before = events.0.children.as_ref().map_or(0, Vec::len);
        match event.key.as_str() {
            "push" => push(work, &event.value, &mut events),
            "pull_request" => pull_request(work, &event.value, &mut events),
            "schedule" => schedule(work, &event.value, workflow, &mut events),
            "workflow_dispatch" => events.push(manual(work, &event.value)),
            "release" => release(work, event, &mut events),
            "workflow_call" if work.library.has_callers(event.span.source) => {
                event.mark_all(work.ledger, &Fate::Emulated("the jobs are written where they are called".to_owned()));
            }
            _ if foreign.event(work, event, comments.clone()) => continue,
            other => work.lose(event, &unknown(other)),
        }
        if let Some(first) = events.0.children.iter_mut().flatten().nth(before) {
            first.comments.extend(comments.into_iter().map(Into::into));
        }
    }
    events
}

fn plain(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "push" => &["push", "tag"],
        "pull_request" => &["pull-request"],
        "workflow_dispatch" => &["manual"],
        _ => return None,
    })
}

/// Patterns of a filter: what is taken and what is left out.
#[derive(Default)]
struct Patterns {
    takes: Vec<String>,
    leaves: Vec<String>,
}

/// Reads the patterns of a key. What a spec's globs cannot say marks the key.
fn patterns(work: &mut Work<'_, '_>, entry: &Entry) -> Patterns {
    let mut found = Patterns::default();
    let Some(texts) = entry.value.texts() else {
        work.lose(entry, "a list of patterns is expected here");
        return found;
    };
    for text in texts {
        if text == "$default-branch" {
            let why = "the placeholder of a template is the default branch of the spec";
            work.mark(entry, Fate::Emulated(why.to_owned()));
            found.takes.push("main".to_owned());
            continue;
        }
        let (list, pattern) = match text.strip_prefix('!') {
            Some(pattern) => (&mut found.leaves, pattern),
            None if found.leaves.is_empty() => (&mut found.takes, text),
            None => {
                work.mark(entry, Fate::Lost(format!("`{text}` stands behind an exclusion, which always wins in a spec")));
                continue;
            }
        };
        let (glob, exact) = glob(pattern);
        if !exact {
            work.mark(
                entry,
                Fate::Lost(format!("`{pattern}` became `{glob}`, which takes more: globs of a spec do not count characters")),
            );
        }
        list.push(glob);
    }
    found
}

/// A pattern of GitHub as a glob of a spec, and whether it takes the same. `+` and `?` repeat what is before them there.
fn glob(pattern: &str) -> (String, bool) {
    let mut out = String::new();
    let mut exact = true;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(next @ ('*' | '+' | '?' | '!')) if next == '+' || next == '!' => out.push(next),
                _ => exact = false,
            },
            '+' => {
                exact = false;
                out.push('*');
            }
            '?' => {
                exact = false;
                out.push('*');
            }
            c => out.push(c),
        }
    }
    while out.contains("***") {
        out = out.replace("***", "**");
    }
    (out, exact)
}

fn filter(mut build: Build, except: &[String], paths: &Patterns) -> Build {
    for (word, list) in [("except", except), ("paths", paths.takes.as_slice()), ("ignore-paths", paths.leaves.as_slice())] {
        if !list.is_empty() {
            build.push(node(word).args(list));
        }
    }
    build
}

/// What `branches` and `branches-ignore` (or `tags` and its like) say together; `None` where neither stands.
fn names(work: &mut Work<'_, '_>, map: &Node, word: &str) -> Option<Patterns> {
    let takes = work.open(map, word).map(|e| patterns(work, e));
    let ignores = work.open(map, &format!("{word}-ignore")).map(|e| patterns(work, e));
    match (takes, ignores) {
        (None, None) => None,
        (takes, ignores) => {
            let mut all = takes.unwrap_or_default();
            all.leaves.extend(ignores.map(|i| i.takes).unwrap_or_default());
            Some(all)
        }
    }
}

fn paths(work: &mut Work<'_, '_>, map: &Node) -> Patterns {
    names(work, map, "paths").unwrap_or_default()
}

fn push(work: &mut Work<'_, '_>, map: &Node, events: &mut Build) {
    let branches = names(work, map, "branches");
    let tags = names(work, map, "tags");
    let paths = paths(work, map);
    let both = branches.is_none() && tags.is_none();
    if both || branches.is_some() {
        let own = branches.unwrap_or_default();
        events.push(filter(node("push").args(&own.takes), &own.leaves, &paths));
    }
    if both || tags.is_some() {
        let own = tags.unwrap_or_default();
        events.push(filter(node("tag").args(&own.takes), &own.leaves, &Patterns::default()));
    }
}

/// Words of `types` by GitHub's.
const TYPES: &[(&str, &[&str])] = &[
    ("opened", &["opened"]),
    ("synchronize", &["updated"]),
    ("reopened", &["reopened"]),
    ("closed", &["closed", "merged"]),
    ("ready_for_review", &["ready"]),
    ("labeled", &["labeled"]),
];

fn pull_request(work: &mut Work<'_, '_>, map: &Node, events: &mut Build) {
    let branches = names(work, map, "branches").unwrap_or_default();
    let paths = paths(work, map);
    let mut build = filter(node("pull-request").args(&branches.takes), &branches.leaves, &paths);
    if let Some(entry) = work.open(map, "types") {
        let mut words = Vec::new();
        for theirs in entry.value.texts().unwrap_or_default() {
            match TYPES.iter().find(|(t, _)| *t == theirs) {
                Some((_, ours)) => words.extend_from_slice(ours),
                None => work.mark(entry, Fate::Lost(format!("a spec has no word for the type `{theirs}`"))),
            }
        }
        if words.is_empty() {
            return;
        }
        let usual = ["opened", "updated", "reopened"];
        if !(words.len() == usual.len() && usual.iter().all(|u| words.contains(u))) {
            build.push(node("types").args(words));
        }
    }
    events.push(build);
}

/// What stands in the templates of docs.github.com, "Creating starter workflows", for a time that GitHub chooses.
const PLACEHOLDERS: &[(&str, &str)] =
    &[("$cron-daily", "17 4 * * *"), ("$cron-weekly", "17 4 * * 1"), ("$cron-monthly", "17 4 1 * *")];

fn schedule(work: &mut Work<'_, '_>, list: &Node, workflow: &str, events: &mut Build) {
    for item in list.items() {
        let Some(cron) = work.open(item, "cron") else { continue };
        let filled = PLACEHOLDERS.iter().find(|(name, _)| cron.value.text() == Some(name));
        if let Some((name, time)) = filled {
            work.mark(cron, Fate::Emulated(format!("GitHub fills `{name}` with a time of its choice: here `{time}`")));
        }
        let text = filled.map(|(_, time)| *time).or_else(|| cron.value.text());
        let Some(time) = text.filter(|t| Cron::parse(t).is_ok()) else {
            work.lose(cron, "it is no time of five fields; a template's placeholder is filled in before the import");
            continue;
        };
        let name = work.declared.schedules.unique(workflow);
        let mut build = node("schedule").arg(&name).arg(time);
        if let Some(zone) = work.open(item, "timezone") {
            build = build.maybe("timezone", zone.value.text());
        }
        let comments = work.comments(cron);
        events.push(build.comments(comments));
    }
}

/// Types of a release that `published` takes, and what it takes beside: docs.github.com, "Events that trigger workflows". A draft starts nothing.
const PUBLISHED: &[(&str, &str)] =
    &[("published", ""), ("released", "pre-releases"), ("created", "releases that were a draft first")];

fn release(work: &mut Work<'_, '_>, event: &Entry, events: &mut Build) {
    let Some(types) = work.open(&event.value, "types") else {
        work.mark(event, Fate::Lost("it started for every change of a release; a spec has `release published`".to_owned()));
        return events.push(node("release").arg("published"));
    };
    let words = types.value.texts().unwrap_or_default();
    for word in words.iter().filter(|w| !PUBLISHED.iter().any(|(known, _)| known == *w)) {
        work.mark(types, Fate::Lost(format!("a spec has no word for the type `{word}` of a release")));
    }
    let more = PUBLISHED.iter().filter(|(word, more)| !more.is_empty() && words.contains(word));
    more.for_each(|(_, more)| work.mark(types, Fate::Emulated(format!("`published` takes {more}, too"))));
    if words.iter().any(|w| PUBLISHED.iter().any(|(known, _)| known == w)) {
        events.push(node("release").arg("published"));
    }
}

fn manual(work: &mut Work<'_, '_>, map: &Node) -> Build {
    let mut build = node("manual");
    let Some(inputs) = work.open(map, "inputs") else { return build };
    let mut used = Names::default();
    for input in inputs.value.entries() {
        work.mark(input, Fate::Exact);
        let comments = work.comments(input);
        let name = used.unique(&input.key);
        if name != input.key {
            work.mark(input, Fate::Emulated(format!("the input is called `{name}`")));
        }
        let kind = work.open(&input.value, "type").and_then(|e| e.value.text()).unwrap_or("string").to_owned();
        work.scope.inputs.insert(input.key.clone(), (name.clone(), kind == "boolean"));
        let mut own = node("input").arg(&name);
        if kind != "string" {
            own = own.prop("type", &kind);
        }
        let default = work.open(&input.value, "default").and_then(|e| e.value.text()).map(str::to_owned);
        let required = work.open(&input.value, "required").and_then(|e| e.value.truth()) == Some(true);
        own = match default {
            Some(plain) if matches!(kind.as_str(), "boolean" | "number") => own.value("default", &plain),
            Some(text) => own.prop("default", &text),
            None => own,
        };
        if required && own.0.entries.iter().all(|e| e.name.as_ref().is_none_or(|n| n.text != "default")) {
            own = own.arg("required");
        }
        if let Some(entry) = work.open(&input.value, "description") {
            own = own.maybe("description", entry.value.text());
        }
        if let Some(entry) = work.open(&input.value, "options") {
            own.push(node("option").args(entry.value.texts().unwrap_or_default()));
        }
        build.push(own.comments(comments));
    }
    build
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_that_count_take_more() {
        assert_eq!(glob("release/**"), ("release/**".to_owned(), true));
        assert_eq!(glob("v[0-9]+.[0-9]+"), ("v[0-9]*.[0-9]*".to_owned(), false));
        assert_eq!(glob(r"c\+\+"), ("c++".to_owned(), true));
    }
}
