//! The schema of buildspecs is our own: buildspecs that others have written, where they are at hand, must pass it, and broken ones must not.

use std::fs;
use std::path::Path;

use pipewright::verify::schema::{Schema, violations};

const GOOD: &str = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n";

#[test]
fn buildspecs_of_others_pass_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/codebuild");
    if !folder.is_dir() {
        println!("skipped: the buildspecs of others are not here");
        return;
    }
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in walkdir::WalkDir::new(&folder).into_iter().map(Result::unwrap) {
        if entry.path().extension().is_none_or(|e| e != "yml") {
            continue;
        }
        count += 1;
        let found = violations(Schema::Buildspec, &fs::read_to_string(entry.path()).unwrap());
        wrong.extend(found.into_iter().map(|v| format!("{}:{}: {} {}", entry.path().display(), v.line, v.pointer, v.text)));
    }
    assert!(count >= 20, "only {count} buildspecs were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_codebuild_refuses_breaks_the_schema() {
    assert_eq!(violations(Schema::Buildspec, GOOD), []);
    let broken = [
        ("no version", GOOD.replace("version: 0.2\n", "")),
        ("a version that is none", GOOD.replace("0.2", "0.3")),
        ("a phase that is none", GOOD.replace("  build:", "  deploy:")),
        ("no commands", GOOD.replace("      - make\n", "      []\n")),
        ("a command that is a map", GOOD.replace("- make", "- echo: done")),
        ("neither phases nor a batch", "version: 0.2\n".to_owned()),
        (
            "two kinds of batch",
            "version: 0.2\nbatch:\n  build-list: [{identifier: a}]\n  build-graph: [{identifier: a}]\n".to_owned(),
        ),
        ("a task without a name", "version: 0.2\nbatch:\n  build-graph: [{buildspec: a.yml}]\n".to_owned()),
        ("a format that is none", format!("{GOOD}reports:\n  unit:\n    files: [junit.xml]\n    file-format: SARIF\n")),
        ("a report without files", format!("{GOOD}reports:\n  unit:\n    file-format: JUNITXML\n")),
        ("too many keys to fall back to", format!("{GOOD}cache:\n  fallback-keys: [a, b, c, d, e, f]\n  paths: [x]\n")),
        ("a size that is none", "version: 0.2\nbatch:\n  build-graph: [{identifier: a, env: {compute-type: HUGE}}]\n".to_owned()),
    ];
    for (what, text) in broken {
        assert_ne!(violations(Schema::Buildspec, &text), [], "{what}");
    }
}
