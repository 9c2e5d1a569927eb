//! An input that lets a person choose an environment where there is none.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::event::InputKind;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    if !pipeline.environments.is_empty() {
        return;
    }
    for input in pipeline.workflows.iter().flat_map(|w| &w.inputs).filter(|i| i.kind == InputKind::Environment) {
        let message = format!("input `{}` offers the environments, and there is none", input.name.value);
        diagnostics.push(
            Diagnostic::error("input-without-environment", input.name.span, message)
                .label("nothing to choose from")
                .help("declare an `environment`, or give the input another `type`"),
        );
    }
}
