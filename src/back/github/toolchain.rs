//! Toolchains and tools in GitHub's idiom: the `setup-*` actions with their caches, and downloads for the rest.

use crate::ir::step::{Tool, Toolchain};
use crate::target::known::{self, NODE, PYTHON};

use super::context::{Env, Writer};
use super::step::action;
use super::view::StepView;

/// Tools that the hosted Linux images bring along (actions/runner-images, Ubuntu 24.04).
const BROUGHT: &[&str] = &[
    "aws", "az", "curl", "docker", "gh", "git", "helm", "jq", "kubectl", "make", "node", "npm", "python3", "rsync", "yq", "zip",
];

impl Writer<'_, '_> {
    /// The steps that set up languages, and install the dependencies.
    pub(super) fn toolchain(&mut self, toolchain: &Toolchain, dir: Option<&str>) -> Vec<StepView> {
        let mut steps = Vec::new();
        let mut install: Vec<&str> = Vec::new();
        let names: Vec<&str> = toolchain.tools.iter().map(|(name, _)| name.value.as_str()).collect();
        let below = |file: &str| dir.map_or_else(|| file.to_owned(), |d| format!("{}/{file}", d.trim_end_matches('/')));
        for (name, version) in &toolchain.tools {
            let version = self.value(version);
            let manager = if names.contains(&"pnpm") { "pnpm" } else { "npm" };
            let (path, key, title) = match name.value.as_str() {
                "node" => ("actions/setup-node", "node-version", "Node.js"),
                "python" => ("actions/setup-python", "python-version", "Python"),
                "go" => ("actions/setup-go", "go-version", "Go"),
                "java" => ("actions/setup-java", "java-version", "Java"),
                "dotnet" => ("actions/setup-dotnet", "dotnet-version", ".NET"),
                "ruby" => ("ruby/setup-ruby", "ruby-version", "Ruby"),
                "pnpm" => ("pnpm/action-setup", "version", "pnpm"),
                "uv" => ("astral-sh/setup-uv", "version", "uv"),
                "rust" => {
                    steps.push(StepView {
                        name: Some(format!("Set up Rust {version}")),
                        env: vec![("RUST_VERSION".into(), version)],
                        run: Some("rustup toolchain install \"$RUST_VERSION\" --profile minimal --component clippy,rustfmt\nrustup default \"$RUST_VERSION\"\n".into()),
                        ..StepView::default()
                    });
                    install.extend(known::install("rust", &names).filter(|_| toolchain.install));
                    continue;
                }
                _ => continue,
            };
            let mut step = action(path, &format!("Set up {title}"));
            step.with.push((key.to_owned(), version));
            match name.value.as_str() {
                "node" if toolchain.cache => {
                    step.with.push(("cache".into(), manager.to_owned()));
                    if dir.is_some() {
                        let lock = if manager == "pnpm" { "pnpm-lock.yaml" } else { "package-lock.json" };
                        step.with.push(("cache-dependency-path".into(), below(lock)));
                    }
                }
                // Without this word the newer versions cache by themselves.
                "node" => step.with.push(("package-manager-cache".into(), "false".into())),
                "python" if toolchain.cache => {
                    step.with.push(("cache".into(), "pip".into()));
                    if dir.is_some() {
                        step.with.push(("cache-dependency-path".into(), below("requirements.txt")));
                    }
                }
                "go" if toolchain.cache && dir.is_some() => step.with.push(("cache-dependency-path".into(), below("go.sum"))),
                "go" if toolchain.cache => {}
                "go" => step.with.push(("cache".into(), "false".into())),
                "java" => {
                    step.with.insert(0, ("distribution".into(), "temurin".into()));
                    if toolchain.cache {
                        step.with.push(("cache".into(), "maven".into()));
                    }
                }
                // This word caches what it installs, so it stands where both are asked for.
                "ruby" if toolchain.cache && toolchain.install => {
                    step.with.push(("bundler-cache".into(), "true".into()));
                    if let Some(dir) = dir {
                        step.with.push(("working-directory".into(), dir.to_owned()));
                    }
                }
                "uv" => step.with.push(("enable-cache".into(), toolchain.cache.to_string())),
                _ => {}
            }
            // pnpm must be there before Node.js looks for its cache.
            if name.value == "pnpm" {
                steps.insert(0, step);
            } else {
                steps.push(step);
            }
            let bundled = name.value == "ruby" && toolchain.cache;
            install.extend(known::install(&name.value, &names).filter(|_| toolchain.install && !bundled));
        }
        if !install.is_empty() {
            let run = if install.len() > 1 { install.join("\n") + "\n" } else { install.concat() };
            let directory = dir.map(str::to_owned).filter(|d| self.directory().as_ref() != Some(d));
            steps.push(StepView { name: Some("Install dependencies".into()), directory, run: Some(run), ..StepView::default() });
        }
        steps
    }

