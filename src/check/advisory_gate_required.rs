//! A gate that lets everything pass is required: nothing is guarded by it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let workflows = pipeline.workflows.iter();
    let of_workflows = workflows.flat_map(|w| w.requires.iter().chain(w.stages.iter().flat_map(|s| &s.requires)));
    let of_environments = pipeline.environments.iter().flat_map(|e| &e.requires);
    let mut required: Vec<_> =
        of_environments.chain(of_workflows).chain(pipeline.jobs.iter().flat_map(|j| &j.requires)).collect();
    required.sort_by_key(|g| g.span);
    required.dedup_by_key(|g| g.span);
    for named in required {
        let gate = pipeline.gate(named.value);
        let Some(advisory) = gate.advisory else { continue };
        diagnostics.push(
            Diagnostic::warning(
                "advisory-gate-required",
                named.span,
                format!("gate `{}` is required, and lets everything pass", gate.name.value),
            )
            .label("guards nothing")
            .related(advisory, "it only warns")
            .help("remove `advisory`, or do not require it"),
        );
    }
}
