//! Every rule has a page, and every page has an example that breaks the rule and one that keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use pipewright::base::diag::{Diagnostic, Severity};
use pipewright::base::source::SourceMap;
use pipewright::check::RULES;
use pipewright::driver::{Options, compile};
use pipewright::render::Renderer;

/// Who makes diagnostics of any rule that it is given.
const MAKER: &str = "src/base/diag.rs";

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
    let options =
        Options { root: root(), spec: "pipeline.kdl", targets: &[], today: Some("2026-06-30".to_owned()), renderer: &renderer };
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
fn rules_are_sorted_and_every_rule_has_a_page_and_every_page_a_rule() {
    let names: Vec<&str> = RULES.iter().map(|r| r.name).collect();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "keep RULES sorted: {names:?}");
    let raised = raised();
    let silent: Vec<&&str> = names.iter().filter(|n| !raised.contains(**n)).collect();
    assert!(silent.is_empty(), "no line of src raises these rows of RULES: {silent:?}");
    let pages: BTreeSet<String> = pages().into_iter().map(|(rule, _)| rule).collect();
    let missing: Vec<&String> = raised.difference(&pages).collect();
    assert!(missing.is_empty(), "these rules have no page in lang-spec/rules: {missing:?}");
    let stray: Vec<&String> = pages.difference(&raised).collect();
    assert!(stray.is_empty(), "nothing raises the rules of these pages: {stray:?}");
}

/// The rules that the sources raise. A rule stands as text, or as a constant, where its diagnostic is made, or where a function is called
/// that has a parameter `rule: &'static str`; anything else is refused here, so that none can be overlooked.
fn raised() -> BTreeSet<String> {
    let files = walkdir::WalkDir::new(root().join("src")).into_iter().map(|e| e.unwrap().into_path());
    let files = files.filter(|p| p.extension().is_some_and(|e| e == "rs") && !p.ends_with(MAKER));
    let texts: Vec<(String, String)> = files
        .map(|p| {
            let text = fs::read_to_string(&p).unwrap();
            (p.display().to_string(), text.split("#[cfg(test)]").next().unwrap().to_owned())
        })
        .collect();
    let constants: BTreeMap<&str, &str> = texts.iter().flat_map(|(_, text)| constants(text)).collect();
    let (mut found, mut unclear) = (BTreeSet::new(), Vec::new());
    for (path, text) in &texts {
        let carriers: Vec<String> = text.split("fn ").skip(1).filter_map(carrier).collect();
        let makers = ["Diagnostic::error(", "Diagnostic::warning(", "Diagnostic::note("].map(str::to_owned);
        for call in makers.iter().chain(&carriers) {
            for (at, _) in text.match_indices(call.as_str()).filter(|(at, _)| !text[..*at].ends_with("fn ")) {
                let first = text[at + call.len()..].trim_start();
                let word = first.split([',', ')']).next().unwrap();
                match word.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
                    Some(rule) => drop(found.insert(rule.to_owned())),
                    None => match constants.get(word.rsplit("::").next().unwrap()) {
                        Some(rule) => drop(found.insert((*rule).to_owned())),
                        None if word == "rule" && !carriers.is_empty() => {}
                        None => unclear.push(format!("{path}: {call}{word}")),
                    },
                }
            }
        }
    }
    assert!(unclear.is_empty(), "write the rule where its diagnostic is made: {unclear:#?}");
    found
}

/// The constants of a text that hold one string: name and value.
fn constants(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("const ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(": &str = \"")?;
        Some((name, rest.split_once("\";")?.0))
    })
}

/// How a function is called whose first parameter, beside `self`, is a rule.
fn carrier(text: &str) -> Option<String> {
    let (name, rest) = text.split_once('(')?;
    let first = rest.strip_prefix("&mut self, ").unwrap_or(rest);
    first.starts_with("rule: &'static str").then(|| format!("{name}("))
}
