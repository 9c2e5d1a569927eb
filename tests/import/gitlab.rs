//! GitLab: rules become events and conditions, files and templates become one configuration.

use std::path::Path;

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::ledger::{Fate, Ledger};
use pipewright::front::{Imported, Told, Vendor, import};
use pipewright::render::Renderer;

use super::account::keys;
use super::imported;

fn spec(text: &str) -> String {
    imported(Vendor::Gitlab, &[(".gitlab-ci.yml", text)]).1.spec("sample", "main", &["gitlab"])
}

pub(super) fn of<'s>(spec: &'s str, job: &str) -> &'s str {
    let rest = spec.split(&format!("job {job} {{\n")).nth(1).unwrap_or_else(|| panic!("no {job} in {spec}"));
    rest.split("\n        }").next().unwrap()
}

const RULES: &str = "\
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'
    - if: $CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS
      when: never
    - if: $CI_COMMIT_BRANCH
    - if: $CI_COMMIT_TAG
unit:
  script: make test
pack:
  stage: deploy
  script: [make image]
  rules:
    - if: $CI_COMMIT_TAG =~ /^v/
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      when: never
    - if: $CI_PIPELINE_SOURCE == \"push\"
by hand:
  script: make clean
  when: manual
";

#[test]
fn rules_are_conditions_and_the_first_that_matches_counts() {
    let spec = spec(RULES);
    let on = spec.split("on {").nth(1).unwrap().split('}').next().unwrap();
    assert_eq!(on.split_whitespace().collect::<Vec<_>>(), ["push", "tag", "pull-request", "manual", "dedupe"], "{spec}");
    assert!(!of(&spec, "unit").contains(" if "), "{spec}");
    let pack = of(&spec, "pack");
    assert!(
        pack.contains("commit.tag matches 'v**' || commit.branch != repository.default-branch && run.event in ['push', 'tag']"),
        "{spec}"
    );
}

#[test]
fn what_a_person_starts_never_starts_by_itself() {
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", RULES)]);
    let spec = imported.spec("sample", "main", &["gitlab"]);
    assert!(of(&spec, "by-hand").contains("requires start-of-by-hand"), "{spec}");
    assert!(spec.contains("gate start-of-by-hand {") && spec.contains("team approvers"), "{spec}");
    // Nobody may agree until somebody has said who.
    assert!(compiled(&spec).1.iter().any(|f| f.starts_with("team-not-on-target: ")), "{:?}", compiled(&spec).1);
    // The deploy stage behind it did not wait.
    let fate = |imported: &Imported| imported.ledger.keys().iter().find(|k| k.path == "by hand.when").unwrap().fate().clone();
    assert!(matches!(fate(&imported), Fate::Lost(_)));
    for blocking in ["  allow_failure: false\n", "  stage: deploy\n"] {
        let mut imported = self::imported(Vendor::Gitlab, &[(".gitlab-ci.yml", &format!("{RULES}{blocking}"))]).1;
        assert!(matches!(fate(&imported), Fate::Emulated(_)), "{blocking}");
        imported.tell(&Told { approvers: vec![("gitlab".to_owned(), "example/release".to_owned())], ..Told::default() });
        let spec = imported.spec("sample", "main", &["gitlab"]) + "accept gitlab approval-team reason=\"known\"\n";
        assert!(spec.contains("gitlab \"example/release\"") || spec.contains("gitlab example/release"), "{spec}");
        assert!(compiled(&spec).1.is_empty(), "{:?}\n{spec}", compiled(&spec).1);
    }
}

#[test]
fn a_job_that_starts_later_waits_itself() {
    let text = "later:\n  when: delayed\n  start_in: 5 minutes\n  script: make\nnever:\n  when: delayed\n  start_in: 2 days\n  script: make\n";
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", text)]);
    let spec = imported.spec("sample", "main", &["gitlab"]);
    assert!(of(&spec, "later").contains("wait 300") && !of(&spec, "never").contains("wait"), "{spec}");
    let lost: Vec<&str> =
        imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_))).map(|k| k.path.as_str()).collect();
    assert_eq!(lost, ["never.start_in"]);
    assert!(compiled(&spec).1.is_empty(), "{:?}", compiled(&spec).1);
}

