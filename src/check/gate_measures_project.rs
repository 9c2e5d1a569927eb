//! A limit that a function could keep, held against a figure that SonarQube adds up over the whole project.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::gate::{Bound, GateKind};
use crate::ir::units::Decimal;

/// Metrics that are sums over the project
/// ([metric definitions](https://docs.sonarsource.com/sonarqube-server/10.5/user-guide/metric-definitions/)).
const SUMS: &[&str] = &["cognitive_complexity", "complexity", "functions", "lines", "ncloc", "statements"];

/// A project whose sum stays below this would have next to nothing in it.
const SMALL: u64 = 100;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for gate in &pipeline.gates {
        let GateKind::Query(query) = &gate.kind else { continue };
        let metric = query.query.as_literal().unwrap_or_default();
        if query.system.value != "sonar" || !SUMS.contains(&metric) {
            continue;
        }
        let below = |bound: Bound| matches!(bound, Bound::AtMost | Bound::LessThan);
        for limit in query.limits.iter().filter(|l| below(l.bound) && l.value.value <= Decimal::from(SMALL)) {
            let message = format!(
                "`{metric}` of SonarQube is the sum of the whole project, and gate `{}` allows {}",
                gate.name.value, limit.shown
            );
            diagnostics.push(
                Diagnostic::warning("gate-measures-project", limit.span, message)
                    .label("a limit for one function")
                    .help("let the linter hold a limit for each function, in a `run`; of SonarQube ask a share or a debt, such as duplicated_lines_density"),
            );
        }
    }
}
