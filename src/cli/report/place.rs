//! Where a span lies, in the ways that the formats want it.

use sha2::{Digest as _, Sha256};

use crate::base::diag::{Diagnostic, Severity};
use crate::base::source::SourceMap;
use crate::base::span::Span;

/// A span with its lines and columns, all from 1; columns count characters.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    /// One past the last character.
    pub(super) end_column: usize,
    /// Byte offsets.
    pub(super) start: u32,
    pub(super) end: u32,
}

impl<'a> Place<'a> {
    pub(super) fn of(sources: &'a SourceMap, span: Span) -> Self {
        let file = sources.file(span.source);
        let (line, column) = file.line_column(span.start);
        let (end_line, end_column) = file.line_column(span.end.max(span.start));
        Self { file: &file.name, line, column, end_line, end_column, start: span.start, end: span.end }
    }
}

/// The word for a weight.
pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A name for a finding that stays when lines above it move: made from rule, file, message and the text it points at.
pub(super) fn fingerprint(sources: &SourceMap, diagnostic: &Diagnostic, nth: usize) -> String {
    let file = &sources.file(diagnostic.span.source).name;
    digest(&[diagnostic.rule, file, &diagnostic.message, sources.snippet(diagnostic.span), &nth.to_string()])
}

/// SHA-256 of parts, in hexadecimal digits. The same on every machine and in every build.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
