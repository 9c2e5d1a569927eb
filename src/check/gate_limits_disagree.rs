//! Two gates that hold one figure against different limits: one of them is not meant.

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::gate::{Bound, Gate, GateKind, Limit, MeasureSource, Reading};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let mut known: BTreeMap<String, Vec<&Gate>> = BTreeMap::new();
    for later in &pipeline.gates {
        let Some(figure) = figure(later) else { continue };
        let alike = known.entry(figure).or_default();
        for first in alike.iter() {
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
        alike.push(later);
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

/// The figure that a gate reads, as text: two gates with equal texts read the same, of the same job and at the same place.
fn figure(gate: &Gate) -> Option<String> {
    match &gate.kind {
        GateKind::Measure(measure) => {
            let read = |s: &MeasureSource| (s.file.as_ref().map(|f| f.value.clone()), place(&s.read));
            let sources: Vec<_> = measure.sources.iter().map(read).collect();
            Some(format!("{:?} {:?} {sources:?}", gate.producers, measure.metric))
        }
        GateKind::Query(query) if query.project.is_none() => {
            query.query.as_literal().map(|text| format!("{:?} {text}", query.metric))
        }
        _ => None,
    }
}

fn place(read: &Reading) -> String {
    match read {
        Reading::Json(path) | Reading::Xml(path) | Reading::Regex(path) => path.value.clone(),
        Reading::Command(text) => text.as_literal().map_or_else(|| format!("{:?}", text.span), str::to_owned),
    }
}
