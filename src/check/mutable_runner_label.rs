//! A runner whose machine the vendor exchanges under the same name.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for label in pipeline.runners.iter().flat_map(|r| &r.github).filter(|l| l.value.ends_with("-latest")) {
        diagnostics.push(
            Diagnostic::warning(
                "mutable-runner-label",
                label.span,
                format!("GitHub moves `{}` to a new system without asking", label.value),
            )
            .label("not one system")
            .help("name the system, such as ubuntu-24.04; the standard runners of pipewright do"),
        );
    }
}
