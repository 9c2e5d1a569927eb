//! `docker push` to a declared registry that nothing logs in to.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::id::RegistryId;
use crate::ir::job::Job;
use crate::ir::step::StepKind;
use crate::ir::text::{Context, Text};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    pipeline.jobs.iter().for_each(|j| job(pipeline, j, diagnostics));
}

fn job(pipeline: &Pipeline, job: &Job, diagnostics: &mut Diagnostics) {
    let mut open: Vec<RegistryId> = Vec::new();
    for step in script::steps(job) {
        match &step.kind {
            StepKind::RegistryLogin(registry) | StepKind::ImagePromote { registry, .. } => open.push(*registry),
            StepKind::DockerBuild(build) => open.extend(build.registry.map(|r| r.value)),
            // Somebody else's action may log in to anything.
            StepKind::Action(_) => return,
            _ => {}
        }
        for text in script::lines(step) {
            for command in script::commands(&script::marked(text)) {
                let words = script::program(&command);
                if words.iter().skip(1).any(|w| matches!(w.as_str(), "login" | "login-password")) {
                    return;
                }
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let ["docker" | "podman", action @ ("push" | "pull"), rest @ ..] = words.as_slice() else { continue };
                let found = rest.iter().find_map(|w| registry_of(pipeline, text, w));
                let Some(registry) = found.filter(|r| !open.contains(r)) else { continue };
                let name = &pipeline.registries[registry.index()].name;
                diagnostics.push(
                    Diagnostic::error(
                        "registry-login-missing",
                        text.span,
                        format!("`docker {action}` needs a login to registry `{}`, and this job has none", name.value),
                    )
                    .label("not logged in")
                    .related(name.span, "the registry")
                    .help(format!("write `registry-login {0}` before it, or let `docker-build … registry={0}` push", name.value)),
                );
            }
        }
    }
}

/// The declared registry that an image reference names.
fn registry_of(pipeline: &Pipeline, text: &Text, word: &str) -> Option<RegistryId> {
    if let Some(Context::Registry(id)) = word.chars().next().and_then(|c| script::context(text, c)) {
        return Some(*id);
    }
    let under = |address: &str| word.strip_prefix(address).is_some_and(|rest| rest.starts_with(['/', ':', '@']));
    pipeline.registries.iter().position(|r| under(&r.address.value)).map(|i| RegistryId(i as u32))
}
