//! What the files written for AWS CodePipeline do, as CodePipeline reads them: pipelines of type V2, each with its trigger or schedule.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Pipeline;
use crate::ir::event::{Event, EventKind, InputValue};
use crate::ir::gate::GateKind;
use crate::ir::id::{GateId, TargetId};
use crate::ir::text::Context;
use crate::verify::aws::condition::Condition;
use crate::verify::aws::evaluate::Known;
use crate::verify::aws::host::{Host, minutes};
use crate::verify::aws::jobs::{File, Jobs, Task, own};
use crate::verify::aws::passage::{Run, Stage, Way};
use crate::verify::aws::stack::{Schedule, Stack};
use crate::verify::aws::trigger::Trigger;
use crate::verify::aws::{action, context, cron};
use crate::verify::behaviour::{Bit, Found, Given, Place, Reader, Started};
use crate::verify::yaml::{self, Node};

/// The pipelines of a repository.
#[derive(Debug)]
pub struct Codepipeline<'p> {
    pub(super) pipeline: &'p Pipeline,
    pub(super) jobs: Jobs<'p>,
    pipelines: Vec<Way>,
    /// The jobs of which a pipeline has said whether its runs wait for one another.
    locked: BTreeSet<usize>,
}

impl<'p> Codepipeline<'p> {
    /// Reads the files of the folder `.codepipeline`: path below the root and text.
    ///
    /// # Errors
    /// What cannot be understood, with its file and line.
    pub fn read(pipeline: &'p Pipeline, files: &[File<'_>]) -> Result<Self, String> {
        let mut read = Self { pipeline, jobs: Jobs::read(pipeline, files)?, pipelines: Vec::new(), locked: BTreeSet::new() };
        for (path, text) in files.iter().filter(|(path, _)| own(path).matches('/').count() == 1) {
            let stack = Stack::read(text).map_err(|e| format!("{path}: {e}"))?;
            let schedules = stack.schedules().map_err(|e| format!("{path}: {e}"))?;
            let Some((_, node)) = stack.of_type("AWS::CodePipeline::Pipeline").next() else {
                return Err(format!("{path}: there is no pipeline"));
            };
            read.way(path, node, &stack, schedules).map_err(|e| format!("{path}: {e}"))?;
        }
        Ok(read)
    }

    fn way(&mut self, path: &str, node: &Node, stack: &Stack, schedules: Vec<Schedule>) -> Result<(), String> {
        let text = |node: &Node, keys: &[&str]| node.path(keys).and_then(Node::text).unwrap_or_default().to_owned();
        let name = text(node, &["Name"]);
        if text(node, &["PipelineType"]) != "V2" {
            return Err(format!("line {}: a pipeline that is not of type V2", node.line));
        }
        // In the usual mode a newer run takes the place of one that waits
        // (<https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html>).
        let mode = node.get("ExecutionMode").and_then(Node::text).unwrap_or("SUPERSEDED");
        let [first, stages @ ..] = node.get("Stages").map(Node::items).unwrap_or_default() else {
            return Err(format!("line {}: no stages", node.line));
        };
        let [source] = first.get("Actions").map(Node::items).unwrap_or_default() else {
            return Err(format!("line {}: one source is expected", first.line));
        };
        let branch = text(source, &["Configuration", "BranchName"]);
        let detects = text(source, &["Configuration", "DetectChanges"]) != "false";
        let trigger = Trigger::read(node, &text(source, &["Name"]), Some(&branch), detects)?;
        let given: BTreeSet<String> =
            source.get("OutputArtifacts").map(Node::items).unwrap_or_default().iter().map(|a| text(a, &["Name"])).collect();
        let variables = node.get("Variables").map(Node::items).unwrap_or_default();
        let variables =
            variables.iter().map(|v| (text(v, &["Name"]), v.get("DefaultValue").and_then(Node::text).map(str::to_owned)));
        let mut way = Way {
            name: name.clone(),
            trigger,
            schedules: Vec::new(),
            branch,
            variables: variables.collect(),
            stages: Vec::new(),
        };
        let started = |s: &Schedule| {
            s.operation == "codepipeline:startPipelineExecution" && s.input.get("Name").and_then(Node::text) == Some(&name)
        };
        way.schedules = schedules.into_iter().filter(started).collect();
        for stage in stages {
            let known = ["Name", "BeforeEntry", "Actions"];
            if let Some((key, at)) = stage.rows().iter().find(|(k, _)| !known.contains(&k.as_str())) {
                return Err(format!("line {}: `{key}` is not known here", at.line));
            }
            let entry = stage.get("BeforeEntry").map(Condition::read).transpose()?;
            let mut rounds: BTreeMap<usize, Vec<Task>> = BTreeMap::new();
            for action in stage.get("Actions").map(Node::items).unwrap_or_default() {
                // An action that says nothing runs in the first round.
                let round = action.get("RunOrder").and_then(Node::text).map_or(Ok(1), str::parse::<usize>);
                let round = round.map_err(|_| format!("line {}: a `RunOrder` that is no number", action.line))?;
                let task = match text(action, &["ActionTypeId", "Category"]).as_str() {
                    "Approval" => self.approval(path, &name, action)?,
                    "Build" if action.path(&["ActionTypeId", "Provider"]).and_then(Node::text) == Some("CodeBuild") => {
                        self.build(stack, action, mode, &given)?
                    }
                    "Build" | "Compute" | "Deploy" | "Invoke" | "Test" => self.own(path, &name, action, stack)?,
                    other => return Err(format!("line {}: an action `{other}` is not known here", action.line)),
                };
                rounds.entry(round).or_default().push(task);
            }
            way.stages.push(Stage { entry, rounds });
        }
        self.jobs.cells(way.stages.iter().flat_map(|s| s.rounds.values().flatten()))?;
        self.pipelines.push(way);
        Ok(())
    }

    /// An action of the vendor's own, which the spec has as it stands: a job of the pipeline's workflow has its name.
    fn own(&mut self, path: &str, pipeline: &str, action: &Node, stack: &Stack) -> Result<Task, String> {
        let id = action.get("Name").and_then(Node::text).unwrap_or_default().to_owned();
        let of_pipeline = |name: &str| pipeline.starts_with(&format!("{}-{name}-", self.pipeline.name.value));
        let job = self.pipeline.job_ids().find(|(_, job)| {
            let workflow = &self.pipeline.workflow(job.workflow).name.value;
            job.is_an_action() && of_pipeline(workflow) && legal(&job.name.value) == id
        });
        let (id_of_job, job) =
            job.ok_or_else(|| format!("line {}: `{id}` is an action that the spec does not have", action.line))?;
        let (call, passed) = match job.function() {
            Some(_) => action::call(action, stack).map(|(act, passed)| (Some(act), passed))?,
            None => (None, Vec::new()),
        };
        // One that several pipelines have is one job.
        if let Some(at) = self.jobs.found.iter().position(|f| f.job == Some(id_of_job)) {
            let known = self.jobs.found[at].acts.iter().flatten().next();
            if known.map(|a| &a.with) != call.as_ref().map(|a| &a.with) {
                return Err(format!("line {}: `{id}` is not called as in another pipeline", action.line));
            }
            return Ok(Task { found: at, passed });
        }
        let workflow = Some(self.pipeline.workflow(job.workflow).name.value.clone());
        let acts = call.map(|act| vec![act]);
        let found = Found { job: Some(id_of_job), workflow, acts, ..beside(path, pipeline, id, action.line, Vec::new()) };
        self.jobs.found.push(found);
        Ok(Task { found: self.jobs.found.len() - 1, passed })
    }

    /// An action that waits for a person: it is called after its gate, with a number behind it where several are asked.
    fn approval(&mut self, path: &str, pipeline: &str, action: &Node) -> Result<Task, String> {
        let id = action.get("Name").and_then(Node::text).unwrap_or_default().to_owned();
        let plain = |name: &str| name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
        let bare = id.rsplit_once('-').filter(|(_, n)| n.parse::<u32>().is_ok()).map_or(id.as_str(), |(name, _)| name);
        let asked = |(_, g): &(usize, &crate::ir::gate::Gate)| {
            let own = plain(&g.name.value);
            matches!(g.kind, GateKind::Approval(_))
                && [id.as_str(), bare].iter().any(|i| plain(i) == own || plain(i).ends_with(&format!("-{own}")))
        };
        let asks = self.pipeline.gates.iter().enumerate().find(asked).map(|(at, _)| GateId(at as u32));
        let timeout = minutes(action.get("TimeoutInMinutes"))?.map(|m| m * 60);
        let asking = beside(path, pipeline, id, action.line, asks.into_iter().collect());
        self.jobs.found.push(Found { timeout, ..asking });
        Ok(Task { found: self.jobs.found.len() - 1, passed: Vec::new() })
    }

    /// An action that runs a build: its project says which.
    fn build(&mut self, stack: &Stack, action: &Node, mode: &str, given: &BTreeSet<String>) -> Result<Task, String> {
        let fault = |e: String| format!("line {}: {e}", action.line);
        let text = |keys: &[&str]| action.path(keys).and_then(Node::text).unwrap_or_default().to_owned();
        let id = text(&["Name"]);
        let inputs = action.get("InputArtifacts").map(Node::items).unwrap_or_default();
        let has = inputs.iter().filter_map(|i| i.get("Name")?.text()).any(|i| given.contains(i));
        if !has {
            return Err(fault(format!("`{id}` has no source")));
        }
        let project = text(&["Configuration", "ProjectName"]);
        let project = stack.of_type("AWS::CodeBuild::Project").find(|(logical, _)| *logical == project);
        let (_, project) = project.ok_or_else(|| fault(format!("`{id}` names no project")))?;
        let spec = project.path(&["Source", "BuildSpec"]).and_then(Node::text).unwrap_or_default();
        let found = self.jobs.place(spec).map_err(fault)?;
        // <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionDeclaration.html>
        if action.get("TimeoutInMinutes").is_some() {
            return Err(fault(format!("`{id}` has a limit, which only approvals may have")));
        }
        self.jobs.on(found, Host::of_project(project)?).map_err(fault)?;
        // JSON is YAML.
        let passed = match action.path(&["Configuration", "EnvironmentVariables"]).and_then(Node::text) {
            Some(json) => yaml::read(json).map_err(fault)?.items().to_vec(),
            None => Vec::new(),
        };
        let pair = |n: &Node| Some((n.get("name")?.text()?.to_owned(), n.get("value")?.text()?.to_owned()));
        let passed: Vec<(String, String)> = passed.iter().filter_map(pair).collect();
        let given = project.path(&["Environment", "EnvironmentVariables"]).map(Node::items).unwrap_or_default();
        let given = given.iter().filter_map(|v| v.get("Name")?.text()).map(str::to_owned);
        let task = Task { found, passed };
        self.jobs.in_run(&task, &given.collect()).map_err(fault)?;
        self.jobs.in_role(found, &stack.role(project.get("ServiceRole"))?, &BTreeSet::new()).map_err(fault)?;
        let job = &mut self.jobs.found[found];
        job.interruptible |= mode == "SUPERSEDED";
        // Runs of one pipeline wait for one another where it queues them.
        let lock = (mode == "QUEUED").then(|| "the queue of its pipeline".to_owned());
        job.lock = if self.locked.insert(found) { lock } else { job.lock.take().and(lock) };
        Ok(task)
    }
}

