//! `actions/checkout`: the repository of the run, or another one.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::node;
use crate::front::yaml::{Entry, Node};

use super::handover::below;
use super::step::Made;
use super::text::Where;
use super::uses::{Use, settings};
use super::work::Work;

/// Inputs that say how the clone is made, never what lies in it.
const QUIET: &[&str] =
    &["show-progress", "set-safe-directory", "clean", "fetch-tags", "sparse-checkout", "sparse-checkout-cone-mode", "filter"];

/// The checkout; false where only the action knows how.
pub(super) fn checkout(work: &mut Work<'_, '_>, used: &Use<'_>, index: usize, made: &mut Made) -> bool {
    let own = used.raw("repository").is_none_or(|r| r.trim() == "${{ github.repository }}");
    if !own {
        return other(work, used, made);
    }
    let known = ["fetch-depth", "ref", "submodules", "lfs", "persist-credentials", "token", "repository", "path"];
    let fits =
        used.with.is_none_or(|w| w.entries().iter().all(|e| known.contains(&e.key.as_str()) || QUIET.contains(&e.key.as_str())));
    if made.has_checkout || !fits || used.raw("path").is_some_and(|p| !matches!(p, "." | "./")) {
        return false;
    }
    let mut token = None;
    let mut build = node("checkout");
    for entry in used.with.map(Node::entries).unwrap_or_default() {
        work.mark(entry, Fate::Exact);
        match entry.key.as_str() {
            "fetch-depth" => match entry.value.text().filter(|t| t.bytes().all(|b| b.is_ascii_digit())) {
                Some("1") => {}
                Some(depth) => build = build.value("depth", depth),
                None => return false,
            },
            "ref" => build = build.maybe("ref", work.text(entry, Where::Field).filter(|t| !t.is_empty())),
            "submodules" if entry.value.text() != Some("false") => build = build.arg("submodules"),
            "lfs" if entry.value.truth() == Some(true) => build = build.arg("lfs"),
            "token" => {
                token = work.text(entry, Where::Field);
                // Another token may open submodules, which are read with it.
                if token.as_ref().is_none_or(|t| t.contains("${{") || (t != "${run.token}" && used.raw("submodules").is_some())) {
                    return false;
                }
                work.mark(entry, Fate::Emulated("the vendor's own token reads the repository".to_owned()));
            }
            "persist-credentials" => {
                work.mark(entry, Fate::Emulated("the token never stays in the clone".to_owned()));
            }
            key if QUIET.contains(&key) => {
                work.mark(entry, Fate::Emulated("all files come, and all tags with `depth=0`".to_owned()));
            }
            _ => {}
        }
    }
    made.has_checkout = true;
    let build = settings(used.common, build);
    if index > 0 || !build.is_bare() {
        made.steps.push(build);
    }
    if made.pushes && used.raw("persist-credentials") != Some("false") {
        push_with(work, used, token, made);
    }
    true
}

/// The token of the run in the words of a spec.
pub(super) const RUN_TOKEN: &str = "${run.token}";

/// The variables by which git finds a token for GitHub, in one step alone (<https://git-scm.com/docs/git-config#ENVIRONMENT>). Another vendor's
/// clone knows its own: GitLab lets its token push where the project says so
/// (<https://docs.gitlab.com/ci/jobs/ci_job_token/#allow-git-push-requests-to-your-project-repository>).
pub(super) fn push_env(token: &str) -> [(String, String); 3] {
    [
        ("GIT_CONFIG_COUNT", "1".to_owned()),
        ("GIT_CONFIG_KEY_0", "credential.https://github.com.helper".to_owned()),
        ("GIT_CONFIG_VALUE_0", format!("!f() {{ echo username=x-access-token; echo password={token}; }}; f")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// A script of the job pushes with the token that the checkout left behind.
fn push_with(work: &mut Work<'_, '_>, used: &Use<'_>, token: Option<String>, made: &mut Made) {
    // What an app of GitHub may do opens no other vendor's repository.
    let given = token.clone();
    let known = token.filter(|t| t != RUN_TOKEN && !t.contains("${value."));
    match known {
        Some(token) => made.steps.push(settings(
            used.common,
            node("run").args([
                "URL=\"${repository.url}\"".to_owned(),
                format!("git remote set-url --push origin \"https://x-access-token:{token}@${{URL#https://}}\""),
            ]),
        )),
        None => {
            work.mark(used.entry, Fate::Emulated("the token does not stay in the clone: the steps that push get it".to_owned()));
            made.push_token = Some(given.unwrap_or_else(|| RUN_TOKEN.to_owned()));
        }
    }
}

/// Another repository, cloned below the root.
fn other(work: &mut Work<'_, '_>, used: &Use<'_>, made: &mut Made) -> bool {
    let known = ["repository", "path", "ref", "token", "fetch-depth", "persist-credentials", "submodules"];
    let fits =
        used.with.is_none_or(|w| w.entries().iter().all(|e| known.contains(&e.key.as_str()) || QUIET.contains(&e.key.as_str())));
    let Some(path) = used.raw("path").and_then(below).filter(|_| fits) else { return false };
    let mut value = |key: &str| -> Option<Option<String>> {
        let entry: Option<&Entry> = used.with.and_then(|w| w.entry(key));
        match entry {
            None => Some(None),
            Some(entry) => work.text(entry, Where::Bash).filter(|t| !t.contains("${{")).map(Some),
        }
    };
    let (Some(Some(repository)), Some(reference), Some(token)) = (value("repository"), value("ref"), value("token")) else {
        return false;
    };
    let user = token.map(|t| format!("x-access-token:{t}@")).unwrap_or_default();
    let depth = match used.raw("fetch-depth") {
        None | Some("1") => " --depth 1",
        Some("0") => "",
        Some(_) => return false,
    };
    let modules = if used.raw("submodules").is_some_and(|s| s != "false") { " --recurse-submodules" } else { "" };
    let address = format!("\"https://{user}github.com/{repository}\"");
    let is_commit = reference.as_ref().is_some_and(|r| r.len() == 40 && r.bytes().all(|b| b.is_ascii_hexdigit()));
    let lines = match reference {
        Some(commit) if is_commit => {
            vec![
                format!("git clone{modules} --no-checkout {address} {path}"),
                format!("git -C {path} checkout --detach {commit}"),
            ]
        }
        Some(name) => vec![format!("git clone{depth}{modules} --branch \"{name}\" {address} {path}")],
        None => vec![format!("git clone{depth}{modules} {address} {path}")],
    };
    for entry in used.with.map(Node::entries).unwrap_or_default() {
        work.mark(entry, Fate::Emulated("`git clone` fetches the other repository".to_owned()));
    }
    made.steps.push(used.common.dress(node("run")).args(lines));
    true
}
