//! Conditions and filters on AWS, where a build decides by what it is told: each spec means the same there, or is refused.

use std::path::Path;

use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::render::Renderer;

const CODEBUILD: &str = "target codebuild repository=\"example/app\"\n";
const CODEPIPELINE: &str = "target codepipeline connection=(var)CONNECTION repository=\"example/app\"\nvariable CONNECTION\n";

/// The diagnostics of a spec for a target; a file that means something else is an error of the compiler itself.
pub(super) fn built(head: &str, body: &str) -> Result<Vec<String>, String> {
    let (sources, renderer) = (SourceMap::new(), Renderer::new());
    let text = format!("pipeline p {{ language 1; default-branch main; timeout \"10m\" }}\n{head}{body}\n");
    let spec = sources.add("pipeline.kdl", &text);
    let options = Options { root: Path::new("/nowhere"), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, spec, &options).map_err(|f| format!("{f}\n{text}"))?;
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == pipewright::base::diag::Severity::Error);
    Ok(errors.map(|d| format!("{}: {}", d.rule, d.message)).collect())
}

#[test]
fn what_a_build_asks_after_is_empty_where_its_event_has_it_not() {
    let conditions = [
        "commit.branch != 'main'",
        "commit.branch matches '**'",
        "!(commit.branch matches '**')",
        "commit.tag == 'v1' || commit.branch == 'main'",
        "pr.target == 'main' || commit.branch == 'dev'",
        "pr.source != 'topic'",
        "!(commit.branch in ['main', 'dev'])",
        "run.event == 'tag' || commit.branch == 'main'",
        "commit.ref == 'main'",
    ];
    let jobs: String = conditions.iter().enumerate().map(|(i, c)| format!("job j{i} {{ if \"{c}\"; run \"make\" }}\n")).collect();
    for on in ["push; tag \"v*\"; pull-request", "push; tag; pull-request main; schedule daily \"0 3 * * *\" branch=dev"] {
        for head in [CODEBUILD, CODEPIPELINE] {
            let came = built(head, &format!("workflow a {{ on {{ {on} }}\n{jobs} }}"));
            assert_eq!(came, Ok(Vec::new()), "{on}");
        }
    }
}

#[test]
fn a_condition_may_read_what_another_build_gives() {
    let body = "workflow a {\n on { push main }\n job x { output changed; run \"make x\" }\n job y { needs x; if \"job.x.changed == 'true'\"; run \"make y\" }\n}";
    for (head, target) in [(CODEBUILD, "codebuild"), (CODEPIPELINE, "codepipeline")] {
        let accept = format!("{head}accept {target} job-condition-output reason=\"a test\"\n");
        assert_eq!(built(&accept, body), Ok(Vec::new()), "{target}");
    }
}

#[test]
fn a_pipeline_starts_by_what_a_pull_request_did() {
    let of = |types: &str| {
        built(CODEPIPELINE, &format!("workflow a {{\n on {{ pull-request {{ types {types} }} }}\n job x {{ run \"make\" }}\n}}"))
    };
    assert_eq!(of("opened"), Ok(Vec::new()));
    assert_eq!(of("updated reopened"), Ok(Vec::new()));
    assert!(of("reopened").unwrap().iter().any(|d| d.contains("trigger of codepipeline")));
}

#[test]
fn stages_and_schedules_are_those_of_the_spec() {
    let body = "workflow a {\n on { push main dev; tag \"v*\"; schedule daily \"0 3 * * *\" branch=dev; schedule weekly \"0 3 * * 1\" timezone=\"Europe/Berlin\" }\n stage one { job x { run \"make x\" } }\n stage two { only { branch main dev }; job y { run \"make y\" } }\n stage three {\n job z { after y; run \"make z\" }\n job q { only { tag; schedule weekly }; after x; run \"make q\"; allow-failure }\n }\n}";
    for head in [CODEBUILD, CODEPIPELINE] {
        assert_eq!(built(head, body), Ok(Vec::new()), "{head}");
    }
}

/// A spec means the same on both targets, with these losses accepted.
fn same_on_both(losses: &[&str], body: &str) {
    for (head, target) in [(CODEBUILD, "codebuild"), (CODEPIPELINE, "codepipeline")] {
        let accepts: String = losses.iter().map(|l| format!("accept {target} {l} reason=\"a test\"\n")).collect();
        assert_eq!(built(&format!("{head}{accepts}"), body), Ok(Vec::new()), "{target}");
    }
}

#[test]
fn codes_that_are_forgiven_are_those_of_the_last_attempt() {
    same_on_both(
        &[],
        "workflow a { on { push }; job x { retry 1; allow-failure { exit-codes 3 4 }; run \"make x\" }; job y { needs x; run \"make y\" } }",
    );
}

