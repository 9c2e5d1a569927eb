//! Actions of CodePipeline that change something in AWS, by its command line (docs.aws.amazon.com/codepipeline, "Action structure reference").

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node, run};
use crate::front::yaml::{Entry, Node};

use super::batch;
use super::buildspec::Around;
use super::stack::Stack;
use super::work::Work;

/// Settings of an action of CloudFormation.
const KEYS: &[&str] = &[
    "ActionMode",
    "StackName",
    "ChangeSetName",
    "RoleArn",
    "TemplatePath",
    "TemplateConfiguration",
    "Capabilities",
    "ParameterOverrides",
    "OutputFileName",
];

/// The job of an action of CloudFormation.
pub(super) fn cloudformation(work: &mut Work<'_>, stack: &mut Stack, configuration: &Entry, around: &Around) -> Build {
    match lines(work, stack, &configuration.value) {
        Ok(lines) => {
            work.turn(
                configuration,
                "by the command line of AWS, with the role of the variable AWS_ROLE; a change set without changes is an error",
            );
            by_role(work, around, &lines)
        }
        Err(why) => {
            configuration.mark_all(&mut work.ledger, &Fate::Lost(why.clone()));
            batch::missing(around, &why)
        }
    }
}

/// A job that speaks to AWS by its command line.
fn by_role(work: &mut Work<'_>, around: &Around, lines: &[String]) -> Build {
    for name in ["AWS_ROLE", "AWS_REGION"] {
        work.declared.variables.entry(name.to_owned()).or_insert(None);
    }
    let mut build =
        node("job").arg(&around.name).comments(around.comments.iter().cloned()).children(around.before.iter().cloned());
    build.push(node("aws-role").prop("role", "${var.AWS_ROLE}").prop("region", "${var.AWS_REGION}"));
    build.child(run(lines))
}

/// What is brought to CodeDeploy or to Elastic Beanstalk.
pub(super) enum Bundle {
    /// The repository at the commit, without its history.
    Checkout,
    /// Files that a job before has made.
    Files {
        /// The folder in which they begin, empty for the root.
        root: String,
        /// Paths from the root of the repository.
        paths: Vec<String>,
    },
}

/// The job of an action that brings files to CodeDeploy or to Elastic Beanstalk, by the bucket of the pipeline's artifacts.
pub(super) fn revision(
    work: &mut Work<'_>,
    stack: &mut Stack,
    provider: &str,
    configuration: &Entry,
    from: (Option<&str>, &Bundle),
    around: &Around,
) -> Build {
    match revision_lines(work, stack, provider, &configuration.value, from) {
        Ok(lines) => {
            work.turn(configuration, "by the command line of AWS, with the role of the variable AWS_ROLE");
            by_role(work, around, &lines)
        }
        Err(why) => {
            configuration.mark_all(&mut work.ledger, &Fate::Lost(why.clone()));
            batch::missing(around, &why)
        }
    }
}

fn revision_lines(
    work: &mut Work<'_>,
    stack: &mut Stack,
    provider: &str,
    map: &Node,
    (bucket, bundle): (Option<&str>, &Bundle),
) -> Result<Vec<String>, String> {
    let second = if provider == "CodeDeploy" { "DeploymentGroupName" } else { "EnvironmentName" };
    if let Some(other) = map.entries().iter().find(|e| e.key != "ApplicationName" && e.key != second) {
        return Err(format!("`{}` of {provider} has no match in its command line", other.key));
    }
    let bucket = bucket.ok_or("the pipeline names no bucket for its artifacts")?;
    let mut value = |key: &str| -> Result<String, String> {
        let entry = work.open(map, key).ok_or_else(|| format!("`{key}` is not said"))?;
        stack.text(work, &entry.value).map(|t| word(&t)).ok_or_else(|| format!("`{key}` cannot be worked out"))
    };
    let (application, second) = (value("ApplicationName")?, value(second)?);
    let mut lines = match bundle {
        Bundle::Checkout => vec![
            "key=\"revisions/$(git rev-parse HEAD).zip\"".to_owned(),
            // What the pipeline hands on is the source without its history.
            "git archive --format=zip -o /tmp/revision.zip HEAD".to_owned(),
            format!("aws s3 cp /tmp/revision.zip \"s3://{bucket}/$key\""),
        ],
        Bundle::Files { root, paths } => {
            let (mut lines, folder) = gathered(root, paths)?;
            lines.push("key=\"revisions/${run.id}.zip\"".to_owned());
            lines.push(format!(
                "aws deploy push --application-name {application} --s3-location \"s3://{bucket}/$key\" --source {folder} --ignore-hidden-files"
            ));
            lines
        }
    };
    if provider == "CodeDeploy" {
        lines.extend([
            format!(
                "id=$(aws deploy create-deployment --application-name {application} --deployment-group-name {second} --s3-location \"bucket={bucket},key=$key,bundleType=zip\" --query deploymentId --output text)"
            ),
            "aws deploy wait deployment-successful --deployment-id \"$id\"".to_owned(),
        ]);
    } else {
        lines.extend([
            "label=\"pipeline-${run.id}\"".to_owned(),
            format!(
                "aws elasticbeanstalk create-application-version --application-name {application} --version-label \"$label\" --source-bundle \"S3Bucket={bucket},S3Key=$key\""
            ),
            format!("aws elasticbeanstalk update-environment --environment-name {second} --version-label \"$label\""),
            format!("aws elasticbeanstalk wait environment-updated --environment-names {second}"),
            // An environment that went back to its old version is updated, too.
            format!(
                "test \"$(aws elasticbeanstalk describe-environments --environment-names {second} --query 'Environments[0].VersionLabel' --output text)\" = \"$label\""
            ),
        ]);
    }
    Ok(lines)
}

