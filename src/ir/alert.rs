//! What an app measures of itself, and who is told when it is not well.

use crate::base::span::{Span, Spanned};
use crate::ir::gate::Metric;
use crate::ir::id::GateId;
use crate::ir::text::Text;
use crate::ir::units::{Decimal, Duration};
use crate::ir::words::fields;

/// Figures that Prometheus fetches from an app.
#[derive(Clone, PartialEq, Debug)]
pub struct Metrics {
    /// The path, with its slash.
    pub path: Spanned<String>,
    /// The name of the port.
    pub port: String,
    /// Between two fetches.
    pub every: Duration,
    /// What is known of them.
    pub declared: Vec<DeclaredMetric>,
    /// Where they stand.
    pub span: Span,
}

/// A figure with what is known of it.
#[derive(Clone, PartialEq, Debug)]
pub struct DeclaredMetric {
    /// Its name, without the endings of a histogram's series.
    pub name: Spanned<String>,
    /// How it counts.
    pub kind: MetricKind,
    /// Its unit: what it measures, and the factor to the base unit of that; none where it counts things.
    pub unit: Option<(Metric, Decimal)>,
    /// Its labels, without those that Prometheus adds when it fetches.
    pub labels: Vec<Spanned<String>>,
}

fields! {
    /// How a figure counts: <https://prometheus.io/docs/concepts/metric_types/>.
    MetricKind {
        /// Only up.
        Counter = "counter",
        /// Up and down.
        Gauge = "gauge",
        /// In buckets, with a sum and a count.
        Histogram = "histogram",
        /// In quantiles, with a sum and a count.
        Summary = "summary",
    }
}

/// Somebody is told while a gate would not pass.
#[derive(Clone, PartialEq, Debug)]
pub struct Alert {
    /// Its name.
    pub name: Spanned<String>,
    /// The gate that says what is good.
    pub gate: Spanned<GateId>,
    /// How long it must not be good before somebody is told.
    pub during: Option<Spanned<Duration>>,
    /// Whether no answer is not good either.
    pub without_data: bool,
    /// Labels by which the alert is sent on, `severity` among them.
    pub labels: Vec<(Spanned<String>, Text)>,
    /// What people read, by the names that Prometheus's own rules use: `summary`, `description`, `runbook_url`.
    pub annotations: Vec<(&'static str, Text)>,
    /// Where it stands.
    pub span: Span,
}
