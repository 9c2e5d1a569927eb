//! Filters and conditions as tests of bash, for what no expression of GitHub can say exactly: `[[ ]]` compares with case and knows regular
//! expressions.

use std::collections::BTreeMap;

use crate::ir::event::{Clause, ClauseKind, EventKind, Filter, PathFilter, Pattern, PullRequestType, Schedule};
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal};
use crate::ir::glob::{Glob, GlobPiece};
use crate::ir::raw::{RunsOn, runs_on};
use crate::ir::text::{CommitField, Context, PrField, RepositoryField, RunField};

use super::leaf::{action, cron, event_name};
use crate::back::shell::single_quoted;

/// Writes tests, and remembers which variables their step must be given.
pub(super) struct Bash<'a> {
    /// What starts the workflow.
    pub(super) on: &'a Filter,
    /// The workflow's schedules.
    pub(super) schedules: &'a [Schedule],
    /// The default branch.
    pub(super) default_branch: &'a str,
    /// Whether `paths` are compared too; otherwise they count as touched.
    pub(super) with_paths: bool,
    /// Variables of the step, with their expressions.
    pub(super) env: BTreeMap<String, String>,
    /// What an input is on this workflow, as an expression.
    pub(super) input: &'a dyn Fn(&str) -> String,
    /// What else is known where the test stands.
    pub(super) given: Vec<Given>,
}

/// A context that a test may ask.
pub(super) struct Given {
    pub(super) context: Context,
    /// What stands for it in a test.
    pub(super) word: String,
    /// The variable that the step is given for it, with its expression.
    pub(super) variable: Option<(String, String)>,
}

