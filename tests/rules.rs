//! Every rule has a page, and every page has an example that breaks the rule and one that keeps it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pipewright::base::diag::{Diagnostic, Severity};
use pipewright::base::source::SourceMap;
use pipewright::check::RULES;
use pipewright::driver::{Options, compile};
use pipewright::render::Renderer;

/// Rooms whose every rule name must have a page.
const ROOMS: &[&str] = &["src/check", "src/sema", "src/syntax"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("lang-spec/rules")).unwrap().map(|e| e.unwrap().path());
    let mut found: Vec<_> =
        entries.map(|p| (p.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&p).unwrap())).collect();
    found.sort();
    found
}

/// The examples of a page: the words behind ```` ```kdl ````, and the text.
fn examples(page: &str) -> Vec<(&str, &str)> {
    let blocks = page.split("```kdl").skip(1);
    blocks.filter_map(|b| b.split_once('\n')).map(|(words, rest)| (words.trim(), rest.split("```").next().unwrap())).collect()
}

fn findings(text: &str) -> Vec<Diagnostic> {
    let sources = SourceMap::new();
    let spec = sources.add("pipeline.kdl", text);
    let renderer = Renderer::new();
    let options = Options { root: root(), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    compile(&sources, spec, &options).unwrap().diagnostics
}

fn shown(findings: &[Diagnostic]) -> Vec<String> {
    findings.iter().map(|d| format!("{}: {}", d.rule, d.message)).collect()
}

#[test]
fn every_page_breaks_and_keeps_its_rule() {
    let mut wrong = Vec::new();
    for (rule, page) in pages() {
        if !page.starts_with(&format!("# {rule}\n\n")) {
            wrong.push(format!("{rule}: the title is not the rule's name"));
        }
        let (bad, good): (Vec<_>, Vec<_>) = examples(&page).into_iter().partition(|(words, _)| *words == "must-fail");
        if bad.is_empty() || good.is_empty() {
            wrong.push(format!("{rule}: a page has an example with `must-fail` and one without"));
        }
        for (_, text) in bad {
            let found = findings(text);
            let tagged = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
                .into_iter()
                .find(|(_, word)| text.starts_with(&format!("// {word}[{rule}]\n")));
            let raised = tagged.is_some_and(|(level, _)| found.iter().any(|d| d.rule == rule && d.severity == level));
            let alone = found.iter().all(|d| d.rule == rule || d.severity != Severity::Error);
            if !raised || !alone {
                wrong.push(format!("{rule}: the failing example gives {:?}", shown(&found)));
            }
        }
        for (_, text) in good {
            let found = findings(text);
            if found.iter().any(|d| d.rule == rule || d.severity == Severity::Error) {
                wrong.push(format!("{rule}: the passing example gives {:?}", shown(&found)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rules_are_sorted_and_have_pages() {
    let names: Vec<&str> = RULES.iter().map(|r| r.name).collect();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "keep RULES sorted: {names:?}");
    let pages: BTreeSet<String> = pages().into_iter().map(|(rule, _)| rule).collect();
    let raised = names.iter().map(|n| (*n).to_owned()).chain(ROOMS.iter().flat_map(|r| raised(&root().join(r))));
    let missing: BTreeSet<String> = raised.filter(|r| !pages.contains(r)).collect();
    assert!(missing.is_empty(), "these rules have no page in lang-spec/rules: {missing:?}");
}

/// The rule names that the sources below a path give to `Diagnostic::error` and its kin, or hold in constants.
fn raised(path: &Path) -> Vec<String> {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().flat_map(|e| raised(&e.unwrap().path())).collect();
    }
    let text = fs::read_to_string(path).unwrap();
    let calls = ["Diagnostic::error(", "Diagnostic::warning(", "Diagnostic::note("];
    let after = calls.iter().flat_map(|call| text.split(call).skip(1));
    let named = after.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split_once('"')).map(|(rule, _)| rule.to_owned());
    // In these rooms the constants of one text are the names of rules.
    let constants = text.split(": &str = \"").skip(1).filter_map(|rest| rest.split_once("\";")).map(|(rule, _)| rule.to_owned());
    named.chain(constants).collect()
}
