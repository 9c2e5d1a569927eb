//! Whether a job is there for an event, decided by its own build: a batch runs every build of its graph.

use crate::back::aws::expr;
use crate::back::aws::place::{Place, RUN_EVENT};
use crate::back::shell::single_quoted;
use crate::back::variables::{Value, Variables};
use crate::ir::event::{ClauseKind, EventKind, Filter, Pattern, PullRequestType};
use crate::ir::text::{CommitField, Context, PrField};
use crate::plan::start::Start;

/// A test that succeeds if the job is there; none where it always is.
pub(in crate::back) struct Guard {
    /// The test.
    pub(super) test: String,
    /// Contexts that it reads.
    pub(super) contexts: Vec<Context>,
}

/// The guard of a job that takes part in some starts of its workflow. `decided` are those for which somebody else decides.
pub(in crate::back) fn of_job(place: &Place<'_>, starts: &[Start<'_>], decided: &dyn Fn(&Start<'_>) -> bool) -> Option<Guard> {
    let mut contexts = Vec::new();
    let mine: Vec<&Start<'_>> = starts.iter().filter(|s| s.has(place.job)).collect();
    let mut tests: Vec<String> = Vec::new();
    let mut kinds: Vec<EventKind> = Vec::new();
    for start in &mine {
        if start.always_has(place.job) || decided(start) || kinds.contains(&start.kind) {
            continue;
        }
        kinds.push(start.kind);
        let mut all: Vec<String> = place.job.filters.iter().filter_map(|f| filter(f, start.kind, place, &mut contexts)).collect();
        if let Some(condition) = &place.job.job.condition {
            contexts.extend(condition.contexts().into_iter().map(|c| c.value));
            all.push(expr::operand(condition, place));
        }
        if all.is_empty() {
            continue;
        }
        let all = all.join(" && ");
        let other = mine.iter().any(|s| s.kind != start.kind);
        tests.push(match (other, all.contains(" && ")) {
            (false, _) => all,
            (true, false) => format!("{{ [ \"${RUN_EVENT}\" != {} ] || {all}; }}", start.kind.word()),
            (true, true) => format!("{{ [ \"${RUN_EVENT}\" != {} ] || {{ {all}; }}; }}", start.kind.word()),
        });
    }
    (!tests.is_empty()).then(|| Guard { test: tests.join(" && "), contexts })
}

/// A filter on one kind of event; none where it takes all of that kind, `false` where it takes none.
fn filter(filter: &Filter, kind: EventKind, place: &Place<'_>, contexts: &mut Vec<Context>) -> Option<String> {
    let mut any: Vec<String> = Vec::new();
    for clause in &filter.clauses {
        let tests: Vec<String> = match (&clause.kind, kind) {
            (ClauseKind::Push { branches, .. } | ClauseKind::Branch { branches }, EventKind::Push)
            | (ClauseKind::Branch { branches } | ClauseKind::Manual { branches }, EventKind::Manual)
            | (ClauseKind::Branch { branches }, EventKind::Schedule) => {
                names(branches, Context::Commit(CommitField::Branch), place, contexts)
            }
            (ClauseKind::Tag { names: tags }, EventKind::Tag) => names(tags, Context::Commit(CommitField::Tag), place, contexts),
            (ClauseKind::PullRequest { targets, heads, types, .. }, EventKind::PullRequest) => {
                let mut tests = names(targets, Context::Pr(PrField::Target), place, contexts);
                tests.extend(names(heads, Context::Pr(PrField::Source), place, contexts));
                tests.extend(pull_request_types(types, place));
                tests
            }
            (ClauseKind::Schedule { .. }, EventKind::Schedule) => Vec::new(),
            _ => continue,
        };
        if tests.is_empty() {
            return None;
        }
        any.push(tests.join(" && "));
    }
    match any.as_slice() {
        [] => Some("false".to_owned()),
        [only] => Some(only.clone()),
        several => {
            let parts: Vec<String> =
                several.iter().map(|t| if t.contains(" && ") { format!("{{ {t}; }}") } else { t.clone() }).collect();
            Some(format!("{{ {}; }}", parts.join(" || ")))
        }
    }
}

fn names(pattern: &Pattern, context: Context, place: &Place<'_>, contexts: &mut Vec<Context>) -> Vec<String> {
    if pattern.is_all() {
        return Vec::new();
    }
    let variable = match place.value(&context) {
        Value::Fixed(text) => single_quoted(&text),
        Value::Variable(name) | Value::Derived(name, _) => format!("\"${name}\""),
    };
    contexts.push(context);
    let mut tests = Vec::new();
    if let [only] = pattern.include.as_slice()
        && let Some(name) = only.value.is_literal()
    {
        tests.push(format!("[ {variable} = {} ]", single_quoted(name)));
    } else if !pattern.include.is_empty() {
        let regex = union(pattern.include.iter().map(|g| g.value.to_regex()));
        tests.push(format!("printf '%s\\n' {variable} | grep -Eq {}", single_quoted(&regex)));
    }
    if !pattern.except.is_empty() {
        let regex = union(pattern.except.iter().map(|g| g.value.to_regex()));
        tests.push(format!("! printf '%s\\n' {variable} | grep -Eq {}", single_quoted(&regex)));
    }
    tests
}

/// One anchored expression for several.
pub(in crate::back) fn union(regexes: impl Iterator<Item = String>) -> String {
    let bare: Vec<String> = regexes.map(|r| r.trim_start_matches('^').strip_suffix('$').unwrap_or(&r).to_owned()).collect();
    match bare.as_slice() {
        [only] => format!("^{only}$"),
        several => format!("^({})$", several.join("|")),
    }
}

/// The events of a webhook for what a pull request did.
pub(in crate::back) fn webhook_event(kind: PullRequestType) -> Option<&'static str> {
    match kind {
        PullRequestType::Opened => Some("PULL_REQUEST_CREATED"),
        PullRequestType::Updated => Some("PULL_REQUEST_UPDATED"),
        PullRequestType::Reopened => Some("PULL_REQUEST_REOPENED"),
        PullRequestType::Closed => Some("PULL_REQUEST_CLOSED"),
        PullRequestType::Merged => Some("PULL_REQUEST_MERGED"),
        PullRequestType::Ready | PullRequestType::Labeled => None,
    }
}

/// A test on what happened to the pull request; none where the job takes all that starts the workflow.
fn pull_request_types(types: &[PullRequestType], place: &Place<'_>) -> Option<String> {
    let starting = place.workflow.workflow.on.clauses.iter().flat_map(|c| match &c.kind {
        ClauseKind::PullRequest { types, .. } => types.as_slice(),
        _ => &[],
    });
    if starting.into_iter().all(|t| types.contains(t)) {
        return None;
    }
    let words: Vec<&str> = types.iter().filter_map(|t| webhook_event(*t)).collect();
    Some(format!("printf '%s\\n' \"$CODEBUILD_WEBHOOK_EVENT\" | grep -Eqx '{}'", words.join("|")))
}
