//! A condition that decides nothing: it always holds, or never does, for the events that reach it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::ExpansionId;
use crate::check::facts::{passing, shown, stage_only};
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::expr::{Expr, ExprKind, Truth};
use crate::ir::id::WorkflowId;
use crate::ir::text::Context;
use crate::ir::walk::{Item, items};
use crate::sema::presence::holds;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    for job in &pipeline.jobs {
        let reaching =
            job.condition.as_ref().map(|_| passing(pipeline, job.workflow, &[stage_only(pipeline, job), job.only.as_ref()]));
        items(job, &targets, &mut |item| match item {
            Item::JobCondition(expr) => {
                let what = format!("`if` of `{}`", job.name.value);
                diagnostics.extend(reaching.iter().filter_map(|events| constant(pipeline, job.workflow, events, expr, &what)));
            }
            Item::Condition(expr) => {
                let what = format!("this condition in `{}`", job.name.value);
                diagnostics.extend(constant(pipeline, job.workflow, &job.possible, expr, &what));
            }
            Item::Text(_) | Item::Script(_) => {}
        });
    }
}

fn constant(pipeline: &Pipeline, workflow: WorkflowId, events: &BitSet, expr: &Expr, what: &str) -> Option<Diagnostic> {
    // What a template brings may decide something in another place; a variable's value may be changed at the vendor.
    let shared = expr.span.expansion != ExpansionId(0) || expr.contexts().iter().any(|c| matches!(c.value, Context::Variable(_)));
    if events.is_empty() || shared || matches!(expr.kind, ExprKind::Literal(_)) {
        return None;
    }
    let mut truths = events.iter().map(|i| holds(pipeline, Some(workflow), &pipeline.events[i], expr));
    let truth = truths.next()?;
    if truth == Truth::Maybe || truths.any(|t| t != truth) {
        return None;
    }
    let where_ = shown(pipeline, events);
    let found = match truth {
        Truth::No => Diagnostic::error("condition-never-true", expr.span, format!("{what} never holds"))
            .help("mend the condition, or remove what it guards"),
        _ => Diagnostic::error("condition-always-true", expr.span, format!("{what} always holds")).help("remove the condition"),
    };
    Some(found.label(format!("it only ever runs {where_}")))
}