impl Bash<'_> {
    /// A command that succeeds if all filters take the event and all conditions hold.
    pub(super) fn all(&mut self, filters: &[&Filter], exprs: &[&Expr]) -> String {
        let filters: Vec<String> = filters.iter().map(|f| self.filter(f)).collect();
        let exprs: Vec<String> = exprs.iter().map(|e| self.expr(e)).collect();
        joined(filters.into_iter().chain(exprs).filter(|t| t != "true").collect(), " && ", "true")
    }

    fn filter(&mut self, filter: &Filter) -> String {
        let clauses: Vec<String> = filter.clauses.iter().map(|c| self.clause(c)).collect();
        let long = clauses.iter().map(String::len).sum::<usize>() > 100;
        joined(clauses, if long { " ||\n  " } else { " || " }, "false")
    }

    fn clause(&mut self, clause: &Clause) -> String {
        let event = |kind: EventKind| format!("$GITHUB_EVENT_NAME == {}", event_name(kind));
        match &clause.kind {
            ClauseKind::Push { branches, paths } => {
                let named = pattern("$GITHUB_REF", "refs/heads/", branches);
                self.with_files(vec![event(EventKind::Push), named], paths.as_ref())
            }
            ClauseKind::Tag { names } => test(vec![event(EventKind::Tag), pattern("$GITHUB_REF", "refs/tags/", names)]),
            ClauseKind::Release { tags } => test(vec![event(EventKind::Release), pattern("$GITHUB_REF", "refs/tags/", tags)]),
            ClauseKind::Manual { branches } => {
                test(vec![event(EventKind::Manual), pattern("$GITHUB_REF", "refs/heads/", branches)])
            }
            ClauseKind::Raw(own) => test(vec![format!("$GITHUB_EVENT_NAME == {}", own.name.value)]),
            ClauseKind::Branch { branches } => {
                let not = format!("$GITHUB_EVENT_NAME != {}", event_name(EventKind::PullRequest));
                let mut all = vec![not];
                all.extend(self.unsure());
                all.push(pattern("$GITHUB_REF", "refs/heads/", branches));
                test(all)
            }
            ClauseKind::Schedule { names } => {
                let crons: Vec<String> = self
                    .schedules
                    .iter()
                    .filter(|s| names.is_empty() || names.iter().any(|n| n.value == s.name.value))
                    .map(|s| format!("$SCHEDULE == {}", single_quoted(&cron(s))))
                    .collect();
                if crons.len() == self.schedules.len() {
                    return test(vec![event(EventKind::Schedule)]);
                }
                self.env.insert("SCHEDULE".into(), "${{ github.event.schedule }}".into());
                test(vec![event(EventKind::Schedule), format!("( {} )", crons.join(" || "))])
            }
            ClauseKind::PullRequest { targets, heads, types, exclude_forks, paths } => {
                let mut all = vec![
                    event(EventKind::PullRequest),
                    pattern("$GITHUB_BASE_REF", "", targets),
                    pattern("$GITHUB_HEAD_REF", "", heads),
                    self.types(types),
                ];
                if *exclude_forks {
                    self.env.insert("HEAD_REPOSITORY".into(), "${{ github.event.pull_request.head.repo.full_name }}".into());
                    all.push("$HEAD_REPOSITORY == \"$GITHUB_REPOSITORY\"".into());
                }
                self.with_files(all, paths.as_ref())
            }
        }
    }

    /// That it is none of the events of GitHub's own whose ref the spec has no name for.
    fn unsure(&self) -> Vec<String> {
        let own =
            self.on.clauses.iter().filter_map(|c| if let ClauseKind::Raw(own) = &c.kind { Some(&own.name.value) } else { None });
        own.filter(|name| runs_on(name) != Some(RunsOn::Default)).map(|name| format!("$GITHUB_EVENT_NAME != {name}")).collect()
    }

    /// What a pull request may have done when GitHub starts the workflow: `closed` comes with and without a merge.
    fn delivered(&self) -> Vec<PullRequestType> {
        let mut found = Vec::new();
        for clause in &self.on.clauses {
            if let ClauseKind::PullRequest { types, .. } = &clause.kind {
                found.extend(types);
            }
        }
        let ends = [PullRequestType::Closed, PullRequestType::Merged];
        if found.iter().any(|t| ends.contains(t)) {
            found.extend(ends);
        }
        found
    }

    fn types(&mut self, types: &[PullRequestType]) -> String {
        if types.is_empty() || self.delivered().iter().all(|t| types.contains(t)) {
            return String::new();
        }
        self.env.insert("ACTION".into(), "${{ github.event.action }}".into());
        let merged = |flag: bool| format!("( $ACTION == closed && $MERGED == {flag} )");
        let one: Vec<String> = types
            .iter()
            .map(|t| match t {
                PullRequestType::Merged => merged(true),
                PullRequestType::Closed => merged(false),
                other => format!("$ACTION == {}", action(*other)),
            })
            .collect();
        if one.iter().any(|t| t.contains("$MERGED")) {
            self.env.insert("MERGED".into(), "${{ github.event.pull_request.merged }}".into());
        }
        if one.len() == 1 { one.concat() } else { format!("( {} )", one.join(" || ")) }
    }

    fn with_files(&mut self, tests: Vec<String>, paths: Option<&PathFilter>) -> String {
        let named = test(tests);
        match paths.filter(|_| self.with_paths) {
            Some(paths) => joined(vec![named, changed(paths)], " && ", "true"),
            None => named,
        }
    }

    /// A command that succeeds if a condition on the event holds.
    pub(super) fn expr(&mut self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Literal(Literal::Bool(value)) => value.to_string(),
            ExprKind::Literal(_) => "false".into(),
            ExprKind::Context(context) => match self.value(context) {
                Some((value, _)) => format!("[[ {value} == true ]]"),
                None => "false".into(),
            },
            ExprKind::Not(a) => format!("! {}", grouped(self.expr(a))),
            ExprKind::And(a, b) => joined(vec![self.expr(a), self.expr(b)], " && ", "true"),
            ExprKind::Or(a, b) => joined(vec![self.expr(a), self.expr(b)], " || ", "false"),
            ExprKind::Matches(a, glob) if is_event(a) => {
                let own = self.on.clauses.iter().filter_map(|c| match &c.kind {
                    ClauseKind::Raw(own) => Some(own.name.value.as_str()),
                    _ => None,
                });
                let kinds = EventKind::ALL.iter().filter(|(_, kind)| *kind != EventKind::Raw).map(|(word, _)| *word);
                let words = kinds.chain(own).filter(|word| glob.value.matches(word));
                joined(words.map(event_is).collect(), " || ", "false")
            }
            ExprKind::In(a, list) if is_event(a) => {
                joined(list.iter().map(|l| event_is(&l.value.shown())).collect(), " || ", "false")
            }
            ExprKind::Matches(a, glob) => self.compare(a, &|value, prefix| format!("{value} =~ ^{prefix}{}$", ere(glob)), false),
            ExprKind::In(a, list) => {
                let one = |value: &str, prefix: &str| {
                    let all: Vec<String> = list.iter().map(|l| format!("{value} == {}", word(prefix, &l.value))).collect();
                    if all.len() == 1 { all.concat() } else { format!("( {} )", all.join(" || ")) }
                };
                self.compare(a, &one, false)
            }
            ExprKind::Compare(how, a, b) => {
                let (a, b) = if matches!(a.kind, ExprKind::Literal(_)) { (b, a) } else { (a, b) };
                let ExprKind::Literal(literal) = &b.kind else { return "false".into() };
                if let (true, Literal::String(word)) = (is_event(a), literal) {
                    let is = event_is(word);
                    return if *how == Comparison::NotEqual { format!("! {is}") } else { is };
                }
                self.compare(a, &|value, prefix| format!("{value} == {}", word(prefix, literal)), *how == Comparison::NotEqual)
            }
        }
    }

    fn compare(&mut self, subject: &Expr, test: &dyn Fn(&str, &str) -> String, negate: bool) -> String {
        let ExprKind::Context(context) = &subject.kind else { return "false".into() };
        let Some((value, prefix)) = self.value(context) else { return negate.to_string() };
        let mut guard = String::new();
        if *context == Context::Commit(CommitField::Branch) {
            guard.push_str("$GITHUB_EVENT_NAME != pull_request && ");
        }
        if matches!(context, Context::Commit(_) | Context::Pr(_)) {
            self.unsure().iter().for_each(|test| guard.push_str(&format!("{test} && ")));
        }
        let test = format!("[[ {guard}{} ]]", test(&value, prefix));
        if negate { format!("! {test}") } else { test }
    }

    fn value(&mut self, context: &Context) -> Option<(String, &'static str)> {
        match context {
            Context::Commit(CommitField::Branch) => Some(("$GITHUB_REF".into(), "refs/heads/")),
            Context::Commit(CommitField::Tag) => Some(("$GITHUB_REF".into(), "refs/tags/")),
            Context::Commit(CommitField::Ref) => Some(("$GITHUB_REF_NAME".into(), "")),
            Context::Pr(PrField::Source) => Some(("$GITHUB_HEAD_REF".into(), "")),
            Context::Pr(PrField::Target) => Some(("$GITHUB_BASE_REF".into(), "")),
            Context::Repository(RepositoryField::DefaultBranch) => Some((single_quoted(self.default_branch), "")),
            Context::Input(name) => {
                let variable = format!("INPUT_{}", crate::back::variables::upper(name));
                self.env.insert(variable.clone(), (self.input)(name));
                Some((format!("${variable}"), ""))
            }
            _ => {
                let given = self.given.iter().find(|g| g.context == *context)?;
                self.env.extend(given.variable.clone());
                Some((given.word.clone(), ""))
            }
        }
    }
}

