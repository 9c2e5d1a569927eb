//! A name that is declared and never used.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{ExpansionId, Spanned};
use crate::check::{notify_without_text, script};
use crate::ir::Pipeline;
use crate::ir::environment::{AwsIdentity, ClusterAccess};
use crate::ir::expr::Expr;
use crate::ir::gate::GateKind;
use crate::ir::id::{ChannelId, RegistryId, TeamId};
use crate::ir::job::{Group, Runner};
use crate::ir::raw::{Raw, RawValue};
use crate::ir::step::{Step, StepKind};
use crate::ir::text::{Context, EnvVar, Text};
use crate::ir::walk::{self, Item};

#[derive(Default)]
struct Used {
    contexts: BTreeSet<Context>,
    registries: BTreeSet<RegistryId>,
    /// Words of raw keys, in which a name may stand in a vendor's way.
    raw: String,
}

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let used = gather(pipeline);
    let has = |c: Context| used.contexts.contains(&c);
    let mut say = |kind: &str, name: &Spanned<String>, is_used: bool| {
        // What an include or a template brings may be there for other specs and jobs.
        let shared = name.span.expansion != ExpansionId(0);
        if !is_used && !shared && !used.raw.contains(&name.value) {
            diagnostics.push(
                Diagnostic::warning(
                    "unused-declaration",
                    name.span,
                    format!("{kind} `{}` is declared and never used", name.value),
                )
                .label("nothing uses it")
                .help("use it, or remove the line"),
            );
        }
    };
    for secret in &pipeline.secrets {
        // An environment's own secrets are for whatever runs there.
        let of_environment = pipeline.environments.iter().flat_map(|e| &e.secrets).any(|s| s.name.value == secret.name.value);
        say("secret", &secret.name, of_environment || has(Context::Secret(secret.name.value.clone())));
    }
    for variable in &pipeline.variables {
        say("variable", &variable.name, has(Context::Variable(variable.name.value.clone())));
    }
    for (i, value) in pipeline.values.iter().enumerate() {
        say("value", &value.name, value.decides || has(Context::Value(crate::ir::id::ValueId(i as u32))));
    }
    for (i, registry) in pipeline.registries.iter().enumerate() {
        let id = RegistryId(i as u32);
        let by_address = pipeline.jobs.iter().flat_map(|j| j.image.iter().chain(j.services.iter().map(|s| &s.image)));
        let by_address =
            by_address.chain(script::all(pipeline).map(|l| l.text)).any(|t| script::marked(t).contains(&registry.address.value));
        say("registry", &registry.name, by_address || used.registries.contains(&id) || has(Context::Registry(id)));
    }
    for input in pipeline.workflows.iter().flat_map(|w| &w.inputs) {
        say("input", &input.name, has(Context::Input(input.name.value.clone())));
    }
    for (job, declared) in pipeline.job_ids().flat_map(|(id, j)| j.outputs.iter().map(move |o| (id, o))) {
        say("output", declared, has(Context::Output { job, output: declared.value.clone() }));
    }
    let approvals = pipeline.gates.iter().filter_map(|g| match &g.kind {
        GateKind::Approval(approval) => Some(approval),
        _ => None,
    });
    let asked: BTreeSet<TeamId> = approvals.flat_map(|a| &a.from).map(|t| t.value).collect();
    for (i, team) in pipeline.teams.iter().enumerate() {
        say("team", &team.name, asked.contains(&TeamId(i as u32)));
    }
    let told: BTreeSet<ChannelId> = notify_without_text::all(pipeline).map(|n| n.channel).collect();
    for (i, channel) in pipeline.channels.iter().enumerate() {
        say("channel", &channel.name, told.contains(&ChannelId(i as u32)));
    }
    for runner in &pipeline.runners {
        let name = &runner.name.value;
        let runs = pipeline.jobs.iter().any(|j| match &j.runner {
            Runner::Named(named) => named.value == *name,
            Runner::Label(_) => false,
            Runner::Axis(_) => j.matrix.iter().flat_map(|m| &m.cells).flatten().flatten().any(|v| v == name),
        });
        say("runner", &runner.name, runs);
    }
}

