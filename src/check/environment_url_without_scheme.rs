//! An environment's address that no browser opens.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::text::Part;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for environment in &pipeline.environments {
        let Some(url) = &environment.url else { continue };
        let Some(Part::Literal(start)) = url.parts.first() else { continue };
        if start.starts_with("http://") || start.starts_with("https://") {
            continue;
        }
        diagnostics.push(
            Diagnostic::error(
                "environment-url-without-scheme",
                url.span,
                format!("the address of `{}` has no scheme; vendors refuse it or link to nowhere", environment.name.value),
            )
            .label("begins with neither http:// nor https://")
            .help(format!("write \"https://{}\"", start.trim_start_matches("//"))),
        );
    }
}
