//! Toolchains and tools that a back end knows how to bring. A name that is not here is refused, since what would be written for it is a guess.

use crate::ir::id::TargetId;

/// A tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownTool {
    /// Its name in a spec.
    pub name: &'static str,
    /// Whether a version can be chosen; otherwise it comes as the runner, the image or the system's packages have it.
    pub versions: bool,
    /// Whether it must be: nothing stands for "the newest".
    pub wants_version: bool,
}

const fn any(name: &'static str) -> KnownTool {
    KnownTool { name, versions: true, wants_version: false }
}

const fn plain(name: &'static str) -> KnownTool {
    KnownTool { name, versions: false, wants_version: false }
}

const fn exact(name: &'static str) -> KnownTool {
    KnownTool { name, versions: true, wants_version: true }
}

/// Packages of Python that are commands.
pub const PYTHON: &[&str] = &["bandit", "black", "checkov", "pip-audit", "poetry", "ruff", "semgrep", "yamllint"];

/// Packages of Node that are commands.
pub const NODE: &[&str] = &["eslint", "lighthouse", "newman", "prettier", "snyk"];

/// The hosted Linux images of GitHub bring those that have no version here (actions/runner-images, Ubuntu 24.04), or Ubuntu's packages do.
const GITHUB: &[KnownTool] = &[
    exact("argocd"),
    plain("aws"),
    plain("az"),
    any("bandit"),
    any("black"),
    any("checkov"),
    plain("curl"),
    plain("docker"),
    any("eslint"),
    plain("gettext-base"),
    plain("gh"),
    plain("git"),
    exact("gitleaks"),
    any("helm"),
    plain("jq"),
    any("kubectl"),
    exact("kubectl-argo-rollouts"),
    any("lighthouse"),
    plain("make"),
    any("newman"),
    any("pip-audit"),
    any("poetry"),
    plain("postgresql-client"),
    any("prettier"),
    plain("rsync"),
    any("ruff"),
    any("semgrep"),
    plain("shellcheck"),
    any("snyk"),
    any("trivy"),
    plain("unzip"),
    plain("wget"),
    any("yamllint"),
    any("yq"),
    plain("zip"),
];

/// On GitLab the image has a tool, or the packages of Debian or Alpine do.
const GITLAB: &[KnownTool] = &[
    exact("argocd"),
    plain("aws"),
    any("bandit"),
    any("black"),
    any("checkov"),
    plain("curl"),
    any("eslint"),
    plain("git"),
    exact("gitleaks"),
    exact("helm"),
    plain("jq"),
    exact("kubectl"),
    exact("kubectl-argo-rollouts"),
    any("lighthouse"),
    plain("make"),
    any("newman"),
    any("pip-audit"),
    any("poetry"),
    plain("postgresql-client"),
    any("prettier"),
    plain("rsync"),
    any("ruff"),
    any("semgrep"),
    plain("shellcheck"),
    any("snyk"),
    exact("trivy"),
    plain("unzip"),
    plain("wget"),
    any("yamllint"),
    exact("yq"),
    plain("zip"),
];

/// The tools of a target.
pub fn tools(target: TargetId) -> &'static [KnownTool] {
    match target {
        TargetId::Github => GITHUB,
        // The images of CodeBuild have Debian's packages too, and what has a version is downloaded likewise.
        TargetId::Gitlab | TargetId::Codebuild | TargetId::Codepipeline => GITLAB,
    }
}

/// The toolchains of a target. A package manager stands beside its language.
pub fn toolchains(target: TargetId) -> &'static [&'static str] {
    match target {
        TargetId::Github => &["dotnet", "go", "java", "node", "pnpm", "python", "ruby", "rust", "uv"],
        TargetId::Gitlab => &["dotnet", "go", "java", "node", "php", "python", "ruby", "rust"],
        TargetId::Codebuild | TargetId::Codepipeline => &["dotnet", "go", "java", "node", "php", "python", "ruby"],
    }
}

/// How the dependencies of a language are installed by its lock file, on every target alike. `beside` are the names that stand in the same toolchain:
/// a package manager among them does it in place of the language's own.
pub fn install(language: &str, beside: &[&str]) -> Option<&'static str> {
    let has = |manager| beside.contains(&manager);
    Some(match language {
        "node" if has("pnpm") => "pnpm install --frozen-lockfile",
        "node" => "npm ci",
        "python" if has("uv") => "uv sync --locked",
        "python" => "pip install -r requirements.txt",
        "go" => "go mod download",
        "ruby" => "bundle install",
        "rust" => "cargo fetch --locked",
        "php" => "composer install --no-interaction",
        "java" => "mvn --batch-mode dependency:go-offline",
        "dotnet" => "dotnet restore",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{NODE, PYTHON, install, toolchains, tools};
    use crate::ir::id::TargetId;

    #[test]
    fn what_a_target_can_bring_it_can_install_for() {
        for language in TargetId::ALL.iter().flat_map(|(_, target)| toolchains(*target)) {
            let manager = ["pnpm", "uv"].contains(language);
            assert_eq!(install(language, &[language]).is_none(), manager, "{language}");
        }
    }

    #[test]
    fn tools_stand_in_order_and_packages_are_among_them() {
        for (_, target) in TargetId::ALL {
            let names: Vec<&str> = tools(*target).iter().map(|t| t.name).collect();
            assert!(names.is_sorted(), "{names:?}");
            assert!(PYTHON.iter().chain(NODE).all(|n| names.contains(n)));
        }
    }
}
