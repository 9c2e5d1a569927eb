//! Text with a context that has no value for some event: it would be empty on one vendor and wrong on another.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::event::Event;
use crate::ir::expr::{Expr, Truth};
use crate::ir::id::WorkflowId;
use crate::ir::job::{Group, Job};
use crate::ir::step::{Notification, Push, Script, Step, StepKind};
use crate::ir::text::{Context, EnvVar, Text};
use crate::sema::presence::{Known, holds, value};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (index, workflow) in pipeline.workflows.iter().enumerate() {
        let mut events = BitSet::new(pipeline.events.len());
        workflow.jobs.iter().for_each(|j| events.union_with(&pipeline.job(*j).possible));
        let mut walk = Walk::new(pipeline, WorkflowId(index as u32), events, diagnostics);
        walk.vars(&workflow.env, &[]);
        workflow.notify.iter().for_each(|n| walk.notification(n, &[]));
    }
    for job in &pipeline.jobs {
        Walk::new(pipeline, job.workflow, job.possible.clone(), diagnostics).job(job);
    }
}

struct Walk<'p, 'd> {
    pipeline: &'p Pipeline,
    workflow: WorkflowId,
    events: BitSet,
    diagnostics: &'d mut Diagnostics,
    said: BTreeSet<Span>,
}

impl<'p, 'd> Walk<'p, 'd> {
    fn new(pipeline: &'p Pipeline, workflow: WorkflowId, events: BitSet, diagnostics: &'d mut Diagnostics) -> Self {
        Self { pipeline, workflow, events, diagnostics, said: BTreeSet::new() }
    }

    fn job(&mut self, job: &Job) {
        job.runner.label().into_iter().chain(&job.image).for_each(|t| self.text(t, &[]));
        self.vars(&job.env, &[]);
        for service in &job.services {
            self.text(&service.image, &[]);
            self.vars(&service.env, &[]);
        }
        self.steps(&job.steps, &[]);
        if let Some(deploy) = &job.deploy {
            self.steps(&deploy.smoke_tests, &[]);
            deploy.rollback.iter().for_each(|r| self.steps(&r.steps, &[]));
        }
        job.notify.iter().for_each(|n| self.notification(n, &[]));
        if let Some(Group::Named(text)) = job.concurrency.as_ref().map(|c| &c.group) {
            self.text(text, &[]);
        }
        if let Some(used) = &job.environment {
            let environment = self.pipeline.environment(used.environment);
            environment.url.iter().for_each(|t| self.text(t, &[]));
            self.vars(&environment.env, &[]);
        }
    }

    fn steps(&mut self, steps: &[Step], guards: &[&Expr]) {
        for step in steps {
            let guards: Vec<&Expr> = guards.iter().copied().chain(&step.condition).collect();
            step.name.iter().for_each(|t| self.text(t, &guards));
            self.vars(&step.env, &guards);
            self.kind(&step.kind, &guards);
        }
    }

    fn kind(&mut self, kind: &StepKind, guards: &[&Expr]) {
        match kind {
            StepKind::Run(script) => self.script(script, guards),
            StepKind::Checkout(checkout) => checkout.reference.iter().for_each(|t| self.text(t, guards)),
            StepKind::Toolchain(toolchain) => toolchain.tools.iter().for_each(|(_, t)| self.text(t, guards)),
            StepKind::Tools(tools) => tools.iter().filter_map(|t| t.version.as_ref()).for_each(|t| self.text(t, guards)),
            StepKind::Cache(cache) => cache.key.iter().for_each(|t| self.text(t, guards)),
            StepKind::DockerBuild(build) => {
                for tag in &build.tags {
                    let mut guards: Vec<&Expr> = guards.iter().copied().chain(&tag.condition).collect();
                    if let Push::If(condition) = &build.push {
                        guards.push(condition);
                    }
                    self.text(&tag.tag, &guards);
                }
                self.vars(&build.args, guards);
                self.vars(&build.labels, guards);
            }
            StepKind::ImagePromote { from, to, .. } => std::iter::once(from).chain(to).for_each(|t| self.text(t, guards)),
            StepKind::Ssh(ssh) => {
                self.vars(&ssh.env, guards);
                ssh.scripts.iter().for_each(|s| self.script(s, guards));
            }
            StepKind::Uses { with, .. } => with.iter().for_each(|(_, t)| self.text(t, guards)),
            StepKind::Action(call) => {
                let live: Vec<_> = self.pipeline.targets.iter().map(|t| t.id).collect();
                call.bodies_of(&live).into_iter().for_each(|b| self.steps(&b.steps, guards));
            }
            StepKind::Notify(notification) => self.notification(notification, guards),
            StepKind::RegistryLogin(_) | StepKind::Gate(_) | StepKind::App(_) => {}
        }
    }

    fn script(&mut self, script: &Script, guards: &[&Expr]) {
        script.lines.iter().for_each(|t| self.text(t, guards));
    }

    fn vars(&mut self, vars: &[EnvVar], guards: &[&Expr]) {
        vars.iter().for_each(|v| self.text(&v.value, guards));
    }

    fn notification(&mut self, notification: &Notification, guards: &[&Expr]) {
        notification.subject.iter().chain([&notification.text]).for_each(|t| self.text(t, guards));
    }

    fn text(&mut self, text: &Text, guards: &[&Expr]) {
        for context in text.contexts() {
            let without: Vec<&Event> = self
                .events
                .iter()
                .map(|i| &self.pipeline.events[i])
                .filter(|e| value(self.pipeline, Some(self.workflow), e, &context.value) == Known::Nothing)
                .filter(|e| guards.iter().all(|g| holds(self.pipeline, Some(self.workflow), e, g) != Truth::No))
                .collect();
            if let Some(event) = without.first()
                && self.said.insert(context.span)
            {
                let found = self.finding(context, event);
                self.diagnostics.push(found);
            }
        }
    }

    fn finding(&self, context: &Spanned<Context>, event: &Event) -> Diagnostic {
        let message = format!("{} has no value {}", name(self.pipeline, &context.value), event.shown());
        let found = Diagnostic::error("context-undefined", context.span, message).label("nothing to put here then");
        match &context.value {
            Context::Value(id) => {
                let value = &self.pipeline.values[id.index()];
                found.related(value.name.span, "declared here").help(format!("add an arm: on {} \"…\", or otherwise \"…\"", event.kind.word()))
            }
            Context::Input(input) => found.help(format!("give input `{input}` a default, or guard the step: if \"run.event == 'manual'\"")),
            _ => found.help(format!(
                "guard it (if \"run.event != '{}'\"), narrow the job with `only`, or declare a `value` with an arm for each kind of event",
                event.word()
            )),
        }
    }
}

fn name(pipeline: &Pipeline, context: &Context) -> String {
    match context {
        Context::Commit(field) => format!("`commit.{}`", field.word()),
        Context::Pr(field) => format!("`pr.{}`", field.word()),
        Context::Input(name) => format!("`input.{name}`"),
        Context::Value(id) => format!("`value.{}`", pipeline.values[id.index()].name.value),
        _ => "this context".to_owned(),
    }
}
