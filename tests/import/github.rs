//! Workflows of GitHub that lean on others: called workflows, actions of the repository, actions that other vendors have no word for.

use std::path::Path;

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::ledger::Fate;
use pipewright::front::{Imported, Vendor, import};
use pipewright::render::Renderer;

use super::{imported, job, of_job};

const CALLER: &str = "\
on: push
jobs:
  check:
    runs-on: ubuntu-latest
    steps: [{uses: actions/checkout@v4}, {run: make check}]
  image:
    needs: check
    if: github.ref == 'refs/heads/main'
    uses: ./.github/workflows/image.yml
    with: {name: api, fast: true}
    secrets: {TOKEN: '${{ secrets.REGISTRY_TOKEN }}'}
  tell:
    needs: image
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ needs.image.outputs.version }}
";

const CALLED: &str = "\
on:
  workflow_call:
    inputs:
      name: {type: string, required: true}
      fast: {type: boolean}
      level: {type: string, default: low}
    secrets: {TOKEN: {required: true}}
    outputs:
      version: {value: '${{ jobs.build.outputs.version }}'}
env: {LEVEL: '${{ inputs.level }}'}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {version: '${{ steps.v.outputs.version }}'}
    steps:
      - uses: actions/checkout@v4
      - id: v
        run: echo \"version=1\" >> \"$GITHUB_OUTPUT\"
      - run: make ${{ inputs.name }}
        env: {TOKEN: '${{ secrets.TOKEN }}'}
      - if: ${{ !inputs.fast }}
        run: make slow
  push:
    needs: build
    runs-on: ubuntu-latest
    steps: [{uses: actions/checkout@v4}, {run: make push}]
";

fn spec(imported: &Imported) -> String {
    imported.spec("sample", "main", &["github"])
}

/// The errors of a spec for some targets.
fn errors(imported: &Imported, targets: &[&str]) -> Vec<String> {
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", imported.spec("sample", "main", targets));
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap();
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| format!("{}: {}", d.rule, d.message)).collect()
}

#[test]
fn a_called_workflow_stands_where_it_is_called() {
    let files = [(".github/workflows/ci.yml", CALLER), (".github/workflows/image.yml", CALLED)];
    let (_, imported) = imported(Vendor::Github, &files);
    let text = spec(&imported);
    assert!(text.contains("job image-build {\n        needs check\n        if \"commit.branch == 'main'\""), "{text}");
    assert!(text.contains("job image-push {\n        needs image-build"), "{text}");
    assert!(text.contains("env LEVEL=low") && text.contains("run \"make api\""), "{text}");
    assert!(text.contains("env TOKEN=(secret)REGISTRY_TOKEN") && !text.contains("make slow"), "{text}");
    assert!(text.contains("needs image-build image-push") && text.contains("${job.image-build.version}"), "{text}");
    assert_eq!(text.matches("workflow ").count(), 1, "{text}");
    assert!(imported.stays.is_empty(), "{:?}", imported.stays);
    let lost: Vec<_> = imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_) | Fate::Kept(_))).collect();
    assert!(lost.is_empty(), "{lost:#?}");
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{text}");
}

#[test]
fn an_action_of_the_repository_stands_where_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let action = folder.path().join(".github/actions/prepare");
    std::fs::create_dir_all(&action).unwrap();
    let text = "\
name: Prepare
inputs: {level: {default: low}, name: {required: true}}
outputs: {key: {value: '${{ steps.made.outputs.key }}'}}
runs:
  using: composite
  steps:
    - run: make prepare NAME=${{ inputs.name }}
      shell: bash
    - id: made
      if: inputs.level == 'low'
      run: echo \"key=1\" >> \"$GITHUB_OUTPUT\"
      shell: bash
