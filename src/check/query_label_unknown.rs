//! A query that names a label which its metric does not have.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::query::{self, Asked, Part};
use crate::ir::Pipeline;
use crate::ir::alert::MetricKind;
use crate::ir::promql::{Query, Select};

/// Labels that Prometheus and its operator give what they fetch, with those that tell clusters and replicas apart:
/// <https://prometheus-operator.dev/docs/api-reference/api/> (`PodMonitor`, `jobLabel`, `attachMetadata`).
const OF_THE_TARGET: &[&str] =
    &["cluster", "container", "endpoint", "instance", "job", "namespace", "node", "pod", "prometheus", "prometheus_replica"];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for asked in query::asked(pipeline) {
        let Some(tree) = asked.read() else { continue };
        tree.walk(&mut |part| match part {
            Query::Select(select) => {
                let Some(known) = labels(pipeline, select) else { return };
                for label in select.labels.iter().filter(|l| !known.contains(l.as_str())) {
                    say(&asked, select.metric.as_deref().unwrap_or_default(), label, &known, diagnostics);
                }
            }
            Query::Aggregate { grouping: Some(grouping), args, .. } if !grouping.without => {
                // What joins series brings labels of its own.
                let Some(inner) = args.last() else { return };
                let Some(known) = all(pipeline, inner) else { return };
                for label in grouping.labels.iter().filter(|l| !known.contains(l.as_str())) {
                    say(&asked, "what is aggregated", label, &known, diagnostics);
                }
            }
            _ => {}
        });
    }
}

/// The labels of a declared metric, those of its target included.
fn labels<'p>(pipeline: &'p Pipeline, select: &Select) -> Option<BTreeSet<&'p str>> {
    let (_, metric, part) = query::declared(pipeline, select.metric.as_deref()?)?;
    let own = metric.labels.iter().map(|l| l.value.as_str());
    let of_kind = match metric.kind {
        MetricKind::Histogram if part == Part::Bucket => Some("le"),
        MetricKind::Summary if part == Part::Value => Some("quantile"),
        _ => None,
    };
    Some(own.chain(OF_THE_TARGET.iter().copied()).chain(of_kind).collect())
}

/// The labels that a query may answer with; none if nobody can know.
fn all<'p>(pipeline: &'p Pipeline, query: &Query) -> Option<BTreeSet<&'p str>> {
    let mut known = Some(BTreeSet::new());
    query.walk(&mut |part| match part {
        Query::Select(select) => {
            let own = labels(pipeline, select);
            known = known.take().zip(own).map(|(mut known, own)| {
                known.extend(own);
                known
            });
        }
        Query::Call { function, .. } if function.starts_with("label_") || function == "info" => known = None,
        _ => {}
    });
    known.filter(|k| !k.is_empty())
}

fn say(asked: &Asked<'_>, metric: &str, label: &str, known: &BTreeSet<&str>, diagnostics: &mut Diagnostics) {
    let own: Vec<&str> = known.iter().copied().filter(|l| !OF_THE_TARGET.contains(l)).collect();
    let name = &asked.gate.name.value;
    let message = if metric == "what is aggregated" {
        format!("gate `{name}` groups by `{label}`, a label that {metric} does not have")
    } else {
        format!("gate `{name}` asks `{metric}` for `{label}`, a label that it does not have")
    };
    let help = if own.is_empty() {
        format!("it is declared without labels; add them to the `metric`: labels {label}")
    } else {
        format!("its labels are {}; correct the query, or add `{label}` to the labels of the `metric`", own.join(", "))
    };
    diagnostics.push(
        Diagnostic::error("query-label-unknown", asked.query.query.span, message)
            .label("it matches nothing, for ever")
            .help(help),
    );
}
