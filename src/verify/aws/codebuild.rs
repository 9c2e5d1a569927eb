//! What the files written for AWS CodeBuild do, as CodeBuild reads them: projects whose webhooks and schedules start batches.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Pipeline;
use crate::ir::event::{Event, EventKind};
use crate::ir::id::TargetId;
use crate::ir::text::Context;
use crate::verify::aws::evaluate::Known;
use crate::verify::aws::host::{Host, minutes};
use crate::verify::aws::jobs::{File, Jobs, Task, own};
use crate::verify::aws::stack::{Schedule, Stack};
use crate::verify::aws::webhook::{Filter, Webhook};
use crate::verify::aws::{context, cron};
use crate::verify::behaviour::{Bit, Found, Frame, Given, Reader, Standing, Started, State, World};
use crate::verify::yaml::{self, Node};

/// The projects of a repository.
#[derive(Debug)]
pub struct Codebuild<'p> {
    pipeline: &'p Pipeline,
    jobs: Jobs<'p>,
    projects: Vec<Project>,
}

/// A project that runs batches.
#[derive(Debug)]
struct Project {
    name: String,
    /// One group must hold, with all its filters. None has no webhook.
    webhook: Option<Vec<Vec<Filter>>>,
    schedules: Vec<Schedule>,
    graph: Vec<Step>,
    /// Whether a failure ends the builds that run.
    fast_fail: bool,
}

/// A build of the graph.
#[derive(Debug)]
struct Step {
    task: Task,
    /// Places in the graph.
    needs: Vec<usize>,
    /// Its failure does not fail the batch.
    ignored: bool,
}

impl<'p> Codebuild<'p> {
    /// Reads the files of the folder `.codebuild`: path below the root and text.
    ///
    /// # Errors
    /// What cannot be understood, with its file and line.
    pub fn read(pipeline: &'p Pipeline, files: &[File<'_>]) -> Result<Self, String> {
        let mut jobs = Jobs::read(pipeline, files)?;
        let template = files.iter().find(|(path, _)| own(path).ends_with("/template.yml"));
        // What no event starts needs none.
        let idle = jobs.found.iter().all(|f| f.job.is_some_and(|j| pipeline.job(j).possible.is_empty()));
        if template.is_none() && idle {
            return Ok(Self { pipeline, jobs, projects: Vec::new() });
        }
        let (path, text) = template.ok_or("there is no `template.yml`")?;
        let fault = |e: String| format!("{path}: {e}");
        let stack = Stack::read(text).map_err(fault)?;
        let mut schedules = stack.schedules().map_err(fault)?;
        let mut projects = Vec::new();
        for (id, node) in stack.of_type("AWS::CodeBuild::Project") {
            let text = |keys: &[&str]| node.path(keys).and_then(Node::text);
            let name = text(&["Name"]).unwrap_or(id).to_owned();
            let batch = text(&["Source", "BuildSpec"]).ok_or_else(|| fault(format!("{id}: no `BuildSpec`")))?;
            let host = Host::of_project(node).map_err(fault)?;
            let (graph, fast_fail) = graph(files, batch, &mut jobs, &host)?;
            let limit = minutes(node.path(&["BuildBatchConfig", "TimeoutInMins"])).map_err(fault)?;
            in_time(&name, &graph, &jobs, limit).map_err(fault)?;
            let webhook = webhook(node).map_err(fault)?;
            let is_mine = |s: &Schedule| {
                s.operation == "codebuild:startBuildBatch" && s.input.get("ProjectName").and_then(Node::text) == Some(&name)
            };
            let (mine, others): (Vec<Schedule>, Vec<Schedule>) = schedules.into_iter().partition(is_mine);
            schedules = others;
            let role = stack.role(node.get("ServiceRole")).map_err(fault)?;
            let named: BTreeSet<String> = graph
                .iter()
                .flat_map(|n| jobs.named(n.task.found))
                .map(|id| id.split(':').next().unwrap_or(id).to_owned())
                .collect();
            let given = node.path(&["Environment", "EnvironmentVariables"]).map(Node::items).unwrap_or_default();
            let mut given: BTreeSet<String> = given.iter().filter_map(|v| v.get("Name")?.text()).map(str::to_owned).collect();
            if webhook.is_some() {
                // What a webhook tells (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>).
                given.insert("CODEBUILD_WEBHOOK_TRIGGER".to_owned());
            }
            for node in &graph {
                jobs.in_role(node.task.found, &role, &named).map_err(fault)?;
                jobs.in_run(&node.task, &given).map_err(fault)?;
            }
            jobs.cells(graph.iter().map(|n| &n.task)).map_err(fault)?;
            projects.push(Project { name, webhook, schedules: mine, graph, fast_fail });
        }
        Ok(Self { pipeline, jobs, projects })
    }
}

