//! A script that reads a declared secret or variable by its name, in a job to which it is not given.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::check::script;
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let mut said = BTreeSet::new();
    for line in script::all(pipeline) {
        let text = script::marked(line.text);
        for name in script::expanded(&text) {
            let Some((word, declared)) = declared(pipeline, name) else { continue };
            if script::is_set(pipeline, line, name) || !said.insert((line.text.span, name.to_owned())) {
                continue;
            }
            let message = format!("the {} `{name}` is not given to this script", if word == "var" { "variable" } else { word });
            diagnostics.push(
                Diagnostic::error("variable-not-handed-over", line.text.span, message)
                    .label(format!("${name} is empty on one vendor and set on another"))
                    .related(declared, "declared here")
                    .help(format!("write ${{{word}.{name}}}, or give it to the job: env {name}=({word}){name}")),
            );
        }
    }
}

/// A secret or variable of this name: the word of its context, and where it is declared.
pub(super) fn declared(pipeline: &Pipeline, name: &str) -> Option<(&'static str, Span)> {
    let held = pipeline.environments.iter().flat_map(|e| &e.secrets);
    let secret = pipeline.secrets.iter().find(|s| s.name.value == name).map(|s| s.name.span);
    let secret = secret.or_else(|| held.into_iter().find(|s| s.name.value == name).map(|s| s.name.span));
    let variable = pipeline.variables.iter().find(|v| v.name.value == name).map(|v| v.name.span);
    secret.map(|s| ("secret", s)).or_else(|| variable.map(|s| ("var", s)))
}
