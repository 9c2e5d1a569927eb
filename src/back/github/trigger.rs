//! `on:` of a workflow.
//!
//! GitHub has one entry for each event, so several clauses of the spec are put together. Where their union cannot be written (two path filters,
//! head branches, forks, merges, `?`), the entry takes more, and every job is asked again: see [`Emitted`].

use serde_json::{Map, Value, json};

use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::event::{
    Clause, ClauseKind, DEFAULT_PULL_REQUEST_TYPES, EventKind, Filter, Input, InputKind, InputValue, PathFilter, Pattern,
    PullRequestType,
};
use crate::ir::glob::{Glob, GlobPiece};
use crate::ir::job::Workflow;
use crate::ir::lang::Lang;

use super::domain::{same_files, takes};
use super::job::json_of;
use super::leaf::action;
use super::view::Trigger;

/// The events that zizmor finds dangerous whatever a workflow does (docs.zizmor.sh, "Audit rules", dangerous-triggers).
const DANGEROUS: &[&str] = &["issue_comment", "pull_request_target", "workflow_run"];

/// What a workflow file starts for.
pub(super) struct Emitted {
    /// The entries below `on:`.
    pub(super) on: Vec<Trigger>,
    /// The filter that they amount to.
    pub(super) filter: Filter,
    /// Whether it takes the same events as the spec's.
    pub(super) exact: bool,
}

/// Writes `on:`.
pub(super) fn emit(pipeline: &Pipeline, workflow: &Workflow) -> Emitted {
    let mut emitted = Emitted { on: Vec::new(), filter: Filter { clauses: Vec::new(), span: workflow.on.span }, exact: true };
    let clauses = |kind: EventKind| workflow.on.clauses.iter().filter(|c| takes(c, kind)).collect::<Vec<_>>();
    push(&clauses(EventKind::Push), &clauses(EventKind::Tag), &mut emitted);
    pull_request(&clauses(EventKind::PullRequest), &mut emitted);
    let schedules = clauses(EventKind::Schedule);
    if !schedules.is_empty() {
        let times = workflow.schedules.iter().map(|s| match s.timezone.as_ref().filter(|t| t.value != "UTC") {
            Some(zone) => json!({ "cron": s.cron.value.to_string(), "timezone": zone.value }),
            None => json!({ "cron": s.cron.value.to_string() }),
        });
        emitted.on.push(Trigger { times: times.collect(), ..Trigger::new("schedule", Map::new()) });
        emitted.filter.clauses.extend(schedules.into_iter().cloned());
    }
    if let [first, rest @ ..] = clauses(EventKind::Manual).as_slice() {
        let inputs: Map<String, Value> = workflow.inputs.iter().map(|i| (i.name.value.clone(), input(pipeline, i))).collect();
        let mut keys = Map::new();
        if !inputs.is_empty() {
            keys.insert("inputs".to_owned(), Value::Object(inputs));
        }
        emitted.on.push(Trigger::new("workflow_dispatch", keys));
        let all = pattern(Vec::new(), Vec::new());
        let named = |c: &Clause| matches!(&c.kind, ClauseKind::Manual { branches } if !branches.is_all());
        emitted.exact &= !std::iter::once(first).chain(rest).all(|c| named(c));
        emitted.filter.clauses.push(Clause { kind: ClauseKind::Manual { branches: all }, span: first.span });
    }
    if let [first, rest @ ..] = clauses(EventKind::Release).as_slice() {
        let keys = Map::from_iter([("types".to_owned(), json!(["published"]))]);
        emitted.on.push(Trigger::new("release", keys));
        let named = |c: &Clause| matches!(&c.kind, ClauseKind::Release { tags } if !tags.is_all());
        emitted.exact &= !std::iter::once(first).chain(rest).all(|c| named(c));
        let tags = pattern(Vec::new(), Vec::new());
        emitted.filter.clauses.push(Clause { kind: ClauseKind::Release { tags }, span: first.span });
    }
    for clause in &workflow.on.clauses {
        let ClauseKind::Raw(own) = &clause.kind else { continue };
        let keys = match json_of(&own.keys) {
            Value::Object(keys) => keys,
            // The words of the spec let nothing through but keys, or nothing.
            _ => Map::new(),
        };
        // The rule `stranger-code` has looked at every job.
        let is_told = DANGEROUS.contains(&own.name.value.as_str());
        let note = is_told.then_some("zizmor: ignore[dangerous-triggers] no job gets the code of a stranger");
        emitted.on.push(Trigger { note, ..Trigger::new(&own.name.value, keys) });
        emitted.filter.clauses.push(clause.clone());
    }
    emitted
}

