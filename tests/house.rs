//! The rules of the house: which room may import which, which crate has which door, how long a file may grow, which words stay out.
//!
//! Each rule is a function from a path and a text to the complaints it has, so that a sample can show that it complains.

mod code;

use code::{blanked, heads, line, without_tests};
use std::fs;
use std::path::Path;

/// The rooms of `src/` from the ground up. A room imports from lower floors only, never from its own floor.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("syntax", 1),
    ("ir", 1),
    ("target", 2),
    ("sema", 2),
    ("check", 3),
    ("plan", 4),
    ("render", 4),
    ("back", 5),
    ("front", 5),
    ("verify", 6),
    ("drift", 6),
    ("driver", 7),
    ("cli", 8),
    ("lsp", 8),
    ("lib", 9),
    ("main", 9),
];

/// What reads the written files back, and the only rooms that it may know: it shares no code with what wrote them.
const READERS: (&[&str], &[&str]) = (
    &[
        "verify/aws/",
        "verify/bash.rs",
        "verify/behaviour.rs",
        "verify/github/",
        "verify/gitlab/",
        "verify/regex.rs",
        "verify/script.rs",
        "verify/yaml.rs",
    ],
    &["base", "ir", "verify"],
);

/// Where each crate may be used. A crate with few doors can be exchanged; a new crate needs a row, so that its doors are a choice.
const DOORS: &[(&str, &[&str])] = &[
    ("anstream", &["cli/"]),
    ("clap", &["cli/"]),
    ("clap_complete", &["cli/"]),
    ("clap_mangen", &["cli/"]),
    ("elsa", &["base/"]),
    ("jsonschema", &["verify/schema.rs"]),
    ("miette", &["cli/report.rs", "cli/report/"]),
    ("minijinja", &["render/"]),
    ("regex_syntax", &["front/pattern.rs"]),
    ("saphyr_parser", &["front/", "verify/"]),
    ("serde", &["back/", "front/", "cli/", "render/"]),
    ("serde_json", &["back/", "front/", "cli/", "render/", "verify/"]),
    ("serde_yaml", &["verify/", "front/yaml.rs"]),
    ("sha2", &[""]),
    ("similar", &["drift/diff.rs"]),
    ("std::fs", &["base/source.rs", "drift/write.rs"]),
    ("strsim", &[""]),
    ("tempfile", &["drift/write.rs"]),
    ("walkdir", &["base/source.rs", "cli/specs.rs", "drift/"]),
];

/// How many crates the lock file may name, with what they bring: each is a promise to read its releases.
const MOST_CRATES: usize = 200;

/// Counted without the unit tests. Past the first a file is printed, past the second it fails.
const SOFT_LINES: usize = 350;
const HARD_LINES: usize = 600;

/// Names that say nothing about what a file holds, so that anything may be put there.
const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "misc", "prelude", "shared", "util", "utils"];

/// Words that do not belong into a file of the project, with the reason. Each is in two parts, or this file would hold it.
const BANNED: &[(&str, &str, &str)] = &[
    ("TO", "DO", "do it, or say what is missing in an issue"),
    ("FIX", "ME", "mend it, or say what is wrong in an issue"),
    ("XX", "X", "say what is meant"),
    ("/ro", "ot/", "a path of one machine helps no reader: name it by what it is"),
    ("/fa", "rm/", "a path of one machine helps no reader: name it by what it is"),
    ("/wo", "rk/", "a path of one machine helps no reader: name it by what it is"),
    ("registry.", "npmjs", "name the package, not the host that serves it"),
    ("pypi.", "org", "name the package, not the host that serves it"),
    ("pythonhosted.", "org", "name the package, not the host that serves it"),
    ("index.crates.", "io", "name the package, not the host that serves it"),
    ("static.crates.", "io", "name the package, not the host that serves it"),
    ("proxy.golang.", "org", "name the module, not the host that serves it"),
    ("deb.debian.", "org", "name the package, not the host that serves it"),
    ("repo.maven.", "apache", "name the package, not the host that serves it"),
    ("agent ", "session", "the text speaks of pipewright, not of how it is made"),
    ("this ", "session", "the text speaks of pipewright, not of how it is made"),
    ("sub", "agent", "the text speaks of pipewright, not of how it is made"),
    ("language ", "model", "the text speaks of pipewright, not of how it is made"),
    ("cla", "ude", "the text speaks of pipewright, not of how it is made"),
    ("anth", "ropic", "the text speaks of pipewright, not of how it is made"),
];

#[test]
fn rooms_import_downward_only() {
    in_every_source(&["src"], &[&floors]);
}

#[test]
fn crates_are_used_behind_their_doors() {
    in_every_source(&["src"], &[&doors]);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let declared: Vec<_> = dependencies(&manifest).collect();
    let known: Vec<_> = DOORS.iter().map(|(name, _)| *name).filter(|name| *name != "std::fs").collect();
    assert_eq!(declared, known, "DOORS of tests/house.rs says where each crate of Cargo.toml may be used, in the same order");
}

#[test]
fn files_are_short_and_say_what_they_are() {
    in_every_source(&["src", "tests", "benches", "targets"], &[&length, &first_line, &names, &imports]);
}