";
    std::fs::write(action.join("action.yml"), text).unwrap();
    let sources = SourceMap::new();
    let inside = "    steps:\n      - uses: actions/checkout@v4\n      - id: p\n        if: github.actor == 'a'\n        uses: ./.github/actions/prepare\n        with: {name: api}\n      - run: echo ${{ steps.p.outputs.key }}";
    let id = sources.add("ci.yml", job(inside));
    let imported = import(&sources, &[id], Vendor::Github, folder.path());
    let text = spec(&imported);
    assert!(text.contains("run if=\"run.actor == 'a'\" \"make prepare NAME=api\""), "{text}");
    assert!(text.contains("PIPEWRIGHT_OUTPUT"), "{text}");
    assert!(text.contains("echo ${job.unit.key}"), "{text}");
    let lost: Vec<_> = imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_) | Fate::Kept(_))).collect();
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn what_only_pages_of_github_need_is_left_out_by_name() {
    let inside = "    steps:\n      - uses: actions/stale@v11\n        with: {days-before-stale: 30}\n      - run: make";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(inside))]);
    let found = errors(&imported, &["github", "gitlab"]);
    assert!(found.iter().all(|e| e.starts_with("lossy: ") && e.contains("step-left-out")) && found.len() == 1, "{found:?}");
}

#[test]
fn the_same_commands_do_what_an_action_does() {
    for (step, wanted) in [
        (
            "uses: codecov/codecov-action@v7\n        with: {files: 'a.xml,b.xml', fail_ci_if_error: true}",
            "upload-process --file \"a.xml\" --file \"b.xml\" --fail-on-error",
        ),
        (
            "uses: docker/build-push-action@v7\n        with: {push: true, tags: 'a/b:1', cache-from: type=gha}",
            "docker buildx build --tag \"a/b:1\" --push \".\"",
        ),
        (
            "uses: taiki-e/install-action@v2\n        with: {tool: 'nextest,cargo-hack@0.6.0'}",
            "cargo install --locked cargo-nextest cargo-hack@0.6.0",
        ),
        ("uses: hashicorp/setup-terraform@v3\n        with: {terraform_version: 1.9.0}", "terraform_1.9.0_linux_amd64.zip"),
    ] {
        let text = of_job(&format!("    steps:\n      - {step}"));
        assert!(text.contains("for gitlab codebuild {") && text.contains(wanted), "{wanted} in {text}");
    }
    // Who fetches a version that nobody can name has no commands.
    let text = of_job("    steps:\n      - uses: hashicorp/setup-terraform@v3\n        with: {terraform_version: '~1.9'}");
    assert!(!text.contains("for gitlab"), "{text}");
}

#[test]
fn another_repository_is_cloned_and_an_older_action_is_never_chosen() {
    let text = of_job("    steps:\n      - uses: actions/checkout@v4\n        with: {repository: a/b, path: b, ref: v1}");
    assert!(text.contains("git clone --depth 1 --branch \"v1\" \"https://github.com/a/b\" b"), "{text}");
    let text = of_job("    steps:\n      - uses: golangci/golangci-lint-action@v99");
    assert!(text.contains("golangci-lint-action@v99"), "{text}");
}

#[test]
fn a_script_that_pushes_gets_its_token() {
    let inside = "    steps:\n      - uses: actions/checkout@v4\n      - run: git push";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(inside))]);
    let fate = imported.ledger.keys().iter().find(|k| k.path == "jobs.unit.steps[0].uses").unwrap().fate();
    assert!(matches!(fate, Fate::Emulated(_)), "{fate:?}");
    let text = spec(&imported);
    for line in ["permissions contents-write", "credential.https://github.com.helper", "echo password=${run.token}"] {
        assert!(text.contains(line), "no {line} in {text}");
    }
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{text}");
}

#[test]
fn the_token_of_the_run_opens_the_registry_of_github() {
    let inside = "    steps:\n      - uses: docker/login-action@v4\n        with: {registry: ghcr.io, username: '${{ github.actor }}', password: '${{ secrets.GITHUB_TOKEN }}'}\n      - run: docker push ghcr.io/a/b\n        if: ${{ !env.ACT }}";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(inside))]);
    let text = spec(&imported);
    assert!(text.contains("registry ghcr ghcr.io") && text.contains("registry-login ghcr"), "{text}");
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{text}");
}

