//! What pipewright itself wrote for AWS, taken back: a file that has its marker is unwrapped into the constructs it came from. What is not exactly of the
//! shape that the back ends write stays a script, as that of anybody else.

mod beside;
mod derived;
mod frame;
mod image;
mod job;
mod merge;
mod piece;
mod text;

use std::collections::BTreeMap;

use crate::front::node::{Build, node};
use crate::front::script;
use crate::front::yaml::{Entry, Node};
use crate::render::header::marker;
use crate::syntax::tree;

use super::buildspec::Around;
use super::work::Work;

/// One way in which a workflow starts: a batch or a pipeline of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Start {
    /// The workflow.
    pub(super) workflow: String,
    /// The word of the start: `push`, `schedule-nightly`.
    pub(super) word: String,
}

impl Start {
    /// `ci on push`
    fn said(text: &str) -> Option<Self> {
        let (workflow, word) = text.rsplit_once(" on ")?;
        let plain = |t: &str| !t.is_empty() && !t.contains(char::is_whitespace);
        (plain(workflow) && plain(word)).then(|| Self { workflow: workflow.to_owned(), word: word.to_owned() })
    }
}

/// What an input must be, where a build looks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    Boolean,
    Number,
    Choice(Vec<String>),
    Like(String),
}

/// What builds tell of one another.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Variables that builds hand on, by the context that they stand for.
    handed: BTreeMap<String, String>,
    /// Inputs by name.
    inputs: Vec<(String, Asked)>,
    /// What a build is called here, by its name in the spec: the cells of a matrix have one name.
    names: BTreeMap<String, String>,
}

/// Whether pipewright wrote the file of a document.
fn is_own(work: &Work<'_>, document: &Node) -> bool {
    marker(&work.sources.file(document.span.source).text).is_some()
}

/// The start that a batch is: its file says so below the marker.
pub(super) fn start_of_batch(work: &Work<'_>, document: &Node) -> Option<Start> {
    if !is_own(work, document) {
        return None;
    }
    let text = &work.sources.file(document.span.source).text;
    text.lines().take_while(|l| l.starts_with('#')).last().and_then(|l| Start::said(l.trim_start_matches('#').trim()))
}

/// The start that a pipeline is: its stack says so.
pub(super) fn start_of_stack(work: &Work<'_>, document: &Node) -> Option<Start> {
    let (said, _) = document.get("Description").and_then(Node::text)?.rsplit_once(" of ")?;
    is_own(work, document).then(|| Start::said(said)).flatten()
}

/// Whether runs of a pipeline wait for one another.
pub(super) fn is_queued(pipeline: &Entry) -> bool {
    let mode = pipeline.value.get("Properties").and_then(|p| p.get("ExecutionMode"));
    mode.and_then(Node::text) == Some("QUEUED")
}

/// The job of a buildspec that pipewright wrote; none for another one.
pub(super) fn job(work: &mut Work<'_>, document: &Node, around: &Around) -> Option<Build> {
    let path = marker(&work.sources.file(document.span.source).text)?.path?;
    let name = path.rsplit('/').next()?.trim_end_matches(".yml");
    let made = job::job(work, document, around, name)?;
    work.own.names.insert(around.name.clone(), name.to_owned());
    Some(made)
}

/// The workflows of batches and pipelines: those that are starts of one are one again.
pub(super) fn merged(work: &mut Work<'_>, all: Vec<(Option<Start>, Build)>) -> Vec<Build> {
    let mut made: Vec<Build> = Vec::new();
    let mut groups: Vec<(String, Vec<(String, Build)>)> = Vec::new();
    for (start, build) in all {
        match start {
            None => made.push(build),
            Some(start) => match groups.iter_mut().find(|(name, _)| *name == start.workflow) {
                Some((_, starts)) => starts.push((start.word, build)),
                None => groups.push((start.workflow, vec![(start.word, build)])),
            },
        }
    }
    for (name, starts) in groups {
        match merge::workflow(&name, &starts, &work.own.names) {
            Some(mut one) => {
                asked(&mut one.0, &work.own.inputs);
                made.push(one);
            }
            None => made.extend(starts.into_iter().map(|(_, build)| build)),
        }
    }
    // Nothing reads the bucket whose files come and go by themselves.
    if !made.iter().any(|b| names_variable(&b.0, BUCKET)) {
        work.declared.variables.remove(BUCKET);
    }
    made
}