/// The filter groups of a project's webhook.
fn webhook(node: &Node) -> Result<Option<Vec<Vec<Filter>>>, String> {
    let Some(triggers) = node.get("Triggers").filter(|t| t.get("Webhook").is_some_and(Node::is_true)) else { return Ok(None) };
    if triggers.get("BuildType").and_then(Node::text) != Some("BUILD_BATCH") {
        return Err(format!("line {}: a webhook that starts no batch is not known here", triggers.line));
    }
    let groups = triggers.get("FilterGroups").map(Node::items).unwrap_or_default();
    let group = |node: &Node| node.items().iter().map(Filter::read).collect::<Result<Vec<_>, _>>();
    groups.iter().map(group).collect::<Result<Vec<_>, _>>().map(Some)
}

/// The graph of a batch (<https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build-buildspec.html>).
fn graph(files: &[File<'_>], batch: &str, jobs: &mut Jobs<'_>, host: &Host) -> Result<(Vec<Step>, bool), String> {
    let file = files.iter().find(|(path, _)| own(path) == own(batch));
    let (path, text) = file.ok_or_else(|| format!("there is no file `{batch}`"))?;
    let fault = |e: String| format!("{path}: {e}");
    let root = yaml::read(text).map_err(fault)?;
    let batch = root.get("batch").ok_or_else(|| fault("no `batch`".to_owned()))?;
    let unknown = batch.rows().iter().find(|(k, _)| !["build-graph", "fast-fail"].contains(&k.as_str()));
    if let Some((key, node)) = unknown {
        return Err(fault(format!("line {}: `{key}` is not known here", node.line)));
    }
    let nodes = batch.get("build-graph").map(Node::items).unwrap_or_default();
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::text).unwrap_or_default().to_owned();
    let ids: Vec<String> = nodes.iter().map(|n| text(n, "identifier")).collect();
    let mut graph = Vec::new();
    for node in nodes {
        let known = ["identifier", "buildspec", "depend-on", "env", "ignore-failure"];
        if let Some((key, at)) = node.rows().iter().find(|(k, _)| !known.contains(&k.as_str())) {
            return Err(fault(format!("line {}: `{key}` is not known here", at.line)));
        }
        let found = jobs.place(&text(node, "buildspec")).map_err(|e| fault(format!("line {}: {e}", node.line)))?;
        jobs.on(found, host.of_build(node.get("env")).map_err(fault)?).map_err(fault)?;
        let mut needs = Vec::new();
        for need in node.get("depend-on").map(Node::texts).unwrap_or_default() {
            let at = ids.iter().position(|i| *i == need);
            needs.push(at.ok_or_else(|| fault(format!("line {}: there is no build `{need}`", node.line)))?);
        }
        let rows = node.path(&["env", "variables"]).map(Node::rows).unwrap_or_default();
        let passed = rows.iter().filter_map(|(name, v)| Some((name.clone(), v.text()?.to_owned()))).collect();
        let ignored = node.get("ignore-failure").is_some_and(Node::is_true);
        graph.push(Step { task: Task { found, passed }, needs, ignored });
    }
    Ok((graph, batch.get("fast-fail").is_some_and(Node::is_true)))
}

/// Looks whether a batch gives its builds the time that the spec gives them, one after another.
///
/// # Errors
/// It is stopped before.
fn in_time(name: &str, graph: &[Step], jobs: &Jobs<'_>, minutes: Option<u64>) -> Result<(), String> {
    let mut ends = vec![0; graph.len()];
    // The longest chain is as long as there are builds.
    for _ in graph {
        for (at, step) in graph.iter().enumerate() {
            let before = step.needs.iter().map(|n| ends[*n]).max().unwrap_or(0);
            ends[at] = before + jobs.given(step.task.found);
        }
    }
    let most: u64 = ends.into_iter().max().unwrap_or(0);
    match minutes.filter(|m| m * 60 < most) {
        Some(minutes) => Err(format!("batch `{name}` is stopped after {} s, and its builds may take {most} s", minutes * 60)),
        None => Ok(()),
    }
}

impl Reader for Codebuild<'_> {
    fn word(&self) -> &'static str {
        "codebuild"
    }

    fn found(&self) -> &[Found] {
        &self.jobs.found
    }

    fn start<'r>(&'r self, event: &Event) -> Result<Box<dyn Started + 'r>, String> {
        let webhook = Webhook::of(event);
        let mut started: Vec<&Project> = Vec::new();
        for project in &self.projects {
            let hooked = match (&webhook, &project.webhook) {
                (Some(webhook), Some(groups)) => groups.iter().any(|g| g.iter().all(|f| webhook.passes(f))),
                _ => false,
            };
            if hooked || self.is_time(project, event) {
                started.push(project);
            }
        }
        let variables = webhook.map(|w| w.variables()).unwrap_or_default();
        for (at, project) in started.iter().enumerate() {
            let mine: BTreeSet<usize> = project.graph.iter().map(|n| n.task.found).collect();
            for other in &started[..at] {
                if let Some(twice) = other.graph.iter().find(|n| mine.contains(&n.task.found)) {
                    let id = &self.jobs.found[twice.task.found].id;
                    return Err(format!("`{id}` runs twice: `{}` and `{}` both start", other.name, project.name));
                }
            }
        }
        Ok(Box::new(Run { jobs: &self.jobs, started, variables }))
    }

    fn means(&self, _at: usize, symbol: &str, context: &Context) -> bool {
        context::means(self.pipeline, symbol, context)
    }

    fn spellings(&self, _at: usize, context: &Context) -> Vec<Vec<Bit>> {
        context::spellings(self.pipeline, TargetId::Codebuild, context)
    }

    fn hands_over(&self, from: usize, to: usize, _given: Given<'_>) -> bool {
        self.jobs.hands_over(from, to)
    }
}

