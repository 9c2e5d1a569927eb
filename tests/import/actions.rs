//! Actions of GitHub that other vendors can do: artifacts, outputs of steps, and the commands that stand for an action.

use std::path::Path;

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::ledger::Fate;
use pipewright::front::{Imported, Vendor};
use pipewright::render::Renderer;

use super::{imported, job};

/// The file that a spec compiles to for a target, with some losses accepted; the first whose name ends so.
fn built(imported: &Imported, target: &str, accepted: &[&str], end: &str) -> String {
    let sources = SourceMap::new();
    let accepts = accepted.iter().map(|loss| format!("accept {target} {loss} reason=\"a test\"\n"));
    let spec = format!("{}{}", imported.spec("sample", "main", &[target]), accepts.collect::<String>());
    let id = sources.add("pipeline.kdl", spec);
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap();
    let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| &d.message).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{}", imported.spec("sample", "main", &[target]));
    let file = compiled.outputs.iter().find(|o| o.path.ends_with(end));
    file.map(|o| o.text.clone()).unwrap_or_default()
}

#[test]
fn a_job_reads_the_outputs_that_it_writes_itself() {
    let inside = "    steps:
      - uses: actions/checkout@v4
      - id: v
        run: echo \"v=1\" >> \"$GITHUB_OUTPUT\"
      - if: steps.v.outputs.v == '1'
        env: {LEVEL: '${{ steps.v.outputs.v }}'}
        run: make
      - run: make ${{ steps.v.outputs.v }}";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(inside))]);
    let read = "- UNIT_V=$(sed -n 's/^v=//p' \"$PIPEWRIGHT_OUTPUT\" | tail -n 1)";
    let gitlab = built(&imported, "gitlab", &[], ".gitlab-ci.yml");
    assert!(gitlab.contains(&format!("{read}\n    - |-\n      if [ \"$UNIT_V\" = 1 ]; then")), "{gitlab}");
    // No step between them writes it again.
    assert_eq!(gitlab.matches("UNIT_V=$(sed").count(), 1, "{gitlab}");
    assert!(
        gitlab.contains("      fi\n    - make \"${UNIT_V}\"") || gitlab.contains("      fi\n    - make ${UNIT_V}"),
        "{gitlab}"
    );
}

const CELLS: &str = "\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    strategy: {matrix: {os: [linux, mac]}}
    steps:
      - uses: actions/checkout@v4
      - run: make ${{ matrix.os }}
      - name: Keep the package
        uses: actions/upload-artifact@v4
        with: {name: 'pkg-${{ matrix.os }}', path: \"dist/*.tar\\ndist/${{ matrix.os }}.txt\"}
      - uses: actions/upload-artifact@v4
        with: {name: 'log-${{ matrix.os }}-${{ github.sha }}', path: /tmp/a.log}
      - uses: actions/upload-artifact@v4
        if: matrix.os == 'linux'
        with: {name: extra, path: extra}
      - uses: actions/upload-artifact@v4
        with: {name: 'docs-${{ matrix.os }}', path: docs/}
  one:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {name: pkg-linux, path: in/}
      - uses: actions/download-artifact@v4
        with: {pattern: 'log-*-${{ github.sha }}', path: '${{ runner.temp }}/logs'}
      - uses: actions/download-artifact@v4
        with: {pattern: 'docs-*', path: docs, merge-multiple: true}
";

#[test]
fn one_cell_s_artifact_is_found_by_its_name() {
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", CELLS)]);
    let text = imported.spec("sample", "main", &["github"]);
    for part in [
        "run name=\"Keep the package\"",
        "FOLDER=\"$PWD/.artifacts/pkg/pkg-${matrix.os}\"",
        "cd \"dist\"",
        "for FILE in *.tar ${matrix.os}.txt; do",
        "FOLDER=\"$PWD/.artifacts/log/log-${matrix.os}-${commit.sha}\"",
        "run name=\"Collect extra\" if=\"matrix.os == 'linux'\"",
        "produces pkg \".artifacts/pkg/\"\n",
        "produces extra \".artifacts/extra/\" when=always",
        "produces docs \"docs/\"\n",
        "consumes pkg log docs\n",
        "cp -R \".artifacts/pkg/pkg-linux/.\" \"in\"",
        "for FOLDER in .artifacts/log/log-*-${commit.sha}; do if [ -d \"$FOLDER\" ]; then cp -R \"$FOLDER\" \"/tmp/logs/\"; fi; done",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let kept = imported.ledger.keys().iter().filter(|k| !matches!(k.fate(), Fate::Exact | Fate::Emulated(_)));
    assert_eq!(kept.count(), 0, "{text}");
    for target in ["github", "gitlab"] {
        built(&imported, target, &[], "");
    }
}

#[test]
fn what_only_github_finds_is_uploaded_in_its_way_too() {
    let text =
        CELLS.replace("name: pkg-linux, path: in/", "name: pkg-linux, run-id: '7'").replace("path: /tmp/a.log", "path: ~/a.log");
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &text)]);
    let text = imported.spec("sample", "main", &["github"]);
    // The upload has a path of the home folder, so the download by a pattern finds it where GitHub has it.
    assert!(!text.contains("produces log") && text.contains("consumes docs\n"), "{text}");
    assert!(text.contains("produces pkg \"dist/*.tar\"") || text.contains("produces pkg \".artifacts/pkg/\""), "{text}");
}

