//! An environment that no job enters.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::event::InputKind;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    // A person who picks an environment may pick any.
    if pipeline.workflows.iter().flat_map(|w| &w.inputs).any(|i| matches!(i.kind, InputKind::Environment)) {
        return;
    }
    for (index, environment) in pipeline.environments.iter().enumerate() {
        let entered = pipeline.jobs.iter().filter_map(|j| j.environment.as_ref()).any(|u| u.environment.index() == index);
        if !entered {
            diagnostics.push(
                Diagnostic::warning(
                    "environment-never-entered",
                    environment.name.span,
                    format!("no job enters environment `{}`", environment.name.value),
                )
                .label("nothing happens here")
                .help(format!("deploy to it (`deploy … to={}`), or remove it", environment.name.value)),
            );
        }
    }
}