fn push(branches: &[&Clause], tags: &[&Clause], emitted: &mut Emitted) {
    let mut keys = Map::new();
    let mut all_branches = false;
    if let [first, ..] = branches {
        let (names, exact) = united(branches, |c| match &c.kind {
            ClauseKind::Push { branches, .. } | ClauseKind::Branch { branches } => Some(branches),
            _ => None,
        });
        let (paths, same) = united_paths(branches);
        emitted.exact &= exact && same;
        all_branches = names.is_all();
        if !all_branches || tags.is_empty() {
            write_names("branches", &names, &mut keys);
        }
        if let Some(paths) = &paths {
            write_paths(paths, &mut keys);
        }
        emitted.filter.clauses.push(Clause { kind: ClauseKind::Push { branches: names, paths }, span: first.span });
    }
    if let [first, ..] = tags {
        let (names, exact) = united(tags, |c| if let ClauseKind::Tag { names } = &c.kind { Some(names) } else { None });
        emitted.exact &= exact;
        if !names.is_all() || !all_branches {
            write_names("tags", &names, &mut keys);
            if all_branches {
                keys.shift_insert(0, "branches".to_owned(), json!(["**"]));
            }
        }
        emitted.filter.clauses.push(Clause { kind: ClauseKind::Tag { names }, span: first.span });
    } else if all_branches && !keys.contains_key("branches") {
        keys.insert("branches".to_owned(), json!(["**"]));
    }
    if !(branches.is_empty() && tags.is_empty()) {
        emitted.on.push(Trigger::new("push", keys));
    }
}

fn pull_request(clauses: &[&Clause], emitted: &mut Emitted) {
    let [first, ..] = clauses else { return };
    let (names, exact) =
        united(clauses, |c| if let ClauseKind::PullRequest { targets, .. } = &c.kind { Some(targets) } else { None });
    let (paths, same) = united_paths(clauses);
    emitted.exact &= exact && same;
    let mut types: Vec<PullRequestType> = Vec::new();
    let mut lists: Vec<&Vec<PullRequestType>> = Vec::new();
    for clause in clauses {
        let ClauseKind::PullRequest { heads, types: own, exclude_forks, .. } = &clause.kind else { continue };
        emitted.exact &= heads.is_all() && !exclude_forks;
        lists.push(own);
        own.iter().for_each(|t| {
            if !types.contains(t) {
                types.push(*t)
            }
        });
    }
    emitted.exact &= lists.iter().all(|l| l.len() == types.len());
    // GitHub says `closed` for both.
    let ends = [PullRequestType::Closed, PullRequestType::Merged];
    let closed = ends.iter().filter(|t| types.contains(t)).count();
    emitted.exact &= closed != 1;
    if closed == 1 {
        ends.iter().for_each(|t| {
            if !types.contains(t) {
                types.push(*t)
            }
        });
    }
    let mut keys = Map::new();
    if !names.is_all() {
        write_names("branches", &names, &mut keys);
    }
    let usual = types.len() == DEFAULT_PULL_REQUEST_TYPES.len() && DEFAULT_PULL_REQUEST_TYPES.iter().all(|t| types.contains(t));
    if !usual {
        let mut words: Vec<&str> = types.iter().map(|t| action(*t)).collect();
        words.dedup();
        keys.insert("types".to_owned(), json!(words));
    }
    if let Some(paths) = &paths {
        write_paths(paths, &mut keys);
    }
    emitted.on.push(Trigger::new("pull_request", keys));
    let kind =
        ClauseKind::PullRequest { targets: names, heads: pattern(Vec::new(), Vec::new()), types, exclude_forks: false, paths };
    emitted.filter.clauses.push(Clause { kind, span: first.span });
}

