//! An alert of a gate that Prometheus cannot watch.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts;
use crate::ir::Pipeline;
use crate::ir::gate::GateKind;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for alert in facts::alerts(pipeline).map(|(alert, _)| alert) {
        let gate = pipeline.gate(alert.gate.value);
        let name = &gate.name.value;
        let what = match &gate.kind {
            GateKind::Query(query) if query.system.value == "prometheus" => continue,
            GateKind::Query(query) => format!("asks {}", query.system.value),
            GateKind::Measure(_) | GateKind::Findings(_) | GateKind::Junit { .. } => "is measured in a run".to_owned(),
            GateKind::Approval(_) => "asks people, and has no limit".to_owned(),
            GateKind::Probe(_) => "looks at an address, and has no limit".to_owned(),
            GateKind::Check { .. } => "runs commands, and has no limit".to_owned(),
            GateKind::Window(_) => "looks at the clock, and has no limit".to_owned(),
        };
        diagnostics.push(
            Diagnostic::error(
                "alert-not-a-query",
                alert.gate.span,
                format!("alert `{}` cannot watch gate `{name}`, which {what}", alert.name.value),
            )
            .label("no query of Prometheus")
            .related(gate.span, "the gate")
            .help("name a gate with a query of Prometheus and a limit: gate up { query prometheus=\"up\" unit=count address=(var)PROMETHEUS; at-least 1 }"),
        );
    }
}
