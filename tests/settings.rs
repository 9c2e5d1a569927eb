//! What vendors keep outside their files: the scripts that set it, run against a stand-in of the vendors' command lines, and `doctor`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::cli::Place;

const SPEC: &str = r#"pipeline shop {
    language 1
    default-branch main
}
target github settings
target gitlab standby settings tier=premium
accept github approval-count reason="one of them is asked" until="2099-01-01"
accept github schedule-branch reason="it is the default branch" until="2099-01-01"
accept gitlab secret-scope reason="reviewed" until="2099-01-01"
team devops { github "example/devops"; gitlab "example/devops" }
secret TOKEN
variable REGION
variable FIXED "x"
gate go-live { approval { from devops; count 2; exclude-author } }
environment staging { tier staging; url "https://staging.example.com"; secret KEY from="ci:STAGING_KEY" }
environment production {
    tier production
    url "https://example.com"
    allow { tag "v*.*.*"; push "release/**" }
    requires go-live
    secret KEY from="ci:PRODUCTION_KEY"
}
repository { protect main "release/*" { checks unit; approvals 1; linear-history; dismiss-stale; strict; code-owners; admins-exempt } }
workflow ci {
    on { push main "release/**"; tag "v*.*.*"; pull-request main "release/*"; schedule nightly "0 3 * * *" }
    concurrency per=branch cancel-running
    stage test { job unit { run "make test REGION=${var.REGION} FIXED=${var.FIXED}" { env TOKEN=(secret)TOKEN } } }
    stage deploy {
        deploy staging to=staging { only { push main }; run "make deploy" { env KEY=(secret)KEY } }
        deploy production to=production { only { tag "v*.*.*"; push "release/**" }; run "make deploy" { env KEY=(secret)KEY } }
    }
}
"#;

fn shop() -> Place {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    place
}

/// Whether the tools that the scripts need are here; a gap is said, and is a failure where none may be.
fn can_run() -> bool {
    let found = ["bash", "jq", "python3"].iter().all(|tool| Command::new(tool).arg("--version").output().is_ok());
    assert!(found || std::env::var_os("PIPEWRIGHT_NO_SKIP").is_none(), "bash, jq or python3 is missing");
    if !found {
        println!("skipped: the scripts need bash, jq and python3");
    }
    found
}

