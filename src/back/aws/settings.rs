//! What an account of AWS must hold before and beside the stacks: the connection, parameters and secrets by name, topics, and people who approve.
//!
//! The commands are those of the command line of AWS: <https://docs.aws.amazon.com/cli/latest/reference/>.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::back::aws::buildspec;
use crate::back::aws::place::Place;
use crate::back::settings::{Part, pretty};
use crate::back::variables::upper;
use crate::ir::environment::ClusterAccess;
use crate::plan::Plan;

/// The longest name of a connection, in characters: <https://docs.aws.amazon.com/codeconnections/latest/APIReference/API_CreateConnection.html>.
const LONGEST_NAME: usize = 32;

/// A stack and what it asks of the account.
#[derive(Serialize, Default)]
pub(in crate::back) struct Stack {
    /// Its name.
    pub(in crate::back) name: String,
    /// The file, seen from the root of the repository.
    pub(in crate::back) template: String,
    /// Its parameters without a value, with the variable of the shell that gives it.
    pub(in crate::back) parameters: BTreeMap<String, String>,
    /// That the account holds this very file.
    pub(in crate::back) current: bool,
    /// Parameters of the Parameter Store that it reads.
    #[serde(skip)]
    pub(in crate::back) stored: Vec<String>,
    /// Topics: an ARN or the name of the parameter that holds it, and whether rules of EventBridge publish there.
    #[serde(skip)]
    pub(in crate::back) topics: Vec<(String, bool)>,
    /// The logical id of the policy of each team that approves, and the team.
    #[serde(skip)]
    pub(in crate::back) approvers: Vec<(String, String)>,
}

#[derive(Serialize)]
struct AccountView {
    connection: Option<ConnectionView>,
    /// Of CodeBuild without a connection.
    credentials: Vec<&'static str>,
    parameters: BTreeMap<String, Option<String>>,
    secrets: Vec<SecretView>,
    topics: Vec<TopicView>,
    stacks: Vec<Stack>,
    approvers: Vec<ApproversView>,
}

#[derive(Serialize)]
struct ConnectionView {
    /// What it is called if the script makes it.
    name: String,
    /// Its ARN, or the name of the parameter that holds it.
    arn: String,
    status: &'static str,
}

#[derive(Serialize, PartialEq)]
struct SecretView {
    name: String,
    /// The key, of a secret that holds an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The variable of the shell that gives its value.
    variable: String,
}

#[derive(Serialize)]
struct TopicView {
    name: String,
    publishers: Vec<&'static str>,
}

#[derive(Serialize)]
struct ApproversView {
    /// The stack and the logical id of the policy.
    name: String,
    team: String,
    /// The variable of the shell that names the group of their people.
    variable: String,
    attached: bool,
}

