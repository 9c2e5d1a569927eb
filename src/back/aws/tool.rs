//! Tools that the image lacks, and what a toolchain is called in a buildspec.

use crate::back::aws::place::Place;
use crate::back::variables::Variables;
use crate::ir::step::{Tool, Toolchain};
use crate::target::known::{self, NODE, PYTHON};

/// A language and its version in the words of `runtime-versions`
/// (<https://docs.aws.amazon.com/codebuild/latest/userguide/runtime-versions.html>).
pub(super) fn runtime(language: &str, version: &str) -> (String, String) {
    match language {
        "node" => ("nodejs".to_owned(), version.to_owned()),
        "go" => ("golang".to_owned(), version.to_owned()),
        "java" => ("java".to_owned(), format!("corretto{version}")),
        other => (other.to_owned(), version.to_owned()),
    }
}

/// Dependencies by the tool of the lock file.
pub(super) fn install(toolchain: &Toolchain) -> Vec<String> {
    if !toolchain.install {
        return Vec::new();
    }
    let names: Vec<&str> = toolchain.tools.iter().map(|(name, _)| name.value.as_str()).collect();
    names.iter().filter_map(|name| known::install(name, &names)).map(str::to_owned).collect()
}

/// The lines that bring a tool.
pub(super) fn lines(tool: &Tool, place: &Place<'_>) -> Vec<String> {
    let name = tool.name.value.as_str();
    let version = tool.version.as_ref().map(|v| place.code(v));
    let download = |address: String| {
        vec![format!("curl -fsSLo /usr/local/bin/{name} \"{address}\""), format!("chmod +x /usr/local/bin/{name}")]
    };
    let unpack = |address: String, rest: &str| vec![format!("curl -fsSL \"{address}\" | tar -xz -C /usr/local/bin {rest}")];
    match (name, version.as_deref().map(whole)) {
        ("kubectl", Some(v)) => download(format!("https://dl.k8s.io/release/v{v}/bin/linux/amd64/kubectl")),
        ("helm", Some(v)) => {
            unpack(format!("https://get.helm.sh/helm-v{v}-linux-amd64.tar.gz"), "--strip-components=1 linux-amd64/helm")
        }
        ("argocd", Some(v)) => download(format!("https://github.com/argoproj/argo-cd/releases/download/v{v}/argocd-linux-amd64")),
        ("kubectl-argo-rollouts", Some(v)) => download(format!(
            "https://github.com/argoproj/argo-rollouts/releases/download/v{v}/kubectl-argo-rollouts-linux-amd64"
        )),
        ("yq", Some(v)) => download(format!("https://github.com/mikefarah/yq/releases/download/v{v}/yq_linux_amd64")),
        ("trivy", Some(v)) => {
            unpack(format!("https://github.com/aquasecurity/trivy/releases/download/v{v}/trivy_{v}_Linux-64bit.tar.gz"), "trivy")
        }
        ("gitleaks", Some(v)) => unpack(
            format!("https://github.com/gitleaks/gitleaks/releases/download/v{v}/gitleaks_{v}_linux_x64.tar.gz"),
            "gitleaks",
        ),
        _ if PYTHON.contains(&name) => {
            let asked = version.map_or_else(|| name.to_owned(), |v| format!("\"{name}=={v}\""));
            vec![format!("pip install {asked}")]
        }
        _ if NODE.contains(&name) => {
            let asked = version.map_or_else(|| name.to_owned(), |v| format!("\"{name}@{v}\""));
            vec![format!("npm install --global {asked}")]
        }
        _ => vec![package(name)],
    }
}

/// A command of the image, or of the system's packages.
fn package(name: &str) -> String {
    let (package, command) = match name {
        "aws" => ("awscli", "aws"),
        "postgresql-client" => (name, "psql"),
        other => (other, other),
    };
    format!("command -v {command} || {{ apt-get update && apt-get install --yes {package}; }}")
}

/// Downloads have three numbers: `1.30` means its first release.
fn whole(version: &str) -> String {
    if version.matches('.').count() == 1 && !version.contains('$') { format!("{version}.0") } else { version.to_owned() }
}