const TEMPLATES: &str = "\
include: {local: /ci/base.yml}
default:
  image: node:22
  before_script: [npm ci]
variables: {LEVEL: debug}
.deploy: &deploy
  stage: deploy
  tags: [docker]
unit:
  extends: .base
  script:
    - !reference [.lint, script]
    - npm test
  artifacts: {paths: [dist/], expire_in: 1 week, reports: {junit: out.xml}}
release:
  <<: *deploy
  needs: [unit]
  image: alpine:3.22
  before_script: []
  script: [./release.sh $CI_COMMIT_SHA]
";
const BASE: &str = ".base:\n  retry: 2\n  timeout: 30 minutes\n.lint:\n  script: [npm run lint]\n.unused:\n  script: x\n";

fn two_files() -> Imported {
    let sources = SourceMap::new();
    let id = sources.add(".gitlab-ci.yml", TEMPLATES);
    sources.add("ci/base.yml", BASE);
    import(&sources, &[id], Vendor::Gitlab, std::path::Path::new("."))
}

#[test]
fn files_templates_references_anchors_and_defaults_are_put_together() {
    let spec = two_files().spec("sample", "main", &["gitlab"]);
    let unit = of(&spec, "unit");
    for line in [
        "image node:22",
        "retry 2",
        "timeout \"30m\"",
        "run \"npm ci\" \"npm run lint\" \"npm test\"",
        "produces unit \"dist/\" keep=\"7d\"",
        "report junit out.xml",
    ] {
        assert!(unit.contains(line), "{line} is not in {spec}");
    }
    let release = of(&spec, "release");
    for line in ["runner docker", "needs unit", "image alpine:3.22", "run \"./release.sh ${commit.sha}\"", "consumes unit"] {
        assert!(release.contains(line), "{line} is not in {spec}");
    }
    assert!(!release.contains("npm ci") && spec.contains("env LEVEL=debug"), "{spec}");
}

#[test]
fn every_key_of_all_files_is_entered() {
    let imported = two_files();
    let tally = Ledger::tally(imported.ledger.keys());
    let plain = TEMPLATES.replace("<<: *deploy", "merge: x");
    assert_eq!(tally.all(), keys(&serde_yaml::from_str(&plain).unwrap()) + keys(&serde_yaml::from_str(BASE).unwrap()));
    assert_eq!(
        tally.lost,
        0,
        "{:#?}",
        imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_))).collect::<Vec<_>>()
    );
}

#[test]
fn a_key_that_stands_twice_is_told_and_the_last_one_counts() {
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", "unit:\n  script: a\n  script: b\n")]);
    assert!(imported.faults.iter().any(|f| !f.fatal && f.message.contains("twice")));
    assert!(imported.spec("sample", "main", &["gitlab"]).contains("run b"));
}

#[test]
fn inputs_of_a_file_are_filled_in() {
    let text = "spec:\n  inputs:\n    stage: {default: deploy}\n    where: {}\n---\n\"$[[ inputs.stage ]] job\":\n  stage: $[[ inputs.stage ]]\n  script: make $[[ inputs.stage ]] $[[ inputs.where ]]\n";
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", text)]);
    let spec = imported.spec("sample", "main", &["gitlab"]);
    assert!(of(&spec, "deploy-job").contains("make deploy $[[ inputs.where ]]"), "{spec}");
    let lost: Vec<_> =
        imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_))).map(|k| k.path.as_str()).collect();
    assert_eq!(lost, ["spec.inputs.where", "$[[ inputs.stage ]] job.script"]);
}

const MORE: &str = "\
variables:
  LEVEL: {value: low, options: [low, high], description: How much}
  NODE: '22'
  OTHER: '1'
unit:
  image: node:$NODE
  script: ['cd $CI_PROJECT_DIR/web', make]
  rules:
    - if: $LEVEL == 'high'
      changes: [web/**/*]
      variables: {FAST: 'no'}
    - if: $CI_COMMIT_BRANCH =~ /^(main|release\\/.*)$/
      changes: [web/**/*]
      variables: {FAST: 'no', OTHER: '2'}