const TOKEN: &str = "    steps:
      - uses: actions/checkout@v4
      - id: app
        uses: actions/create-github-app-token@v2
        with: {app-id: 12, private-key: '${{ secrets.KEY }}', owner: me, repositories: 'a, b', permission-pull-requests: write}
      - run: gh pr list
        env: {GH_TOKEN: '${{ steps.app.outputs.token }}'}
      - if: steps.app.outputs.token != ''
        run: gh issue list";

#[test]
fn what_an_action_gives_later_steps_stands_in_a_file_elsewhere() {
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(TOKEN))]);
    let text = imported.spec("sample", "main", &["github"]);
    let kept = imported.ledger.keys().iter().filter(|k| !matches!(k.fate(), Fate::Exact | Fate::Emulated(_)));
    assert_eq!(kept.count(), 0, "{text}");
    assert!(text.contains("value app-token {\n    github steps.app.outputs.token\n    file \"/tmp/app-token\"\n}"), "{text}");
    let gitlab = built(&imported, "gitlab", &[], ".gitlab-ci.yml");
    for part in [
        "export APP_KEY=\"$KEY\"",
        "ID=$(asked \"https://api.github.com/repos/me/a/installation\" |",
        "--data '{\"repositories\":[\"a\",\"b\"],\"permissions\":{\"pull_requests\":\"write\"}}'",
        "(umask 077 && printf %s \"$TOKEN\" > /tmp/app-token)",
        "- VALUE_APP_TOKEN=$(cat /tmp/app-token 2> /dev/null || true)\n    - |-\n      (\n        export GH_TOKEN=\"$VALUE_APP_TOKEN\"",
        "if [ \"$VALUE_APP_TOKEN\" != '' ]; then",
    ] {
        assert!(gitlab.contains(part), "{part}\n{gitlab}");
    }
    let github = built(&imported, "github", &[], ".yml");
    assert!(github.contains("GH_TOKEN: ${{ steps.app.outputs.token }}") && !github.contains("into"), "{github}");
}

