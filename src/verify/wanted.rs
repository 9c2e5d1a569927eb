//! The steps of a job whose commands the spec writes, with all that is said of each and around it.

use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::expr::Expr;
use crate::ir::gate::GateKind;
use crate::ir::id::{GateId, TargetId};
use crate::ir::job::Job;
use crate::ir::step::{FunctionCall, Outcome, Script, Step, StepKind};
use crate::ir::text::{Context, EnvVar, Text};
use crate::ir::units::Duration;
use crate::plan::step::{PlannedKind, PlannedStep, RunWhen};
use crate::verify::behaviour::{Frame, Standing};
use crate::verify::script::Shell;
use crate::verify::texts;

/// When a step runs, of the ways that a job can stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    Success,
    Failure,
    Always,
    Rollback,
    /// It asks after single steps: which, is not compared.
    Asked,
}

/// A step whose commands the spec writes, with all that is said of it and around it.
pub(super) struct Wanted<'p> {
    /// Its commands; none for an action of the vendor.
    pub(super) lines: Vec<String>,
    pub(super) contexts: Vec<Context>,
    /// The action, with its inputs.
    pub(super) action: Option<&'p str>,
    pub(super) with: Vec<(&'p str, &'p Text)>,
    pub(super) env: Vec<&'p EnvVar>,
    pub(super) dir: &'p str,
    pub(super) when: When,
    pub(super) conditions: Vec<(&'p Expr, bool)>,
    pub(super) soft: bool,
    pub(super) timeout: Option<Duration>,
    /// Whether it stands in the order of the job; what gates run stands where the target puts it.
    pub(super) ordered: bool,
    /// Whether a retry of the job begins with it again.
    pub(super) tried: bool,
    /// Whether the spec writes its commands; else they are pipewright's own, as they were planned.
    pub(super) own: bool,
    pub(super) span: Span,
}

impl When {
    pub(super) fn takes(self, standing: Standing) -> bool {
        match self {
            Self::Success => standing == Standing::Well,
            Self::Failure => standing == Standing::Failed,
            Self::Always | Self::Asked => true,
            Self::Rollback => standing != Standing::Well,
        }
    }

    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Success,
            Outcome::Failure => Self::Failure,
            Outcome::Always => Self::Always,
        }
    }
}

impl Wanted<'_> {
    /// Its action or first command, for a sentence.
    pub(super) fn title(&self) -> String {
        match self.action {
            Some(action) => format!("`{action}`"),
            None => {
                let first = self.lines.first().map(|l| texts::shown(l)).unwrap_or_default();
                format!("`{first}`")
            }
        }
    }
}

/// What is said around a step.
#[derive(Clone, Default)]
struct Around<'p> {
    env: Vec<&'p EnvVar>,
    conditions: Vec<(&'p Expr, bool)>,
    dir: Option<&'p str>,
    timeout: Option<Duration>,
    soft: bool,
}

struct Steps<'p> {
    pipeline: &'p Pipeline,
    target: TargetId,
    job: &'p Job,
    found: Vec<Wanted<'p>>,
    gates: Vec<GateId>,
}

/// The steps of a job whose commands the spec writes.
pub(super) fn steps_of<'p>(pipeline: &'p Pipeline, target: TargetId, job: &'p Job) -> Vec<Wanted<'p>> {
    let workflow = pipeline.workflow(job.workflow);
    let environment = job.environment.as_ref().map(|e| pipeline.environment(e.environment));
    let env = workflow.env.iter().chain(environment.into_iter().flat_map(|e| &e.env)).chain(&job.env).collect();
    let around = Around { env, ..Around::default() };
    if let Some(call) = job.function().filter(|_| target == TargetId::Codepipeline) {
        return vec![called(job, call)];
    }
    let mut steps = Steps { pipeline, target, job, found: Vec::new(), gates: Vec::new() };
    for step in &job.steps {
        steps.step(step, &around, When::of(step.when), (true, true));
    }
    if let Some(deploy) = &job.deploy {
        for step in &deploy.smoke_tests {
            steps.step(step, &around, When::of(step.when), (true, false));
        }
        for gate in &deploy.monitor {
            steps.gate(gate.value, &around);
        }
        for step in deploy.rollback.iter().flat_map(|r| &r.steps) {
            steps.step(step, &around, When::Rollback, (false, false));
        }
    }
    for gate in &job.requires {
        if pipeline.gate(gate.value).producers.is_empty() {
            steps.gate(gate.value, &around);
        }
    }
    steps.found
}

/// The call of a function, which is an action of a pipeline.
fn called<'p>(job: &'p Job, call: &'p FunctionCall) -> Wanted<'p> {
    let input = call.input.iter().map(|input| ("UserParameters", input));
    Wanted {
        lines: Vec::new(),
        contexts: Vec::new(),
        action: Some("Lambda"),
        with: [("FunctionName", &call.function), ("Region", &call.region)].into_iter().chain(input).collect(),
        env: Vec::new(),
        dir: "",
        when: When::Success,
        conditions: Vec::new(),
        soft: false,
        timeout: None,
        ordered: true,
        tried: false,
        own: true,
        span: job.name.span,
    }
}

