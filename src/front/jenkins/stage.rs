//! Stages as jobs.
//!
//! Stages that share the agent of the pipeline share its folder, too: they are steps of one job. A stage with an agent of its own, parallel
//! stages, and one that a person starts are jobs of their own.

use crate::front::ledger::Fate;
use crate::front::logic::{Part, and};
use crate::front::name::slug;
use crate::front::node::{Build, node};

use super::agent::{self, Agent};
use super::option::{self, Options};
use super::step::{self, Body, Scope};
use super::text::{Where, text};
use super::tree::{Item, Value};
use super::when;
use super::work::Work;

/// Outcomes of `post` in the order in which Jenkins looks at them, by the outcome of a spec; those without one are not carried.
const OUTCOMES: &[(&str, Option<&str>)] = &[
    ("always", Some("always")),
    ("changed", None),
    ("fixed", None),
    ("regression", None),
    ("aborted", None),
    ("failure", Some("failure")),
    ("success", Some("success")),
    ("unstable", None),
    ("unsuccessful", Some("failure")),
    ("notBuilt", None),
    ("cleanup", Some("always")),
];

/// What is around stages.
#[derive(Clone, Default)]
pub(super) struct Around {
    /// Where they run.
    pub(super) agent: Agent,
    /// Whether the stages share a machine.
    pub(super) shares: bool,
    /// On what they depend.
    pub(super) condition: Option<Part>,
    /// Variables.
    pub(super) env: Vec<(String, String)>,
    /// Variables that could not be worked out.
    pub(super) missing: Vec<String>,
    /// Settings.
    pub(super) options: Options,
    /// Languages.
    pub(super) tools: Vec<Build>,
}

/// A job that may still get steps.
pub(super) struct Job {
    /// What it is called.
    pub(super) name: String,
    /// Its steps.
    pub(super) body: Body,
    around: Around,
    condition: Option<String>,
    gate: Option<String>,
    matrix: Option<Build>,
    comments: Vec<String>,
    stages: usize,
}

/// Jobs that run beside each other, behind those before them.
pub(super) struct Phase {
    /// What it is called.
    pub(super) title: String,
    /// The jobs.
    pub(super) jobs: Vec<Job>,
    shared: bool,
}

fn condition_of(part: &Part) -> Option<String> {
    part.text()
}

/// Reads stages.
pub(super) fn stages(work: &mut Work<'_>, item: &Item, around: &Around, phases: &mut Vec<Phase>) {
    work.mark(item, Fate::Exact);
    for stage in item.items() {
        if stage.name != "stage" {
            work.lose(stage, "a stage is expected here");
            continue;
        }
        one(work, stage, around, phases);
    }
}

fn title(stage: &Item) -> String {
    stage.first().and_then(Value::word).unwrap_or_else(|| "stage".to_owned())
}

/// What a stage says of itself, laid over what is around it; `None` where it is never there.
fn around_of(work: &mut Work<'_>, stage: &Item, outer: &Around) -> Option<(Around, bool)> {
    work.mark(stage, Fate::Exact);
    let mut made = outer.clone();
    let own = stage.find("agent").map(|a| agent::agent(work, a));
    let has_own = own.is_some();
    if let Some(agent) = own {
        if agent.reuses {
            work.mark(stage, Fate::Lost("its container has a folder of its own here: say `produces` and `consumes`".to_owned()));
        }
        made.agent = agent;
    }
    if let Some(environment) = stage.find("environment") {
        let (pairs, missing) = agent::environment(work, environment);
        made.env.extend(pairs);
        made.missing.extend(missing);
    }
    if let Some(tools) = stage.find("tools") {
        made.tools = agent::tools(work, tools);
    }
    if let Some(options) = stage.find("options") {
        let own = option::options(work, options);
        made.options.timeout = own.timeout.or(made.options.timeout);
        made.options.retries = own.retries.max(made.options.retries);
        made.options.bare |= own.bare;
    }
    if let Some(fast) = stage.find("failFast") {
        work.turn(fast, "jobs beside a failed one run to their end; the run fails all the same");
    }
    let part = stage.find("when").map_or(Part::Known(true), |w| when::condition(work, w));
    let both = and(outer.condition.clone().unwrap_or(Part::Known(true)), part);
    if both == Part::Known(false) {
        work.turn(stage, "it never runs for the events that are carried, so it is left out");
        return None;
    }
    made.condition = Some(both);
    for other in stage.items().iter().filter(|i| {
        let known = [
            "agent",
            "environment",
            "tools",
            "options",
            "failFast",
            "when",
            "steps",
            "post",
            "parallel",
            "stages",
            "matrix",
            "input",
        ];
        !known.contains(&i.name.as_str())
    }) {
        work.lose(other, "a stage of a spec has no such directive");
    }
    Some((made, has_own))
}

