//! Conditions of the spec as expressions of GitHub: exact where the event decides, the same comparison where only the run knows.

use std::collections::BTreeMap;

use crate::back::shell::single_quoted;
use crate::ir::event::Filter;
use crate::ir::expr::{Expr, ExprKind, Literal, Truth};
use crate::ir::id::ValueId;
use crate::ir::text::Context;
use crate::plan::job::PlannedJob;
use crate::sema::presence::{self, spelled_condition};

use super::bash::{Bash, Given};
use super::condition::{Demand, expression};
use super::context::{Reading, Writer};
use super::expr::{Gh, quoted};
use super::route;
use super::search::Found;

/// When a job is there, as far as its `if` says it.
pub(super) struct Presence {
    /// The part of it that the event decides.
    pub(super) event: Option<Gh>,
    /// The condition, if it is not always there.
    pub(super) gh: Option<Gh>,
    /// It asks the route job.
    pub(super) routed: bool,
    /// GitHub's comparison, which ignores case, lets a name in that the spec does not.
    pub(super) loose: bool,
}

impl Writer<'_, '_> {
    /// When the job is present.
    pub(super) fn presence(&mut self) -> Presence {
        self.present_among(&Demand::default(), self.job)
    }

    /// What says that another job of the workflow is not in the run, where this one is; none where it always is.
    pub(super) fn absence(&mut self, other: usize) -> Option<Presence> {
        let job = self.job;
        let other = &self.workflow.jobs[other];
        let exprs = job.job.condition.iter().flat_map(Expr::conjuncts).filter(|e| self.scope.is_static(e)).collect();
        let given = Demand { filters: job.filters.iter().collect(), exprs };
        let presence = self.present_among(&given, other);
        // What both of them ask of the run needs no answer here.
        let own: Vec<String> = job.job.condition.iter().flat_map(Expr::conjuncts).map(spelled_condition).collect();
        let mut parts = other.job.condition.iter().flat_map(Expr::conjuncts);
        if presence.event.is_none() && parts.all(|e| self.scope.is_static(e) || own.contains(&spelled_condition(e))) {
            return None;
        }
        presence.gh.clone().map(|gh| Presence { gh: Some(gh.negate()), ..presence })
    }

    /// When a job of the workflow is present, among the events that satisfy `given`.
    fn present_among(&mut self, given: &Demand<'_>, job: &PlannedJob<'_>) -> Presence {
        let parts = job.job.condition.as_ref().map(Expr::conjuncts).unwrap_or_default();
        let (event, run): (Vec<&Expr>, Vec<&Expr>) = parts.into_iter().partition(|e| self.scope.is_static(e));
        let filters: Vec<&Filter> = job.filters.iter().collect();
        let by_files = filters.iter().any(|f| super::condition::reads_paths(f));
        let demand = Demand { filters: filters.clone(), exprs: event.clone() };
        let found = self.scope.exactly(given, &demand);
        let loose = matches!(found, Found::Exactly { loose: true, .. });
        let direct = expression(&found).filter(|_| !by_files || matches!(found, Found::Always | Found::Exactly { .. }));
        let (own, routed) = match direct {
            Some(gh) => (gh, false),
            None => {
                let name = self.ask_route(&job.id, &filters, &event);
                (Some(Gh::is(format!("needs.{}.outputs.{name}", route::JOB), "true")), true)
            }
        };
        let outer = self.deciding.replace((job.id.clone(), false));
        let run: Vec<Gh> = run.into_iter().filter_map(|e| self.condition(e)).collect();
        let asked = std::mem::replace(&mut self.deciding, outer).is_some_and(|(_, asked)| asked);
        let routed = routed || asked;
        Presence { event: own.clone(), gh: Gh::all(own.into_iter().chain(run)), routed, loose }
    }