/// Runs the script of a vendor with the stand-in on the path.
fn script(place: &Place, vendor: &str, action: &str, values: &[(&str, &str)]) -> Output {
    let bin = place.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    for (name, stand_in) in [("gh", "vendor.py"), ("glab", "vendor.py"), ("aws", "aws.py")] {
        let path = bin.join(name);
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/settings").join(stand_in), &path).unwrap();
        Command::new("chmod").arg("+x").arg(&path).status().unwrap();
    }
    let path = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap()))).unwrap();
    let file = place.path().join(format!(".pipewright/settings/{vendor}.sh"));
    let mut command = Command::new("bash");
    command.arg(file).args([action, "example/shop"]).env("PATH", path).env("STATE", place.path().join("state"));
    command.envs(values.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_script_sets_everything_and_the_doctor_finds_it_so() {
    if !can_run() {
        return;
    }
    let values = [("TOKEN", "t"), ("REGION", "eu-west-1"), ("STAGING_KEY", "a\nb"), ("PRODUCTION_KEY", "long enough")];
    for vendor in ["github", "gitlab"] {
        let place = shop();
        let bare = script(&place, vendor, "apply", &[]);
        assert_eq!(bare.status.code(), Some(1), "{}", said(&bare));
        assert!(said(&bare).contains("PRODUCTION_KEY") && !said(&bare).contains("FIXED"), "{}", said(&bare));
        for _ in 0..2 {
            let applied = script(&place, vendor, "apply", &values);
            assert!(applied.status.success(), "{vendor}: {}", said(&applied));
        }
        let exported = script(&place, vendor, "export", &[]);
        assert!(exported.status.success(), "{vendor}: {}", said(&exported));
        let text = String::from_utf8(exported.stdout).unwrap();
        let real = place.path().join("real.json");
        fs::write(&real, &text).unwrap();
        let real = real.to_str().unwrap();
        let ran = place.run(&["doctor", vendor, real]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{vendor}: {}\n{text}", ran.error);
        // Each a door that somebody opened.
        let opened =
            [("example/devops", "example/all", "example/devops"), ("v*.*.*", "v*", "v*.*.*"), ("\"unit\"", "\"other\"", "unit")];
        for (wanted, set, told) in opened.iter().filter(|(wanted, ..)| text.contains(wanted)) {
            fs::write(real, text.replace(wanted, set)).unwrap();
            let ran = place.run(&["doctor", vendor, real]);
            assert_eq!(ran.code, Some(1), "{vendor}: {wanted}");
            assert!(ran.out.contains(told) && ran.error.contains("apply"), "{vendor}: {}{}", ran.out, ran.error);
        }
    }
}

const ON_AWS: &str = r#"pipeline shop { language 1 }
target codepipeline settings connection=(var)CONNECTION repository="example/shop"
variable CONNECTION
variable OPS
variable RELEASE
variable REGION
team release { codepipeline (var)RELEASE }
channel ops sns topic=(var)OPS
secret TOKEN
gate go-live { approval { from release } }
environment production {
    tier production
    requires go-live
    secret KEY
    secret PASSWORD from="aws-secretsmanager:shop/db:password"
    cluster eks=main region="eu-west-1" namespace=shop
}
workflow ci {
    on { push main }
    job unit { run "make test REGION=${var.REGION}" { env TOKEN=(secret)TOKEN } }
    deploy production to=production { needs unit; run "make deploy" { env KEY=(secret)KEY PASSWORD=(secret)PASSWORD } }
    notify ops on=failure "${job.status}"
}
"#;

#[test]
fn an_account_of_aws_is_brought_in_step_and_the_doctor_finds_it_so() {
    if !can_run() {
        return;
    }
    let place = Place::new(&[("pipeline.kdl", ON_AWS)]);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let doctor = || {
        let exported = script(&place, "codepipeline", "export", &[]);
        assert!(exported.status.success(), "{}", said(&exported));
        let real = place.path().join("real.json");
        fs::write(&real, &exported.stdout).unwrap();
        place.run(&["doctor", "codepipeline", real.to_str().unwrap()])
    };
    let bare = doctor();
    assert_eq!(bare.code, Some(1), "{}", bare.error);
    for told in [
        "connection, status: is none",
        "/shop/REGION",
        "shop/TOKEN is missing",
        "ReleaseApprovers",
        "stacks: shop-ci-push is missing",
    ] {
        assert!(bare.out.contains(told), "{told}: {}", bare.out);
    }
    let none = script(&place, "codepipeline", "apply", &[]);
    assert_eq!(none.status.code(), Some(1), "{}", said(&none));
    let told = said(&none);
    assert!(told.contains("REGION") && told.contains("PRODUCTION_KEY") && told.contains("a person completes"), "{told}");
    assert!(!doctor().out.contains("OPS"), "the topics are there");
    let values = [("REGION", "eu-west-1"), ("TOKEN", "t"), ("PRODUCTION_KEY", "a\n\"b"), ("PRODUCTION_PASSWORD", "long enough")];
    fs::write(place.path().join("state/completed"), "").unwrap();
    let asked = script(&place, "codepipeline", "apply", &values);
    assert_eq!(asked.status.code(), Some(1), "{}", said(&asked));
    assert!(said(&asked).contains("nobody has the policy shop-ci-push/ReleaseApprovers"), "{}", said(&asked));
    assert!(doctor().out.contains("approvers shop-ci-push/ReleaseApprovers, attached: is false"));
    for _ in 0..2 {
        let applied = script(&place, "codepipeline", "apply", &[("RELEASE_GROUP", "release")]);
        assert!(applied.status.success(), "{}", said(&applied));
    }
    let state: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(place.path().join("state/aws.json")).unwrap()).unwrap();
    assert_eq!(state["secretsmanager"]["shop/production/KEY"], "a\n\"b");
    assert_eq!(state["secretsmanager"]["shop/db"], r#"{"password":"long enough"}"#);
    let policy = state["sns"]["arn:aws:sns:eu-west-1:123456789012:shop-OPS"].as_str().unwrap();
    assert_eq!(policy.matches("events.amazonaws.com").count(), 1, "{policy}");
    let ran = doctor();
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.error);
    fs::write(place.path().join(".codepipeline/ci-push.yml"), "changed").unwrap();
    assert!(doctor().out.contains("stacks shop-ci-push, current: is false, should be true"));
}

#[test]
fn settings_are_printed_for_any_spec_and_written_where_asked() {
    let place = shop();
    for vendor in ["github", "gitlab"] {
        for (form, ending) in [("checklist", "md"), ("json", "json"), ("script", "sh")] {
            let ran = place.run(&["settings", vendor, "--as", form]);
            assert_eq!(ran.code, Some(0), "{}", ran.error);
            let file = fs::read_to_string(place.path().join(format!(".pipewright/settings/{vendor}.{ending}"))).unwrap();
            assert_eq!(ran.out, file);
            assert!(!file.contains("FIXED"), "{file}");
        }
    }
    assert_eq!(place.run(&["build", "--check"]).code, Some(0));
    let quiet = Place::new(&[("pipeline.kdl", &SPEC.replace(" settings", ""))]);
    assert_eq!(quiet.run(&["build"]).code, Some(0));
    assert!(!quiet.path().join(".pipewright").exists());
    assert!(quiet.run(&["settings", "github"]).out.contains("Required reviewers: `example/devops`, never who started the run"));
    assert_eq!(quiet.run(&["settings", "helm"]).code, Some(2));
}

#[test]
fn the_doctor_refuses_what_is_no_export() {
    let place = shop();
    for text in ["", "[]", "{", "null", "\"x\""] {
        fs::write(place.path().join("real.json"), text).unwrap();
        let real = place.path().join("real.json");
        let ran = place.run(&["doctor", "github", real.to_str().unwrap()]);
        assert_eq!(ran.code, Some(2), "{text}: {}", ran.error);
        assert!(ran.error.contains("no export"), "{}", ran.error);
    }
    let ran = place.run(&["doctor", "github", "none.json"]);
    assert_eq!(ran.code, Some(2), "{}", ran.error);
}
