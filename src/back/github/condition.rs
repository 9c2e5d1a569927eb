//! Whether a job, or a step of it, runs for an event: the expression that says so exactly, or the news that there is none.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, EventKind, Filter, InputKind, InputValue, Pattern, PullRequestType};
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal};
use crate::ir::glob::Glob;
use crate::ir::id::WorkflowId;
use crate::ir::job::Workflow;
use crate::ir::lang::Lang;
use crate::ir::text::{CommitField, Context, PrField, RepositoryField, RunField};
use crate::sema::presence::{spelled, spelled_condition};

use super::domain::{Point, Question, accepts, paths_of};
use super::expr::Gh;
use super::leaf::{Field, How, Leaf, Test, action, collect, cron, event_name, of_glob};
use super::search::{Found, search};

/// The workflow whose events are asked about.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The spec.
    pub(super) pipeline: &'a Pipeline,
    /// The workflow's id.
    pub(super) id: WorkflowId,
    /// The workflow.
    pub(super) workflow: &'a Workflow,
    /// What was found for it so far.
    pub(super) answers: &'a Answers,
}

/// What [`Scope::exactly`] found for one workflow. Most jobs of a workflow ask for the same, and a search costs more than the rest of a job.
#[derive(Default)]
pub(super) struct Answers(RefCell<BTreeMap<String, Found>>);

/// Filters and conditions that must all hold.
#[derive(Clone, Default)]
pub(super) struct Demand<'a> {
    /// Filters, which must all take the event.
    pub(super) filters: Vec<&'a Filter>,
    /// Conditions that [`is_static`] says are about the event only.
    pub(super) exprs: Vec<&'a Expr>,
}

impl Demand<'_> {
    /// The demand as text without places: equal texts demand the same.
    fn spelled(&self) -> String {
        let filters = self.filters.iter().map(|f| spelled(f));
        filters.chain(self.exprs.iter().map(|e| spelled_condition(e))).map(|part| part + "\n").collect()
    }
}

/// What is known of an expression that decides on the event alone.
#[derive(Clone, PartialEq, Debug)]
enum Value {
    Bool(bool),
    Text(String),
}

