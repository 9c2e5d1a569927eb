//! CodePipeline: templates of CloudFormation become workflows.

use std::path::Path;

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::ledger::{Fate, Ledger};
use pipewright::front::{Imported, Vendor};
use pipewright::render::Renderer;

use super::account::keys;
use super::imported;

fn read(text: &str) -> Imported {
    imported(Vendor::Codepipeline, &[("pipeline.yml", text)]).1
}

fn spec(text: &str) -> String {
    read(text).spec("sample", "main", &["codepipeline"])
}

fn lost(imported: &Imported) -> Vec<String> {
    let short = |path: &str| path.rsplit("Stages").next().unwrap_or(path).to_owned();
    imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_))).map(|k| short(&k.path)).collect()
}

/// A template with these stages behind its source.
fn template(stages: &str) -> String {
    format!(
        "Resources:\n  Shop:\n    Type: AWS::CodePipeline::Pipeline\n    Properties:\n      RoleArn: !GetAtt Role.Arn\n      Stages:\n        - Name: Source\n          Actions:\n            - Name: Code\n              ActionTypeId: {{Category: Source, Owner: ThirdParty, Provider: GitHub, Version: '1'}}\n              Configuration: {{Owner: example, Repo: shop, Branch: trunk, OAuthToken: '{{{{resolve:secretsmanager:x}}}}'}}\n              OutputArtifacts: [{{Name: Code}}]\n{stages}  Bucket:\n    Type: AWS::S3::Bucket\n"
    )
}

fn action(name: &str, kind: &str, provider: &str, order: u32, rest: &str) -> String {
    format!(
        "            - Name: {name}\n              RunOrder: {order}\n              ActionTypeId: {{Category: {kind}, Owner: AWS, Provider: {provider}, Version: '1'}}\n{rest}"
    )
}

#[test]
fn order_in_a_stage_is_needs_and_an_approval_holds_what_comes_behind() {
    let stages = format!(
        "        - Name: Ship\n          Actions:\n{}{}{}{}",
        action("Check", "Compute", "Commands", 1, "              Commands: [make check]\n"),
        action("Lint", "Compute", "Commands", 1, "              Commands: [make lint]\n"),
        action(
            "Go",
            "Approval",
            "Manual",
            2,
            "              Configuration: {CustomData: \"Ship #{SourceVariables.CommitId}?\"}\n"
        ),
        action("Send", "Compute", "Commands", 3, "              Commands: [make send]\n"),
    );
    let text = template(&stages);
    let imported = read(&text);
    let spec = imported.spec("sample", "main", &["codepipeline"]);
    for line in [
        "target codepipeline connection=(var)CONNECTION_ARN repository=\"example/shop\"",
        "on { push trunk; manual }",
        "message \"Ship ${commit.sha}?\"",
        "job send {\n            needs check lint\n            requires go\n            run \"make send\"",
    ] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    assert!(lost(&imported).is_empty(), "{:?}", lost(&imported));
    let tally = Ledger::tally(imported.ledger.keys());
    assert_eq!(tally.all() + tally.beside, keys(&serde_yaml::from_str(&text).unwrap()));
    // The bucket stays in the stack.
    assert_eq!(tally.beside, 2);
}

#[test]
fn what_aws_alone_knows_fails_in_its_place() {
    let stages = format!(
        "        - Name: Ship\n          BeforeEntry: {{Conditions: [{{Result: FAIL}}]}}\n          Actions:\n{}",
        action("Call", "Test", "DeviceFarm", 1, "              Configuration: {Stack: !Ref Stack}\n")
    );
    let imported = read(&template(&stages));
    let spec = imported.spec("sample", "main", &["github"]);
    assert!(spec.contains("requires entry-of-ship") && spec.contains("exit 1"), "{spec}");
    assert!(lost(&imported).contains(&"[1].Actions[0].Configuration.Stack".to_owned()), "{:?}", lost(&imported));
    assert!(lost(&imported).contains(&"[1].BeforeEntry".to_owned()), "{:?}", lost(&imported));
}

