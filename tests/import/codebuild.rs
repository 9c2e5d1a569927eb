//! CodeBuild: phases become one shell, a batch becomes jobs.

use std::path::Path;

use pipewright::base::source::SourceMap;
use pipewright::front::ledger::{Fate, Ledger};
use pipewright::front::{Imported, Vendor, import};

use super::account::keys;
use super::imported;

fn spec(text: &str) -> String {
    imported(Vendor::Codebuild, &[("buildspec.yml", text)]).1.spec("sample", "main", &["github"])
}

fn lost(imported: &Imported) -> Vec<&str> {
    imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_))).map(|k| k.path.as_str()).collect()
}

const BUILD: &str = "\
version: 0.2
env:
  variables: {STAGE: beta}
  parameter-store: {TOKEN: /shop/token}
  exported-variables: [IMAGE_TAG]
phases:
  install:
    on-failure: ABORT
    runtime-versions: {python: 3.x, docker: 20}
    commands: [pip install -r requirements.txt]
  pre_build:
    commands: ['export IMAGE_TAG=$(git describe)']
  build:
    on-failure: RETRY-2
    run-as: builder
    commands: [make test]
  post_build:
    commands:
      - test $CODEBUILD_BUILD_SUCCEEDING = 1 && make push
artifacts:
  files: [app.zip, $HOME/x]
  secondary-artifacts:
    docs: {base-directory: site, files: '**/*'}
reports:
  cover: {files: [cover.xml], file-format: CLOVERXML}
  trx: {files: [out.trx], file-format: VISUALSTUDIOTRX}
proxy: {upload-artifacts: yes}
";

#[test]
fn a_buildspec_is_one_job() {
    let (_, imported) = imported(Vendor::Codebuild, &[("buildspec.yml", BUILD)]);
    let spec = imported.spec("sample", "main", &["github"]);
    for line in [
        "secret TOKEN",
        "        manual",
        "retry 2",
        "env STAGE=beta",
        "env TOKEN=(secret)TOKEN",
        "output image-tag",
        "        docker",
        "toolchain python=\"3\"",
        "post_build() {",
        "CODEBUILD_BUILD_SUCCEEDING=$(($? == 0))",
        "trap post_build EXIT",
        "produces build app.zip",
        "produces build-docs \"site/\"",
        "report coverage cover.xml format=clover",
        "produces build-trx out.trx when=always",
    ] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    let before = spec.find("export IMAGE_TAG").unwrap();
    assert!(before < spec.find("trap post_build").unwrap() && spec.find("trap post_build") < spec.find("make test"), "{spec}");
    assert_eq!(
        lost(&imported),
        ["phases.build.run-as", "artifacts.files", "reports.trx.file-format", "proxy", "proxy.upload-artifacts"]
    );
    assert_eq!(Ledger::tally(imported.ledger.keys()).all(), keys(&serde_yaml::from_str(BUILD).unwrap()));
    assert!(imported.remarks[0].text.contains("no events"));
}

const BATCH: &str = "\
version: 0.2
batch:
  fast-fail: true
  build-graph:
    - identifier: unit_tests
      buildspec: ci/unit.yml
      env: {compute-type: BUILD_GENERAL1_LARGE, privileged-mode: true, variables: {LEVEL: full}}
    - identifier: windows
      env: {type: WINDOWS_SERVER_2022_CONTAINER}
      ignore-failure: true
    - identifier: pack
      depend-on: [unit_tests, nothing]
      buildspec: ci/gone.yml
      env: {image: 'node:22'}
phases:
  build: {commands: [make]}
";
const UNIT: &str = "version: 0.2\nenv: {variables: {LEVEL: quick}}\nphases:\n  build: {commands: [make unit]}\n";

#[test]
fn a_batch_is_jobs() {
    let sources = SourceMap::new();
    let id = sources.add("buildspec.yml", BATCH);
    sources.add("ci/unit.yml", UNIT);
    let imported = import(&sources, &[id], Vendor::Codebuild, Path::new("."));
    let spec = imported.spec("sample", "main", &["github"]);
    let of = |job: &str| spec.split(&format!("job {job} {{\n")).nth(1).unwrap().split("\n    }").next().unwrap().to_owned();
    let unit = of("unit-tests");
    assert!(unit.contains("docker") && unit.contains("LEVEL=full") && unit.contains("make unit"), "{spec}");
    assert!(!spec.contains("quick"), "{spec}");
    assert!(of("windows").contains("runner windows") && of("windows").contains("allow-failure"), "{spec}");
    // Nothing goes on as if it had run.
    let pack = of("pack");
    assert!(pack.contains("needs unit-tests") && pack.contains("image node:22") && pack.contains("exit 1"), "{spec}");
    assert_eq!(lost(&imported), ["batch.build-graph[2].depend-on", "batch.build-graph[2].buildspec"]);
    let all = keys(&serde_yaml::from_str(BATCH).unwrap()) + keys(&serde_yaml::from_str(UNIT).unwrap());
    assert_eq!(Ledger::tally(imported.ledger.keys()).all(), all);
}

