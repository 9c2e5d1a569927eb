//! Small specs for GitHub and GitLab of which random ones have shown that they need a look.

use std::collections::BTreeSet;
use std::path::Path;

use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, events};
use pipewright::render::Renderer;

use super::aws::built;

#[test]
fn what_no_event_starts_needs_no_commands() {
    let body = "value label { on tag \"${commit.tag}\"; otherwise \"${commit.short}\" }\nvariable LEVEL \"3\"\nworkflow a { on { tag }; job x { if \"var.LEVEL == '4'\"; run \"echo ${value.label}\" } }";
    for target in ["github", "gitlab"] {
        assert_eq!(built(&format!("target {target}\n"), body), Ok(Vec::new()), "{target}");
    }
}

#[test]
fn a_script_of_pipewrights_own_may_use_the_name_of_a_secret() {
    let body = "accept gitlab secret-scope reason=\"a test\"\nsecret SSH_KEY\nsecret SSH_HOST\nvariable KNOWN\nworkflow a { on { push }; job x { ssh host=\"web.example.com\" user=deploy key=(secret)SSH_KEY known-hosts=(var)KNOWN { run \"make x\" } }; job y { run \"make y\" { env HOST=(secret)SSH_HOST } } }";
    assert_eq!(built("target github\ntarget gitlab standby\n", body), Ok(Vec::new()));
}

/// It has the form of what pipewright writes where no `if` can decide, and still only the run knows what it says.
#[test]
fn a_script_of_the_spec_may_decide_as_one_of_pipewrights_own() {
    let script = r###"run #"if [[ $GITHUB_REF == refs/heads/main ]]; then echo "go=true" >> "$PIPEWRIGHT_OUTPUT"; fi"#"###;
    let body = format!(
        "workflow a {{ on {{ push main develop }}; job choose {{ output go; {script} }}; job x {{ needs choose; if \"job.choose.go == 'true'\"; run make }} }}"
    );
    let found = built("target github\n", &body).unwrap();
    assert!(found.iter().all(|d| d.starts_with("vendor-variable-in-script")), "{found:?}");
}

#[test]
fn a_step_does_not_read_one_variable_for_another() {
    let of = |target: &str, body: &str| {
        let head = format!("target {target}\nvariable PLACE\nvariable FIXED \"a\"\n");
        let found = built(&head, &format!("workflow a {{ on {{ push }}; job x {{ {body} }} }}")).unwrap();
        found.iter().filter(|d| d.starts_with("env-name-taken")).count()
    };
    for target in ["github", "gitlab"] {
        for name in ["PLACE", "FIXED"] {
            assert_eq!(of(target, &format!("run \"make ${{var.{name}}}\" {{ env {name}=b }}")), 1, "{target}");
            assert_eq!(of(target, &format!("env {name}=b; run \"make ${{var.{name}}}\"")), 1, "{target}");
            assert_eq!(of(target, &format!("run \"make\" {{ env {name}=b OTHER=(var){name} }}")), 0, "{target}");
            assert_eq!(of(target, &format!("env {name}=(var){name}; run \"make ${name}\"")), 0, "{target}");
        }
        assert_eq!(of(target, "env FIXED=b; run \"make $FIXED\""), 0, "{target}");
    }
    assert_eq!(of("github", "env PLACE=b; run \"make $PLACE\""), 0);
    assert_eq!(of("gitlab", "env PLACE=b; run \"make $PLACE\""), 1);
}

