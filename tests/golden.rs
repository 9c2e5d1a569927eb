//! The examples, compiled for all their targets and held against the committed outputs by the product's own drift check.
//!
//! `UPDATE_GOLDEN=1 cargo test golden` writes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::drift;
use pipewright::drift::outputs::{Site, orphans, with_manifest};
use pipewright::drift::write;
use pipewright::driver::{Compiled, Options, compile};
use pipewright::render::Renderer;
use pipewright::render::header::Header;

const SPEC: &str = "pipeline.kdl";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders of the examples: all that hold a spec of the usual name.
fn examples() -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(root().join("examples")).unwrap().map(|e| e.unwrap().path());
    let folders = entries.filter(|p| p.join(SPEC).is_file());
    let mut found: Vec<_> = folders.map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), p)).collect();
    found.sort();
    found
}

fn compiled(folder: &Path, renderer: &Renderer) -> Compiled {
    let sources = SourceMap::new();
    let spec = sources.read(&folder.join(SPEC), SPEC).unwrap();
    let options = Options { root: folder, spec: SPEC, targets: &[], today: None, renderer };
    let mut compiled = compile(&sources, spec, &options).unwrap();
    compiled.outputs = with_manifest(compiled.outputs, &Header::new(SPEC));
    compiled
}

fn files(folder: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = entries.filter(|e| !e.file_type().is_dir());
    files.map(|e| e.path().strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/")).collect()
}

#[test]
fn golden_files_are_what_the_examples_compile_to() {
    let renderer = Renderer::new();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, folder) in examples() {
        let compiled = compiled(&folder, &renderer);
        let faults: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity != Severity::Note).collect();
        if !faults.is_empty() {
            wrong.push(format!("{name}: {faults:#?}"));
            continue;
        }
        assert!(!compiled.outputs.is_empty(), "{name} has no outputs");
        let golden = root().join("golden").join(&name);
        if update {
            fs::create_dir_all(&golden).unwrap();
        }
        let site = Site::open(&golden, &folder, SPEC).unwrap();
        let leaving = orphans(&site, &compiled.places, &compiled.outputs);
        if update {
            write::apply(&site, &compiled.outputs, &leaving).unwrap();
        }
        let drift = drift::compare(&site, &compiled.outputs, &leaving);
        wrong.extend(drift.iter().filter(|_| !update).map(|d| format!("golden/{name}/{} {}\n{}", d.path, d.kind.text(), d.diff)));
        seen.extend(compiled.outputs.iter().map(|o| format!("{name}/{}", o.path)));
    }
    wrong.extend(
        files(&root().join("golden")).iter().filter(|f| !seen.contains(*f)).map(|f| format!("golden/{f} belongs to no example")),
    );
    assert!(wrong.is_empty(), "{}\n\nUPDATE_GOLDEN=1 cargo test golden", wrong.join("\n"));
}

/// Lines of a table in a README: `| spec | 189 |`.
fn stated(readme: &str, what: &str) -> Option<usize> {
    let row = readme.lines().find(|l| l.starts_with(&format!("| {what} |")))?;
    row.split('|').nth(2)?.trim().parse().ok()
}

#[test]
fn golden_files_are_longer_than_their_specs_and_the_readmes_say_by_how_much() {
    let lines = |path: &Path| fs::read_to_string(path).unwrap().lines().count();
    let mut wrong = Vec::new();
    for (name, folder) in examples() {
        let Ok(mut readme) = fs::read_to_string(folder.join("README.md")) else {
            wrong.push(format!("{name} has no README"));
            continue;
        };
        // A whole delivery must be shorter than what comes out of it. A trap or a list of features shows single constructs.
        if name.starts_with("trap-") || name.starts_with("features-") {
            continue;
        }
        let golden = root().join("golden").join(&name);
        let of = |is: &dyn Fn(&str) -> bool| -> usize {
            files(&golden).iter().filter(|f| is(f)).map(|f| lines(&golden.join(f))).sum()
        };
        let spec = lines(&folder.join(SPEC));
        let rows = [
            ("`pipeline.kdl`", spec),
            ("`.github/workflows`", of(&|f| f.starts_with(".github/"))),
            ("`.gitlab-ci.yml`", of(&|f| f == ".gitlab-ci.yml")),
            ("`standby/.gitlab-ci.yml`", of(&|f| f == "standby/.gitlab-ci.yml")),
            ("`.codepipeline`", of(&|f| f.starts_with(".codepipeline/"))),
            ("`charts`", of(&|f| f.starts_with("charts/"))),
            ("`argocd`", of(&|f| f.starts_with("argocd/"))),
        ];
        for (what, is) in rows.into_iter().filter(|(_, is)| *is > 0) {
            // A few Applications alone may well be shorter than the whole spec; so may the workflows beside a pipeline of AWS, which are not all of it.
            let part = what == "`argocd`" || what == "`.github/workflows`" && golden.join(".codepipeline").is_dir();
            if is < spec && !part {
                wrong.push(format!("{name}: the spec has {spec} lines, {what} {is}"));
            }
            if stated(&readme, what) == Some(is) {
                continue;
            }
            if std::env::var_os("UPDATE_GOLDEN").is_none() {
                wrong.push(format!("examples/{name}/README.md: {what} has {is} lines; UPDATE_GOLDEN=1 cargo test golden"));
                continue;
            }
            let row =
                |l: &str| if l.starts_with(&format!("| {what} |")) { format!("| {what} | {is} |\n") } else { format!("{l}\n") };
            readme = readme.lines().map(row).collect();
            fs::write(folder.join("README.md"), &readme).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the README of an example says first.
fn sentence(readme: &str) -> String {
    let text: Vec<&str> = readme.lines().skip(1).skip_while(|l| l.is_empty()).take_while(|l| !l.is_empty()).collect();
    let text = text.join(" ");
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    text[..end].to_owned()
}

#[test]
fn the_index_of_the_examples_is_what_their_readmes_say() {
    let kinds = [
        (
            "Whole deliveries",
            "",
            "A team's pipeline each, five of them from documents that describe one; what became of each line of these: [COVERAGE.md](COVERAGE.md).",
        ),
        ("Features", "features-", "What the language has, construct by construct."),
        ("Traps", "trap-", "Where vendors do what nobody expects, and what pipewright writes there."),
    ];
    let mut page = String::from(
        "# Examples\n\nEach folder holds a spec and a README; what it compiles to lies in [golden](../golden), as the vendors' tools have read it.\n",
    );
    let examples = examples();
    for (title, start, text) in kinds {
        page.push_str(&format!("\n## {title}\n\n{text}\n\n| example | what it shows | lines | of files |\n|---|---|---|---|\n"));
        let own = |name: &str| kinds.iter().rev().find(|(_, s, _)| name.starts_with(s)).is_some_and(|(_, s, _)| *s == start);
        for (name, folder) in examples.iter().filter(|(name, _)| own(name)) {
            let readme = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
            let lines = |path: &Path| fs::read_to_string(path).unwrap().lines().count();
            let golden = root().join("golden").join(name);
            let written: usize = files(&golden).iter().map(|f| lines(&golden.join(f))).sum();
            let spec = lines(&folder.join(SPEC));
            page.push_str(&format!("| [`{name}`]({name}) | {} | {spec} | {written} |\n", sentence(&readme)));
        }
    }
    page.push_str("\n## Defects\n\n[defects](defects): mistakes of the source documents as specs, each refused by its rule.\n");
    let path = root().join("examples/README.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap_or_default() == page, "examples/README.md: UPDATE_GOLDEN=1 cargo test golden");
}
