//! Filters of events: `on`, `only`, `allow` and named sets, to the algebra of `ir::event`.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{Span, Spanned};
use crate::ir::cron::{Cron, Timezone};
use crate::ir::event::{
    Clause, ClauseKind, DEFAULT_PULL_REQUEST_TYPES, Filter, Input, InputKind, InputValue, PathFilter, Pattern, PullRequestType,
    Schedule,
};
use crate::ir::glob::Glob;
use crate::ir::id::TargetId;
use crate::ir::lang::Lang;
use crate::ir::raw::{GITHUB_EVENTS, RawEvent, RawValue, takes_list};
use crate::ir::units::Decimal;
use crate::sema::declare::{Scope, name_of, spanned};
use crate::sema::names::unknown;
use crate::sema::raw::raw_value;
use crate::syntax::tree::{Entry, Node, Value};

/// The filter of an `on`, `only`, `allow` or `events` node: its named sets, then its clauses.
pub fn filter(scope: &Scope<'_, '_>, node: &Node<'_>, diagnostics: &mut Diagnostics) -> Filter {
    let mut clauses = Vec::new();
    let types = if node.name() == "on" {
        DEFAULT_PULL_REQUEST_TYPES.to_vec()
    } else {
        PullRequestType::ALL.iter().map(|(_, t)| *t).collect()
    };
    let mut gather = Gather { scope, types, clauses: &mut clauses, diagnostics };
    gather.nodes(node, usize::from(node.name() == "events"));
    Filter { clauses, span: node.span }
}

struct Gather<'g, 's, 'n, 'a> {
    scope: &'s Scope<'n, 'a>,
    /// What a pull request must do where a clause does not say: a trigger takes the usual, a filter takes all that a trigger let in.
    types: Vec<PullRequestType>,
    clauses: &'g mut Vec<Clause>,
    diagnostics: &'g mut Diagnostics,
}

impl Gather<'_, '_, '_, '_> {
    fn nodes(&mut self, node: &Node<'_>, skip: usize) {
        for set in node.args().skip(skip).filter_map(spanned) {
            match self.scope.event_sets.get(&set.value) {
                // A set holds clauses only (the table of nodes gives it one value, its name), so there is no round.
                Some(inner) => self.nodes(inner, 1),
                None => {
                    let known = self.scope.event_sets.keys().map(String::as_str);
                    self.diagnostics.push(unknown("event set", &set.value, set.span, known));
                }
            }
        }
        for child in node.children() {
            if child.name() == "raw" {
                self.raw(child);
            }
            if let Some(kind) = clause(child, &self.types, self.diagnostics) {
                self.clauses.push(Clause { kind, span: child.span });
            }
        }
    }

    /// `raw github { issues; merge_group }`
    fn raw(&mut self, node: &Node<'_>) {
        let Some(target) = name_of(node).and_then(|word| TargetId::parse(&word.value)) else { return };
        if node.children().is_empty() {
            let message = "this names no event";
            let found = Diagnostic::error("missing-node", node.span, message).label("here");
            self.diagnostics.push(found.help("name one in the vendor's words: raw github { issues }"));
        }
        for child in node.children() {
            let name = Spanned::new(child.name().to_owned(), child.name.span);
            let known = || GITHUB_EVENTS.iter().flat_map(|(_, names)| names.iter().copied());
            let first = self.clauses.iter().find(|c| matches!(&c.kind, ClauseKind::Raw(own) if own.name.value == name.value));
            if let Some((_, words)) = SAID.iter().find(|(word, _)| *word == name.value) {
                let message = format!("the event `{}` of GitHub is no event of GitHub's own", name.value);
                let found = Diagnostic::error("raw-key-owned", name.span, message).label("said by the language");
                self.diagnostics.push(found.help(format!("say it with {words}, which every vendor has")));
            } else if !known().any(|word| word == name.value) {
                self.diagnostics.push(unknown("event of GitHub", &name.value, name.span, known()));
            } else if let Some(first) = first {
                let found = Diagnostic::error("duplicate-name", name.span, format!("`{}` is named twice", name.value));
                self.diagnostics.push(found.related(first.span, "first named here").help("write its types in one place"));
            } else {
                let mut keys = raw_value(child);
                if let RawValue::Map(rows) = &mut keys {
                    let alone = |value: &RawValue| !matches!(value, RawValue::Null | RawValue::List(_) | RawValue::Map(_));
                    for (_, value) in rows.iter_mut().filter(|(key, value)| takes_list(key) && alone(value)) {
                        *value = RawValue::List(vec![value.clone()]);
                    }
                }
                if !matches!(keys, RawValue::Null | RawValue::Map(_)) {
                    let message = format!("the event `{}` takes keys, not a value", name.value);
                    let found = Diagnostic::error("wrong-value-type", child.span, message).label("a value");
                    self.diagnostics.push(found.help(format!("write {} {{ types \"…\" }}", name.value)));
                }
                let kind = ClauseKind::Raw(RawEvent { target, name, keys });
                self.clauses.push(Clause { kind, span: child.span });
            }
        }
    }
}

