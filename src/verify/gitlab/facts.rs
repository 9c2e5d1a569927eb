//! What a job's lines say for every event: environment, lock, secrets, work, files.

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::verify::behaviour::{Bit, Found, Place, Said};
use crate::verify::gitlab::work;
use crate::verify::yaml::Node;

/// The facts of a job.
pub(super) fn job(pipeline: &Pipeline, path: &str, name: &str, node: &Node, root: &Node) -> Found {
    let environment = node.get("environment").and_then(|e| e.get("name").or(Some(e))?.text());
    let interruptible = node.get("interruptible").or_else(|| root.path(&["default", "interruptible"]));
    let on_new_commit = root.path(&["workflow", "auto_cancel", "on_new_commit"]).and_then(Node::text);
    let (timeout, after_timeout) = work::timeouts(node, root);
    let mut found = Found {
        place: Place { file: path.to_owned(), line: node.line },
        workflow: None,
        id: name.to_owned(),
        job: None,
        asks: Vec::new(),
        environment: environment.map(str::to_owned),
        interruptible: interruptible.is_some_and(|i| !i.is_false()) && on_new_commit != Some("none"),
        lock: node.get("resource_group").and_then(Node::text).map(str::to_owned),
        forgiven: node.get("allow_failure").is_some_and(Node::is_true),
        secrets: BTreeSet::new(),
        permissions: None,
        texts: Vec::new(),
        uploads: BTreeSet::new(),
        downloads: BTreeSet::new(),
        outputs: BTreeSet::new(),
        reads: BTreeSet::new(),
        acts: Some(work::acts(node, root)),
        env: work::env(node, root),
        label: work::label(node, root),
        image: work::image(node, root),
        entrypoint: Some(work::entrypoint(node, root)),
        services: work::services(node, root),
        cells: work::cells(node),
        timeout,
        after_timeout,
        whole: None,
        retry: work::retry(node, root),
        identity: node.get("id_tokens").is_some_and(|t| !t.rows().is_empty()),
    };
    let secrets = secrets(pipeline);
    // What the project keeps wins over what the file says (<https://docs.gitlab.com/ci/variables/#cicd-variable-precedence>).
    let kept = pipeline.variables.iter().filter(|v| v.value.is_none()).map(|v| &v.name.value).chain(&secrets);
    for name in kept {
        if let Some(value) = found.env.get_mut(name) {
            *value = vec![Bit::Symbol(name.clone())];
        }
    }
    let mut scan = |text: &str| {
        let read = variables(text).filter(|(at, name)| secrets.contains(*name) && !is_set(&text[..*at], name));
        found.secrets.extend(read.map(|(_, name)| name.to_owned()));
    };
    node.scalars(&mut scan);
    for key in ["before_script", "script", "after_script"] {
        for item in node.get(key).map(Node::items).unwrap_or_default() {
            let text = item.text().unwrap_or_default();
            // What runs after the script decides nothing.
            let soft = key == "after_script" || text.trim_end().ends_with("|| true");
            found.texts.push(Said { text: text.to_owned(), soft });
        }
    }
    if node.path(&["artifacts", "paths"]).is_some() {
        found.uploads.insert(name.to_owned());
    }
    if let Some(report) = node.path(&["artifacts", "reports", "dotenv"]).and_then(Node::text) {
        found.outputs = work::handed_over(found.acts.as_deref().unwrap_or_default(), report);
    }
    for need in node.get("needs").map(Node::items).unwrap_or_default() {
        let job = need.get("job").unwrap_or(need).text();
        if need.get("artifacts").is_none_or(|a| !a.is_false()) {
            found.downloads.extend(job.map(str::to_owned));
        }
    }
    found
}

/// The names that GitLab keeps secrets under. One that its environments rename is a variable of scripts only.
fn secrets(pipeline: &Pipeline) -> BTreeSet<String> {
    let of_environments = || pipeline.environments.iter().flat_map(|e| e.secrets.iter().map(move |s| (e, &s.name.value)));
    let renamed = |name: &String| of_environments().any(|(e, n)| n == name && e.vendor_secret(n) != n);
    let known = pipeline.secrets.iter().map(|s| &s.name.value).filter(|n| !renamed(n)).cloned();
    known.chain(of_environments().map(|(e, n)| e.vendor_secret(n).to_owned())).collect()
}

/// Whether the lines of a shell above this place have set a variable.
fn is_set(before: &str, name: &str) -> bool {
    let above = before.rsplit_once('\n').map_or("", |(above, _)| above);
    let sets = |line: &str| {
        line.trim_start().strip_prefix("export ").and_then(|l| l.strip_prefix(name)).is_some_and(|l| l.starts_with('='))
    };
    above.lines().any(sets)
}

/// The names of variables in a text, each with its place: `$A`, `${A}`, `${A:-x}`.
fn variables(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('$').filter_map(|(at, _)| {
        let rest = &text[at + 1..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let name = rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
        (!name.is_empty()).then_some((at, name))
    })
}
