//! A template of CloudFormation, as far as builds and pipelines stand in it.

use std::collections::BTreeSet;

use crate::verify::yaml::{self, Node};

/// A template.
#[derive(Debug)]
pub(super) struct Stack(Node);

/// What a role may do.
#[derive(Debug, Default)]
pub(super) struct Role {
    /// Actions, as `s3:PutObject`.
    pub(super) actions: BTreeSet<String>,
    /// Ids of the Secrets Manager that it may read; `*` stands for all that begin so.
    pub(super) secrets: BTreeSet<String>,
}

/// A time at which something starts.
#[derive(Debug)]
pub(super) struct Schedule {
    pub(super) expression: String,
    pub(super) timezone: String,
    /// The operation of the service, as `codebuild:startBuildBatch`.
    pub(super) operation: String,
    /// What it is called with.
    pub(super) input: Node,
}

impl Stack {
    /// Reads a template.
    ///
    /// # Errors
    /// The parser's words, or a template without resources.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let root = yaml::read(text)?;
        if root.get("Resources").is_some() { Ok(Self(root)) } else { Err("no `Resources`".to_owned()) }
    }

    /// The resources of a type: logical id and properties.
    pub(super) fn of_type<'n>(&'n self, kind: &'n str) -> impl Iterator<Item = (&'n str, &'n Node)> {
        let rows = self.0.get("Resources").map(Node::rows).unwrap_or_default();
        rows.iter().filter_map(move |(id, node)| {
            let own = node.get("Type").and_then(Node::text) == Some(kind);
            own.then(|| node.get("Properties")).flatten().map(|p| (id.as_str(), p))
        })
    }

    /// The variable of the spec that a parameter holds: the last part of where it is kept.
    pub(super) fn variable(&self, id: &str) -> Option<String> {
        let kept = self.0.path(&["Parameters", id, "Default"])?.text()?;
        kept.strip_prefix('/')?.split_once('/').map(|(_, name)| name.to_owned())
    }

    /// The role behind a reference such as `BuildsRole.Arn`.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn role(&self, reference: Option<&Node>) -> Result<Role, String> {
        let reference = reference.ok_or("no role")?;
        let id = reference.text().unwrap_or_default().trim_end_matches(".Arn");
        let role = self.of_type("AWS::IAM::Role").find(|(name, _)| *name == id);
        let (_, role) = role.ok_or_else(|| format!("line {}: there is no role `{id}`", reference.line))?;
        let mut found = Role::default();
        let policies = role.get("Policies").map(Node::items).unwrap_or_default();
        for statement in policies.iter().filter_map(|p| p.path(&["PolicyDocument", "Statement"])).flat_map(Node::items) {
            if statement.get("Effect").and_then(Node::text) != Some("Allow") {
                return Err(format!("line {}: a right that is not `Allow` is not known here", statement.line));
            }
            let actions = statement.get("Action").map(Node::texts).unwrap_or_default();
            if actions.iter().any(|a| a == "secretsmanager:GetSecretValue" || a == "secretsmanager:*" || a == "*") {
                for resource in statement.get("Resource").map(Node::texts).unwrap_or_default() {
                    let id = resource.split_once(":secret:").map_or("*", |(_, id)| id);
                    // The Secrets Manager puts a hyphen and six characters behind a name
                    // (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html>).
                    found.secrets.insert(id.strip_suffix("-??????").unwrap_or(id).to_owned());
                }
            }
            found.actions.extend(actions);
        }
        Ok(found)
    }

    /// The schedules that call a service.
    ///
    /// # Errors
    /// An input that is no JSON.
    pub(super) fn schedules(&self) -> Result<Vec<Schedule>, String> {
        let mut found = Vec::new();
        for (_, node) in self.of_type("AWS::Scheduler::Schedule") {
            let text = |keys: &[&str]| node.path(keys).and_then(Node::text).unwrap_or_default().to_owned();
            let arn = text(&["Target", "Arn"]);
            let off = node.get("State").and_then(Node::text) == Some("DISABLED");
            if off {
                continue;
            }
            let operation = arn.split_once(":aws-sdk:").map(|(_, o)| o.to_owned()).unwrap_or_default();
            // JSON is YAML.
            let input = yaml::read(&text(&["Target", "Input"])).map_err(|e| format!("line {}: {e}", node.line))?;
            let zone = text(&["ScheduleExpressionTimezone"]);
            let timezone = if zone.is_empty() { "UTC".to_owned() } else { zone };
            found.push(Schedule { expression: text(&["ScheduleExpression"]), timezone, operation, input });
        }
        Ok(found)
    }
}

impl Role {
    /// Whether it may read a secret, by the id that a buildspec names: `name`, or `name:key:stage:version`.
    pub(super) fn reads(&self, id: &str) -> bool {
        let name = id.split(':').next().unwrap_or(id);
        self.secrets.iter().any(|s| s == name || s.strip_suffix('*').is_some_and(|start| name.starts_with(start)))
    }
}
