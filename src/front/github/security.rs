//! What becomes of the security of a workflow (docs.github.com, "Security hardening for GitHub Actions").

use std::collections::BTreeSet;

use crate::base::span::Span;
use crate::front::security::{Property, Security};
use crate::front::yaml::Node;
use crate::target::pins;

use super::expr::{Gh, Piece, parse, pieces};

/// What an outsider writes: the end of a path of GitHub's list of untrusted contexts.
const UNTRUSTED: &[&str] =
    &["head_ref", "title", "body", "message", "email", "label", "page_name", "head.ref", "author.name", "default_branch"];

/// The rows of a workflow file.
pub(super) fn look(document: &Node) -> Vec<Security> {
    let mut rows = Vec::new();
    pinned(document, &mut rows);
    permissions(document, &mut rows);
    secrets(document, &mut rows);
    injection(document, &mut rows);
    forks(document, &mut rows);
    rows
}

fn jobs(document: &Node) -> impl Iterator<Item = &crate::front::yaml::Entry> {
    document.get("jobs").map(Node::entries).unwrap_or_default().iter()
}

fn steps(document: &Node) -> impl Iterator<Item = &Node> {
    jobs(document).flat_map(|j| j.value.get("steps").map(Node::items).unwrap_or_default())
}

fn listed(words: &BTreeSet<&str>) -> String {
    let shown: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    shown.join(", ")
}

fn pinned(document: &Node, rows: &mut Vec<Security>) {
    let uses = steps(document).chain(jobs(document).map(|j| &j.value)).filter_map(|n| n.get("uses"));
    let (mut by_commit, mut known, mut open) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut first: [Option<Span>; 3] = [None; 3];
    for node in uses {
        let Some(reference) = node.text().filter(|t| !t.starts_with("./")) else { continue };
        let (action, version) = reference.split_once('@').unwrap_or((reference, ""));
        let is_commit = version.len() == 40 && version.bytes().all(|b| b.is_ascii_hexdigit());
        let (at, set) = if is_commit {
            (0, &mut by_commit)
        } else if pins::resolve(reference).is_ok_and(|p| !p.commit.is_empty()) || pins::latest(action).is_some() {
            (1, &mut known)
        } else {
            (2, &mut open)
        };
        set.insert(reference);
        first[at].get_or_insert(node.span);
    }
    let said = [
        (&by_commit, "pinned by commit", "stays so, or is a step that pipewright pins"),
        (&known, "a tag that its owner can move", "a commit that pipewright knows"),
        (
            &open,
            "a tag or branch that its owner can move",
            "the version as it was, which the spec accepts by name: write the commit",
        ),
    ];
    for ((set, was, now), span) in said.into_iter().zip(first) {
        if let Some(span) = span {
            rows.push(Security { property: Property::Pins, span, was: format!("{}: {was}", listed(set)), now: now.to_owned() });
        }
    }
}

fn permissions(document: &Node, rows: &mut Vec<Security>) {
    let unsaid: BTreeSet<&str> =
        jobs(document).filter(|j| j.value.get("permissions").is_none()).map(|j| j.key.as_str()).collect();
    match document.get("permissions") {
        None if !unsaid.is_empty() => rows.push(Security {
            property: Property::Permissions,
            span: document.get("jobs").map_or(document.span, |j| j.span),
            was: format!("{}: what the repository gives every token, which may be to write", listed(&unsaid)),
            now: "what the steps imply, and nothing else: add `permissions` for scripts that do more".to_owned(),
        }),
        Some(all) if all.text().is_some_and(|t| t == "write-all") => rows.push(Security {
            property: Property::Permissions,
            span: all.span,
            was: "`write-all`".to_owned(),
            now: "what the steps imply, and nothing else".to_owned(),
        }),
        Some(_) | None => {}
    }
    for job in jobs(document) {
        if let Some(own) = job.value.get("permissions") {
            let writes: BTreeSet<&str> =
                own.entries().iter().filter(|e| e.value.text() == Some("write")).map(|e| e.key.as_str()).collect();
            if !writes.is_empty() {
                rows.push(Security {
                    property: Property::Permissions,
                    span: own.span,
                    was: format!("job `{}` may write {}", job.key, listed(&writes)),
                    now: "the same, in the job's `permissions`".to_owned(),
                });
            }
        }
    }
}

