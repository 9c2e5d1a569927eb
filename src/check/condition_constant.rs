//! A condition that decides nothing: it always holds, or never does, for the events that reach it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{ExpansionId, Span};
use crate::check::facts::{passing, shown, stage_only};
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::expr::{Expr, ExprKind, Truth};
use crate::ir::id::{JobId, WorkflowId};
use crate::ir::text::Context;
use crate::ir::walk::{Item, items};
use crate::sema::presence::holds;

/// A condition that decides nothing.
#[derive(Clone, Debug)]
pub struct Constant {
    /// The job in which it stands.
    pub job: JobId,
    /// Whether it is that of the job itself, and not of something in it.
    pub of_job: bool,
    /// Where what is asked stands.
    pub span: Span,
    /// Whether it always holds; otherwise it never does.
    pub holds: bool,
    /// The events for which it is asked.
    events: BitSet,
}

/// The conditions that decide nothing, job by job, in the order of the spec.
pub fn constant_conditions(pipeline: &Pipeline) -> Vec<Constant> {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    let mut found = Vec::new();
    for (id, job) in pipeline.job_ids() {
        let reaching =
            job.condition.as_ref().map(|_| passing(pipeline, job.workflow, &[stage_only(pipeline, job), job.only.as_ref()]));
        let mut ask = |expr: &Expr, of_job: bool, events: &BitSet| {
            let holds = constant(pipeline, job.workflow, events, expr);
            found.extend(holds.map(|holds| Constant { job: id, of_job, span: expr.span, holds, events: events.clone() }));
        };
        items(job, &targets, &mut |item| match item {
            Item::JobCondition(expr) => reaching.iter().for_each(|events| ask(expr, true, events)),
            Item::Condition(expr) => ask(expr, false, &job.possible),
            Item::Text(_) | Item::Script(_) => {}
        });
    }
    found
}

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    diagnostics.extend(constant_conditions(pipeline).iter().map(|found| {
        let name = &pipeline.job(found.job).name.value;
        let what = if found.of_job { format!("`if` of `{name}`") } else { format!("this condition in `{name}`") };
        let told = if found.holds {
            Diagnostic::error("condition-always-true", found.span, format!("{what} always holds")).help("remove the condition")
        } else {
            Diagnostic::error("condition-never-true", found.span, format!("{what} never holds"))
                .help("mend the condition, or remove what it guards")
        };
        told.label(format!("it only ever runs {}", shown(pipeline, &found.events)))
    }));
}

/// Whether a condition holds for all of some events, or for none of them; nothing where it decides.
fn constant(pipeline: &Pipeline, workflow: WorkflowId, events: &BitSet, expr: &Expr) -> Option<bool> {
    // What a template brings may decide something in another place; a variable's value may be changed at the vendor.
    let shared = expr.span.expansion != ExpansionId(0) || expr.contexts().iter().any(|c| matches!(c.value, Context::Variable(_)));
    if events.is_empty() || shared || matches!(expr.kind, ExprKind::Literal(_)) {
        return None;
    }
    let mut truths = events.iter().map(|i| holds(pipeline, Some(workflow), &pipeline.events[i], expr));
    let truth = truths.next()?;
    (truth != Truth::Maybe && truths.all(|t| t == truth)).then_some(truth != Truth::No)
}
