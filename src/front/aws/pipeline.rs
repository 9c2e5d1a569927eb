//! AWS CodePipeline: a pipeline of a template as a workflow.
//!
//! A stage waits for the one before it, and within a stage a higher `RunOrder` for the lower ones; actions of one `RunOrder` run beside each other
//! (docs.aws.amazon.com/codepipeline, "Pipeline structure reference").

use std::collections::{BTreeMap, BTreeSet};

use crate::front::account::Account as _;
use crate::front::filter;
use crate::front::ledger::Fate;
use crate::front::logic::Part;
use crate::front::name::{Names, slug};
use crate::front::node::{Build, node, run};
use crate::front::yaml::{Entry, Node};
use crate::plan::action::rights;

use super::buildspec::Around;
use super::source::{self, Source};
use super::spoken::spoken;
use super::stack::{Stack, scalar};
use super::work::Work;
use super::{batch, call, deploy, entry, project};

/// A pipeline that came over.
pub(super) struct Made {
    /// The workflow.
    pub(super) workflow: Build,
    /// What its sources say.
    pub(super) source: Source,
}

/// What the actions of one pipeline share.
struct Pipeline {
    source: Source,
    /// Artifacts that a job makes: the vendor's name to the spec's.
    artifacts: BTreeMap<String, String>,
    /// What they hold, by the spec's name.
    files: BTreeMap<String, Vec<String>>,
    /// The bucket of its artifacts.
    bucket: Option<String>,
    jobs: Names,
    gates: Names,
    /// Gates that the next jobs wait for.
    pending: Vec<String>,
}

/// An action with its place.
struct Action {
    body: Node,
    order: i64,
}

/// The workflow of a pipeline; `None` where no job of it is one that a spec can say.
pub(super) fn pipeline(work: &mut Work<'_>, stack: &mut Stack, entry: &Entry, name: &str) -> Option<Made> {
    work.mark(entry, Fate::Exact);
    let comments = work.comments(entry.span);
    for key in ["Type", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Description"] {
        if let Some(own) = work.open(&entry.value, key) {
            own.mark_all(&mut work.ledger, &Fate::Emulated("the workflow stands for the pipeline".to_owned()));
        }
    }
    let properties = work.open(&entry.value, "Properties")?.value.clone();
    for key in ["Name", "ArtifactStore", "ArtifactStores", "RoleArn", "RestartExecutionOnUpdate", "PipelineType", "Tags"] {
        if let Some(own) = work.open(&properties, key) {
            let fate = Fate::Emulated("each target has its own".to_owned());
            own.mark_all(&mut work.ledger, &fate);
            work.mark(own, fate);
        }
    }
    let store = properties.get("ArtifactStore").and_then(|s| s.get("Location")).cloned();
    let before = work.declared.variables.clone();
    let bucket = store.and_then(|l| stack.text(work, &l));
    work.declared.variables = before;
    if let Some(mode) = work.open(&properties, "ExecutionMode")
        && mode.value.text() != Some("PARALLEL")
    {
        work.lose(mode, "say `concurrency` where runs must not overlap");
    }
    if let Some(closed) = properties.entry("DisableInboundStageTransitions") {
        work.lose(closed, "a spec has no stages that are closed: require an approval");
    }
    let mut pipeline = Pipeline {
        source: Source::default(),
        artifacts: BTreeMap::new(),
        files: BTreeMap::new(),
        bucket,
        jobs: Names::without(&["none", "all"]),
        gates: Names::default(),
        pending: Vec::new(),
    };
    let stages = work.open(&properties, "Stages")?.clone();
    let mut stage_names = Names::default();
    let kinds = entry::kinds(&properties, source::is_scheduled(stack, entry));
    let mut made = Vec::new();
    let mut seen = BTreeSet::new();
    for stage in stack.items(work, &stages.value) {
        let title = work.open(&stage, "Name").and_then(|n| stack.text(work, &n.value)).unwrap_or_default();
        seen.insert(title.clone());
        let entered = outcome(work, stack, &stage, &kinds);
        if entered == Entered::Unsaid {
            pipeline.pending.push(pipeline.gates.unique(&format!("entry-of-{title}")));
        }
        let Some(actions) = work.open(&stage, "Actions").cloned() else { continue };
        let jobs = actions_of(work, stack, &actions.value, &mut pipeline);
        if !jobs.is_empty() {
            let stage = node("stage").arg(&stage_names.unique(&title));
            made.push(match entered {
                Entered::If(part) => conditional(stage, jobs, &part, &kinds),
                Entered::Always | Entered::Unsaid => stage.children(jobs),
            });
        }
    }
    // A run that an approval ends waits for it all the same.
    if !pipeline.pending.is_empty() {
        let job = node("job").arg(&pipeline.jobs.unique("approved")).child(node("requires").args(&pipeline.pending));
        made.push(node("stage").arg(&stage_names.unique("approved")).child(job.child(run(&["echo approved"]))));
    }
    if made.is_empty() {
        return None;
    }
    let on = source::events(work, stack, entry, &properties, &pipeline.source);
    let workflow = node("workflow").arg(name).comments(comments).child(on).children(made);
    Some(Made { workflow, source: pipeline.source })
}