#[test]
fn what_only_github_starts_is_a_workflow_with_an_event_of_its_own() {
    let triage = "on: {issues: {types: [opened]}, push: {branches: [main]}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    if: github.event_name == 'issues'\n    steps:\n      - run: echo ${{ github.event.issue.number }}\n";
    let (_, imported) = imported(Vendor::Github, &[("triage.yml", triage)]);
    let text = spec(&imported);
    assert!(
        text.contains("raw github {\n            issues { types opened }") && text.contains("run.event == 'issues'"),
        "{text}"
    );
    assert!(text.contains("value issue-number") && text.contains("${value.issue-number}"), "{text}");
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{text}");
    let kept = |path: &str| imported.ledger.keys().iter().find(|k| k.path == path).map(|k| k.fate());
    assert!(
        matches!(kept("on.issues.types"), Some(Fate::Own(_))) && kept("jobs.a.if") == Some(Fate::Exact),
        "{:#?}",
        imported.ledger
    );
    let found = errors(&imported, &["github", "gitlab"]);
    assert!(found.iter().any(|e| e.contains("raw-event")), "{found:?}");
}

#[test]
fn a_workflow_that_gives_a_stranger_every_right_stays_a_file_that_the_spec_names() {
    let of = |with: &str| {
        format!(
            "on: {{pull_request_target: {{types: [opened]}}}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n        with: {{{with}}}\n      - run: make\n"
        )
    };
    let tame = of("fetch-depth: 0");
    let (_, said) = imported(Vendor::Github, &[("label.yml", &tame)]);
    assert!(spec(&said).contains("pull_request_target { types opened }"), "{}", spec(&said));
    assert_eq!(errors(&said, &["github"]), Vec::<String>::new());
    let wild = of("ref: '${{ github.event.pull_request.head.sha }}'");
    let files = [("a/.github/workflows/label.yml", &*wild), (".github/workflows/ci.yml", &job("    steps: [{run: echo hello}]"))];
    let (_, imported) = imported(Vendor::Github, &files);
    let text = spec(&imported);
    assert!(text.contains("raw github \".github/workflows/label.yml\"") && text.matches("workflow ").count() == 1, "{text}");
    let of_file = imported.ledger.keys().iter().filter(|k| k.span.source == imported.stays[0].file);
    assert!(of_file.clone().count() > 3 && of_file.clone().all(|k| matches!(k.fate(), Fate::Kept(_))));
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{text}");
    let found = errors(&imported, &["github", "gitlab"]);
    assert!(found.len() == 1 && found[0].starts_with("not-expressible: ") && found[0].contains("raw-file"), "{found:?}");
}

#[test]
fn a_workflow_that_others_call_asks_in_githubs_words() {
    let text = "on:\n  workflow_call:\n    inputs: {level: {type: string}}\n    outputs: {done: {value: '${{ jobs.build_it.outputs.done }}'}}\njobs:\n  build_it:\n    runs-on: ubuntu-latest\n    if: github.event_name == 'push' && inputs.level != 'low'\n    outputs: {done: '${{ steps.s.outputs.done }}'}\n    steps:\n      - id: s\n        run: echo \"done=${{ inputs.level }}\" >> \"$GITHUB_OUTPUT\"\n";
    let (_, imported) = imported(Vendor::Github, &[("called.yml", text)]);
    let text = spec(&imported);
    assert!(text.contains("${{ jobs.build-it.outputs.done }}") && text.contains("github inputs.level"), "{text}");
    assert!(!text.contains("run.event") && text.contains("github.event_name == 'push'"), "{text}");
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{text}");
}

