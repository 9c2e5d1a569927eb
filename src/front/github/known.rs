//! What other vendors do for an action that only GitHub has.
//!
//! A row says either the commands that do the same, or that the action has no meaning anywhere else: it looks after GitHub's own pages, and no
//! later step reads what it did. An action that is neither stays GitHub's alone, so that `check` asks for the rest.

mod bring;
pub(super) mod deploy;
mod docker;
mod program;
mod publish;
mod scan;
mod setup;
mod token;

use crate::front::node::{Build, node};

/// What another vendor does.
pub(super) enum Elsewhere {
    /// Nothing, which the spec says by an empty body and a person accepts by name.
    Nothing,
    /// Nothing either, and nobody misses it but the clock.
    Slower,
    /// Nothing either: a container has none of what the action takes away from GitHub's machine.
    Roomy,
    /// The same, by these steps, on these targets.
    Steps(&'static [&'static str], Vec<Build>),
}

/// Where commands do the same.
const SHELLS: &[&str] = &["gitlab", "codebuild"];

/// The version of an action: what stands behind the `@`, or behind a commit as a comment.
pub(super) fn version(reference: &str, comment: Option<&str>) -> String {
    let behind = reference.split_once('@').map_or("", |(_, v)| v);
    let is_commit = behind.len() == 40 && behind.bytes().all(|b| b.is_ascii_hexdigit());
    let named =
        comment.and_then(|c| c.split_whitespace().find(|w| w.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit())));
    if is_commit { named.unwrap_or_default().to_owned() } else { behind.to_owned() }
}

/// The key of what is no input: the handle of a step whose outputs are read behind it.
pub(super) const INTO: &str = "\u{1}into";

/// Outputs of actions that the commands which stand for them elsewhere write to files.
const OUTPUTS: &[(&str, &[&str])] = &[(token::APP, &["token"]), ("docker/build-push-action", &["digest"])];

/// The outputs of an action that are known elsewhere, too.
pub(super) fn outputs(action: &str) -> &'static [&'static str] {
    OUTPUTS.iter().find(|(known, _)| *known == action).map_or(&[], |(_, outputs)| outputs)
}

/// The file that an output of a step is written to elsewhere.
pub(super) fn told(handle: &str, output: &str) -> String {
    format!("/tmp/{handle}-{output}")
}

/// The inputs of a use: keys with their values in the words of a spec.
pub(super) struct With<'w>(pub(super) &'w [(String, String)]);

impl With<'_> {
    /// The value of an input; nothing where it is empty.
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.trim()).filter(|v| !v.is_empty())
    }

    /// The names of the inputs.
    fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(k, _)| k.as_str()).filter(|k| *k != INTO)
    }

    /// Whether no others are given.
    fn only(&self, keys: &[&str]) -> bool {
        self.0.iter().all(|(k, v)| keys.contains(&k.as_str()) || k == INTO || v.trim().is_empty())
    }

    /// The file for an output; none where nobody reads it.
    fn told(&self, output: &str) -> Option<String> {
        self.get(INTO).map(|handle| told(handle, output))
    }

    /// Whether an input is `true`, or `false`; none where it is something else, so that nobody knows.
    fn truth(&self, key: &str, unsaid: bool) -> Option<bool> {
        match self.get(key) {
            None => Some(unsaid),
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => None,
        }
    }

    /// The items of an input, a line or a comma each; none where a context may hold several.
    fn items(&self, key: &str) -> Option<Vec<&str>> {
        let text = self.get(key).unwrap_or_default();
        let split = text.split(['\n', ',']).map(str::trim).filter(|i| !i.is_empty()).collect::<Vec<_>>();
        (!text.contains("${input.")).then_some(split)
    }
}