/// When a stage is entered.
#[derive(PartialEq)]
enum Entered {
    Always,
    /// Where this holds; a run goes on behind it elsewhere.
    If(Part),
    /// What decides is no condition of a spec.
    Unsaid,
}

/// A stage whose jobs are there where a condition holds.
fn conditional(mut stage: Build, mut jobs: Vec<Build>, part: &Part, kinds: &[&'static str]) -> Build {
    let (clauses, rest) = filter::split(part, kinds);
    if !clauses.is_empty() {
        stage.push(node("only").children(clauses.iter().map(|c| c.build(&[]))));
    }
    if let Some(text) = rest.text() {
        for job in &mut jobs {
            job.0.children.get_or_insert_default().insert(0, node("if").arg(&text).0);
        }
    }
    stage.children(jobs)
}

/// What a stage says beside its actions, and what decides on its start.
fn outcome(work: &mut Work<'_>, stack: &mut Stack, stage: &Node, kinds: &[&'static str]) -> Entered {
    if let Some(failure) = work.open(stage, "OnFailure") {
        work.lose(failure, "a stage of a spec ends with its jobs: say `rollback` of a deploy, or `retry` of a job");
    }
    if let Some(success) = work.open(stage, "OnSuccess") {
        work.lose(success, "a stage of a spec ends with its jobs");
    }
    if let Some(blockers) = stage.entry("Blockers") {
        work.lose(blockers, "CodePipeline itself reads them no more");
    }
    let Some(entry) = stage.entry("BeforeEntry") else { return Entered::Always };
    if let Some(part) = entry::condition(work, stack, &entry.value, kinds) {
        entry.mark_all(&mut work.ledger, &Fate::Emulated("the jobs of the stage are there for these runs only".to_owned()));
        return Entered::If(part);
    }
    work.lose(entry, "say the condition as a `gate` (a window, a query, a check): the build asks for it");
    Entered::Unsaid
}

fn actions_of(work: &mut Work<'_>, stack: &mut Stack, list: &Node, pipeline: &mut Pipeline) -> Vec<Build> {
    let mut actions = Vec::new();
    for body in stack.items(work, list) {
        let order = work.open(&body, "RunOrder").and_then(|e| stack.literal(work, &e.value)).and_then(|t| t.parse().ok());
        actions.push(Action { body, order: order.unwrap_or(1) });
    }
    actions.sort_by_key(|a| a.order);
    let mut jobs: Vec<Build> = Vec::new();
    let (mut before, mut now): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut gates: Vec<String> = Vec::new();
    let mut order = None;
    for action in actions {
        if order != Some(action.order) {
            order = Some(action.order);
            if !now.is_empty() {
                before = std::mem::take(&mut now);
                pipeline.pending.clear();
            }
            pipeline.pending.append(&mut gates);
        }
        if let Some((name, job)) = one(work, stack, &action.body, pipeline, &before, &mut gates) {
            now.push(name);
            jobs.push(job);
        }
    }
    if !now.is_empty() {
        pipeline.pending.clear();
    }
    pipeline.pending.append(&mut gates);
    jobs
}