fn is_event(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Context(Context::Run(RunField::Event)))
}

fn event_is(word: &str) -> String {
    match EventKind::parse(word) {
        Some(EventKind::Push) => "[[ $GITHUB_EVENT_NAME == push && $GITHUB_REF_TYPE == branch ]]".into(),
        Some(EventKind::Tag) => "[[ $GITHUB_EVENT_NAME == push && $GITHUB_REF_TYPE == tag ]]".into(),
        Some(kind) => format!("[[ $GITHUB_EVENT_NAME == {} ]]", event_name(kind)),
        // The types of conditions let no other word through than the name of an event of GitHub's own.
        None => format!("[[ $GITHUB_EVENT_NAME == {word} ]]"),
    }
}

fn word(prefix: &str, literal: &Literal) -> String {
    match literal {
        Literal::String(text) => single_quoted(&format!("{prefix}{text}")),
        Literal::Bool(value) => value.to_string(),
        Literal::Number(number) => number.to_string(),
        Literal::Duration(duration) => duration.seconds.to_string(),
    }
}

fn joined(mut tests: Vec<String>, sign: &str, none: &str) -> String {
    if tests.len() > 1 {
        return tests.into_iter().map(grouped).collect::<Vec<_>>().join(sign);
    }
    tests.pop().unwrap_or_else(|| none.to_owned())
}