/// Calls `f` with every expression of a text, an `if` without braces included.
fn expressions(text: &str, f: &mut impl FnMut(&Gh)) {
    for piece in pieces(text) {
        if let Piece::Expr(inner) = piece {
            parse(inner).iter().for_each(&mut *f);
        }
    }
}

fn secrets(document: &Node, rows: &mut Vec<Security>) {
    for job in jobs(document) {
        let mut names = BTreeSet::new();
        job.value.each_text(&mut |text| {
            expressions(text, &mut |expr| {
                expr.each_path(&mut |path| {
                    if let [secrets, name] = path
                        && secrets == "secrets"
                    {
                        names.insert(name.clone());
                    }
                });
            });
        });
        if job.value.get("secrets").and_then(Node::text) == Some("inherit") {
            rows.push(Security {
                property: Property::Secrets,
                span: job.span,
                was: format!("job `{}` hands all secrets on", job.key),
                now: "the jobs that stand here have those that they name".to_owned(),
            });
        }
        let names: BTreeSet<&str> =
            names.iter().map(String::as_str).filter(|n| !n.eq_ignore_ascii_case("github_token")).collect();
        if !names.is_empty() {
            let whole = job.value.get("env").is_some_and(|env| {
                let mut found = false;
                env.each_text(&mut |t| found |= t.contains("secrets."));
                found
            });
            let scope = if whole { "all steps of" } else { "the steps of" };
            rows.push(Security {
                property: Property::Secrets,
                span: job.span,
                was: format!("{} for {scope} job `{}` that name them", listed(&names), job.key),
                now: "the same on GitHub; GitLab gives a secret to every job unless an environment scopes it".to_owned(),
            });
        }
    }
}

fn injection(document: &Node, rows: &mut Vec<Security>) {
    for step in steps(document) {
        let scripts = [step.get("run"), step.get("with").and_then(|w| w.get("script"))];
        for (node, is_run) in scripts.into_iter().zip([true, false]).filter_map(|(n, r)| Some((n?, r))) {
            let mut found = BTreeSet::new();
            expressions(node.text().unwrap_or_default(), &mut |expr| {
                expr.each_path(&mut |path| {
                    let shown = path.join(".");
                    let outside = path.first().is_some_and(|w| w == "github") && UNTRUSTED.iter().any(|u| shown.ends_with(u));
                    if outside || path.first().is_some_and(|w| w == "inputs") {
                        found.insert(shown);
                    }
                });
            });
            let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
            if !found.is_empty() {
                let now = if is_run {
                    "a variable of the step, which runs nothing; what has no context stops the build"
                } else {
                    "as it was: the script is kept for GitHub in its own words"
                };
                rows.push(Security {
                    property: Property::Injection,
                    span: node.span,
                    was: format!("{} spliced into a script", listed(&found)),
                    now: now.to_owned(),
                });
            }
        }
    }
}

fn forks(document: &Node, rows: &mut Vec<Security>) {
    let Some(on) = document.get("on") else { return };
    let words = on.texts().unwrap_or_default();
    let has = |event: &str| on.entry(event).map(|e| e.span).or_else(|| words.contains(&event).then_some(on.span));
    for event in ["pull_request_target", "workflow_run"] {
        if let Some(span) = has(event) {
            rows.push(Security {
                property: Property::Forks,
                span,
                was: format!("`{event}` runs with secrets, also for the change of a stranger"),
                now: "the same where the spec says the event; no job of such a workflow may check out the code of a stranger"
                    .to_owned(),
            });
        }
    }
    if let Some(span) = has("pull_request") {
        rows.push(Security {
            property: Property::Forks,
            span,
            was: "a pull request of a fork has no secrets and a token that reads".to_owned(),
            now: "the same; GitLab runs it in the fork, with what the fork has".to_owned(),
        });
    }
    let stays = steps(document).find(|s| {
        let is = s.get("uses").and_then(Node::text).is_some_and(|u| u.starts_with("actions/checkout@"));
        is && s.get("with").and_then(|w| w.get("persist-credentials")).and_then(Node::truth) != Some(false)
    });
    if let Some(step) = stays {
        rows.push(Security {
            property: Property::Permissions,
            span: step.span,
            was: "the token stays in the clone for every later step".to_owned(),
            now: "it never does".to_owned(),
        });
    }
}
