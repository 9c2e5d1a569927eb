//! Events a second, compared with a share.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::gate::{GateKind, Metric};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for gate in &pipeline.gates {
        let GateKind::Query(query) = &gate.kind else { continue };
        if query.system.value != "prometheus" || !matches!(query.metric, Metric::Ratio | Metric::Percent) {
            continue;
        }
        let text = bare(&script::marked(&query.query));
        let counts = ["rate(", "increase("].iter().any(|f| text.contains(f));
        if counts && !text.contains('/') && !text.contains("avg") && !text.contains("histogram_quantile") {
            diagnostics.push(
                Diagnostic::warning(
                    "rate-against-ratio",
                    query.query.span,
                    format!("gate `{}` compares events a second with a share: 0.05 errors a second is not 5%", gate.name.value),
                )
                .label("a rate, not a ratio")
                .help("divide it by the rate of all requests: sum(rate(errors[5m])) / sum(rate(requests[5m]))"),
            );
        }
    }
}

/// A query without its selectors and strings, whose characters are no operators.
fn bare(query: &str) -> String {
    let mut depth = 0u32;
    let mut kept = String::new();
    for c in query.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}
