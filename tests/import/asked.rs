//! GitLab: jobs that only ask a person are approvals of the job that waits.

use pipewright::front::ledger::Fate;
use pipewright::front::{Told, Vendor};

use super::gitlab::{compiled, of};
use super::imported;

fn told() -> Told {
    Told { approvers: vec![("gitlab".to_owned(), "example/release".to_owned())], ..Told::default() }
}

const ASKS: &str = "\
build: {stage: build, script: make}
lint: {stage: test, needs: [], script: make lint}
# The product owner looks at staging first.
agree:
  stage: approve
  needs: [build]
  rules: [{if: $CI_COMMIT_BRANCH == 'main', when: manual}]
  manual_confirmation: Ship $CI_COMMIT_SHORT_SHA?
  environment: {name: production, action: prepare}
  script: ['echo \"agreed by $GITLAB_USER_LOGIN\"']
ship:
  stage: deploy
  needs: [lint, agree]
  rules: [{if: $CI_COMMIT_BRANCH == 'main'}]
  environment: production
  script: ./ship.sh
stages: [build, test, approve, deploy]
";

#[test]
fn a_job_that_only_asks_is_an_approval_of_the_job_that_waits() {
    let (_, mut imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", ASKS)]);
    imported.tell(&told());
    let fate = |path: &str| imported.ledger.keys().iter().find(|k| k.path == path).unwrap().fate();
    assert!(matches!(fate("agree.script"), Fate::Emulated(why) if why.contains("`ship` requires")));
    assert_eq!(fate("agree.manual_confirmation"), Fate::Exact);
    let spec = imported.spec("sample", "main", &["gitlab"]);
    let ship = of(&spec, "ship");
    assert!(ship.contains("needs lint build") && ship.contains("requires agree"), "{spec}");
    assert!(!spec.contains("job agree") && spec.contains("// The product owner looks at staging first.\ngate agree {"), "{spec}");
    assert!(spec.contains(r#"message "Ship ${commit.short}?""#), "{spec}");
    let (text, errors) = compiled(&spec);
    assert!(errors.is_empty(), "{errors:?}\n{spec}");
    // What comes out is a button of that name again, and the job behind it.
    assert!(text.contains("\nagree:\n") && text.contains("    - agree\n"), "{text}");
}

/// A job that does more, holds up several, or may be passed by, stays a job with an approval of its own.
#[test]
fn what_is_more_than_a_question_stays_a_job() {
    let variants = [
        ("does something", ASKS.replace("'echo \"agreed by $GITLAB_USER_LOGIN\"'", "./record.sh")),
        ("holds up two", format!("{ASKS}also: {{stage: deploy, needs: [agree], script: make also}}\n")),
        ("holds nothing up", ASKS.replace("when: manual}]", "when: manual, allow_failure: true}]")),
        ("may be absent", ASKS.replace("[lint, agree]", "[lint, {job: agree, optional: true}]")),
        ("asks for another place", ASKS.replace("{name: production, action: prepare}", "{name: staging, action: prepare}")),
        ("waits for its stage", ASKS.replace("  needs: [build]\n", "")),
        ("is passed by", format!("{ASKS}undo: {{stage: deploy, needs: [], environment: production, script: ./undo.sh}}\n")),
    ];
    for (what, text) in variants {
        let (_, imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", &text)]);
        let spec = imported.spec("sample", "main", &["gitlab"]);
        assert!(spec.contains("job agree"), "{what}\n{spec}");
        assert!(!of(&spec, "ship").contains("requires"), "{what}\n{spec}");
    }
}

#[test]
fn two_who_are_asked_one_behind_the_other_are_two_approvals() {
    let text = ASKS.replace("[lint, agree]", "[lint, second]").replace(
        "ship:\n",
        "second:\n  stage: approve\n  needs: [agree]\n  when: manual\n  allow_failure: false\n  script: echo yes\nship:\n",
    );
    let (_, mut imported) = imported(Vendor::Gitlab, &[(".gitlab-ci.yml", &text)]);
    imported.tell(&told());
    let spec = imported.spec("sample", "main", &["gitlab"]);
    assert!(of(&spec, "ship").contains("requires agree second") && of(&spec, "ship").contains("needs lint build"), "{spec}");
    let (_, errors) = compiled(&spec);
    assert!(errors.is_empty(), "{errors:?}\n{spec}");
}
