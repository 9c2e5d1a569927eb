//! Events that only GitHub has: they stand in the spec in GitHub's words.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::raw::said;
use crate::front::yaml::{Entry, Node};
use crate::ir::raw::{is_strangers, runs_on, takes_list};
use crate::ir::stranger::{fetches, is_base, names_head, runs_git};

use super::context::Scope;
use super::expr::{Gh, Piece, pieces};
use super::rewrite;
use super::whole;
use super::work::Work;

/// What is said of such an event.
const WHY: &str = "no other vendor has this event: it stands in the spec in GitHub's words";

/// Why an event is not carried.
const STRANGER: &str = "it would run the code of a stranger with every right and secret, which a spec does not";

/// The events of GitHub's own of a workflow, below `on`.
pub(super) struct Foreign {
    raw: Build,
    /// Their names.
    pub(super) names: Vec<String>,
    /// Whether a job gets the code of strangers.
    strangers: bool,
}

impl Foreign {
    /// None yet, of a workflow.
    pub(super) fn of(document: &Node) -> Self {
        Self { raw: node("raw").arg("github"), names: Vec::new(), strangers: gets_strangers(document) }
    }

    /// Takes an event that stands alone; false where a spec does not have it.
    pub(super) fn word(&mut self, work: &mut Work<'_, '_>, entry: &Entry, word: &str) -> bool {
        let taken = self.takes(word);
        if taken {
            work.mark(entry, Fate::Own(WHY.to_owned()));
            self.raw.push(node(word));
            self.names.push(word.to_owned());
        } else if runs_on(word).is_some() {
            work.mark(entry, Fate::Lost(STRANGER.to_owned()));
        }
        taken || runs_on(word).is_some()
    }

    /// Takes an event with its keys; false where GitHub has none of that name.
    pub(super) fn event(&mut self, work: &mut Work<'_, '_>, event: &Entry, comments: Vec<String>) -> bool {
        if self.takes(&event.key) {
            event.mark_all(work.ledger, &Fate::Own(WHY.to_owned()));
            self.raw.push(own(&event.key, &event.value).comments(comments));
            self.names.push(event.key.clone());
        } else if runs_on(&event.key).is_some() {
            work.lose(event, STRANGER);
        }
        runs_on(&event.key).is_some()
    }

    fn takes(&self, event: &str) -> bool {
        match runs_on(event) {
            None => false,
            Some(_) => !(is_strangers(event) && self.strangers),
        }
    }

    /// The node; none where there is no such event.
    pub(super) fn node(self) -> Option<Build> {
        (!self.names.is_empty()).then_some(self.raw)
    }
}

/// An event with its keys: a list of names stands on one line.
fn own(key: &str, value: &Node) -> Build {
    let mut event = node(key);
    for entry in value.entries() {
        let names = entry.value.texts().filter(|names| takes_list(&entry.key) && !names.is_empty());
        event.push(match names {
            Some(names) => node(&entry.key).args(names),
            None => said(&entry.key, &entry.value),
        });
    }
    if value.entries().is_empty() { said(key, value) } else { event }
}

/// The keys of a call with the outputs of jobs by the names that these have in the spec.
pub(super) fn with_jobs(work: &mut Work<'_, '_>, events: &mut Build, on: &Node) {
    let Some(call) = on.entry("workflow_call").filter(|c| c.value.entry("outputs").is_some()) else { return };
    let change = |path: &[String]| renamed(&work.scope, path);
    let changed = rewrite::entry(call, &change);
    let node = own(&changed.key, &changed.value);
    let raws = events.0.children.iter_mut().flatten().filter(|c| c.name.text == "raw");
    let calls = raws.flat_map(|r| r.children.iter_mut().flatten()).filter(|c| c.name.text == "workflow_call");
    calls.for_each(|own| own.children.clone_from(&node.0.children));
}

/// `jobs.ID.outputs.NAME` as the spec has it.
fn renamed(scope: &Scope, path: &[String]) -> Option<Gh> {
    let [jobs, job, outputs, output] = path else { return None };
    if jobs != "jobs" || outputs != "outputs" {
        return None;
    }
    let ours = scope.jobs.get(job)?;
    let output = scope.outputs.get(&(job.clone(), output.clone())).unwrap_or(output);
    Some(Gh::Path(vec![jobs.clone(), ours.clone(), outputs.clone(), output.clone()]))
}

/// Whether a job checks out, or fetches, what may be the code of a stranger.
fn gets_strangers(document: &Node) -> bool {
    let jobs = document.get("jobs").map(Node::entries).unwrap_or_default();
    let says = |node: Option<&Node>, asks: &dyn Fn(&str) -> bool| {
        let mut found = false;
        node.into_iter().for_each(|n| n.each_text(&mut |text| found |= asks(text)));
        found
    };
    let around = says(document.get("env"), &names_head);
    jobs.iter().any(|job| {
        let around = around || says(job.value.get("env"), &names_head);
        if whole::why(&job.value).is_some() || whole::has_own_cells(&job.value) {
            return says(Some(&job.value), &|text| names_head(text) || fetches(text));
        }
        let steps = job.value.get("steps").map(Node::items).unwrap_or_default();
        steps.iter().any(|step| {
            let with = |key: &str| step.get("with").and_then(|w| w.get(key)).and_then(Node::text);
            let foreign = |text: &str| fetches(text) || pieces(text).iter().any(|p| matches!(p, Piece::Expr(e) if !is_base(e)));
            let uses = step.get("uses").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
            let checks_out = uses.contains("checkout") && ["ref", "repository"].into_iter().filter_map(with).any(foreign);
            let script = step.get("run").and_then(Node::text).unwrap_or_default();
            let heads = around || names_head(script) || says(step.get("env"), &names_head);
            checks_out || fetches(script) || heads && runs_git(script)
        })
    })
}
