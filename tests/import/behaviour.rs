//! Behaviour: the readers of `verify`, which share no code with the importers, hold the file that was read against the spec that came of it, and
//! then against what the spec compiles to again. (`only`, `except` and
//! `!reference` are never written by pipewright, and so its readers do not know them.)

use std::path::Path;

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::Vendor;
use pipewright::render::Renderer;
use pipewright::verify::difference::Difference;
use pipewright::verify::equivalence::compare;

use super::imported;

/// Which jobs run, in which order, behind which gates, and what a failure does; commands stand in other words.
const POINTS: &[u8] = &[1, 2, 4, 6];

fn differences(vendor: Vendor, path: &str, text: &str) -> Vec<Difference> {
    let name = path.rsplit('/').next().unwrap();
    let (_, imported) = imported(vendor, &[(name, text)]);
    let spec = imported.spec("sample", "main", &[vendor.word()]);
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", &*spec);
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap_or_else(|f| panic!("{f}\n{spec}"));
    let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| &d.message).collect();
    assert!(errors.is_empty(), "{errors:?}\n{spec}");
    let pipeline = compiled.pipeline.unwrap();
    let (found, extent) = compare(&pipeline, &[(path, text)]);
    assert!(extent.runs > 1, "{extent:?}");
    let outputs: Vec<(&str, &str)> = compiled.outputs.iter().map(|o| (o.path.as_str(), o.text.as_str())).collect();
    let (again, _) = compare(&pipeline, &outputs);
    found.into_iter().chain(again).filter(|d| POINTS.contains(&d.point) && !is_said_by_the_project(d)).collect()
}

/// The limit of a job that says none is a setting of the project, and nobody keeps a job from running where no gate stands.
fn is_said_by_the_project(difference: &Difference) -> bool {
    difference.wanted.starts_with("it is stopped after") || difference.when.contains("kept from running")
}

#[track_caller]
fn same(vendor: Vendor, path: &str, text: &str) {
    let found = differences(vendor, path, text);
    let shown: Vec<String> =
        found.iter().map(|d| format!("{} {} {}: wanted {}, found {}", d.point, d.job, d.when, d.wanted, d.found)).collect();
    assert!(shown.is_empty(), "{}\n{text}", shown.join("\n"));
}

const GITLAB: &[&str] = &[
    // Without a word: branches and tags, and stages one behind the other.
    "stages: [build, test]\nmake:\n  stage: build\n  script: make\nunit:\n  stage: test\n  script: make unit\nlint:\n  stage: test\n  script: make lint\n  allow_failure: true\n",
    // The first rule that matches counts.
    "workflow:\n  rules:\n    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'\n    - if: $CI_COMMIT_BRANCH\n    - if: $CI_COMMIT_TAG\nunit:\n  script: make\npack:\n  stage: deploy\n  script: make pack\n  rules:\n    - if: $CI_COMMIT_TAG =~ /^v/\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n      when: never\n    - if: $CI_PIPELINE_SOURCE == 'push'\n",
    // Needs reach past the stages, and an optional one may be absent.
    "stages: [build, test, deploy]\nmake:\n  stage: build\n  script: make\nslow:\n  stage: test\n  script: sleep 9\n  rules:\n    - if: $CI_COMMIT_TAG\nunit:\n  stage: test\n  needs: []\n  script: make unit\nship:\n  stage: deploy\n  needs: [make, {job: slow, optional: true}]\n  script: make ship\n",
    // What happens after a failure.
    "stages: [build, test]\nmake:\n  stage: build\n  script: make\ntell:\n  stage: test\n  when: on_failure\n  script: ./tell.sh\n",
    // Files that changed, on pushes and merge requests.
    "unit:\n  script: make\n  rules:\n    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'\n      changes: [web/**/*]\n    - if: $CI_COMMIT_BRANCH == 'main'\n      changes: [web/**/*]\n",
    // Nobody speaks of merge requests, and they start a pipeline with what asks no branch.
    "unit:\n  script: make\n  rules:\n    - if: $CI_COMMIT_BRANCH != 'wip'\nlint:\n  script: make lint\npack:\n  script: make pack\n  rules:\n    - if: $CI_COMMIT_BRANCH == 'main'\n",
    // Templates.
    ".base:\n  rules:\n    - if: $CI_COMMIT_BRANCH =~ /^(main|release\\/.*)$/\nunit:\n  extends: .base\n  script: make\nlint:\n  script: make lint\n  rules:\n    - if: $CI_COMMIT_TAG\n",
];

#[test]
fn configurations_of_gitlab_do_what_they_did() {
    for text in GITLAB {
        same(Vendor::Gitlab, ".gitlab-ci.yml", text);
    }
}

const GITHUB: &[&str] = &[
    "name: ci\non:\n  push: {branches: [main]}\n  pull_request:\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps: [{uses: actions/checkout@v4}, {run: make}]\n  test:\n    needs: build\n    runs-on: ubuntu-24.04\n    steps: [{uses: actions/checkout@v4}, {run: make test}]\n  ship:\n    needs: [build, test]\n    if: github.ref == 'refs/heads/main' && github.event_name == 'push'\n    runs-on: ubuntu-24.04\n    steps: [{uses: actions/checkout@v4}, {run: make ship}]\n",
    "name: ci\non:\n  push: {tags: ['v*']}\n  workflow_dispatch:\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps: [{uses: actions/checkout@v4}, {run: make}]\n  tell:\n    needs: build\n    if: failure()\n    runs-on: ubuntu-24.04\n    steps: [{uses: actions/checkout@v4}, {run: ./tell.sh}]\n  clean:\n    needs: build\n    if: always()\n    runs-on: ubuntu-24.04\n    steps: [{uses: actions/checkout@v4}, {run: ./clean.sh}]\n",
];

#[test]
fn workflows_of_github_do_what_they_did() {
    for text in GITHUB {
        same(Vendor::Github, ".github/workflows/ci.yml", text);
    }
}

#[test]
fn a_difference_is_seen() {
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", GITLAB[0])]);
    let spec = imported.spec("sample", "main", &["gitlab"]);
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", spec);
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let pipeline = compile(&sources, id, &options).unwrap().pipeline.unwrap();
    let changed = GITLAB[0].replace("  script: make unit\n", "  script: make unit\n  rules: [{if: $CI_COMMIT_TAG}]\n");
    let (found, _) = compare(&pipeline, &[(".gitlab-ci.yml", &changed)]);
    assert!(found.iter().any(|d| d.point == 1 && d.job == "unit"), "{found:?}");
}
