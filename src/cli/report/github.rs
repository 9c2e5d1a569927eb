//! Annotations of GitHub Actions: workflow commands on the standard output.
//!
//! The escapes are those of `actions/toolkit`, `packages/core/src/command.ts`.

use crate::base::diag::{Diagnostic, Severity};
use crate::base::source::SourceMap;
use crate::cli::report::clean;
use crate::cli::report::place::Place;

/// One finding as a command.
pub(super) fn annotation(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let at = Place::of(sources, diagnostic.span);
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut text = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    // A range over several lines takes no columns.
    let columns = if at.line == at.end_line {
        format!(",col={},endColumn={}", at.column, at.end_column.max(at.column + 1) - 1)
    } else {
        String::new()
    };
    format!(
        "::{command} file={},line={},endLine={}{columns},title={}::{}\n",
        property(at.file),
        at.line,
        at.end_line,
        property(diagnostic.rule),
        data(&text)
    )
}

/// A file that is not in step, as a command.
pub(super) fn drift(path: &str, text: &str) -> String {
    format!("::error file={},line=1,title=drift::{}\n", property(path), data(&format!("{path} {text}")))
}

fn data(text: &str) -> String {
    clean::mask(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
