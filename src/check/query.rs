//! Queries of Prometheus as rules read them: the tree, and what is known of the metrics in it.

use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::alert::{DeclaredMetric, MetricKind, Metrics};
use crate::ir::gate::{Gate, GateKind, Metric};
use crate::ir::promql::{self, SyntaxError};

/// A gate that asks Prometheus.
pub(super) struct Asked<'p> {
    /// The gate.
    pub(super) gate: &'p Gate,
    /// What it asks.
    pub(super) query: &'p crate::ir::gate::Query,
    /// The query as a tree; none where a context stands outside of a text, and nobody knows what will stand there.
    pub(super) tree: Option<Result<promql::Query, SyntaxError>>,
}

impl Asked<'_> {
    /// The tree, if the query could be read.
    pub(super) fn read(&self) -> Option<&promql::Query> {
        self.tree.as_ref()?.as_ref().ok()
    }
}

/// The gates that ask Prometheus.
pub(super) fn asked(pipeline: &Pipeline) -> impl Iterator<Item = Asked<'_>> {
    pipeline.gates.iter().filter_map(|gate| {
        let GateKind::Query(query) = &gate.kind else { return None };
        (query.system.value == "prometheus").then(|| {
            let text = script::marked(&query.query);
            let tree = (!bare(&text).contains(script::is_mark)).then(|| promql::parse(&text));
            Asked { gate, query, tree }
        })
    })
}

/// A query without its texts.
fn bare(query: &str) -> String {
    let mut open: Option<char> = None;
    let mut kept = String::new();
    let mut chars = query.chars();
    while let Some(c) = chars.next() {
        match open {
            Some(quote) if c == quote => open = None,
            Some(quote) if c == '\\' && quote != '`' => {
                chars.next();
            }
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => open = Some(c),
            None => kept.push(c),
        }
    }
    kept
}

/// What a series of a declared metric is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// The figure itself.
    Value,
    /// How often something was at most so much.
    Bucket,
    /// The sum of all that was measured.
    Sum,
    /// How often it was measured.
    Count,
}

/// The declaration of a series, if an app declares it.
pub(super) fn declared<'p>(pipeline: &'p Pipeline, series: &str) -> Option<(&'p Metrics, &'p DeclaredMetric, Part)> {
    let apps = pipeline.apps.iter().flat_map(|a| std::iter::once(&a.base).chain(a.places.iter().map(|p| &p.settings)));
    let all = apps.filter_map(|s| s.metrics.as_ref()).flat_map(|m| m.declared.iter().map(move |d| (m, d)));
    all.filter_map(|(metrics, metric)| {
        let ending = series.strip_prefix(metric.name.value.as_str())?;
        let many = matches!(metric.kind, MetricKind::Histogram | MetricKind::Summary);
        let part = match ending {
            // A native histogram has one series with all its buckets.
            "" if metric.kind == MetricKind::Histogram => Part::Bucket,
            "" => Part::Value,
            "_bucket" if metric.kind == MetricKind::Histogram => Part::Bucket,
            "_sum" if many => Part::Sum,
            "_count" if many => Part::Count,
            _ => return None,
        };
        Some((metrics, metric, part))
    })
    .next()
}

/// The unit that a name says by custom, for a metric that nobody declares: <https://prometheus.io/docs/practices/naming/>.
pub(super) fn by_name(series: &str) -> Option<(Option<Metric>, Part)> {
    let (stem, part) = [("_bucket", Part::Bucket), ("_sum", Part::Sum), ("_count", Part::Count)]
        .iter()
        .find_map(|(end, part)| series.strip_suffix(end).map(|stem| (stem, *part)))
        .unwrap_or((series, Part::Value));
    let unit = [("_seconds", Metric::Duration), ("_bytes", Metric::Size), ("_ratio", Metric::Ratio)]
        .iter()
        .find(|(end, _)| stem.trim_end_matches("_total").ends_with(end));
    match unit {
        // A point in time is no length of time.
        Some(_) if stem.ends_with("_timestamp_seconds") => None,
        Some((_, metric)) => Some((Some(*metric), part)),
        None => series.ends_with("_total").then_some((None, Part::Value)),
    }
}
