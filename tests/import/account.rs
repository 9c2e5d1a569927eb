//! Nothing is dropped: every key of the input is in the account, once, with what became of it.

use pipewright::front::Vendor;
use pipewright::front::ledger::{Fate, Ledger};

use super::{imported, job, of_job};

/// Keys of a value, as another reader of YAML sees them.
pub(super) fn keys(value: &serde_yaml::Value) -> usize {
    match value {
        serde_yaml::Value::Mapping(map) => map.iter().map(|(_, v)| 1 + keys(v)).sum(),
        serde_yaml::Value::Sequence(list) => list.iter().map(keys).sum(),
        serde_yaml::Value::Tagged(tagged) => keys(&tagged.value),
        _ => 0,
    }
}

fn fate(text: &str, path: &str) -> Fate {
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", text)]);
    imported.ledger.keys().iter().find(|k| k.path == path).unwrap_or_else(|| panic!("no {path}")).fate()
}

const WORKFLOW: &str = "\
name: Checks
on:
  push: {branches: [main], paths: ['src/**']}
  merge_group:
env: {LEVEL: debug}
jobs:
  unit:
    runs-on: ubuntu-latest
    colour: blue
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0, token: '${{ secrets.PAT }}'}
      - run: make test
        env: {TOKEN: '${{ secrets.TOKEN }}'}
";

#[test]
fn every_key_is_entered_and_has_a_fate() {
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", WORKFLOW)]);
    let tally = Ledger::tally(imported.ledger.keys());
    assert_eq!(tally.all(), keys(&serde_yaml::from_str(WORKFLOW).unwrap()));
    assert_eq!(tally.all(), tally.exact + tally.emulated + tally.own + tally.kept + tally.lost);
    // The key that nobody knows.
    assert_eq!(tally.lost, 1, "{:#?}", imported.ledger);
}

#[test]
fn what_is_not_known_is_lost_and_never_forgotten() {
    assert_eq!(fate(WORKFLOW, "jobs.unit.colour"), Fate::Lost("pipewright has no word for this key".into()));
    assert!(matches!(fate(WORKFLOW, "on.merge_group"), Fate::Own(_)));
    assert!(matches!(fate(&WORKFLOW.replace("merge_group", "merge_groups"), "on.merge_groups"), Fate::Lost(_)));
    assert!(matches!(fate(WORKFLOW, "jobs.unit.steps[0].with.token"), Fate::Emulated(_)));
    assert_eq!(fate(WORKFLOW, "jobs.unit.steps[1].env.TOKEN"), Fate::Exact);
}

#[test]
fn a_condition_that_cannot_be_said_stops_the_build() {
    let inside = "    steps:\n      - run: make\n        if: contains(toJSON(secrets), 'a')";
    let spec = of_job(inside);
    assert!(spec.contains("if=\"contains(toJSON(secrets), 'a')\""), "{spec}");
    assert!(matches!(fate(&job(inside), "jobs.unit.steps[0].if"), Fate::Lost(_)));
}

#[test]
fn what_only_github_can_work_out_is_a_value_in_its_words() {
    let inside = "    env: {REF: \"${{ github.ref }}\"}\n    outputs: {tags: \"${{ steps.my_meta.outputs.tags }}\"}\n    steps:\n      - uses: docker/metadata-action@v5\n        id: my_meta\n        with: {images: a}\n      - run: make\n        id: make\n        continue-on-error: true\n      - run: echo ${{ steps.my_meta.outputs.tags }}\n        if: steps.make.outcome == 'failure' && github.event.pull_request.draft == false";
    let spec = of_job(inside);
    for line in [
        "value my-meta-tags {\n    github steps.my-meta.outputs.tags\n}",
        "value ref {\n    github github.ref\n}",
        "env REF=\"${value.ref}\"",
        "metadata-action id=my-meta",
        "run id=make make {",
        "run if=\"value.make-outcome == 'failure' && value.github-event-pull-request-draft-false == 'true'\" \"echo ${value.my-meta-tags}\"",
        "output tags",
        "echo \"tags=${value.my-meta-tags}\" >> \"$PIPEWRIGHT_OUTPUT\"",
    ] {
        assert!(spec.contains(line), "no {line} in {spec}");
    }
    assert!(matches!(fate(&job(inside), "jobs.unit.steps[2].if"), Fate::Own(_)));
    assert!(matches!(fate(&job(inside), "jobs.unit.outputs.tags"), Fate::Own(_)));
}

#[test]
fn comments_stay_beside_what_they_speak_of() {
    let text = "# The file.\non:\n  # Every branch.\n  push: {branches: ['**']}\njobs:\n  # The job.\n  unit:\n    runs-on: ubuntu-latest\n    steps:\n      # The step.\n      - run: |\n          # no comment of YAML\n          make\n";
    let spec = imported(Vendor::Github, &[("ci.yml", text)]).1.spec("sample", "main", &["github"]);
    for (comment, node) in
        [("The file.", "workflow ci"), ("Every branch.", "push"), ("The job.", "job unit"), ("The step.", "run")]
    {
        let below = spec.split(&format!("// {comment}\n")).nth(1).unwrap_or_else(|| panic!("no {comment} in {spec}"));
        assert!(below.trim_start().starts_with(node), "{below}");
    }
    assert!(!spec.contains("// no comment"), "{spec}");
}

#[test]
fn cells_are_worked_out_as_github_does() {
    let spec = of_job(
        "    strategy:\n      matrix:\n        os: [a, b]\n        node: [1, 2]\n        include:\n          - {os: a, node: 2, extra: yes}\n          - {os: c}\n    steps:\n      - run: make ${{ matrix.extra }}",
    );
    assert_eq!(spec.matches("include ").count(), 5, "{spec}");
    assert!(spec.contains("include extra=yes node=\"2\" os=a\n") && spec.contains("include os=c\n"), "{spec}");
    assert!(spec.contains("fail-fast"), "{spec}");
    let spec = of_job(
        "    strategy:\n      fail-fast: false\n      matrix:\n        os: [a, b]\n        include: [{os: c}]\n    steps:\n      - run: make",
    );
    assert!(spec.contains("axis os a b; include os=c }") && !spec.contains("fail-fast"), "{spec}");
}

#[test]
fn a_skipped_job_takes_its_dependents_along() {
    let text = "on: [push, pull_request]\njobs:\n  build:\n    if: github.event_name == 'pull_request'\n    runs-on: ubuntu-latest\n    steps: [{run: make}]\n  test:\n    needs: build\n    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n  tell:\n    needs: [test, build]\n    if: always()\n    runs-on: ubuntu-latest\n    steps: [{run: echo}]\n";
    let spec = imported(Vendor::Github, &[("ci.yml", text)]).1.spec("sample", "main", &["github"]);
    let of = |job: &str| spec.split(&format!("job {job} {{")).nth(1).unwrap().split("\n    }").next().unwrap().to_owned();
    assert!(of("test").contains("if \"run.event == 'pull-request'\""), "{spec}");
    assert!(of("tell").contains("when always") && !of("tell").contains(" if "), "{spec}");
}
