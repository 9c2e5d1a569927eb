//! A condition of the spec that reads the results of jobs: what it comes to in a run of which a part is not known.

use crate::ir::Pipeline;
use crate::ir::event::Event;
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal, Truth};
use crate::ir::id::JobId;
use crate::ir::job::Job;
use crate::ir::text::Context;
use crate::sema::presence;
use crate::verify::behaviour::State;

/// A moment of a run. What is not known is as it must be for jobs to run, or for them not to run; beside the result of another job, as in
/// `needs.x.result == 'success' || …`, it is what keeps that job from running, or does not.
pub(super) struct Unsure<'u> {
    pub(super) pipeline: &'u Pipeline,
    /// The job whose condition it is.
    pub(super) job: &'u Job,
    pub(super) event: &'u Event,
    /// What has become of the jobs before.
    pub(super) states: &'u [State],
    /// Whether what is not known lets jobs run.
    pub(super) maybe: bool,
}

/// Whether a condition asks how other jobs ended.
pub(super) fn reads_results(condition: &Expr) -> bool {
    condition.contexts().iter().any(|c| matches!(c.value, Context::NeedsResult(_)))
}

impl Unsure<'_> {
    /// Whether a condition holds.
    pub(super) fn holds(&self, condition: &Expr) -> bool {
        self.part(condition, self.maybe, None)
    }

    fn part(&self, expr: &Expr, wanted: bool, about: Option<&Expr>) -> bool {
        match &expr.kind {
            ExprKind::Not(a) => !self.part(a, !wanted, about),
            ExprKind::And(a, b) => self.part(a, wanted, about) && self.part(b, wanted, about),
            ExprKind::Or(a, b) => {
                let about = self.asked_about(expr).or(about);
                self.part(a, wanted, about) || self.part(b, wanted, about)
            }
            _ => match presence::holds(self.pipeline, Some(self.job.workflow), self.event, &resolved(expr, self.states)) {
                Truth::Maybe => about.and_then(|c| sign(c, expr, true)).map_or(wanted, |sign| sign == self.maybe),
                known => known == Truth::Yes,
            },
        }
    }

    /// The condition of the job whose result stands among alternatives.
    fn asked_about(&self, expr: &Expr) -> Option<&Expr> {
        match &expr.kind {
            ExprKind::Or(a, b) => self.asked_about(a).or_else(|| self.asked_about(b)),
            ExprKind::Compare(Comparison::Equal, a, _) => self.pipeline.job(result_of(a)?).condition.as_ref(),
            _ => None,
        }
    }
}

fn result_of(expr: &Expr) -> Option<JobId> {
    if let ExprKind::Context(Context::NeedsResult(id)) = &expr.kind { Some(*id) } else { None }
}

/// Whether a part stands in a condition as it is, or turned into its opposite; none if it does not stand there.
fn sign(condition: &Expr, part: &Expr, positive: bool) -> Option<bool> {
    match &condition.kind {
        ExprKind::Not(a) => sign(a, part, !positive),
        // That is said of other jobs.
        ExprKind::Or(..) if reads_results(condition) => None,
        ExprKind::And(a, b) | ExprKind::Or(a, b) => sign(a, part, positive).or_else(|| sign(b, part, positive)),
        _ => {
            let ((a, turned), (b, other)) = (upright(condition), upright(part));
            (a == b).then_some(positive == (turned == other))
        }
    }
}

/// The text of a part, `!=` as `==`, and whether it was turned.
fn upright(part: &Expr) -> (String, bool) {
    match &part.kind {
        ExprKind::Compare(Comparison::NotEqual, a, b) => {
            let kind = ExprKind::Compare(Comparison::Equal, a.clone(), b.clone());
            (presence::spelled_condition(&Expr { kind, span: part.span }), true)
        }
        _ => (presence::spelled_condition(part), false),
    }
}

/// A part with the results of jobs in their places.
fn resolved(expr: &Expr, states: &[State]) -> Expr {
    let inner = |e: &Expr| Box::new(resolved(e, states));
    let kind = match &expr.kind {
        ExprKind::Context(Context::NeedsResult(id)) => {
            let word = match states[id.index()] {
                State::Absent => "absent",
                State::Skipped | State::Waiting => "skipped",
                State::Passed | State::Forgiven => "success",
                State::Failed => "failure",
            };
            ExprKind::Literal(Literal::String(word.to_owned()))
        }
        ExprKind::Compare(how, a, b) => ExprKind::Compare(*how, inner(a), inner(b)),
        ExprKind::Matches(a, glob) => ExprKind::Matches(inner(a), glob.clone()),
        ExprKind::In(a, list) => ExprKind::In(inner(a), list.clone()),
        other => other.clone(),
    };
    Expr { kind, span: expr.span }
}