/// One pattern for several clauses, and whether it is their union.
fn united(clauses: &[&Clause], part: fn(&Clause) -> Option<&Pattern>) -> (Pattern, bool) {
    let own: Vec<&Pattern> = clauses.iter().filter_map(|c| part(c)).collect();
    let all = own.iter().any(|p| p.include.is_empty());
    let mut include: Vec<Spanned<Glob>> = Vec::new();
    if !all {
        for glob in own.iter().flat_map(|p| &p.include).flat_map(written) {
            if !include.iter().any(|g| g.text() == glob.text()) {
                include.push(glob);
            }
        }
    }
    let in_all = |g: &Glob| own.iter().all(|p| p.except.iter().any(|e| e.text() == g.text()));
    let except = own.first().into_iter().flat_map(|p| &p.except).filter(|g| in_all(g) && is_written(g)).cloned().collect();
    let found = pattern(include, except);
    let wanted = Lang::union_all(own.iter().map(|p| &p.lang));
    let exact = wanted.is_ok_and(|w| w == found.lang);
    (found, exact)
}

/// The path filter that all clauses share, and whether they do.
fn united_paths(clauses: &[&Clause]) -> (Option<PathFilter>, bool) {
    let own: Vec<Option<&PathFilter>> = clauses.iter().map(|c| super::domain::paths_of(c)).collect();
    let first = own.first().copied().flatten();
    let same = own.iter().all(|p| match (p, first) {
        (None, None) => true,
        (Some(a), Some(b)) => same_files(a, b),
        _ => false,
    });
    (first.filter(|_| same).cloned(), same)
}

fn pattern(include: Vec<Spanned<Glob>>, except: Vec<Spanned<Glob>>) -> Pattern {
    let union = |globs: &[Spanned<Glob>]| {
        let langs: Vec<Lang> = globs.iter().map(|g| g.lang()).collect();
        Lang::union_all(&langs).unwrap_or_else(|_| Lang::empty())
    };
    let taken = if include.is_empty() { Lang::all() } else { union(&include) };
    let lang = taken.difference(&union(&except)).unwrap_or(taken);
    Pattern { include, except, lang }
}

/// Globs that GitHub can be told, and that together take at least what this one takes: it has no braces, and no sign for one character.
fn written(glob: &Spanned<Glob>) -> Vec<Spanned<Glob>> {
    let mut found = Vec::new();
    for one in glob.expand_braces() {
        if is_written(&one) {
            found.push(Spanned::new(one, glob.span));
            continue;
        }
        let wide: String = one
            .pieces()
            .iter()
            .map(|piece| match piece {
                GlobPiece::Literal(text) => escaped(text, |c| format!("[{c}]")),
                GlobPiece::AnyRun => "**".to_owned(),
                GlobPiece::AnyFolders => "**/".to_owned(),
                GlobPiece::AnyInSegment | GlobPiece::OneChar | GlobPiece::Class(_) | GlobPiece::Alternatives(_) => "*".to_owned(),
            })
            .collect();
        let wide = wide.replace("***", "**").replace("***", "**").replace("***", "**");
        found.extend(Glob::parse(&wide).ok().map(|g| Spanned::new(g, glob.span)));
    }
    found
}

