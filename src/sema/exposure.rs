//! Which secrets a job sees: those it reads itself, and those that its registries, environment, gates and messages need.

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::ir::environment::{AwsIdentity, ClusterAccess};
use crate::ir::gate::GateKind;
use crate::ir::id::{ChannelId, GateId, RegistryId, TargetId};
use crate::ir::job::Job;
use crate::ir::raw::Raw;
use crate::ir::step::{Notification, Step, StepKind};
use crate::ir::text::{Context, Text};
use crate::ir::walk::{self, Item};

/// The secrets of a job by the names of the spec, in the order of the alphabet. Bodies of portable actions count for the targets given.
pub fn secrets(pipeline: &Pipeline, job: &Job, targets: &[TargetId]) -> BTreeSet<String> {
    let mut found = Found { pipeline, targets, secrets: BTreeSet::new() };
    found.contexts(walk::contexts(job, targets).into_iter().map(|c| c.value));
    let workflow = pipeline.workflow(job.workflow);
    workflow.env.iter().for_each(|v| found.text(&v.value));
    let deploy = job.deploy.iter();
    let own = job.steps.iter().chain(deploy.clone().flat_map(|d| &d.smoke_tests));
    own.chain(deploy.clone().flat_map(|d| &d.rollback).flat_map(|r| &r.steps)).for_each(|s| found.step(s));
    job.notify.iter().for_each(|n| found.notification(n));
    job.raw.iter().filter(|r| targets.contains(&r.target.value)).for_each(|r| found.raw(r));
    deploy.flat_map(|d| &d.monitor).chain(&job.requires).for_each(|g| found.gate(g.value));
    if let Some(entered) = &job.environment {
        let environment = pipeline.environment(entered.environment);
        environment.env.iter().for_each(|v| found.text(&v.value));
        found.identity(environment.identity.as_ref());
        match environment.cluster.as_ref().map(|c| &c.access) {
            Some(ClusterAccess::Kubeconfig(name)) => _ = found.secrets.insert(name.value.clone()),
            Some(ClusterAccess::Eks { name, region }) => [name, region].into_iter().for_each(|t| found.text(t)),
            Some(ClusterAccess::Server(_)) | None => {}
        }
    }
    found.secrets
}

/// The secrets that the messages of a workflow as a whole need.
pub fn of_messages(pipeline: &Pipeline, messages: &[Notification]) -> BTreeSet<String> {
    let mut found = Found { pipeline, targets: &[], secrets: BTreeSet::new() };
    messages.iter().for_each(|n| found.notification(n));
    found.secrets
}

struct Found<'p> {
    pipeline: &'p Pipeline,
    targets: &'p [TargetId],
    secrets: BTreeSet<String>,
}

impl Found<'_> {
    fn contexts(&mut self, contexts: impl Iterator<Item = Context>) {
        self.secrets.extend(contexts.filter_map(|c| if let Context::Secret(name) = c { Some(name) } else { None }));
    }

    /// Keys of a vendor name secrets in its own words.
    fn raw(&mut self, raw: &Raw) {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        raw.each_text(&mut |_, _, text| {
            for (at, word) in text.match_indices("secrets.") {
                let name = text[at + word.len()..].split(|c: char| !part(c)).next().unwrap_or_default();
                let own = !text[..at].ends_with(|c: char| part(c) || c == '.');
                if own && !name.is_empty() && name != "GITHUB_TOKEN" {
                    self.secrets.insert(name.to_owned());
                }
            }
        });
    }

    fn text(&mut self, text: &Text) {
        self.contexts(text.contexts().map(|c| c.value.clone()));
    }

    fn identity(&mut self, identity: Option<&AwsIdentity>) {
        identity.iter().flat_map(|i| [&i.role, &i.region]).for_each(|t| self.text(t));
    }

    fn registry(&mut self, registry: RegistryId) {
        let registry = &self.pipeline.registries[registry.index()];
        registry.user.iter().chain(&registry.password).for_each(|t| self.text(t));
        self.identity(registry.identity.as_ref());
    }

    fn channel(&mut self, channel: ChannelId) {
        self.pipeline.channels[channel.index()].kind.texts().into_iter().for_each(|t| self.text(t));
    }

    fn notification(&mut self, notification: &Notification) {
        self.channel(notification.channel);
        notification.subject.iter().chain([&notification.text]).for_each(|t| self.text(t));
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::RegistryLogin(registry) | StepKind::ImagePromote { registry, .. } => self.registry(*registry),
            StepKind::DockerBuild(build) => build.registry.iter().for_each(|r| self.registry(r.value)),
            StepKind::Gate(gate) => self.gate(*gate),
            StepKind::Notify(notification) => self.notification(notification),
            StepKind::Action(call) => {
                let bodies = call.bodies_of(self.targets);
                bodies.into_iter().flat_map(|b| &b.steps).for_each(|s| self.step(s));
            }
            StepKind::Run(_)
            | StepKind::Checkout(_)
            | StepKind::Toolchain(_)
            | StepKind::Tools(_)
            | StepKind::Cache(_)
            | StepKind::Ssh(_)
            | StepKind::Uses { .. }
            | StepKind::App(_) => {}
        }
    }

    fn gate(&mut self, gate: GateId) {
        let gate = self.pipeline.gate(gate);
        gate.notify.iter().for_each(|n| self.notification(n));
        match &gate.kind {
            GateKind::Probe(probe) => self.text(&probe.url),
            GateKind::Query(query) => {
                let texts = [&query.query, &query.address].into_iter().chain(&query.token).chain(&query.project);
                texts.for_each(|t| self.text(t));
            }
            GateKind::Check { steps } => {
                for step in steps {
                    self.step(step);
                    let mut read: Vec<Context> = Vec::new();
                    walk::step(step, self.targets, &mut |item| match item {
                        Item::Text(text) | Item::Script(text) => read.extend(text.contexts().map(|c| c.value.clone())),
                        Item::Condition(_) | Item::JobCondition(_) => {}
                    });
                    self.contexts(read.into_iter());
                }
            }
            GateKind::Measure(_)
            | GateKind::Findings(_)
            | GateKind::Junit { .. }
            | GateKind::Approval(_)
            | GateKind::Window(_) => {}
        }
    }
}