#[test]
fn a_check_before_a_stage_is_what_its_jobs_are_there_for() {
    let stage = |rules: &str| {
        format!(
            "        - Name: Ship\n          BeforeEntry: {{Conditions: [{{Result: SKIP, Rules: [{rules}]}}]}}\n          Actions:\n{}",
            action("Send", "Compute", "Commands", 1, "              Commands: ['make send']\n")
        )
    };
    let rule = |variable: &str, operator: &str, value: &str| {
        let settings = format!("{{Variable: '#{{{variable}}}', Operator: {operator}, Value: '{value}'}}");
        format!(
            "{{Name: r, RuleTypeId: {{Category: Rule, Owner: AWS, Provider: VariableCheck, Version: '1'}}, Configuration: {settings}}}"
        )
    };
    let branch = "SourceVariables.BranchName";
    let imported = read(&template(&stage(&rule(branch, "MATCHES", "^release/.*$"))));
    let spec = imported.spec("sample", "main", &["github", "codepipeline"]);
    assert!(spec.contains("stage ship {\n        only { branch \"release/**\" }"), "{spec}");
    assert!(!spec.contains("entry-of") && lost(&imported).is_empty(), "{spec}");
    assert!(errors(&spec).iter().all(|e| !e.contains("entry-of")), "{:?}", errors(&spec));
    // A run by hand has no tag: what reads one is there for tags only.
    let tagged = template(&stage(&rule("SourceVariables.TagName", "MATCHES", "^v.*$"))).replace(
        "      Stages:",
        "      Triggers: [{ProviderType: CodeStarSourceConnection, GitConfiguration: {SourceActionName: Source, Push: [{Tags: {Includes: ['*']}}]}}]\n      Stages:",
    );
    let spec = read(&tagged).spec("sample", "main", &["codepipeline"]);
    assert!(spec.contains("on { tag * }") && spec.contains("only { tag v** }"), "{spec}");
    // Two rules must both hold.
    let two = format!("{}, {}", rule(branch, "NE", "main"), rule("variables.Level", "EQ", "high"));
    let spec = read(&template(&stage(&two))).spec("sample", "main", &["github"]);
    assert!(spec.contains("except main") && spec.contains("if \"input.level == 'high'\""), "{spec}");
    // What only a run knows stays a gate that a person says.
    for rules in [rule(branch, "CONTAINS", "release"), rule("Build.TAG", "EQ", "x")] {
        let imported = read(&template(&stage(&rules)));
        assert!(imported.spec("sample", "main", &["github"]).contains("requires entry-of-ship"), "{rules}");
        assert!(lost(&imported).contains(&"[1].BeforeEntry".to_owned()), "{:?}", lost(&imported));
    }
}

/// The errors of a spec, by rule and message.
fn errors(spec: &str) -> Vec<String> {
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", spec);
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap_or_else(|f| panic!("{f}\n{spec}"));
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| format!("{}: {}", d.rule, d.message)).collect()
}

/// A stage that checks and then has a provider do something.
fn stage_of(provider: &str, rest: &str) -> String {
    format!(
        "        - Name: Ship\n          Actions:\n{}{}",
        action("Check", "Compute", "Commands", 1, "              Commands: [make check]\n"),
        action("Call", "Invoke", provider, 2, rest)
    )
}

