//! Rows of what an app measures of itself, and of alerts.

use crate::syntax::shape::ValueType::{Duration, Name, Reference, String, Text, Url, Variable, Word};
use crate::syntax::shape::gate::UNITS;
use crate::syntax::shape::{Open, Shape, arg, either, keyed, line, list, many, node};

/// `metrics "/metrics" port=http { … }`
pub static METRICS: Shape = node(
    "metrics",
    "metrics",
    "Figures that Prometheus fetches from each pod. What is declared of them is held against every query.",
    "metrics \"/metrics\" port=http every=\"30s\" { metric http_requests_total counter { labels method route status_code } }",
)
.args(&[arg("path", String, "the path")])
.settings(&[&[
    either("port", Name, "the name of the port; the only one without it"),
    either("every", Duration, "between two fetches").default("30s"),
]])
.children(&[&[keyed(&METRIC)]]);

/// `metric http_requests_total counter { labels method status_code }`
pub static METRIC: Shape = node(
    "metric",
    "metric",
    "A figure with what is known of it. Queries of it may name its labels, and those that Prometheus adds; no others.",
    "metric http_request_duration_seconds histogram unit=s { labels method route status_code }",
)
.args(&[
    arg("name", Variable, "its name; of a histogram or a summary without `_bucket`, `_sum` and `_count`"),
    arg("kind", Word(&["counter", "gauge", "histogram", "summary"]), "how it counts"),
])
.settings(&[&[
    either("unit", Word(UNITS), "its unit; without it, that of its name (`_seconds`, `_bytes`), else it counts things"),
    list("labels", Variable, "its labels, without those that Prometheus adds"),
]]);

/// `alert HighErrorRate { gate error-rate; for "2m"; severity critical }`
pub static ALERT: Shape = node(
    "alert",
    "alert",
    "Somebody is told while a gate would not pass: the gate says what is good, the alert fires when it is not.",
    "alert HighErrorRate { gate error-rate; for \"2m\"; severity critical; summary \"More than 5% of the requests fail\" }",
)
.args(&[arg("name", Variable, "its name, by custom in CamelCase")])
.settings(&[&[
    line("gate", Reference("gate"), "a `query` of Prometheus with its limits").required(),
    line("for", Duration, "how long it must not be good before somebody is told; at once without it"),
    line("severity", Word(&["critical", "warning", "info"]), "how bad that is; a label by which the alert is sent on").required(),
    line("summary", Text, "what is wrong, in one line; `{{ $labels.instance }}` and `{{ $value }}` are filled in by Prometheus")
        .required(),
    line("description", Text, "what it means, and what to do"),
    line("runbook", Url, "where that is written"),
    line("no-data", Word(&["quiet", "fire"]), "what no answer of the query means").default("quiet"),
]])
.children(&[&[many(&ALERT_LABEL)]]);

/// `label route=pagerduty` of an alert.
pub static ALERT_LABEL: Shape =
    node("alert.label", "label", "Labels by which an alert is sent on.", "label route=pagerduty team=shop").open(Open {
        name: "NAME",
        key: Variable,
        ty: Text,
        required: true,
        doc: "the label's value",
    });