fn gather(pipeline: &Pipeline) -> Used {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    let mut used = Used::default();
    for job in &pipeline.jobs {
        used.contexts.extend(walk::contexts(job, &targets).into_iter().map(|c| c.value));
        script::steps(job).for_each(|s| used.registry(s));
        job.raw.iter().for_each(|r| used.raw(r));
        job.services.iter().for_each(|s| used.env(&s.env));
    }
    for workflow in &pipeline.workflows {
        used.env(&workflow.env);
        workflow.raw.iter().for_each(|r| used.raw(r));
        if let Some(Group::Named(text)) = workflow.concurrency.as_ref().map(|c| &c.group) {
            used.text(text);
        }
    }
    for n in notify_without_text::all(pipeline) {
        n.subject.iter().chain([&n.text]).for_each(|t| used.text(t));
    }
    for environment in &pipeline.environments {
        environment.url.iter().for_each(|t| used.text(t));
        used.env(&environment.env);
        environment.identity.iter().for_each(|i| used.identity(i));
        match environment.cluster.as_ref().map(|c| &c.access) {
            Some(ClusterAccess::Kubeconfig(secret)) => {
                used.contexts.insert(Context::Secret(secret.value.clone()));
            }
            Some(ClusterAccess::Eks { name, region }) => [name, region].into_iter().for_each(|t| used.text(t)),
            Some(ClusterAccess::Server(_)) | None => {}
        }
    }
    pipeline.variables.iter().filter_map(|v| v.value.as_ref()).for_each(|t| used.text(t));
    pipeline.targets.iter().filter_map(|t| t.aws.connection.as_ref()).for_each(|t| used.text(t));
    pipeline.teams.iter().filter_map(|t| t.topic.as_ref()).for_each(|t| used.text(t));
    for value in &pipeline.values {
        value.arms.iter().map(|(_, t)| t).chain(&value.otherwise).for_each(|t| used.text(t));
    }
    for registry in &pipeline.registries {
        registry.user.iter().chain(&registry.password).for_each(|t| used.text(t));
        registry.identity.iter().for_each(|i| used.identity(i));
    }
    pipeline.channels.iter().flat_map(|c| c.kind.texts()).for_each(|t| used.text(t));
    for gate in &pipeline.gates {
        walk::gate(gate, &targets, &mut |item| match item {
            Item::Text(t) | Item::Script(t) => used.text(t),
            Item::Condition(e) | Item::JobCondition(e) => used.condition(e),
        });
        if let GateKind::Check { steps } = &gate.kind {
            steps.iter().for_each(|s| used.registry(s));
        }
    }
    used
}

impl Used {
    fn text(&mut self, text: &Text) {
        self.contexts.extend(text.contexts().map(|c| c.value.clone()));
    }

    fn condition(&mut self, condition: &Expr) {
        self.contexts.extend(condition.contexts().into_iter().map(|c| c.value));
    }

    fn env(&mut self, vars: &[EnvVar]) {
        vars.iter().for_each(|v| self.text(&v.value));
    }

    fn identity(&mut self, identity: &AwsIdentity) {
        [&identity.role, &identity.region].into_iter().for_each(|t| self.text(t));
    }

    fn registry(&mut self, step: &Step) {
        match &step.kind {
            StepKind::DockerBuild(build) => self.registries.extend(build.registry.map(|r| r.value)),
            StepKind::RegistryLogin(id) | StepKind::ImagePromote { registry: id, .. } => self.registries.extend([*id]),
            _ => {}
        }
    }

    fn raw(&mut self, raw: &Raw) {
        raw.keys.iter().for_each(|(_, value)| self.raw_value(value));
    }

    fn raw_value(&mut self, value: &RawValue) {
        match value {
            RawValue::String(text) => {
                self.raw.push_str(text);
                self.raw.push('\n');
            }
            RawValue::List(list) => list.iter().for_each(|v| self.raw_value(v)),
            RawValue::Map(map) => map.iter().for_each(|(_, v)| self.raw_value(v)),
            RawValue::Null | RawValue::Bool(_) | RawValue::Number(_) => {}
        }
    }
}
