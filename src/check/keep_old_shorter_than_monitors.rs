//! An old version that is gone before anybody knows that it is needed: going back then takes as long as a deploy.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::id::AppId;
use crate::ir::job::Job;
use crate::ir::step::StepKind;
use crate::ir::strategy::Strategy;
use crate::ir::units::Duration;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (index, app) in pipeline.apps.iter().enumerate() {
        for placed in &app.places {
            let Strategy::BlueGreen(colours) = &placed.settings.strategy else { continue };
            let seconds = |gate: crate::ir::id::GateId| pipeline.gate(gate).kind.seconds();
            let brings = |job: &&Job| {
                job.environment.as_ref().is_some_and(|e| e.environment == placed.environment)
                    && job.steps.iter().any(|s| matches!(&s.kind, StepKind::App(act) if act.app == AppId(index as u32)))
            };
            let watched = |job: &Job| job.deploy.iter().flat_map(|d| &d.monitor).map(|g| seconds(g.value)).sum::<u64>();
            let monitors = pipeline.jobs.iter().filter(brings).map(watched).max().unwrap_or(0);
            let asked = colours.after.iter().map(|g| seconds(g.value)).max().unwrap_or(0);
            let needed = monitors + asked;
            if colours.keep_old.value.seconds >= needed {
                continue;
            }
            diagnostics.push(
                Diagnostic::error(
                    "keep-old-shorter-than-monitors",
                    colours.keep_old.span,
                    format!(
                        "the old version of `{}` is kept for {}, and what watches the new one takes {}",
                        app.name.value,
                        colours.keep_old.value,
                        Duration::from_seconds(needed)
                    ),
                )
                .label("gone too early")
                .help(format!("keep it longer: keep-old \"{}\"", Duration::from_seconds(needed.div_ceil(60) * 60))),
            );
        }
    }
}
