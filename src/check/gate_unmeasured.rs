//! A measured gate that is required where nothing measures it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        for required in &job.requires {
            let gate = pipeline.gate(required.value);
            if gate.producers.is_empty() || gate.producers.iter().any(|p| pipeline.job(*p).workflow == job.workflow) {
                continue;
            }
            let producer = pipeline.job(gate.producers[0]);
            diagnostics.push(
                Diagnostic::error(
                    "gate-unmeasured",
                    required.span,
                    format!("`{}` requires gate `{}`, which no job of its workflow measures", job.name.value, gate.name.value),
                )
                .label("measured in another workflow")
                .related(gate.name.span, format!("measured in `{}`", producer.name.value))
                .help("measure it in a job of this workflow: gates live within one workflow, as needs do"),
            );
        }
    }
}