impl Reader for Codepipeline<'_> {
    fn word(&self) -> &'static str {
        "codepipeline"
    }

    fn found(&self) -> &[Found] {
        &self.jobs.found
    }

    fn start<'r>(&'r self, event: &Event) -> Result<Box<dyn Started + 'r>, String> {
        let started: Vec<&Way> = self.pipelines.iter().filter(|w| self.starts(w, event)).collect();
        for (at, way) in started.iter().enumerate() {
            let tasks =
                |w: &Way| w.stages.iter().flat_map(|s| s.rounds.values().flatten()).map(|t| t.found).collect::<BTreeSet<_>>();
            let mine = tasks(way);
            for other in &started[..at] {
                if let Some(twice) = tasks(other).intersection(&mine).next() {
                    let id = &self.jobs.found[*twice].id;
                    return Err(format!("`{id}` runs twice: `{}` and `{}` both start", other.name, way.name));
                }
            }
        }
        let runs = started.into_iter().map(|way| (way, self.variables(way, event))).collect();
        Ok(Box::new(Run { jobs: &self.jobs, runs }))
    }

    fn means(&self, _at: usize, symbol: &str, context: &Context) -> bool {
        context::means(self.pipeline, symbol, context) || action::means(symbol, context)
    }

    fn spellings(&self, _at: usize, context: &Context) -> Vec<Vec<Bit>> {
        context::spellings(self.pipeline, TargetId::Codepipeline, context)
    }

    fn hands_over(&self, from: usize, to: usize, _given: Given<'_>) -> bool {
        self.jobs.hands_over(from, to)
    }
}