#[test]
fn the_call_of_a_function_is_a_word_of_the_spec() {
    let call = |more: &str| {
        let rest = format!(
            "              Configuration: {{FunctionName: !Ref Function, UserParameters: '#{{SourceVariables.CommitId}}'}}\n{more}"
        );
        read(&template(&stage_of("Lambda", &rest)))
    };
    let imported = call("");
    let spec = imported.spec("sample", "main", &["codepipeline"]);
    let line = "needs check\n            lambda-call (var)FUNCTION input=\"${commit.sha}\"";
    assert!(spec.contains(line) && spec.contains("AWS_ROLE") && spec.contains("AWS_REGION"), "{spec}");
    assert!(errors(&spec).is_empty() && lost(&imported).is_empty(), "{:?} {:?}", errors(&spec), lost(&imported));
    let exact = |path: &str| imported.ledger.keys().iter().find(|k| k.path.ends_with(path)).unwrap().fate() == Fate::Exact;
    for path in ["Actions[1].ActionTypeId", "Actions[1].ActionTypeId.Owner", "Actions[1].Configuration.UserParameters"] {
        assert!(exact(path), "{path}");
    }
    // The command line calls it, too; what it cannot do is a loss of a name.
    let there = imported.spec("sample", "main", &["github"]);
    assert!(errors(&there).len() == 1 && errors(&there)[0].contains("lambda-answer"), "{:?}", errors(&there));
    assert!(errors(&(there + "accept github lambda-answer reason=\"it answers where it is asked\"\n")).is_empty());
    // Its region is said; files and what only a build knows are not.
    let far = call("              Region: eu-west-1\n");
    assert!(far.spec("sample", "main", &["codepipeline"]).contains("region=eu-west-1") && lost(&far).is_empty());
    let with_files = call("              InputArtifacts: [{Name: Code}]\n");
    assert!(with_files.spec("sample", "main", &["codepipeline"]).contains("exit 1"));
    let with_role = call("              RoleArn: arn:aws:iam::123456789012:role/call\n");
    assert!(with_role.spec("sample", "main", &["codepipeline"]).contains("Provider=Lambda"));
}

#[test]
fn an_action_of_the_vendor_s_own_stays_one() {
    let call = |more: &str| {
        let rest = format!(
            "              Configuration: {{StateMachineArn: !Ref Function, Input: '#{{codepipeline.PipelineExecutionId}}'}}\n{more}"
        );
        read(&template(&stage_of("StepFunctions", &rest)))
    };
    let imported = call("");
    let spec = imported.spec("sample", "main", &["codepipeline"]);
    for line in [
        "needs check\n            raw codepipeline {",
        "Provider=StepFunctions",
        "StateMachineArn=(var)FUNCTION",
        "variable FUNCTION",
    ] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    assert!(errors(&spec).is_empty(), "{:?}", errors(&spec));
    let kept = |i: &Imported, path: &str| {
        matches!(i.ledger.keys().iter().find(|k| k.path.ends_with(path)).unwrap().fate(), Fate::Kept(_))
    };
    for path in ["Actions[1].ActionTypeId", "Actions[1].ActionTypeId.Owner", "Actions[1].Configuration.Input"] {
        assert!(kept(&imported, path), "{path}");
    }
    assert!(lost(&imported).is_empty(), "{:?}", lost(&imported));
    // Nothing else can do it, and whoever goes without says so by name.
    let there = imported.spec("sample", "main", &["github"]);
    assert!(errors(&there).len() == 1 && errors(&there)[0].contains("raw-job"), "{:?}", errors(&there));
    assert!(errors(&(there + "accept github raw-job reason=\"it warms AWS up\"\n")).is_empty());
    // A role goes along; files and another region do not.
    let with_role = call("              RoleArn: arn:aws:iam::123456789012:role/call\n");
    assert!(with_role.spec("sample", "main", &["codepipeline"]).contains("RoleArn \"arn:aws:iam::123456789012:role/call\""));
    assert!(kept(&with_role, "Actions[1].RoleArn") && lost(&with_role).is_empty());
    for more in ["              InputArtifacts: [{Name: Code}]\n", "              Region: eu-west-1\n"] {
        assert!(call(more).spec("sample", "main", &["codepipeline"]).contains("exit 1"), "{more}");
    }
}

