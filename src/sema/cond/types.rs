//! The types of conditions: what may be compared, and what can never be equal.

use crate::base::diag::Diagnostic;
use crate::ir::environment::Tier;
use crate::ir::event::{EventKind, InputKind};
use crate::ir::expr::{Expr, ExprKind, Literal, Type};
use crate::ir::text::{Context, EnvironmentField, GateField, PrField, RunField};
use crate::sema::cond::Reader;

impl Reader<'_, '_, '_, '_> {
    pub(super) fn same_type(&mut self, left: &Expr, right: &Expr) -> Option<Type> {
        let (a, b) = (self.type_of(left), self.type_of(right));
        if a == b {
            return Some(a);
        }
        self.diagnostics.push(
            Diagnostic::error("condition-type", left.span.to(right.span), format!("{} is compared with {}", word(a), word(b)))
                .label("these can never be equal")
                .related(left.span, format!("this is {}", word(a)))
                .related(right.span, format!("this is {}", word(b)))
                .help(if b == Type::String { "leave the quotes out" } else { "compare values of one type" }),
        );
        None
    }

    pub(super) fn is(&mut self, expr: &Expr, wanted: Type) -> bool {
        let found = self.type_of(expr);
        if found == wanted {
            return true;
        }
        let help = match (wanted, &expr.kind) {
            (Type::Bool, ExprKind::Context(Context::Commit(_))) => {
                "compare it: commit.branch == 'main', or ask for the event: run.event == 'tag'"
            }
            (Type::Bool, _) => "compare it with something: a == b",
            _ => "give a value of that type",
        };
        self.diagnostics.push(
            Diagnostic::error("condition-type", expr.span, format!("{} is expected here, this is {}", word(wanted), word(found)))
                .label(format!("this is {}", word(found)))
                .help(help),
        );
        false
    }

    fn type_of(&self, expr: &Expr) -> Type {
        match &expr.kind {
            ExprKind::Literal(Literal::Bool(_)) => Type::Bool,
            ExprKind::Literal(Literal::String(_)) => Type::String,
            ExprKind::Literal(Literal::Number(_)) => Type::Number,
            ExprKind::Literal(Literal::Duration(_)) => Type::Duration,
            ExprKind::Context(context) => self.type_of_context(context),
            ExprKind::Not(_)
            | ExprKind::And(..)
            | ExprKind::Or(..)
            | ExprKind::Compare(..)
            | ExprKind::Matches(..)
            | ExprKind::In(..) => Type::Bool,
        }
    }

    fn type_of_context(&self, context: &Context) -> Type {
        match context {
            Context::Run(RunField::Number | RunField::Attempt) | Context::Pr(PrField::Number) => Type::Number,
            Context::Gate { field: GateField::Value, .. } => Type::Number,
            Context::Input(name) => match self.input_kind(name) {
                Some(InputKind::Boolean) => Type::Bool,
                Some(InputKind::Number) => Type::Number,
                _ => Type::String,
            },
            _ => Type::String,
        }
    }

    fn input_kind(&self, name: &str) -> Option<InputKind> {
        let scope = self.conditions.interpolator.scope;
        let node = match self.place.workflow {
            Some(w) => scope.inputs[w.index()].get(name),
            None => scope.inputs.iter().find_map(|i| i.get(name)),
        }?;
        Some(crate::sema::filter::input_kind(node))
    }

    /// What `run.event` may be: the kinds, and the names of the events of a vendor's own that the spec asks for.
    fn events(&self) -> Vec<String> {
        let kinds = EventKind::ALL.iter().filter(|(_, kind)| *kind != EventKind::Raw).map(|(word, _)| *word);
        let nodes = &self.conditions.interpolator.scope.workflow_nodes;
        let on = nodes.iter().flat_map(|w| w.children()).filter(|c| c.name() == "on");
        let own = on.flat_map(|n| n.children()).filter(|c| c.name() == "raw").flat_map(|n| n.children()).map(|c| c.name());
        kinds.chain(own).map(str::to_owned).collect()
    }

    /// A word that the context can never be is a slip of the pen.
    pub(super) fn possible(&mut self, context: &Expr, fixed: &Expr) {
        let (ExprKind::Context(context), ExprKind::Literal(Literal::String(word))) = (&context.kind, &fixed.kind) else { return };
        let words: Vec<String> = match context {
            Context::Run(RunField::Event) => self.events(),
            Context::Environment { field: EnvironmentField::Tier, .. } => {
                Tier::ALL.iter().map(|(w, _)| (*w).to_owned()).collect()
            }
            Context::NeedsResult(_) => ["success", "failure", "cancelled", "skipped", "absent"].map(str::to_owned).to_vec(),
            Context::JobStatus => ["success", "failure", "cancelled"].map(str::to_owned).to_vec(),
            Context::Input(name) => match self.input_kind(name) {
                Some(InputKind::Choice(options)) => options.into_iter().map(|o| o.value).collect(),
                _ => return,
            },
            _ => return,
        };
        if !words.contains(word) {
            self.diagnostics.push(
                Diagnostic::error("condition-never-true", fixed.span, format!("this is never '{word}'"))
                    .label("cannot happen")
                    .help(format!("it is one of: {}", words.join(", "))),
            );
        }
    }
}

pub(super) fn word(of: Type) -> &'static str {
    match of {
        Type::Bool => "a yes or no",
        Type::String => "text",
        Type::Number => "a number",
        Type::Duration => "a duration",
    }
}