#[test]
fn a_version_that_nobody_pinned_is_accepted_by_name() {
    let inside = "    steps:\n      - uses: someone/else@v1\n        with: {a: b}\n      - uses: actions/checkout@v4";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(inside))]);
    let text = spec(&imported);
    assert!(text.contains("accept github unpinned-action reason="), "{text}");
    assert!(!imported.spec("sample", "main", &["gitlab"]).contains("accept"));
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", &*text);
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap();
    let output = &compiled.outputs[0].text;
    assert!(output.contains("uses: someone/else@v1 # zizmor: ignore[unpinned-uses]"), "{output}");
    assert!(output.contains("# Accepted loss:") && compiled.diagnostics.iter().any(|d| d.rule == "accepted-loss"), "{output}");
    // Where everything is pinned, nothing is accepted.
    assert!(!of_job("    steps:\n      - uses: actions/checkout@v4").contains("accept"));
}

#[test]
fn what_cannot_be_written_out_where_it_is_called_is_a_workflow_that_others_call() {
    let caller = "on: push\njobs:\n  a:\n    strategy: {max-parallel: 1, matrix: {n: [1, 2]}}\n    uses: ./.github/workflows/_called.yml\n    with: {n: '${{ matrix.n }}'}\n";
    let called = "# Builds one.\non:\n  workflow_call:\n    inputs: {n: {type: string}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: echo a}]\n  b:\n    needs: a\n    runs-on: ubuntu-latest\n    steps: [{run: echo b}]\n";
    let (_, imported) =
        imported(Vendor::Github, &[(".github/workflows/a.yml", caller), (".github/workflows/_called.yml", called)]);
    let text = spec(&imported);
    for line in ["workflow called {", "// Builds one.", "workflow_call {", "uses \"./.github/workflows/called.yml\""] {
        assert!(text.contains(line), "no {line} in {text}");
    }
    assert!(!text.contains("raw github \""), "{text}");
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{text}");
}

#[test]
fn a_workflow_that_is_called_in_cells_stands_there_once_for_each() {
    let caller = "on: push\njobs:\n  a:\n    strategy: {fail-fast: false, matrix: {n: [one, two]}}\n    uses: ./.github/workflows/called.yml\n    with: {n: '${{ matrix.n }}'}\n  end:\n    needs: a\n    runs-on: ubuntu-latest\n    steps: [{run: echo end}]\n";
    let called = "on:\n  workflow_call:\n    inputs: {n: {type: string}}\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps: [{run: 'echo ${{ inputs.n }}'}]\n  c:\n    needs: b\n    runs-on: ubuntu-latest\n    steps: [{run: echo c}]\n";
    let (_, imported) =
        imported(Vendor::Github, &[(".github/workflows/a.yml", caller), (".github/workflows/called.yml", called)]);
    let text = spec(&imported);
    for line in
        ["job a-1-b {", "run \"echo one\"", "job a-2-b {", "run \"echo two\"", "needs a-2-b", "needs a-1-b a-1-c a-2-b a-2-c"]
    {
        assert!(text.contains(line), "no {line} in {text}");
    }
    assert!(imported.ledger.keys().iter().all(|k| matches!(k.fate(), Fate::Exact | Fate::Emulated(_))), "{:#?}", imported.ledger);
    assert_eq!(errors(&imported, &["github", "gitlab"]), Vec::<String>::new(), "{text}");
}

#[test]
fn a_file_of_which_nothing_ever_runs_stays_and_nobody_misses_it() {
    let text = "on: {push: {branches-ignore: ['**']}}\njobs:\n  locks:\n    if: 'false'\n    runs-on: nothing\n    steps: [{uses: actions/checkout@v4}]\n";
    let (_, imported) = imported(Vendor::Github, &[(".github/workflows/lock.yml", text)]);
    let made = spec(&imported);
    assert!(made.contains("raw github \".github/workflows/lock.yml\""), "{made}");
    assert!(imported.ledger.keys().iter().all(|k| matches!(k.fate(), Fate::Emulated(_))), "{:#?}", imported.ledger);
}