impl<'a> Scope<'a> {
    /// The expression that is true exactly where `demand` holds, among the events that start the workflow and satisfy `given`.
    pub(super) fn exactly(&self, given: &Demand<'a>, demand: &Demand<'a>) -> Found {
        let key = format!("{}if\n{}", given.spelled(), demand.spelled());
        let known = self.answers.0.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let found = self.find(given, demand);
            self.answers.0.borrow_mut().insert(key, found.clone());
            found
        })
    }

    fn find(&self, given: &Demand<'a>, demand: &Demand<'a>) -> Found {
        let filters: Vec<&Filter> = given.filters.iter().chain(&demand.filters).copied().collect();
        let exprs: Vec<&Expr> = given.exprs.iter().chain(&demand.exprs).copied().collect();
        let mut tests = Vec::new();
        for clause in std::iter::once(&self.workflow.on).chain(filters.iter().copied()).flat_map(|f| &f.clauses) {
            clause_tests(&clause.kind, &mut tests);
        }
        exprs.iter().for_each(|e| self.expr_tests(e, &mut tests));
        let mut question = Question { filters, ..Question::default() };
        self.tell_apart(&tests, &exprs, &mut question);
        let Some(mut points) = question.points(self.id, self.workflow, &self.pipeline.default_branch.value) else {
            return Found::Nothing;
        };
        let paths = question.paths(&self.workflow.on);
        let holds = |demand: &Demand<'_>, point: &Point| {
            demand.filters.iter().all(|f| accepts(f, point, &paths)) && demand.exprs.iter().all(|e| self.is_true(e, point))
        };
        points.retain(|p| holds(given, p));
        let wanted = collect(points.len(), |i| holds(demand, &points[i]));
        search(&self.leaves(tests, &points), &wanted)
    }

    /// The sets of names and texts that the tests and conditions tell apart.
    fn tell_apart(&self, tests: &[Test], exprs: &[&Expr], question: &mut Question<'a>) {
        let mut inputs: BTreeMap<String, Vec<Lang>> = BTreeMap::new();
        for test in tests {
            match &test.field {
                Field::Ref | Field::RefName => question.names.extend(test.langs()),
                Field::BaseRef => question.targets.extend(test.langs()),
                Field::HeadRef => question.heads.extend(test.langs()),
                Field::Input(name) => inputs.entry(name.clone()).or_default().extend(test.strings()),
                Field::EventName | Field::RefType | Field::Action | Field::Schedule | Field::Merged | Field::OwnHead => {}
            }
        }
        for expr in exprs {
            expr.visit(&mut |e| {
                let (subject, langs): (&Expr, Vec<Glob>) = match &e.kind {
                    ExprKind::Matches(subject, glob) => (subject, vec![glob.value.clone()]),
                    _ => return,
                };
                let ExprKind::Context(context) = &subject.kind else { return };
                for glob in langs {
                    match context {
                        Context::Commit(_) => question.names.push(glob.lang()),
                        Context::Pr(PrField::Target) => question.targets.push(glob.lang()),
                        Context::Pr(PrField::Source) => question.heads.push(glob.lang()),
                        Context::Input(name) => inputs.entry(name.clone()).or_default().push(glob.strings().clone()),
                        _ => {}
                    }
                }
            });
        }
        question.inputs = inputs;
    }

    /// What GitHub can be asked; a question whose answer is not the same for a whole class of events is left out.
    fn leaves(&self, mut tests: Vec<Test>, points: &[Point]) -> Vec<Leaf> {
        let any = |kind: EventKind| points.iter().any(|p| p.event.kind == kind);
        let mut names: Vec<&str> = Vec::new();
        for point in points {
            let name = point.event.own.as_deref().unwrap_or(event_name(point.event.kind));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let named: Vec<Test> = names.iter().map(|name| Test::is(Field::EventName, *name)).collect();
        tests.extend(named.iter().cloned());
        tests.extend(["branch", "tag"].map(|t| Test::is(Field::RefType, t)));
        let pull_request = any(EventKind::PullRequest);
        if pull_request {
            let types: Vec<PullRequestType> = points.iter().filter_map(|p| p.event.pull_request_type).collect();
            let known = PullRequestType::ALL.iter().filter(|(_, t)| types.contains(t));
            tests.extend(known.map(|(_, t)| Test::is(Field::Action, action(*t))));
            if types.contains(&PullRequestType::Merged) {
                tests.push(Test { field: Field::Merged, how: How::True, text: String::new() });
            }
            if points.iter().any(|p| p.event.fork) {
                tests.push(Test { field: Field::OwnHead, how: How::True, text: String::new() });
            }
            // The number of a pull request is in `github.ref_name`, and a number may hold any digits.
            tests.retain(|t| t.field != Field::RefName || t.how == How::Is || !t.text.contains(|c: char| c.is_ascii_digit()));
        }
        if any(EventKind::Schedule) {
            tests.extend(self.workflow.schedules.iter().map(|s| Test::is(Field::Schedule, cron(s))));
        }
        tests.sort();
        tests.dedup();
        let leaf = |test: &Test| Leaf::of(test, points, &self.workflow.schedules);
        let (told, rest): (Vec<&Test>, Vec<&Test>) = tests.iter().partition(|t| points.iter().all(|p| t.is_told(p)));
        let mut leaves: Vec<Leaf> = told.into_iter().map(leaf).collect();
        // Where nobody knows the answer for an event of GitHub's own, only the others are asked.
        for event in named.iter().filter(|n| points.iter().all(|p| n.is_told(p))) {
            let of_event: Vec<&Point> = points.iter().filter(|p| event.holds(p, &[], true)).collect();
            let asked = rest.iter().filter(|t| of_event.iter().all(|p| t.is_told(p)));
            leaves.extend(asked.map(|test| leaf(event).and(&leaf(test))));
        }
        leaves
    }

    fn expr_tests(&self, expr: &Expr, out: &mut Vec<Test>) {
        expr.visit(&mut |e| {
            let literal = |e: &Expr| match &e.kind {
                ExprKind::Literal(Literal::String(text)) => Some(text.clone()),
                _ => None,
            };
            match &e.kind {
                ExprKind::Context(Context::Input(name)) => {
                    if self.input_kind(name) == Some(&InputKind::Boolean) {
                        out.push(Test { field: Field::Input(name.clone()), how: How::True, text: String::new() });
                    }
                }
                ExprKind::Compare(_, a, b) => {
                    for (subject, text) in [(a, literal(b)), (b, literal(a))] {
                        if let (ExprKind::Context(context), Some(text)) = (&subject.kind, text) {
                            text_tests(context, &text, out);
                        }
                    }
                }
                ExprKind::In(subject, list) => {
                    for item in list {
                        if let (ExprKind::Context(context), Literal::String(text)) = (&subject.kind, &item.value) {
                            text_tests(context, text, out);
                        }
                    }
                }
                ExprKind::Matches(subject, glob) => {
                    if let ExprKind::Context(context) = &subject.kind
                        && let Some((field, prefix)) = field_of(context)
                    {
                        of_glob(glob, &field, prefix, out);
                    }
                }
                ExprKind::Literal(_) | ExprKind::Context(_) | ExprKind::Not(_) | ExprKind::And(..) | ExprKind::Or(..) => {}
            }
        });
    }

    fn input_kind(&self, name: &str) -> Option<&InputKind> {
        self.workflow.inputs.iter().find(|i| i.name.value == name).map(|i| &i.kind)
    }

    /// Whether the event alone decides a condition, so that [`Scope::exactly`] can be asked about it.
    pub(super) fn is_static(&self, expr: &Expr) -> bool {
        let mut known = true;
        expr.visit(&mut |e| match &e.kind {
            ExprKind::Context(context) => known &= self.knows(context),
            ExprKind::Compare(how, a, b) => {
                let contexts = [a, b].iter().filter(|e| matches!(e.kind, ExprKind::Context(_))).count();
                known &= matches!(how, Comparison::Equal | Comparison::NotEqual) && contexts < 2;
            }
            ExprKind::Literal(literal) => known &= matches!(literal, Literal::Bool(_) | Literal::String(_)),
            ExprKind::In(_, list) => known &= list.iter().all(|l| matches!(l.value, Literal::Bool(_) | Literal::String(_))),
            ExprKind::Not(_) | ExprKind::And(..) | ExprKind::Or(..) | ExprKind::Matches(..) => {}
        });
        known
    }

    fn knows(&self, context: &Context) -> bool {
        match context {
            Context::Input(name) => self.input_kind(name).is_some_and(|k| *k != InputKind::Number),
            Context::Repository(RepositoryField::DefaultBranch) | Context::Run(RunField::Event) => true,
            other => field_of(other).is_some(),
        }
    }

    fn is_true(&self, expr: &Expr, point: &Point) -> bool {
        self.eval(expr, point) == Some(Value::Bool(true))
    }

    /// The value of a static expression; `None` for a context that the event gives no value.
    fn eval(&self, expr: &Expr, point: &Point) -> Option<Value> {
        let truth = |e: &Expr| self.is_true(e, point);
        let answer = match &expr.kind {
            ExprKind::Literal(Literal::Bool(value)) => *value,
            ExprKind::Literal(Literal::String(text)) => return Some(Value::Text(text.clone())),
            ExprKind::Literal(Literal::Number(_) | Literal::Duration(_)) => return None,
            ExprKind::Context(context) => return self.context(context, point),
            ExprKind::Not(a) => !truth(a),
            ExprKind::And(a, b) => truth(a) && truth(b),
            ExprKind::Or(a, b) => truth(a) || truth(b),
            ExprKind::Compare(how, a, b) => {
                let (a, b) = (self.eval(a, point), self.eval(b, point));
                let equal = a.is_some() && a == b;
                if *how == Comparison::NotEqual { !equal } else { equal }
            }
            ExprKind::Matches(a, glob) => matches!(self.eval(a, point), Some(Value::Text(text)) if glob.matches(&text)),
            ExprKind::In(a, list) => {
                let own = self.eval(a, point);
                list.iter().any(|item| match (&item.value, &own) {
                    (Literal::String(text), Some(Value::Text(own))) => text == own,
                    (Literal::Bool(value), Some(Value::Bool(own))) => value == own,
                    _ => false,
                })
            }
        };
        Some(Value::Bool(answer))
    }

    fn context(&self, context: &Context, point: &Point) -> Option<Value> {
        let event = &point.event;
        let text = match context {
            Context::Commit(CommitField::Branch) => event.branch.clone(),
            Context::Commit(CommitField::Tag) => event.tag.clone(),
            Context::Commit(CommitField::Ref) => event.branch.clone().or_else(|| event.tag.clone()),
            Context::Pr(PrField::Source) => event.head.clone(),
            Context::Pr(PrField::Target) => event.target.clone(),
            Context::Run(RunField::Event) => Some(event.word().to_owned()),
            Context::Repository(RepositoryField::DefaultBranch) => Some(self.pipeline.default_branch.value.clone()),
            Context::Input(name) => {
                let input = self.workflow.inputs.iter().find(|i| i.name.value == *name)?;
                let value = event.inputs.get(name).cloned().or_else(|| input.default.as_ref().map(|d| d.value.clone()));
                return match value? {
                    InputValue::String(text) => Some(Value::Text(text)),
                    InputValue::Bool(value) => Some(Value::Bool(value)),
                    InputValue::Number(_) => None,
                };
            }
            _ => None,
        };
        text.map(Value::Text)
    }
}

