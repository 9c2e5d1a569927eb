//! Findings for machines: our own document, and GitLab's code quality report.
//!
//! Lines and columns count from 1, columns in characters, offsets in bytes. A new field may come with any release; a field that changes or goes
//! makes a new schema name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::base::diag::{Diagnostic, Severity};
use crate::base::source::SourceMap;
use crate::base::span::Span;
use crate::cli::report::clean::mask;
use crate::cli::report::place::{Place, digest, fingerprint, word};
use crate::drift::Drift;

/// The name of the document's form.
const SCHEMA: &str = "pipewright-json-1";

/// One finding.
pub(super) fn row(sources: &SourceMap, diagnostic: &Diagnostic) -> Value {
    let related: Vec<_> = diagnostic.related.iter().map(|r| with_text(place(sources, r.span), "text", &r.text)).collect();
    let through: Vec<_> =
        sources.expansions(diagnostic.span).iter().map(|e| with_text(place(sources, e.at), "what", &e.what)).collect();
    let fix = diagnostic.fix.as_ref().map(|fix| {
        let edits: Vec<_> = fix.edits.iter().map(|(span, text)| with_text(place(sources, *span), "text", text)).collect();
        json!({ "title": mask(&fix.title), "edits": edits })
    });
    let mut row = json!({
        "rule": diagnostic.rule,
        "severity": word(diagnostic.severity),
        "message": mask(&diagnostic.message),
        "label": mask(&diagnostic.label),
        "help": diagnostic.help.as_deref().map(mask),
        "related": related,
        "expansions": through,
        "fix": fix,
    });
    if let (Value::Object(row), Value::Object(place)) = (&mut row, place(sources, diagnostic.span)) {
        row.extend(place);
    }
    row
}

/// One file that is not in step.
pub(super) fn drift_row(drift: &Drift, path: &str, what: &str, way_out: &str) -> Value {
    json!({ "file": path, "kind": drift.kind.word(), "message": what, "help": way_out, "diff": mask(&drift.diff) })
}

/// The whole document.
pub(super) fn document(rows: &[Value], drifted: &[Value], counts: [usize; 3]) -> String {
    let [errors, warnings, notes] = counts;
    let summary = json!({ "errors": errors, "warnings": warnings, "notes": notes, "drift": drifted.len() });
    format!("{:#}\n", json!({ "schema": SCHEMA, "diagnostics": rows, "drift": drifted, "summary": summary }))
}

/// Findings as rows of GitLab's report, which drops a row whose fingerprint it has seen.
pub(super) fn quality_rows(sources: &SourceMap, diagnostics: &[Diagnostic], rows: &mut Vec<Value>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for diagnostic in diagnostics {
        let at = Place::of(sources, diagnostic.span);
        let nth = seen.entry(fingerprint(sources, diagnostic, 0)).or_default();
        rows.push(json!({
            // The widget shows no name of the check.
            "description": format!("{}: {}", diagnostic.rule, mask(&diagnostic.message)),
            "check_name": diagnostic.rule,
            "fingerprint": fingerprint(sources, diagnostic, *nth),
            "severity": match diagnostic.severity { Severity::Error => "major", Severity::Warning => "minor", Severity::Note => "info" },
            "location": { "path": at.file, "lines": { "begin": at.line, "end": at.end_line } },
        }));
        *nth += 1;
    }
}

/// A file that is not in step, as a row of GitLab's report.
pub(super) fn quality_drift_row(drift: &Drift, path: &str, text: &str) -> Value {
    json!({
        "description": format!("drift: {text}"),
        "check_name": "drift",
        "fingerprint": digest(&["drift", path, drift.kind.word()]),
        "severity": "major",
        "location": { "path": path, "lines": { "begin": 1 } },
    })
}

fn place(sources: &SourceMap, span: Span) -> Value {
    let at = Place::of(sources, span);
    json!({
        "file": at.file, "line": at.line, "column": at.column, "end_line": at.end_line, "end_column": at.end_column, "start": at.start, "end": at.end,
    })
}

fn with_text(mut row: Value, name: &str, text: &str) -> Value {
    row[name] = Value::from(mask(text).into_owned());
    row
}
