//! A secret read by a job that may not see it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::environment::{ClusterAccess, Secret};
use crate::ir::job::Job;
use crate::ir::text::Context;
use crate::ir::walk;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    for job in &pipeline.jobs {
        for context in walk::contexts(job, &targets) {
            if let Context::Secret(name) = &context.value {
                look(pipeline, job, name, context.span, diagnostics);
            }
        }
        let environment = job.environment.as_ref().map(|e| pipeline.environment(e.environment));
        if let Some(ClusterAccess::Kubeconfig(secret)) = environment.and_then(|e| e.cluster.as_ref()).map(|c| &c.access) {
            look(pipeline, job, &secret.value, secret.span, diagnostics);
        }
    }
}

fn look(pipeline: &Pipeline, job: &Job, name: &str, at: Span, diagnostics: &mut Diagnostics) {
    let Some(secret) = pipeline.secrets.iter().find(|s| s.name.value == name) else { return };
    let Some((why, way)) = refused(pipeline, job, secret) else { return };
    diagnostics.push(
        Diagnostic::error("secret-out-of-scope", at, format!("`{}` may not read secret `{name}`: {why}", job.name.value))
            .label("empty here")
            .related(secret.name.span, "declared here")
            .help(way),
    );
}

/// Why a job may not see a secret, and the way out.
fn refused(pipeline: &Pipeline, job: &Job, secret: &Secret) -> Option<(String, String)> {
    let here = job.environment.as_ref().map(|e| e.environment);
    let names = |list: Vec<&str>| list.join("`, `");
    let holders: Vec<usize> = (0..pipeline.environments.len())
        .filter(|i| pipeline.environments[*i].secrets.iter().any(|s| s.name.value == secret.name.value))
        .collect();
    // Declared by environments only: its name is the one in the first of them.
    let is_theirs = pipeline.environments.iter().flat_map(|e| &e.secrets).any(|s| s.name.span == secret.name.span);
    if is_theirs && here.is_none_or(|id| !holders.contains(&id.index())) {
        let list = names(holders.iter().map(|i| pipeline.environments[*i].name.value.as_str()).collect());
        let way = format!(
            "write `environment {}` in the job, or declare the secret at the top",
            list.split('`').next().unwrap_or_default()
        );
        return Some((format!("it belongs to environment `{list}`"), way));
    }
    let full = format!("{}.{}", pipeline.workflow(job.workflow).name.value, job.name.value);
    if !secret.jobs.is_empty() && secret.jobs.iter().all(|j| j.value != job.name.value && j.value != full) {
        let list = names(secret.jobs.iter().map(|j| j.value.as_str()).collect());
        return Some((format!("it is for `{list}`"), format!("add `{}` to its `jobs`, or read it elsewhere", job.name.value)));
    }
    if !secret.environments.is_empty() && here.is_none_or(|id| !secret.environments.contains(&id)) {
        let list = names(secret.environments.iter().map(|e| pipeline.environment(*e).name.value.as_str()).collect());
        return Some((
            format!("it is for jobs in environment `{list}`"),
            "let the job enter that environment, or widen `environments`".to_owned(),
        ));
    }
    None
}
