//! The jobs of a workflow, looked through once before they are converted: what one can name of another, and which never run.

use std::collections::{BTreeMap, BTreeSet};

use crate::front::name::Names;
use crate::front::yaml::{Entry, Node};

use super::condition::Condition;
use super::context::JobScope;
use super::expr::{Piece, pieces};
use super::handover::Artifacts;
use super::step;
use super::whole;
use super::work::Work;

/// The jobs of a workflow before they are converted.
pub(super) struct Jobs<'n> {
    /// In the order of the file.
    pub(super) entries: Vec<&'n Entry>,
    /// What expressions of each can name.
    pub(super) scopes: BTreeMap<String, JobScope>,
    /// Outputs that scripts of each write.
    pub(super) outputs: BTreeMap<String, Vec<String>>,
    /// Outputs of each that no script of it writes.
    pub(super) handed: BTreeMap<String, Vec<String>>,
    /// When each runs.
    pub(super) conditions: BTreeMap<String, Condition>,
    /// What they upload.
    pub(super) artifacts: Artifacts,
}

/// Actions that set no variables which a condition could ask for.
const QUIET: &[&str] = &[
    "actions/cache@",
    "actions/checkout@",
    "actions/download-artifact@",
    "actions/upload-artifact@",
    "actions/setup-go@",
    "codecov/codecov-action@",
    "docker/setup-qemu-action@",
    "goreleaser/goreleaser-action@",
];

/// Looks through all jobs once: what expressions of one job can name of another.
pub(super) fn survey<'n>(work: &mut Work<'_, '_>, jobs: &'n [Entry]) -> Jobs<'n> {
    let mut names = Names::without(&["none", "all"]);
    let entries: Vec<&Entry> = jobs.iter().collect();
    let mut found = Jobs {
        entries,
        scopes: BTreeMap::new(),
        outputs: BTreeMap::new(),
        handed: BTreeMap::new(),
        conditions: BTreeMap::new(),
        artifacts: Artifacts::default(),
    };
    let mut fetches = false;
    work.scope.foreign.clear();
    for job in &found.entries {
        work.scope.jobs.insert(job.key.clone(), names.unique(&job.key));
        if whole::why(&job.value).is_some() {
            work.scope.foreign.insert(job.key.clone());
            job.value.each_text(&mut |text| fetches |= text.to_ascii_lowercase().starts_with("actions/download-artifact"));
        }
    }
    for job in &found.entries {
        work.scope.job = JobScope {
            id: job.key.clone(),
            needs: needs(&job.value).into_iter().map(str::to_owned).collect(),
            fixed: fixed(work, &job.value),
            variables: variables(work, &job.value),
            has_own_cells: whole::has_own_cells(&job.value),
            ..JobScope::default()
        };
        if work.scope.foreign.contains(&job.key) {
            found.scopes.insert(job.key.clone(), work.scope.job.clone());
            continue;
        }
        let mut declared = step::outputs(work, &job.value);
        let mut names = Names::without(&declared.iter().map(String::as_str).collect::<Vec<_>>());
        for output in job.value.get("outputs").map(Node::entries).unwrap_or_default() {
            let source = output.value.text().map(pieces).unwrap_or_default();
            let written = match source.as_slice() {
                [Piece::Expr(inner)] => match inner.split('.').collect::<Vec<_>>().as_slice() {
                    ["steps", step, "outputs", name] => {
                        work.scope.job.steps.get(&((*step).to_owned(), (*name).to_owned())).cloned()
                    }
                    _ => None,
                },
                _ => None,
            };
            // What no script of the job writes, a last step does.
            let ours = written.unwrap_or_else(|| {
                let name = names.unique(&output.key);
                declared.push(name.clone());
                found.handed.entry(job.key.clone()).or_default().push(output.key.clone());
                name
            });
            work.scope.outputs.insert((job.key.clone(), output.key.clone()), ours);
        }
        found.outputs.insert(job.key.clone(), declared);
        found.scopes.insert(job.key.clone(), work.scope.job.clone());
        // A job in GitHub's words fetches an artifact by the name that it has there.
        if !fetches {
            let needs = work.scope.job.needs.clone();
            found.artifacts.enter(work, job, needs);
        }
    }
    for job in &found.entries {
        work.scope.job = found.scopes.get(&job.key).cloned().unwrap_or_default();
        if let Some(entry) = job.value.entry("if")
            && let Some(condition) = work.condition(entry)
        {
            found.conditions.insert(job.key.clone(), condition);
        }
    }
    found.artifacts.settle(&found.conditions);
    found
}

