//! Bad input of people and of attackers: a clear error in bounded time, nothing written that was not asked for, nothing lost.
//!
//! Bytes that are not even KDL are in `syntax/hostile.rs`, scalars of every kind in `render.rs`, links and foreign files below the writer in
//! `drift.rs`; here the whole binary is asked.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "bounded time is held against a clock")]

use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::cli::{Place, Ran};

const GITHUB: &str = ".github/workflows/ci.yml";
const GITLAB: &str = ".gitlab-ci.yml";

/// Far above what any of these takes in a build without optimisation, far below what the naive way would.
const LONG: Duration = Duration::from_secs(60);

/// A spec for both vendors with this inside its workflow.
fn spec(inside: &str) -> String {
    format!(
        "pipeline x {{\n    language 1\n    default-branch main\n    runner linux\n    timeout \"20m\"\n}}\ntarget github\ntarget gitlab\nworkflow ci {{\n    on {{ push main }}\n{inside}\n}}\n"
    )
}

fn place(inside: &str) -> Place {
    Place::new(&[("pipeline.kdl", &spec(inside))])
}

/// The spec is refused with this rule, soon, and nothing is written.
#[track_caller]
fn refused(inside: &str, rule: &str) -> Ran {
    let place = place(inside);
    let begin = Instant::now();
    let ran = place.run(&["build", "--format", "concise"]);
    assert!(begin.elapsed() < LONG, "it took {:?}", begin.elapsed());
    assert_eq!(ran.code, Some(1), "{}", ran.error);
    assert!(
        ran.error.contains(&format!("error[{rule}]")),
        "{rule} is not in: {}",
        ran.error.chars().take(2_000).collect::<String>()
    );
    assert!(!place.path().join(".github").exists() && !place.path().join(GITLAB).exists(), "something was written");
    ran
}

/// Builds, and gives what a YAML reader finds in a file.
#[track_caller]
fn built(place: &Place, file: &str) -> serde_yaml::Value {
    let ran = place.run(&["build", "--format", "concise"]);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    serde_yaml::from_str(&fs::read_to_string(place.path().join(file)).unwrap()).unwrap()
}

#[test]
fn depth_and_masses_of_errors_are_bounded() {
    for text in [
        "a {".repeat(100_000),
        format!("/-{}", "a {".repeat(100_000)),
        "/*".repeat(100_000),
        "a =\n".repeat(200_000),
        "}\n".repeat(200_000),
    ] {
        let place = Place::new(&[("pipeline.kdl", &text)]);
        let begin = Instant::now();
        let ran = place.run(&["check", "--format", "concise"]);
        assert_eq!(ran.code, Some(1), "{}", ran.error);
        assert!(
            ran.out.lines().count() <= 110 && begin.elapsed() < LONG,
            "{} lines in {:?}",
            ran.out.lines().count(),
            begin.elapsed()
        );
    }
}