#[test]
fn a_matrix_has_axes_and_jobs() {
    let spec = spec(
        "version: 0.2\nbatch:\n  build-matrix:\n    static: {ignore-failure: true, env: {privileged-mode: true}}\n    dynamic:\n      env:\n        image: ['node:20', 'node:22']\n        variables: {LEVEL: [a, b]}\nphases:\n  build: {commands: [make]}\n",
    );
    assert_eq!(spec.matches("axis level a b").count(), 2, "{spec}");
    assert!(spec.contains("env LEVEL=\"${matrix.level}\"") && spec.contains("image node:20"), "{spec}");
    assert_eq!(spec.matches("        docker\n").count(), 2, "{spec}");
}

#[test]
fn odd_text_is_no_crash() {
    for text in [
        "",
        "x",
        "- a",
        "phases: x\n",
        "phases: {build: x, strange: {commands: [a]}}\n",
        "phases: {build: {commands: {a: b}, finally: [], on-failure: 3}}\nenv: []\nartifacts: x\nreports: {a: b}\ncache: {paths: x}\n",
        "batch: {build-list: [{}, x, {buildspec: ../../etc/passwd}]}\n",
        "batch: {build-graph: x}\n",
        "batch: {build-matrix: {dynamic: {buildspec: [a, b], env: {image: x}}}}\n",
        "version: {{ version }}\n",
    ] {
        let _ = spec(text);
    }
}

const STACK: &str = "\
Parameters:
  Connection: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/connection}
  Branch: {Type: String, Default: main}
Resources:
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: !Sub '${AWS::StackName}-build'
      ServiceRole: !GetAtt Role.Arn
      Source:
        Type: GITHUB
        Location: https://github.com/example/shop.git
        BuildSpec: ci/unit.yml
        Auth: {Type: CODECONNECTIONS, Resource: !Ref Connection}
      Environment:
        Type: LINUX_CONTAINER
        Image: aws/codebuild/standard:7.0
        ComputeType: BUILD_GENERAL1_LARGE
        PrivilegedMode: true
        EnvironmentVariables:
          - {Name: LEVEL, Value: full}
          - {Name: TOKEN, Type: SECRETS_MANAGER, Value: shop/token}
      TimeoutInMinutes: 30
      Triggers:
        Webhook: true
        FilterGroups:
          - - {Type: EVENT, Pattern: 'PUSH, PULL_REQUEST_MERGED'}
            - {Type: HEAD_REF, Pattern: !Sub '^refs/heads/${Branch}$'}
            - {Type: FILE_PATH, Pattern: '^src/'}
          - - {Type: EVENT, Pattern: PUSH}
            - {Type: COMMIT_MESSAGE, Pattern: go}
  Weekly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: cron(30 4 ? * 2 *)
      Targets: [{Arn: !GetAtt Build.Arn, Id: build, RoleArn: !GetAtt Role.Arn}]
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 hour)
      Targets: [{Arn: !GetAtt Build.Arn, Id: build, RoleArn: !GetAtt Role.Arn}]
  Other:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: cron(0 0 * * ? *)
      Targets: [{Arn: !GetAtt Function.Arn, Id: other}]
";

#[test]
fn a_project_says_when_its_buildspec_runs() {
    let sources = SourceMap::new();
    let files = [sources.add("template.yml", STACK), sources.add("ci/unit.yml", UNIT)];
    let imported = import(&sources, &files, Vendor::Codebuild, Path::new("."));
    let spec = imported.spec("sample", "main", &["codebuild"]);
    for line in [
        "repository=\"example/shop\"",
        "connection=(var)CONNECTION",
        "compute=large",
        "push main {\n            paths \"src/**\"",
        "head main",
        "types merged",
        "schedule weekly \"30 4 * * 1\"",
        "timeout \"30m\"",
        "docker",
        "env LEVEL=full",
        "env TOKEN=(secret)TOKEN",
        "run \"make unit\"",
    ] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    // The buildspec is the project's, and no workflow beside it.
    assert_eq!(spec.matches("workflow ").count(), 1, "{spec}");
    let lost = lost(&imported);
    let of = |end: &str| lost.iter().any(|path| path.ends_with(end));
    assert!(of("FilterGroups") && of("Hourly.Properties.ScheduleExpression") && of("Build.Properties.ServiceRole"), "{lost:?}");
    assert!(!lost.iter().any(|path| path.contains("Weekly") || path.contains("Other")), "{lost:?}");
}