/// One action: a job with its name, or `None` for a source and an approval.
fn one(
    work: &mut Work<'_>,
    stack: &mut Stack,
    body: &Node,
    pipeline: &mut Pipeline,
    before: &[String],
    gates: &mut Vec<String>,
) -> Option<(String, Build)> {
    let title = work.open(body, "Name").and_then(|n| stack.text(work, &n.value)).unwrap_or_else(|| "action".to_owned());
    let kind = work.open(body, "ActionTypeId").cloned();
    let mut words = ["Category", "Owner", "Provider", "Version"].map(|key| {
        let own = kind.as_ref().and_then(|k| work.open(&k.value, key).cloned());
        own.and_then(|e| stack.text(work, &e.value)).unwrap_or_default()
    });
    let (category, provider) = (std::mem::take(&mut words[0]), std::mem::take(&mut words[2]));
    if let Some(space) = work.open(body, "Namespace") {
        work.turn(space, "outputs are read by the name of their job");
    }
    for (key, why) in [
        ("Region", "a job runs where its target runs: say the region in its commands"),
        ("RoleArn", "what it may do in AWS: say a role with the step `aws-role`"),
        ("OutputVariables", "say `output` and write it to `$PIPEWRIGHT_OUTPUT`"),
        ("EnvironmentVariables", "say `env` on the job"),
    ] {
        if let Some(own) = body.entry(key) {
            work.lose(own, why);
        }
    }
    match category.as_str() {
        "Source" => {
            source::action(work, stack, &provider, body, &mut pipeline.source);
            return None;
        }
        "Approval" => {
            gates.push(approval(work, stack, body, &title, pipeline));
            return None;
        }
        _ => {}
    }
    let name = pipeline.jobs.unique(&title);
    let mut around = Around::of(&name);
    around.comments = work.comments(body.span);
    if slug(&title) != name {
        around.comments.push(title.clone());
    }
    if !before.is_empty() {
        around.before.push(node("needs").args(before));
    }
    if !pipeline.pending.is_empty() {
        around.before.push(node("requires").args(&pipeline.pending));
    }
    if let Some(limit) = work.open(body, "TimeoutInMinutes").and_then(|e| stack.literal(work, &e.value)) {
        around.before.push(node("timeout").arg(&format!("{limit}m")));
    }
    let consumed = inputs(work, stack, body, pipeline);
    if !consumed.is_empty() {
        around.before.push(node("consumes").args(consumed));
    }
    around.outputs = outputs(work, stack, body);
    let configuration = work.open(body, "Configuration").cloned();
    let bundle = bundle(work, stack, body, &provider, pipeline);
    let job = match (category.as_str(), provider.as_str(), &configuration) {
        ("Build" | "Test", "CodeBuild", Some(configuration)) => build(work, stack, &configuration.value, &around),
        ("Compute", "Commands", _) if body.entry("Commands").is_some() => commands(work, body, &around),
        ("Deploy", "CloudFormation", Some(configuration)) => deploy::cloudformation(work, stack, configuration, &around),
        ("Deploy", "CodeDeploy" | "ElasticBeanstalk", Some(configuration)) if bundle.is_some() => {
            let bucket = pipeline.bucket.clone();
            if let Some(bucket) = &bucket {
                declare(work, bucket);
            }
            let bundle = bundle.unwrap_or(deploy::Bundle::Checkout);
            deploy::revision(work, stack, &provider, configuration, (bucket.as_deref(), &bundle), &around)
        }
        _ => match call::function(work, stack, body, &around)
            .or_else(|| own(work, stack, body, [&category, &words[1], &provider, &words[3]], &around))
        {
            Some(job) => job,
            None => {
                let provider = if provider.contains('$') { "another provider" } else { provider.as_str() };
                let why = format!("what {provider} does is known to AWS alone: the job fails until its commands stand here");
                if let Some(kind) = &kind {
                    kind.value.each_entry(&mut |e| work.ledger.mark(e.id, Fate::Lost(why.clone())));
                    work.mark(kind, Fate::Lost(why.clone()));
                }
                if let Some(configuration) = &configuration {
                    configuration.mark_all(&mut work.ledger, &Fate::Lost(why.clone()));
                    work.mark(configuration, Fate::Lost(why));
                }
                batch::missing(&around, &format!("{category} by {provider}"))
            }
        },
    };
    for made in job.0.children().iter().filter(|c| c.name() == "produces") {
        let mut said = made.args().filter_map(|e| e.as_str()).map(str::to_owned);
        let Some(name) = said.next() else { continue };
        for (theirs, ours) in around.outputs.iter().filter(|(_, ours)| *ours == name) {
            pipeline.artifacts.insert(theirs.clone(), ours.clone());
        }
        pipeline.files.insert(name, said.collect());
    }
    Some((name, job))
}