impl Codepipeline<'_> {
    fn starts(&self, way: &Way, event: &Event) -> bool {
        match event.kind {
            EventKind::Schedule => {
                let all = self.pipeline.workflows.iter().flat_map(|w| &w.schedules);
                let Some(declared) = all.into_iter().find(|s| Some(&s.name.value) == event.schedule.as_ref()) else {
                    return false;
                };
                let zone = declared.timezone.as_ref().map_or("UTC", |z| z.value.as_str());
                let fits = |s: &Schedule| cron::same(&s.expression, declared.cron.value.text()) && s.timezone == zone;
                // Of schedules of one time each has its own pipeline, named after it.
                way.schedules.iter().any(fits)
                    && way.name.ends_with(&format!("schedule-{}", declared.name.value))
                    && *event.branch.as_ref().unwrap_or(&self.pipeline.default_branch.value) == way.branch
            }
            EventKind::Manual => {
                // A person starts the one that nothing else does.
                let asked = event.workflow.map(|w| &self.pipeline.workflow(w).name.value);
                let first = way.stages.iter().flat_map(|s| s.rounds.values().flatten()).find_map(|t| {
                    let found = &self.jobs.found[t.found];
                    found.job.and(found.workflow.as_ref())
                });
                way.trigger.is_none() && way.schedules.is_empty() && first == asked
            }
            _ => way.trigger.takes(event),
        }
    }

    /// The variables of a run. What the source gives is known for each kind of start
    /// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html>; of a pull request and a
    /// tag as in <https://github.com/aws/aws-cdk/issues/31000>).
    fn variables(&self, way: &Way, event: &Event) -> BTreeMap<String, Known> {
        let mut found: BTreeMap<String, Known> = BTreeMap::new();
        let mut set = |name: &str, value: Known| _ = found.insert(name.to_owned(), value);
        for name in [
            "AuthorDate",
            "AuthorDisplayName",
            "AuthorEmail",
            "AuthorId",
            "CommitId",
            "CommitMessage",
            "ConnectionArn",
            "FullRepositoryName",
            "ProviderType",
        ] {
            set(&format!("SourceVariables.{name}"), None);
        }
        set("codepipeline.PipelineExecutionId", None);
        match event.kind {
            EventKind::Push => set("SourceVariables.BranchName", event.branch.clone()),
            EventKind::Tag | EventKind::Release => set("SourceVariables.TagName", event.tag.clone()),
            EventKind::PullRequest => {
                set("SourceVariables.BranchName", event.head.clone());
                set("SourceVariables.SourceBranchName", event.head.clone());
                set("SourceVariables.DestinationBranchName", event.target.clone());
                set("SourceVariables.PullRequestId", None);
                set("SourceVariables.PullRequestTitle", None);
            }
            EventKind::Schedule | EventKind::Manual | EventKind::Raw => {
                set("SourceVariables.BranchName", Some(way.branch.clone()))
            }
        }
        for (name, default) in &way.variables {
            let given = event.inputs.get(name).map(|value| match value {
                InputValue::String(text) => text.clone(),
                InputValue::Bool(value) => value.to_string(),
                InputValue::Number(value) => value.to_string(),
            });
            // Of an input of which nothing is said a person may give anything.
            let value = if event.kind == EventKind::Manual { given } else { default.clone() };
            set(&format!("variables.{name}"), value);
        }
        found
    }
}

/// What stands in a pipeline and is no build.
fn beside(path: &str, pipeline: &str, id: String, line: usize, asks: Vec<GateId>) -> Found {
    Found {
        place: Place { file: path.to_owned(), line },
        workflow: Some(pipeline.to_owned()),
        id,
        job: None,
        asks,
        environment: None,
        interruptible: false,
        lock: None,
        forgiven: false,
        secrets: BTreeSet::new(),
        permissions: None,
        texts: Vec::new(),
        uploads: BTreeSet::new(),
        downloads: BTreeSet::new(),
        outputs: BTreeSet::new(),
        reads: BTreeSet::new(),
        acts: None,
        env: BTreeMap::new(),
        label: None,
        image: None,
        entrypoint: None,
        services: Vec::new(),
        cells: None,
        timeout: None,
        after_timeout: None,
        whole: None,
        retry: 0,
        identity: false,
    }
}

/// The name of a job as an action has it.
fn legal(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || ".@_-".contains(c) { c } else { '-' }).take(90).collect()
}