/// The names that a clause asks about, as questions of GitHub.
fn clause_tests(kind: &ClauseKind, out: &mut Vec<Test>) {
    let mut all = |pattern: &Pattern, field: Field, prefix: &str| {
        for glob in pattern.include.iter().chain(&pattern.except) {
            of_glob(glob, &field, prefix, out);
        }
    };
    match kind {
        ClauseKind::Push { branches, .. } | ClauseKind::Manual { branches } | ClauseKind::Branch { branches } => {
            all(branches, Field::Ref, "refs/heads/");
        }
        ClauseKind::Tag { names } => all(names, Field::Ref, "refs/tags/"),
        ClauseKind::Release { tags } => all(tags, Field::Ref, "refs/tags/"),
        ClauseKind::PullRequest { targets, heads, .. } => {
            all(targets, Field::BaseRef, "");
            all(heads, Field::HeadRef, "");
        }
        ClauseKind::Schedule { .. } | ClauseKind::Raw(_) => {}
    }
}

fn text_tests(context: &Context, text: &str, out: &mut Vec<Test>) {
    if let Context::Input(name) = context {
        out.push(Test::is(Field::Input(name.clone()), text));
    } else if let Some((field, prefix)) = field_of(context) {
        out.push(Test::is(field, format!("{prefix}{text}")));
    }
}