/// The lines that put the files of an artifact into a folder of their own, where they do not fill one, and that folder.
fn gathered(root: &str, paths: &[String]) -> Result<(Vec<String>, String), String> {
    let start = if root.is_empty() { String::new() } else { format!("{root}/") };
    let below: Vec<&str> = paths.iter().map(|p| p.strip_prefix(&start).unwrap_or(p)).collect();
    let folder = if root.is_empty() { ".".to_owned() } else { word(root) };
    if below.iter().any(|p| matches!(*p, "" | "**" | "**/*")) {
        return Ok((Vec::new(), folder));
    }
    let plain = |p: &&str| !p.contains("**") && p.chars().all(|c| c.is_ascii_alphanumeric() || "-_./*?".contains(c));
    if !below.iter().all(plain) {
        return Err("which files of the artifact it takes cannot be said in a command".to_owned());
    }
    let pack = format!("(cd {folder} && tar -cf - {}) | tar -xf - -C /tmp/revision", below.join(" "));
    Ok((vec!["mkdir -p /tmp/revision".to_owned(), pack], "/tmp/revision".to_owned()))
}

/// A word of a shell: quoted where it holds more than plain characters. Variables of the spec stay open to the shell.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=@".contains(c);
    if text.chars().all(plain) && !text.is_empty() {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("${var.")
            && let Some(end) = rest.find('}')
        {
            out.push_str(&rest[..=end]);
            rest = &rest[end + 1..];
            continue;
        }
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out.push('"');
    out
}

