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