#[cfg(unix)]
#[test]
fn a_spec_that_is_no_file_is_refused_before_it_is_read() {
    let place = Place::new(&[]);
    let fifo = std::process::Command::new("mkfifo").arg(place.path().join("pipe.kdl")).status();
    let mut paths = vec!["/dev/zero", ".", "/dev/null"];
    if fifo.is_ok_and(|s| s.success()) {
        paths.push("pipe.kdl");
    }
    for path in paths {
        let ran = place.run(&["check", "--spec", path]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{path}");
        assert!(ran.error.contains("not a regular file") || ran.error.contains("name a file"), "{path}: {}", ran.error);
    }
}

#[test]
fn names_lead_nowhere() {
    for name in ["../../.ssh/authorized_keys", "/etc/x", "a/b", "..", "", "con.yml:x", "a\\\\b", "x\\u{0}"] {
        let place = Place::new(&[(
            "pipeline.kdl",
            &spec("")
                .replace("workflow ci", &format!("workflow \"{name}\""))
                .replace("push main }", "push main }\n job a { run \"x\" }"),
        )]);
        let ran = place.run(&["build", "--format", "concise"]);
        assert!(ran.code == Some(1) || ran.code == Some(2), "{name:?}: {ran:?}");
        assert!(!ran.error.is_empty() && !ran.error.contains("bug in pipewright"), "{name:?}: {}", ran.error);
        let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{name:?} wrote something: {left:?}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_refused_and_their_ends_untouched() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("theirs"), "kept\n").unwrap();
    for (link, to) in [(GITLAB, "theirs"), (".github", "")] {
        let place = place("    job a { run \"make\" }");
        std::os::unix::fs::symlink(elsewhere.path().join(to), place.path().join(link)).unwrap();
        let ran = place.run(&["build"]);
        assert_eq!(ran.code, Some(2), "{link}");
        assert!(ran.error.contains("link"), "{link}: {}", ran.error);
        let left: Vec<_> = fs::read_dir(elsewhere.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["theirs"]);
        assert_eq!(fs::read_to_string(elsewhere.path().join("theirs")).unwrap(), "kept\n");
        assert!(!place.path().join(GITHUB).exists() && (link == GITLAB || !place.path().join(GITLAB).exists()), "all or nothing");
    }
}

#[test]
fn a_file_of_somebody_else_stays_and_so_does_all_the_rest() {
    let place = place("    job a { run \"make\" }");
    place.put(GITLAB, "theirs: 1\n");
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.error.contains("was not written by pipewright") && ran.error.contains("move it away"), "{}", ran.error);
    assert_eq!(fs::read_to_string(place.path().join(GITLAB)).unwrap(), "theirs: 1\n");
    assert!(!place.path().join(GITHUB).exists(), "all or nothing");
}

#[test]
fn a_name_is_one_scalar_whatever_is_in_it() {
    for name in
        ["x\n  permissions: write-all\n  #", "\"", ": ", "- ", "#", "'", "*a", "&a", "!!x", "{a: b}", "on", "1e3", "a: b # c"]
    {
        let written = name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let place = place(&format!("    job a {{ run name=\"{written}\" \"make && make check\" }}"));
        let file = built(&place, GITHUB);
        let steps = file["jobs"]["a"]["steps"].as_sequence().unwrap();
        assert_eq!(steps.last().unwrap()["name"].as_str(), Some(name));
        let keys: Vec<_> = file["jobs"]["a"].as_mapping().unwrap().keys().map(|k| k.as_str().unwrap().to_owned()).collect();
        assert_eq!(keys, ["name", "runs-on", "permissions", "timeout-minutes", "steps"], "{name:?}");
    }
}

#[test]
fn values_that_yaml_would_read_as_something_else_stay_text() {
    let values = [
        "no",
        "on",
        "12:30",
        "1_000",
        "2020-01-01",
        "=",
        "<<",
        "~",
        "0x1f",
        "0755",
        "1e999",
        "3.10",
        ".inf",
        "null",
        "y",
        " x ",
        "a\tb",
    ];
    let mut env = String::new();
    for (i, value) in values.iter().enumerate() {
        let _ = write!(env, " V{i}=\"{}\"", value.replace('\t', "\\t"));
    }
    let place = place(&format!("    job a {{ env{env}; run \"make\" }}"));
    let github = built(&place, GITHUB);
    let gitlab = built(&place, GITLAB);
    for (i, value) in values.iter().enumerate() {
        let name = format!("V{i}");
        assert_eq!(github["jobs"]["a"]["env"][name.as_str()].as_str(), Some(*value));
        assert_eq!(gitlab["a"]["variables"][name.as_str()].as_str(), Some(*value));
    }
    let program = "import sys, json, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))['jobs']['a']['env']))";
    let read =
        std::process::Command::new("python3").args(["-c", program]).arg(place.path().join(GITHUB)).stderr(Stdio::null()).output();
    match read.ok().filter(|o| o.status.success()) {
        Some(read) => {
            let found: serde_json::Value = serde_json::from_slice(&read.stdout).unwrap();
            assert!(values.iter().enumerate().all(|(i, v)| found[format!("V{i}")] == *v), "{found}");
        }
        None => println!("skipped: there is no PyYAML here"),
    }
}