#[test]
fn an_approval_that_jobs_share_is_asked_where_one_of_them_is() {
    let body = "team ops { gitlab \"a/b\"; github \"a/b\" }
        gate ok { approval { from ops } }
        workflow ci {
            on { push; tag \"v*\" }
            stage one { only { push main develop }; job a { only { push main \"x/*\" }; requires ok; run \"make a\" } }
            stage two { only { push \"y/*\" main }; job b { only { push \"y/*\" \"z/*\" }; requires ok; run \"make b\" } }
        }";
    assert_eq!(built("target gitlab tier=premium\n", body), Ok(Vec::new()));
    let (sources, renderer) = (SourceMap::new(), Renderer::new());
    let text = format!("pipeline p {{ language 1; timeout \"10m\" }}\ntarget gitlab tier=premium\n{body}\n");
    let spec = sources.add("pipeline.kdl", &text);
    let options = Options { root: Path::new("/nowhere"), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let (table, _) = events(&sources, spec, &options).unwrap();
    let asked: Vec<&str> = table.lines().filter_map(|l| l.strip_suffix("\tok")).collect();
    let either: Vec<&str> = table.lines().filter_map(|l| l.strip_suffix("\ta").or_else(|| l.strip_suffix("\tb"))).collect();
    assert!(asked.len() > 1, "{table}");
    assert_eq!(asked.iter().collect::<BTreeSet<_>>(), either.iter().collect::<BTreeSet<_>>(), "{table}");
}

#[test]
fn an_image_may_be_read_by_the_job_that_builds_it() {
    let body = "registry ecr \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop\"\nworkflow a { on { push }; job x { docker-build api registry=ecr { tag \"${commit.sha}\" }; run \"sign $IMAGE\" { env IMAGE=\"${image.api}\" } } }";
    assert_eq!(built("target github\ntarget gitlab standby\n", body), Ok(Vec::new()));
}

/// A condition may ask for anything that a script may read: each host answers it exactly, or the spec is refused.
#[test]
fn conditions_ask_each_host_for_every_context() {
    let asked = [
        "var.A == 'x'",
        "var.A matches 'x*'",
        "!(var.A matches 'x*')",
        "var.A in ['a', 'b']",
        "commit.message == 'a'",
        "commit.message matches 'fix**'",
        "commit.sha matches 'a*'",
        "commit.branch matches 'd*' && var.A matches 'z*'",
        "repository.name matches 'x*'",
        "run.actor matches 'x*'",
        "run.actor in ['a', 'b']",
        "run.attempt == 2",
        "run.id matches '1*'",
        "run.url matches 'h*'",
        "job.a.o == 'x'",
        "job.a.o matches 'x*'",
        "matrix.n matches '1*'",
        "matrix.n in ['1', '2']",
    ];
    let aws = "connection=\"arn:aws:codeconnections:eu-west-1:123456789012:connection/a\"";
    let targets = [
        ("github", "target github\n".to_owned()),
        ("gitlab", "target gitlab\n".to_owned()),
        ("codebuild", format!("target codebuild image=\"aws/codebuild/standard:7.0\" {aws}\n")),
        ("codepipeline", format!("target codepipeline {aws} repository=\"group/project\"\n")),
    ];
    let refused = ["not-expressible", "lossy", "job-condition-late"];
    let mut answered = 0;
    for condition in asked {
        for (target, head) in &targets {
            for step in [false, true] {
                if condition.starts_with("repository") && target.starts_with("codep") || condition.starts_with("matrix") && !step
                {
                    continue;
                }
                let own =
                    if step { format!("run make if=\"{condition}\"; run x") } else { format!("if \"{condition}\"; run make") };
                let cells = if condition.starts_with("matrix") { "matrix { axis n \"1\" \"22\" }; " } else { "" };
                let first = "job a { output o; run #\"echo o=x >> \"$PIPEWRIGHT_OUTPUT\"\"# }";
                let body = format!(
                    "variable A\nworkflow ci {{ on {{ push main develop }}; {first}; job b {{ needs a; {cells}{own} }} }}"
                );
                let found = built(head, &body).unwrap();
                let errors: Vec<_> = found.iter().filter(|d| !refused.iter().any(|r| d.starts_with(r))).collect();
                assert!(errors.is_empty(), "{target}, {condition}, {step}: {errors:?}");
                answered += usize::from(found.is_empty());
            }
        }
    }
    assert!(answered > 90, "{answered} of them have an answer");
}

/// GitLab tells a job nothing of it: a step that asks is refused as a script that reads it is.
#[test]
fn a_step_asks_how_a_needed_job_ended_where_that_is_told() {
    let body = "workflow ci { on { push main }; job a { run make }; job b { after a; when always; run tell if=\"needs.a.result == 'failure'\"; run x } }";
    assert_eq!(built("target github\n", body), Ok(Vec::new()));
    let head = "target gitlab\naccept gitlab when-always reason=\"a test\"\n";
    assert_eq!(built(head, body), Ok(vec!["not-expressible: job `b` cannot be written for gitlab: needs-result".to_owned()]));
}

/// A command of the spec's own, in a job that takes a role for it, stays as it is written.
#[test]
fn a_topic_may_be_told_by_a_script_of_the_spec() {
    let role = "aws-role role=\"arn:aws:iam::123456789012:role/r\" region=eu-west-1";
    let body = format!(
        "workflow ci {{ on {{ push main }}; job a {{ {role}; run \"aws sns publish --topic-arn arn:aws:sns:eu-west-1:1:t --message hi\" }} }}"
    );
    for target in [
        "target codebuild image=\"aws/codebuild/standard:7.0\" connection=\"arn:aws:codeconnections:eu-west-1:123456789012:connection/a\" repository=\"group/project\"\n",
        "target codepipeline connection=\"arn:aws:codeconnections:eu-west-1:123456789012:connection/a\" repository=\"group/project\"\n",
    ] {
        assert_eq!(built(target, &body), Ok(Vec::new()));
    }
}

#[test]
fn a_fixed_event_and_a_short_hash_stand_in_every_text() {
    for own in [
        "run \"echo ${run.event}\"",
        "env KIND=\"${run.event}\"; run \"echo $KIND\"",
        "image \"example/tool:${run.event}\"; run make",
        "run name=\"Pack ${commit.short}\" make",
        "concurrency \"pack-${commit.short}\"; run make",
        "cache build key=\"k-${commit.short}\"; run make",
    ] {
        let body = format!("workflow ci {{ on {{ push main }}; job a {{ {own} }} }}");
        assert_eq!(built("target github\n", &body), Ok(Vec::new()), "{own}");
    }
}
