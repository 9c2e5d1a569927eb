//! A value reads an input that the workflow using it does not have.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::event::EventKind;
use crate::ir::text::Context;
use crate::ir::walk;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    for job in &pipeline.jobs {
        let workflow = pipeline.workflow(job.workflow);
        let kinds: Vec<EventKind> = job.possible.iter().filter_map(|i| pipeline.events.get(i)).map(|e| e.kind).collect();
        for used in walk::contexts(job, &targets) {
            let Context::Value(id) = &used.value else { continue };
            let value = &pipeline.values[id.index()];
            let arms = value.arms.iter().filter(|(kind, _)| kinds.contains(&kind.value)).map(|(_, text)| text);
            for context in arms.chain(&value.otherwise).flat_map(|t| t.contexts()) {
                let Context::Input(name) = &context.value else { continue };
                if workflow.inputs.iter().all(|i| i.name.value != *name) {
                    diagnostics.push(
                        Diagnostic::error(
                            "value-input-missing",
                            used.span,
                            format!(
                                "`value.{}` reads the input `{name}`, which workflow `{}` does not have",
                                value.name.value, workflow.name.value
                            ),
                        )
                        .label("used here")
                        .related(context.span, "reads the input")
                        .help(format!("declare the input: on {{ manual {{ input {name} }} }}, or use another value here")),
                    );
                }
            }
        }
    }
}
