//! A value in GitHub's own words that is no expression, or that would read a secret past the spec.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for value in &pipeline.values {
        let (own, alone) = match (&value.github, &value.file) {
            (Some(own), _) => (own, false),
            (None, Some(file)) => (file, true),
            (None, None) => continue,
        };
        let found = if alone {
            Some(("a file gives it where GitHub's expression does not", "say `github` beside it"))
        } else if value.file.is_some() && value.otherwise.is_some() {
            Some(("a file gives it on the other targets, and `otherwise` does", "say one of them"))
        } else if !value.arms.is_empty() {
            Some(("the event gives it already", "say it by the event, or in GitHub's words"))
        } else if own.value.contains("${{") || own.value.contains("}}") {
            Some(("the brackets of an expression are written for it", "write what stands between `${{` and `}}`"))
        } else if !is_closed(&own.value) {
            Some(("a quote or a bracket is open", "close it"))
        } else if names_secrets(&own.value) {
            Some((
                "a secret would be read past the spec",
                "read it by `${secret.NAME}`, so that the table of secrets knows of it",
            ))
        } else {
            None
        };
        if let Some((label, help)) = found {
            let message = format!("`value.{}` is no expression that GitHub may work out", value.name.value);
            diagnostics.push(Diagnostic::error("value-not-an-expression", own.span, message).label(label).help(help));
        }
    }
}

/// Whether an expression has words, and every quote and bracket of it is closed (docs.github.com, "Evaluate expressions in workflows and actions").
fn is_closed(own: &str) -> bool {
    let mut depth = 0_i32;
    let mut quoted = false;
    for c in own.chars() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    !own.trim().is_empty() && !quoted && depth == 0
}

/// Whether the context of secrets is read.
fn names_secrets(own: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let lower = own.to_ascii_lowercase();
    lower.match_indices("secrets").any(|(at, word)| {
        !lower[..at].ends_with(part) && !lower[at + word.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    })
}
