//! A query that Prometheus does not take.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::query;
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for asked in query::asked(pipeline) {
        if let Some(Err(error)) = &asked.tree {
            let name = &asked.gate.name.value;
            diagnostics.push(
                Diagnostic::error(
                    "query-syntax",
                    asked.query.query.span,
                    format!("the query of gate `{name}` is no PromQL: {}", error.message),
                )
                .label("Prometheus refuses it")
                .help("try it in Prometheus, and write it here as it works there; quotes and backslashes are best in a raw string #\"…\"#"),
            );
        }
    }
}