    /// The steps that install tools.
    pub(super) fn tools(&mut self, tools: &[Tool]) -> Vec<StepView> {
        let mut steps = Vec::new();
        for tool in tools {
            let name = tool.name.value.as_str();
            let mut env = Env::new();
            let version = tool.version.as_ref().map(|v| self.value(v));
            let run = match (name, &version) {
                ("helm", Some(version)) => {
                    let mut step = action("azure/setup-helm", "Set up Helm");
                    step.with.push(("version".into(), format!("v{}", version.trim_start_matches('v'))));
                    steps.push(step);
                    continue;
                }
                ("kubectl", Some(_)) => {
                    "release=$(curl -fsSL \"https://dl.k8s.io/release/stable-${VERSION%.*}.txt\")\n\
                     [[ $VERSION == *.*.* ]] && release=v$VERSION\n\
                     curl -fsSLo \"$RUNNER_TEMP/kubectl\" \"https://dl.k8s.io/release/$release/bin/linux/amd64/kubectl\"\n\
                     sudo install \"$RUNNER_TEMP/kubectl\" /usr/local/bin/kubectl\n"
                }
                ("argocd", Some(_)) => {
                    "curl -fsSLo \"$RUNNER_TEMP/argocd\" \"https://github.com/argoproj/argo-cd/releases/download/v${VERSION}/argocd-linux-amd64\"\n\
                     sudo install \"$RUNNER_TEMP/argocd\" /usr/local/bin/argocd\n"
                }
                ("kubectl-argo-rollouts", Some(_)) => {
                    "curl -fsSLo \"$RUNNER_TEMP/kubectl-argo-rollouts\" \"https://github.com/argoproj/argo-rollouts/releases/download/v${VERSION}/kubectl-argo-rollouts-linux-amd64\"\n\
                     sudo install \"$RUNNER_TEMP/kubectl-argo-rollouts\" /usr/local/bin/kubectl-argo-rollouts\n"
                }
                ("yq", Some(_)) => {
                    "curl -fsSLo \"$RUNNER_TEMP/yq\" \"https://github.com/mikefarah/yq/releases/download/v${VERSION}/yq_linux_amd64\"\n\
                     sudo install \"$RUNNER_TEMP/yq\" /usr/local/bin/yq\n"
                }
                // A version of these is a loss that the spec accepts.
                _ if BROUGHT.contains(&name) => continue,
                (_, Some(_)) if PYTHON.contains(&name) => "pipx install \"$TOOL==$VERSION\"",
                (_, None) if PYTHON.contains(&name) => "pipx install \"$TOOL\"",
                (_, Some(_)) if NODE.contains(&name) => "npm install --global \"$TOOL@$VERSION\"",
                (_, None) if NODE.contains(&name) => "npm install --global \"$TOOL\"",
                ("trivy", _) => {
                    "curl -fsSL https://raw.githubusercontent.com/aquasecurity/trivy/main/contrib/install.sh | sudo sh -s -- -b /usr/local/bin \"${VERSION:+v$VERSION}\""
                }
                ("gitleaks", Some(_)) => {
                    "curl -fsSL \"https://github.com/gitleaks/gitleaks/releases/download/v${VERSION}/gitleaks_${VERSION}_linux_x64.tar.gz\" | sudo tar -xz -C /usr/local/bin gitleaks"
                }
                _ => "sudo apt-get update\nsudo apt-get install --yes \"$TOOL\"\n",
            };
            if run.contains("$TOOL") {
                env.push(("TOOL".into(), name.to_owned()));
            }
            if run.contains("VERSION")
                && let Some(version) = version
            {
                env.push(("VERSION".into(), version));
            }
            steps.push(StepView { name: Some(format!("Install {name}")), env, run: Some(run.to_owned()), ..StepView::default() });
        }
        steps
    }
}
