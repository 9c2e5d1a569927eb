//! A limit that no figure keeps, and a figure that is read in another scale than its limit.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::gate::{Bound, GateKind, Limit, Measure, Metric, Reading};
use crate::ir::units::Decimal;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for gate in &pipeline.gates {
        let (metric, limits) = match &gate.kind {
            GateKind::Measure(measure) => {
                scale(measure, diagnostics);
                (measure.metric, &measure.limits)
            }
            GateKind::Query(query) => (query.metric, &query.limits),
            _ => continue,
        };
        for limit in limits {
            if let Some(why) = impossible(metric, limit) {
                diagnostics.push(error(&gate.name.value, limit, why));
            }
        }
        for (i, low) in limits.iter().enumerate().filter(|(_, l)| is_lower(l.bound)) {
            for high in limits.iter().filter(|l| !is_lower(l.bound)) {
                let open = low.bound == Bound::MoreThan || high.bound == Bound::LessThan;
                if low.value.value > high.value.value || (open && low.value.value == high.value.value) {
                    let later = if i == 0 { high } else { low };
                    let why =
                        format!("nothing is both {} {} and {} {}", low.bound.word(), low.shown, high.bound.word(), high.shown);
                    diagnostics.push(error(&gate.name.value, later, why));
                }
            }
        }
    }
}

fn error(gate: &str, limit: &Spanned<Limit>, why: String) -> Diagnostic {
    Diagnostic::error("gate-limit-impossible", limit.span, format!("gate `{gate}` can never pass: {why}"))
        .label("no figure keeps this")
        .help("write the limit that the figure can keep")
}

fn is_lower(bound: Bound) -> bool {
    matches!(bound, Bound::AtLeast | Bound::MoreThan)
}

fn impossible(metric: Metric, limit: &Limit) -> Option<String> {
    let shown = &limit.shown;
    match limit.bound {
        Bound::AtLeast if metric == Metric::Percent && limit.value > Decimal::HUNDRED => {
            Some(format!("no share is {shown} or more"))
        }
        Bound::MoreThan if metric == Metric::Percent && limit.value >= Decimal::HUNDRED => {
            Some(format!("no share is more than {shown}"))
        }
        Bound::AtMost if limit.value < Decimal::ZERO => Some(format!("no {} is {shown} or less", metric.word())),
        Bound::LessThan if limit.value <= Decimal::ZERO => Some(format!("no {} is less than {shown}", metric.word())),
        _ => None,
    }
}

/// A rate of a coverage report is 0 to 1; a percent gate wants 0 to 100.
fn scale(measure: &Measure, diagnostics: &mut Diagnostics) {
    for source in measure.sources.iter().filter(|s| measure.metric == Metric::Percent && s.scale == Decimal::ONE) {
        let path = match &source.read {
            Reading::Xml(path) | Reading::Json(path) => path,
            Reading::Regex(_) | Reading::Command(_) => continue,
        };
        if ["-rate", "_rate", "Rate", "ratio"].iter().any(|end| path.value.ends_with(end)) {
            diagnostics.push(
                Diagnostic::warning(
                    "gate-scale-suspicious",
                    path.span,
                    format!("`{}` is a figure from 0 to 1, and this gate counts in percent", path.value),
                )
                .label("0.83 would be read as 0.83 %")
                .help("add scale=100"),
            );
        }
    }
}
