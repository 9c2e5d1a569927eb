//! Which jobs read a secret.

use crate::ir::Pipeline;
use crate::ir::environment::ClusterAccess;
use crate::ir::gate::GateKind;
use crate::ir::id::{ChannelId, GateId, RegistryId, TargetId};
use crate::ir::job::Job;
use crate::ir::step::{Step, StepKind};
use crate::ir::text::{Context, Text};
use crate::ir::walk::{self, Item, every_step};

/// Whether a job reads a secret on a target: in a variable, a script, a service, a message, a gate, or through what its steps log in to.
pub fn reads_secret(pipeline: &Pipeline, target: TargetId, job: &Job, name: &str) -> bool {
    let is_it = |context: &Context| matches!(context, Context::Secret(s) if s == name);
    let in_text = |text: &Text| text.contexts().any(|c| is_it(&c.value));
    let mut found = false;
    let mut look = |item: Item<'_>| {
        found |= match item {
            Item::Text(text) | Item::Script(text) => in_text(text),
            Item::Condition(condition) | Item::JobCondition(condition) => condition.contexts().iter().any(|c| is_it(&c.value)),
        }
    };
    walk::items(job, &[target], &mut look);
    let mut reached = Reached::default();
    every_step(job).for_each(|s| reached.step(s, target));
    reached.channels.extend(job.notify.iter().map(|n| n.channel));
    let monitored = job.deploy.iter().flat_map(|d| &d.monitor);
    for id in job.requires.iter().chain(monitored).map(|g| g.value).chain(reached.gates.clone()) {
        let gate = pipeline.gate(id);
        // What other jobs measure, they read.
        if !gate.producers.is_empty() && !reached.gates.contains(&id) {
            continue;
        }
        walk::gate(gate, &[target], &mut look);
        reached.channels.extend(gate.notify.iter().map(|n| n.channel));
        if let GateKind::Check { steps } = &gate.kind {
            steps.iter().for_each(|s| reached.step(s, target));
        }
    }
    let environment = job.environment.as_ref().map(|e| pipeline.environment(e.environment));
    let cluster = environment.and_then(|e| e.cluster.as_ref());
    let env = pipeline.workflow(job.workflow).env.iter().chain(environment.iter().flat_map(|e| &e.env));
    let registries = reached.registries.iter().map(|r| &pipeline.registries[r.index()]);
    found
        || env.map(|e| &e.value).any(in_text)
        || reached.channels.iter().flat_map(|c| pipeline.channels[c.index()].kind.texts()).any(in_text)
        || registries.flat_map(|r| r.user.iter().chain(&r.password)).any(in_text)
        || matches!(cluster.map(|c| &c.access), Some(ClusterAccess::Kubeconfig(secret)) if secret.value == name)
}

/// What the steps of a job name that is declared elsewhere.
#[derive(Default)]
struct Reached {
    channels: Vec<ChannelId>,
    registries: Vec<RegistryId>,
    gates: Vec<GateId>,
}

impl Reached {
    fn step(&mut self, step: &Step, target: TargetId) {
        match &step.kind {
            StepKind::DockerBuild(build) => self.registries.extend(build.registry.iter().map(|r| r.value)),
            StepKind::RegistryLogin(registry) | StepKind::ImagePromote { registry, .. } => self.registries.push(*registry),
            StepKind::Notify(notification) => self.channels.push(notification.channel),
            StepKind::Gate(gate) => self.gates.push(*gate),
            StepKind::Action(call) => call.body(target).iter().flat_map(|b| &b.steps).for_each(|s| self.step(s, target)),
            StepKind::Run(_)
            | StepKind::Checkout(_)
            | StepKind::Toolchain(_)
            | StepKind::Tools(_)
            | StepKind::Cache(_)
            | StepKind::App(_)
            | StepKind::Ssh(_)
            | StepKind::Uses { .. } => {}
        }
    }
}
