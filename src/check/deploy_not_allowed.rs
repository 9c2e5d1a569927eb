//! A deploy for an event that its environment shuts out.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts::shown;
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(used) = &job.environment else { continue };
        let environment = pipeline.environment(used.environment);
        let Some(allow) = &environment.allow else { continue };
        let mut outside = BitSet::new(pipeline.events.len());
        for i in job.possible.iter().filter(|i| !allow.accepts(&pipeline.events[*i])) {
            outside.insert(i);
        }
        if !outside.is_empty() {
            diagnostics.push(
                Diagnostic::error(
                    "deploy-not-allowed",
                    used.span,
                    format!("`{}` enters `{}` {}", job.name.value, environment.name.value, shown(pipeline, &outside)),
                )
                .label("the environment does not allow that")
                .related(allow.span, "these events may deploy here")
                .help(format!("narrow `{}` with `only`, or widen `allow`", job.name.value)),
            );
        }
    }
}