/// Events of GitHub's that the language has words for.
const SAID: &[(&str, &str)] = &[
    ("push", "`push` and `tag`"),
    ("pull_request", "`pull-request`"),
    ("schedule", "`schedule`"),
    ("workflow_dispatch", "`manual`"),
    ("release", "`release`"),
];

fn clause(node: &Node<'_>, usual: &[PullRequestType], diagnostics: &mut Diagnostics) -> Option<ClauseKind> {
    Some(match node.name() {
        "push" => ClauseKind::Push { branches: pattern(node, diagnostics), paths: paths(node, diagnostics) },
        "tag" => ClauseKind::Tag { names: pattern(node, diagnostics) },
        "branch" => ClauseKind::Branch { branches: pattern(node, diagnostics) },
        "pull-request" => ClauseKind::PullRequest {
            targets: pattern(node, diagnostics),
            heads: pattern_of(node.values("head").into_iter(), &[], diagnostics),
            types: types(node, usual, diagnostics),
            exclude_forks: node.flag("exclude-forks").is_some(),
            paths: paths(node, diagnostics),
        },
        "schedule" => ClauseKind::Schedule { names: node.arg(0).and_then(spanned).into_iter().collect() },
        "manual" => ClauseKind::Manual { branches: pattern_of(node.values("branch").into_iter(), &[], diagnostics) },
        "release" => ClauseKind::Release { tags: pattern_of(node.values("tag").into_iter(), &[], diagnostics) },
        _ => return None,
    })
}

fn pattern(node: &Node<'_>, diagnostics: &mut Diagnostics) -> Pattern {
    pattern_of(node.args_without(&["exclude-forks"]).into_iter(), &node.values("except"), diagnostics)
}

fn pattern_of<'e, 'a: 'e>(
    include: impl Iterator<Item = &'e Entry<'a>>,
    except: &[&Entry<'_>],
    diagnostics: &mut Diagnostics,
) -> Pattern {
    let include: Vec<Spanned<Glob>> = include.filter_map(|e| glob(e, diagnostics)).collect();
    let except: Vec<Spanned<Glob>> = except.iter().filter_map(|e| glob(e, diagnostics)).collect();
    let lang = set(&include, &except, &Lang::all(), Glob::lang, diagnostics);
    Pattern { include, except, lang }
}

