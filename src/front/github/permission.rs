//! `permissions:` of a workflow or job.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::yaml::Entry;

use super::work::Work;

/// Words of a spec by scope and level.
const WORDS: &[(&str, &str, &str)] = &[
    ("contents", "read", "contents-read"),
    ("contents", "write", "contents-write"),
    ("packages", "read", "packages-read"),
    ("packages", "write", "packages-write"),
    ("pull-requests", "write", "pr-comment"),
    ("issues", "write", "issues-write"),
    ("security-events", "write", "security-upload"),
    ("id-token", "write", "id-token"),
    ("deployments", "write", "deployments-write"),
    ("checks", "write", "checks-write"),
    ("pages", "write", "pages-write"),
    ("actions", "read", "actions-read"),
    ("actions", "write", "actions-write"),
    ("pull-requests", "read", "pr-read"),
    ("issues", "read", "issues-read"),
    ("checks", "read", "checks-read"),
    ("security-events", "read", "security-read"),
    ("statuses", "read", "statuses-read"),
    ("statuses", "write", "statuses-write"),
    ("attestations", "write", "attestations-write"),
    ("pages", "read", "pages-read"),
];

/// The words of a spec for what the token may do.
pub(super) fn permissions(work: &mut Work<'_, '_>, entry: &Entry) -> Vec<String> {
    if entry.value.text() == Some("read-all") {
        work.mark(entry, Fate::Emulated("every `read` that a spec has a word for".to_owned()));
        return WORDS.iter().filter(|(_, level, _)| *level == "read").map(|(_, _, word)| (*word).to_owned()).collect();
    }
    if let Some(word) = entry.value.text() {
        work.lose(entry, &format!("`{word}` names no scopes: say those that the jobs use"));
        return Vec::new();
    }
    let mut words = Vec::new();
    for scope in entry.value.entries() {
        let level = scope.value.text().unwrap_or_default();
        match WORDS.iter().find(|(s, l, _)| *s == scope.key && *l == level) {
            Some((_, _, word)) => {
                work.mark(scope, Fate::Exact);
                words.push((*word).to_owned());
            }
            None if level == "none" => work.mark(scope, Fate::Exact),
            None => work.lose(scope, &format!("a spec has no word for `{}: {level}`: the token gets less", scope.key)),
        }
    }
    words
}
