//! Artifacts: what a job uploads, and what it downloads of another.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::slug;
use crate::front::node::node;
use crate::front::yaml::Node;

use super::step::{Artifacts, Made};
use super::uses::Use;
use super::work::Work;

/// A path below the root, as a spec wants it.
pub(super) fn below(path: &str) -> Option<String> {
    let path = path.trim().trim_start_matches("./");
    let bad = path.is_empty()
        || path.starts_with(['/', '~', '!', '\\'])
        || path.contains("..")
        || path.contains("${")
        || path.contains(':');
    (!bad).then(|| path.to_owned())
}

/// The paths of an input, a line each; `None` where one is not below the root.
fn paths(text: &str) -> Option<Vec<String>> {
    text.lines().filter(|l| !l.trim().is_empty()).map(below).collect()
}

/// What is one value for all jobs of a run: two artifacts of a run never differ by it.
const OF_RUN: &[&str] = &[
    "github.sha",
    "github.run_id",
    "github.run_number",
    "github.run_attempt",
    "github.ref_name",
    "github.event.",
    "inputs.",
    "github.head_ref",
];

/// The name of an artifact in a spec: what the cells of a matrix and the run add is pipewright's business.
fn artifact_name(text: &str) -> Option<String> {
    let mut plain = String::new();
    for piece in super::expr::pieces(text) {
        match piece {
            super::expr::Piece::Text(text) => plain.push_str(text),
            super::expr::Piece::Expr(inner) if inner.starts_with("matrix.") || OF_RUN.iter().any(|w| inner.starts_with(w)) => {}
            super::expr::Piece::Expr(_) => return None,
        }
    }
    let plain = plain.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (!plain.is_empty()).then(|| slug(plain))
}

/// The artifacts that a job of the workflow uploads in a way that a spec can say: each with the directory that its files come out of.
pub(super) fn uploaded(work: &Work<'_, '_>, job: &Node, artifacts: &mut Artifacts) {
    for step in job.get("steps").map(Node::items).unwrap_or_default() {
        let is =
            step.get("uses").and_then(Node::text).is_some_and(|u| u.to_ascii_lowercase().starts_with("actions/upload-artifact@"));
        let with = step.get("with");
        let path = with.and_then(|w| w.get("path")).and_then(Node::text).map(|t| work.fixed(t)).as_deref().and_then(paths);
        let name = with.and_then(|w| w.get("name")).map_or(Some("artifact"), Node::text);
        if let (true, Some(path), Some(name)) = (is, path, name)
            && let Some(mut ours) = artifact_name(&work.fixed(name))
        {
            // Another artifact may have come to the same name.
            while artifacts.iter().any(|(theirs, (known, ..))| *known == ours && theirs != name) {
                ours.push_str("-x");
            }
            let root = root(&path);
            artifacts.insert(name.to_owned(), (ours, root, path));
        }
    }
}

/// The directory that the files of an artifact are relative to: see `back/github/data.rs`.
fn root(paths: &[String]) -> String {
    let dirs = paths.iter().map(|p| {
        let fixed: Vec<&str> = p.split('/').take_while(|part| !part.contains(['*', '?', '['])).collect();
        let file = fixed.len() == p.split('/').count() && !p.ends_with('/') && fixed.last().is_some_and(|l| l.contains('.'));
        let keep = if file { fixed.len() - 1 } else { fixed.len() };
        fixed[..keep].iter().filter(|p| !p.is_empty()).map(|p| (*p).to_owned()).collect::<Vec<_>>()
    });
    let common = dirs.reduce(|a, b| a.into_iter().zip(b).take_while(|(x, y)| x == y).map(|(x, _)| x).collect());
    common.unwrap_or_default().join("/")
}

pub(super) fn upload(work: &mut Work<'_, '_>, used: &Use<'_>, artifacts: &Artifacts, made: &mut Made) -> bool {
    let keys = ["name", "path", "if-no-files-found", "retention-days", "include-hidden-files", "compression-level", "overwrite"];
    if !used.has_only(&keys) || used.common.condition.is_some() || used.common.timeout.is_some() {
        return false;
    }
    let Some((name, ..)) = artifacts.get(used.raw("name").unwrap_or("artifact")) else { return false };
    let Some(list) = used.fixed(work, "path").as_deref().and_then(paths) else { return false };
    if made.produces.iter().any(|p| p.0.name() == "produces" && p.0.arg(0).and_then(|e| e.as_str()) == Some(name)) {
        return false;
    }
    let mut build = node("produces").arg(name).args(list);
    for entry in used.with.map(Node::entries).unwrap_or_default() {
        match entry.key.as_str() {
            "name" if entry.value.text() != Some(name) => {
                work.mark(entry, Fate::Emulated(format!("the artifact is called `{name}`")));
            }
            "retention-days" => match entry.value.text().and_then(|t| t.parse::<u32>().ok()) {
                Some(days) if days > 0 => build = build.prop("keep", &format!("{days}d")),
                _ => work.lose(entry, "a number of days is expected"),
            },
            "if-no-files-found" if entry.value.text() != Some("error") => {
                work.mark(entry, Fate::Emulated("a missing file is an error of a job that succeeds".to_owned()));
            }
            "compression-level" | "overwrite" => {
                work.mark(entry, Fate::Emulated("the vendor packs artifacts in its own way".to_owned()));
            }
            _ => {}
        }
    }
    made.produces.push(build.maybe("when", used.common.when));
    true
}

pub(super) fn download(work: &Work<'_, '_>, used: &Use<'_>, artifacts: &Artifacts, made: &mut Made) -> bool {
    if !used.has_only(&["name", "path", "pattern", "merge-multiple"]) || !used.common.is_plain() {
        return false;
    }
    let found = match (used.raw("name"), used.raw("pattern")) {
        (Some(name), None) => artifacts.get(name),
        (None, Some(pattern)) => {
            let start = pattern.trim_end_matches('*');
            artifacts.iter().find(|(theirs, _)| theirs.starts_with(start) && theirs.contains("${{")).map(|(_, own)| own)
        }
        _ => None,
    };
    let Some((name, root, files)) = found else { return false };
    let Some(path) = used.fixed(work, "path").map_or(Some(String::new()), |p| folder(&p)) else { return false };
    let same = path == *root;
    let copied = if same { None } else { Some(copied(root, files, &path)) };
    if copied.as_ref().is_some_and(Option::is_none) {
        return false;
    }
    if !made.consumes.contains(name) {
        made.consumes.push(name.clone());
    }
    made.steps.extend(copied.flatten().map(|line| node("run").arg(&line)));
    true
}

/// A folder below the root: nothing for the root itself.
fn folder(path: &str) -> Option<String> {
    let path = path.trim().trim_start_matches("./").trim_end_matches('/');
    if matches!(path, "" | ".") { Some(String::new()) } else { below(path) }
}

/// What lays the files of an artifact into another folder; none where the shell finds them in another way.
fn copied(root: &str, files: &[String], path: &str) -> Option<String> {
    let inside = |file: &String| {
        let rest = file.strip_prefix(root)?.trim_start_matches('/').trim_end_matches('/');
        (!rest.contains("**") && !rest.contains(' ')).then(|| if rest.is_empty() { ".".to_owned() } else { rest.to_owned() })
    };
    let files = files.iter().map(inside).collect::<Option<Vec<_>>>()?.join(" ");
    let root = if root.is_empty() { "." } else { root };
    let path = if path.is_empty() { "." } else { path };
    Some(format!("mkdir -p {path} && (cd {root} && tar -cf - {files}) | tar -xf - -C {path}"))
}