#[test]
fn a_version_is_text_or_an_error() {
    for version in ["3.10", "1e5", "0123", "1e999"] {
        let ran = refused(&format!("    job a {{ toolchain python={version}; run \"make\" }}"), "wrong-value-type");
        assert!(ran.error.contains(version), "{}", ran.error);
    }
    let place = place("    job a { toolchain python=\"3.10\"; run \"make\" }");
    built(&place, GITHUB);
    let text = fs::read_to_string(place.path().join(GITHUB)).unwrap();
    assert!(text.contains("'3.10'") || text.contains("\"3.10\""), "{text}");
}

#[test]
fn an_expression_of_a_vendor_is_refused_and_its_variable_is_text() {
    refused("    job a { env T=\"${{ secrets.X }}\"; run \"make\" }", "vendor-expression-in-script");
    refused("    job a { run #\"echo '${{ github.event.issue.title }}'\"# }", "script-injection");
    refused("    job a { run #\"echo '${{ x'\"# }", "vendor-expression-in-script");
    let place = place("    job a { env G=\"$CI_COMMIT_MESSAGE\"; run \"make\" }");
    let github = built(&place, GITHUB);
    assert_eq!(github["jobs"]["a"]["env"]["G"].as_str(), Some("$CI_COMMIT_MESSAGE"));
    let gitlab = built(&place, GITLAB);
    assert_eq!(gitlab["a"]["variables"]["G"].as_str(), Some("$$CI_COMMIT_MESSAGE"));
}

#[test]
fn scripts_come_back_to_the_byte() {
    for (spelled, meant) in [
        ("\\tmake", "\tmake"),
        ("  make", "  make"),
        ("echo a\\n---\\necho b", "echo a\n---\necho b"),
        ("echo a\\n...\\necho b", "echo a\n...\necho b"),
        ("cat <<EOF\\nx\\nEOF", "cat <<EOF\nx\nEOF"),
        ("echo \\u{feff}x", "echo \u{feff}x"),
        ("echo \\u{2028}x", "echo \u{2028}x"),
        ("echo \\u{85}x", "echo \u{85}x"),
        ("echo a \\\\\\n  b", "echo a \\\n  b"),
    ] {
        let place = place(&format!("    job a {{ run \"{spelled}\" }}"));
        let file = built(&place, GITHUB);
        let steps = file["jobs"]["a"]["steps"].as_sequence().unwrap();
        assert_eq!(steps.last().unwrap()["run"].as_str().map(|s| s.trim_end_matches('\n')), Some(meant));
    }
}

#[test]
fn cycles_are_shown_and_long_chains_are_not_walked_twice() {
    let ran = refused(
        "    job a { needs c; run \"x\" }\n    job b { needs a; run \"x\" }\n    job c { needs b; run \"x\" }",
        "dependency-cycle",
    );
    assert!(["`a`", "`b`", "`c`"].iter().all(|j| ran.error.contains(j)), "{}", ran.error);
    refused("    job a { needs a; run \"x\" }", "dependency-cycle");
    refused("    job a { needs nobody; run \"x\" }", "unknown-name");

    let chain: String = (0..2_000)
        .map(|i| {
            if i == 0 {
                "    job j0 { run \"x\" }\n".to_owned()
            } else {
                format!("    job j{i} {{ needs j{}; run \"x\" }}\n", i - 1)
            }
        })
        .collect();
    // Two jobs a layer, each of which needs both of the layer before: 2^20 paths.
    let mut diamond = String::from("    job a0 { run \"x\" }\n    job b0 { run \"x\" }\n");
    for i in 1..20 {
        let _ = write!(
            diamond,
            "    job a{i} {{ needs a{0} b{0}; run \"x\" }}\n    job b{i} {{ needs a{0} b{0}; run \"x\" }}\n",
            i - 1
        );
    }
    for inside in [chain, diamond] {
        let begin = Instant::now();
        let ran = place(&inside).run(&["check", "--format", "concise"]);
        assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
        assert_eq!(ran.code, Some(0), "{}", ran.out.chars().take(500).collect::<String>());
    }
}