/// Where GitHub holds a name, and what stands before it there.
fn field_of(context: &Context) -> Option<(Field, &'static str)> {
    match context {
        Context::Commit(CommitField::Branch) => Some((Field::Ref, "refs/heads/")),
        Context::Commit(CommitField::Tag) => Some((Field::Ref, "refs/tags/")),
        Context::Commit(CommitField::Ref) => Some((Field::RefName, "")),
        Context::Pr(PrField::Source) => Some((Field::HeadRef, "")),
        Context::Pr(PrField::Target) => Some((Field::BaseRef, "")),
        _ => None,
    }
}

/// Whether a filter looks at changed files.
pub(super) fn reads_paths(filter: &Filter) -> bool {
    filter.clauses.iter().any(|c| paths_of(c).is_some())
}

/// A found expression as an optional condition; the second is false where it never holds or none was found.
pub(super) fn expression(found: &Found) -> Option<Option<Gh>> {
    match found {
        Found::Always => Some(None),
        Found::Never => Some(Some(Gh::atom("false"))),
        Found::Exactly { gh, .. } => Some(Some(gh.clone())),
        Found::Nothing => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::back::github::sample::{demand, filter, pattern, pipeline, pull_request, push, tag};
    use crate::ir::event::ClauseKind;

    use super::{Answers, Demand, Found, Scope};

    fn found(on: &[ClauseKind], only: &[ClauseKind]) -> Found {
        let pipeline = pipeline(on);
        let scope = Scope {
            pipeline: &pipeline,
            id: crate::ir::id::WorkflowId(0),
            workflow: &pipeline.workflows[0],
            answers: &Answers::default(),
        };
        let only = filter(only);
        scope.exactly(&Demand::default(), &demand(&only))
    }

    fn gh(on: &[ClauseKind], only: &[ClauseKind]) -> String {
        match found(on, only) {
            Found::Exactly { gh, .. } => gh.to_string(),
            Found::Always => "always".into(),
            Found::Never => "never".into(),
            Found::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn the_shortest_exact_condition_is_found() {
        let trunk = [push(&["main"]), tag(&["v*.*.*"]), pull_request(&["main"])];
        assert_eq!(gh(&trunk, &[push(&["main"])]), "github.ref == 'refs/heads/main'");
        assert_eq!(gh(&trunk, &[tag(&["v*.*.*"])]), "github.ref_type == 'tag'");
        assert_eq!(gh(&trunk, &[push(&["main"]), tag(&["v*.*.*"])]), "github.event_name == 'push'");
        assert_eq!(gh(&trunk, &trunk), "always");
        assert_eq!(gh(&trunk, &[push(&["develop"])]), "never");
        let all = [push(&["**"]), tag(&["**"]), pull_request(&[])];
        assert_eq!(gh(&all, &[push(&["release/**"])]), "startsWith(github.ref, 'refs/heads/release/')");
        assert_eq!(
            gh(&all, &[push(&["main", "release/**"])]),
            "github.ref == 'refs/heads/main' || startsWith(github.ref, 'refs/heads/release/')"
        );
        assert_eq!(gh(&all, &[tag(&["v**"])]), "startsWith(github.ref, 'refs/tags/v')");
    }

    #[test]
    fn what_only_looks_exact_is_refused() {
        let all = [push(&["**"]), tag(&["**"])];
        // `startsWith` also takes `feature/a/b`, which `*` does not.
        assert_eq!(gh(&all, &[push(&["feature/*"])]), "nothing");
        assert_eq!(gh(&all, &[tag(&["v*.*.*"])]), "nothing");
        // Where the workflow starts for no other branch below it, it is exact.
        assert_eq!(gh(&[push(&["main", "feature/*"])], &[push(&["feature/*"])]), "github.ref != 'refs/heads/main'");
        assert_eq!(
            gh(&[push(&["main", "x/*", "feature/*"])], &[push(&["feature/*"])]),
            "startsWith(github.ref, 'refs/heads/feature/')"
        );
    }

    #[test]
    fn a_merged_pull_request_has_its_target_as_its_ref() {
        use crate::ir::event::PullRequestType;
        let mut merged = pull_request(&["main"]);
        if let ClauseKind::PullRequest { types, .. } = &mut merged {
            *types = vec![PullRequestType::Merged];
        }
        assert_eq!(gh(&[push(&["main"]), merged], &[push(&["main"])]), "github.event_name == 'push'");
    }

    #[test]
    fn names_that_differ_in_case_are_noticed() {
        let loose = |on: &[ClauseKind]| matches!(found(on, &[push(&["main"])]), Found::Exactly { loose: true, .. });
        assert!(loose(&[push(&["**"])]));
        assert!(!loose(&[push(&["main", "develop"])]));
    }

    #[test]
    fn excludes_count() {
        let on = [push(&["**"])];
        let mut only = push(&["**"]);
        if let ClauseKind::Push { branches, .. } = &mut only {
            *branches = pattern(&["**"], &["wip/**"]);
        }
        assert_eq!(gh(&on, &[only]), "!startsWith(github.ref, 'refs/heads/wip/')");
    }
}
