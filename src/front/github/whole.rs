//! Jobs that only GitHub can run: calls of other repositories' workflows, cells that are worked out while the workflow runs. They are kept
//! in its words, behind the needs and conditions that the spec says.

use std::collections::BTreeSet;

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::raw::said;
use crate::front::yaml::{Entry, Node};

use super::declare::is_declarable;
use super::expr::{Gh, Piece, pieces};
use super::job::requirements;
use super::matrix;
use super::rewrite;
use super::survey::Jobs;
use super::work::Work;

/// Keys that the spec says.
const SAID: &[&str] = &["name", "needs", "if"];

/// Why a job is kept as it stands; none where a spec can say it.
pub(super) fn why(job: &Node) -> Option<&'static str> {
    let is_expression = |node: Option<&Node>| node.and_then(Node::text).is_some_and(|t| t.contains("${{"));
    if job.entry("uses").is_some() {
        return Some("GitHub calls the workflow: the job is kept in its words");
    }
    if has_own_cells(job) && !fits_own_cells(job) {
        return Some("the cells are worked out when the workflow runs: the job is kept in GitHub's words");
    }
    let environment = job.get("environment");
    if is_expression(environment) || is_expression(environment.and_then(|e| e.get("name"))) {
        return Some("an expression decides on the environment: the job is kept in GitHub's words");
    }
    None
}

/// Whether the cells of a job are worked out when the workflow runs.
pub(super) fn has_own_cells(job: &Node) -> bool {
    job.entry("uses").is_none() && job.get("strategy").and_then(|s| s.get("matrix")).is_some_and(|m| !matrix::is_fixed(m))
}

/// Whether such a job can be said but for its cells: nothing beside its steps reads them, and it hands nothing on, which each cell would.
fn fits_own_cells(job: &Node) -> bool {
    let around = job.entries().iter().filter(|e| !matches!(e.key.as_str(), "steps" | "strategy" | "env" | "name" | "runs-on"));
    let mut free = job.entry("outputs").is_none();
    around.for_each(|e| e.value.each_text(&mut |t| free &= !t.contains("matrix.")));
    let steps = job.get("steps").map(Node::items).unwrap_or_default();
    let passes = |action: &str| ["actions/upload-artifact", "actions/download-artifact"].iter().any(|a| action.starts_with(a));
    free && !steps.iter().filter_map(|s| s.get("uses")?.text()).any(|u| passes(&u.to_ascii_lowercase()))
}

/// The cells of a job as they stand.
pub(super) fn cells(work: &mut Work<'_, '_>, strategy: &Entry) -> Option<Build> {
    if is_template(strategy) {
        work.lose(strategy, TEMPLATE);
        return None;
    }
    let kept = Fate::Kept("the cells are worked out when the workflow runs: they are kept in GitHub's words".to_owned());
    let own = rewrite::entry(strategy, &|path: &[String]| renamed(work, path));
    strategy.mark_all(work.ledger, &kept);
    Some(node("raw").arg("github").child(said("strategy", &own.value)))
}

/// Why cells that are a text without an expression are not carried.
const TEMPLATE: &str = "GitHub reads no cells in this text: a template that somebody fills in";

/// Whether the cells are such a text.
fn is_template(strategy: &Entry) -> bool {
    strategy.value.get("matrix").and_then(Node::text).is_some_and(|text| !text.contains("${{"))
}

/// The title of a run as it stands.
pub(super) fn title(work: &mut Work<'_, '_>, entry: &Entry) -> Build {
    let own = rewrite::entry(entry, &|path: &[String]| renamed(work, path));
    work.mark(entry, Fate::Kept("a spec gives runs no titles: it is kept in GitHub's words".to_owned()));
    node("raw").arg("github").child(said(&entry.key, &own.value))
}

/// A job that is kept as it stands.
pub(super) fn job(work: &mut Work<'_, '_>, job: &Entry, found: &Jobs<'_>, why: &str, comments: Vec<String>) -> Build {
    let kept = Fate::Kept(why.to_owned());
    let name = work.scope.jobs.get(&job.key).cloned().unwrap_or_default();
    let mut build = node("job").arg(&name).comments(comments);
    if let Some(entry) = work.open(&job.value, "name") {
        work.mark(entry, Fate::Emulated(format!("GitHub shows the job as `{name}`")));
    }
    requirements(work, job, found, &mut build);
    work.mark(job, kept.clone());
    let change = |path: &[String]| renamed(work, path);
    let keys: Vec<Entry> =
        job.value.entries().iter().filter(|e| !SAID.contains(&e.key.as_str())).map(|e| rewrite::entry(e, &change)).collect();
    let mut raw = node("raw").arg("github");
    let has = |key: &str| keys.iter().any(|e| e.key == key);
    if !has("permissions") {
        raw.push(match &work.kept.permissions {
            Some(own) => said("permissions", own),
            None => node("permissions").prop("contents", "read"),
        });
    }
    if let Some(own) = work.kept.defaults.as_ref().filter(|_| has("steps") && !has("defaults")) {
        raw.push(said("defaults", own));
    }
    for entry in &keys {
        if entry.key == "strategy" && is_template(entry) {
            work.lose(entry, TEMPLATE);
            continue;
        }
        entry.mark_all(work.ledger, &kept);
        raw.push(said(&entry.key, &entry.value));
    }
    for text in secrets(&job.value) {
        work.declared.secrets.insert(text);
    }
    job.value.each_entry(&mut |e| {
        let called = e.value.text().filter(|t| e.key == "uses" && !t.starts_with("./") && !t.starts_with("docker://"));
        let pinned =
            |text: &str| text.rsplit_once('@').is_some_and(|(_, c)| c.len() == 40 && c.bytes().all(|b| b.is_ascii_hexdigit()));
        work.declared.has_unpinned |= called.is_some_and(|t| !pinned(t));
    });
    build.push(raw);
    build
}

/// A path in the words of what is written: jobs and inputs may be called otherwise there.
fn renamed(work: &Work<'_, '_>, path: &[String]) -> Option<Gh> {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    let made = |words: &[&str]| Some(Gh::Path(words.iter().map(|w| (*w).to_owned()).collect()));
    match words.as_slice() {
        ["needs", job, "outputs", output] => {
            let ours = work.scope.jobs.get(*job)?;
            let output = work.scope.outputs.get(&((*job).to_owned(), (*output).to_owned())).map_or(*output, String::as_str);
            made(&["needs", ours, "outputs", output])
        }
        ["needs", job, rest @ ..] => {
            let ours = work.scope.jobs.get(*job)?;
            made(&["needs", ours].into_iter().chain(rest.iter().copied()).collect::<Vec<_>>())
        }
        ["inputs", name] | ["github", "event", "inputs", name] => made(&["inputs", &work.scope.inputs.get(*name)?.0]),
        _ => None,
    }
}

/// The secrets that a job names.
fn secrets(job: &Node) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    job.each_text(&mut |text| {
        for piece in pieces(text) {
            let Piece::Expr(inner) = piece else { continue };
            let Some(expr) = super::expr::parse(inner) else { continue };
            expr.each_path(&mut |path| {
                if let [root, name] = path
                    && root.eq_ignore_ascii_case("secrets")
                    && is_declarable(name)
                    && !name.eq_ignore_ascii_case("github_token")
                {
                    found.insert(name.clone());
                }
            });
        }
    });
    found
}