#[test]
fn a_value_of_a_file_is_asked_for_outside_of_steps() {
    let spec = "pipeline sample { language 1 }
target gitlab
value token { github \"steps.app.outputs.token\"; file \"/tmp/token\" }
workflow ci {
    on { push main }
    job build { concurrency \"x-${value.token}\"; run \"make > /tmp/token\"; run \"make ${value.token}\" }
}
";
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", spec);
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap();
    let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    assert!(errors.iter().all(|d| d.rule == "lossy" && d.message.contains("value-own")) && errors.len() == 1, "{errors:#?}");
}

/// The script of the body for GitLab that stands for one step.
fn body(step: &str) -> String {
    let (_, imported) =
        imported(Vendor::Github, &[("ci.yml", &job(&format!("    steps:\n      - uses: actions/checkout@v4\n{step}")))]);
    let kept = imported.ledger.keys().iter().find(|k| !matches!(k.fate(), Fate::Exact | Fate::Emulated(_)));
    let text = imported.spec("sample", "main", &["github"]);
    assert!(kept.is_none_or(|k| matches!(k.fate(), Fate::Own(_))), "{text}");
    text
}

#[test]
fn programs_come_from_the_pages_of_their_makers() {
    for (step, parts) in [
        (
            "      - uses: fwilhe2/setup-kotlin@v2\n        with: {version: 2.3.21}",
            vec!["releases/download/v2.3.21/kotlin-compiler-2.3.21.zip", "unzip -qo /tmp/kotlin.zip -d /usr/local/lib"],
        ),
        (
            "      - uses: helm/chart-testing-action@v2\n        with: {version: v3.14.0}",
            vec!["VERSION=3.14.0", "cp /usr/local/lib/ct/etc/*.yaml /etc/ct/", "pip install yamllint yamale"],
        ),
        (
            "      - uses: arduino/setup-protoc@v3\n        with: {version: '21.6', repo-token: '${{ github.token }}'}",
            vec!["VERSION=\"21.6\"", "protoc-$VERSION-linux-x86_64.zip"],
        ),
        (
            "      - uses: actions/setup-node@v4\n        with: {node-version-file: .nvmrc, cache: yarn}",
            vec!["bash -s install \"$(tr -d ' v' < \".nvmrc\")\""],
        ),
        (
            "      - uses: goreleaser/goreleaser-action@v6\n        with: {version: '~> v2', args: release --snapshot --clean}",
            vec!["goreleaser/v2@latest", "run \"goreleaser release --snapshot --clean\""],
        ),
        (
            "      - uses: hashicorp/setup-terraform@v3\n        with: {cli_config_credentials_token: '${{ secrets.TF }}'}",
            vec!["checkpoint-api.hashicorp.com", "env TERRAFORM_TOKEN=(secret)TF", "token = \"%s\""],
        ),
        (
            "      - uses: taiki-e/install-action@v2\n        with: {tool: 'cargo-hack,wasmtime@46.0.1'}",
            vec!["cargo install --locked cargo-hack wasmtime-cli@46.0.1"],
        ),
        (
            "      - uses: obi1kenobi/cargo-semver-checks-action@v2\n        with: {package: a, release-type: minor, feature-group: only-explicit-features, features: x}",
            vec![
                "cargo semver-checks check-release --package \"a\" --release-type \"minor\" --only-explicit-features --features \"x\"",
            ],
        ),
        (
            "      - uses: JamesIves/github-pages-deploy-action@v4\n        with: {token: '${{ secrets.WEB }}', folder: out, repository-name: me/site, branch: master, target-folder: doc/}",
            vec![
                "git clone --depth 1 --branch \"master\" \"https://x-access-token:$PAGES_TOKEN@github.com/me/site.git\"",
                "cp -R \"out/.\" \"/tmp/pages/doc\"",
            ],
        ),
        ("      - uses: jlumbroso/free-disk-space@main\n        with: {android: true}", vec!["for gitlab codebuild"]),
    ] {
        let text = body(step);
        for part in parts {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}

#[test]
fn what_publishes_with_github_s_own_token_stays_its_own() {
    let step = "      - uses: goreleaser/goreleaser-action@v6\n        with: {args: release --clean}\n        env: {GITHUB_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}";
    assert!(!body(step).contains("for gitlab"), "{}", body(step));
}

#[test]
fn the_digest_of_a_build_is_handed_on() {
    let inside = "    steps:
      - uses: actions/checkout@v4
      - id: push
        uses: docker/build-push-action@v6
        with: {context: ., push: true, tags: me/a, annotations: 'a=b'}
      - run: cosign sign \"me/a@${{ steps.push.outputs.digest }}\"";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(inside))]);
    let gitlab = built(&imported, "gitlab", &[], ".gitlab-ci.yml");
    for part in [
        "docker buildx build --tag \"me/a\" --annotation \"a=b\" --push --metadata-file /tmp/build.json \".\"",
        "> /tmp/push-digest",
        "VALUE_PUSH_DIGEST=$(cat /tmp/push-digest 2> /dev/null || true)",
    ] {
        assert!(gitlab.contains(part), "{part}\n{gitlab}");
    }
}

#[test]
fn uses_that_no_input_can_tell_apart_are_actions_of_their_own() {
    let steps = "      - uses: codecov/codecov-action@v5\n        with: {files: a.xml}\n      - uses: codecov/codecov-action@v5\n        with: {files: 'b.xml, c.xml'}\n      - uses: codecov/codecov-action@v5\n        with: {files: a.xml}";
    let text = body(steps);
    assert_eq!(text.matches("action codecov-action").count(), 2, "{text}");
    assert!(text.contains("--file \"a.xml\"") && text.contains("--file \"b.xml\" --file \"c.xml\""), "{text}");
    let calls: Vec<&str> = text.lines().map(str::trim).filter(|l| l.starts_with("codecov-action")).collect();
    assert_eq!(calls, ["codecov-action", "codecov-action-2", "codecov-action"], "{text}");
}

#[test]
fn what_begins_with_a_dot_is_no_part_of_an_upload() {
    let of = |path: &str, more: &str| {
        let steps = format!(
            "    steps:\n      - uses: actions/checkout@v4\n      - run: make\n      - uses: actions/upload-artifact@v4\n        with: {{name: all, path: '{path}'{more}}}"
        );
        imported(Vendor::Github, &[("ci.yml", &job(&steps))]).1
    };
    let spec = |i: &Imported| i.spec("sample", "main", &["github", "gitlab"]);
    let gone = "find \"$FOLDER\" -mindepth 1 -name '.*' -prune";
    // The whole root would bring the history along.
    let whole = spec(&of(".", ""));
    assert!(whole.contains("tar -cf - --exclude=./.artifacts .") && whole.contains(gone), "{whole}");
    assert!(!spec(&of(".", ", include-hidden-files: true")).contains(gone));
    let folder = of("dist/", "");
    assert!(
        spec(&folder).contains("produces all \"dist/\"") || spec(&folder).contains("produces all dist/"),
        "{}",
        spec(&folder)
    );
    let path = folder.ledger.keys().iter().find(|k| k.path.ends_with("with.path")).unwrap().fate();
    assert!(matches!(&path, Fate::Emulated(why) if why.contains("dot")), "{path:?}");
}
