//! What a target lacks can be accepted by name: then the spec compiles, and what is read back differs in that alone. A spec for each such
//! capability, for every target that lacks it.

use std::collections::BTreeSet;
use std::path::Path;

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::ir::environment::LicenceTier;
use pipewright::ir::id::TargetId;
use pipewright::plan::legalize::is_never_accepted;
use pipewright::render::Renderer;
use pipewright::target::capability::Capability;
use pipewright::target::table::{Support, Table};

/// A capability, what the file says before its workflow, and the workflow's body.
type Row = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("pull-request-types", "", "on { push main; pull-request main { types opened } }; job a { run make }"),
    ("pull-request-reopened", "", "on { push main; pull-request main { types reopened } }; job a { run make }"),
    ("pull-request-closed", "", "on { push main; pull-request main { types opened updated closed } }; job a { run make }"),
    ("pull-request-ready", "", "on { push main; pull-request main { types opened updated ready } }; job a { run make }"),
    ("pull-request-labeled", "", "on { push main; pull-request main { types opened updated labeled } }; job a { run make }"),
    ("exclude-forks", "", "on { push main; pull-request main { exclude-forks } }; job a { run make }"),
    ("path-filter-except", "", "on { push main { ignore-paths \"docs/**\" \"**/*.md\" } }; job a { run make }; job b { needs a; run make }"),
    ("path-filter-several", "", "on { push main { paths \"src/**\" } }; job a { only { push main { paths \"**/*.rs\" } }; run make }; job b { run make }"),
    ("job-path-filter", "", "on { push main }; job a { only { push main { paths \"src/**\" } }; run make }; job b { run make }"),
    ("release", "", "on { push main; release { tag \"v*\" } }; job a { run make }"),
    ("schedule-branch", "", "on { push main; schedule nightly \"0 3 * * *\" branch=develop }; job a { run make }"),
    ("schedule-days", "", "on { push main; schedule nightly \"0 3 1 * 1\" }; job a { run make }"),
    ("manual", "", "on { push main; manual }; job a { run make }"),
    ("input-string", "", "on { push main; manual { input version default=\"1\" } }; job a { run make }"),
    ("input-boolean", "", "on { push main; manual { input fast type=boolean default=#false } }; job a { run make }"),
    ("input-number", "", "on { push main; manual { input size type=number default=1 } }; job a { run make }"),
    ("input-choice", "", "on { push main; manual { input kind type=choice { option a b; default a } } }; job a { run make }"),
    ("input-environment", "environment dev { tier development }", "on { push main; manual { input place type=environment } }; job a { run make }"),
    ("input-required", "", "on { push main; manual { input version required } }; job a { run make }"),
    ("input-pattern", "", "on { push main; manual { input version matches=\"v*\" default=v1 } }; job a { run make }"),
    ("job-condition-size", "", "on { push main; manual { input size type=number default=1 } }; job a { if \"run.event == 'manual' && input.size > 3\"; run make }; job b { run make }"),
    ("job-condition-output", "", "on { push main }; job a { output go; run #\"echo go=yes >> \"$PIPEWRIGHT_OUTPUT\"\"# }; job b { if \"job.a.go == 'yes'\"; needs a; run make }"),
    ("job-condition-exact", "", "on { push \"**\" }; job a { if \"commit.branch == 'Main'\"; run make }; job b { if \"commit.branch == 'main'\"; run make }"),
    ("needs-result", "", "on { push main }; job a { run make }; job b { after a; if \"needs.a.result == 'success'\"; run make }"),
    ("needs-result-absent", "", "on { push main; pull-request main }; job a { only { push main }; run make }; job b { after a; if \"needs.a.result != 'skipped'\"; run make }"),
    ("when-failure", "", "on { push main }; job a { run make }; job b { needs a; when failure; run make }"),
    ("when-failure-chain", "", "on { push main }; job a { run make }; job b { needs a; run make }; job c { needs a b; when failure; run make }"),
    ("when-always", "", "on { push main }; job a { run make }; job b { needs a; when always; run make }"),
    ("matrix-max-parallel", "", "on { push main }; job a { matrix { axis n \"1\" \"2\" \"3\"; max-parallel 2 }; run \"make ${matrix.n}\" }"),
    ("allow-failure-exit-codes", "", "on { push main }; job a { allow-failure { exit-codes 42 }; run make }; job b { needs a; run make }"),
    ("retry-actions", "", "on { push main }; job a { retry 2; run make; docker-build shop }"),
    ("job-permissions", "", "on { push main }; job a { permissions contents-write; run make }"),
    ("runner-windows", "", "on { push main }; job a { runner windows; shell pwsh; run make }"),
    ("runner-macos", "", "on { push main }; job a { runner macos; run make }"),
    ("runner-axis", "", "on { push main }; job a { runner \"${matrix.os}\"; matrix { axis os linux linux-arm }; run make }"),
    ("runner-variable", "variable LABEL", "on { push main }; job a { runner \"${var.LABEL}\"; run make }"),
    ("runner-run", "", "on { push main; manual { input machine default=ubuntu-24.04 } }; job a { runner \"${input.machine}\"; run make }"),
    ("shell-pwsh", "", "on { push main }; job a { runner windows; shell pwsh; run make }"),
    ("shell-posix-on-windows", "", "on { push main }; job a { runner windows; run make }"),
    ("service-ready-bare", "", "on { push main }; job a { image \"alpine:3.22\"; shell sh; service db image=\"postgres:16\" { ready \"pg_isready\" }; run make }"),
    ("image-entrypoint", "", "on { push main }; job a { image \"alpine/git:2.49.1\"; no-entrypoint; shell sh; run make }"),
    ("image-context", "", "on { push main }; job a { matrix { axis n \"22\" \"24\" }; image \"node:${matrix.n}\"; shell sh; run make }"),
    ("several-images", "", "on { push main }; job a { toolchain node=\"22\" python=\"3.12\"; run make }"),
    ("tool-version", "", "on { push main }; job a { tools jq=\"1.7\"; run make }"),
    ("step-when-always", "", "on { push main }; job a { run make; run clean when=always }"),
    ("step-when-between", "", "on { push main }; job a { run make; run clean when=always; run more }"),
    ("registry-ghcr", "registry main \"ghcr.io/acme\"", "on { push main }; job a { registry-login main; run make }"),
    ("registry-gitlab", "registry main \"registry.gitlab.com/acme/shop\"", "on { push main }; job a { registry-login main; run make }"),
    ("uses", "action keep { for github gitlab codebuild { uses \"actions/cache@v6.1.0\" { with path=x key=y } } }", "on { push main }; job a { run make; keep }"),
    ("lambda-answer", "variable ROLE", "on { push main }; job a { run make; lambda-call warm-up role=(var)ROLE region=\"eu-west-1\" }"),
    ("step-left-out", "action page { for github { run make }; for gitlab codebuild }\naction other { for gitlab codebuild { run make }; for github }", "on { push main }; job a { page; other; run make }"),
    ("context-attempt", "", "on { push main }; job a { run \"make ${run.attempt}\" }"),
    ("context-run-number", "", "on { push main }; job a { run \"make ${run.number}\" }"),
    ("context-actor", "", "on { push main }; job a { run \"make ${run.actor}\" }"),
    ("context-token", "", "on { push main }; job a { run \"make\" { env TOKEN=\"${run.token}\" } }"),
    ("context-pr-title", "", "on { pull-request main }; job a { run \"make\" { env TITLE=\"${pr.title}\" } }"),
    ("context-commit-text", "", "on { push main; manual }; job a { run make { env TEXT=\"${commit.message}\" } }"),
    ("context-approver", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run \"make ${gate.go.approver}\" }"),
    ("secret-scope", "secret KEY", "on { push main }; job a { run make { env KEY=(secret)KEY } }; job b { run make }"),
    ("secret-store", "environment live { tier production; secret KEY from=\"aws-secretsmanager:live#key\" }", "on { push main }; deploy ship to=live { run make { env KEY=(secret)KEY } }"),
    ("environment-secret", "environment live { tier production; secret KEY }", "on { push main }; deploy ship to=live { run make { env KEY=(secret)KEY } }"),
    ("approval", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("approval-after-failure", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops } }\nenvironment live { tier production; requires go }", "on { push main }; job a { run make }; deploy ship to=live { needs a; when always; run make }"),
    ("approval-team", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("approval-count", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops; count 2 } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("approval-exclude-author", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops; exclude-author } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("approval-timeout", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops; timeout \"3d\" } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("approval-message", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops; message \"Ship it?\" } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("approval-checklist", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops; checklist \"looked at\" } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("approval-issue", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops; via issue } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("approval-sequential", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\ngate go { approval { from ops; count 2; via sequential } }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("promotion-strict", "environment dev { tier development }\nenvironment live { tier production; after dev strict }", "on { push main }; deploy first to=dev { run make }; deploy ship to=live { needs first; run make }"),
    ("queue-all", "", "on { push main }; job a { concurrency per=workflow queue=all; run make }"),
    ("queue-latest", "", "on { push main }; job a { concurrency per=workflow queue=latest; run make }"),
    ("queue-across", "environment live { tier production }", "on { push main; tag \"v*\" }; deploy ship to=live { only { push main }; run make }; deploy again to=live { only { tag \"v*\" }; run make }"),
    ("cancel-running-group", "", "on { push main }; job a { concurrency per=workflow cancel-running; run make }"),
    ("rollback-on-cancel", "environment live { tier production }", "on { push main }; deploy ship to=live { run make; rollback \"make back\" }"),
    ("notify-workflow", "secret HOOK\nchannel team slack webhook=(secret)HOOK", "on { push main }; job a { run make }; notify team on=failure \"broken\""),
    ("notify-approval", "team ops { github \"acme/ops\"; gitlab \"acme/ops\"; codepipeline (var)TOPIC }\nvariable TOPIC\nsecret HOOK\nchannel team slack webhook=(secret)HOOK\ngate go { approval { from ops }; notify team on=approval-requested \"please\" }\nenvironment live { tier production; requires go }", "on { push main }; deploy ship to=live { run make }"),
    ("name-policy", "repository { branch-names main \"feature/*\" }", "on { push \"**\"; pull-request main }; job a { run make }"),
    ("check-drift", "", "on { push main }; job a { run make }"),
    ("raw-job", "", "on { push main }; job a { run make }; job b { needs a; raw gitlab { trigger project=\"acme/other\" } }; job c { needs b; run make }; job d { needs c; raw codepipeline { ActionTypeId Category=Invoke Owner=AWS Provider=Lambda Version=\"1\" } }"),
    ("raw-file", "raw github \".github/workflows/stale.yml\"", "on { push main }; job a { run make }"),
    ("raw-event", "", "on { push main; raw github { issues { types opened }; merge_group } }; job a { run make }; job b { only { push main }; needs a; run make }; job c { if \"run.event == 'issues' || run.event == 'push'\"; run make }; job d { if \"run.event matches 'iss*'\"; run make }; job e { only { push main }; after d a; run make }"),
    ("value-own", "value size { github \"github.event.repository.size\" }", "on { push main }; job a { run \"make ${value.size}\" }; job b { if \"value.size == '1'\"; run make }"),
    ("unpinned-action", "action greet { for github { uses \"acme/greet@v1\" }; for gitlab codebuild { run hello } }", "on { push main }; job a { run make; greet }"),
    ("raw", "", "on { push main }; job a { run make; raw TARGET { cache none } }"),
];

/// What cannot be asked of a target, because another rule refuses it before: targets, capabilities, the end of the message.
#[rustfmt::skip]
const MOOT: &[(&[&str], &[&str], &str)] = &[
    (
        &["codebuild"],
        &[
            "approval", "approval-after-failure", "approval-team", "approval-count", "approval-exclude-author", "approval-timeout", "approval-message",
            "approval-checklist", "approval-issue", "approval-sequential", "context-approver", "notify-approval",
        ],
        "[team-not-on-target]",
    ),
    (&["codepipeline"], &["pull-request-reopened"], "that are opened and that change [not-expressible]"),
    (&["codebuild", "codepipeline"], &["when-failure-chain"], ": when-failure [not-expressible]"),
    (&["gitlab", "codebuild", "codepipeline"], &["needs-result-absent"], ": needs-result [not-expressible]"),
];

#[test]
fn what_a_target_lacks_can_be_accepted_by_name() {
    let renderer = Renderer::new();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (word, id) in TargetId::ALL {
        let table = Table::of(*id).unwrap();
        for capability in Capability::ALL {
            let support = table.row(*capability).support(LicenceTier::Free, 0);
            if !matches!(support, Support::Lossy(_) | Support::Absent(_)) {
                continue;
            }
            let Some((loss, before, body)) = ROWS.iter().find(|(loss, ..)| *loss == capability.name()) else {
                wrong.push(format!("{word} {}: no spec asks for it", capability.name()));
                continue;
            };
            tried += 1;
            let fault = accepted(word, loss, before, body, &renderer).err().unwrap_or_default();
            let moot = MOOT.iter().find(|(targets, losses, _)| targets.contains(word) && losses.contains(loss));
            let expected = match moot {
                Some((.., end)) => (*end).to_owned(),
                None if is_never_accepted(*capability, support) => format!(": {loss} [not-expressible]"),
                None => String::new(),
            };
            let as_expected = if expected.is_empty() {
                fault.is_empty()
            } else {
                fault.ends_with(&expected) || fault.contains(&format!("({loss}) [lossy]"))
            };
            if !as_expected {
                wrong.push(format!("{word} {loss}: {fault:?} instead of {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 50, "{tried}");
}

/// Compiles the spec of a loss; it must ask for it by name, and be written once it, and whatever else the target lacks, is accepted.
fn accepted(target: &str, loss: &str, before: &str, body: &str, renderer: &Renderer) -> Result<(), String> {
    let own = if loss == "check-drift" { " { check-drift; install \"cargo install pipewright\" }" } else { "" };
    let on_aws = if target == "codepipeline" { " settings connection=(var)CONNECTION repository=\"acme/shop\"" } else { "" };
    let connection = if target == "codepipeline" { "variable CONNECTION\n" } else { "" };
    let body = body.replace("TARGET", target);
    let spec = format!(
        "pipeline x {{ language 1; default-branch main; timeout \"15m\" }}\ntarget {target}{on_aws}{own}\n{connection}{before}\nworkflow ci {{ {body} }}\n"
    );
    let mut accepted: BTreeSet<String> = BTreeSet::new();
    loop {
        let accepts: String = accepted.iter().map(|l| format!("accept {target} {l} reason=\"tried\"\n")).collect();
        let sources = SourceMap::new();
        let id = sources.add("pipeline.kdl", format!("{spec}{accepts}"));
        let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer };
        let compiled = compile(&sources, id, &options).map_err(|failure| failure.to_string())?;
        let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
        let before = accepted.len();
        let named = |d: &&pipewright::base::diag::Diagnostic| {
            let help = d.help.iter().find_map(|h| h.split("`accept ").nth(1))?;
            help.split_whitespace().nth(1).map(str::to_owned)
        };
        accepted.extend(errors.iter().filter_map(named));
        if accepted.len() > before {
            continue;
        }
        if let Some(error) = errors.first() {
            return Err(format!("{} [{}]", error.message, error.rule));
        }
        return if accepted.contains(loss) { Ok(()) } else { Err(format!("it is not asked for, but {accepted:?}")) };
    }
}