fn is_written(glob: &Glob) -> bool {
    glob.pieces().iter().all(|piece| match piece {
        GlobPiece::OneChar | GlobPiece::Alternatives(_) => false,
        GlobPiece::Class(ranges) => ranges.iter().all(|(a, b)| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric()),
        GlobPiece::Literal(_) | GlobPiece::AnyInSegment | GlobPiece::AnyRun | GlobPiece::AnyFolders => true,
    })
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> String {
    text.chars().map(|c| if "*?+[]{}!\\".contains(c) { escape(c) } else { c.to_string() }).collect()
}

/// A glob in GitHub's words: `?` and `+` repeat what stands before them there, and a backslash escapes.
fn text_of(glob: &Glob) -> String {
    let mut out = String::new();
    for piece in glob.pieces() {
        match piece {
            GlobPiece::Literal(text) => {
                out.push_str(
                    &text
                        .chars()
                        .map(|c| if "*?+[]!\\".contains(c) { format!("\\{c}") } else { c.to_string() })
                        .collect::<String>(),
                );
            }
            GlobPiece::AnyRun => out.push_str("**"),
            GlobPiece::AnyFolders => out.push_str("**/"),
            GlobPiece::AnyInSegment | GlobPiece::OneChar | GlobPiece::Alternatives(_) => out.push('*'),
            GlobPiece::Class(ranges) => {
                out.push('[');
                ranges.iter().for_each(|(a, b)| if a == b { out.push(*a) } else { out.push_str(&format!("{a}-{b}")) });
                out.push(']');
            }
        }
    }
    out
}

fn write_names(key: &str, names: &Pattern, keys: &mut Map<String, Value>) {
    let except: Vec<String> = names.except.iter().map(|g| text_of(g)).collect();
    if names.include.is_empty() && !except.is_empty() {
        keys.insert(format!("{key}-ignore"), json!(except));
        return;
    }
    let include = names.include.iter().map(|g| text_of(g)).collect::<Vec<_>>();
    let include = if include.is_empty() { vec!["**".to_owned()] } else { include };
    // The order matters to GitHub: what stands last wins.
    let all: Vec<String> = include.into_iter().chain(except.into_iter().map(|e| format!("!{e}"))).collect();
    keys.insert(key.to_owned(), json!(all));
}

fn write_paths(paths: &PathFilter, keys: &mut Map<String, Value>) {
    let spread = |globs: &[Spanned<Glob>]| globs.iter().flat_map(|g| g.expand_braces()).map(|g| text_of(&g)).collect::<Vec<_>>();
    let except = spread(&paths.pattern.except);
    if paths.pattern.include.is_empty() {
        keys.insert("paths-ignore".to_owned(), json!(except));
        return;
    }
    let all = spread(&paths.pattern.include).into_iter().chain(except.into_iter().map(|e| format!("!{e}")));
    keys.insert("paths".to_owned(), json!(all.collect::<Vec<_>>()));
}

fn input(pipeline: &Pipeline, input: &Input) -> Value {
    let mut keys = Map::new();
    if let Some(text) = &input.description {
        keys.insert("description".to_owned(), json!(text));
    }
    let (kind, options): (&str, Vec<String>) = match &input.kind {
        InputKind::String => ("string", Vec::new()),
        InputKind::Boolean => ("boolean", Vec::new()),
        InputKind::Number => ("number", Vec::new()),
        InputKind::Choice(options) => ("choice", options.iter().map(|o| o.value.clone()).collect()),
        InputKind::Environment => ("choice", pipeline.environments.iter().map(|e| e.name.value.clone()).collect()),
    };
    keys.insert("type".to_owned(), json!(kind));
    if !options.is_empty() {
        keys.insert("options".to_owned(), json!(options));
    }
    if input.required {
        keys.insert("required".to_owned(), json!(true));
    }
    if let Some(default) = &input.default {
        let value = match &default.value {
            InputValue::Bool(value) => json!(value),
            InputValue::String(text) => json!(text),
            InputValue::Number(number) => serde_json::from_str(&number.to_string()).unwrap_or_else(|_| json!(number.to_string())),
        };
        keys.insert("default".to_owned(), value);
    }
    Value::Object(keys)
}
