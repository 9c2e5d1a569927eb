//! GitLab: what it tells a job by its variables, and what jobs tell one another.

use std::path::Path;

use pipewright::base::source::SourceMap;
use pipewright::front::ledger::Fate;
use pipewright::front::{Imported, Vendor, import};

use super::gitlab::{compiled, of};
use super::imported;

#[test]
fn what_gitlab_tells_a_script_is_told_by_the_spec() {
    let text = "\
build app:
  stage: build
  image: $REGISTRY/tool:1
  variables: {CI_LEVEL: \"3\"}
  script: [./build.sh $CI_JOB_NAME $CI_JOB_STAGE $CI_LEVEL, push $REGISTRY]
cells:
  stage: test
  script: [./test.sh $CI_JOB_NAME]
  parallel: {matrix: [{SIZE: [small, large]}]}
nightly:
  script: make
  rules:
    - if: $CI_PIPELINE_SCHEDULE_DESCRIPTION == \"nightly\"
    - if: $CI_COMMIT_TAG
";
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", text)]);
    let fate = |path: &str| imported.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    assert_eq!(fate("build app.script"), Fate::Exact);
    assert_eq!(fate("nightly.rules[0].if"), Fate::Exact);
    assert_eq!(fate("cells.script"), Fate::Exact);
    let spec = imported.spec("sample", "main", &["gitlab", "github"]);
    let build = of(&spec, "build-app");
    assert!(build.contains("export CI_JOB_NAME='build app'") && build.contains("export CI_JOB_STAGE='build'"), "{spec}");
    assert!(build.contains("image \"${var.REGISTRY}/tool:1\"") && spec.contains("env REGISTRY=(var)REGISTRY"), "{spec}");
    assert!(of(&spec, "nightly").contains("only { tag }"), "{spec}");
    // The name of a cell has its values in it.
    assert!(of(&spec, "cells").contains("export CI_JOB_NAME=\"cells: [${matrix.size}]\""), "{spec}");
    let (_, errors) = compiled(&spec);
    assert!(errors.is_empty(), "{errors:?}\n{spec}");
}

const TOLD: &str = "\
workflow: {rules: [{if: $CI_PIPELINE_SOURCE == 'merge_request_event'}, {if: $CI_COMMIT_TAG}, {if: $CI_COMMIT_BRANCH}]}
pack:
  stage: build
  script: [./pack.sh $CI_COMMIT_TAG $CI_COMMIT_REF_SLUG $CI_MERGE_REQUEST_IID]
  after_script: [./tell.sh $CI_JOB_STATUS]
cells:
  script: [./cell.sh $CI_NODE_INDEX/$CI_NODE_TOTAL]
  parallel: {matrix: [{SIZE: [small, large], CPU: arm}, {SIZE: huge}]}
ship:
  stage: deploy
  rules: [{if: $CI_COMMIT_TAG}]
  resource_group: ship-$CI_COMMIT_REF_SLUG
  environment: {name: Stage Domain, url: 'https://example.com', deployment_tier: production, action: start}
  script: [./ship.sh $CI_COMMIT_TAG $CI_ENVIRONMENT_SLUG $CI_ENVIRONMENT_URL $CI_ENVIRONMENT_TIER $CI_ENVIRONMENT_ACTION]
look:
  stage: deploy
  rules: [{if: $CI_COMMIT_BRANCH}]
  environment: {name: review, action: verify}
  image: registry.example.com/tool:$CI_PIPELINE_ID
  cache: {paths: [/var/cache, .cache/]}
  script: [./look.sh $CI_SLOT]
own:
  stage: .post
  script: [./own.sh $CI_JOB_ID]
  after_script: [./own.sh $CI_JOB_ID $CI_JOB_STATUS]
";

#[test]
fn what_gitlab_tells_by_event_by_cell_and_of_the_environment_is_told() {
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", TOLD)]);
    let spec = imported.spec("sample", "main", &["gitlab", "github"]);
    let fate = |path: &str| imported.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    for key in ["pack.script", "pack.after_script", "cells.script", "ship.script", "look.script"] {
        assert_eq!(fate(key), Fate::Exact, "{key}");
    }
    for part in [
        "value commit-tag {\n    on tag \"${commit.tag}\"\n    otherwise \"\"\n}",
        "value commit-ref {\n    on pull-request \"${pr.source}\"\n    otherwise \"${commit.ref}\"\n}",
        // On GitLab the variable has its own value.
        "export CI_COMMIT_TAG=\"${CI_COMMIT_TAG:-${value.commit-tag}}\"",
        "export CI_COMMIT_REF_SLUG=\"${CI_COMMIT_REF_SLUG:-$(printf '%s' \"${value.commit-ref}\" | tr '[:upper:]'",
        "in failure) echo failed ;; cancelled) echo canceled ;; *) echo success ;; esac)\"",
        "include size=large cpu=arm node-index=\"2\"",
        "include size=huge node-index=\"3\"",
        "env CI_NODE_INDEX=\"${matrix.node-index}\" CI_NODE_TOTAL=\"3\"",
        "environment stage-domain {\n    tier production\n    url \"https://example.com\"\n}",
        "export CI_ENVIRONMENT_SLUG='stage-domain-ip33nk'",
        "export CI_ENVIRONMENT_TIER='production'",
        "environment review purpose=verify",
        // So GitLab reads its name.
        "environment review {\n    tier development\n}",
        "image \"registry.example.com/tool:${run.id}\"",
        "cache \".cache/\"",
    ] {
        assert!(spec.contains(part), "{part} is not in {spec}");
    }
    assert!(matches!(fate("look.cache.paths"), Fate::Emulated(_)));
    // Merge requests of one branch share the group there, as its pushes do.
    assert!(matches!(fate("ship.resource_group"), Fate::Own(_)));
    assert!(matches!(fate("own.script"), Fate::Own(_)) && !of(&spec, "own").contains("job.status"), "{spec}");
    let (_, errors) = compiled(&spec);
    assert!(errors.is_empty(), "{errors:?}\n{spec}");
}

const DOTENV: &str = "\
version:
  stage: build
  script:
    - echo \"VERSION=$(cat VERSION)\" > build.env
    - echo 'LEVEL=high' | tee -a build.env
    - cat build.env
  artifacts: {reports: {dotenv: build.env}}
other:
  stage: build
  script: echo VERSION=2 > other.env
  artifacts: {reports: {dotenv: other.env}}
ship:
  stage: deploy
  needs: [version]
  variables: {VERSION: none}
  image: registry.example.com/tool:$VERSION
  script: ./ship.sh
later:
  stage: deploy
  needs: [other]
  script: ./later.sh $VERSION
";

#[test]
fn variables_that_a_job_sets_for_later_ones_are_outputs() {
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", DOTENV)]);
    let spec = imported.spec("sample", "main", &["gitlab", "github"]);
    let fate = |i: &Imported, path: &str| i.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    assert!(matches!(fate(&imported, "version.artifacts.reports.dotenv"), Fate::Emulated(_)), "{spec}");
    let version = of(&spec, "version");
    assert!(version.contains("output version level"), "{spec}");
    assert!(version.contains("sed -n 's/^VERSION=/version=/p' build.env | tail -n 1 >> \"$PIPEWRIGHT_OUTPUT\""), "{spec}");
    // One that names the job may read the variable in a program that it calls; what a job sets goes before what the file says.
    let ship = of(&spec, "ship");
    assert!(ship.contains("env VERSION=\"${job.version.version}\"") && !ship.contains("none"), "{spec}");
    assert!(ship.contains("env LEVEL=\"${job.version.level}\""), "{spec}");
    assert!(of(&spec, "later").contains("env VERSION=\"${job.other.version}\""), "{spec}");
    assert!(compiled(&spec).1.is_empty(), "{:?}\n{spec}", compiled(&spec).1);
    // Which of two counts, and what a program sets, no file says.
    for (from, to) in
        [("needs: [version]", "needs: [version, other]"), ("echo 'LEVEL=high' | tee -a build.env", "make vars >> build.env")]
    {
        let (_, other) = self::imported(Vendor::Gitlab, &[(".gitlab-ci.yml", &DOTENV.replacen(from, to, 1))]);
        assert!(matches!(fate(&other, "version.artifacts.reports.dotenv"), Fate::Lost(_)), "{to}");
    }
}

#[test]
fn files_whose_rules_never_take_them_are_left_out_and_alike_variables_of_a_workflow_are_constants() {
    let text = "\
include:
  - {local: never.yml, rules: [{if: $GITLAB_CI == 'false'}]}
  - {local: always.yml, rules: [{if: $CI_COMMIT_TAG, when: always}, {if: $GITLAB_CI == 'true'}]}
  - {local: tags.yml, rules: [{if: $CI_COMMIT_TAG}]}
workflow: {rules: [{if: $CI_COMMIT_BRANCH, variables: {PLACE: production}}]}
ship: {script: ./ship.sh $PLACE, environment: $PLACE}
";
    let file = |job: &str| format!("{job}: {{script: make}}\n");
    let sources = SourceMap::new();
    let id = sources.add(".gitlab-ci.yml", text);
    for (name, text) in [("never.yml", file("never")), ("always.yml", file("always")), ("tags.yml", file("released"))] {
        sources.add(name, text);
    }
    let imported = import(&sources, &[id], Vendor::Gitlab, Path::new("."));
    let fate = |path: &str| imported.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    assert!(matches!(fate("include[0].local"), Fate::Emulated(_)) && matches!(fate("include[1].rules[0].if"), Fate::Emulated(_)));
    assert!(matches!(fate("include[2].rules"), Fate::Lost(_)));
    let spec = imported.spec("sample", "main", &["gitlab"]);
    assert!(!spec.contains("job never") && spec.contains("job always") && spec.contains("job released"), "{spec}");
    assert!(spec.contains("env PLACE=production") && of(&spec, "ship").contains("environment production"), "{spec}");
}