/// The JSON, and the parts of the checklist. `connection` is an ARN or a parameter's name; `places` are the jobs.
pub(in crate::back) fn settings(
    plan: &Plan<'_>,
    connection: Option<String>,
    stacks: Vec<Stack>,
    places: &[Place<'_>],
) -> (String, Vec<Part>) {
    let mut parameters: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut secrets: Vec<SecretView> = Vec::new();
    for place in places {
        for name in &place.job.secrets {
            let secret = secret(place, name);
            if !secrets.contains(&secret) {
                secrets.push(secret);
            }
        }
        let open = |name: &&String| plan.pipeline.variables.iter().any(|v| v.name.value == **name && v.value.is_none());
        parameters.extend(place.job.variables.iter().filter(open).map(|n| (buildspec::parameter(place, n), None)));
    }
    parameters.extend(stacks.iter().flat_map(|s| &s.stored).map(|name| (name.clone(), None)));
    let mut topics: Vec<TopicView> = Vec::new();
    for (name, told) in stacks.iter().flat_map(|s| &s.topics) {
        let at = topics.iter().position(|t| t.name == *name).unwrap_or_else(|| {
            topics.push(TopicView { name: name.clone(), publishers: Vec::new() });
            topics.len() - 1
        });
        if *told && topics[at].publishers.is_empty() {
            topics[at].publishers.push("events.amazonaws.com");
        }
    }
    let approvers = stacks.iter().flat_map(|s| s.approvers.iter().map(move |(id, team)| (s, id, team)));
    let view = AccountView {
        credentials: if connection.is_none() { vec!["GITHUB"] } else { Vec::new() },
        connection: connection.map(|arn| ConnectionView {
            name: plan.pipeline.name.value.chars().take(LONGEST_NAME).collect(),
            arn,
            status: "AVAILABLE",
        }),
        parameters,
        secrets,
        topics,
        approvers: approvers
            .map(|(stack, id, team)| ApproversView {
                name: format!("{}/{id}", stack.name),
                team: team.clone(),
                variable: format!("{}_GROUP", upper(team)),
                attached: true,
            })
            .collect(),
        stacks,
    };
    let parts = parts(&view);
    (pretty(&view), parts)
}

/// What no script does: rights outside the stacks' own account or service.
pub(in crate::back) fn by_hand(plan: &Plan<'_>) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for job in plan.jobs() {
        let Some(environment) = job.environment.as_ref().and_then(|e| e.id).map(|id| plan.pipeline.environment(id)) else {
            continue;
        };
        let eks = environment.cluster.as_ref().is_some_and(|c| matches!(c.access, ClusterAccess::Eks { .. }));
        let who = if environment.identity.is_some() { "the role of its identity" } else { "the role of its builds" };
        let name = &environment.name.value;
        let item = format!("Environment {name}: an access entry of its cluster for {who} (`aws eks create-access-entry`)");
        if eks && !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

fn secret(place: &Place<'_>, name: &str) -> SecretView {
    let id = buildspec::secret(place, name);
    let environment = place.job.environment.as_ref().and_then(|e| e.id).map(|id| place.plan.pipeline.environment(id));
    let own = environment.filter(|e| e.secrets.iter().any(|s| s.name.value == name));
    let variable = match own {
        Some(environment) if environment.vendor_secret(name) == name => format!("{}_{name}", upper(&environment.name.value)),
        Some(environment) => environment.vendor_secret(name).to_owned(),
        None => name.to_owned(),
    };
    let (id, key) = match id.split_once(':') {
        Some((id, key)) => (id.to_owned(), key.split(':').next().filter(|k| !k.is_empty()).map(str::to_owned)),
        None => (id, None),
    };
    SecretView { name: id, key, variable }
}

fn parts(view: &AccountView) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut part = |title: &str, items: Vec<String>| parts.push(Part { title: title.to_owned(), items });
    let host = view.connection.iter().map(|c| {
        let place = if c.arn.starts_with('/') { format!("its ARN is the parameter `{}`", c.arn) } else { format!("`{}`", c.arn) };
        format!(
            "A connection to the repository's host ({place}): `aws codeconnections create-connection --provider-type GitHub --connection-name {}`. \
             A person completes it at <https://console.aws.amazon.com/codesuite/settings/connections>; until then it is pending, and nothing starts.",
            c.name
        )
    });
    let credentials = view.credentials.iter().map(|server| {
        format!("What CodeBuild reads the repository by: `aws codebuild import-source-credentials --server-type {server}`, or `connection=` of the target")
    });
    part("Connection", host.chain(credentials).collect());
    part("Parameters of the Parameter Store", view.parameters.keys().map(|p| format!("`{p}`")).collect());
    let secrets = view.secrets.iter().map(|s| match &s.key {
        Some(key) => format!("`{}`, with the key `{key}`", s.name),
        None => format!("`{}`", s.name),
    });
    part("Secrets of the Secrets Manager", secrets.collect());
    let topics = view.topics.iter().map(|t| {
        let name =
            if t.name.starts_with('/') { format!("The topic in the parameter `{}`", t.name) } else { format!("`{}`", t.name) };
        let policy = if t.publishers.is_empty() { "" } else { "; its policy lets `events.amazonaws.com` publish" };
        format!("{name}, with the people who are told as subscribers{policy}")
    });
    part("Topics", topics.collect());
    let stacks = view.stacks.iter().map(|s| {
        let given: String = s.parameters.iter().map(|(name, variable)| format!(" {name}=\"${variable}\"")).collect();
        let given = if given.is_empty() { given } else { format!(" --parameter-overrides{given}") };
        format!(
            "`aws cloudformation deploy --stack-name {} --template-file {} --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset{given}`",
            s.name, s.template
        )
    });
    // https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-about-starting.html
    let first = view.stacks.iter().any(|s| s.template.contains(".codepipeline/")).then(|| {
        "AWS starts each new pipeline once when it is made, on the branch of its source, whatever its triggers are: look at these runs, or stop them".to_owned()
    });
    part("Stacks", stacks.chain(first).collect());
    let approvers = view.approvers.iter().map(|a| {
        format!(
            "The policy `{}` is attached to the people of {}, and to nobody else: `aws iam attach-group-policy`. **They alone can let a run pass.**",
            a.name, a.team
        )
    });
    part("Approvers", approvers.collect());
    parts
}