/// A list of commands as one.
fn grouped(command: String) -> String {
    let outside = command.split("]]").any(|piece| piece.split("[[").next().is_some_and(|p| p.contains("&&") || p.contains("||")));
    let is_group = command.starts_with("{ ") && command.find("; }") == Some(command.len() - "; }".len());
    if outside && !is_group { format!("{{ {command}; }}") } else { command }
}

fn test(parts: Vec<String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    format!("[[ {} ]]", parts.join(" && "))
}

fn pattern(variable: &str, prefix: &str, pattern: &Pattern) -> String {
    let include = (!pattern.include.is_empty()).then(|| name_is(variable, prefix, pattern.include.iter().map(|g| &g.value)));
    let include = include.or_else(|| (!prefix.is_empty()).then(|| format!("{variable} == {prefix}*")));
    let except = (!pattern.except.is_empty()).then(|| name_is(variable, prefix, pattern.except.iter().map(|g| &g.value)));
    let parts: Vec<String> = include.into_iter().chain(except.map(|e| format!("! {e}"))).collect();
    parts.join(" && ")
}

fn name_is<'g>(variable: &str, prefix: &str, globs: impl Iterator<Item = &'g Glob>) -> String {
    let globs: Vec<&Glob> = globs.collect();
    match globs.as_slice() {
        [one] if one.is_literal().is_some() => {
            format!("{variable} == {}", single_quoted(&format!("{prefix}{}", one.is_literal().unwrap_or_default())))
        }
        _ => format!("{variable} =~ ^{prefix}{}$", alternatives(&globs)),
    }
}

fn alternatives(globs: &[&Glob]) -> String {
    let all: Vec<String> = globs.iter().map(|g| ere(g)).collect();
    if all.len() == 1 { all.concat() } else { format!("({})", all.join("|")) }
}

/// `changed INCLUDE [EXCEPT]`, the function of the route job.
fn changed(paths: &PathFilter) -> String {
    let list = |globs: &[crate::base::span::Spanned<Glob>]| {
        let globs: Vec<&Glob> = globs.iter().map(|g| &g.value).collect();
        format!("'^{}$'", alternatives(&globs).replace('\'', "'\\''"))
    };
    let include = if paths.pattern.include.is_empty() { "''".to_owned() } else { list(&paths.pattern.include) };
    let except = if paths.pattern.except.is_empty() { String::new() } else { format!(" {}", list(&paths.pattern.except)) };
    format!("changed {include}{except}")
}

/// A glob as an extended regular expression of POSIX, without anchors: inside brackets a backslash stands for itself there.
fn ere(glob: &Glob) -> String {
    fn write(pieces: &[GlobPiece], out: &mut String) {
        for piece in pieces {
            match piece {
                GlobPiece::Literal(text) => {
                    for c in text.chars() {
                        if r"\.+*?()|[]{}^$".contains(c) {
                            out.push('\\');
                        }
                        out.push(c);
                    }
                }
                GlobPiece::AnyInSegment => out.push_str("[^/]*"),
                GlobPiece::AnyRun => out.push_str(".*"),
                GlobPiece::AnyFolders => out.push_str("(.*/)?"),
                GlobPiece::OneChar => out.push_str("[^/]"),
                GlobPiece::Class(ranges) => {
                    let single = |c: char| ranges.iter().any(|(a, b)| *a == c && *b == c);
                    out.push('[');
                    out.extend(single(']').then_some(']'));
                    for (a, b) in ranges.iter().filter(|(a, b)| a != b || !"]^-".contains(*a)) {
                        out.push(*a);
                        if a != b {
                            out.extend(['-', *b]);
                        }
                    }
                    out.extend(['^', '-'].into_iter().filter(|c| single(*c)));
                    out.push(']');
                }
                GlobPiece::Alternatives(list) => {
                    for (i, one) in list.iter().enumerate() {
                        out.push(if i == 0 { '(' } else { '|' });
                        write(one, out);
                    }
                    out.push(')');
                }
            }
        }
    }
    let mut out = String::new();
    write(glob.pieces(), &mut out);
    out
}