#[test]
fn a_matrix_is_counted_before_it_is_made() {
    let axis = |name: &str| format!("axis {name} {}", (0..50).map(|i| format!("\"v{i}\"")).collect::<Vec<_>>().join(" "));
    let inside = format!("    job a {{ matrix {{ {}; {}; {} }}; run \"make\" }}", axis("a"), axis("b"), axis("c"));
    let begin = Instant::now();
    let ran = place(&inside).run(&["build", "--format", "concise"]);
    assert!(ran.code == Some(1) && begin.elapsed() < LONG, "{ran:?}");
    assert!(ran.error.contains("125000") || ran.error.contains("125,000"), "{}", ran.error);
}

#[test]
fn two_names_that_are_one_are_refused() {
    refused("    job a { run \"x\" }\n    job a { run \"y\" }", "duplicate-name");
    // Where a file system or a vendor would take the two for one, one of the two is no name at all.
    refused("    job \"Build\" { run \"x\" }\n    job \"build\" { run \"y\" }", "bad-name");
    refused("    job \"a-b\" { run \"x\" }\n    job \"a_b\" { run \"y\" }", "bad-name");
}

#[test]
fn other_line_endings_and_a_byte_order_mark_are_named_and_mended() {
    let place = place("    job a { run \"make\" }");
    let text = {
        built(&place, GITHUB);
        fs::read_to_string(place.path().join(GITHUB)).unwrap()
    };
    for (changed, says) in [(text.replace('\n', "\r\n"), "line endings"), (format!("\u{feff}{text}"), "")] {
        place.put(GITHUB, &changed);
        let ran = place.run(&["build", "--check"]);
        assert_eq!(ran.code, Some(1), "{says}");
        let said = ran.out + &ran.error;
        assert!(said.contains(GITHUB) && said.contains(says), "{said}");
        assert_eq!(place.run(&["build"]).code, Some(0));
        assert_eq!(fs::read_to_string(place.path().join(GITHUB)).unwrap(), text);
    }
}

#[test]
fn builds_at_the_same_time_leave_whole_files() {
    let place = place("    job a { run \"make\" }");
    let children: Vec<_> =
        (0..6).map(|_| place.command("", &["build"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()).collect();
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    let ran = place.run(&["build", "--check"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.error.as_str()), (Some(0), "", ""));
    let left = walkdir::WalkDir::new(place.path()).into_iter().map(Result::unwrap);
    assert!(left.into_iter().all(|e| !e.file_name().to_string_lossy().ends_with(".tmp")));
}

#[test]
fn a_diff_says_no_command_to_the_runner() {
    let place = place("    job a { run \"make\" }");
    built(&place, GITHUB);
    let path = place.path().join(GITHUB);
    let edited = fs::read_to_string(&path).unwrap() + "::add-mask::x\n\u{1b}[31m\n";
    fs::write(&path, edited).unwrap();
    let ran = Ran::from(place.command("", &["build", "--check"]).env("GITHUB_ACTIONS", "true").output().unwrap());
    assert_eq!(ran.code, Some(1));
    let said = ran.out + &ran.error;
    assert!(said.contains("add-mask") && !said.contains('\u{1b}'), "{said}");
    assert!(said.lines().all(|l| !l.starts_with("::add-mask")) || said.contains("::stop-commands::"), "{said}");
}
