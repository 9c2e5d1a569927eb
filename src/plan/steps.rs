//! The steps of a job in one list: what is implied stands in it, what is special has become a script.

use std::collections::BTreeSet;

use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::id::{GateId, RegistryId, TargetId};
use crate::ir::job::{Job, Shell as Interpreter};
use crate::ir::step::{ActionCall, Moment, Outcome, Script, Step, StepKind};
use crate::ir::text::{EnvVar, Text};
use crate::ir::units::Duration;
use crate::plan::script::means::Means;
use crate::plan::script::{Shell, compose, remote};
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};
use crate::plan::steps::gates::is_measure;
use crate::target::pins;

mod apps;
mod gates;
mod limits;
mod login;
pub mod notices;

/// The step that a rollback looks at, and the rollback's own first step.
const DEPLOY: &str = "deploy";
const ROLLBACK: &str = "rollback";

/// Puts the steps of a job together for a target.
pub struct Builder<'a> {
    pipeline: &'a Pipeline,
    target: TargetId,
    job: &'a Job,
    means: Means,
    steps: Vec<PlannedStep>,
    logins: BTreeSet<RegistryId>,
    gates_read: BTreeSet<GateId>,
    guarded: BTreeSet<GateId>,
    /// What stands behind everything else, if it went well: name, script, limit, place.
    last: Vec<(String, Shell, Option<Duration>, Span)>,
}

impl<'a> Builder<'a> {
    /// For a job on a target.
    pub fn new(pipeline: &'a Pipeline, target: TargetId, job: &'a Job) -> Self {
        let mut builder = Self {
            pipeline,
            target,
            job,
            means: Means::of(pipeline, target, job),
            steps: Vec::new(),
            logins: BTreeSet::new(),
            gates_read: BTreeSet::new(),
            guarded: BTreeSet::new(),
            last: Vec::new(),
        };
        builder.gates_read = builder.gates_that_are_read();
        builder
    }

    /// All steps, in the order they run.
    pub fn build(mut self) -> Vec<PlannedStep> {
        let job = self.job;
        let (setup, rest) = job.steps.split_at(job.steps.iter().take_while(|s| prepares(s)).count());
        self.notifications(&[Moment::Started]);
        for step in setup {
            self.step(step, Phase::Setup, &RunWhen::Success);
        }
        self.app_tools();
        self.log_in_to_environment();
        self.guards();
        let main: Vec<&Step> = rest.iter().filter(|s| !is_measure(self.pipeline, s)).collect();
        // `finally` steps stand last with their `when`: those behind the last step that runs on success.
        let last = main.iter().rposition(|s| s.when == Outcome::Success).map_or(0, |i| i + 1);
        let started = self.steps.len();
        for step in &main[..last] {
            self.step(step, Phase::Main, &outcome(step.when));
        }
        if let Some(deploy) = &job.deploy {
            for step in &deploy.smoke_tests {
                self.step(step, Phase::SmokeTest, &outcome(step.when));
            }
            self.monitors(&deploy.monitor);
        }
        self.measures(rest);
        if let Some(rollback) = job.deploy.as_ref().and_then(|d| d.rollback.as_ref()) {
            self.rollback(rollback, started);
        }
        for step in &main[last..] {
            self.step(step, Phase::Finally, &outcome(step.when));
        }
        self.last();
        self.notifications(&[Moment::Success, Moment::Failure, Moment::Always, Moment::Rollback, Moment::GateFailed]);
        self.limit_times();
        self.steps
    }

    /// A step of the spec.
    fn step(&mut self, step: &Step, phase: Phase, when: &RunWhen) {
        match &step.kind {
            StepKind::Action(call) => self.action(step, call, phase, when),
            StepKind::Gate(gate) => {
                let gate = *gate;
                self.gate(gate, phase, step.condition.clone());
            }
            StepKind::Notify(notification) => self.notify(notification, Moment::Always, when.clone(), step.condition.clone()),
            StepKind::Ssh(ssh) => {
                let shell = match &ssh.compose {
                    Some(compose) => compose::on_server(ssh, compose),
                    None => remote::ssh(ssh, self.job.shell.value),
                };
                self.push(step, PlannedKind::Run(shell.script), phase, when, shell.env);
            }
            StepKind::Run(script) => self.push(step, PlannedKind::Run(script.clone()), phase, when, Vec::new()),
            StepKind::App(act) => self.app(step, act, phase, when),
            StepKind::Checkout(c) => self.push(step, PlannedKind::Checkout(c.clone()), phase, when, Vec::new()),
            StepKind::Toolchain(t) => self.push(step, PlannedKind::Toolchain(t.clone()), phase, when, Vec::new()),
            StepKind::Tools(t) => self.push(step, PlannedKind::Tools(t.clone()), phase, when, Vec::new()),
            StepKind::Cache(c) => self.push(step, PlannedKind::Cache(c.clone()), phase, when, Vec::new()),
            StepKind::DockerBuild(build) => {
                if let Some(registry) = &build.registry {
                    self.log_in(registry.value, step.span, phase);
                }
                self.push(step, PlannedKind::DockerBuild(build.clone()), phase, when, Vec::new());
            }
            StepKind::RegistryLogin(registry) => self.log_in(*registry, step.span, phase),
            StepKind::ImagePromote { image, registry, from, to } => {
                self.log_in(*registry, step.span, phase);
                let kind =
                    PlannedKind::ImagePromote { image: image.clone(), registry: *registry, from: from.clone(), to: to.clone() };
                self.push(step, kind, phase, when, Vec::new());
            }
            StepKind::Uses { action, with } => {
                // One that nobody pinned is a loss that the plan has been refused for, or that the spec accepts.
                let action = pins::resolve(&action.value).unwrap_or_else(|_| pins::as_written(&action.value));
                self.push(step, PlannedKind::Uses { action, with: with.clone() }, phase, when, Vec::new());
            }
        }
    }

