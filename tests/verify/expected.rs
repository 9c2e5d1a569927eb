//! The tests of each example are asked of what is written for each target, and a file that breaks one is told by its target.

use pipewright::verify::expected::unmet;

use super::examples::{Example, examples};

fn asked(example: &Example, damaged: &dyn Fn(&str, &str) -> Option<String>) -> (usize, Vec<String>) {
    let files: Vec<(String, String)> =
        example.files.iter().map(|(p, t)| (p.clone(), damaged(p, t).unwrap_or_else(|| t.clone()))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let (targets, found) = unmet(&example.pipeline, &files);
    (targets, found.iter().map(|u| u.shown()).collect())
}

#[test]
fn what_examples_expect_is_so_on_every_target() {
    let (mut tests, mut targets) = (0, 0);
    for example in examples().iter().filter(|e| !e.pipeline.tests.is_empty()) {
        let (asked_of, found) = asked(example, &|_, _| None);
        assert_eq!(found, [] as [&str; 0], "{}", example.name);
        tests += example.pipeline.tests.len();
        targets += asked_of;
    }
    assert!(tests > 10 && targets > 10, "{tests} tests, {targets} targets");
}

#[test]
fn a_file_that_breaks_a_test_is_told_by_its_target() {
    let examples = examples();
    let cloud = examples.iter().find(|e| e.name == "cloud-platform").unwrap();
    let broken = |from: &'static str, to: &'static str| {
        let change = move |path: &str, text: &str| path.ends_with("delivery-push.yml").then(|| text.replace(from, to));
        asked(cloud, &change).1
    };
    let beside = broken("              RunOrder: 2\n", "              RunOrder: 1\n");
    assert!(
        beside.iter().any(|l| l.starts_with("codepipeline: `deploy-production` does not stand behind `go-live`")),
        "{beside:?}"
    );
    let unstarted = broken("                    - main\n", "");
    assert!(unstarted.iter().any(|l| l.starts_with("codepipeline: `unit` does not run on a push to `main`")), "{unstarted:?}");
    let elsewhere = broken("                      Value: develop\n", "                      Value: main\n");
    assert!(elsewhere.iter().any(|l| l.starts_with("codepipeline: `deploy-testing` runs")), "{elsewhere:?}");
}
