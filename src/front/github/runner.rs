//! `runs-on:` of a job.

use std::collections::BTreeSet;

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::condition::system_of;
use super::expr::{Gh, Piece, pieces};
use super::own;
use super::rewrite;
use super::text::{self, Where};
use super::work::Work;

/// The path of the axis that `runs-on` names.
pub(super) fn runner_axis(job: &Node) -> Option<String> {
    let text = job.get("runs-on")?.text()?;
    match pieces(text).as_slice() {
        [Piece::Expr(inner)] => {
            let path = inner.strip_prefix("matrix.")?;
            let is_path = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
            is_path.then(|| path.to_owned())
        }
        _ => None,
    }
}

/// The `runner` of a job.
pub(super) fn runner(work: &mut Work<'_, '_>, entry: &Entry, axis: Option<&str>, build: &mut Build) {
    if let Some(axis) = axis.filter(|_| !work.scope.job.has_own_cells) {
        match work.scope.job.axes.get(axis) {
            Some(ours) => build.push(node("runner").arg(&format!("${{matrix.{ours}}}"))),
            None => work.lose(entry, "the matrix has no such axis"),
        }
        let labels = work.scope.job.runner_axis.iter().flat_map(|(_, l)| l.keys());
        let systems: BTreeSet<Option<&str>> = labels.map(|l| system_of(l)).collect();
        work.scope.job.system = if systems.len() == 1 { systems.into_iter().next().flatten() } else { None };
        return;
    }
    let said = match entry.value.get("labels") {
        Some(said) => {
            work.open(&entry.value, "labels");
            said
        }
        None => &entry.value,
    };
    let labels = said.texts().filter(|l| !l.is_empty());
    match labels {
        Some(labels) if labels.iter().all(|l| !l.contains("${{")) => named(work, &labels, build),
        Some(_) => by_expression(work, entry, said, build),
        None => work.lose(entry, "a label is expected here"),
    }
}

/// A runner by labels that are written down.
fn named(work: &mut Work<'_, '_>, labels: &[&str], build: &mut Build) {
    let name = work.declared.runner(labels);
    work.scope.job.system = labels.iter().find_map(|l| system_of(l));
    work.scope.job.is_arm = labels.iter().any(|l| is_arm(l));
    if name != "linux" {
        build.push(node("runner").arg(&name));
    }
}

/// A runner by a label that an expression gives.
fn by_expression(work: &mut Work<'_, '_>, entry: &Entry, said: &Node, build: &mut Build) {
    let one = match said.items() {
        [] => Some(said),
        [one] => Some(one),
        _ => None,
    };
    if let Some(source) = one.and_then(Node::text) {
        let (made, fate) = text::text(source, Where::Field, &work.scope, work.declared);
        if !made.contains("${") {
            return named(work, &[&made], build);
        }
        if !matches!(fate, Fate::Lost(_)) && is_known_before(&made) {
            work.mark(entry, fate);
            return build.push(node("runner").arg(&made));
        }
    }
    let whole = match one {
        Some(one) => rewrite::value(one),
        None => list(said),
    };
    match own::value(&whole, &work.scope, work.declared) {
        Some((name, _)) => {
            work.mark(entry, Fate::Own(own::WHY.to_owned()));
            build.push(node("runner").arg(&format!("${{value.{name}}}")));
        }
        None => work.lose(entry, "the spec has no word for what decides on the runner"),
    }
}

/// Several labels as one expression.
fn list(said: &Node) -> Gh {
    let places: Vec<String> = (0..said.items().len()).map(|i| format!("\"{{{i}}}\"")).collect();
    let pattern = Gh::Text(format!("[{}]", places.join(", ")));
    let labels = std::iter::once(pattern).chain(said.items().iter().map(rewrite::value));
    Gh::Call("fromjson".to_owned(), vec![Gh::Call("format".to_owned(), labels.collect())])
}

/// Whether all contexts of a text have a value where a runner is looked for.
fn is_known_before(text: &str) -> bool {
    text.split("${").skip(1).all(|rest| {
        let context = rest.split('}').next().unwrap_or_default();
        let is_output = context.starts_with("job.") && context.split('.').count() == 3;
        is_output || ["var.", "input.", "matrix.", "value."].iter().any(|root| context.starts_with(root))
    })
}

/// Whether a label is that of an ARM runner: docs.github.com, "GitHub-hosted runners reference".
fn is_arm(label: &str) -> bool {
    let mac =
        label.starts_with("macos") && !label.contains("intel") && !label.contains("large") && !label.starts_with("macos-13");
    mac || label.contains("arm") || label.contains("aarch64")
}