/// The variable with the bucket of a run's files.
const BUCKET: &str = "ARTIFACTS";

/// Whether a node has a variable of the spec in it.
fn names_variable(node: &tree::Node<'_>, name: &str) -> bool {
    let entry = |e: &tree::Entry<'_>| {
        let alone = e.ty.as_ref().is_some_and(|t| t.text == "var") && e.as_str() == Some(name);
        alone || e.as_str().is_some_and(|t| t.contains(&format!("${{var.{name}}}")))
    };
    node.entries.iter().any(entry) || node.children().iter().any(|c| names_variable(c, name))
}

/// Gives the inputs of a workflow what its builds ask of them.
fn asked(workflow: &mut tree::Node<'static>, inputs: &[(String, Asked)]) {
    for (name, _) in inputs.iter().filter(|(_, must)| *must == Asked::Boolean) {
        for (text, word) in [("false", "!"), ("true", "")] {
            replace(workflow, &format!("input.{name} == '{text}'"), &format!("{word}input.{name}"));
        }
    }
    let manual: Vec<&mut tree::Node<'static>> = workflow
        .children
        .iter_mut()
        .flatten()
        .filter(|c| c.name() == "on")
        .flat_map(|on| on.children.iter_mut().flatten())
        .filter(|c| c.name() == "manual")
        .collect();
    for input in manual.into_iter().flat_map(|m| m.children.iter_mut().flatten()) {
        let name = input.arg(0).and_then(|e| e.as_str()).map(str::to_owned);
        let Some((_, must)) = inputs.iter().find(|(n, _)| Some(n) == name.as_ref()) else { continue };
        let said = |key: &str| key == "description";
        let default = input.entries.iter().find(|e| e.name.as_ref().is_some_and(|n| n.text == "default"));
        let default = default.and_then(|e| e.as_str()).map(str::to_owned);
        // The description is the list of what it may be.
        input.entries.retain(|e| e.name.as_ref().is_none_or(|n| !said(&n.text) && n.text != "default"));
        let mut made = Build(input.clone());
        made = match must {
            Asked::Boolean | Asked::Number => {
                let word = if *must == Asked::Boolean { "boolean" } else { "number" };
                let made = made.prop("type", word);
                match default {
                    Some(value) => made.value("default", &value),
                    None => made,
                }
            }
            Asked::Choice(options) => {
                let made = made.prop("type", "choice").maybe("default", default);
                made.child(node("option").args(options))
            }
            Asked::Like(glob) => made.prop("matches", glob).maybe("default", default),
        };
        *input = made.0;
    }
}

/// Every text of a node and of those below it.
fn each_text(node: &tree::Node<'_>, f: &mut dyn FnMut(&str)) {
    node.entries.iter().filter_map(|e| e.as_str()).for_each(&mut *f);
    node.children().iter().for_each(|child| each_text(child, f));
}

/// Replaces a text in a node and in those below it.
fn replace(node: &mut tree::Node<'static>, from: &str, to: &str) {
    for entry in &mut node.entries {
        if let tree::Value::String(text, _) = &mut entry.value
            && text.contains(from)
        {
            *text = text.replace(from, to).into();
        }
    }
    node.children.iter_mut().flatten().for_each(|child| replace(child, from, to));
}

/// Whether a text stands in a node, or in one below it.
fn says(node: &tree::Node<'_>, wanted: &str) -> bool {
    let mut found = false;
    each_text(node, &mut |text| found |= text.contains(wanted));
    found
}

/// Whether a node reads a variable of the shell.
fn reads(node: &tree::Node<'_>, name: &str) -> bool {
    let mut found = false;
    each_text(node, &mut |text| found |= script::reads(text, name));
    found
}
