//! Point 7: what a job may do with the vendor's token, and who it is to a cloud.

use std::collections::BTreeMap;

use crate::ir::Pipeline;
use crate::ir::environment::{Registry, RegistryKind};
use crate::ir::gate::{GateKind, Via};
use crate::ir::id::TargetId;
use crate::ir::job::{Job, ReportKind};
use crate::ir::step::{Permission, Step, StepKind};
use crate::ir::walk::every_step;
use crate::verify::behaviour::Found;

/// What a scope allows, the wider the later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Level {
    None,
    Read,
    Write,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// GitHub's scope for a permission of the spec (GitHub's documentation, "Controlling permissions for `GITHUB_TOKEN`").
fn scope(permission: Permission) -> (&'static str, Level) {
    match permission {
        Permission::ContentsRead => ("contents", Level::Read),
        Permission::ContentsWrite => ("contents", Level::Write),
        Permission::PackagesRead => ("packages", Level::Read),
        Permission::PackagesWrite => ("packages", Level::Write),
        Permission::PrComment => ("pull-requests", Level::Write),
        Permission::IssuesWrite => ("issues", Level::Write),
        Permission::SecurityUpload => ("security-events", Level::Write),
        Permission::IdToken => ("id-token", Level::Write),
        Permission::DeploymentsRead => ("deployments", Level::Read),
        Permission::DeploymentsWrite => ("deployments", Level::Write),
        Permission::ChecksWrite => ("checks", Level::Write),
        Permission::PagesWrite => ("pages", Level::Write),
        Permission::ActionsRead => ("actions", Level::Read),
        Permission::ActionsWrite => ("actions", Level::Write),
        Permission::PrRead => ("pull-requests", Level::Read),
        Permission::IssuesRead => ("issues", Level::Read),
        Permission::ChecksRead => ("checks", Level::Read),
        Permission::SecurityRead => ("security-events", Level::Read),
        Permission::StatusesRead => ("statuses", Level::Read),
        Permission::StatusesWrite => ("statuses", Level::Write),
        Permission::AttestationsWrite => ("attestations", Level::Write),
        Permission::PagesRead => ("pages", Level::Read),
    }
}

type Scopes = BTreeMap<String, Level>;

/// What the token of a job may do and must be able to, and whether the job proves who it is to a cloud.
fn of_job(pipeline: &Pipeline, target: TargetId, job: &Job) -> (Scopes, bool) {
    let mut found: Vec<Permission> = job.permissions.iter().copied().collect();
    every_step(job).for_each(|s| of_step(pipeline, target, s, &mut found));
    for gate in job.requires.iter().chain(job.deploy.iter().flat_map(|d| &d.monitor)) {
        if let GateKind::Check { steps } = &pipeline.gate(gate.value).kind {
            steps.iter().for_each(|s| of_step(pipeline, target, s, &mut found));
        }
    }
    if job.reports.iter().any(|r| r.kind.value == ReportKind::Sarif) {
        found.push(Permission::SecurityUpload);
    }
    if let Some(environment) = job.environment.as_ref().map(|e| pipeline.environment(e.environment)) {
        found.extend(environment.identity.as_ref().map(|_| Permission::IdToken));
        found.extend(environment.after.iter().any(|a| a.strict.is_some()).then_some(Permission::DeploymentsRead));
    }
    let mut scopes = Scopes::new();
    for permission in &found {
        let (name, level) = scope(*permission);
        let known = scopes.entry(name.to_owned()).or_insert(level);
        *known = level.max(*known);
    }
    (scopes, found.contains(&Permission::IdToken))
}

fn of_step(pipeline: &Pipeline, target: TargetId, step: &Step, found: &mut Vec<Permission>) {
    let mut registry = |registry: &Registry, permission: Permission| {
        found.extend(
            (registry.kind == RegistryKind::Ghcr && target == TargetId::Github && registry.password.is_none())
                .then_some(permission),
        );
        found.extend(registry.identity.as_ref().map(|_| Permission::IdToken));
    };
    match &step.kind {
        StepKind::Checkout(_) => found.push(Permission::ContentsRead),
        StepKind::DockerBuild(build) => {
            if let Some(id) = &build.registry {
                registry(&pipeline.registries[id.value.index()], Permission::PackagesWrite);
            }
        }
        StepKind::ImagePromote { registry: id, .. } => {
            registry(&pipeline.registries[id.index()], Permission::PackagesWrite);
        }
        StepKind::RegistryLogin(id) => registry(&pipeline.registries[id.index()], Permission::PackagesRead),
        StepKind::Action(call) => {
            let body = call.body(target);
            found.extend(body.iter().flat_map(|b| &b.permissions));
            body.iter().flat_map(|b| &b.steps).for_each(|s| of_step(pipeline, target, s, found));
        }
        StepKind::Gate(gate) => {
            if let GateKind::Check { steps } = &pipeline.gate(*gate).kind {
                steps.iter().for_each(|s| of_step(pipeline, target, s, found));
            }
        }
        _ => {}
    }
}

/// What is wrong with the token of a job, of the spec or beside it: what the spec says, what the target does.
pub(super) fn faults(pipeline: &Pipeline, target: TargetId, job: Option<&Job>, found: &Found) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let (mut scopes, identity) = job.map_or((Scopes::new(), false), |j| of_job(pipeline, target, j));
    let by_issue = |g: &crate::ir::id::GateId| matches!(&pipeline.gate(*g).kind, GateKind::Approval(a) if a.via == Via::Issue);
    // A job that pipewright adds may look at the repository.
    if job.is_none() && found.permissions.as_ref().is_some_and(|p| p.contains_key("contents")) {
        scopes.insert("contents".to_owned(), Level::Read);
    }
    if job.is_none() && found.asks.iter().any(by_issue) {
        scopes.insert("issues".to_owned(), Level::Write);
    }
    if found.identity && !identity {
        faults.push(("it proves to no cloud who it is".to_owned(), "it can prove who it is".to_owned()));
    }
    if identity && !found.identity {
        faults.push(("it can prove to the cloud who it is".to_owned(), "it cannot prove who it is".to_owned()));
    }
    let Some(permissions) = &found.permissions else { return faults };
    let level = |word: &str| if word == "write" { Level::Write } else { Level::Read };
    for (name, is) in permissions {
        let (allowed, is) = (scopes.get(name).copied().unwrap_or(Level::None), level(is));
        if is > allowed {
            let what = if name == "*" { "everything" } else { name };
            let wanted = format!("its token has {} for {what}", allowed.word());
            faults.push((wanted, format!("its token has {}", is.word())));
        }
    }
    for (name, wanted) in &scopes {
        let is = permissions.get(name).or_else(|| permissions.get("*")).map_or(Level::None, |w| level(w));
        if is < *wanted {
            faults.push((format!("its token has {} for {name}", wanted.word()), format!("its token has {}", is.word())));
        }
    }
    faults
}