/// An action that stays as CodePipeline has it: one that takes no files and makes none, and whose rights are known.
fn own(work: &mut Work<'_>, stack: &mut Stack, body: &Node, kind: [&str; 4], around: &Around) -> Option<Build> {
    let empty = |key: &str| body.get(key).is_none_or(|list| list.items().is_empty());
    let known = rights(kind[2]).is_some() || body.entry("RoleArn").is_some();
    let bare = around.before.iter().all(|b| b.0.name() != "consumes") && around.outputs.is_empty();
    if !known || !bare || !empty("InputArtifacts") || !empty("OutputArtifacts") || body.entry("Region").is_some() {
        return None;
    }
    let before = work.declared.variables.clone();
    let mut raw = node("raw").arg("codepipeline");
    let words = ["Category", "Owner", "Provider", "Version"].into_iter().zip(kind);
    raw.push(words.fold(node("ActionTypeId"), |n, (key, word)| n.prop(key, word)));
    let mut settings = node("Configuration");
    let mut said = true;
    for entry in body.get("Configuration").map(Node::entries).unwrap_or_default() {
        // Of a text that the stack does not work out `${…}` would be another one here.
        match stack.text(work, &entry.value).filter(|t| !t.replace("${var.", "").contains("${")) {
            Some(text) => settings = settings.prop(&entry.key, &text),
            None => said = false,
        }
    }
    let role = body.get("RoleArn").map(|r| stack.text(work, r));
    if !said || role == Some(None) {
        work.declared.variables = before;
        return None;
    }
    raw.push(settings);
    if let Some(role) = role.flatten() {
        raw.push(node("RoleArn").arg(&role));
    }
    let why = Fate::Kept(format!("CodePipeline has {} do it: say for another target what the job does there", kind[2]));
    for key in ["ActionTypeId", "Configuration", "RoleArn"] {
        if let Some(entry) = body.entry(key) {
            entry.value.each_entry(&mut |e| work.ledger.mark(e.id, why.clone()));
            // Of a role that is no part of the spec otherwise it was said that it is lost.
            work.ledger.reset(entry.id, why.clone());
        }
    }
    let job = node("job").arg(&around.name).comments(around.comments.iter().cloned()).children(around.before.iter().cloned());
    Some(job.child(raw))
}

/// What an action is given to bring somewhere: the repository, or for CodeDeploy what one job has made.
fn bundle(work: &mut Work<'_>, stack: &mut Stack, body: &Node, provider: &str, pipeline: &Pipeline) -> Option<deploy::Bundle> {
    let list = body.get("InputArtifacts").cloned()?;
    let names: Vec<String> =
        stack.items(work, &list).iter().filter_map(|i| i.get("Name").and_then(|n| stack.text(work, n))).collect();
    if !names.is_empty() && names.iter().all(|n| pipeline.source.artifacts.contains(n)) {
        return Some(deploy::Bundle::Checkout);
    }
    let ([name], "CodeDeploy") = (names.as_slice(), provider) else { return None };
    let ours = pipeline.artifacts.get(name)?;
    let root = work.roots.get(ours).cloned().unwrap_or_default();
    Some(deploy::Bundle::Files { root, paths: pipeline.files.get(ours)?.clone() })
}

/// Declares the variables that a text reads.
fn declare(work: &mut Work<'_>, text: &str) {
    for part in text.split("${var.").skip(1) {
        if let Some((name, _)) = part.split_once('}') {
            work.declared.variables.entry(name.to_owned()).or_insert(None);
        }
    }
}

/// Artifacts that an action reads and a job makes; the repository is checked out.
fn inputs(work: &mut Work<'_>, stack: &mut Stack, body: &Node, pipeline: &Pipeline) -> Vec<String> {
    let Some(entry) = work.open(body, "InputArtifacts").cloned() else { return Vec::new() };
    let mut found = Vec::new();
    for item in stack.items(work, &entry.value) {
        let Some(name) = work.open(&item, "Name").and_then(|n| stack.text(work, &n.value)) else { continue };
        match pipeline.artifacts.get(&name) {
            Some(ours) if found.contains(ours) => {}
            Some(ours) => {
                work.turn(&entry, "the files lie at their paths beside the checkout");
                found.push(ours.clone());
            }
            None if pipeline.source.artifacts.contains(&name) => {}
            None => work.mark(&entry, Fate::Lost(format!("no job that came over makes `{name}`"))),
        }
    }
    found
}