fn one(work: &mut Work<'_>, stage: &Item, outer: &Around, phases: &mut Vec<Phase>) {
    let Some((around, has_own)) = around_of(work, stage, outer) else { return };
    let own_job = has_own || stage.find("input").is_some() || stage.find("matrix").is_some();
    if let Some(parallel) = stage.find("parallel") {
        work.mark(parallel, Fate::Exact);
        let mut jobs = Vec::new();
        for inner in parallel.items() {
            let Some((own, has_own)) = around_of(work, inner, &around) else { continue };
            if outer.shares && !has_own {
                lonely(work, inner);
            }
            jobs.push(job(work, inner, &own));
        }
        if !jobs.is_empty() {
            phases.push(Phase { title: title(stage), jobs, shared: false });
        }
        post(work, stage, phases);
        return;
    }
    if !own_job && let Some(inner) = stage.find("stages") {
        stages(work, inner, &around, phases);
        post(work, stage, phases);
        return;
    }
    if own_job || !outer.shares {
        if outer.shares && !has_own {
            lonely(work, stage);
        }
        let made = job(work, stage, &around);
        phases.push(Phase { title: title(stage), jobs: vec![made], shared: false });
        return;
    }
    if !phases.last().is_some_and(|p| p.shared) {
        let after = phases.iter().any(|p| p.shared);
        if after {
            lonely(work, stage);
        }
        let name = work.jobs.unique(if phases.is_empty() { "build" } else { "build-further" });
        let job = Job::new(&name, Around { condition: None, env: outer.env.clone(), ..outer.clone() });
        phases.push(Phase { title: name, jobs: vec![job], shared: true });
    }
    let Some(job) = phases.last_mut().and_then(|p| p.jobs.first_mut()) else { return };
    let known = outer.env.len();
    let scope = Scope {
        condition: around.condition.as_ref().and_then(condition_of),
        env: around.env.get(known..).unwrap_or_default().to_vec(),
        title: Some(title(stage)),
        timeout: around.options.timeout.clone().filter(|t| outer.options.timeout.as_ref() != Some(t)),
        retries: if around.options.retries > outer.options.retries { around.options.retries } else { 0 },
        comments: stage.comments.clone(),
        ..Scope::default()
    };
    if around.missing.len() > outer.missing.len() {
        job.around.missing = around.missing.clone();
    }
    job.stages += 1;
    job.body.steps.extend(around.tools.iter().filter(|t| !outer.tools.iter().any(|o| o.0 == t.0)).cloned());
    if stage.find("steps").is_none() {
        work.lose(stage, "it has no steps");
    }
    inside(work, stage, &scope, &mut job.body);
}

/// Says that a stage has a folder of its own here, which it had not.
fn lonely(work: &mut Work<'_>, stage: &Item) {
    let why = "its job has a folder of its own: what earlier stages made is not in it; say `produces` and `consumes`";
    work.mark(stage, Fate::Lost(why.to_owned()));
}

/// `post` of a stage that holds others.
fn post(work: &mut Work<'_>, stage: &Item, phases: &mut [Phase]) {
    let Some(item) = stage.find("post") else { return };
    match phases.last_mut().map(|p| p.jobs.as_mut_slice()) {
        Some([only]) => behind(work, item, &Scope::default(), &mut only.body),
        _ => work.lose(item, "say it at each of the jobs beside each other"),
    }
}

/// The job of a stage.
fn job(work: &mut Work<'_>, stage: &Item, around: &Around) -> Job {
    let title = title(stage);
    let name = work.jobs.unique(&title);
    let mut job = Job::new(&name, around.clone());
    job.condition = around.condition.as_ref().and_then(condition_of);
    job.comments = stage.comments.clone();
    if slug(&title) != title {
        work.mark(stage, Fate::Emulated(format!("the job is called `{name}`")));
    }
    if let Some(input) = stage.find("input") {
        let message = input.find("message").and_then(Item::first).or_else(|| input.arg("message")).or_else(|| input.first());
        let message = message.and_then(|m| text(work, m, Where::Field).ok());
        work.turn(input, "a gate that the job requires; the wait is no part of the job");
        for lost in input.items().iter().filter(|i| matches!(i.name.as_str(), "parameters" | "submitter")) {
            work.lose(lost, "a gate takes no values, and who may agree is the team of the gate");
        }
        job.gate = Some(work.approval(&format!("start-of-{name}"), message.as_deref()));
    }
    let scope = Scope::default();
    if let Some(matrix) = stage.find("matrix") {
        job.matrix = cells(work, matrix, &mut job.around);
        if let Some(inner) = matrix.find("stages") {
            nested(work, inner, &scope, &mut job.body);
        }
        if let Some(item) = matrix.find("post") {
            behind(work, item, &scope, &mut job.body);
        }
        work.axes.clear();
    }
    if let Some(inner) = stage.find("stages") {
        nested(work, inner, &scope, &mut job.body);
    }
    job.stages = 1;
    inside(work, stage, &scope, &mut job.body);
    job
}

