//! `pipewright audit`: many repositories, and a bad file that stops nothing.

use crate::cli::Place;

const GITHUB: &str = "on: push\njobs:\n  unit:\n    runs-on: ubuntu-latest\n    container: node:22\n    steps:\n      - uses: actions/checkout@v4\n      - uses: some/thing@v1\n      - run: make\n        env: {TOKEN: '${{ secrets.TOKEN }}'}\n";
const GITLAB: &str = "unit:\n  image: node:22\n  tags: [large]\n  script: make\n  environment: production\n  coverage: /x/\n";
const JENKINS: &str = "pipeline {\n  agent any\n  stages { stage('x') { steps { sh 'make'; mail to: 'x' } } }\n  environment { KEY = credentials('key') }\n}\n";

fn place() -> Place {
    Place::new(&[
        ("all/shop/.github/workflows/ci.yml", GITHUB),
        ("all/shop/.github/workflows/bad.yml", "on: [\n"),
        ("all/shop/vendor/inner/.gitlab-ci.yml", GITLAB),
        ("all/team/api/.gitlab-ci.yml", GITLAB),
        ("all/team/old/Jenkinsfile", JENKINS),
        ("all/team/old/buildspec.yml", "version: 0.2\nphases: {build: {commands: [make]}}\n"),
        ("all/nothing/README.md", "x"),
        ("none/README.md", "x"),
    ])
}

#[test]
fn every_repository_is_told_and_a_bad_file_stops_nothing() {
    let ran = place().run(&["audit", "all", "--report", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["schema"], "pipewright-audit-1");
    let rows: Vec<(String, String)> = json["repositories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["repository"].as_str().unwrap().to_owned(), r["vendor"].as_str().unwrap().to_owned()))
        .collect();
    let wanted = [("all/shop", "github"), ("all/team/api", "gitlab"), ("all/team/old", "codebuild"), ("all/team/old", "jenkins")];
    assert_eq!(rows.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>(), wanted);
    let fault = json["repositories"][0]["faults"][0].as_str().unwrap();
    assert!(fault.starts_with(".github/workflows/bad.yml:2:1: "), "{fault}");
    let uses = &json["uses"];
    assert_eq!(uses["actions"]["some/thing@v1"], 1, "{uses:#}");
    assert_eq!(uses["images"]["node:22"], 2, "{uses:#}");
    assert_eq!(uses["secrets"], serde_json::json!(["KEY", "TOKEN"]));
    assert_eq!(uses["environments"], serde_json::json!(["production"]));
    assert!(uses["runners"].get("ubuntu-latest").is_some() && uses["runners"].get("large").is_some(), "{uses:#}");
    assert_eq!(uses["constructs"]["coverage"]["kept"], 1);
    assert_eq!(uses["constructs"]["mail"]["lost"], 1);
    // The parts are the whole.
    let sum: u64 = json["repositories"].as_array().unwrap().iter().map(|r| r["counts"]["keys"].as_u64().unwrap()).sum();
    assert_eq!(json["counts"]["keys"], sum);
    let all: u64 = uses["constructs"].as_object().unwrap().values().map(|t| t["keys"].as_u64().unwrap()).sum();
    assert_eq!(all, sum);
}

#[test]
fn the_text_has_a_row_for_each_and_what_is_in_use() {
    let ran = place().run(&["audit", "all"]);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    for line in
        ["all/shop", "cannot be read: .github/workflows/bad.yml:2:1", "% of them would come over", "actions: 2", "secrets: 2"]
    {
        assert!(ran.out.contains(line), "{line} is not in {}", ran.out);
    }
    let none = place().run(&["audit", "none"]);
    assert_eq!(none.code, Some(2), "{}", none.error);
    assert_eq!(place().run(&["audit", "no-such-folder"]).code, Some(2));
}