    /// The steps that the target does for a portable action; what is said of the call holds for each.
    fn action(&mut self, call_step: &Step, call: &ActionCall, phase: Phase, when: &RunWhen) {
        let Some(body) = call.body(self.target) else { return };
        if body.is_empty {
            // A line of the log tells what a reader of the run would look for.
            let line = Text::literal(format!("echo \"{} is left out here\"", call.name.value), call.name.span);
            self.push(call_step, PlannedKind::Run(Script { lines: vec![line] }), phase, when, Vec::new());
        }
        let last = body.steps.len().saturating_sub(1);
        for (at, inner) in body.steps.iter().enumerate() {
            let mut step = inner.clone();
            step.name = step.name.or_else(|| call_step.name.clone());
            step.condition = both(call_step.condition.clone(), step.condition);
            step.continue_on_error |= call_step.continue_on_error;
            step.timeout = step.timeout.or(call_step.timeout);
            step.env.splice(0..0, call_step.env.iter().cloned());
            step.dir = step.dir.or_else(|| call_step.dir.clone());
            // The handle of the call is that of the last step of its body, which has the outputs.
            step.id = step.id.or_else(|| call_step.id.clone()).filter(|_| at == last);
            let when = if inner.when == Outcome::Success { when.clone() } else { outcome(inner.when) };
            self.step(&step, phase, &when);
        }
    }

    fn push(&mut self, step: &Step, kind: PlannedKind, phase: Phase, when: &RunWhen, mut env: Vec<EnvVar>) {
        env.extend(step.env.iter().cloned());
        self.steps.push(PlannedStep {
            id: step.id.as_ref().map(|id| id.value.clone()),
            name: step.name.clone(),
            kind,
            phase,
            when: when.clone(),
            condition: step.condition.clone(),
            continue_on_error: step.continue_on_error,
            timeout: step.timeout,
            env,
            dir: step.dir.clone().or_else(|| self.job.working_directory.clone()),
            shell: self.job.shell.value,
            gate: None,
            exports: Vec::new(),
            alone: false,
            span: step.span,
        });
    }

    /// A step that the plan writes.
    fn script(&mut self, name: &str, shell: Shell, phase: Phase, when: RunWhen, span: Span) -> &mut PlannedStep {
        let step = generated(name, shell, phase, when, self.job.shell.value, span);
        let at = self.steps.len();
        self.steps.push(step);
        &mut self.steps[at]
    }
}

fn generated(name: &str, shell: Shell, phase: Phase, when: RunWhen, interpreter: Interpreter, span: Span) -> PlannedStep {
    let posix = if interpreter == Interpreter::Pwsh { Interpreter::Bash } else { interpreter };
    PlannedStep {
        id: None,
        name: (!name.is_empty()).then(|| Text::literal(name, span)),
        env: shell.env.clone(),
        alone: shell.alone,
        kind: PlannedKind::Run(Script { lines: shell.lines() }),
        phase,
        when,
        condition: None,
        continue_on_error: false,
        timeout: None,
        dir: None,
        shell: posix,
        gate: None,
        exports: Vec::new(),
        span,
    }
}

fn both(a: Option<Expr>, b: Option<Expr>) -> Option<Expr> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let span = a.span;
            Some(Expr { kind: ExprKind::And(Box::new(a), Box::new(b)), span })
        }
        (a, b) => a.or(b),
    }
}

fn outcome(when: Outcome) -> RunWhen {
    match when {
        Outcome::Success => RunWhen::Success,
        Outcome::Failure => RunWhen::Failure,
        Outcome::Always => RunWhen::Always,
    }
}

/// Steps that make the job ready: a deploy has not started with them.
fn prepares(step: &Step) -> bool {
    matches!(
        step.kind,
        StepKind::Checkout(_) | StepKind::Toolchain(_) | StepKind::Tools(_) | StepKind::Cache(_) | StepKind::RegistryLogin(_)
    )
}
