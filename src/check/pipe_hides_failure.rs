//! A pipe in a shell that looks at its last program only.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::job::Shell;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in pipeline.jobs.iter().filter(|j| j.shell.value == Shell::Sh) {
        for line in script::of_job(job).filter(|l| script::marked(l.text).lines().any(hides)) {
            diagnostics.push(
                Diagnostic::warning(
                    "pipe-hides-failure",
                    line.text.span,
                    "`sh` takes the outcome of the last program of a pipe; a failure before it is lost",
                )
                .label("goes on after a failure")
                .related(job.shell.span, "the shell is chosen here")
                .help("use `shell bash`, which stops for any of them, or write to a file first"),
            );
        }
    }
}

/// Whether a line pipes what may fail. `echo x | …` may not.
fn hides(line: &str) -> bool {
    let mut quote = None;
    let bytes = line.as_bytes();
    for (i, b) in line.bytes().enumerate() {
        match (quote, b) {
            (Some(q), b) if b == q => quote = None,
            (None, b'\'' | b'"') => quote = Some(b),
            (None, b'#') if i == 0 || bytes[i - 1] == b' ' => return false,
            (None, b'|') => {
                let is_or = bytes.get(i + 1) == Some(&b'|') || (i > 0 && matches!(bytes[i - 1], b'|' | b'>'));
                let first = line[..i].rsplit([';', '&', '(']).next().unwrap_or_default().trim_start();
                if !is_or && !["echo ", "printf ", "cat <<"].iter().any(|p| first.starts_with(p)) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