fn lines(work: &mut Work<'_>, stack: &mut Stack, map: &Node) -> Result<Vec<String>, String> {
    if let Some(other) = map.entries().iter().find(|e| !KEYS.contains(&e.key.as_str())) {
        return Err(format!("`{}` of CloudFormation has no match in its command line", other.key));
    }
    let mut value = |key: &str| -> Result<Option<String>, String> {
        let Some(entry) = work.open(map, key) else { return Ok(None) };
        stack.text(work, &entry.value).map(Some).ok_or_else(|| format!("`{key}` cannot be worked out"))
    };
    let mode = value("ActionMode")?.ok_or("no mode of CloudFormation is said")?;
    let name = word(&value("StackName")?.ok_or("no stack is said")?);
    let change = value("ChangeSetName")?;
    let role = value("RoleArn")?;
    let template = value("TemplatePath")?;
    let configuration = value("TemplateConfiguration")?;
    let capabilities = value("Capabilities")?;
    let overrides = value("ParameterOverrides")?;
    if value("OutputFileName")?.is_some() {
        return Err("the file of outputs is written by CodePipeline itself".to_owned());
    }
    // `Artifact::path`: artifacts lie at the root.
    let file = |path: &str| path.split_once("::").map_or(path, |(_, p)| p).to_owned();
    let role = role.map_or_else(String::new, |r| format!(" --role-arn {}", word(&r)));
    let mut given = capabilities.map_or_else(String::new, |c| format!(" --capabilities {}", c.replace(',', " ")));
    let pairs = overrides.map(|text| pairs(&text)).transpose()?.unwrap_or_default();
    Ok(match mode.as_str() {
        "CREATE_UPDATE" => {
            let template = word(&file(&template.ok_or("no template is said")?));
            if !pairs.is_empty() || configuration.is_some() {
                given.push_str(" --parameter-overrides");
                given.extend(configuration.iter().map(|c| format!(" file://{}", word(&file(c)))));
                given.extend(pairs.iter().map(|(k, v)| format!(" {}", word(&format!("{k}={v}")))));
            }
            vec![format!(
                "aws cloudformation deploy --stack-name {name} --template-file {template}{given}{role} --no-fail-on-empty-changeset"
            )]
        }
        "CHANGE_SET_REPLACE" => {
            if configuration.is_some() {
                return Err("a file of parameters has no match for a change set in the command line".to_owned());
            }
            let template = word(&file(&template.ok_or("no template is said")?));
            let change = word(&change.ok_or("no change set is said")?);
            if !pairs.is_empty() {
                given.push_str(" --parameters");
                given.extend(
                    pairs.iter().map(|(k, v)| {
                        format!(" {}", word(&format!("ParameterKey={k},ParameterValue={}", v.replace(',', "\\,"))))
                    }),
                );
            }
            let both = format!("--stack-name {name} --change-set-name {change}");
            vec![
                // A stack that never came to be is made by its first change set.
                format!(
                    "state=$(aws cloudformation describe-stacks --stack-name {name} --query 'Stacks[0].StackStatus' --output text) || state=REVIEW_IN_PROGRESS"
                ),
                "if [ \"$state\" = REVIEW_IN_PROGRESS ]; then kind=CREATE; else kind=UPDATE; fi".to_owned(),
                format!("aws cloudformation delete-change-set {both} || true"),
                format!(
                    "aws cloudformation create-change-set {both} --change-set-type $kind --template-body file://{template}{given}{role}"
                ),
                format!("aws cloudformation wait change-set-create-complete {both}"),
            ]
        }
        "CHANGE_SET_EXECUTE" => {
            let change = word(&change.ok_or("no change set is said")?);
            vec![
                format!(
                    "state=$(aws cloudformation describe-stacks --stack-name {name} --query 'Stacks[0].StackStatus' --output text)"
                ),
                format!("aws cloudformation execute-change-set --stack-name {name} --change-set-name {change}"),
                "if [ \"$state\" = REVIEW_IN_PROGRESS ]; then end=create; else end=update; fi".to_owned(),
                format!("aws cloudformation wait \"stack-$end-complete\" --stack-name {name}"),
            ]
        }
        "DELETE_ONLY" => vec![
            format!("aws cloudformation delete-stack --stack-name {name}{role}"),
            format!("aws cloudformation wait stack-delete-complete --stack-name {name}"),
        ],
        other => return Err(format!("the mode `{other}` of CloudFormation has no match in its command line")),
    })
}

/// Parameters as CodePipeline takes them: an object of texts.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let parsed: serde_json::Value = serde_json::from_str(text).map_err(|_| "the parameters are no JSON".to_owned())?;
    let map = parsed.as_object().ok_or("the parameters are no object")?;
    map.iter()
        .map(|(key, value)| match value {
            serde_json::Value::String(text) => Ok((key.clone(), text.clone())),
            serde_json::Value::Number(number) => Ok((key.clone(), number.to_string())),
            serde_json::Value::Bool(truth) => Ok((key.clone(), truth.to_string())),
            _ => Err(format!("the parameter `{key}` is read out of an artifact by CodePipeline itself")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{gathered, pairs, word};

    #[test]
    fn files_of_an_artifact_are_sent_from_where_they_begin() {
        let of = |root: &str, paths: &[&str]| gathered(root, &paths.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>());
        assert_eq!(of("", &["**"]), Ok((Vec::new(), ".".to_owned())));
        assert_eq!(of("dist", &["dist/"]), Ok((Vec::new(), "dist".to_owned())));
        let (lines, folder) = of("", &["appspec.yml", "target/*.jar"]).unwrap_or_default();
        assert_eq!(lines[1], "(cd . && tar -cf - appspec.yml target/*.jar) | tar -xf - -C /tmp/revision");
        assert_eq!(folder, "/tmp/revision");
        assert!(of("", &["a/**/*.jar"]).is_err());
    }

    #[test]
    fn words_are_quoted_for_the_shell_and_variables_of_the_spec_stay_open() {
        assert_eq!(word("a-b/c.yml"), "a-b/c.yml");
        assert_eq!(word("${var.STACK}-x y$(z)"), "\"${var.STACK}-x y\\$(z)\"");
        assert_eq!(pairs("{\"A\": \"b\", \"C\": 1}"), Ok(vec![("A".into(), "b".into()), ("C".into(), "1".into())]));
        assert!(pairs("{\"A\": {\"Fn::GetArtifactAtt\": []}}").is_err() && pairs("x").is_err());
    }
}
