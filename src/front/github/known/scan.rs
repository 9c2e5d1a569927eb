//! Scanners: what they run, without the upload to GitHub's own pages.

use crate::front::node::Build;

use super::{With, exact, lines, quoted};

/// The steps for an action; none where it is none of these.
pub(super) fn steps(action: &str, with: &With<'_>) -> Option<Vec<Build>> {
    let made = match action {
        "returntocorp/semgrep-action" | "semgrep/semgrep-action" => {
            let config = with.get("config")?;
            if !with.only(&["config"]) {
                return None;
            }
            let rules: Vec<String> = config.split_whitespace().map(|c| format!(" --config {}", quoted(c))).collect();
            lines(["pip install semgrep".to_owned(), format!("semgrep scan --error{}", rules.concat())])
        }
        "hadolint/hadolint-action" => {
            if !with.only(&["dockerfile"]) {
                return None;
            }
            let program = "https://github.com/hadolint/hadolint/releases/latest/download/hadolint-Linux-x86_64";
            lines([
                format!("curl -fsSLo /usr/local/bin/hadolint {program}"),
                "chmod +x /usr/local/bin/hadolint".to_owned(),
                format!("hadolint {}", quoted(with.get("dockerfile").unwrap_or("Dockerfile"))),
            ])
        }
        "golang/govulncheck-action" => {
            if !with.only(&[
                "go-package",
                "work-dir",
                "repo-checkout",
                "cache",
                "cache-dependency-path",
                "check-latest",
                "go-version-input",
                "go-version-file",
            ]) {
                return None;
            }
            let package = with.get("go-package").unwrap_or("./...");
            lines([
                "go install golang.org/x/vuln/cmd/govulncheck@latest".to_owned(),
                format!("\"$(go env GOPATH)/bin/govulncheck\" {package}"),
            ])
            .maybe("dir", with.get("work-dir").filter(|d| *d != "."))
        }
        "zizmorcore/zizmor-action" => {
            // Without its own display the findings decide.
            if !with.only(&["advanced-security", "version", "persona", "inputs", "min-severity", "token"])
                || with.truth("advanced-security", true)?
            {
                return None;
            }
            let version = with.get("version").and_then(exact).map(|v| format!("=={v}")).unwrap_or_default();
            let mut command = String::from("zizmor");
            for (key, option) in [("persona", "--persona"), ("min-severity", "--min-severity")] {
                if let Some(value) = with.get(key) {
                    command.push_str(&format!(" {option} {}", quoted(value)));
                }
            }
            lines([format!("pip install zizmor{version}"), format!("{command} {}", with.get("inputs").unwrap_or("."))])
        }
        _ => return None,
    };
    Some(vec![made])
}