#[test]
fn a_cell_may_lack_an_axis() {
    same_on_both(
        &[],
        "workflow a { on { push }; job x { matrix { axis v \"1\" \"2\"; include v=\"3\" kind=extra }; run \"make ${matrix.kind}\"; produces out \"out/\" \"more/*.txt\" }; job y { consumes out; run \"make y\" } }",
    );
}

#[test]
fn a_deploy_with_a_filter_may_watch_two_gates() {
    let body = "gate alive { probe http=\"https://example.com\" every=\"10s\" for=\"1m\" }\ngate well { probe http=\"https://example.com/well\" every=\"10s\" for=\"1m\" }\nenvironment live { tier development }\nworkflow a { on { push main \"feature/*\" }; deploy x to=live { only { push main }; run \"make x\"; monitor alive well; rollback \"./undo.sh\" } }";
    let accept = |loss: &str| {
        format!("{CODEBUILD}accept codebuild queue-all reason=\"a test\"\naccept codebuild {loss} reason=\"a test\"\n")
    };
    assert_eq!(built(&accept("rollback-on-cancel"), body), Ok(Vec::new()));
    assert_eq!(built(CODEPIPELINE, body), Ok(Vec::new()));
}

#[test]
fn a_password_is_not_the_address_of_its_server() {
    let body = "secret SMTP\nchannel mail email to=\"ops@example.com\" from=\"ci@example.com\" smtp=\"smtp.example.com:587\" user=ci password=(secret)SMTP\nworkflow a { on { push }; job x { run \"make\"; notify mail on=success \"done\" } }";
    let text = format!("pipeline p {{ language 1; default-branch main; timeout \"10m\" }}\n{CODEBUILD}{body}\n");
    let (sources, renderer) = (SourceMap::new(), Renderer::new());
    let spec = sources.add("pipeline.kdl", text.as_str());
    let options = Options { root: Path::new("/nowhere"), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let outputs = compile(&sources, spec, &options).unwrap().outputs;
    let build = &outputs.iter().find(|o| o.path.ends_with("/x.yml")).unwrap().text;
    let at = |line: &str| build.find(line).unwrap_or_else(|| panic!("no `{line}` in {build}"));
    assert!(at("SMTP_PASSWORD=\"$SMTP\"") < at("export SMTP=smtp.example.com"), "{build}");
}

#[test]
fn what_a_failure_cuts_off_is_noted() {
    let notes = |body: &str| {
        let (sources, renderer) = (SourceMap::new(), Renderer::new());
        let text = format!(
            "pipeline p {{ language 1; default-branch main; timeout \"10m\" }}\n{CODEPIPELINE}workflow a {{ on {{ push }}; {body} }}\n"
        );
        let spec = sources.add("pipeline.kdl", text.as_str());
        let options =
            Options { root: Path::new("/nowhere"), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
        let found = compile(&sources, spec, &options).unwrap().diagnostics;
        found.into_iter().map(|d| d.message).filter(|m| m.contains("ends the pipeline")).collect::<Vec<_>>()
    };
    let job = |name: &str, more: &str| format!("job {name} {{ {more}run \"make {name}\" }}; ");
    let chain = [job("x", ""), job("y", "needs x; ")].concat();
    assert_eq!(notes(&chain), [""; 0]);
    assert_eq!(notes(&format!("{chain}{}", job("z", ""))).len(), 1);
    assert_eq!(notes(&[chain, job("z", "allow-failure; ")].concat()), [""; 0]);
}

#[test]
fn what_no_event_starts_is_in_no_run() {
    let body = "variable LEVEL \"3\"\nenvironment live { tier development }\nworkflow a { on { push }; deploy x to=live { if \"var.LEVEL == '4'\"; run \"make x\" } }";
    assert_eq!(built(&format!("{CODEBUILD}accept codebuild queue-all reason=\"a test\"\n"), body), Ok(Vec::new()));
    assert_eq!(built(CODEPIPELINE, body), Ok(Vec::new()));
}

/// The files of a spec for a target.
fn files(head: &str, body: &str) -> String {
    let (sources, renderer) = (SourceMap::new(), Renderer::new());
    let text = format!("pipeline p {{ language 1; default-branch main; timeout \"10m\" }}\n{head}{body}\n");
    let spec = sources.add("pipeline.kdl", &text);
    let options = Options { root: Path::new("/nowhere"), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, spec, &options).unwrap();
    compiled.outputs.into_iter().map(|o| o.text).collect()
}

#[test]
fn an_image_without_a_tag_is_called_latest_as_elsewhere() {
    let body = "workflow a { on { push }; job x { docker-build api cache=auto; run \"docker run api:latest\" } }";
    for head in [CODEBUILD, CODEPIPELINE] {
        let text = files(head, body);
        assert!(text.contains("--tag api:latest"), "{text}");
    }
}

#[test]
fn people_are_told_of_a_gate_that_failed_and_not_of_one_that_passed() {
    let body = "secret HOOK\nchannel team slack webhook=(secret)HOOK\nvariable PROMETHEUS \"http://prometheus:9090\"
        accept codebuild secret-scope reason=\"a test\"\naccept codebuild queue-all reason=\"a test\"
        environment live { tier production }
        gate errors { query prometheus=\"sum(rate(errors_total[5m]))\" unit=count address=(var)PROMETHEUS; at-most 5 }
        gate up { probe http=\"https://example.com/health\" status=200 for=\"1m\" }
        workflow a { on { push main }; deploy x to=live { run \"make deploy\"; monitor up errors; notify team on=gate-failed \"Look\" } }";
    let text = files(CODEBUILD, body);
    let mark = text.split("[ -e ").nth(1).and_then(|t| t.split(' ').next()).unwrap();
    // The mark goes when the watching ends well, although its script ends its shell.
    let (before, after) = text.split_once("exit \"$failed\"").unwrap();
    assert!(before.contains(&format!("touch {mark}")) && after.contains(&format!("rm -f {mark}")), "{text}");
}

#[test]
fn a_build_has_the_time_and_the_containers_of_its_job() {
    let jobs = [
        "job x { timeout \"90s\"; run \"make\" }; job y { timeout \"301s\"; run \"make\" }",
        "job x { timeout \"601s\"; retry 1; run \"make\"; run when=failure \"tell\" }",
        "job x { timeout \"20h\"; run \"make\" }; job y { timeout \"20h\"; needs x; run \"make\" }",
        "job x { timeout \"20h\"; run \"make\" }; job y { timeout \"1h\"; needs x; run \"make\" }; job z { needs y; run \"make z\" }",
        "job x { image \"node:${var.V}\"; run \"make\" }; job y { runner linux-arm; run \"make\" }; job z { run \"make\" }",
        "job x { service db image=\"postgres:${var.V}\" port=5432 { env PW=\"two words\" Q=\"it's\" R=\"${commit.sha}\" L=\"a $b\" }; run \"make\" }",
        "job x { matrix { axis v \"1\" \"2\" }; service db image=\"postgres:${matrix.v}\" { env PW=(secret)S }; run \"make\" }",
        "job x { retry 1; service db image=\"${var.IMAGE}\" { env A=\"one\\ntwo\"; ready \"pg_isready\" }; run \"make\" }",
    ];
    for job in jobs {
        let body = format!("variable V \"3\"\nvariable IMAGE\nsecret S\nworkflow a {{ on {{ push main }}\n{job} }}");
        same_on_both(&[], &body);
    }
}

#[test]
fn attempts_fit_into_a_build_together() {
    let of = |retry: u32| format!("workflow a {{ on {{ push }}; job x {{ timeout \"15h\"; retry {retry}; run \"make\" }} }}");
    same_on_both(&[], &of(1));
    for head in [CODEBUILD, CODEPIPELINE] {
        assert!(built(head, &of(2)).unwrap().iter().any(|d| d.contains("timeout")));
    }
}

#[test]
fn an_image_is_named_before_the_run() {
    for image in ["node:${matrix.v}", "${var.IMAGE}", "a:${commit.sha}"] {
        let body = format!(
            "variable IMAGE\nworkflow a {{ on {{ push main }}; job x {{ matrix {{ axis v \"1\" \"2\" }}; image \"{image}\"; run \"make\" }} }}"
        );
        for head in [CODEBUILD, CODEPIPELINE] {
            assert!(built(head, &body).unwrap().iter().any(|d| d.contains("image-context")), "{image}");
        }
    }
}

#[test]
fn an_approval_waits_as_long_as_the_spec_says() {
    let of = |more: &str| {
        let head = format!("{CODEPIPELINE}variable TOPIC\nteam ops {{ codepipeline (var)TOPIC }}\n");
        built(
            &head,
            &format!(
                "gate go {{ approval {{ from ops{more} }} }}\nenvironment live {{ tier production; requires go }}\nworkflow a {{ on {{ push main }}; deploy x to=live {{ run \"make\" }} }}"
            ),
        )
    };
    for more in ["", "; timeout \"30m\"", "; timeout \"2d\"", "; timeout \"301s\""] {
        assert_eq!(of(more), Ok(Vec::new()), "{more}");
    }
}
