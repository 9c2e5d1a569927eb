//! Shares of requests written into a Service, which has no field for them: the API server drops them, or refuses.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for line in script::all(pipeline) {
        for command in script::commands(&script::marked(line.text)) {
            let words: Vec<&str> = script::program(&command).iter().map(String::as_str).collect();
            let [program, verb, object, rest @ ..] = words.as_slice() else { continue };
            let is_service = ["service", "services", "svc"].contains(&object.split('/').next().unwrap_or_default());
            let splits = rest.iter().any(|w| w.contains("\"traffic\"") || w.contains("\"weight\""));
            if *program == "kubectl" && *verb == "patch" && is_service && splits {
                diagnostics.push(
                    Diagnostic::error(
                        "traffic-in-service",
                        line.text.span,
                        "a Service of Kubernetes has no shares of requests: nothing would change",
                    )
                    .label("not a field of a Service")
                    .help("let a strategy do it: strategy canary { traffic nginx; weight \"10%\"; pause \"5m\" }"),
                );
            }
        }
    }
}
