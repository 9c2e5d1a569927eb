//! A gate that is declared at the top and used by nothing.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts;
use crate::ir::Pipeline;
use crate::ir::id::GateId;
use crate::ir::step::{Step, StepKind};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let mut used: BTreeSet<GateId> = BTreeSet::new();
    let run = |steps: &[Step], used: &mut BTreeSet<GateId>| {
        used.extend(steps.iter().filter_map(|s| match &s.kind {
            StepKind::Gate(gate) => Some(*gate),
            _ => None,
        }));
    };
    used.extend(pipeline.environments.iter().flat_map(|e| &e.requires).map(|g| g.value));
    for workflow in &pipeline.workflows {
        used.extend(workflow.requires.iter().chain(workflow.stages.iter().flat_map(|s| &s.requires)).map(|g| g.value));
    }
    for job in &pipeline.jobs {
        used.extend(job.requires.iter().map(|g| g.value));
        run(&job.steps, &mut used);
        if let Some(deploy) = &job.deploy {
            used.extend(deploy.monitor.iter().map(|g| g.value));
            run(&deploy.smoke_tests, &mut used);
            deploy.rollback.iter().for_each(|r| run(&r.steps, &mut used));
        }
    }
    used.extend(pipeline.apps.iter().flat_map(|a| &a.places).flat_map(|p| p.settings.strategy.gates()).map(|g| g.value));
    used.extend(facts::alerts(pipeline).map(|(alert, _)| alert.gate.value));
    for (index, gate) in pipeline.gates.iter().enumerate() {
        // A measured gate fails its own job, so it guards even where nobody names it.
        if gate.producers.is_empty() && !used.contains(&GateId(index as u32)) {
            diagnostics.push(
                Diagnostic::warning(
                    "gate-never-required",
                    gate.name.span,
                    format!("nothing requires gate `{}`", gate.name.value),
                )
                .label("declared, but it guards nothing")
                .help(format!(
                    "write `requires {0}` in an environment, stage or job, `monitor {0}` in a deploy, `analysis {0}` in a strategy, `gate {0}` in an alert, or remove it",
                    gate.name.value
                )),
            );
        }
    }
}
