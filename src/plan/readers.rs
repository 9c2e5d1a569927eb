//! Which jobs read a secret.

use crate::ir::Pipeline;
use crate::ir::environment::ClusterAccess;
use crate::ir::job::Job;
use crate::ir::step::{Notification, Step, StepKind};
use crate::ir::text::{Context, Text};
use crate::plan::build::every_step;

/// Whether a job reads a secret: in a variable, a script, a service, a message or through what its steps use.
pub fn reads_secret(pipeline: &Pipeline, job: &Job, name: &str) -> bool {
    let in_text = |t: &Text| t.contexts().any(|c| matches!(&c.value, Context::Secret(s) if s == name));
    let channel = |n: &Notification| {
        use crate::ir::environment::ChannelKind;
        in_text(&n.text)
            || match &pipeline.channels[n.channel.index()].kind {
                ChannelKind::Slack { webhook } => in_text(webhook),
                ChannelKind::Webhook { url } => in_text(url),
                ChannelKind::Pagerduty { key } => in_text(key),
                ChannelKind::Email { to, from, smtp, user, password } => {
                    to.iter().chain(from).chain([smtp]).chain(user).chain(password).any(in_text)
                }
            }
    };
    fn step_reads(pipeline: &Pipeline, step: &Step, in_text: &dyn Fn(&Text) -> bool) -> bool {
        let kind = match &step.kind {
            StepKind::Run(script) => script.lines.iter().any(in_text),
            StepKind::Ssh(ssh) => [&ssh.host, &ssh.user, &ssh.key, &ssh.known_hosts].into_iter().any(in_text),
            StepKind::Uses { with, .. } => with.iter().any(|(_, t)| in_text(t)),
            StepKind::Action(call) => call.bodies.iter().flat_map(|b| &b.steps).any(|s| step_reads(pipeline, s, in_text)),
            StepKind::DockerBuild(build) => {
                build.args.iter().any(|a| in_text(&a.value))
                    || build.registry.as_ref().is_some_and(|r| pipeline.registries[r.value.index()].password.iter().any(in_text))
            }
            StepKind::RegistryLogin(registry) | StepKind::ImagePromote { registry, .. } => {
                pipeline.registries[registry.index()].password.iter().any(in_text)
            }
            StepKind::Checkout(_)
            | StepKind::Toolchain(_)
            | StepKind::Tools(_)
            | StepKind::Cache(_)
            | StepKind::Gate(_)
            | StepKind::App(_)
            | StepKind::Notify(_) => false,
        };
        kind || step.env.iter().any(|e| in_text(&e.value))
    }
    let environment = job.environment.as_ref().map(|e| pipeline.environment(e.environment));
    let cluster = environment.and_then(|e| e.cluster.as_ref());
    let workflow = pipeline.workflow(job.workflow);
    every_step(job).any(|s| step_reads(pipeline, s, &in_text))
        || job.env.iter().chain(&workflow.env).chain(environment.iter().flat_map(|e| &e.env)).any(|e| in_text(&e.value))
        || job.services.iter().flat_map(|s| &s.env).any(|e| in_text(&e.value))
        || job.notify.iter().any(channel)
        || matches!(cluster.map(|c| &c.access), Some(ClusterAccess::Kubeconfig(secret)) if secret.value == name)
}