#[test]
fn words_that_do_not_belong_stay_out() {
    let paths = files("");
    // What is read is the repository: a rule that reads nothing complains of nothing.
    for path in ["Cargo.toml", ".ci/run", "src/lib.rs", "src/target/mod.rs"] {
        assert!(paths.iter().any(|found| found == path), "{path} is not read");
    }
    let mut complaints = Vec::new();
    for path in paths {
        // A file that is no text has no words.
        if let Ok(text) = fs::read_to_string(root().join(&path)) {
            complaints.extend(words(&path, &text));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn the_tree_of_crates_stays_small() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let crates = lock.matches("[[package]]").count();
    assert!(
        crates <= MOST_CRATES,
        "Cargo.lock holds {crates} crates, MOST_CRATES is {MOST_CRATES}: drop a feature or argue for the new crate"
    );
}

#[test]
fn every_rule_complains_about_its_sample() {
    let long = "//! Long.\n".repeat(HARD_LINES + 1);
    let samples: &[(Rule, &str, &str, &str)] = &[
        (&floors, "ir/job.rs", "use crate::syntax::tree;", "ir/job.rs:1: `ir` is on floor 1 and may not import `syntax`"),
        (&floors, "check/a.rs", "fn f() { crate::plan::g() }", "may not import `plan`"),
        (&floors, "check/a.rs", "use super::super::plan::x;", "reaches out of the room"),
        (&floors, "verify/github/read.rs", "use crate::back::github::x;", "may not import `back`: it would err alike"),
        (&floors, "attic/a.rs", "", "`attic` has no floor"),
        (&floors, "ir/a.rs", "use crate::attic::x;", "`attic` has no floor"),
        (&doors, "check/a.rs", "use similar::TextDiff;", "`similar` has its doors in drift/diff.rs"),
        (&doors, "check/a.rs", "fn f() { std::fs::read(p) }", "`std::fs`"),
        (&doors, "check/a.rs", "use std::{fs, io};", "`std::fs`"),
        (&doors, "check/a.rs", "#[derive(Debug, Serialize)]", "`serde`"),
        (&length, "ir/a.rs", &long, "601 lines, at most 600"),
        (&first_line, "ir/a.rs", "use std::io;\n", "starts with a `//!` line"),
        (&names, "ir/utils.rs", "", "name it by what it holds"),
        (&names, "misc/a.rs", "", "name it by what it holds"),
        (&imports, "ir/a.rs", "use crate::{base, x};", "one `use crate::…` for each import"),
        (&imports, "ir/a.rs", "pub use job::*;", "name what is re-exported"),
        (&imports, "ir/a.rs", "pub(crate) use job::*;", "name what is re-exported"),
    ];
    for (rule, path, text, expected) in samples {
        let complaints = rule(path, text);
        assert!(complaints.iter().any(|complaint| complaint.contains(expected)), "{path} {text:.60}: {complaints:?}");
    }
    for (start, end, _) in BANNED {
        let text = format!("plain\na {start}{end} b\n");
        assert_eq!(words("README.md", &text).len(), 1, "{text}");
    }
}

#[test]
fn no_rule_complains_about_what_it_allows() {
    let text = "//! Good. crate::cli, use crate::{\nuse crate::base::span::Span;\nfn f() { \"use clap::x; crate::cli\"; naga::clap::x() }\n\
                \n#[cfg(test)]\nmod tests {\n    use crate::cli::x;\n    use clap::Parser;\n}\n";
    for rule in [&floors as Rule, &doors, &length, &first_line, &names, &imports] {
        assert_eq!(rule("syntax/lex.rs", text), Vec::<String>::new());
    }
    assert_eq!(words("a.md", "/home/runner/work/x, the method, PYTODOX, a todo list"), Vec::<String>::new());
}

/// From a path below `src/` and its text to the complaints.
type Rule<'a> = &'a dyn Fn(&str, &str) -> Vec<String>;

fn floors(path: &str, text: &str) -> Vec<String> {
    let room = room(path);
    let Some(floor) = floor(room) else {
        return vec![format!("{path}: `{room}` has no floor: give it one in FLOORS of tests/house.rs")];
    };
    let code = blanked(text);
    let code = without_tests(&code);
    let mut complaints = Vec::new();
    for at in heads(code, "crate::") {
        let rest = &code[at + "crate::".len()..];
        let other = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
        let line = line(code, at);
        if READERS.0.iter().any(|reader| path.starts_with(reader)) && !READERS.1.contains(&other) {
            complaints.push(format!("{path}:{line}: a reader of written files may not import `{other}`: it would err alike"));
        }
        match self::floor(other) {
            // `use crate::{` is another rule's business.
            None if other.is_empty() => {}
            None => complaints.push(format!("{path}:{line}: `{other}` has no floor: give it one in FLOORS of tests/house.rs")),
            Some(below) if below < floor || other == room => {}
            Some(below) => complaints.push(format!(
                "{path}:{line}: `{room}` is on floor {floor} and may not import `{other}` on floor {below}: move what is shared down"
            )),
        }
    }
    let depth = path.trim_end_matches(".rs").trim_end_matches("/mod").split('/').count();
    let climb = "super::".repeat(depth);
    for at in heads(code, &climb).filter(|_| room != "lib" && room != "main") {
        complaints.push(format!("{path}:{}: `{climb}` reaches out of the room: write `crate::…`", line(code, at)));
    }
    complaints
}

fn doors(path: &str, text: &str) -> Vec<String> {
    let code = blanked(text);
    let code = without_tests(&code);
    let mut complaints = Vec::new();
    let mut complain = |name: &str, at: usize| {
        let (_, doors) = DOORS.iter().find(|(known, _)| *known == name).unwrap();
        if !doors.iter().any(|door| path.starts_with(door)) {
            let line = line(code, at);
            complaints
                .push(format!("{path}:{line}: `{name}` has its doors in {}: ask that room, or argue in DOORS", doors.join(", ")));
        }
    };
    for (name, _) in DOORS {
        heads(code, &format!("{name}::")).for_each(|at| complain(name, at));
        heads(code, &format!("use {name};")).for_each(|at| complain(name, at));
    }
    for (at, _) in code.match_indices("use std::{") {
        let list = &code[at..at + code[at..].find(';').unwrap_or(0)];
        if list.split(|c: char| !c.is_alphanumeric()).any(|name| name == "fs") {
            complain("std::fs", at);
        }
    }
    for (at, _) in code.match_indices("#[derive(") {
        let list = &code[at..at + code[at..].find(']').unwrap_or(0)];
        if list.contains("Serialize") || list.contains("Deserialize") {
            complain("serde", at);
        }
    }
    complaints
}

fn length(path: &str, text: &str) -> Vec<String> {
    let lines = without_tests(text).lines().count();
    if lines > HARD_LINES {
        return vec![format!("{path}: {lines} lines, at most {HARD_LINES}: split it by construct")];
    }
    if lines > SOFT_LINES {
        println!("note: {path}: {lines} lines, better below {SOFT_LINES}");
    }
    Vec::new()
}

fn first_line(path: &str, text: &str) -> Vec<String> {
    let missing = !text.starts_with("//! ");
    missing.then(|| format!("{path}: a file starts with a `//!` line that says what it holds")).into_iter().collect()
}

fn names(path: &str, _: &str) -> Vec<String> {
    let empty = path.trim_end_matches(".rs").split('/').find(|part| EMPTY_NAMES.contains(part));
    empty.map(|name| format!("{path}: `{name}` says nothing: name it by what it holds")).into_iter().collect()
}

fn imports(path: &str, text: &str) -> Vec<String> {
    let code = blanked(text);
    let code = without_tests(&code);
    let mut complaints = Vec::new();
    for (at, _) in code.match_indices("use crate::{") {
        complaints
            .push(format!("{path}:{}: one `use crate::…` for each import, so that each can be searched for", line(code, at)));
    }
    for (number, text) in code.lines().enumerate() {
        if text.trim_start().starts_with("pub") && text.contains(" use ") && text.trim_end().ends_with("::*;") {
            complaints.push(format!("{path}:{}: name what is re-exported, one by one", number + 1));
        }
    }
    complaints
}

fn words(path: &str, text: &str) -> Vec<String> {
    let small = text.to_lowercase();
    let mut complaints = Vec::new();
    for (start, end, reason) in BANNED {
        let word = format!("{start}{end}");
        // A marker is written in capitals; every other word is banned in any spelling.
        let text = if word.chars().all(char::is_uppercase) { text } else { small.as_str() };
        for (at, _) in text.match_indices(&word) {
            let inside = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
            let bytes = text.as_bytes();
            let marker = word.chars().all(char::is_uppercase);
            let longer = inside(at.checked_sub(1).map(|i| bytes[i])) || (marker && inside(bytes.get(at + word.len()).copied()));
            if !longer {
                complaints.push(format!("{path}:{}: `{word}`: {reason}", line(text, at)));
            }
        }
    }
    complaints
}

fn room(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// The names in `[dependencies]`, as code writes them.
fn dependencies(manifest: &str) -> impl Iterator<Item = String> {
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or("").split("\n[").next().unwrap_or("");
    section.lines().filter(|line| !line.starts_with('#')).filter_map(|line| Some(line.split_once(" =")?.0.replace('-', "_")))
}

fn in_every_source(folders: &[&str], rules: &[Rule]) {
    let mut complaints = Vec::new();
    for path in folders.iter().filter(|folder| root().join(folder).is_dir()).flat_map(|folder| files(folder)) {
        if path.ends_with(".rs") {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            let path = path.strip_prefix("src/").unwrap_or(&path);
            complaints.extend(rules.iter().flat_map(|rule| rule(path, &text)));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// The files below a folder of the repository, as sorted paths from its root with `/`; without what is built or installed.
fn files(folder: &str) -> Vec<String> {
    // By their whole path: `src/target` is a room.
    let left_out = [".git", "target", "Cargo.lock"].map(|name| root().join(name));
    walkdir::WalkDir::new(root().join(folder))
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !left_out.iter().any(|path| entry.path() == path))
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"))
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
