//! Steps that use an action of the repository itself: its steps stand in their place, where it is made of steps.

use std::collections::BTreeMap;

use crate::front::ledger::{Fate, Ledger};
use crate::front::yaml::{Entry, Node, Value};

use super::expr::Gh;
use super::library::Library;
use super::rewrite::{self, scalar};

/// How deep actions may use one another.
const MAX_DEPTH: usize = 9;

/// A job with the steps of the repository's actions.
pub(super) fn written_out(library: &mut Library<'_>, ledger: &mut Ledger, job: Entry) -> Entry {
    let Some(steps) = job.value.get("steps") else { return job };
    let mut outputs = BTreeMap::new();
    let found = expanded(library, ledger, steps.items(), &mut outputs, 0);
    let Some(found) = found else { return job };
    let mut job = job;
    if let Value::Map(keys) = &mut job.value.value
        && let Some(steps) = keys.iter_mut().find(|e| e.key == "steps")
    {
        steps.value.value = Value::List(found);
    }
    let change = |path: &[String]| match path {
        [steps, id, outputs_, name] if steps == "steps" && outputs_ == "outputs" => {
            outputs.get(&(id.clone(), name.clone())).cloned()
        }
        _ => None,
    };
    if outputs.is_empty() { job } else { rewrite::entry(&job, &change) }
}

type Outputs = BTreeMap<(String, String), Gh>;

/// The steps with those of the actions; none where there is no such action among them.
fn expanded(
    library: &mut Library<'_>,
    ledger: &mut Ledger,
    steps: &[Node],
    outputs: &mut Outputs,
    depth: usize,
) -> Option<Vec<Node>> {
    let mut out = Vec::new();
    let mut any = false;
    for (index, step) in steps.iter().enumerate() {
        let path = step.get("uses").and_then(Node::text).and_then(|p| p.strip_prefix("./"));
        let action = path.filter(|_| depth < MAX_DEPTH).and_then(|p| Some((p, library.action(ledger, p)?)));
        match action.and_then(|(path, document)| one(library, ledger, step, index, path, &document, outputs, depth)) {
            Some(own) => {
                any = true;
                out.extend(own);
            }
            None => out.push(step.clone()),
        }
    }
    any.then_some(out)
}

#[expect(clippy::too_many_arguments, reason = "all of them are what a step is written out with")]
fn one(
    library: &mut Library<'_>,
    ledger: &mut Ledger,
    step: &Node,
    index: usize,
    path: &str,
    document: &Node,
    outputs: &mut Outputs,
    depth: usize,
) -> Option<Vec<Node>> {
    let runs = document.get("runs")?;
    let steps = runs.get("steps").filter(|_| runs.get("using").and_then(Node::text) == Some("composite"))?;
    if step.entry("continue-on-error").is_some() || step.entry("timeout-minutes").is_some() {
        return None;
    }
    let id = step.get("id").and_then(Node::text).map_or_else(|| format!("action-{index}"), str::to_owned);
    let with = step.get("with");
    let inputs: BTreeMap<String, Gh> = document
        .get("inputs")
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .map(|input| {
            let said = with.and_then(|w| w.get(&input.key)).or_else(|| input.value.get("default"));
            // An input of an action is text, whatever it was written as.
            let value = said.map_or(Gh::Text(String::new()), rewrite::value);
            (input.key.clone(), if let Gh::Truth(truth) = value { Gh::Text(truth.to_string()) } else { value })
        })
        .collect();
    let change = |path_: &[String]| -> Option<Gh> {
        match path_ {
            [name, input] if name == "inputs" => Some(inputs.get(input).cloned().unwrap_or(Gh::Text(String::new()))),
            [name, step, rest @ ..] if name == "steps" => {
                let own = ["steps".to_owned(), format!("{id}-{step}")];
                Some(Gh::Path(own.into_iter().chain(rest.iter().cloned()).collect()))
            }
            [name, action_path] if name == "github" && action_path == "action_path" => Some(Gh::Text(format!("./{path}"))),
            _ => None,
        }
    };
    let inner: Vec<Node> = steps.items().iter().map(|s| rewrite::node(s, &change)).collect();
    let mut made = Vec::new();
    for mut own in inner {
        let Value::Map(keys) = &mut own.value else { return None };
        if let Some(own) = keys.iter_mut().find(|e| e.key == "id") {
            let text = format!("{id}-{}", own.value.text().unwrap_or_default());
            own.value = scalar(&text, &own.value);
        }
        condition(keys, step)?;
        if let Some(env) = step.entry("env") {
            match keys.iter_mut().find(|e| e.key == "env") {
                Some(own) => {
                    if let Value::Map(own) = &mut own.value.value {
                        let known: Vec<String> = own.iter().map(|e| e.key.clone()).collect();
                        own.splice(0..0, env.value.entries().iter().filter(|e| !known.contains(&e.key)).cloned());
                    }
                }
                None => keys.push(env.clone()),
            }
        }
        made.push(own);
    }
    for output in document.get("outputs").map(Node::entries).unwrap_or_default() {
        if let Some(value) = output.value.get("value") {
            let text = rewrite::node(value, &change);
            outputs.insert((id.clone(), output.key.clone()), rewrite::value(&text));
        }
    }
    let here = Fate::Emulated("the steps of the action stand here".to_owned());
    step.each_entry(&mut |e| ledger.mark(e.id, here.clone()));
    let there = Fate::Emulated("the steps are written where the action is used".to_owned());
    for entry in document.entries() {
        if entry.key == "runs" {
            ledger.mark(entry.id, there.clone());
            entry.value.entries().iter().for_each(|e| ledger.mark(e.id, there.clone()));
        } else {
            entry.mark_all(ledger, &there);
        }
    }
    library.called(document);
    let nested = expanded(library, ledger, &made, outputs, depth + 1);
    Some(nested.unwrap_or(made))
}

/// The condition of the use holds for each of the steps.
fn condition(keys: &mut Vec<Entry>, step: &Node) -> Option<()> {
    let Some(theirs) = step.entry("if") else { return Some(()) };
    let inner = |entry: &Entry| {
        let text = entry.value.text()?.trim();
        Some(text.strip_prefix("${{").and_then(|t| t.strip_suffix("}}")).unwrap_or(text).trim().to_owned())
    };
    match keys.iter_mut().find(|e| e.key == "if") {
        Some(own) => {
            let text = format!("({}) && ({})", inner(theirs)?, inner(own)?);
            own.value = scalar(&text, &own.value);
        }
        None => keys.push(theirs.clone()),
    }
    Some(())
}
