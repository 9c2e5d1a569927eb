//! `pipewright import` as a person calls it.

use crate::cli::Place;

const WORKFLOW: &str = "\
name: Checks
on:
  push: {branches: [main]}
  merge_queue:
jobs:
  unit:
    name: Unit tests
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: make test
";

fn place() -> Place {
    Place::new(&[(".github/workflows/checks.yml", WORKFLOW), ("broken/.github/workflows/x.yml", "on: [\n")])
}

#[test]
fn a_spec_is_written_that_compiles() {
    let place = place();
    let ran = place.run(&["import"]);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    assert!(
        ran.out.contains(".github/workflows/checks.yml:4:3 on.merge_queue") || ran.out.contains("4:3 on.merge_queue"),
        "{}",
        ran.out
    );
    assert!(ran.error.contains("wrote pipeline.kdl"), "{}", ran.error);
    assert_eq!(place.run(&["check"]).code, Some(0));
    assert_eq!(place.run(&["fmt", "--check"]).code, Some(0));
    assert_eq!(place.run(&["import", "--spec", "team.kdl"]).code, Some(0));
    assert!(place.path().join("team.kdl").is_file());
    let again = place.run(&["import"]);
    assert_eq!(again.code, Some(2), "{}", again.error);
    assert!(again.error.contains("is there already"), "{}", again.error);
}

#[test]
fn strict_says_no_where_something_is_lost() {
    let ran = place().run(&["import", "--strict", "--stdout"]);
    assert_eq!(ran.code, Some(1), "{}", ran.error);
    assert!(ran.out.starts_with("pipeline ") && ran.error.contains("not carried"), "{}", ran.error);
    let whole = Place::new(&[(".github/workflows/checks.yml", &WORKFLOW.replace("  merge_queue:\n", ""))]);
    assert_eq!(whole.run(&["import", "--strict", "--stdout"]).code, Some(0));
}

#[test]
fn reports_have_their_forms() {
    let place = place();
    let json: serde_json::Value = serde_json::from_str(&place.run(&["import", "--stdout", "--report", "json"]).error).unwrap();
    assert_eq!(json["schema"], "pipewright-import-1");
    assert_eq!(json["counts"]["keys"], json["keys"].as_array().unwrap().len());
    let sarif: serde_json::Value = serde_json::from_str(&place.run(&["import", "--stdout", "--report", "sarif"]).error).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(
        results
            .iter()
            .any(|r| r["ruleId"] == "import-not-carried" && r["locations"][0]["physicalLocation"]["region"]["startLine"] == 4)
    );
    let markdown = place.run(&["import", "--stdout", "--report", "markdown"]).error;
    assert!(markdown.contains("| .github/workflows/checks.yml:4 | `on.merge_queue` |"), "{markdown}");
}

#[test]
fn what_keeps_others_out_is_told() {
    let text = "on: [pull_request, pull_request_target]\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: someone/else@v1\n      - run: echo ${{ github.head_ref }}\n        env: {T: '${{ secrets.T }}'}\n";
    let place = Place::new(&[(".github/workflows/x.yml", text)]);
    let markdown = place.run(&["import", "--stdout", "--report", "markdown"]).error;
    for row in [
        "| .github/workflows/x.yml:6 | pins | `someone/else@v1`: a tag or branch that its owner can move | the version as it was, which the spec accepts by name",
        "| .github/workflows/x.yml:3 | permissions | `a`: what the repository gives every token",
        "| .github/workflows/x.yml:3 | secrets | `T` for the steps of job `a`",
        "| .github/workflows/x.yml:7 | injection | `github.head_ref` spliced into a script | a variable of the step",
        "| .github/workflows/x.yml:1 | forks | `pull_request_target` runs with secrets",
    ] {
        assert!(markdown.contains(row), "{row} in {markdown}");
    }
    let json: serde_json::Value = serde_json::from_str(&place.run(&["import", "--stdout", "--report", "json"]).error).unwrap();
    assert_eq!(json["security"].as_array().unwrap().len(), 6, "{json:#}");
    assert!(place.run(&["import", "--stdout"]).error.contains("7:14 injection:"), "{}", place.run(&["import", "--stdout"]).error);
}

#[test]
fn what_is_not_there_or_broken_is_told() {
    let place = place();
    let ran = Place::new(&[]).run(&["import"]);
    assert_eq!(ran.code, Some(2), "{}", ran.error);
    assert!(ran.error.contains("nothing to import"), "{}", ran.error);
    let ran = place.run(&["import", "broken", "--out", "x.kdl"]);
    assert_eq!(ran.code, Some(1), "{}", ran.error);
    assert!(ran.out.contains("cannot be read") && !place.path().join("x.kdl").exists(), "{}", ran.out);
    assert_eq!(place.run(&["import", "no-such-folder"]).code, Some(2));
    // A file that cannot be read does not stop the others.
    let both = place.run(&["import", ".", "broken", "--stdout"]);
    assert!(both.code == Some(1) && both.out.contains("workflow checks"), "{}", both.error);
}
