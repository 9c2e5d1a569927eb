//! `pipewright plan`: what a run of an event looks like, as the model says.

mod draw;
mod picture;
mod svg;
mod tell;

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Severity};
use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::base::span::{Span, Spanned};
use crate::cli::args::{Global, PlanForm, Planning, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::report::Report;
use crate::cli::specs;
use crate::driver;
use crate::ir::Pipeline;
use crate::ir::environment::Tier;
use crate::ir::event::{Event, EventKind};
use crate::ir::expr::Truth;
use crate::ir::gate::GateKind;
use crate::ir::id::{JobId, TargetId, WorkflowId};
use crate::ir::job::Job;
use crate::sema::asked::{self, Asked};
use crate::sema::exposure;
use crate::sema::presence::absence;
use crate::sema::run::Run;

/// A run, ready to be shown.
struct Shown {
    /// What happened: "on a push to `main`".
    event: String,
    /// The jobs of the run, in the order of the spec.
    jobs: Vec<ShownJob>,
    /// The jobs that are not in it, with the reason.
    absent: Vec<Absent>,
}

impl Shown {
    /// `9 jobs`
    fn count(&self) -> String {
        match self.jobs.len() {
            0 => "no job".to_owned(),
            1 => "1 job".to_owned(),
            n => format!("{n} jobs"),
        }
    }
}

/// A job that is not in the run.
struct Absent {
    /// Its place in the spec, among all jobs.
    at: u32,
    workflow: String,
    stage: Option<String>,
    name: String,
    why: String,
}

/// A job of a run.
struct ShownJob {
    /// Its place in the spec, among all jobs.
    at: u32,
    workflow: String,
    stage: Option<String>,
    name: String,
    /// It is in the run if a value that only the run knows says so.
    maybe: bool,
    /// The jobs it waits for, of the same workflow.
    after: Vec<String>,
    /// The gates that it requires itself.
    gates: Vec<ShownGate>,
    environment: Option<(String, Tier)>,
    secrets: Vec<String>,
}

/// A gate that a job requires.
struct ShownGate {
    name: String,
    /// It asks people.
    approval: bool,
}

/// Shows the run of each event asked for; without one, lists the events that the spec can tell apart.
///
/// # Errors
/// `Usage` for an event that is none; otherwise as finding, reading and checking the spec.
pub(super) fn run(global: &Global, planning: &Planning, console: &Console) -> Result<Exit, Failure> {
    let mut report = Report::new(global, console, Stream::Error);
    for spec in specs::find(global, &Which::default())? {
        let sources = SourceMap::new();
        let id = spec.read(&sources)?;
        let (pipeline, diagnostics) = driver::model(&sources, id, &spec.root)?;
        // What else there is to say, `check` says.
        let faults: Vec<Diagnostic> = diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        report.add(&sources, &faults);
        let Some(pipeline) = pipeline else { continue };
        let target = planning.target.as_deref().map(|word| target(&pipeline, word)).transpose()?;
        let mut runs = Vec::new();
        for text in &planning.event {
            let event = parse(&pipeline, text, &planning.changed)?;
            runs.push(shown(&pipeline, &event, target));
        }
        if planning.form == PlanForm::Html && runs.is_empty() {
            runs.extend(pipeline.events.iter().map(|e| shown(&pipeline, e, target)));
        } else if runs.is_empty() {
            console.quote(Stream::Out, &tell::classes(&pipeline));
        }
        match planning.form {
            PlanForm::Text => runs.iter().for_each(|r| console.quote(Stream::Out, &tell::text(r))),
            PlanForm::Json if runs.is_empty() => {}
            PlanForm::Json => console.out(&tell::json(&runs)),
            PlanForm::Svg if runs.len() > 1 => {
                return Err(Failure::Usage("an SVG shows one event: give one --event, or ask for --as html".to_owned()));
            }
            PlanForm::Svg => runs.iter().for_each(|r| console.out(&svg::file(r))),
            PlanForm::Html => console.out(&svg::page(&pipeline.name.value, &runs)),
            PlanForm::Mermaid => runs.iter().for_each(|r| console.out(&draw::mermaid(r))),
        }
    }
    Ok(report.finish())
}

/// A target of the spec by its word.
fn target(pipeline: &Pipeline, word: &str) -> Result<TargetId, Failure> {
    let found = TargetId::parse(word).filter(|id| pipeline.targets.iter().any(|t| t.id == *id));
    found.ok_or_else(|| Failure::Usage(format!("the spec has no `target {word}` that runs jobs")))
}

/// `push:main`, `manual:release:version=v1,level=high`
fn parse(pipeline: &Pipeline, text: &str, changed: &[String]) -> Result<Event, Failure> {
    let at = |text: &str| Spanned::new(text.to_owned(), Span::default());
    let (kind, rest) = text.split_once(':').map_or((text, None), |(kind, rest)| (kind, Some(rest)));
    let kind = EventKind::parse(kind).ok_or_else(|| {
        let words: Vec<&str> = EventKind::ALL.iter().map(|(word, _)| *word).collect();
        Failure::Usage(format!("`{text}` is no event: write one of {}, and behind a colon its name", words.join(", ")))
    })?;
    let mut asked = Asked {
        kind,
        name: None,
        workflow: None,
        branch: None,
        head: None,
        paths: changed.to_vec(),
        inputs: Vec::new(),
        span: Span::default(),
    };
    if kind == EventKind::Manual {
        for part in rest.iter().flat_map(|r| r.split([':', ','])) {
            match part.split_once('=') {
                Some(("branch", branch)) => asked.branch = Some(branch.to_owned()),
                Some((name, value)) => asked.inputs.push((at(name), at(value))),
                None => asked.workflow = Some(at(part)),
            }
        }
    } else {
        asked.name = rest.filter(|r| !r.is_empty()).map(at);
    }
    asked::event(pipeline, &asked).map_err(|d| {
        let help = d.help.map(|h| format!("; {h}")).unwrap_or_default();
        Failure::Usage(format!("`{text}`: {}{help}", d.message))
    })
}

fn shown(pipeline: &Pipeline, event: &Event, target: Option<TargetId>) -> Shown {
    let held = |workflow: WorkflowId| {
        let target = target.and_then(|id| pipeline.targets.iter().find(|t| t.id == id));
        target.is_none_or(|t| t.holds(&pipeline.workflow(workflow).name.value))
    };
    let targets: Vec<TargetId> = match target {
        Some(one) => vec![one],
        None => pipeline.targets.iter().map(|t| t.id).collect(),
    };
    let run = Run::of(pipeline, event);
    let jobs = run.jobs().filter(|j| held(pipeline.job(*j).workflow)).map(|id| job(pipeline, &run, id, &targets)).collect();
    let left: BTreeSet<JobId> = run.jobs().collect();
    // A job of a workflow that does not start is not worth a word: the workflow is.
    let absent = pipeline.job_ids().filter(|(id, j)| !left.contains(id) && held(j.workflow)).filter_map(|(id, j)| {
        let reason = absence(pipeline, j, event)?;
        Some(Absent {
            at: id.0,
            workflow: pipeline.workflow(j.workflow).name.value.clone(),
            stage: stage(pipeline, j),
            name: j.name.value.clone(),
            why: format!("left out by {}", reason.what),
        })
    });
    Shown { event: event.shown(), jobs, absent: absent.collect() }
}

/// The name of a job's stage.
fn stage(pipeline: &Pipeline, job: &Job) -> Option<String> {
    job.stage.map(|s| pipeline.workflow(job.workflow).stages[s].name.value.clone())
}

fn job(pipeline: &Pipeline, run: &Run<'_>, id: JobId, targets: &[TargetId]) -> ShownJob {
    let job = pipeline.job(id);
    let workflow = pipeline.workflow(job.workflow);
    let gates = job
        .requires
        .iter()
        .map(|g| pipeline.gate(g.value))
        .map(|gate| ShownGate { name: gate.name.value.clone(), approval: matches!(gate.kind, GateKind::Approval(_)) });
    let environment = job.environment.as_ref().map(|e| pipeline.environment(e.environment));
    ShownJob {
        at: id.0,
        workflow: workflow.name.value.clone(),
        stage: stage(pipeline, job),
        name: job.name.value.clone(),
        maybe: run.presence(id) == Truth::Maybe,
        after: run.needs(id).map(|n| pipeline.job(n).name.value.clone()).collect(),
        gates: gates.collect(),
        environment: environment.map(|e| (e.name.value.clone(), e.tier)),
        secrets: exposure::secrets(pipeline, job, targets).into_iter().collect(),
    }
}