fn paths(node: &Node<'_>, diagnostics: &mut Diagnostics) -> Option<PathFilter> {
    let (positive, negative) = (node.values("paths"), node.values("ignore-paths"));
    let span = positive.first().or(negative.first())?.span;
    let mut globs =
        |entries: &[&Entry<'_>]| -> Vec<Spanned<Glob>> { entries.iter().filter_map(|e| glob(e, diagnostics)).collect() };
    let (include, except) = (globs(&positive), globs(&negative));
    let lang = set(&include, &except, &Lang::paths(), Glob::path_lang, diagnostics);
    Some(PathFilter { pattern: Pattern { include, except, lang }, span })
}

fn set(
    include: &[Spanned<Glob>],
    except: &[Spanned<Glob>],
    all: &Lang,
    lang: fn(&Glob) -> Lang,
    diagnostics: &mut Diagnostics,
) -> Lang {
    let taken: Vec<Lang> = include.iter().map(|g| lang(g)).collect();
    let left: Vec<Lang> = except.iter().map(|g| lang(g)).collect();
    let union = if taken.is_empty() { Ok(all.clone()) } else { Lang::union_all(&taken) };
    let result = union.and_then(|u| Lang::union_all(&left).and_then(|l| u.difference(&l)));
    result.unwrap_or_else(|_| {
        let span = include.first().or(except.first()).map(|g| g.span).unwrap_or_default();
        diagnostics.push(
            Diagnostic::error("bad-glob", span, "these patterns are too complex to reason about")
                .label("too complex")
                .help("use fewer or simpler patterns"),
        );
        Lang::empty()
    })
}

/// The glob of an entry.
pub fn glob(entry: &Entry<'_>, diagnostics: &mut Diagnostics) -> Option<Spanned<Glob>> {
    let text = spanned(entry)?;
    match Glob::parse(&text.value) {
        Ok(glob) => Some(Spanned::new(glob, text.span)),
        Err(e) => {
            diagnostics.push(Diagnostic::error("bad-glob", text.span, e.message).label("in this pattern").help(e.help));
            None
        }
    }
}

fn types(node: &Node<'_>, usual: &[PullRequestType], diagnostics: &mut Diagnostics) -> Vec<PullRequestType> {
    let words: Vec<Spanned<String>> = node.values("types").into_iter().filter_map(spanned).collect();
    if words.is_empty() {
        return usual.to_vec();
    }
    let mut found = Vec::new();
    for word in words {
        match PullRequestType::parse(&word.value) {
            Some(t) if !found.contains(&t) => found.push(t),
            Some(_) => {}
            None => diagnostics.push(
                Diagnostic::error("unknown-name", word.span, format!("a pull request is never `{}`", word.value))
                    .label("not known")
                    .help(format!("there are {}", pull_request_words())),
            ),
        }
    }
    found
}

/// The schedules that an `on` declares.
pub fn schedules(on: &Node<'_>, diagnostics: &mut Diagnostics) -> Vec<Schedule> {
    let mut found = Vec::new();
    for node in on.children().iter().filter(|c| c.name() == "schedule") {
        let Some(name) = name_of(node) else { continue };
        let Some(text) = node.arg(1).and_then(spanned) else { continue };
        let cron = match Cron::parse(&text.value) {
            Ok(cron) => Spanned::new(cron, text.span),
            Err(e) => {
                diagnostics.push(Diagnostic::error("bad-cron", text.span, e.message).label("in this expression").help(e.help));
                continue;
            }
        };
        let timezone = node.setting("timezone").and_then(spanned);
        if let Some(zone) = &timezone
            && let Err(e) = Timezone::parse(&zone.value)
        {
            diagnostics.push(Diagnostic::error("bad-timezone", zone.span, e.message).label("not a zone").help(e.help));
        }
        found.push(Schedule { name, cron, timezone, branch: node.setting("branch").and_then(spanned) });
    }
    found
}

/// The words of pull request types, for messages.
pub fn pull_request_words() -> String {
    PullRequestType::ALL.iter().map(|(w, _)| *w).collect::<Vec<_>>().join(", ")
}

/// The kind of an input node.
pub fn input_kind(node: &Node<'_>) -> InputKind {
    let options = || node.values("option").into_iter().filter_map(spanned).collect();
    match node.setting("type").and_then(|e| e.as_str()).unwrap_or("string") {
        "boolean" => InputKind::Boolean,
        "number" => InputKind::Number,
        "choice" => InputKind::Choice(options()),
        "environment" => InputKind::Environment,
        _ => InputKind::String,
    }
}

/// The inputs that an `on` declares.
pub fn inputs(on: &Node<'_>, diagnostics: &mut Diagnostics) -> Vec<Input> {
    let manual = on.children().iter().filter(|c| c.name() == "manual");
    let nodes = manual.flat_map(|m| m.children()).filter(|c| c.name() == "input");
    nodes.filter_map(|n| input(n, diagnostics)).collect()
}

fn input(node: &Node<'_>, diagnostics: &mut Diagnostics) -> Option<Input> {
    let name = name_of(node)?;
    let kind = input_kind(node);
    let required = node.flag("required").is_some();
    let entry = node.setting("default");
    let default = entry.and_then(|e| input_value(e, &kind, diagnostics));
    if let (Some(default), true) = (&default, required) {
        diagnostics.push(
            Diagnostic::warning(
                "input-default-never-used",
                default.span,
                format!("input `{}` is required, so nobody ever gets its default", name.value),
            )
            .label("never used")
            .help("remove `required` or the default"),
        );
    }
    let matches = node.setting("matches").and_then(|e| glob(e, diagnostics));
    let description = node.setting("description").and_then(|e| e.as_str()).map(str::to_owned);
    Some(Input { name, kind, required, default, description, matches })
}

fn input_value(entry: &Entry<'_>, kind: &InputKind, diagnostics: &mut Diagnostics) -> Option<Spanned<InputValue>> {
    let span = entry.value_span;
    let value = match (kind, &entry.value) {
        (InputKind::Boolean, Value::Bool(b)) => InputValue::Bool(*b),
        (InputKind::Number, Value::Number(n)) => InputValue::Number(Decimal::parse(n).ok()?),
        (InputKind::String | InputKind::Environment, Value::String(s, _)) => InputValue::String(s.to_string()),
        (InputKind::Choice(options), Value::String(s, _)) => {
            if !options.iter().any(|o| o.value == **s) {
                diagnostics.push(unknown("option", s, span, options.iter().map(|o| o.value.as_str())));
            }
            InputValue::String(s.to_string())
        }
        _ => {
            wrong_default(kind, span, diagnostics);
            return None;
        }
    };
    Some(Spanned::new(value, span))
}

fn wrong_default(kind: &InputKind, span: Span, diagnostics: &mut Diagnostics) {
    let (wanted, example) = match kind {
        InputKind::Boolean => ("a yes or no", "default=#false"),
        InputKind::Number => ("a number", "default=3"),
        InputKind::String | InputKind::Choice(_) | InputKind::Environment => ("text", "default=\"low\""),
    };
    diagnostics.push(
        Diagnostic::error("wrong-value-type", span, format!("the default of this input must be {wanted}"))
            .label("of another type")
            .help(format!("write {example}")),
    );
}