/// A value between double quotes of a shell. Contexts in it stay contexts.
fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for (at, c) in value.char_indices() {
        let is_context =
            c == '$' && value[at..].starts_with("${") && value[at..].split('}').next().is_some_and(|i| i.contains('.'));
        if matches!(c, '"' | '\\' | '`') || (c == '$' && !is_context) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// Lines of a script as a step of their own.
fn lines<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Build {
    node("run").args(texts)
}

/// A version without the `v` before it; none where it is no full version.
fn exact(version: &str) -> Option<&str> {
    let plain = version.strip_prefix('v').unwrap_or(version);
    let numbers: Vec<&str> = plain.split('.').collect();
    let full = numbers.len() == 3 && numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    full.then_some(plain)
}

/// What stands for a use of an action on other vendors; none where nobody knows.
pub(super) fn elsewhere(action: &str, version: &str, with: &With<'_>) -> Option<Elsewhere> {
    let action = action.to_ascii_lowercase();
    if HOUSEKEEPING.contains(&action.as_str()) {
        return Some(Elsewhere::Nothing);
    }
    // The record of GitHub's event says something to another workflow of GitHub only.
    if action == "actions/upload-artifact" && with.get("path") == Some("${{ github.event_path }}") {
        return Some(Elsewhere::Nothing);
    }
    if matches!(action.as_str(), "actions/cache" | "actions/cache/restore" | "actions/cache/save") {
        return Some(Elsewhere::Slower);
    }
    if action == "jlumbroso/free-disk-space" {
        return Some(Elsewhere::Roomy);
    }
    if let Some(folder) = deploy::pages(&action, with) {
        // What is published is said of the job; here only that it is there.
        return Some(Elsewhere::Steps(&["gitlab"], vec![lines([format!("test -d {}", quoted(&folder))])]));
    }
    let of_gitlab = if action == "softprops/action-gh-release" { publish::release(with) } else { deploy::steps(&action, with) };
    if let Some(steps) = of_gitlab {
        return Some(Elsewhere::Steps(&["gitlab"], steps));
    }
    let steps = docker::steps(&action, with)
        .or_else(|| setup::steps(&action, version, with))
        .or_else(|| program::steps(&action, version, with))
        .or_else(|| publish::steps(&action, with))
        .or_else(|| scan::steps(&action, with))
        .or_else(|| token::steps(&action, with))
        .or_else(|| bring::steps(&action, with))?;
    Some(Elsewhere::Steps(SHELLS, steps))
}

/// What is said of an action that commands stand for elsewhere.
pub(super) fn remark(action: &str) -> String {
    match action.to_ascii_lowercase().as_str() {
        token::APP => {
            "commands get the token elsewhere, where no log hides it and nobody takes it back before its hour is over".to_owned()
        }
        _ => format!("commands do elsewhere what `{action}` does"),
    }
}

/// Whether what stands for an action wants a docker daemon beside the job.
pub(super) fn wants_docker(action: &str) -> bool {
    ["docker/", "docker://"].iter().any(|a| action.starts_with(a)) || action == "super-linter/super-linter"
}

/// Actions that look after GitHub's own pages: issues, comments, findings, graphs of dependencies, sites, the releases of an action, what the runner
/// sends out.
const HOUSEKEEPING: &[&str] = &[
    "actions/add-to-project",
    "actions/attest",
    "actions/attest-build-provenance",
    "actions/attest-sbom",
    "actions/configure-pages",
    "actions/dependency-review-action",
    "actions/deploy-pages",
    "actions/first-interaction",
    "actions/labeler",
    "actions/publish-action",
    "actions/publish-immutable-action",
    "actions/stale",
    "advanced-security/maven-dependency-submission-action",
    "dessant/lock-threads",
    "dorny/test-reporter",
    "enricomi/publish-unit-test-result-action",
    "github/codeql-action/analyze",
    "github/codeql-action/autobuild",
    "github/codeql-action/init",
    "github/codeql-action/upload-sarif",
    "gradle/actions/dependency-submission",
    "marocchino/sticky-pull-request-comment",
    "mikepenz/action-junit-report",
    "ossf/scorecard-action",
    "release-drafter/release-drafter",
    "release-drafter/release-drafter/autolabeler",
    "scalacenter/sbt-dependency-submission",
    "step-security/harden-runner",
    "thollander/actions-comment-pull-request",
];

#[cfg(test)]
mod tests {
    use super::{HOUSEKEEPING, exact, quoted};

    #[test]
    fn values_are_quoted_for_a_shell() {
        assert_eq!(quoted("a \"b\" $c ${secret.D}"), "\"a \\\"b\\\" \\$c ${secret.D}\"");
        assert_eq!((exact("v1.2.3"), exact("v1"), exact("1.x.0")), (Some("1.2.3"), None, None));
        assert!(HOUSEKEEPING.is_sorted());
    }
}