    fn bash_of<'b>(&'b self, with_paths: bool, input: &'b dyn Fn(&str) -> String, given: Vec<Given>) -> Bash<'b> {
        Bash {
            on: &self.workflow.workflow.on,
            schedules: &self.workflow.workflow.schedules,
            default_branch: &self.plan.pipeline.default_branch.value,
            with_paths,
            env: BTreeMap::new(),
            input,
            given,
        }
    }

    /// What a test may ask beside names and inputs; of none of the roots that are not there where it stands.
    fn given(&mut self, exprs: &[&Expr], absent: &[&str]) -> Vec<Given> {
        let mut found: Vec<Given> = Vec::new();
        for context in exprs.iter().flat_map(|e| e.contexts()).map(|c| c.value) {
            let bound = |value: String, name: String| (format!("${name}"), Some((name, value)));
            let (word, variable) = match self.reading(&context) {
                Reading::Fixed(text) => (single_quoted(&text), None),
                Reading::Default(word, _) => (word, None),
                Reading::Value(gh, name) => bound(gh.wrapped(), name),
                Reading::Composed(value, name) => bound(value, name),
                Reading::Computed(_) => continue,
            };
            let is_there = |value: &str| !absent.iter().any(|root| value.contains(root));
            if variable.as_ref().is_none_or(|(_, value)| is_there(value)) {
                found.push(Given { context, word, variable });
            }
        }
        found
    }

    /// The output of the route job that says whether filters and conditions hold; jobs that ask the same share it.
    fn ask_route(&mut self, name: &str, filters: &[&Filter], exprs: &[&Expr]) -> String {
        let given = self.given(exprs, &["needs.", "steps.", "matrix.", "job."]);
        let input = |name: &str| self.input(name).wrapped();
        let mut bash = self.bash_of(true, &input, given);
        let test = bash.all(filters, exprs);
        let env = bash.env;
        if let Some(known) = self.wanted.routes.iter().find(|q| q.test == test) {
            return known.name.clone();
        }
        self.wanted.routes.push(route::Question { name: name.to_owned(), test, env });
        name.to_owned()
    }

    /// A command that succeeds exactly where the job is present, for the guard of a deploy. Changed files are not looked at.
    pub(super) fn exact_guard(&mut self) -> (String, Vec<(String, String)>) {
        let condition = self.job.job.condition.as_ref();
        let exprs: Vec<&Expr> =
            condition.map(Expr::conjuncts).unwrap_or_default().into_iter().filter(|e| self.scope.is_static(e)).collect();
        let filters: Vec<&Filter> = self.job.filters.iter().collect();
        let input = |name: &str| self.input(name).wrapped();
        let mut bash = self.bash_of(false, &input, Vec::new());
        (bash.all(&filters, &exprs), bash.env.into_iter().collect())
    }

    /// A condition; `None` where it always holds.
    pub(super) fn condition(&mut self, expr: &Expr) -> Option<Gh> {
        if self.scope.is_static(expr) {
            return self.event_condition(expr);
        }
        if self.settled(expr) == Some(true) {
            return None;
        }
        Some(match &expr.kind {
            ExprKind::Literal(literal) => Gh::atom(literal_text(literal)),
            ExprKind::Context(context) => self.expression(context),
            ExprKind::Not(a) => self.condition(a).map_or_else(|| Gh::atom("false"), Gh::negate),
            ExprKind::And(a, b) => {
                let parts = [self.condition(a), self.condition(b)];
                return Gh::all(parts.into_iter().flatten());
            }
            ExprKind::Or(a, b) if self.settled(a) == Some(false) => return self.condition(b),
            ExprKind::Or(a, b) if self.settled(b) == Some(false) => return self.condition(a),
            ExprKind::Or(a, b) => {
                let (a, b) = (self.condition(a)?, self.condition(b)?);
                return Gh::any([a, b]);
            }
            ExprKind::Compare(how, a, b) => {
                let (a, b) = (self.operand(a), self.operand(b));
                Gh::Compare(a, how.sign(), b)
            }
            ExprKind::In(a, list) => {
                let own = self.operand(a);
                let all = list.iter().map(|l| Gh::Compare(own.clone(), "==", literal_text(&l.value)));
                return Gh::any(all).or_else(|| Some(Gh::atom("false")));
            }
            // Only the beginning and the end of a glob have a function; what lies between is left to a step.
            ExprKind::Matches(..) => self.by_shell(expr),
        })
    }

