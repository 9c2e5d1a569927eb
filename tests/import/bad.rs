//! Bad input: a located fault in bounded time, and the other files still come over.

use pipewright::front::{Vendor, place};

use super::{imported, job};

const GOOD: &str = "on: push\njobs:\n  unit:\n    runs-on: ubuntu-latest\n    steps: [{run: make}]\n";

/// The text gives one fatal fault on this line with these words, and the good file comes over.
#[track_caller]
fn refused(text: &str, line: usize, words: &str) {
    let (sources, imported) = imported(Vendor::Github, &[("bad.yml", text), ("good.yml", GOOD)]);
    let [fault] = imported.faults.as_slice() else { panic!("{:?}", imported.faults) };
    let (file, at, _) = place(&sources, fault.span);
    assert_eq!((file.as_str(), at), ("bad.yml", line), "{fault:?}");
    assert!(fault.fatal && fault.message.contains(words), "{fault:?}");
    assert!(imported.spec("sample", "main", &["github"]).contains("workflow good"));
}

#[test]
fn files_that_cannot_be_read_are_told_with_their_place() {
    refused("on: push\njobs: [\n", 3, "no YAML");
    refused("on: push\njobs: {}\non: pull_request\n", 3, "`on` stands twice");
    refused("on: push\n---\non: pull_request\n", 2, "second document");
    refused("on: push\njobs: &a\n  x: *a\n", 3, "inside of what it names");
    refused("on: push\n{{ jobs }}: x\n", 2, "");
    refused(&format!("on: {}{}", "[".repeat(200), "]".repeat(200)), 1, "deep");
}

#[test]
fn a_bomb_of_aliases_is_bounded() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let before = format!("*a{}, ", n - 1).repeat(10);
        text.push_str(&format!("a{n}: &a{n} [{}]\n", before.trim_end_matches(", ")));
    }
    let (_, imported) = imported(Vendor::Github, &[("bomb.yml", &text)]);
    assert!(imported.faults.iter().any(|f| f.message.contains("more than")), "{:?}", imported.faults);
}

#[test]
fn odd_text_is_no_crash() {
    let texts = [
        "",
        "# nothing\n",
        "x",
        "- a\n- b\n",
        "on: push\njobs: x\n",
        "on: push\njobs:\n  a: 1\n",
        "\u{FEFF}on: push\njobs: {}\n",
        "on: {push: {branches: {a: b}}}\njobs: {a: {steps: [1, {}]}}\n",
    ];
    for text in texts {
        let _ = imported(Vendor::Github, &[("odd.yml", text)]).1.spec("sample", "main", &["github"]);
    }
    for inside in [
        "    steps: {a: b}",
        "    needs: {a: b}\n    steps: []",
        "    strategy: x\n    steps: [x]",
        "    container: []\n    services: []\n    steps:\n      - run: [a]",
    ] {
        let _ = imported(Vendor::Github, &[("odd.yml", &job(inside))]).1.spec("sample", "main", &["github"]);
    }
}

#[test]
fn places_count_bytes_of_any_script() {
    let (sources, imported) = imported(
        Vendor::Github,
        &[("bad.yml", "# ä ö ü 漢字\non: push\njobs:\n  ü: {steps: []}\n  unknown: {é: 1, runs-on: x, steps: []}\n")],
    );
    let key = imported.ledger.keys().iter().find(|k| k.path == "jobs.unknown.é").unwrap();
    assert_eq!(sources.snippet(key.span), "é");
}
