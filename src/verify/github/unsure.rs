//! Conditions of which only a run knows a part: what the rest comes to, if that part lets a job run, or does not.

use crate::verify::github::Job;
use crate::verify::github::expr::eval::{World, eval};
use crate::verify::github::expr::value::Value;
use crate::verify::github::expr::{Expr, Operator};

/// What is not known is as it must be for the job to run, or for it not to run. Beside the result of another job, `needs.x.result == 'success' || …`,
/// what is not known is what keeps that job from running, or does not: there its absence is asked for.
pub(super) struct Unsure<'e> {
    /// What is known.
    pub(super) world: &'e dyn World,
    /// The jobs of the workflow.
    pub(super) jobs: &'e [Job],
    /// Whether what is not known lets jobs run.
    pub(super) maybe: bool,
}

impl Unsure<'_> {
    /// Whether a condition holds.
    ///
    /// # Errors
    /// As [`eval`].
    pub(super) fn holds(&self, condition: &Expr) -> Result<bool, String> {
        self.part(condition, self.maybe, None)
    }

    /// `wanted`: what an unknown part is taken for. `about`: the condition of the job whose absence is asked for.
    fn part(&self, expr: &Expr, wanted: bool, about: Option<&Expr>) -> Result<bool, String> {
        Ok(match expr {
            Expr::Not(a) => !self.part(a, !wanted, about)?,
            Expr::And(a, b) => self.part(a, wanted, about)? & self.part(b, wanted, about)?,
            Expr::Or(a, b) => {
                let about = self.asked_about(expr).or(about);
                self.part(a, wanted, about)? | self.part(b, wanted, about)?
            }
            _ => match (eval(expr, self.world)?.truth(), about) {
                (Some(truth), _) => truth,
                (None, Some(condition)) => sign(condition, expr, true).map_or(wanted, |sign| sign == self.maybe),
                (None, None) => wanted,
            },
        })
    }

    /// The condition of the job whose result stands among alternatives.
    fn asked_about(&self, expr: &Expr) -> Option<&Expr> {
        match expr {
            Expr::Or(a, b) => self.asked_about(a).or_else(|| self.asked_about(b)),
            other => self.jobs.iter().find(|j| result_of(other) == Some(&j.id))?.condition.as_ref(),
        }
    }
}

/// Whether the result of another job stands among alternatives.
fn speaks_of_another(expr: &Expr) -> bool {
    match expr {
        Expr::Or(a, b) => speaks_of_another(a) || speaks_of_another(b),
        other => result_of(other).is_some(),
    }
}

/// The id of the job whose result is compared.
fn result_of(expr: &Expr) -> Option<&str> {
    let Expr::Compare(Operator::Equal, left, _) = expr else { return None };
    let Expr::Index(job, field) = left.as_ref() else { return None };
    let Expr::Index(needs, id) = job.as_ref() else { return None };
    match (needs.as_ref(), id.as_ref(), field.as_ref()) {
        (Expr::Context(needs), Expr::Literal(Value::String(id)), Expr::Literal(Value::String(field))) => {
            (needs == "needs" && field == "result").then_some(id)
        }
        _ => None,
    }
}

/// Whether a part stands in a condition as it is, or turned into its opposite; none if it does not stand there.
fn sign(condition: &Expr, part: &Expr, positive: bool) -> Option<bool> {
    match condition {
        Expr::Not(a) => sign(a, part, !positive),
        // That is said of other jobs.
        Expr::Or(..) if speaks_of_another(condition) => None,
        Expr::And(a, b) | Expr::Or(a, b) => sign(a, part, positive).or_else(|| sign(b, part, positive)),
        _ => {
            let ((a, turned), (b, other)) = (upright(condition), upright(part));
            (a == b).then_some(positive == (turned == other))
        }
    }
}

/// The text of a part, `!=` as `==`, and whether it was turned.
fn upright(part: &Expr) -> (String, bool) {
    match part {
        Expr::Compare(Operator::NotEqual, a, b) => (format!("{:?}", Expr::Compare(Operator::Equal, a.clone(), b.clone())), true),
        other => (format!("{other:?}"), false),
    }
}