/// Stages in one job: their steps behind each other.
fn nested(work: &mut Work<'_>, item: &Item, scope: &Scope, body: &mut Body) {
    work.mark(item, Fate::Exact);
    for stage in item.items() {
        let outer = Around { shares: true, ..Around::default() };
        let Some((around, has_own)) = around_of(work, stage, &outer) else { continue };
        if has_own || stage.find("input").is_some() || stage.find("parallel").is_some() || stage.find("matrix").is_some() {
            work.lose(stage, "a stage within one of its own machine runs there: take it out to the others");
            let mut own = scope.clone();
            step::refuse(
                work,
                stage,
                "a stage within one of its own machine runs there: take it out to the others",
                &mut own,
                body,
            );
            continue;
        }
        let own = Scope {
            condition: around.condition.as_ref().and_then(condition_of),
            env: around.env.clone(),
            title: Some(title(stage)),
            timeout: around.options.timeout.clone(),
            retries: around.options.retries,
            comments: stage.comments.clone(),
            ..scope.clone()
        };
        body.steps.extend(around.tools.iter().cloned());
        if let Some(inner) = stage.find("stages") {
            nested(work, inner, &own, body);
        }
        inside(work, stage, &own, body);
    }
}

/// The steps of a stage, and what runs behind them.
fn inside(work: &mut Work<'_>, stage: &Item, scope: &Scope, body: &mut Body) {
    if let Some(item) = stage.find("steps") {
        work.mark(item, Fate::Exact);
        let mut own = scope.clone();
        own.comments.extend(item.comments.iter().cloned());
        step::steps(work, item.items(), &mut own, body);
    }
    if let Some(item) = stage.find("post") {
        behind(work, item, scope, body);
    }
}

/// `post` in a job.
pub(super) fn behind(work: &mut Work<'_>, item: &Item, scope: &Scope, body: &mut Body) {
    work.mark(item, Fate::Exact);
    let earlier = !body.steps.is_empty();
    for (name, outcome) in OUTCOMES {
        let Some(own) = item.find(name) else { continue };
        let Some(outcome) = outcome else {
            work.lose(own, "a spec knows success, failure and always; what a run before this one did is not known");
            continue;
        };
        work.mark(own, Fate::Exact);
        if earlier && *outcome != "success" {
            work.mark(own, Fate::Emulated("it runs after a failure of an earlier stage of the job, too".to_owned()));
        }
        let when = Some(*outcome).filter(|o| *o != "success");
        let mut scope = Scope { when, post: true, title: None, comments: own.comments.clone(), ..scope.clone() };
        step::steps(work, own.items(), &mut scope, body);
    }
    for other in item.items().iter().filter(|i| OUTCOMES.iter().all(|(n, _)| *n != i.name)) {
        work.lose(other, "a spec knows success, failure and always");
    }
}

/// `matrix`: axes, and what is left out.
fn cells(work: &mut Work<'_>, matrix: &Item, around: &mut Around) -> Option<Build> {
    work.mark(matrix, Fate::Exact);
    let mut build = node("matrix");
    let axes = matrix.find("axes")?;
    work.mark(axes, Fate::Exact);
    for axis in axes.items() {
        work.carry(axis);
        let name = axis.find("name").and_then(Item::first).and_then(Value::plain).unwrap_or_default();
        let values: Vec<String> =
            axis.find("values").map(|v| v.args.iter().filter_map(|a| a.value.word()).collect()).unwrap_or_default();
        if values.is_empty() || name.is_empty() {
            work.lose(axis, "an axis has a name and values");
            continue;
        }
        work.axes.insert(name.clone(), slug(&name));
        around.env.push((name.clone(), format!("${{matrix.{}}}", slug(&name))));
        build.push(node("axis").arg(&slug(&name)).args(values));
    }
    if let Some(excludes) = matrix.find("excludes") {
        work.mark(excludes, Fate::Exact);
        for exclude in excludes.items() {
            work.carry(exclude);
            let mut made = vec![node("exclude")];
            for axis in exclude.items() {
                let name = axis.find("name").and_then(Item::first).and_then(Value::plain).unwrap_or_default();
                let values: Vec<String> =
                    axis.find("values").map(|v| v.args.iter().filter_map(|a| a.value.word()).collect()).unwrap_or_default();
                if values.is_empty() {
                    work.lose(exclude, "say the values that are left out, not those that are not");
                }
                made = made
                    .iter()
                    .flat_map(|m| values.iter().map(|v| m.clone().prop(&slug(&name), v)).collect::<Vec<_>>())
                    .collect();
            }
            made.into_iter().filter(|m| !m.is_bare()).for_each(|m| build.push(m));
        }
    }
    if let Some(own) = matrix.find("agent") {
        around.agent = agent::agent(work, own);
    }
    if let Some(own) = matrix.find("environment") {
        let (pairs, missing) = agent::environment(work, own);
        around.env.extend(pairs);
        around.missing.extend(missing);
    }
    if let Some(own) = matrix.find("when") {
        work.lose(own, "which cells run is said by `exclude`");
    }
    Some(build)
}

