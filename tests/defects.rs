//! The mistakes of the source documents: specs that must be refused, or warned of, by the rule in their first line.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::render::Renderer;

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

#[test]
fn every_defect_is_found_by_its_rule_and_no_other() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/defects");
    let renderer = Renderer::new();
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    assert!(paths.len() > 10, "the defects are gone");
    for path in paths {
        let sources = SourceMap::new();
        let spec = sources.read(&path, "pipeline.kdl").unwrap();
        let first = sources.file(spec).text.lines().next().unwrap().to_owned();
        let wanted: BTreeSet<String> = first.trim_start_matches("// ").split(' ').map(str::to_owned).collect();
        let options = Options { root: &folder, spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
        let compiled = compile(&sources, spec, &options).unwrap();
        // Errors always count, and what is as weighty as the first line says.
        let counts = |severity| severity == Severity::Error || wanted.iter().any(|w| w.starts_with(word(severity)));
        let found: BTreeSet<String> = compiled
            .diagnostics
            .iter()
            .filter(|d| counts(d.severity) && d.rule != "stricter-on-target")
            .map(|d| format!("{}[{}]", word(d.severity), d.rule))
            .collect();
        if found != wanted {
            wrong.push(format!("{}: {wanted:?} is wanted, {found:?} found", path.display()));
        }
        if wanted.iter().any(|w| w.starts_with("error")) != compiled.outputs.is_empty() {
            wrong.push(format!("{}: an error writes nothing, anything else does", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
