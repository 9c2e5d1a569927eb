//! Findings as SARIF 2.1.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::base::diag::{Diagnostic, Severity};
use crate::base::source::SourceMap;
use crate::base::span::Span;
use crate::cli::report::clean::mask;
use crate::cli::report::place::{Place, digest, fingerprint};
use crate::drift::Drift;

/// Name of our fingerprint; its last part counts up when the recipe changes.
const FINGERPRINT: &str = "pipewright/v1";

/// Findings as results.
pub(super) fn rows(sources: &SourceMap, diagnostics: &[Diagnostic], rows: &mut Vec<Value>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for diagnostic in diagnostics {
        let nth = seen.entry(fingerprint(sources, diagnostic, 0)).or_default();
        let related: Vec<_> = diagnostic
            .related
            .iter()
            .enumerate()
            .map(|(id, r)| location(sources, r.span, Some((id, &r.text))))
            .chain(
                sources
                    .expansions(diagnostic.span)
                    .iter()
                    .zip(diagnostic.related.len()..)
                    .map(|(e, id)| location(sources, e.at, Some((id, &format!("in this use of {}", e.what))))),
            )
            .collect();
        let help = diagnostic.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        rows.push(json!({
            "ruleId": diagnostic.rule,
            "level": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning", Severity::Note => "note" },
            "message": { "text": mask(&format!("{}{help}", diagnostic.message)) },
            "locations": [location(sources, diagnostic.span, None)],
            "relatedLocations": related,
            "partialFingerprints": { FINGERPRINT: fingerprint(sources, diagnostic, *nth) },
        }));
        *nth += 1;
    }
}

/// A file that is not in step, as a result.
pub(super) fn drift_row(drift: &Drift, path: &str, text: &str) -> Value {
    json!({
        "ruleId": "drift",
        "level": "error",
        "message": { "text": text },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(path) }, "region": { "startLine": 1 } } }],
        "partialFingerprints": { FINGERPRINT: digest(&["drift", path, drift.kind.word()]) },
    })
}

/// The whole document.
pub(super) fn document(rows: &[Value]) -> String {
    let mut names: Vec<&str> = rows.iter().filter_map(|row| row["ruleId"].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let help = |name: &str| match name.starts_with("import-") {
        true => "what an import carries, and how: lang-spec/import.md".to_owned(),
        false => format!("run `pipewright explain {name}`"),
    };
    let rules: Vec<_> = names.iter().map(|name| json!({ "id": name, "help": { "text": help(name) } })).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "pipewright", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": rows,
        }],
    });
    format!("{document:#}\n")
}

pub(super) fn location(sources: &SourceMap, span: Span, related: Option<(usize, &str)>) -> Value {
    let at = Place::of(sources, span);
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(at.file) },
            "region": {
                "startLine": at.line, "startColumn": at.column, "endLine": at.end_line, "endColumn": at.end_column,
                "byteOffset": at.start, "byteLength": at.end.saturating_sub(at.start),
            },
        },
    });
    if let Some((id, text)) = related {
        location["id"] = json!(id);
        location["message"] = json!({ "text": mask(text) });
    }
    location
}

/// A path as a relative reference: all but plain characters as `%XX`.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
