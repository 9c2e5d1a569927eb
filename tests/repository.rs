//! `repository`: what pull requests are checked for, by the scripts that `build` writes, run on names and messages.

use std::fs;
use std::process::Command;

use crate::cli::Place;

const SPEC: &str = r##"pipeline shop {
    language 1
    default-branch main
}
target github
target gitlab
repository {
    branch-names main "feature/US-[0-9]*" "release/v*.*" "it's/*"
    commit-messages conventional { types feat fix "c++" }
}
workflow ci {
    on { push main; pull-request main }
    job unit { run "make test" }
}
"##;

/// The script of a job, as each vendor's file holds it.
fn scripts(job: &str) -> Vec<String> {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let read = |path: &str| -> serde_yaml::Value {
        serde_yaml::from_str(&fs::read_to_string(place.path().join(path)).unwrap()).unwrap()
    };
    let github = read(".github/workflows/repository.yml");
    let steps = github["jobs"][job]["steps"].as_sequence().unwrap();
    let gitlab = read(".gitlab-ci.yml");
    let lines = gitlab[job]["script"].as_sequence().unwrap();
    let lines: Vec<&str> = lines.iter().filter_map(|l| l.as_str()).collect();
    vec![steps.last().unwrap()["run"].as_str().unwrap().to_owned(), lines.join("\n")]
}

fn passes(script: &str, variables: &[(&str, &str)], git: &str) -> bool {
    let script = format!("set -eo pipefail\ngit() {{ printf %s \"$SUBJECTS\"; }}\n{script}");
    let mut command = Command::new("bash");
    command.args(["-c", &script]).envs(variables.iter().copied()).env("SUBJECTS", git);
    command.output().unwrap().status.success()
}

#[test]
fn a_branch_is_held_against_the_names() {
    for script in scripts("branch-name") {
        let verdict = |name| passes(&script, &[("GITHUB_HEAD_REF", name), ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", name)], "");
        for name in ["main", "feature/US-1-cart", "release/v1.2", "it's/fine"] {
            assert!(verdict(name), "{name}: {script}");
        }
        for name in ["Main", "main2", "feature/cart", "feature/US-1/x", "release/v1", "x/main", "", "$(touch x)"] {
            assert!(!verdict(name), "{name}: {script}");
        }
    }
}

#[test]
fn messages_are_held_against_the_types() {
    for script in scripts("commit-messages") {
        let verdict = |subjects| passes(&script, &[("HEAD_SHA", "x")], subjects);
        for subjects in ["", "feat: a", "fix(cart): b", "feat!: c", "fix(a b)!: d", "c++: e", "feat: a\nfix: b"] {
            assert!(verdict(subjects), "{subjects}: {script}");
        }
        for subjects in ["wip", "feature: a", "feat:a", "feat(: a", "feat: a\nwip", "ccc: e", "Feat: a"] {
            assert!(!verdict(subjects), "{subjects}: {script}");
        }
    }
}