cells:
  script: make
  parallel: {matrix: [{A: [x, y]}]}
after:
  image: node:$OTHER
  script: make
  needs: [{job: cells, parallel: {matrix: [{A: x}]}}]
  rules:
    - if: $CI_COMMIT_TAG
      changes: [a]
    - if: $CI_COMMIT_BRANCH
";

#[test]
fn forms_changed_files_and_variables_of_rules_come_over_where_all_rules_agree() {
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", MORE)]);
    let spec = imported.spec("sample", "main", &["gitlab"]);
    assert!(spec.contains("input level type=choice default=low description=\"How much\""), "{spec}");
    assert!(spec.contains("env LEVEL=\"${input.level}\""), "{spec}");
    let unit = of(&spec, "unit");
    for line in [
        "if \"input.level == 'high' || commit.branch matches '{main,release/**}'\"",
        "push { paths \"web/**/*\" }",
        "image node:22",
        "env FAST=no",
        "export CI_PROJECT_DIR=\"$PWD\"",
    ] {
        assert!(unit.contains(line), "{line} is not in {spec}");
    }
    // What only one rule says is no property of the job.
    let lost: Vec<_> =
        imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_))).map(|k| k.path.as_str()).collect();
    assert_eq!(lost, ["unit.rules[1].variables.OTHER", "after.image", "after.rules[0].changes"]);
    assert!(of(&spec, "after").contains("needs cells"), "{spec}");
}

#[test]
fn odd_text_is_no_crash() {
    for text in [
        "",
        "x",
        "- a",
        "a: 1",
        "a:\n  script: {x: y}\n  rules: x\n  needs: {a: b}\n",
        "a:\n  extends: a\n  script: x\n",
        ".a: {extends: .b}\n.b: {extends: .a}\nc: {extends: .a, script: x}\n",
        "a:\n  script: !reference [a, script]\n",
        "workflow: x\nstages: x\nvariables: x\nb: {script: x, parallel: 0, cache: [], services: [{}], artifacts: x}\n",
    ] {
        let _ = spec(text);
    }
}

const DOWNSTREAM: &str = "\
stages: [prepare, run]
variables: {LEVEL: debug}
lists:
  stage: prepare
  script: ./lists.sh
  artifacts: {paths: [jobs.yml]}
children:
  stage: run
  needs: [lists]
  allow_failure: true
  variables: {CLUSTER: one}
  rules:
    - if: $CI_COMMIT_BRANCH == \"main\"
  inherit: {variables: false}
  trigger:
    include: [{artifact: jobs.yml, job: lists}]
    strategy: depend
other:
  stage: run
  trigger: {project: group/other, branch: main}
";

/// What a spec compiles to, by path; and its errors.
pub(super) fn compiled(spec: &str) -> (String, Vec<String>) {
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", spec);
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap_or_else(|f| panic!("{f}\n{spec}"));
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let text = compiled.outputs.first().map(|o| o.text.clone()).unwrap_or_default();
    (text, errors.map(|d| format!("{}: {}", d.rule, d.message)).collect())
}