#[test]
fn what_nothing_gives_a_value_is_empty() {
    let text = "on: push\nrun-name: Of ${{ github.actor }}\njobs:\n  a:\n    strategy: {fail-fast: false}\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo \"$X\"\n        env: {X: 'a${{ inputs.x }}b${{ matrix.y }}'}\n      - if: github.event.inputs.debug == 'true'\n        run: echo never\n";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", text)]);
    let made = spec(&imported);
    assert!(
        made.contains("env X=ab") && !made.contains("never") && made.contains("run-name \"Of ${{ github.actor }}\""),
        "{made}"
    );
    assert!(imported.ledger.keys().iter().all(|k| !matches!(k.fate(), Fate::Lost(_))), "{:#?}", imported.ledger);
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{made}");
}

#[test]
fn what_a_kept_workflow_calls_is_kept_with_it() {
    let caller = "on: pull_request_target\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps: [{run: 'gh pr checkout 1'}]\n  a:\n    uses: ./.github/workflows/called.yml\n";
    let called = "on: workflow_call\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: echo hello}]\n";
    let (_, imported) =
        imported(Vendor::Github, &[(".github/workflows/a.yml", caller), (".github/workflows/called.yml", called)]);
    let text = spec(&imported);
    assert!(text.contains("raw github \".github/workflows/a.yml\"") && text.contains("called.yml"), "{text}");
    assert!(imported.ledger.keys().iter().all(|k| matches!(k.fate(), Fate::Kept(_))), "{:#?}", imported.ledger);
}

#[test]
fn the_results_of_all_needs_are_asked_one_by_one() {
    let text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: echo a}]\n  b:\n    runs-on: ubuntu-latest\n    steps: [{run: echo b}]\n  all:\n    needs: [a, b]\n    if: always()\n    runs-on: ubuntu-latest\n    steps:\n      - if: contains(needs.*.result, 'failure')\n        run: exit 1\n";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", text)]);
    let text = spec(&imported);
    assert!(text.contains("if=\"needs.a.result == 'failure' || needs.b.result == 'failure'\""), "{text}");
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{text}");
}

#[test]
fn the_token_of_a_job_may_do_what_it_could() {
    let text = of_job("    permissions: {pull-requests: read, attestations: write, actions: write}\n    steps: [{run: make}]");
    assert!(text.contains("permissions pr-read attestations-write actions-write"), "{text}");
    let text = of_job("    permissions: read-all\n    steps: [{run: make}]");
    assert!(text.contains("contents-read") && text.contains("issues-read") && !text.contains("-write"), "{text}");
}

#[test]
fn an_expression_that_only_github_reads_is_kept_where_only_github_reads_it() {
    let of = |text: &str| {
        let inside = format!("    steps:\n      - uses: someone/else@v1\n        with: {{a: '{text}'}}");
        let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(&inside))]);
        assert!(spec(&imported).contains(text), "{}", spec(&imported));
        imported.ledger.keys().iter().find(|k| k.path == "jobs.unit.steps[0].with.a").unwrap().fate()
    };
    assert!(matches!(of("${{ toJSON(github.event) }}"), Fate::Own(_)));
    assert!(matches!(of("${{ fromJSON(github.event.client_payload.list)[0].name }}"), Fate::Own(_)));
}

#[test]
fn what_only_github_can_run_is_a_job_in_its_words() {
    let text = "on: push\npermissions: {id-token: write}\njobs:\n  far:\n    uses: a/b/.github/workflows/c.yml@0123456789abcdef0123456789abcdef01234567\n    with: {level: '${{ needs.list_all.outputs.cells }}'}\n    secrets: {token: '${{ secrets.TOKEN }}'}\n    needs: list_all\n  list_all:\n    runs-on: ubuntu-latest\n    outputs: {cells: '${{ steps.l.outputs.cells }}'}\n    steps: [{id: l, run: 'echo \"cells=[1]\" >> \"$GITHUB_OUTPUT\"'}]\n  cells:\n    needs: list_all\n    strategy: {matrix: {n: '${{ fromJSON(needs.list_all.outputs.cells) }}'}}\n    runs-on: ubuntu-latest\n    steps: [{run: 'echo ${{ matrix.n }}'}]\n  tell:\n    needs: far\n    if: (needs.far.outputs.done == 'yes' || always()) && needs.far.outputs.done != 'no'\n    runs-on: ubuntu-latest\n    steps: [{run: echo told}]\n";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", text)]);
    let made = spec(&imported);
    for line in [
        "uses \"a/b/.github/workflows/c.yml@0123456789abcdef0123456789abcdef01234567\"",
        "level \"${{ needs.list-all.outputs.cells }}\"",
        "n \"${{ fromjson(needs.list-all.outputs.cells) }}\"",
        "run \"echo ${value.n}\"",
        "id-token write",
        "secret TOKEN",
        "if \"value.far-done != 'no'\"",
        "when always",
    ] {
        assert!(made.contains(line), "no {line} in {made}");
    }
    let fate = imported.ledger.keys().iter().find(|k| k.path == "jobs.far.with.level").unwrap().fate();
    assert!(matches!(fate, Fate::Kept(_)), "{fate:?}");
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{made}");
    let there = errors(&imported, &["gitlab"]);
    assert!(there.iter().any(|e| e.contains("raw-job")), "{there:?}");
}

