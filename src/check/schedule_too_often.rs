//! A schedule below the shortest interval of the vendors: five minutes (GitHub; GitLab.com).

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

/// In minutes.
const SHORTEST: u64 = 5;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for schedule in pipeline.workflows.iter().flat_map(|w| &w.schedules) {
        let interval = schedule.cron.value.shortest_interval();
        if interval < SHORTEST {
            diagnostics.push(
                Diagnostic::error(
                    "schedule-too-often",
                    schedule.cron.span,
                    format!(
                        "schedule `{}` comes round after {interval} min; vendors allow {SHORTEST} min at the least",
                        schedule.name.value
                    ),
                )
                .label("too often")
                .help(format!("write \"*/{SHORTEST} * * * *\" or something rarer")),
            );
        }
    }
}
