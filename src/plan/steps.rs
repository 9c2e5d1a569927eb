//! The steps of a job in one list: what is implied stands in it, what is special has become a script.

use std::collections::BTreeSet;

use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::environment::{AwsIdentity, RegistryKind};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::gate::{Gate, GateKind};
use crate::ir::id::{GateId, RegistryId, TargetId};
use crate::ir::job::{Job, Purpose, Shell as Interpreter};
use crate::ir::step::{ActionCall, EnvVar, Moment, Notification, Outcome, Script, Step, StepKind};
use crate::ir::text::{Context, GateField, Part, RunField, Text};
use crate::plan::registry;
use crate::plan::script::means::Means;
use crate::plan::script::{Shell, findings, login, measure, message, remote, watch, window};
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};
use crate::target::pins;

mod apps;

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
    /// References of actions that no commit is known for: where and what to do.
    pub unpinned: Vec<(Spanned<String>, String)>,
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
            unpinned: Vec::new(),
        };
        builder.gates_read = builder.gates_that_are_read();
        builder
    }

    /// All steps, in the order they run.
    pub fn build(mut self) -> (Vec<PlannedStep>, Vec<(Spanned<String>, String)>) {
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
        self.notifications(&[Moment::Success, Moment::Failure, Moment::Always, Moment::Rollback, Moment::GateFailed]);
        self.limit_times();
        (self.steps, self.unpinned)
    }

    fn gates_that_are_read(&self) -> BTreeSet<GateId> {
        let texts =
            self.job.notify.iter().map(|n| &n.text).chain(self.job.steps.iter().flat_map(|s| s.env.iter().map(|e| &e.value)));
        let scripts = self.job.steps.iter().filter_map(|s| match &s.kind {
            StepKind::Run(script) => Some(&script.lines),
            _ => None,
        });
        texts
            .chain(scripts.flatten())
            .flat_map(Text::contexts)
            .filter_map(|c| match &c.value {
                Context::Gate { gate, field: GateField::Value } => Some(*gate),
                _ => None,
            })
            .collect()
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
                let shell = remote::ssh(ssh, self.job.shell.value);
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
            StepKind::Uses { action, with } => match pins::resolve(&action.value) {
                Ok(pinned) => {
                    let kind = PlannedKind::Uses { action: pinned, with: with.clone() };
                    self.push(step, kind, phase, when, Vec::new());
                }
                Err(help) => self.unpinned.push((action.clone(), help)),
            },
        }
    }

    /// The steps that the target does for a portable action; what is said of the call holds for each.
    fn action(&mut self, call_step: &Step, call: &ActionCall, phase: Phase, when: &RunWhen) {
        let Some(body) = call.body(self.target) else { return };
        for inner in &body.steps {
            let mut step = inner.clone();
            step.name = step.name.or_else(|| call_step.name.clone());
            step.condition = both(call_step.condition.clone(), step.condition);
            step.continue_on_error |= call_step.continue_on_error;
            step.timeout = step.timeout.or(call_step.timeout);
            step.env.splice(0..0, call_step.env.iter().cloned());
            step.dir = step.dir.or_else(|| call_step.dir.clone());
            let when = if inner.when == Outcome::Success { when.clone() } else { outcome(inner.when) };
            self.step(&step, phase, &when);
        }
    }

    fn push(&mut self, step: &Step, kind: PlannedKind, phase: Phase, when: &RunWhen, mut env: Vec<EnvVar>) {
        env.extend(step.env.iter().cloned());
        self.steps.push(PlannedStep {
            id: None,
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

    fn log_in(&mut self, registry: RegistryId, span: Span, phase: Phase) {
        if !self.logins.insert(registry) {
            return;
        }
        let Some(condition) = registry::login(self.pipeline, self.target, self.job, registry) else { return };
        let declared = &self.pipeline.registries[registry.index()];
        if let (RegistryKind::Ecr, Some(identity)) = (declared.kind, &declared.identity) {
            let from = self.steps.len();
            self.take_role(&identity.clone(), phase);
            for step in &mut self.steps[from..] {
                step.condition.clone_from(&condition);
            }
        }
        let name = Text::literal(format!("Log in to {}", declared.name.value), span);
        self.steps.push(PlannedStep {
            name: Some(name),
            condition,
            kind: PlannedKind::RegistryLogin(registry),
            ..generated("", Shell::plain("", span), phase, RunWhen::Success, self.job.shell.value, span)
        });
    }

    fn take_role(&mut self, identity: &AwsIdentity, phase: Phase) {
        match self.target {
            TargetId::Github => {
                let Some(action) = pins::latest("aws-actions/configure-aws-credentials") else { return };
                let word = |text: &str| Spanned::new(text.to_owned(), identity.span);
                let with = vec![(word("role-to-assume"), identity.role.clone()), (word("aws-region"), identity.region.clone())];
                let shell = Shell::plain("", identity.span);
                self.script("Take the role in AWS", shell, phase, RunWhen::Success, identity.span).kind =
                    PlannedKind::Uses { action, with };
            }
            TargetId::Gitlab => {
                self.script("Take the role in AWS", login::aws_role(identity), phase, RunWhen::Success, identity.span);
            }
            TargetId::Codebuild => {
                self.script("Take the role in AWS", login::aws_role_of_build(identity), phase, RunWhen::Success, identity.span);
            }
        }
    }

    fn log_in_to_environment(&mut self) {
        let Some(entered) = &self.job.environment else { return };
        let environment = self.pipeline.environment(entered.environment);
        if let Some(identity) = environment.identity.clone() {
            self.take_role(&identity, Phase::Setup);
        }
        if let Some(shell) = environment.cluster.as_ref().and_then(login::cluster) {
            let span = environment.cluster.as_ref().map_or(entered.span, |c| c.span);
            let name = format!("Log in to the cluster of {}", environment.name.value);
            self.script(&name, shell, Phase::Setup, RunWhen::Success, span);
        }
        if entered.purpose != Purpose::Deploy {
            return;
        }
        for after in environment.after.iter().filter(|a| a.strict.is_some()) {
            let before = self.pipeline.environment(after.environment).name.value.clone();
            let script = match self.target {
                TargetId::Github => "promoted-github.sh",
                TargetId::Gitlab => "promoted-gitlab.sh",
                // Nothing there knows of earlier deployments: the table refuses it.
                TargetId::Codebuild => continue,
            };
            let mut shell = watch::promoted(script, &before, after.span);
            if self.target == TargetId::Github {
                let token = Part::Context(Spanned::new(Context::Run(RunField::Token), after.span));
                shell = shell.with("GH_TOKEN", Text { parts: vec![token], span: after.span });
            }
            self.script(&format!("Promotion from {before}"), shell, Phase::Guard, RunWhen::Success, after.span);
        }
    }

    /// Gates that run where they are required, unless the spec placed them as steps.
    fn guards(&mut self) {
        for required in &self.job.requires {
            let gate = self.pipeline.gate(required.value);
            let placed = self.job.steps.iter().any(|s| matches!(s.kind, StepKind::Gate(g) if g == required.value));
            if !placed && gate.producers.is_empty() && !matches!(gate.kind, GateKind::Approval(_)) {
                self.gate(required.value, Phase::Guard, None);
            }
        }
    }

    /// Gates that this job measures; each has a step in it.
    fn measures(&mut self, steps: &[Step]) {
        for step in steps.iter().filter(|s| is_measure(self.pipeline, s)) {
            if let StepKind::Gate(gate) = step.kind {
                self.gate(gate, Phase::Measure, step.condition.clone());
            }
        }
    }

    /// One gate as one step (a check: as its own steps). A gate runs once in a job.
    fn gate(&mut self, id: GateId, phase: Phase, condition: Option<Expr>) {
        if !self.guarded.insert(id) {
            return;
        }
        let gate = self.pipeline.gate(id);
        let condition = both(condition, waiver(gate));
        if let GateKind::Check { steps } = &gate.kind {
            for step in steps {
                let from = self.steps.len();
                self.step(step, phase, &RunWhen::Success);
                for (i, made) in self.steps[from..].iter_mut().enumerate() {
                    made.condition = both(condition.clone(), made.condition.take());
                    made.continue_on_error |= gate.advisory.is_some();
                    made.gate = Some(id);
                    made.name.get_or_insert_with(|| gate_title(gate, i));
                }
            }
            return;
        }
        let export = self.gates_read.contains(&id);
        let Some(shell) = gate_shell(gate, self.means, export) else { return };
        let advisory = gate.advisory.is_some();
        let name = format!("gate-{}", gate.name.value);
        let title = gate_title(gate, 0);
        let made = self.script("", shell, phase, RunWhen::Success, gate.span);
        made.name = Some(title);
        made.condition = condition;
        made.continue_on_error = advisory;
        made.gate = Some(id);
        if export {
            made.id = Some(name);
            made.exports = vec!["value".to_owned()];
        }
    }

    /// Gates watched after a deploy: those that need no condition together in one step.
    fn monitors(&mut self, monitor: &[Spanned<GateId>]) {
        let (mut joint, mut names) = (Vec::new(), Vec::new());
        for gate_id in monitor {
            let gate = self.pipeline.gate(gate_id.value);
            match gate_shell(gate, self.means, false) {
                Some(shell) if gate.waive.is_none() && gate.advisory.is_none() => {
                    names.push(gate.name.value.clone());
                    joint.push((gate.name.value.clone(), shell));
                }
                _ => self.gate(gate_id.value, Phase::Monitor, None),
            }
        }
        if let Some(first) = monitor.first().filter(|_| !joint.is_empty()) {
            let only = (monitor.len() == 1).then_some(first.value);
            let shell = watch::together(joint, first.span);
            self.script(&format!("Watch {}", names.join(", ")), shell, Phase::Monitor, RunWhen::Success, first.span).gate = only;
        }
    }

    fn rollback(&mut self, rollback: &crate::ir::job::Rollback, started: usize) {
        let Some(deploy) = self.steps.get_mut(started) else { return };
        let started = deploy.id.get_or_insert_with(|| DEPLOY.to_owned()).clone();
        let from = self.steps.len();
        for step in &rollback.steps {
            self.step(step, Phase::Rollback, &RunWhen::Rollback { started: started.clone() });
        }
        if let Some(first) = self.steps.get_mut(from) {
            first.id = Some(ROLLBACK.to_owned());
            first.name.get_or_insert_with(|| Text::literal("Roll back", rollback.span));
        }
        // A message has limits of its own.
        let works = |step: &PlannedStep| !step.continue_on_error;
        let count = self.steps[from..].iter().filter(|s| works(s)).count().max(1) as u64;
        // Whole minutes where there are enough: a vendor that rounds up must not come out above the limit.
        let share = |seconds: u64| if seconds >= 60 * count { seconds / count / 60 * 60 } else { seconds / count };
        for step in self.steps[from..].iter_mut().filter(|s| works(s)) {
            let share = rollback.timeout.as_ref().map(|t| crate::ir::units::Duration::from_seconds(share(t.seconds)));
            step.timeout = step.timeout.or(share);
        }
    }

    fn notifications(&mut self, moments: &[Moment]) {
        let job = self.job;
        let watched = job.deploy.iter().flat_map(|d| &d.monitor).map(|g| g.value);
        let looked_at: BTreeSet<GateId> = self.guarded.iter().copied().chain(watched).collect();
        let of_gates: Vec<(Option<GateId>, &Notification)> =
            looked_at.into_iter().flat_map(|id| self.pipeline.gate(id).notify.iter().map(move |n| (Some(id), n))).collect();
        for (gate, notification) in job.notify.iter().map(|n| (None, n)).chain(of_gates) {
            for moment in notification.on.iter().filter(|m| moments.contains(&m.value)) {
                let when = match moment.value {
                    Moment::Started | Moment::Success => RunWhen::Success,
                    Moment::Failure => RunWhen::Failure,
                    Moment::Always => RunWhen::Always,
                    Moment::Rollback => RunWhen::Ran { step: ROLLBACK.to_owned() },
                    Moment::GateFailed => {
                        let steps = self.gate_ids(gate);
                        if steps.is_empty() {
                            continue;
                        }
                        RunWhen::AnyFailed { steps }
                    }
                    Moment::ApprovalRequested => continue,
                };
                self.notify(notification, moment.value, when, None);
            }
        }
    }

    /// The ids of the gates' steps, or of one gate's; gives them one.
    fn gate_ids(&mut self, only: Option<GateId>) -> Vec<String> {
        let pipeline = self.pipeline;
        let watched: Vec<GateId> = self.job.deploy.iter().flat_map(|d| &d.monitor).map(|g| g.value).collect();
        let mut ids = Vec::new();
        for (i, step) in self.steps.iter_mut().enumerate() {
            let watch = step.phase == Phase::Monitor;
            if only.is_some_and(|id| step.gate != only && !(watch && step.gate.is_none() && watched.contains(&id))) {
                continue;
            }
            if let Some(gate) = step.gate.filter(|_| !step.continue_on_error) {
                ids.push(step.id.get_or_insert_with(|| format!("gate-{}", pipeline.gate(gate).name.value)).clone());
            } else if watch {
                ids.push(step.id.get_or_insert_with(|| format!("watch-{i}")).clone());
            }
        }
        ids
    }

    fn notify(&mut self, notification: &Notification, moment: Moment, when: RunWhen, condition: Option<Expr>) {
        let step = notice_step(self.pipeline, notification, moment, when, self.job.shell.value);
        self.steps.push(PlannedStep { condition, ..step });
    }

    /// Where the job can roll back: limits of the steps from the deploy on, so that a step runs out of time before the job does. Steps with a
    /// limit keep it; monitors get what they need and a minute; the rest of the job's time, without the rollback's share, goes to the others,
    /// twice as much to a step of the deploy as to a test.
    fn limit_times(&mut self) {
        use crate::ir::units::Duration;
        // What stands behind GitLab's script, or in another phase on AWS, has a limit of its own beside the script's.
        if self.target != TargetId::Github {
            return;
        }
        let Some(first) = self.steps.iter().position(|s| s.id.as_deref() == Some(DEPLOY)) else { return };
        let total = self.job.timeout.seconds;
        let weight = |s: &PlannedStep| match s.phase {
            Phase::Main => 2,
            Phase::SmokeTest | Phase::Monitor | Phase::Measure => 1,
            _ => 0,
        };
        let backs = self.steps.iter().filter(|s| s.phase == Phase::Rollback).count() as u64;
        let back: u64 =
            self.steps.iter().filter(|s| s.phase == Phase::Rollback).filter_map(|s| s.timeout).map(|t| t.seconds).sum();
        let reserve = if back > 0 { back } else { (total / 4).max(60) };
        let fixed: u64 = self.steps[first..].iter().filter(|s| weight(s) > 0).filter_map(|s| s.timeout).map(|t| t.seconds).sum();
        let open: u64 = self.steps[first..].iter().filter(|s| s.timeout.is_none()).map(weight).sum();
        // A minute for what stands before the deploy, and one for the messages behind.
        let left = total.saturating_sub(reserve + fixed + 120);
        for step in &mut self.steps[first..] {
            let (share, step_weight) = (left / open.max(1), weight(step));
            if step.timeout.is_none() && step_weight > 0 {
                step.timeout = Some(Duration::from_seconds(minutes_floor(share * step_weight)));
            }
            if step.timeout.is_none() && step.phase == Phase::Rollback {
                step.timeout = Some(Duration::from_seconds(minutes_floor(reserve / backs.max(1))));
            }
        }
    }
}

/// Whole minutes, at least one: a vendor that counts in minutes rounds nothing up then.
fn minutes_floor(seconds: u64) -> u64 {
    (seconds / 60).max(1) * 60
}

/// The step that sends a message. A message that cannot be sent fails nothing.
pub fn notice_step(
    pipeline: &Pipeline,
    notification: &Notification,
    moment: Moment,
    when: RunWhen,
    shell: Interpreter,
) -> PlannedStep {
    let channel = &pipeline.channels[notification.channel.index()];
    let script = message::message(&channel.kind, notification, moment, &pipeline.name.value);
    let mut step = generated("", script, Phase::Notify, when, shell, notification.span);
    step.name = Some(message::title(&channel.name.value, notification.span));
    step.continue_on_error = true;
    step
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

fn gate_shell(gate: &Gate, means: Means, export: bool) -> Option<Shell> {
    let name = &gate.name.value;
    match &gate.kind {
        GateKind::Measure(m) => Some(measure::measure(name, m, means, export)),
        GateKind::Findings(f) => Some(findings::findings(name, f, means, gate.span)),
        GateKind::Junit { files } => Some(findings::junit(name, files, gate.span)),
        GateKind::Probe(p) => Some(watch::probe(name, p, gate.span)),
        GateKind::Query(q) => Some(watch::query(name, q, means, gate.span)),
        GateKind::Window(w) => Some(window::window(name, w, gate.span)),
        GateKind::Check { .. } | GateKind::Approval(_) => None,
    }
}

fn gate_title(gate: &Gate, part: usize) -> Text {
    let number = if part > 0 { format!(" ({})", part + 1) } else { String::new() };
    let word = if gate.advisory.is_some() { " (advisory)" } else { "" };
    Text::literal(format!("Gate {}{word}{number}", gate.name.value), gate.span)
}

/// The condition under which a gate is looked at: all but its waiver.
fn waiver(gate: &Gate) -> Option<Expr> {
    gate.waive.as_ref().map(|w| Expr { kind: ExprKind::Not(Box::new(w.condition.clone())), span: w.span })
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

fn is_measure(pipeline: &Pipeline, step: &Step) -> bool {
    matches!(step.kind, StepKind::Gate(g) if !pipeline.gate(g).producers.is_empty())
}