/// Variables of a job whose value is written down, and that no script changes.
fn fixed(work: &Work<'_, '_>, job: &Node) -> BTreeMap<String, String> {
    let own = job.get("env").map(Node::entries).unwrap_or_default();
    let own = own.iter().filter_map(|e| Some((e.key.clone(), e.value.text()?.to_owned())));
    let mut all: BTreeMap<String, String> = work.env.iter().cloned().chain(own).collect();
    all.retain(|_, value| !value.contains("${"));
    job.each_text(&mut |text| {
        if text.contains("GITHUB_ENV") {
            all.retain(|name, _| !text.contains(&format!("{name}=")));
        }
    });
    all
}

/// The names of a job's variables; none where a script may set others.
fn variables(work: &Work<'_, '_>, job: &Node) -> Option<BTreeSet<String>> {
    let steps = job.get("steps").map(Node::items).unwrap_or_default();
    let own = std::iter::once(job).chain(steps).filter_map(|n| n.get("env")).flat_map(|e| e.entries()).map(|e| e.key.clone());
    let mut known: BTreeSet<String> = work.env.iter().map(|(name, _)| name.clone()).chain(own).collect();
    known.extend(
        job.get("container").and_then(|c| c.get("env")).map(Node::entries).unwrap_or_default().iter().map(|e| e.key.clone()),
    );
    let mut sets = false;
    job.each_text(&mut |text| sets |= text.contains("GITHUB_ENV"));
    // An action sets variables, too.
    let acts = steps.iter().filter_map(|s| s.get("uses")?.text()).any(|u| !QUIET.iter().any(|q| u.starts_with(q)));
    (!sets && !acts).then_some(known)
}

/// The jobs that a job needs, by the vendor's ids.
pub(super) fn needs(job: &Node) -> Vec<&str> {
    job.get("needs").and_then(Node::texts).unwrap_or_default()
}

impl Jobs<'_> {
    /// Whether a job never runs, for its own condition or for that of a job it needs.
    pub(super) fn is_never(&self, id: &str, seen: &mut BTreeSet<String>) -> bool {
        let own = self.conditions.get(id);
        if own.is_some_and(|c| c.never) {
            return true;
        }
        let Some(job) = self.entries.iter().find(|j| j.key == id) else { return false };
        seen.insert(id.to_owned())
            && own.is_none_or(|c| c.when.is_none())
            && needs(&job.value).iter().any(|n| self.is_never(n, seen))
    }

    /// Whether a job looks after the failure of others of which none is carried.
    pub(super) fn waits_for_nothing(&self, job: &Entry) -> bool {
        let after_failure = self.conditions.get(&job.key).is_some_and(|c| c.when == Some("failure"));
        after_failure && needs(&job.value).iter().all(|need| self.is_gone(need))
    }

    /// Whether a job that is needed is not part of the spec.
    pub(super) fn is_gone(&self, id: &str) -> bool {
        self.is_never(id, &mut BTreeSet::new())
    }

    /// The conditions that a job runs under: its own, and those of the jobs it needs, since what is skipped takes its dependents along.
    /// `reads` gets the jobs that they read in GitHub's own words.
    pub(super) fn condition(&self, id: &str, seen: &mut BTreeSet<String>, found: &mut Vec<String>, reads: &mut BTreeSet<String>) {
        let Some(job) = self.entries.iter().find(|j| j.key == id) else { return };
        if !seen.insert(id.to_owned()) {
            return;
        }
        let own = self.conditions.get(id);
        if own.is_none_or(|c| c.when.is_none()) {
            needs(&job.value).iter().for_each(|n| self.condition(n, seen, found, reads));
        }
        reads.extend(own.into_iter().flat_map(|c| c.reads.iter().cloned()));
        if let Some(text) = own.and_then(|c| c.text.clone())
            && !found.contains(&text)
        {
            found.push(text);
        }
    }
}