    /// What a condition comes to whose every context has a fixed value: nobody writes `'a' == 'a'`.
    fn settled(&self, expr: &Expr) -> Option<bool> {
        let pipeline = self.plan.pipeline;
        let contexts = expr.contexts();
        if contexts.is_empty() || contexts.iter().any(|c| presence::fixed(pipeline, &c.value).is_none()) {
            return None;
        }
        match presence::holds(pipeline, None, pipeline.events.first()?, expr) {
            Truth::Yes => Some(true),
            Truth::No => Some(false),
            Truth::Maybe => None,
        }
    }

    fn operand(&mut self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Literal(literal) => literal_text(literal),
            ExprKind::Context(Context::Value(id)) => self.text_of(*id),
            ExprKind::Context(context) => self.expression(context).to_string(),
            _ => self.condition(expr).map_or_else(|| "true".to_owned(), |gh| format!("({gh})")),
        }
    }

    /// A value as text that can be compared: an expression of GitHub's own may give a number or a truth value, which equals no text.
    fn text_of(&mut self, id: ValueId) -> String {
        let own = self.plan.pipeline.values[id.index()].github.as_ref().map(|g| g.value.trim());
        match own {
            Some(own) if !is_text(own) => format!("format('{{0}}', {own})"),
            _ => self.expression(&Context::Value(id)).to_string(),
        }
    }

    fn event_condition(&mut self, expr: &Expr) -> Option<Gh> {
        // A condition on `input.x` alone reads best as it is.
        let given = Demand {
            filters: self.job.filters.iter().collect(),
            exprs: self.job.job.condition.iter().flat_map(Expr::conjuncts).filter(|e| self.scope.is_static(e)).collect(),
        };
        let found = self.scope.exactly(&given, &Demand { filters: Vec::new(), exprs: vec![expr] });
        match expression(&found) {
            Some(gh) => gh,
            None => Some(self.by_shell(expr)),
        }
    }

    /// Lets the first step of the job decide; whether there is a job at all, the first job of the workflow.
    fn by_shell(&mut self, expr: &Expr) -> Gh {
        if let Some((id, _)) = self.deciding.clone() {
            let name = self.ask_route(&format!("{id}-{}", self.wanted.routes.len() + 1), &[], &[expr]);
            self.deciding = Some((id, true));
            return Gh::is(format!("needs.{}.outputs.{name}", route::JOB), "true");
        }
        let given = self.given(&[expr], &["steps.", "job."]);
        let input = |name: &str| self.input(name).wrapped();
        let mut bash = self.bash_of(false, &input, given);
        let test = bash.expr(expr);
        let env = bash.env;
        let name = format!("condition-{}", self.computed.conditions.len() + 1);
        let known = self.computed.conditions.iter().find(|(_, t)| **t == test).map(|(n, _)| n.clone());
        let name = known.unwrap_or(name);
        self.computed.conditions.insert(name.clone(), test);
        self.computed.env.extend(env);
        Gh::is(format!("steps.values.outputs.{name}"), "true")
    }
}

/// Whether an expression is a path to what is always text: outputs, results, variables.
fn is_text(own: &str) -> bool {
    let roots = ["steps.", "needs.", "vars.", "env."];
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    roots.iter().any(|r| own.starts_with(r)) && own.chars().all(plain)
}

fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::Bool(value) => value.to_string(),
        Literal::String(text) => quoted(text),
        Literal::Number(number) => number.to_string(),
        Literal::Duration(duration) => duration.seconds.to_string(),
    }
}

/// Whether an expression reads how a needed job ended.
pub(super) fn reads_results(expr: &Expr) -> bool {
    expr.contexts().iter().any(|c| matches!(c.value, Context::NeedsResult(_)))
}
