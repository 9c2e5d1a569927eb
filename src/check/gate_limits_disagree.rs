//! Two gates that hold one figure against different limits: one of them is not meant.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::gate::{Bound, Gate, GateKind, Limit, Reading};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (i, later) in pipeline.gates.iter().enumerate() {
        for first in pipeline.gates[..i].iter().filter(|g| same_figure(g, later)) {
            // One that warns early beside one that stops is what `advisory` is for.
            if first.advisory.is_some() != later.advisory.is_some() {
                continue;
            }
            let differs = limits(later).iter().find_map(|mine| {
                let other = limits(first).iter().find(|l| is_lower(l.value.bound) == is_lower(mine.value.bound))?;
                (other.value.bound != mine.value.bound || other.value.value != mine.value.value).then_some((mine, other))
            });
            let Some((mine, other)) = differs else { continue };
            diagnostics.push(
                Diagnostic::warning(
                    "gate-limits-disagree",
                    mine.span,
                    format!(
                        "gates `{}` and `{}` measure the same, and one wants {} {}, the other {} {}",
                        first.name.value,
                        later.name.value,
                        other.value.bound.word(),
                        other.value.shown,
                        mine.value.bound.word(),
                        mine.value.shown
                    ),
                )
                .label("the stricter of the two decides")
                .related(other.span, "the other limit")
                .help("keep one gate; mark one as `advisory` if it only warns"),
            );
        }
    }
}

fn is_lower(bound: Bound) -> bool {
    matches!(bound, Bound::AtLeast | Bound::MoreThan)
}

fn limits(gate: &Gate) -> &[Spanned<Limit>] {
    match &gate.kind {
        GateKind::Measure(measure) => &measure.limits,
        GateKind::Query(query) => &query.limits,
        _ => &[],
    }
}

/// Whether two gates read one figure: of the same job, at the same place.
fn same_figure(a: &Gate, b: &Gate) -> bool {
    match (&a.kind, &b.kind) {
        (GateKind::Measure(x), GateKind::Measure(y)) => {
            let read = |list: &[crate::ir::gate::MeasureSource]| -> Vec<(Option<String>, String)> {
                let file = |s: &crate::ir::gate::MeasureSource| s.file.as_ref().map(|f| f.value.clone());
                list.iter().map(|s| (file(s), place(&s.read))).collect()
            };
            a.producers == b.producers && x.metric == y.metric && read(&x.sources) == read(&y.sources)
        }
        (GateKind::Query(x), GateKind::Query(y)) => {
            let same = |p: &crate::ir::text::Text, q: &crate::ir::text::Text| {
                p.as_literal().is_some() && p.as_literal() == q.as_literal()
            };
            same(&x.query, &y.query) && x.metric == y.metric && x.project.is_none() && y.project.is_none()
        }
        _ => false,
    }
}

fn place(read: &Reading) -> String {
    match read {
        Reading::Json(path) | Reading::Xml(path) | Reading::Regex(path) => path.value.clone(),
        Reading::Command(text) => text.as_literal().map_or_else(|| format!("{:?}", text.span), str::to_owned),
    }
}