#[test]
fn the_source_is_brought_to_aws_by_its_command_line() {
    let input = "              InputArtifacts: [{Name: Code}]\n";
    let deploy = |provider: &str, second: &str| {
        let rest = format!("{input}              Configuration: {{ApplicationName: shop, {second}: live}}\n");
        action(&format!("To{provider}"), "Deploy", provider, 1, &rest)
    };
    let stages = format!(
        "        - Name: Ship\n          Actions:\n{}{}{}",
        deploy("CodeDeploy", "DeploymentGroupName"),
        deploy("ElasticBeanstalk", "EnvironmentName"),
        deploy("OpsWorks", "StackId")
    );
    let text =
        template(&stages).replace("      RoleArn:", "      ArtifactStore: {Type: S3, Location: !Ref Bucket}\n      RoleArn:");
    let imported = read(&text);
    let spec = imported.spec("sample", "main", &["github"]);
    for line in [
        "git archive --format=zip -o /tmp/revision.zip HEAD",
        "s3://${var.BUCKET}/$key",
        "aws deploy create-deployment --application-name shop --deployment-group-name live",
        "aws deploy wait deployment-successful",
        "aws elasticbeanstalk update-environment --environment-name live",
        "variable BUCKET",
    ] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    // What only AWS knows is told as before, and so is one that says more than the command line can.
    assert!(lost(&imported).iter().all(|path| path.starts_with("[1].Actions[2]")), "{:?}", lost(&imported));
    let more = read(&text.replace("DeploymentGroupName: live", "DeploymentGroupName: live, Other: x"));
    assert!(lost(&more).contains(&"[1].Actions[0].Configuration.Other".to_owned()), "{:?}", lost(&more));
}

const FUNCTIONS: &str = r##"{
  "Parameters": {"Env": {"Type": "String", "Default": "beta"}, "Unused": {"Type": "String"}},
  "Conditions": {"IsBeta": {"Fn::Equals": [{"Ref": "Env"}, "beta"]}},
  "Resources": {
    "P": {"Type": "AWS::CodeBuild::Project", "Properties": {"Name": {"Fn::Sub": "${Env}-build"}, "TimeoutInMinutes": 7,
      "Environment": {"Image": "aws/codebuild/standard:7.0", "Type": "ARM_CONTAINER", "PrivilegedMode": true,
        "EnvironmentVariables": [{"Name": "LEVEL", "Value": {"Ref": "Env"}}, {"Name": "KEY", "Type": "SECRETS_MANAGER", "Value": "k"}]},
      "Source": {"Type": "CODEPIPELINE", "BuildSpec": {"Fn::Join": ["\n", ["version: 0.2", "phases: {build: {commands: [make]}}"]]}}}},
    "Rule": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "cron(0 3 ? * 2-6 *)", "Targets": [{"Arn": {"Ref": "Shop"}}]}},
    "Shop": {"Type": "AWS::CodePipeline::Pipeline", "Properties": {
      "Variables": [{"Name": "Level", "DefaultValue": "low", "Description": "How much"}],
      "Triggers": [{"ProviderType": "CodeStarSourceConnection", "GitConfiguration": {"SourceActionName": "Code",
        "Push": [{"Branches": {"Includes": ["main"], "Excludes": ["wip"]}, "FilePaths": {"Includes": ["src/**"]}}, {"Tags": {"Includes": ["v*"]}}],
        "PullRequest": [{"Events": ["OPEN", "UPDATED"], "Branches": {"Includes": ["main"]}}]}}],
      "Stages": [
        {"Name": "Build", "Actions": [
          {"Fn::If": ["IsBeta", {"Name": "Pack", "ActionTypeId": {"Category": "Build", "Owner": "AWS", "Provider": "CodeBuild", "Version": "1"},
            "Configuration": {"ProjectName": "beta-build", "EnvironmentVariables": "[{\"name\":\"LEVEL\",\"value\":\"#{variables.Level}\"}]"}},
            {"Ref": "AWS::NoValue"}]}]}]}}
  }
}"##;

#[test]
fn functions_of_the_stack_are_worked_out() {
    let imported = read(FUNCTIONS);
    let spec = imported.spec("sample", "main", &["github"]);
    for line in [
        "push main {\n            except wip\n            paths \"src/**\"",
        "tag v*",
        "pull-request main {\n            types opened reopened updated",
        "schedule rule \"0 3 * * 1-5\"",
        "input level default=low description=\"How much\"",
        "timeout \"7m\"",
        "runner linux-arm",
        "        docker",
        "env LEVEL=\"${input.level}\"",
        "env KEY=(secret)KEY",
        "run make",
    ] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    assert!(lost(&imported).is_empty(), "{:?}", lost(&imported));
}

