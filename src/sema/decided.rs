//! Conditions of jobs that compare a value: where the kind of event decides it, they ask for the kind of event, which every vendor knows before
//! anything runs.

use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, EventKind, EventValue};
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal};
use crate::ir::id::ValueId;
use crate::ir::text::{Context, RunField};

/// Whether a comparison holds for a text, or for none.
type Holds<'e> = Box<dyn Fn(Option<&str>) -> bool + 'e>;

/// Rewrites the conditions of all jobs.
pub(super) fn conditions(pipeline: &mut Pipeline) {
    let has_own = pipeline.workflows.iter().flat_map(|w| &w.on.clauses).any(|c| matches!(c.kind, ClauseKind::Raw(_)));
    let kinds: Vec<EventKind> =
        EventKind::ALL.iter().map(|(_, kind)| *kind).filter(|k| has_own || *k != EventKind::Raw).collect();
    let values = &mut pipeline.values;
    for condition in pipeline.jobs.iter_mut().filter_map(|j| j.condition.as_mut()) {
        rewrite(condition, values, &kinds);
    }
}

fn rewrite(expr: &mut Expr, values: &mut [EventValue], among: &[EventKind]) {
    let by_kind = by_kind(expr, values, among);
    match (by_kind, &mut expr.kind) {
        (Some(kind), own) => *own = kind,
        (None, ExprKind::Not(a)) => rewrite(a, values, among),
        (None, ExprKind::And(a, b) | ExprKind::Or(a, b)) => {
            rewrite(a, values, among);
            rewrite(b, values, among);
        }
        (None, _) => {}
    }
}

/// A comparison of a value with fixed text, as a question about the kind of event; none where it is something else, or where a text of the value
/// is known in the run alone.
fn by_kind(expr: &Expr, values: &mut [EventValue], among: &[EventKind]) -> Option<ExprKind> {
    let (id, holds): (ValueId, Holds<'_>) = match &expr.kind {
        ExprKind::Compare(how @ (Comparison::Equal | Comparison::NotEqual), a, b) => {
            let (context, literal) = match (&a.kind, &b.kind) {
                (ExprKind::Context(Context::Value(id)), ExprKind::Literal(Literal::String(text)))
                | (ExprKind::Literal(Literal::String(text)), ExprKind::Context(Context::Value(id))) => (*id, text),
                _ => return None,
            };
            let equal = *how == Comparison::Equal;
            (context, Box::new(move |own| (own == Some(literal.as_str())) == equal))
        }
        ExprKind::Matches(a, glob) => {
            let ExprKind::Context(Context::Value(id)) = a.kind else { return None };
            (id, Box::new(|own| own.is_some_and(|text| glob.value.matches(text))))
        }
        ExprKind::In(a, list) => {
            let ExprKind::Context(Context::Value(id)) = a.kind else { return None };
            (id, Box::new(|own| own.is_some_and(|text| list.iter().any(|l| l.value.shown() == text))))
        }
        _ => return None,
    };
    let value = values.get_mut(id.index()).filter(|v| v.github.is_none())?;
    let mut kinds = Vec::new();
    for kind in among {
        let arm = value.arms.iter().find(|(own, _)| own.value == *kind).map(|(_, text)| text).or(value.otherwise.as_ref());
        let text = match arm {
            Some(text) => Some(text.as_literal()?),
            None => None,
        };
        if holds(text) {
            kinds.push(*kind);
        }
    }
    value.decides = true;
    let span = expr.span;
    let all_hold = kinds.len() == among.len();
    // What a vendor has alone has names of its own: it is what none of the others is.
    let turned = kinds.contains(&EventKind::Raw) && !all_hold;
    if turned {
        kinds = among.iter().copied().filter(|kind| !kinds.contains(kind)).collect();
    }
    let literal = |kind: &EventKind| Literal::String(kind.word().to_owned());
    let event = Expr { kind: ExprKind::Context(Context::Run(RunField::Event)), span };
    let asked = match kinds.as_slice() {
        [] => ExprKind::Literal(Literal::Bool(false)),
        _ if all_hold => ExprKind::Literal(Literal::Bool(true)),
        [one] => {
            ExprKind::Compare(Comparison::Equal, Box::new(event), Box::new(Expr { kind: ExprKind::Literal(literal(one)), span }))
        }
        several => ExprKind::In(Box::new(event), several.iter().map(|k| Spanned::new(literal(k), span)).collect()),
    };
    Some(if turned { ExprKind::Not(Box::new(Expr { kind: asked, span })) } else { asked })
}
