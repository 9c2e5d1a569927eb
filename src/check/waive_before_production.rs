//! A gate that an input can skip on the way to production, with nobody asked.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts::is_approval;
use crate::ir::Pipeline;
use crate::ir::environment::Tier;
use crate::sema::order::deploys_to;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(environment) = deploys_to(job).map(|e| pipeline.environment(e)) else { continue };
        let approved = job.requires.iter().any(|g| is_approval(pipeline, g.value) && pipeline.gate(g.value).waive.is_none());
        if environment.tier != Tier::Production || approved {
            continue;
        }
        for required in &job.requires {
            let gate = pipeline.gate(required.value);
            let Some(waive) = &gate.waive else { continue };
            diagnostics.push(
                Diagnostic::error(
                    "waive-before-production",
                    waive.span,
                    format!(
                        "gate `{}` can be waived on the way to `{}`, and nobody is asked",
                        gate.name.value, environment.name.value
                    ),
                )
                .label("waived by this")
                .related(required.span, format!("`{}` requires the gate", job.name.value))
                .help(format!("let `{}` require an approval too, or remove the waiver", job.name.value)),
            );
        }
    }
}
