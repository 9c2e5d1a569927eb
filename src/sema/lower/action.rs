//! Uses of portable actions: arguments are put into the bodies here, once, so that no back end knows an action.

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal};
use crate::ir::id::TargetId;
use crate::ir::step::{ActionBody, ActionCall, FunctionCall, Permission, Step};
use crate::sema::declare::{name_of, spanned};
use crate::sema::interpolate::Place;
use crate::sema::lower::{Arguments, Lower, missing};
use crate::sema::names::unknown;
use crate::syntax::tree::Node;

/// The standard action that calls a function of AWS Lambda.
const CALL: &str = "lambda-call";

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    pub(super) fn action_call(&mut self, node: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<ActionCall> {
        let declaration: &'n Node<'a> = self.scope.actions.get(node.name()).copied()?;
        let name = Spanned::new(node.name().to_owned(), node.name.span);
        if place.arguments.is_some() {
            self.diagnostics.push(
                Diagnostic::error("action-in-action", name.span, "an action cannot use another action")
                    .label("inside an action")
                    .help("write out the steps"),
            );
            return None;
        }
        let arguments = self.arguments(node, declaration, place)?;
        let place = Place { arguments: Some(&arguments), ..*place };
        let shared: Vec<Permission> = self.action_permissions(declaration);
        let mut bodies = Vec::new();
        for child in declaration.children().iter().filter(|c| c.name() == "for") {
            let words: Vec<Spanned<String>> = child.args().filter_map(spanned).collect();
            let targets: Vec<TargetId> = words.iter().filter_map(|w| self.target_word(w)).collect();
            let steps = self.steps(child.children(), &place).into_iter().filter_map(decided).collect();
            let mut permissions = shared.clone();
            permissions.extend(self.action_permissions(child));
            let is_empty = child.children().iter().all(|c| c.name() == "permissions");
            bodies.push(ActionBody { targets, steps, is_empty, permissions });
        }
        let said = |input: &str| arguments.get(input).filter(|t| t.as_literal() != Some("")).cloned();
        let function = (name.value == CALL && self.scope.standard.contains(CALL)).then(|| said("function")).flatten();
        let function = function.zip(said("region"));
        let function = function.map(|(function, region)| FunctionCall { function, input: said("input"), region });
        Some(ActionCall { name, bodies, function })
    }

    fn action_permissions(&mut self, node: &Node<'_>) -> Vec<Permission> {
        let words = node.values("permissions").into_iter().filter_map(spanned);
        let words: Vec<Spanned<String>> = words.collect();
        words.iter().filter_map(|w| self.word(w, "permission", Permission::ALL)).collect()
    }

    /// Positional arguments go to the inputs marked `argument`, in order; settings to the others by name. The shape check has refused what is
    /// left over.
    fn arguments(&mut self, node: &Node<'a>, declaration: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Arguments> {
        let mut arguments = Arguments::new();
        let mut complete = true;
        let mut given = node.args();
        for input in declaration.all("input") {
            let Some(name) = name_of(input) else { continue };
            let positional = if input.flag("argument").is_some() { given.next() } else { None };
            let entry = positional.or_else(|| node.setting(&name.value));
            let choices: Vec<String> = input.values("option").iter().map(|e| e.as_text().into_owned()).collect();
            let text = match (entry, input.setting("default")) {
                (Some(entry), _) => self.script(entry, place),
                (None, Some(default)) => self.text(default, &Place::default()),
                (None, None) => {
                    let what = format!("`{}` of action `{}`", name.value, node.name());
                    self.diagnostics
                        .push(missing(node.span, &what, &format!("{}=…", name.value)).related(name.span, "declared here"));
                    complete = false;
                    continue;
                }
            };
            if let Some(fixed) = text.as_literal()
                && !choices.is_empty()
                && !choices.iter().any(|c| c == fixed)
            {
                let kind = format!("`{}` of action `{}`", name.value, node.name());
                self.diagnostics.push(unknown(&kind, fixed, text.span, choices.iter().map(String::as_str)));
            }
            arguments.insert(name.value, text);
        }
        complete.then_some(arguments)
    }
}

/// The step without a condition that the arguments alone decide; `None` where they decide against it.
fn decided(mut step: Step) -> Option<Step> {
    match step.condition.as_ref().map(known) {
        Some(Some(true)) => step.condition = None,
        Some(Some(false)) => return None,
        Some(None) | None => {}
    }
    Some(step)
}

/// The value of a condition that reads nothing of the run.
fn known(expr: &Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Literal(Literal::Bool(value)) => Some(*value),
        ExprKind::Not(inner) => known(inner).map(|v| !v),
        ExprKind::And(a, b) => match (known(a), known(b)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        ExprKind::Or(a, b) => match (known(a), known(b)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        ExprKind::Compare(comparison, a, b) => {
            let (ExprKind::Literal(a), ExprKind::Literal(b)) = (&a.kind, &b.kind) else { return None };
            match comparison {
                Comparison::Equal => Some(a == b),
                Comparison::NotEqual => Some(a != b),
                Comparison::Less | Comparison::AtMost | Comparison::More | Comparison::AtLeast => None,
            }
        }
        ExprKind::In(a, list) => match &a.kind {
            ExprKind::Literal(a) => Some(list.iter().any(|l| l.value == *a)),
            _ => None,
        },
        ExprKind::Matches(a, glob) => match &a.kind {
            ExprKind::Literal(Literal::String(a)) => Some(glob.matches(a)),
            _ => None,
        },
        ExprKind::Literal(_) | ExprKind::Context(_) => None,
    }
}
