//! Conditions that the events decide: a vendor lets them stand, a spec says each thing once. What was written is read back, and they are taken out.

use std::path::Path;

use crate::base::diag::Diagnostics;
use crate::base::source::SourceMap;
use crate::base::span::Span;
use crate::check::condition_constant::{Constant, constant_conditions};
use crate::front::Imported;
use crate::sema::expand::expand;
use crate::sema::lower::lower;
use crate::sema::order;
use crate::syntax::check::actions::Actions;
use crate::syntax::parse;
use crate::syntax::settle::settle;
use crate::syntax::tree::Node;
use crate::target::asset;

/// A condition that decides nothing.
struct Decided {
    workflow: String,
    job: String,
    text: String,
    /// Whether it is that of the job, and not of a step.
    of_job: bool,
    holds: bool,
}

/// Takes conditions out that always hold, and steps whose condition never does.
pub(super) fn settle_conditions(imported: &mut Imported, target: &str) {
    let asks = |node: &Node<'_>| node.children().iter().any(|job| has_condition(job));
    if !imported.sections.iter().flatten().any(|b| b.0.name() == "workflow" && asks(&b.0)) {
        return;
    }
    for found in decided(&imported.spec("sample", "main", &[target])) {
        let workflows = imported.sections.iter_mut().flatten().filter(|b| b.0.name() == "workflow");
        let own = workflows.filter(|b| first(&b.0) == Some(found.workflow.as_str()));
        for job in own.flat_map(|b| b.0.children.iter_mut().flatten()).filter(|j| first(j) == Some(found.job.as_str())) {
            take(job, &found);
        }
    }
}

fn has_condition(node: &Node<'_>) -> bool {
    condition(node).is_some() || node.children().iter().any(has_condition)
}

fn first<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    node.entries.iter().find(|e| e.name.is_none()).and_then(|e| e.as_str())
}

fn condition<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    let own = node.entries.iter().find(|e| e.name.as_ref().is_some_and(|n| n.text == "if")).and_then(|e| e.as_str());
    own.or_else(|| node.children().iter().find(|c| c.name() == "if").and_then(first))
}

fn take(job: &mut Node<'static>, found: &Decided) {
    if found.of_job {
        if found.holds && condition(job) == Some(&found.text) {
            job.children.iter_mut().for_each(|c| c.retain(|c| c.name() != "if"));
        }
        return;
    }
    let is = |step: &Node<'_>| step.name() != "if" && condition(step) == Some(&found.text);
    let Some(children) = &mut job.children else { return };
    if !found.holds {
        children.retain(|step| !is(step));
    }
    for step in children.iter_mut().filter(|s| is(s)) {
        step.entries.retain(|e| e.name.as_ref().is_none_or(|n| n.text != "if"));
        step.children.iter_mut().for_each(|c| c.retain(|c| c.name() != "if"));
    }
}

/// The conditions of a spec that decide nothing; none where it cannot be read.
fn decided(text: &str) -> Vec<Decided> {
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", text);
    let mut found = Diagnostics::default();
    let (document, syntax) = parse::read(id, text);
    found.extend(syntax);
    let written = document.nodes.clone();
    let mut document = expand(document, &sources, None::<&Path>, &mut found);
    let standard_text = asset::text("actions.kdl").unwrap_or_default();
    let standard_id = sources.add("<standard actions>", standard_text);
    let (standard, _) = parse::parse(standard_id, &sources.file(standard_id).text);
    let mut actions = Actions::default();
    actions.declare(&standard);
    actions.declare(&document);
    settle(&mut document, &actions);
    let Some(mut pipeline) = lower(&sources, &document, &standard, &mut found) else { return Vec::new() };
    order::complete(&mut pipeline, &mut found);
    let of = |constant: &Constant| {
        let job = pipeline.job(constant.job);
        let text = written.iter().find_map(|node| asked(node, constant.span))?.to_owned();
        let workflow = pipeline.workflow(job.workflow).name.value.clone();
        Some(Decided { workflow, job: job.name.value.clone(), text, of_job: constant.of_job, holds: constant.holds })
    };
    constant_conditions(&pipeline).iter().filter_map(of).collect()
}

/// The text of the entry in which something stands.
fn asked<'n>(node: &'n Node<'_>, place: Span) -> Option<&'n str> {
    let around = |whole: Span| whole.source == place.source && whole.start <= place.start && place.end <= whole.end;
    let own = node.entries.iter().find(|e| around(e.value_span)).and_then(|e| e.as_str());
    own.or_else(|| node.children().iter().find_map(|child| asked(child, place)))
}
