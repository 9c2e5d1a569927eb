//! `build`, `build --check` and `diff` of the binary over the life of a spec: written, in step, edited, renamed, gone.

use std::fs;

use crate::cli::{Place, Ran};

const GITHUB: &str = ".github/workflows/ci.yml";

const SPEC: &str = r#"pipeline shop {
    language 1
    default-branch main
    runner linux
    timeout "20m"
}
target github
target gitlab
workflow ci {
    on { push main }
    job unit { run "make test" }
}
workflow nightly {
    on { schedule nightly "0 3 * * *" }
    job audit { run "make audit" }
}
"#;

fn shop() -> Place {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    assert!(ran.out.contains("wrote ") || ran.error.contains("wrote "), "{ran:?}");
    place
}

fn silent(ran: &Ran) -> bool {
    ran.code == Some(0) && ran.out.is_empty() && ran.error.is_empty()
}

#[test]
fn a_build_is_in_step_until_a_line_is_edited() {
    let place = shop();
    for words in [&["build", "--check"][..], &["diff"]] {
        // Notes of the spec may be said by either; the differences may not.
        let ran = place.run(&[words, &["--quiet"]].concat());
        assert!(silent(&ran), "{words:?}: {ran:?}");
    }
    let path = place.path().join(GITHUB);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("make test", "make tset")).unwrap();
    let ran = place.run(&["build", "--check"]);
    assert_eq!(ran.code, Some(1));
    let said = ran.out + &ran.error;
    assert!(said.contains("make tset") && said.contains("make test") && said.contains("pipewright build"), "{said}");
    let diff = place.run(&["diff"]);
    assert_eq!(diff.code, Some(1));
    assert!(diff.out.contains(&format!("--- a/{GITHUB}")) || diff.out.contains(&format!("--- {GITHUB}")), "{}", diff.out);
    assert!(diff.out.lines().any(|l| l.starts_with('-') && l.contains("make tset")), "{}", diff.out);
    assert!(diff.out.lines().any(|l| l.starts_with('+') && l.contains("make test")), "{}", diff.out);
    assert_eq!(place.run(&["build"]).code, Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_workflow_that_is_gone_leaves_an_orphan_that_build_removes() {
    let place = shop();
    let nightly = ".github/workflows/nightly.yml";
    assert!(place.path().join(nightly).is_file());
    place.put(".github/workflows/theirs.yml", "on: push\n");
    place.put("pipeline.kdl", SPEC.split("workflow nightly").next().unwrap());
    let ran = place.run(&["build", "--check"]);
    assert_eq!(ran.code, Some(1));
    assert!((ran.out.clone() + &ran.error).contains(nightly), "{ran:?}");
    assert!(place.path().join(nightly).is_file(), "a check removes nothing");
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, Some(0));
    assert!((ran.out + &ran.error).contains(&format!("removed {nightly}")));
    assert!(!place.path().join(nightly).exists() && place.path().join(".github/workflows/theirs.yml").is_file());
}

#[test]
fn files_are_printed_or_written_elsewhere_for_the_targets_that_are_named() {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    let printed = place.run(&["build", "--stdout", "--target", "gitlab"]);
    assert_eq!(printed.code, Some(0), "{}", printed.error);
    assert!(printed.out.contains("make test") && !printed.out.contains("runs-on"), "{}", printed.out);
    assert!(!place.path().join(".gitlab-ci.yml").exists());
    let both = place.run(&["build", "--stdout"]).out;
    assert!(both.contains(&format!("# ---- {GITHUB}")) && both.contains("# ---- .gitlab-ci.yml"), "{both}");
    fs::create_dir(place.path().join("elsewhere")).unwrap();
    assert_eq!(place.run(&["build", "--target", "github", "--out", "elsewhere"]).code, Some(0));
    assert!(place.path().join("elsewhere").join(GITHUB).is_file());
    assert!(!place.path().join("elsewhere/.gitlab-ci.yml").exists() && !place.path().join(GITHUB).exists());
    assert_eq!(place.run(&["build", "--check", "--target", "github", "--out", "elsewhere"]).code, Some(0));
}

#[test]
fn a_build_of_one_target_leaves_the_files_of_the_other() {
    let place = shop();
    assert_eq!(place.run(&["build", "--target", "github"]).code, Some(0));
    assert!(place.path().join(".gitlab-ci.yml").is_file());
}

#[test]
fn an_edited_line_is_said_in_every_format() {
    let place = shop();
    let path = place.path().join(GITHUB);
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("make test", "make tset")).unwrap();
    for format in ["full", "concise", "json", "sarif", "github", "gitlab"] {
        let ran = place.run(&["build", "--check", "--format", format]);
        assert_eq!(ran.code, Some(1), "{format}");
        let said = ran.out + &ran.error;
        assert!(said.contains(GITHUB), "{format}: {said}");
        if ["json", "sarif", "gitlab"].contains(&format) {
            let document: Result<serde_json::Value, _> = serde_json::from_str(&said);
            assert!(document.is_ok(), "{format}: {said}");
        }
    }
}

#[test]
fn specs_below_one_root_are_built_each_in_its_folder() {
    let place = Place::new(&[("a/pipeline.kdl", SPEC), ("b/pipeline.kdl", SPEC)]);
    assert_eq!(place.run(&["build", "--all"]).code, Some(0));
    assert!(["a", "b"].iter().all(|f| place.path().join(f).join(GITHUB).is_file()));
    assert!(silent(&place.run(&["build", "--all", "--check", "--quiet"])));
    place.put("b/pipeline.kdl", &SPEC.replace("make test", "make check"));
    let ran = place.run(&["build", "--all", "--check"]);
    let said = ran.out + &ran.error;
    assert!(ran.code == Some(1) && said.contains("b/.github") && !said.contains("a/.github"), "{said}");
}

#[test]
fn a_first_spec_compiles_for_both_vendors_whatever_the_repository_holds() {
    let files = [
        ("package.json", "{\"name\": \"shop\", \"scripts\": {\"test\": \"jest\", \"lint\": \"eslint .\"}}"),
        ("Cargo.toml", "[package]\nname = \"shop\"\n"),
        ("pyproject.toml", "[project]\nname = \"shop\"\n"),
        ("go.mod", "module example.com/shop\n\ngo 1.24\n"),
        ("pom.xml", "<project/>\n"),
        ("Dockerfile", "FROM scratch\n"),
    ];
    let singles = files.iter().map(|f| vec![*f]);
    for mut files in singles.chain([files.to_vec(), Vec::new()]) {
        files.push((
            ".git/config",
            "[remote \"a\"]\nurl = https://github.com/example/shop\n[remote \"b\"]\nurl = https://gitlab.com/example/shop\n",
        ));
        let place = Place::new(&files);
        assert_eq!(place.run(&["init"]).code, Some(0), "{files:?}");
        let ran = place.run(&["build"]);
        assert_eq!(ran.code, Some(0), "{files:?}: {}", ran.error);
        assert!(place.path().join(".gitlab-ci.yml").is_file() && place.path().join(GITHUB).is_file(), "{files:?}");
        assert_eq!(place.run(&["build", "--check"]).code, Some(0), "{files:?}");
    }
}
