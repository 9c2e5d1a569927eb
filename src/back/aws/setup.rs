//! Steps that are no scripts of the spec: sources, tools, logins, images.

use crate::back::aws::place::Place;
use crate::back::aws::{docker, tool};
use crate::back::variables::Variables;
use crate::ir::environment::{Registry, RegistryKind};
use crate::ir::step::Checkout;
use crate::ir::text::Text;
use crate::plan::step::PlannedKind;

/// The lines of a step that is not a `run`.
pub(super) fn lines(kind: &PlannedKind, place: &Place<'_>) -> Vec<String> {
    match kind {
        PlannedKind::Run(_) | PlannedKind::Cache(_) | PlannedKind::Uses { .. } => Vec::new(),
        PlannedKind::Checkout(checkout) => checkout_lines(checkout, place),
        PlannedKind::Toolchain(toolchain) => tool::install(toolchain),
        PlannedKind::Tools(tools) => tools.iter().flat_map(|t| tool::lines(t, place)).collect(),
        PlannedKind::DockerBuild(build) => docker::lines(build, place),
        PlannedKind::RegistryLogin(id) => {
            place.plan.pipeline.registries.get(id.index()).map_or_else(Vec::new, |r| login(r, place))
        }
        PlannedKind::ImagePromote { image, registry, from, to } => {
            let address = place.plan.pipeline.registries.get(registry.index()).map_or("", |r| r.address.value.as_str());
            let reference = |tag: &Text| place.quoted(&tag.behind(&format!("{address}/{}:", image.value)));
            let tags: String = to.iter().map(|t| format!("--tag {} ", reference(t))).collect();
            vec![format!("docker buildx imagetools create {tags}{}", reference(from))]
        }
    }
}

/// CodeBuild has the commit of the event already, with its history.
fn checkout_lines(checkout: &Checkout, place: &Place<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(reference) = &checkout.reference {
        lines.push(format!("git fetch origin {}", place.quoted(reference)));
        lines.push("git checkout --detach FETCH_HEAD".to_owned());
    }
    if checkout.submodules {
        lines.push("git submodule update --init --recursive".to_owned());
    }
    if checkout.lfs {
        lines.push("git lfs pull".to_owned());
    }
    lines
}

fn login(registry: &Registry, place: &Place<'_>) -> Vec<String> {
    let host = registry.address.value.split('/').next().unwrap_or_default();
    if let Some(password) = &registry.password {
        let user = registry.user.as_ref().map_or_else(|| "''".to_owned(), |u| place.quoted(u));
        let password = place.quoted(password);
        return vec![format!("printf '%s' {password} | docker login --username {user} --password-stdin {host}")];
    }
    match registry.kind {
        RegistryKind::Ecr => {
            // `<account>.dkr.ecr.<region>.amazonaws.com`
            let region = registry
                .identity
                .as_ref()
                .map_or_else(|| host.split('.').nth(3).unwrap_or_default().to_owned(), |identity| place.quoted(&identity.region));
            vec![format!("aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin {host}")]
        }
        // The tables refuse a registry without a password that is nobody's own.
        RegistryKind::Ghcr | RegistryKind::Gitlab | RegistryKind::Dockerhub | RegistryKind::Generic => Vec::new(),
    }
}
