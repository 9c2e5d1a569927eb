//! A gate that the cluster is to ask and cannot: it has no runner, so it only speaks to Prometheus.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::gate::{Gate, GateKind};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for app in &pipeline.apps {
        for placed in &app.places {
            for asked in placed.settings.strategy.gates() {
                let gate = pipeline.gate(asked.value);
                let by_deploy = pipeline.delivery.emulates(&placed.settings.strategy);
                let Some((label, help)) = fault(gate, by_deploy) else { continue };
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
fn fault(gate: &Gate, by_deploy: bool) -> Option<(&'static str, &'static str)> {
    let by_job = matches!(gate.kind, GateKind::Query(_) | GateKind::Probe(_) | GateKind::Check { .. });
    if by_deploy && !by_job {
        return Some(("not asked between two steps", "ask a query, a probe or a check there"));
    }
    let by_prometheus = matches!(&gate.kind, GateKind::Query(q) if q.system.value == "prometheus");
    if !by_deploy && !by_prometheus {
        Some(("no query of Prometheus", "ask Prometheus (`query prometheus=…`), or watch it after the deploy: monitor NAME"))
    } else if gate.waive.is_some() {
        Some(("has a way around it that only a run knows", "remove its `waive`, or give the analysis a gate of its own"))
    } else if gate.advisory.is_some() {
        Some(("lets everything pass", "remove `advisory`: an analysis that cannot fail stops nothing"))
    } else {
        None
    }
}
