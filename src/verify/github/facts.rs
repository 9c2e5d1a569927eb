//! What a job's lines say for every event: environment, permissions, secrets, work, files.

use std::collections::{BTreeMap, BTreeSet};

use crate::verify::behaviour::{Found, Place, Said};
use crate::verify::github::work;
use crate::verify::yaml::Node;

/// The facts of a job.
pub(super) fn job(path: &str, workflow: &str, id: &str, node: &Node, root: &Node) -> Found {
    let environment = node.get("environment").and_then(|e| e.get("name").or(Some(e))?.text());
    let concurrency = node.get("concurrency");
    let cancels = |node: Option<&Node>| node.and_then(|c| c.get("cancel-in-progress")).is_some_and(|c| !c.is_false());
    let group = concurrency.and_then(|c| c.get("group").or(Some(c))?.text());
    let mut found = Found {
        place: Place { file: path.to_owned(), line: node.line },
        workflow: Some(workflow.to_owned()),
        id: id.to_owned(),
        job: None,
        asks: Vec::new(),
        environment: environment.map(str::to_owned),
        interruptible: cancels(concurrency) || cancels(root.get("concurrency")),
        lock: group.map(str::to_owned),
        forgiven: node.get("continue-on-error").is_some_and(|c| !c.is_false()),
        secrets: BTreeSet::new(),
        permissions: Some(permissions(node.get("permissions").or_else(|| root.get("permissions")))),
        texts: Vec::new(),
        uploads: BTreeSet::new(),
        downloads: BTreeSet::new(),
        outputs: node.get("outputs").map(Node::rows).unwrap_or_default().iter().map(|(name, _)| name.clone()).collect(),
        reads: BTreeSet::new(),
        acts: None,
        env: work::env(node, root),
        label: node.get("runs-on").and_then(Node::text).map(work::bits),
        image: node.get("container").and_then(|c| c.get("image").or(Some(c))?.text()).map(work::bits),
        entrypoint: None,
        services: work::services(node),
        cells: work::cells(node),
        timeout: work::seconds(node.get("timeout-minutes")),
        after_timeout: None,
        whole: None,
        retry: 0,
        identity: false,
    };
    let mut scan = |text: &str| {
        found.secrets.extend(named(text, "secrets.").filter(|s| *s != "GITHUB_TOKEN").map(str::to_owned));
        for (at, _) in text.match_indices("needs.") {
            let mut names = text[at + 6..].splitn(3, '.');
            let (Some(job), Some("outputs"), Some(rest)) = (names.next(), names.next(), names.next()) else { continue };
            let output = rest.split(|c: char| !is_name(c)).next().unwrap_or_default();
            found.reads.insert(format!("{job}.{output}"));
        }
    };
    node.scalars(&mut scan);
    root.get("env").into_iter().for_each(|env| env.scalars(&mut scan));
    let level = found.permissions.as_ref().and_then(|p| p.get("id-token").or(p.get("*")));
    found.identity = level.is_some_and(|l| l == "write");
    for step in node.get("steps").map(Node::items).unwrap_or_default() {
        step_facts(step, &mut found);
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// The names behind a prefix in a text.
fn named<'t>(text: &'t str, prefix: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(prefix).filter_map(move |(at, _)| {
        let own = !text[..at].ends_with(|c: char| is_name(c) || c == '.');
        let name = text[at + prefix.len()..].split(|c: char| !is_name(c)).next().unwrap_or_default();
        (own && !name.is_empty()).then_some(name)
    })
}

/// What the token may do. Nothing said means whatever the repository's settings grant.
fn permissions(node: Option<&Node>) -> BTreeMap<String, String> {
    let Some(node) = node else { return [("*".to_owned(), "write".to_owned())].into() };
    match node.text() {
        Some("read-all") => [("*".to_owned(), "read".to_owned())].into(),
        Some(text) if text != "{}" => [("*".to_owned(), "write".to_owned())].into(),
        _ => {
            let rows = node.rows().iter().filter_map(|(name, level)| Some((name.clone(), level.text()?.to_owned())));
            rows.filter(|(_, level)| level != "none").collect()
        }
    }
}

fn step_facts(step: &Node, found: &mut Found) {
    let soft = step.get("continue-on-error").is_some_and(|c| !c.is_false());
    if let Some(script) = step.get("run").and_then(Node::text) {
        found.texts.push(Said { text: script.to_owned(), soft });
    }
    let Some(action) = step.get("uses").and_then(Node::text) else { return };
    let with = |name: &str| step.path(&["with", name]).and_then(Node::text).map(str::to_owned);
    if action.starts_with("actions/upload-artifact@") {
        found.uploads.extend(with("name"));
    }
    if action.starts_with("actions/download-artifact@") {
        found.downloads.extend(with("name").or_else(|| with("pattern")));
    }
    let mut text = action.to_owned();
    step.get("with").into_iter().for_each(|w| {
        w.scalars(&mut |value| {
            text.push('\n');
            text.push_str(value);
        });
    });
    found.texts.push(Said { text, soft });
}
