//! Every text and condition of a job, so that no rule forgets one.

use crate::base::span::Spanned;
use crate::ir::expr::Expr;
use crate::ir::gate::{Gate, GateKind, Reading};
use crate::ir::id::TargetId;
use crate::ir::job::{Group, Job};
use crate::ir::step::{Notification, Push, Script, Step, StepKind};
use crate::ir::text::{Context, EnvVar, Text};

/// What stands in a job, as a walk meets it.
#[derive(Clone, Copy, Debug)]
pub enum Item<'j> {
    /// Text for a field of the configuration.
    Text(&'j Text),
    /// A line of a script, in which contexts become variables.
    Script(&'j Text),
    /// A condition of a step, tag or push.
    Condition(&'j Expr),
    /// The condition of the job itself.
    JobCondition(&'j Expr),
}

/// All steps of a job, those of its deploy too.
pub fn every_step(job: &Job) -> impl Iterator<Item = &Step> {
    let deploy = job.deploy.iter().flat_map(|d| d.smoke_tests.iter().chain(d.rollback.iter().flat_map(|r| &r.steps)));
    job.steps.iter().chain(deploy)
}

/// Calls `f` for every text and condition of a job, in the order of the spec. Bodies of portable actions are walked for the targets given.
pub fn items<'j>(job: &'j Job, targets: &[TargetId], f: &mut impl FnMut(Item<'j>)) {
    if let Some(condition) = &job.condition {
        f(Item::JobCondition(condition));
    }
    job.runner.label().into_iter().for_each(|t| f(Item::Text(t)));
    job.image.iter().for_each(|t| f(Item::Text(t)));
    vars(&job.env, f);
    for service in &job.services {
        f(Item::Text(&service.image));
        vars(&service.env, f);
    }
    job.steps.iter().for_each(|s| step(s, targets, f));
    if let Some(deploy) = &job.deploy {
        deploy.smoke_tests.iter().for_each(|s| step(s, targets, f));
        deploy.rollback.iter().flat_map(|r| &r.steps).for_each(|s| step(s, targets, f));
    }
    job.notify.iter().for_each(|n| notification(n, f));
    if let Some(Group::Named(text)) = job.concurrency.as_ref().map(|c| &c.group) {
        f(Item::Text(text));
    }
}

/// Every context that a job reads, in the order of the spec.
pub fn contexts(job: &Job, targets: &[TargetId]) -> Vec<Spanned<Context>> {
    let mut found = Vec::new();
    items(job, targets, &mut |item| match item {
        Item::Text(text) | Item::Script(text) => found.extend(text.contexts().cloned()),
        Item::Condition(expr) | Item::JobCondition(expr) => found.extend(expr.contexts()),
    });
    found
}

/// Calls `f` for every text and condition of a step.
pub fn step<'j>(step: &'j Step, targets: &[TargetId], f: &mut impl FnMut(Item<'j>)) {
    step.condition.iter().for_each(|c| f(Item::Condition(c)));
    step.name.iter().for_each(|t| f(Item::Text(t)));
    vars(&step.env, f);
    match &step.kind {
        StepKind::Run(lines) => script(lines, f),
        StepKind::Checkout(checkout) => checkout.reference.iter().for_each(|t| f(Item::Text(t))),
        StepKind::Toolchain(toolchain) => toolchain.tools.iter().for_each(|(_, t)| f(Item::Text(t))),
        StepKind::Tools(tools) => tools.iter().filter_map(|t| t.version.as_ref()).for_each(|t| f(Item::Text(t))),
        StepKind::Cache(cache) => cache.key.iter().for_each(|t| f(Item::Text(t))),
        StepKind::DockerBuild(build) => {
            for tag in &build.tags {
                f(Item::Text(&tag.tag));
                tag.condition.iter().for_each(|c| f(Item::Condition(c)));
            }
            vars(&build.args, f);
            vars(&build.labels, f);
            if let Push::If(condition) = &build.push {
                f(Item::Condition(condition));
            }
        }
        StepKind::RegistryLogin(_) | StepKind::Gate(_) | StepKind::App(_) => {}
        StepKind::ImagePromote { from, to, .. } => std::iter::once(from).chain(to).for_each(|t| f(Item::Text(t))),
        StepKind::Ssh(ssh) => {
            [&ssh.host, &ssh.user, &ssh.key, &ssh.known_hosts].into_iter().chain(&ssh.port).for_each(|t| f(Item::Text(t)));
            vars(&ssh.env, f);
            ssh.scripts.iter().for_each(|s| script(s, f));
        }
        StepKind::Uses { with, .. } => with.iter().for_each(|(_, t)| f(Item::Text(t))),
        StepKind::Action(call) => {
            let bodies = call.bodies_of(targets).into_iter();
            bodies.flat_map(|b| &b.steps).for_each(|s| self::step(s, targets, f));
        }
        StepKind::Notify(n) => notification(n, f),
    }
}

/// Calls `f` for every text and condition of a gate, its waiver and messages included.
pub fn gate<'g>(gate: &'g Gate, targets: &[TargetId], f: &mut impl FnMut(Item<'g>)) {
    gate.waive.iter().for_each(|w| f(Item::Condition(&w.condition)));
    gate.notify.iter().for_each(|n| notification(n, f));
    match &gate.kind {
        GateKind::Measure(measure) => {
            let commands = measure.sources.iter().filter_map(|s| match &s.read {
                Reading::Command(text) => Some(text),
                _ => None,
            });
            commands.for_each(|t| f(Item::Script(t)));
        }
        GateKind::Approval(approval) => approval.message.iter().for_each(|t| f(Item::Text(t))),
        GateKind::Probe(probe) => f(Item::Text(&probe.url)),
        GateKind::Query(query) => {
            [&query.query, &query.address].into_iter().chain(&query.token).chain(&query.project).for_each(|t| f(Item::Text(t)));
        }
        GateKind::Check { steps } => steps.iter().for_each(|s| step(s, targets, f)),
        GateKind::Findings(_) | GateKind::Junit { .. } | GateKind::Window(_) => {}
    }
}

fn script<'j>(script: &'j Script, f: &mut impl FnMut(Item<'j>)) {
    script.lines.iter().for_each(|t| f(Item::Script(t)));
}

fn vars<'j>(vars: &'j [EnvVar], f: &mut impl FnMut(Item<'j>)) {
    vars.iter().for_each(|v| f(Item::Text(&v.value)));
}

fn notification<'j>(notification: &'j Notification, f: &mut impl FnMut(Item<'j>)) {
    notification.subject.iter().chain([&notification.text]).for_each(|t| f(Item::Text(t)));
}
