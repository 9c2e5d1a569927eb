//! A gate that the cluster is to ask and cannot: it has no runner, so it only speaks to Prometheus.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::gate::{Gate, GateKind};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for app in &pipeline.apps {
        for placed in &app.places {
            for asked in placed.settings.strategy.gates() {
                let gate = pipeline.gate(asked.value);
                let Some((label, help)) = fault(gate) else { continue };
                let message = format!("gate `{}` cannot be asked while `{}` is replaced", gate.name.value, app.name.value);
                diagnostics.push(
                    Diagnostic::error("analysis-not-a-query", asked.span, message)
                        .label(label)
                        .related(gate.span, "the gate")
                        .help(help),
                );
            }
        }
    }
}

/// What is wrong with a gate as an analysis, and how to get out.
fn fault(gate: &Gate) -> Option<(&'static str, &'static str)> {
    let by_prometheus = matches!(&gate.kind, GateKind::Query(q) if q.system.value == "prometheus");
    if !by_prometheus {
        Some(("no query of Prometheus", "ask Prometheus (`query prometheus=…`), or watch it after the deploy: monitor NAME"))
    } else if gate.waive.is_some() {
        Some(("has a way around it that only a run knows", "remove its `waive`, or give the analysis a gate of its own"))
    } else if gate.advisory.is_some() {
        Some(("lets everything pass", "remove `advisory`: an analysis that cannot fail stops nothing"))
    } else {
        None
    }
}