#[test]
fn conditions_that_the_events_decide_are_taken_out() {
    let text = "on: {push: {tags: ['v*']}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    if: startsWith(github.ref, 'refs/tags/')\n    steps:\n      - run: echo made\n        if: startsWith(github.ref, 'refs/tags/v')\n      - run: never\n        if: startsWith(github.ref, 'refs/heads/')\n";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", text)]);
    let made = spec(&imported);
    assert!(
        made.contains("run \"echo made\"") && !made.contains("if ") && !made.contains("if=") && !made.contains("never"),
        "{made}"
    );
    assert_eq!(errors(&imported, &["github", "gitlab"]), Vec::<String>::new(), "{made}");
}

#[test]
fn a_record_of_an_event_is_left_out_elsewhere_by_name() {
    let inside = "    steps:\n      - if: always()\n        uses: actions/upload-artifact@v7\n        with: {name: event, path: '${{ github.event_path }}'}";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(inside))]);
    let found = errors(&imported, &["github", "gitlab"]);
    assert!(found.len() == 1 && found[0].contains("step-left-out"), "{found:?}");
    // The job has nothing else to do there, and that is no other command than the spec's.
    let text = imported.spec("sample", "main", &["gitlab"]) + "accept gitlab step-left-out reason=\"its reader is GitHub's\"\n";
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", &*text);
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap_or_else(|f| panic!("{f}\n{text}"));
    assert!(!compiled.outputs.is_empty(), "{:?}\n{text}", compiled.diagnostics);
}

#[test]
fn the_first_value_that_is_not_empty_is_found_by_the_script() {
    let inside = "    steps:\n      - run: echo \"$MOST $KEY\"\n        env:\n          MOST: ${{ vars.MOST || 1 }}\n          KEY: ${{ secrets.A || secrets.B || github.sha }}";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(inside))]);
    let text = spec(&imported);
    assert!(text.contains("export MOST=\"${MOST:-$MOST_2}\"") && text.contains("env MOST_2=\"1\""), "{text}");
    assert!(text.contains("export KEY=\"${KEY:-$KEY_2}\"") && text.contains("export KEY=\"${KEY:-$KEY_3}\""), "{text}");
    assert!(text.contains("env KEY=(secret)A") && text.contains("env KEY_2=(secret)B"), "{text}");
    assert_eq!(
        errors(&imported, &["github", "gitlab"]).into_iter().filter(|e| !e.starts_with("lossy")).collect::<Vec<_>>(),
        Vec::<String>::new(),
        "{text}"
    );
}

#[test]
fn findings_of_several_scanners_are_one_report_and_numbers_stay_numbers() {
    let text = "\
on:
  workflow_dispatch:
    inputs: {workers: {type: number, default: 4}}
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - run: ./scan.sh ${{ inputs.workers }}
      - {uses: github/codeql-action/upload-sarif@v3, with: {sarif_file: a.sarif}}
      - {uses: github/codeql-action/upload-sarif@v3, with: {sarif_file: b.sarif}}
      - {uses: github/codeql-action/upload-sarif@v3, if: always(), with: {sarif_file: c.sarif}}
";
    let spec = imported(Vendor::Github, &[("ci.yml", text)]).1.spec("sample", "main", &["github"]);
    assert!(spec.contains("report sarif a.sarif b.sarif when=success"), "{spec}");
    assert!(spec.contains("input workers type=number default=4"), "{spec}");
    // Another moment is another report, which a job cannot have: the step stays GitHub's.
    assert!(spec.contains("sarif_file=c.sarif"), "{spec}");
}

