//! Steps that are no scripts of the spec: toolchains, tools, logins, images.

use crate::back::gitlab::boolean::Formula;
use crate::back::gitlab::expr::{self, Rules};
use crate::back::gitlab::value::{Place, word};
use crate::back::variables::{Variables, image};
use crate::ir::environment::{Registry, RegistryKind};
use crate::ir::event::EventKind;
use crate::ir::expr::Expr;
use crate::ir::step::{Checkout, DockerBuild, Push, Tool, Toolchain};
use crate::ir::text::Text;
use crate::plan::step::PlannedKind;
use crate::target::known::{self, NODE, PYTHON};

/// Emulates the processors that a build asks for and the runner is not.
const BINFMT: &str = "docker run --privileged --rm tonistiigi/binfmt:qemu-v8.1.5 --install all";

/// The lines of a step that is not a `run`.
pub(super) fn lines(kind: &PlannedKind, place: &Place<'_>) -> Vec<String> {
    match kind {
        PlannedKind::Run(_) | PlannedKind::Cache(_) | PlannedKind::Uses { .. } => Vec::new(),
        PlannedKind::Checkout(checkout) => checkout_lines(checkout, place),
        PlannedKind::Toolchain(toolchain) => install_lines(toolchain),
        PlannedKind::Tools(tools) => tools.iter().flat_map(|t| tool_lines(t, place)).collect(),
        PlannedKind::DockerBuild(build) => build_lines(build, place),
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

fn checkout_lines(checkout: &Checkout, place: &Place<'_>) -> Vec<String> {
    let Some(reference) = &checkout.reference else { return Vec::new() };
    let depth = match checkout.depth {
        Some(0) => String::new(),
        Some(depth) => format!("--depth {depth} "),
        None => "--depth 1 ".to_owned(),
    };
    vec![format!("git fetch {depth}origin {}", place.quoted(reference)), "git checkout --detach FETCH_HEAD".to_owned()]
}

/// Dependencies by the tool of the lock file.
fn install_lines(toolchain: &Toolchain) -> Vec<String> {
    if !toolchain.install {
        return Vec::new();
    }
    let names: Vec<&str> = toolchain.tools.iter().map(|(name, _)| name.value.as_str()).collect();
    names.iter().filter_map(|name| known::install(name, &names)).map(str::to_owned).collect()
}

fn tool_lines(tool: &Tool, place: &Place<'_>) -> Vec<String> {
    let name = tool.name.value.as_str();
    let version = tool.version.as_ref().map(|v| place.code(v));
    let download = |address: String| {
        vec![format!("curl -fsSLo /usr/local/bin/{name} {}", quoted(&address)), format!("chmod +x /usr/local/bin/{name}")]
    };
    let unpack =
        |address: String, options: &str| vec![format!("curl -fsSL {} | tar -xz -C /usr/local/bin {options}", quoted(&address))];
    match (name, version) {
        ("kubectl", Some(v)) => download(format!("https://dl.k8s.io/release/v{}/bin/linux/amd64/kubectl", patched(&v))),
        ("helm", Some(v)) => unpack(
            format!("https://get.helm.sh/helm-v{}-linux-amd64.tar.gz", patched(&v)),
            "--strip-components=1 linux-amd64/helm",
        ),
        ("argocd", Some(v)) => {
            download(format!("https://github.com/argoproj/argo-cd/releases/download/v{}/argocd-linux-amd64", patched(&v)))
        }
        ("kubectl-argo-rollouts", Some(v)) => download(format!(
            "https://github.com/argoproj/argo-rollouts/releases/download/v{}/kubectl-argo-rollouts-linux-amd64",
            patched(&v)
        )),
        ("yq", Some(v)) => download(format!("https://github.com/mikefarah/yq/releases/download/v{}/yq_linux_amd64", patched(&v))),
        ("trivy", Some(v)) => {
            let v = patched(&v);
            unpack(format!("https://github.com/aquasecurity/trivy/releases/download/v{v}/trivy_{v}_Linux-64bit.tar.gz"), "trivy")
        }
        ("gitleaks", Some(v)) => {
            let v = patched(&v);
            unpack(
                format!("https://github.com/gitleaks/gitleaks/releases/download/v{v}/gitleaks_{v}_linux_x64.tar.gz"),
                "gitleaks",
            )
        }
        (_, version) if PYTHON.contains(&name) => {
            let asked = version.map_or_else(|| name.to_owned(), |v| format!("\"{name}=={v}\""));
            vec![package("pipx"), format!("PIPX_BIN_DIR=/usr/local/bin pipx install {asked}")]
        }
        (_, version) if NODE.contains(&name) => {
            let asked = version.map_or_else(|| name.to_owned(), |v| format!("\"{name}@{v}\""));
            vec![package("npm"), format!("npm install --global {asked}")]
        }
        _ => vec![package(name)],
    }
}

/// A command of the image, or of the system's packages.
fn package(name: &str) -> String {
    let (debian, alpine, command) = match name {
        "aws" => ("awscli", "aws-cli", "aws"),
        "postgresql-client" => (name, name, "psql"),
        other => (other, other, other),
    };
    format!("command -v {command} || {{ apt-get update && apt-get install --yes {debian}; }} || apk add --no-cache {alpine}")
}

/// Downloads have three numbers: `1.30` means its first release.
fn patched(version: &str) -> String {
    if version.matches('.').count() == 1 && !version.contains('$') { format!("{version}.0") } else { version.to_owned() }
}

fn quoted(address: &str) -> String {
    if address.contains('$') { format!("\"{address}\"") } else { address.to_owned() }
}

fn login(registry: &Registry, place: &Place<'_>) -> Vec<String> {
    let host = registry.address.value.split('/').next().unwrap_or_default();
    let pair =
        |user: &str, password: &str| vec![format!("echo {password} | docker login --username {user} --password-stdin {host}")];
    let own = |user: &str, password: &str| {
        let user = registry.user.as_ref().map_or_else(|| user.to_owned(), |u| place.quoted(u));
        let password = registry.password.as_ref().map_or_else(|| password.to_owned(), |p| place.quoted(p));
        pair(&user, &password)
    };
    match registry.kind {
        RegistryKind::Gitlab => own("\"$CI_REGISTRY_USER\"", "\"$CI_REGISTRY_PASSWORD\""),
        RegistryKind::Ghcr | RegistryKind::Generic | RegistryKind::Dockerhub => {
            own("\"$REGISTRY_USER\"", "\"$REGISTRY_PASSWORD\"")
        }
        RegistryKind::Ecr => {
            // `<account>.dkr.ecr.<region>.amazonaws.com`
            let region = registry
                .identity
                .as_ref()
                .map_or_else(|| host.split('.').nth(3).unwrap_or_default().to_owned(), |identity| place.quoted(&identity.region));
            vec![
                "command -v aws || apk add --no-cache aws-cli".to_owned(),
                format!("aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin {host}"),
            ]
        }
    }
}

/// What is known of a condition in every event of the job.
enum Known {
    Always,
    Never,
    Sometimes,
}

fn known(condition: &Expr, place: Place<'_>) -> Known {
    let formulas = place.kinds().into_iter().map(|kind| Rules { place, kind }.formula(condition, true));
    let formulas: Vec<Formula> = formulas.map(|f| f.unwrap_or(Formula::Test(String::new()))).collect();
    if !formulas.is_empty() && formulas.iter().all(|f| *f == Formula::True) {
        Known::Always
    } else if formulas.iter().all(|f| *f == Formula::False) {
        Known::Never
    } else {
        Known::Sometimes
    }
}

fn build_lines(build: &DockerBuild, place: &Place<'_>) -> Vec<String> {
    let pipeline = place.plan.pipeline;
    let name = pipeline.images.get(build.image.index()).map_or("image", |i| i.name.value.as_str());
    let address =
        build.registry.as_ref().and_then(|r| pipeline.registries.get(r.value.index())).map(|r| r.address.value.as_str());
    let repository = address.map_or_else(|| name.to_owned(), |a| format!("{a}/{name}"));
    let mut lines = Vec::new();
    let mut options: Vec<String> = Vec::new();
    // What depends on the event is gathered in the shell's own arguments.
    let mut conditional: Vec<(String, String)> = Vec::new();
    let foreign = !build.platforms.is_empty();
    if needs_builder(build) && !place.job.steps.iter().map_while(|s| earlier(&s.kind, build)).flatten().any(needs_builder) {
        // A builder with TLS needs a context; the one of the environment is not taken.
        lines.push("docker context create builder".to_owned());
        lines.push("docker buildx create --use builder".to_owned());
    }
    if build.platforms.iter().any(|p| p.value != "linux/amd64") {
        lines.push(BINFMT.to_owned());
    }
    if let Some(file) = &build.dockerfile {
        options.push(format!("--file {}", word(&file.value)));
    }
    if build.tags.is_empty() {
        options.push(format!("--tag {repository}:latest"));
    }
    for tag in &build.tags {
        let option = format!("--tag {}", place.quoted(&tag.tag.behind(&format!("{repository}:"))));
        match tag.condition.as_ref().map(|c| (c, known(c, *place))) {
            None | Some((_, Known::Always)) => options.push(option),
            Some((_, Known::Never)) => {}
            Some((condition, Known::Sometimes)) => conditional.push((expr::shell(condition, place), option)),
        }
    }
    options.extend(build.args.iter().map(|a| format!("--build-arg {}={}", a.name.value, place.quoted(&a.value))));
    options.extend(build.labels.iter().map(|l| format!("--label {}={}", l.name.value, place.quoted(&l.value))));
    if let Some(target) = &build.target {
        options.push(format!("--target {}", word(&target.value)));
    }
    if foreign {
        let list: Vec<&str> = build.platforms.iter().map(|p| p.value.as_str()).collect();
        options.push(format!("--platform {}", list.join(",")));
    }
    let kinds = place.kinds();
    let (pushes, push_test) = match &build.push {
        Push::Never => (false, None),
        Push::NotOnPullRequest if !kinds.contains(&EventKind::PullRequest) => (true, None),
        Push::NotOnPullRequest if kinds.len() == 1 => (false, None),
        Push::NotOnPullRequest => (true, Some("[ \"$CI_PIPELINE_SOURCE\" != merge_request_event ]".to_owned())),
        Push::If(condition) => match known(condition, *place) {
            Known::Always => (true, None),
            Known::Never => (false, None),
            Known::Sometimes => (true, Some(expr::shell(condition, place))),
        },
    };
    if build.cache && address.is_some() {
        options.push(format!("--cache-from type=registry,ref={repository}:buildcache"));
        if pushes {
            let option = format!("--cache-to type=registry,ref={repository}:buildcache,mode=max");
            match &push_test {
                Some(test) => conditional.push((test.clone(), option)),
                None => options.push(option),
            }
        }
    }
    match (&push_test, pushes) {
        (Some(test), _) => conditional.push((test.clone(), "--push".to_owned())),
        (None, true) => options.push("--push".to_owned()),
        (None, false) if build.cache && !foreign => options.push("--load".to_owned()),
        (None, false) => {}
    }
    let digest = pushes && place.workflow.image_is_read(place.job, build.image);
    if digest {
        options.push("--metadata-file build.json".to_owned());
    }
    if !conditional.is_empty() {
        lines.push("set --".to_owned());
        for (test, option) in grouped(conditional) {
            lines.push(format!("if {test}; then set -- \"$@\" {option}; fi"));
        }
        options.push("\"$@\"".to_owned());
    }
    options.push(word(&build.context.value));
    lines.push(if options.len() > 2 {
        format!("docker buildx build \\\n  {}", options.join(" \\\n  "))
    } else {
        format!("docker buildx build {}", options.join(" "))
    });
    if digest {
        let variable = image(name);
        lines.push("DIGEST=$(sed -n 's/.*\"containerimage.digest\": *\"\\([^\"]*\\)\".*/\\1/p' build.json)".to_owned());
        lines.push(format!("export {variable}=\"{repository}@$DIGEST\""));
        lines.push(format!("echo \"{variable}=${variable}\" >> \"$CI_PROJECT_DIR/outputs.env\""));
    } else if let (false, Some(tag)) = (pushes, build.tags.iter().find(|t| t.condition.is_none())) {
        lines.push(format!("export {}={}", image(name), place.quoted(&tag.tag.behind(&format!("{repository}:")))));
    }
    lines
}

/// Whether a build asks for more than the daemon's own builder can do.
fn needs_builder(build: &DockerBuild) -> bool {
    !build.platforms.is_empty() || build.cache
}

/// The build of a step that stands before another build; `None` from that one on.
fn earlier<'k>(kind: &'k PlannedKind, build: &DockerBuild) -> Option<Option<&'k DockerBuild>> {
    match kind {
        PlannedKind::DockerBuild(other) if std::ptr::eq(other.as_ref(), build) => None,
        PlannedKind::DockerBuild(other) => Some(Some(other)),
        _ => Some(None),
    }
}

/// Options under one test stand together.
fn grouped(options: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut groups: Vec<(String, String)> = Vec::new();
    for (test, option) in options {
        match groups.iter_mut().find(|(t, _)| *t == test) {
            Some((_, before)) => {
                before.push(' ');
                before.push_str(&option);
            }
            None => groups.push((test, option)),
        }
    }
    groups
}