#[test]
fn a_job_that_starts_another_pipeline_is_kept_with_its_needs_and_rules() {
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", DOWNSTREAM)]);
    let fate = |path: &str| imported.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    for path in ["children", "children.needs", "children.rules[0].if", "children.allow_failure", "children.variables.CLUSTER"] {
        assert!(matches!(fate(path), Fate::Exact | Fate::Emulated(_)), "{path}: {:?}", fate(path));
    }
    for path in
        ["children.trigger", "children.trigger.include[0].artifact", "children.inherit.variables", "other.trigger.project"]
    {
        assert!(matches!(fate(path), Fate::Kept(_)), "{path}: {:?}", fate(path));
    }
    let (text, errors) = compiled(&imported.spec("sample", "main", &["gitlab"]));
    assert!(errors.is_empty(), "{errors:?}");
    let file: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let job = &file["children"];
    assert_eq!(job["trigger"]["include"][0]["artifact"], "jobs.yml", "{text}");
    assert_eq!(job["trigger"]["strategy"], "depend");
    assert_eq!(job["inherit"]["variables"], false);
    assert_eq!(job["allow_failure"], true);
    assert!(job["needs"].as_sequence().is_some_and(|n| n.len() == 1), "{text}");
    // What GitLab refuses beside a trigger, and what would go on to the other pipeline.
    for key in ["script", "image", "timeout", "retry", "tags", "cache", "artifacts", "services"] {
        assert!(job.get(key).is_none(), "{key}: {text}");
    }
    let handed: Vec<_> = job["variables"].as_mapping().unwrap().keys().map(|k| k.as_str().unwrap()).collect();
    assert_eq!(handed, ["CLUSTER"], "{text}");
    let beside = "pipeline sample { language 1 }\ntarget gitlab\nworkflow ci {\n    on { push }\n    job a { run \"make\"; raw gitlab { trigger { project x } } }\n}\n";
    let (_, errors) = compiled(beside);
    assert!(errors.iter().any(|e| e.starts_with("raw-key-owned: ")), "{errors:?}");
    let (_, errors) = compiled(&imported.spec("sample", "main", &["github"]));
    assert!(errors.iter().any(|e| e.contains("`children` cannot be written for github: raw-job")), "{errors:?}");
}

#[test]
fn a_job_waits_for_none_that_is_never_there_and_asks_nothing_that_always_holds() {
    let text = "\
stages: [build, test]
never: {stage: build, script: make, rules: [{when: never}]}
slow: {stage: build, script: sleep 9}
unit:
  stage: test
  needs: [{job: never, optional: true}]
  script: make unit
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
    - if: $CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH
";
    let spec = spec(text);
    let unit = of(&spec, "unit");
    // It started at once there, although its stage comes later.
    assert!(unit.contains("needs none") && !unit.contains("after") && !unit.contains(" if "), "{spec}");
    assert!(!spec.contains("job never"), "{spec}");
    assert!(compiled(&spec).1.is_empty(), "{spec}");
}

#[test]
fn an_image_starts_without_its_own_program_where_the_file_says_so() {
    let text = "\
bare: {image: {name: 'alpine/git:2.49.1', entrypoint: ['']}, script: git fsck}
shell: {image: {name: 'alpine:3.22', entrypoint: [/bin/sh, -c]}, script: make}
other: {image: {name: 'alpine:3.22', entrypoint: [/prepare.sh]}, script: make}
usual: {image: {name: 'alpine:3.22', docker: {platform: linux/amd64}}, script: make}
arm: {image: {name: 'alpine:3.22', docker: {platform: linux/arm64}}, script: make}
";
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", text)]);
    let fate = |path: &str| imported.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    assert_eq!(fate("bare.image.entrypoint"), Fate::Exact);
    assert!(
        matches!(fate("shell.image.entrypoint"), Fate::Emulated(_)) && matches!(fate("other.image.entrypoint"), Fate::Lost(_))
    );
    let fates = ["usual.image.docker.platform", "arm.image.docker.platform"].map(fate);
    assert!(matches!(fates, [Fate::Emulated(_), Fate::Lost(_)]));
    let spec = imported.spec("sample", "main", &["gitlab"]);
    assert!(of(&spec, "bare").contains("no-entrypoint") && !of(&spec, "other").contains("no-entrypoint"), "{spec}");
    let (output, errors) = compiled(&spec);
    assert!(errors.is_empty(), "{errors:?}");
    let file: serde_yaml::Value = serde_yaml::from_str(&output).unwrap();
    assert_eq!(file["bare"]["image"]["entrypoint"][0], "", "{output}");
    assert_eq!(file["other"]["image"], "alpine:3.22", "{output}");
}