/// The lines of a script, as they are found in an output.
fn lines_of(script: &Script, contexts: &mut Vec<Context>) -> Vec<String> {
    let text: Vec<String> = script.lines.iter().map(|l| texts::marked(l, contexts).trim_end().to_owned()).collect();
    let mut shell = Shell::new(Frame::default(), 0);
    shell.read(&text.join("\n"), 1);
    shell.acts().into_iter().map(|a| a.text).collect()
}

/// The steps of a job whose commands are pipewright's: gates, deliveries, logins, messages. What they hold is the plan's, and not looked into.
pub(super) fn planned<'p>(steps: &'p [PlannedStep], own: &[Wanted<'_>]) -> Vec<Wanted<'p>> {
    let made = |step: &'p PlannedStep| {
        let PlannedKind::Run(script) = &step.kind else { return None };
        let mut contexts = Vec::new();
        let lines = lines_of(script, &mut contexts);
        if lines.is_empty() || own.iter().any(|o| o.lines == lines && o.contexts == contexts) {
            return None;
        }
        let when = match &step.when {
            RunWhen::Success => When::Success,
            RunWhen::Failure => When::Failure,
            RunWhen::Always => When::Always,
            RunWhen::Rollback { .. } => When::Rollback,
            RunWhen::Ran { .. } | RunWhen::AnyFailed { .. } => When::Asked,
        };
        Some(Wanted {
            lines,
            contexts,
            action: None,
            with: Vec::new(),
            env: step.env.iter().collect(),
            dir: step.dir.as_ref().map_or("", |d| d.value.as_str()),
            when,
            conditions: step.condition.iter().map(|c| (c, true)).collect(),
            soft: step.continue_on_error,
            timeout: None,
            ordered: false,
            tried: false,
            own: false,
            span: step.span,
        })
    };
    steps.iter().filter_map(made).collect()
}

impl<'p> Steps<'p> {
    fn step(&mut self, step: &'p Step, around: &Around<'p>, when: When, (ordered, tried): (bool, bool)) {
        let mut inner = around.clone();
        inner.env.extend(&step.env);
        inner.conditions.extend(step.condition.iter().map(|c| (c, true)));
        inner.dir = step.dir.as_ref().map(|d| d.value.as_str()).or(around.dir);
        inner.timeout = step.timeout.or(around.timeout);
        inner.soft |= step.continue_on_error;
        match &step.kind {
            StepKind::Run(script) => self.script(script, inner, when, (ordered, tried), step.span),
            StepKind::Uses { action, with } => {
                let dir = inner.dir.unwrap_or_default();
                self.found.push(Wanted {
                    lines: Vec::new(),
                    contexts: Vec::new(),
                    action: action.value.split('@').next(),
                    with: with.iter().map(|(name, value)| (name.value.as_str(), value)).collect(),
                    env: inner.env,
                    dir,
                    when,
                    conditions: inner.conditions,
                    soft: inner.soft,
                    timeout: inner.timeout,
                    ordered,
                    tried: false,
                    own: true,
                    span: step.span,
                });
            }
            StepKind::Action(call) => {
                for own in call.body(self.target).iter().flat_map(|b| &b.steps) {
                    let when = if own.when == Outcome::Success { when } else { When::of(own.when) };
                    self.step(own, &inner, when, (ordered, tried));
                }
            }
            StepKind::Gate(gate) => self.gate(*gate, &inner),
            _ => {}
        }
    }

    /// A gate that is a script of the spec.
    fn gate(&mut self, id: GateId, around: &Around<'p>) {
        let gate = self.pipeline.gate(id);
        let GateKind::Check { steps } = &gate.kind else { return };
        if self.gates.contains(&id) {
            return;
        }
        self.gates.push(id);
        let mut inner = around.clone();
        inner.soft |= gate.advisory.is_some();
        inner.conditions.extend(gate.waive.iter().map(|w| (&w.condition, false)));
        for step in steps {
            self.step(step, &inner, When::Success, (false, false));
        }
    }

    fn script(&mut self, script: &'p Script, around: Around<'p>, when: When, (ordered, tried): (bool, bool), span: Span) {
        let mut contexts = Vec::new();
        let lines = lines_of(script, &mut contexts);
        if lines.is_empty() {
            return;
        }
        let own = self.job.working_directory.as_ref().map(|d| d.value.as_str());
        self.found.push(Wanted {
            lines,
            contexts,
            action: None,
            with: Vec::new(),
            env: around.env,
            dir: around.dir.or(own).unwrap_or_default(),
            when,
            conditions: around.conditions,
            soft: around.soft,
            timeout: around.timeout,
            ordered,
            tried: tried && when == When::Success,
            own: true,
            span,
        });
    }
}