impl Codebuild<'_> {
    /// Whether a schedule of the project is the one that the event is about.
    fn is_time(&self, project: &Project, event: &Event) -> bool {
        if event.kind != EventKind::Schedule {
            return false;
        }
        let declared =
            self.pipeline.workflows.iter().flat_map(|w| &w.schedules).find(|s| Some(&s.name.value) == event.schedule.as_ref());
        let Some(declared) = declared else { return false };
        let zone = declared.timezone.as_ref().map_or("UTC", |z| z.value.as_str());
        let branch = event.branch.as_ref().unwrap_or(&self.pipeline.default_branch.value);
        let fits = |s: &Schedule| {
            let on = s.input.get("SourceVersion").and_then(Node::text);
            cron::same(&s.expression, declared.cron.value.text()) && s.timezone == zone && on == Some(branch)
        };
        // Of schedules of one time each has its own batch, named after it.
        let own = || project.name.ends_with(&format!("schedule-{}", declared.name.value));
        project.schedules.iter().any(fits) && own()
    }
}

/// The batches that an event starts.
struct Run<'r, 'p> {
    jobs: &'r Jobs<'p>,
    started: Vec<&'r Project>,
    variables: BTreeMap<String, Known>,
}

impl Run<'_, '_> {
    /// What becomes of the builds of a batch: one starts when those it depends on have ended well. That a batch starts none behind a failed
    /// one, and all others, is taken as read: AWS says that a task waits "until these tasks are completed".
    fn batch(&self, project: &Project, world: &World) -> Result<Vec<State>, String> {
        let graph = &project.graph;
        let mut states: Vec<Option<State>> = vec![None; graph.len()];
        loop {
            let ready = |at: &usize| states[*at].is_none() && graph[*at].needs.iter().all(|n| states[*n].is_some());
            let Some(at) = (0..graph.len()).find(ready) else { break };
            let node = &graph[at];
            let blocked = node.needs.iter().any(|n| matches!(states[*n], Some(State::Failed | State::Skipped)));
            let mut passed = self.variables.clone();
            passed.extend(node.task.passed.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
            let state = match self.jobs.state(node.task.found, &passed, world)? {
                State::Absent => State::Absent,
                _ if blocked => State::Skipped,
                State::Failed if node.ignored => State::Forgiven,
                state => state,
            };
            states[at] = Some(state);
        }
        let states: Option<Vec<State>> = states.into_iter().collect();
        let mut states = states.ok_or_else(|| format!("builds of `{}` wait for one another", project.name))?;
        let failed = states.contains(&State::Failed);
        if failed && project.fast_fail {
            // Which of the others have ended by then is a matter of luck.
            let cut = states.iter_mut().filter(|s| matches!(s, State::Passed | State::Forgiven));
            cut.for_each(|s| *s = State::Skipped);
        }
        Ok(states)
    }
}

impl Started for Run<'_, '_> {
    fn states(&self, world: &World) -> Result<Vec<State>, String> {
        let mut all = Vec::new();
        for project in &self.started {
            let states = self.batch(project, world)?;
            all.extend(project.graph.iter().map(|n| n.task.found).zip(states));
        }
        self.jobs.together(&all)
    }

    fn begun(&self) -> Vec<&str> {
        self.started.iter().map(|p| p.name.as_str()).collect()
    }

    fn runs(&self, at: usize, frame: &Frame, standing: Standing) -> Option<bool> {
        let mut nodes = self.started.iter().flat_map(|p| &p.graph).filter(|n| n.task.found == at);
        let mut passed = self.variables.clone();
        passed.extend(nodes.next()?.task.passed.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
        self.jobs.runs(at, &passed, frame, standing)
    }

    fn before(&self) -> Vec<BTreeSet<usize>> {
        let mut tasks: Vec<(usize, BTreeSet<usize>)> = Vec::new();
        for project in &self.started {
            let offset = tasks.len();
            for node in &project.graph {
                let mut before = BTreeSet::new();
                let mut open = node.needs.clone();
                while let Some(next) = open.pop() {
                    if before.insert(next + offset) {
                        open.extend(&project.graph[next].needs);
                    }
                }
                tasks.push((node.task.found, before));
            }
        }
        self.jobs.before(&tasks)
    }
}