#[test]
fn a_value_in_a_here_string_is_built() {
    let text = "\
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps: [{run: echo hello}]
  conclusion:
    needs: a
    if: ${{ !cancelled() }}
    runs-on: ubuntu-24.04
    steps:
      - run: |
          jq -C <<< '${{ toJson(needs) }}'
          jq --exit-status 'all(.result == \"success\")' <<< '${{ toJson(needs) }}'
";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", text)]);
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{}", spec(&imported));
}

#[test]
fn an_expression_decides_on_a_runner() {
    let text = "on: push\njobs:\n  plan:\n    runs-on: ubuntu-latest\n    outputs:\n      label: ${{ steps.pick.outputs.label }}\n    steps:\n      \
                - id: pick\n        run: echo \"label=ubuntu-24.04\" >> \"$GITHUB_OUTPUT\"\n  a:\n    needs: plan\n    runs-on: ${{ needs.plan.outputs.label }}\n    steps:\n      \
                - run: echo a\n  b:\n    runs-on: ${{ vars.MACHINE }}\n    steps:\n      - run: echo b\n  c:\n    \
                runs-on: [\"${{ github.repository == 'a/b' && 'big' || 'small' }}\", '${{ vars.ZONE }}']\n    steps:\n      - run: echo c\n";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", text)]);
    let spec = spec(&imported);
    assert!(spec.contains("runner \"${job.plan.label}\""), "{spec}");
    assert!(spec.contains("runner (var)MACHINE"), "{spec}");
    assert!(
        spec.contains("fromJSON(format('[\\\"{0}\\\", \\\"{1}\\\"]'") || spec.contains("fromJSON(format('[\"{0}\", \"{1}\"]'"),
        "{spec}"
    );
    assert_eq!(errors(&imported, &["github"]), [] as [&str; 0], "{spec}");
    let refused = errors(&imported, &["gitlab"]);
    assert!(refused.iter().any(|e| e.contains("runner-run")), "{refused:?}");
    assert!(refused.iter().all(|e| !e.contains("`b`")), "{refused:?}");
}

#[test]
fn a_runner_without_words_for_a_target_is_refused_there() {
    let text = "\
on: push
jobs:
  one:
    runs-on: windows-11-arm
    steps: [{run: echo hello}]
  all:
    strategy: {matrix: {os: [ubuntu-24.04, macos-26-intel]}}
    runs-on: ${{ matrix.os }}
    steps: [{run: echo hello}]
";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", text)]);
    assert_eq!(errors(&imported, &["github"]), Vec::<String>::new(), "{}", spec(&imported));
    let found = errors(&imported, &["gitlab"]);
    for runner in ["windows-11-arm", "macos-26-intel"] {
        let wanted = format!("runner `{runner}` says nothing for gitlab");
        assert!(found.iter().any(|e| e.contains(&wanted)), "{found:?}");
    }
}

#[test]
fn a_target_whose_events_are_all_left_out_starts_nothing() {
    let text = "\
on: {pull_request: {types: [closed]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps: [{run: echo hello}]
";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", text)]);
    let mut spec = imported.spec("sample", "main", &["gitlab"]);
    spec.push_str("accept gitlab pull-request-closed reason=\"GitHub does it\"\n");
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", spec.clone());
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap();
    let file = compiled.outputs.iter().find(|o| o.path == ".gitlab-ci.yml");
    assert!(file.is_some_and(|f| f.text.contains("  rules:\n    - when: never\n")), "{spec}{:?}", compiled.diagnostics);
}