/// Artifacts that an action makes: the vendor's name, and the spec's.
fn outputs(work: &mut Work<'_>, stack: &mut Stack, body: &Node) -> Vec<(String, String)> {
    let Some(entry) = work.open(body, "OutputArtifacts").cloned() else { return Vec::new() };
    let mut found = Vec::new();
    for item in stack.items(work, &entry.value) {
        if let Some(name) = work.open(&item, "Name").and_then(|n| stack.text(work, &n.value)) {
            // A name that the stack makes is told by what is fixed of it.
            let fixed: String = name.split("${var.").map(|p| p.split_once('}').map_or(p, |(_, rest)| rest)).collect();
            found.push((name, slug(&fixed)));
        }
    }
    found
}

fn build(work: &mut Work<'_>, stack: &mut Stack, configuration: &Node, around: &Around) -> Build {
    let mut around = around.clone();
    let variables = work.open(configuration, "EnvironmentVariables").cloned();
    for key in ["PrimarySource", "BatchEnabled", "CombineArtifacts"] {
        if let Some(own) = work.open(configuration, key) {
            if key == "BatchEnabled" && own.value.text() == Some("true") {
                work.lose(own, "the batch of a project is a file of its own: import it");
            } else {
                work.turn(own, "the job begins in the checkout");
            }
        }
    }
    // The action wins over the project, and that over the buildspec.
    if let Some(entry) = variables {
        let text = stack.text(work, &entry.value);
        let parsed: Option<serde_json::Value> = text.and_then(|t| serde_json::from_str(&t).ok());
        match parsed.as_ref().and_then(serde_json::Value::as_array) {
            Some(list) => around.over = given(work, &entry, list),
            None => work.lose(&entry, "the variables are no JSON that could be read"),
        }
    }
    project::job(work, stack, configuration, around)
}

/// The variables that an action gives its build.
fn given(work: &mut Work<'_>, entry: &Entry, list: &[serde_json::Value]) -> Vec<(String, String)> {
    let mut given = Around::default();
    for item in list {
        let of = |key: &str| item.get(key).and_then(serde_json::Value::as_str);
        let (Some(name), Some(value)) = (of("name"), of("value")) else { continue };
        let (value, left) = spoken(value);
        if left {
            work.mark(entry, Fate::Lost(format!("`{value}` is read out of CodePipeline itself")));
        }
        project::set(work, &mut given, name, &value, of("type").unwrap_or("PLAINTEXT"));
    }
    given.env
}

/// Commands that stand in the pipeline itself.
fn commands(work: &mut Work<'_>, body: &Node, around: &Around) -> Build {
    let mut job = node("job").arg(&around.name).comments(around.comments.iter().cloned()).children(around.before.iter().cloned());
    if let Some(entry) = work.open(body, "Commands") {
        let lines = entry.value.texts().unwrap_or_default();
        if lines.is_empty() {
            work.lose(entry, "commands are text");
        } else {
            job.push(run(&lines));
        }
    }
    job
}

/// A person who must agree: the gate that the next jobs wait for.
fn approval(work: &mut Work<'_>, stack: &mut Stack, body: &Node, title: &str, pipeline: &mut Pipeline) -> String {
    let gate = pipeline.gates.unique(title);
    let mut asked = node("approval").child(node("from").arg("approvers"));
    for key in ["InputArtifacts", "OutputArtifacts"] {
        let _ = work.open(body, key);
    }
    if let Some(limit) = work.open(body, "TimeoutInMinutes").and_then(|e| stack.literal(work, &e.value)) {
        asked.push(node("timeout").arg(&format!("{limit}m")));
    }
    let configuration = work.open(body, "Configuration").cloned();
    let map = configuration.as_ref().map_or_else(|| scalar("", body), |c| c.value.clone());
    if let Some(message) = work.open(&map, "CustomData").and_then(|e| stack.text(work, &e.value)) {
        let (message, _) = spoken(&message);
        asked.push(node("message").arg(&message));
    }
    if let Some(link) = work.open(&map, "ExternalEntityLink") {
        work.lose(link, "say the address in the message");
    }
    let topic = work.open(&map, "NotificationArn").and_then(|e| stack.text(work, &e.value));
    if work.declared.gates.iter().all(|g| g.0.name() != "team") {
        let told = "who may approve was a right in AWS: name the team by each target's words";
        let mut team = node("team").arg("approvers").comments([told]);
        if let Some(topic) = &topic {
            team.push(node("codepipeline").arg(topic));
        }
        work.declared.gates.insert(0, team);
    }
    let is_there = work.declared.gates.iter().any(|g| g.0.arg(0).and_then(|e| e.as_str()) == Some(gate.as_str()));
    if !is_there {
        work.declared.gates.push(node("gate").arg(&gate).child(asked));
    }
    gate
}