#[test]
fn a_cell_that_is_needed_is_its_job() {
    let text = "\
images: {stage: build, script: make $OS, parallel: {matrix: [{OS: [a, b]}]}}
alone: {stage: build, script: make $CI_NODE_INDEX, parallel: 1}
ship: {stage: deploy, script: make ship, needs: ['images: [a]', 'images: [b]', alone]}
";
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", text)]);
    let lost = imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_) | Fate::Kept(_)));
    assert_eq!(lost.map(|k| k.path.as_str()).collect::<Vec<_>>(), Vec::<&str>::new());
    let spec = imported.spec("sample", "main", &["gitlab", "github"]);
    assert!(of(&spec, "ship").contains("needs images alone"), "{spec}");
    assert!(compiled(&spec).1.is_empty(), "{:?}\n{spec}", compiled(&spec).1);
}

#[test]
fn a_daemon_cells_and_limits_are_said_in_the_words_of_a_spec() {
    let text = "\
variables: {DOCKER_HOST: 'tcp://docker:2375', DOCKER_TLS_CERTDIR: ''}
image job:
  image: docker:28.5
  services: [{name: 'docker:28.5-dind', alias: docker}]
  script: docker build .
cells:
  parallel: {matrix: [{MATRIX_PYTHON: ['3.9', '3.10'], RUNNER: [small, large]}]}
  tags: [$RUNNER]
  image: python:$MATRIX_PYTHON
  script: ./test.sh $MATRIX_PYTHON
limited:
  timeout: 25 minutes
  variables: {RUNNER_SCRIPT_TIMEOUT: 20m, RUNNER_AFTER_SCRIPT_TIMEOUT: 4m}
  tags: [saas-linux-small-arm64]
  script: ./go.sh
  after_script: ./tell.sh
  rules: [{if: $CI_PIPELINE_SOURCE =~ /^(web|api)$/}]
";
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", text)]);
    let lost = imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_) | Fate::Kept(_)));
    assert_eq!(lost.map(|k| k.path.as_str()).collect::<Vec<_>>(), Vec::<&str>::new());
    let spec = imported.spec("sample", "main", &["gitlab"]);
    let image = of(&spec, "image");
    assert!(image.contains("            docker\n") && !image.contains("image docker") && !spec.contains("DOCKER_"), "{spec}");
    let cells = of(&spec, "cells");
    for line in ["runner \"${matrix.runner}\"", "image \"python:${matrix.python}\"", "./test.sh ${matrix.python}", "axis python"]
    {
        assert!(cells.contains(line), "{line} is not in {spec}");
    }
    let limited = of(&spec, "limited");
    assert!(limited.contains("timeout \"20m\"") && limited.contains("runner linux-arm"), "{spec}");
    assert!(limited.contains("only { manual }") && !limited.contains("TIMEOUT"), "{spec}");
    assert!(compiled(&spec).1.is_empty(), "{:?}\n{spec}", compiled(&spec).1);
}

const RELEASE: &str = "\
variables: {STORE: https://files.example.com}
publish:
  image: registry.gitlab.com/gitlab-org/release-cli:latest
  variables: {FOLDER: $STORE/$CI_COMMIT_TAG}
  script: [echo 'Releasing']
  rules:
    - if: $CI_COMMIT_TAG
  release:
    tag_name: $CI_COMMIT_TAG
    name: Release $CI_COMMIT_TAG
    description: See $FOLDER/notes
    assets:
      links:
        - {name: 'binary: linux', url: $FOLDER/linux, filepath: /bin/linux}
        - {name: sums, url: $FOLDER/sums}
";