#[test]
fn odd_text_is_no_crash() {
    let deep = format!(
        "Resources: {{P: {{Type: AWS::CodePipeline::Pipeline, Properties: {{Stages: {}x{}}}}}}}",
        "!If [c, ".repeat(30),
        ", y]".repeat(30)
    );
    for text in [
        "",
        "x",
        "Resources: []\n",
        "Resources: {P: {Type: AWS::CodePipeline::Pipeline}}\n",
        "Resources: {P: {Type: AWS::CodePipeline::Pipeline, Properties: {Stages: [x, {Actions: [y]}, {Name: !Ref P, Actions: [{}]}]}}}\n",
        "Conditions: {A: !Not [Condition: A]}\nResources: {P: {Type: AWS::CodePipeline::Pipeline, Properties: {Stages: !If [A, [], x]}}}\n",
        "Resources: {P: {Type: AWS::CodePipeline::Pipeline, Properties: {Stages: !Sub '${'}}}\n",
        "{{ template }}: x\n",
        &deep,
    ] {
        let _ = spec(text);
    }
}

#[test]
fn what_a_build_has_made_is_brought_to_codedeploy() {
    let made = |spec: &str| {
        let given = "              InputArtifacts: [{Name: Code}]\n              OutputArtifacts: [{Name: Site}]\n";
        let build = format!("{given}              Configuration: {{ProjectName: !Ref Project}}\n");
        let deploy = "              InputArtifacts: [{Name: Site}]\n              Configuration: {ApplicationName: shop, DeploymentGroupName: live}\n";
        let stages = format!(
            "        - Name: Build\n          Actions:\n{}        - Name: Ship\n          Actions:\n{}        - Name: Last\n          Actions:\n{}",
            action("Make", "Build", "CodeBuild", 1, &build),
            action("Send", "Deploy", "CodeDeploy", 1, deploy),
            action("Agree", "Approval", "Manual", 1, "")
        );
        let text =
            template(&stages).replace("      RoleArn:", "      ArtifactStore: {Type: S3, Location: !Ref Bucket}\n      RoleArn:");
        let source = format!("Source: {{Type: CODEPIPELINE, BuildSpec: {spec}}}");
        let project = format!("  Project:\n    Type: AWS::CodeBuild::Project\n    Properties:\n      {source}\n");
        read(&text.replacen("Resources:\n", &format!("Resources:\n{project}"), 1))
    };
    let whole =
        made(r#""version: 0.2\nphases: {build: {commands: [make]}}\nartifacts: {base-directory: dist, files: ['**/*']}""#);
    let spec = whole.spec("sample", "main", &["github"]);
    for line in [
        "produces site \"dist/\"",
        "consumes site",
        "aws deploy push --application-name shop --s3-location \"s3://${var.BUCKET}/$key\" --source dist --ignore-hidden-files",
        "aws deploy create-deployment --application-name shop --deployment-group-name live",
        // Nothing comes behind the approval, and it is waited for.
        "requires agree",
    ] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    assert!(lost(&whole).is_empty(), "{:?}", lost(&whole));
    let some = made(r#""version: 0.2\nphases: {build: {commands: [make]}}\nartifacts: {files: [appspec.yml, 'target/*.jar']}""#);
    let spec = some.spec("sample", "main", &["github"]);
    assert!(spec.contains("tar -cf - appspec.yml target/*.jar") && spec.contains("--source /tmp/revision"), "{spec}");
    let odd = made(r#""version: 0.2\nphases: {build: {commands: [make]}}\nartifacts: {files: ['target/**/*.jar']}""#);
    assert!(lost(&odd).iter().any(|l| l.contains("Configuration")), "{:?}", lost(&odd));
    // A build whose commands are not here fails, and its files are those that the next one takes.
    let unknown = made("nowhere.yml");
    let spec = unknown.spec("sample", "main", &["github"]);
    assert!(spec.contains("exit 1") && spec.contains("produces site **") && spec.contains("--source ."), "{spec}");
}