impl Job {
    /// A job without steps.
    pub(super) fn new(name: &str, around: Around) -> Self {
        let body = Body { job: name.to_owned(), ..Body::default() };
        Self { name: name.to_owned(), body, around, condition: None, gate: None, matrix: None, comments: Vec::new(), stages: 0 }
    }

    /// The node.
    pub(super) fn build(mut self) -> Build {
        let mut build = node("job").arg(&self.name).comments(std::mem::take(&mut self.comments));
        build.0.children.get_or_insert_default().extend(self.gate.map(|g| node("requires").arg(&g).0));
        if let Some(condition) = &self.condition {
            build.push(node("if").arg(condition));
        }
        self.around.agent.nodes().into_iter().for_each(|n| build.push(n));
        if let Some(limit) = &self.around.options.timeout {
            build.push(node("timeout").arg(limit));
        }
        if self.around.options.retries > 0 {
            build.push(node("retry").number(&self.around.options.retries.to_string()));
        }
        if let Some(lock) = &self.body.lock {
            build.push(node("concurrency").arg(lock));
        }
        self.matrix.into_iter().for_each(|m| build.push(m));
        for (at, (name, value)) in self.around.env.iter().enumerate() {
            // Of two values of a name the inner one counts.
            if !self.around.env[at + 1..].iter().any(|(n, _)| n == name) {
                build.push(node("env").prop(name, value));
            }
        }
        if !self.body.consumes.is_empty() {
            build.push(node("consumes").args(&self.body.consumes));
        }
        if (!self.around.agent.is_there || self.around.options.bare) && !self.body.checkout {
            build.push(node("checkout").arg("none"));
        }
        self.around.tools.into_iter().for_each(|t| build.push(t));
        let missing =
            self.around.agent.missing.iter().cloned().chain(self.around.missing.iter().map(|m| format!("the variable {m}")));
        for what in missing {
            build.push(node("run").arg(&format!("echo 'not imported: {what}' >&2; exit 1")));
        }
        if self.stages == 1 {
            // The steps of one stage need no name beside that of the job.
            for step in &mut self.body.steps {
                step.0.entries.retain(|e| e.name.as_ref().is_none_or(|n| n.text != "name"));
            }
        }
        build.children(self.body.steps).children(self.body.produces)
    }

    /// Whether it does anything.
    pub(super) fn is_empty(&self) -> bool {
        self.body.steps.is_empty() && self.body.produces.is_empty()
    }
}

/// `post` of the pipeline: steps of its only job, or jobs behind all others.
pub(super) fn at_the_end(work: &mut Work<'_>, item: &Item, around: &Around, phases: &mut Vec<Phase>) {
    if let [Phase { jobs, .. }] = phases.as_mut_slice()
        && let [only] = jobs.as_mut_slice()
    {
        return behind(work, item, &Scope::default(), &mut only.body);
    }
    work.mark(item, Fate::Exact);
    let mut jobs = Vec::new();
    let all: Vec<String> = phases.iter().flat_map(|p| &p.jobs).filter(|j| !j.is_empty()).map(|j| j.name.clone()).collect();
    for (name, outcome) in OUTCOMES {
        let Some(own) = item.find(name) else { continue };
        let Some(outcome) = outcome else {
            work.lose(own, "a spec knows success, failure and always; what a run before this one did is not known");
            continue;
        };
        work.mark(own, Fate::Emulated("a job behind all others, with a folder of its own".to_owned()));
        let job = work.jobs.unique(&format!("after-{name}"));
        let mut made = Job::new(&job, Around { condition: None, ..around.clone() });
        let mut scope = Scope { post: true, ..Scope::default() };
        step::steps(work, own.items(), &mut scope, &mut made.body);
        let keeps = |b: &Build| matches!(b.0.name(), "produces" | "report");
        if made.body.produces.iter().any(keeps) {
            made.body.produces.retain(|b| !keeps(b));
            work.mark(own, Fate::Lost("files lie in the jobs that made them: keep them there".to_owned()));
        }
        made.body.produces.splice(0..0, [node("after").args(&all), node("when").arg(outcome)]);
        if made.body.steps.is_empty() {
            continue;
        }
        jobs.push(made);
    }
    if !jobs.is_empty() {
        phases.push(Phase { title: "after".to_owned(), jobs, shared: false });
    }
}