#[test]
fn a_release_of_the_job_s_own_tag_is_a_step() {
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", RELEASE)]);
    let spec = imported.spec("sample", "main", &["gitlab", "github"]);
    let job = of(&spec, "publish");
    for part in [
        "release \"${commit.tag}\"",
        "name=\"Release ${commit.tag}\"",
        "body=\"See https://files.example.com/${commit.tag}/notes\"",
    ] {
        assert!(job.contains(part), "{part} is not in {spec}");
    }
    assert!(job.contains("binary: linux|https://files.example.com/${commit.tag}/linux|/bin/linux"), "{spec}");
    assert!(job.contains("sums|https://files.example.com/${commit.tag}/sums|"), "{spec}");
    assert!(!job.contains("image") && !job.contains("raw"), "{spec}");
    assert!(compiled(&spec).1.is_empty(), "{:?}", compiled(&spec).1);
    let fate = |i: &Imported, path: &str| i.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    assert!(matches!(fate(&imported, "publish.release.assets.links[1].url"), Fate::Emulated(_)));
    // Of another tag, at any event, or with more than the step can say, it stays GitLab's own.
    for (from, to) in [
        ("    tag_name: $CI_COMMIT_TAG", "    tag_name: v$CI_PIPELINE_IID"),
        ("    - if: $CI_COMMIT_TAG", "    - if: $CI_COMMIT_BRANCH"),
        ("    tag_name:", "    milestones: [m1]\n    tag_name:"),
        ("See $FOLDER", "See $OTHER$CI_JOB_ID"),
    ] {
        let (_, other) = self::imported(Vendor::Gitlab, &[(".gitlab-ci.yml", &RELEASE.replacen(from, to, 1))]);
        assert!(matches!(fate(&other, "publish.release.description"), Fate::Kept(_)), "{to}");
        assert!(of(&other.spec("sample", "main", &["gitlab"]), "publish").contains("raw gitlab"), "{to}");
    }
}

#[test]
fn tags_that_gitlab_works_out_stay_and_an_environment_by_variable_is_told() {
    let text = "a:\n  tags: [$MACHINE, docker]\n  environment: review/$CI_COMMIT_REF_SLUG\n  script: make\n";
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", text)]);
    let spec = imported.spec("sample", "main", &["gitlab"]);
    let (output, errors) = compiled(&spec);
    assert!(errors.is_empty(), "{errors:?}");
    let file: serde_yaml::Value = serde_yaml::from_str(&output).unwrap();
    assert_eq!(file["a"]["tags"][0], "$MACHINE", "{output}");
    assert!(!spec.contains("environment"), "{spec}");
    let fate = |path: &str| imported.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    assert!(matches!(fate("a.tags"), Fate::Kept(_)) && matches!(fate("a.environment"), Fate::Lost(_)));
}

const BY_EVENT: &str = "\
variables: {LEVEL: low}
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'
      variables: {LEVEL: high}
    - if: $CI_COMMIT_TAG
      variables: {LEVEL: full, EXTRA: yes-please}
    - if: $CI_COMMIT_BRANCH
unit:
  script: ./test.sh $LEVEL $EXTRA
  rules:
    - if: $CI_COMMIT_TAG
      variables: {KEEP: always}
    - when: on_success
      variables: {KEEP: never}
heavy:
  script: ./heavy.sh
  rules:
    - if: $LEVEL == 'full'
";

#[test]
fn variables_that_rules_set_by_the_kind_of_event_are_values() {
    let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", BY_EVENT)]);
    let spec = imported.spec("sample", "main", &["gitlab", "github"]);
    for part in [
        "value level {\n    on push low\n    on tag full\n    on pull-request high\n    on manual low\n}",
        "on tag yes-please",
        "env LEVEL=\"${value.level}\"",
        "value unit-keep {",
        "env KEEP=\"${value.unit-keep}\"",
        "job heavy {\n            only { tag }\n",
    ] {
        assert!(spec.contains(part), "{part} is not in {spec}");
    }
    assert!(compiled(&spec).1.is_empty(), "{:?}\n{spec}", compiled(&spec).1);
    let fate = |i: &Imported, path: &str| i.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    assert!(matches!(fate(&imported, "workflow.rules[1].variables.EXTRA"), Fate::Emulated(_)));
    assert!(matches!(fate(&imported, "unit.rules[1].variables.KEEP"), Fate::Emulated(_)));
    // What a branch decides no kind of event does.
    let by_branch = BY_EVENT.replacen(
        "- if: $CI_COMMIT_TAG\n      variables: {KEEP",
        "- if: $CI_COMMIT_BRANCH == 'main'\n      variables: {KEEP",
        1,
    );
    let (_, other) = self::imported(Vendor::Gitlab, &[(".gitlab-ci.yml", &by_branch)]);
    assert!(matches!(fate(&other, "unit.rules[0].variables.KEEP"), Fate::Lost(_)));
}
