//! Jobs that call a workflow of the repository: its jobs stand in their place, with what is given put in.

use std::collections::BTreeMap;

use crate::front::ledger::{Fate, Ledger};
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node, Value};

use super::composite;
use super::expr::Gh;
use super::library::Library;
use super::rewrite::{self, scalar};

/// How deep calls may lie in one another: GitHub allows nine below the first.
const MAX_DEPTH: usize = 9;

/// Where workflows lie, as a call names it.
const FOLDER: &str = "./.github/workflows/";

/// What others read of a call that is written out.
#[derive(Default)]
struct Called {
    /// The jobs that stand for it.
    jobs: Vec<String>,
    /// Its outputs.
    outputs: BTreeMap<String, Gh>,
}

/// The jobs of a workflow with those of the workflows that they call, and with the steps of the repository's own actions.
pub(super) fn written_out(library: &mut Library<'_>, ledger: &mut Ledger, jobs: &[Entry]) -> Vec<Entry> {
    let jobs = expanded(library, ledger, jobs, 0);
    jobs.into_iter().map(|job| composite::written_out(library, ledger, job)).collect()
}

fn expanded(library: &mut Library<'_>, ledger: &mut Ledger, jobs: &[Entry], depth: usize) -> Vec<Entry> {
    let mut out = Vec::new();
    let mut calls: BTreeMap<String, Called> = BTreeMap::new();
    for job in jobs {
        let path = job.value.get("uses").and_then(Node::text).and_then(|p| p.strip_prefix("./"));
        let callee = path.filter(|_| depth < MAX_DEPTH).and_then(|p| library.workflow(ledger, p));
        match callee.and_then(|document| one(library, ledger, job, &document, depth)) {
            Some((entries, called)) => {
                calls.insert(job.key.clone(), called);
                out.extend(entries);
            }
            None => out.push(job.clone()),
        }
    }
    if calls.is_empty() { out } else { out.iter().map(|job| joined(job, &calls)).collect() }
}

/// The jobs of a called workflow; none where they cannot stand in the place of the call.
fn one(
    library: &mut Library<'_>,
    ledger: &mut Ledger,
    call: &Entry,
    document: &Node,
    depth: usize,
) -> Option<(Vec<Entry>, Called)> {
    let jobs = expanded(library, ledger, document.get("jobs")?.entries(), depth + 1);
    let strategy = call.value.entry("strategy");
    // Each cell calls the whole workflow, whose jobs wait for those of their own cell only.
    if let Some(strategy) = strategy.filter(|_| jobs.len() != 1 || jobs.iter().any(|j| j.value.entry("strategy").is_some())) {
        return by_cells(library, ledger, call, strategy, document, depth);
    }
    let trigger = document.get("on").and_then(|on| on.entry("workflow_call"));
    let inputs = given(call, trigger.map(|t| &t.value));
    let secrets = call.value.get("secrets").filter(|s| s.is_map());
    let name = |id: &str| if jobs.len() == 1 { call.key.clone() } else { format!("{}-{id}", call.key) };
    let change = |path: &[String]| -> Option<Gh> {
        match path {
            [inputs_, name] if inputs_ == "inputs" => Some(inputs.get(name).cloned().unwrap_or(Gh::Text(String::new()))),
            [secrets_, name] if secrets_ == "secrets" && !name.eq_ignore_ascii_case("github_token") => {
                let given = secrets?.get(name).map(rewrite::value);
                Some(given.unwrap_or(Gh::Text(String::new())))
            }
            [needs, job, rest @ ..] if needs == "needs" => {
                Some(Gh::Path(["needs".to_owned(), name(job)].into_iter().chain(rest.iter().cloned()).collect()))
            }
            _ => None,
        }
    };
    let mut entries = Vec::new();
    for job in &jobs {
        let mut own = rewrite::entry(job, &change);
        own.key = name(&job.key);
        let Value::Map(keys) = &mut own.value.value else { return None };
        waits(keys, call, &name);
        condition(keys, call)?;
        inherit(keys, call, document, &change);
        keys.extend(strategy.cloned());
        entries.push(own);
    }
    let outputs = trigger.and_then(|t| t.value.get("outputs")).map(Node::entries).unwrap_or_default();
    let outputs = outputs.iter().filter_map(|output| match rewrite::value(output.value.get("value")?) {
        Gh::Path(path) => match path.as_slice() {
            [jobs, job, rest @ ..] if jobs == "jobs" => {
                let path = ["needs".to_owned(), name(job)].into_iter().chain(rest.iter().cloned()).collect();
                Some((output.key.clone(), Gh::Path(path)))
            }
            _ => None,
        },
        _ => None,
    });
    let called = Called { jobs: jobs.iter().map(|j| name(&j.key)).collect(), outputs: outputs.collect() };
    account(library, ledger, call, document, &called);
    Some((entries, called))
}

/// Most cells whose jobs are written out each for itself.
const MAX_CELLS: usize = 12;

/// The jobs of a workflow that is called once for each cell: what the cell gives is put in.
fn by_cells(
    library: &mut Library<'_>,
    ledger: &mut Ledger,
    call: &Entry,
    strategy: &Entry,
    document: &Node,
    depth: usize,
) -> Option<(Vec<Entry>, Called)> {
    let cells = cells(strategy.value.get("matrix")?)?;
    if cells.is_empty() || cells.len() > MAX_CELLS || strategy.value.entry("max-parallel").is_some() {
        return None;
    }
    let (mut entries, mut called) = (Vec::new(), Called::default());
    for (at, cell) in cells.iter().enumerate() {
        let change = |path: &[String]| -> Option<Gh> {
            let [matrix, axis] = path else { return None };
            let given = || cell.iter().find(|(name, _)| name == axis).map_or(Gh::Text(String::new()), |(_, value)| value.clone());
            (matrix == "matrix").then(given)
        };
        let mut own = rewrite::entry(call, &change);
        own.key = format!("{}-{}", call.key, at + 1);
        let Value::Map(keys) = &mut own.value.value else { return None };
        keys.retain(|e| e.key != "strategy");
        let (jobs, of_cell) = one(library, ledger, &own, document, depth)?;
        entries.extend(jobs);
        called.jobs.extend(of_cell.jobs);
    }
    let stops = strategy.value.get("fail-fast").and_then(Node::truth) != Some(false);
    let why = if stops { ", and the first that fails does not stop the others" } else { "" };
    strategy.mark_all(ledger, &Fate::Emulated(format!("the jobs of each cell stand here{why}")));
    Some((entries, called))
}

/// The cells of a matrix of plain values, or of a list of them alone.
fn cells(matrix: &Node) -> Option<Vec<Vec<(String, Gh)>>> {
    let plain = |value: &Node| (value.text().is_some() || value.is_null()).then(|| rewrite::value(value));
    if let [include] = matrix.entries()
        && include.key == "include"
        && include.value.is_list()
    {
        let cell = |item: &Node| -> Option<Vec<(String, Gh)>> {
            item.entries().iter().map(|e| Some((e.key.clone(), plain(&e.value)?))).collect()
        };
        return include.value.items().iter().map(cell).collect();
    }
    let mut made: Vec<Vec<(String, Gh)>> = vec![Vec::new()];
    for axis in matrix.entries() {
        if matches!(axis.key.as_str(), "include" | "exclude") || !axis.value.is_list() {
            return None;
        }
        let values: Vec<Gh> = axis.value.items().iter().map(plain).collect::<Option<_>>()?;
        let with =
            |cell: &Vec<(String, Gh)>, value: &Gh| cell.iter().cloned().chain([(axis.key.clone(), value.clone())]).collect();
        made = made.iter().flat_map(|cell| values.iter().map(move |value| with(cell, value))).collect();
    }
    Some(made)
}

/// Lets the jobs of a workflow that are kept in GitHub's words call files by their new names.
pub(super) fn follow(workflow: &mut Build, moved: &[(String, String)]) {
    let jobs = workflow.0.children.iter_mut().flatten().filter(|n| n.name.text == "job");
    let raws = jobs.flat_map(|j| j.children.iter_mut().flatten()).filter(|n| n.name.text == "raw");
    for uses in raws.flat_map(|r| r.children.iter_mut().flatten()).filter(|n| n.name.text == "uses") {
        let called = uses.entries.first().and_then(|e| e.as_str()).and_then(|p| p.strip_prefix(FOLDER)).map(str::to_owned);
        let ours = called.and_then(|file| moved.iter().find(|(theirs, _)| *theirs == file));
        if let Some((_, ours)) = ours {
            uses.entries = node("uses").arg(&format!("{FOLDER}{ours}")).0.entries;
        }
    }
}

/// What the call gives for each input, or its default.
fn given(call: &Entry, trigger: Option<&Node>) -> BTreeMap<String, Gh> {
    let with = call.value.get("with");
    let declared = trigger.and_then(|t| t.get("inputs")).map(Node::entries).unwrap_or_default();
    let unsaid = |input: &Entry| match input.value.get("type").and_then(Node::text) {
        Some("boolean") => Gh::Truth(false),
        Some("number") => Gh::Number("0".to_owned()),
        _ => Gh::Text(String::new()),
    };
    declared
        .iter()
        .map(|input| {
            let said = with.and_then(|w| w.get(&input.key)).or_else(|| input.value.get("default"));
            (input.key.clone(), said.map_or_else(|| unsaid(input), rewrite::value))
        })
        .collect()
}

/// Jobs that wait for nothing wait for what the call waits for; the others for those of their own workflow.
fn waits(keys: &mut Vec<Entry>, call: &Entry, name: &dyn Fn(&str) -> String) {
    match keys.iter_mut().find(|e| e.key == "needs") {
        Some(needs) => {
            let names = needs.value.texts().unwrap_or_default().into_iter().map(|n| scalar(&name(n), &needs.value)).collect();
            needs.value.value = Value::List(names);
        }
        None => keys.extend(call.value.entry("needs").cloned()),
    }
}

/// The condition of the call holds for each of its jobs.
fn condition(keys: &mut Vec<Entry>, call: &Entry) -> Option<()> {
    let Some(theirs) = call.value.entry("if") else { return Some(()) };
    let inner = |entry: &Entry| {
        let text = entry.value.text()?.trim();
        Some(text.strip_prefix("${{").and_then(|t| t.strip_suffix("}}")).unwrap_or(text).trim().to_owned())
    };
    let outer = inner(theirs)?;
    let status = ["always()", "failure()", "cancelled()", "success()"];
    let asks = |text: &str| status.iter().any(|s| text.contains(s));
    let waits_inside =
        keys.iter().any(|e| e.key == "needs") && call.value.entry("needs").is_none_or(|n| keys.iter().all(|k| k.id != n.id));
    match keys.iter_mut().find(|e| e.key == "if") {
        // What is skipped takes its dependents along, unless they ask for the outcome.
        Some(own) if waits_inside && !asks(&inner(own)?) => {}
        None if waits_inside => {}
        Some(own) => {
            let text = format!("({outer}) && ({})", inner(own)?);
            if waits_inside && asks(&outer) {
                return None;
            }
            own.value = scalar(&text, &own.value);
        }
        None => keys.push(theirs.clone()),
    }
    Some(())
}

/// What the called workflow says for all of its jobs.
fn inherit(keys: &mut Vec<Entry>, call: &Entry, document: &Node, change: rewrite::Change<'_>) {
    let has = |keys: &[Entry], key: &str| keys.iter().any(|e| e.key == key);
    if let Some(env) = document.entry("env") {
        let shared = rewrite::entry(env, change);
        match keys.iter_mut().find(|e| e.key == "env") {
            Some(own) => {
                if let (Value::Map(own), Value::Map(shared)) = (&mut own.value.value, shared.value.value) {
                    let known: Vec<String> = own.iter().map(|e| e.key.clone()).collect();
                    own.splice(0..0, shared.into_iter().filter(|e| !known.contains(&e.key)));
                }
            }
            None => keys.push(shared),
        }
    }
    if !has(keys, "defaults") {
        keys.extend(document.entry("defaults").cloned());
    }
    if !has(keys, "permissions") {
        keys.extend(document.entry("permissions").or_else(|| call.value.entry("permissions")).cloned());
    }
}

/// What became of the call and of the file that it calls.
fn account(library: &mut Library<'_>, ledger: &mut Ledger, call: &Entry, document: &Node, called: &Called) {
    let jobs = called.jobs.join("`, `");
    call.mark_all(ledger, &Fate::Emulated(format!("the jobs of the called workflow stand here: `{jobs}`")));
    let here = Fate::Emulated("the jobs are written where they are called".to_owned());
    for entry in document.entries().iter().filter(|e| e.key != "jobs") {
        match entry.key.as_str() {
            "concurrency" => {
                entry.mark_all(ledger, &Fate::Lost("a called workflow's own groups have no place in its caller".to_owned()))
            }
            "on" => {
                ledger.mark(entry.id, here.clone());
                if let Some(trigger) = entry.value.entry("workflow_call") {
                    trigger.mark_all(ledger, &here);
                }
            }
            _ => entry.mark_all(ledger, &here),
        }
    }
    if let Some(jobs) = document.entry("jobs") {
        ledger.mark(jobs.id, here);
    }
    library.called(document);
}

/// A job with what it says of calls in the words of the jobs that stand for them.
fn joined(job: &Entry, calls: &BTreeMap<String, Called>) -> Entry {
    let change = |path: &[String]| -> Option<Gh> {
        let [needs, call, outputs, name] = path else { return None };
        let called = calls.get(call).filter(|_| needs == "needs" && outputs == "outputs")?;
        called.outputs.get(name).cloned()
    };
    let mut own = rewrite::entry(job, &change);
    let Value::Map(keys) = &mut own.value.value else { return own };
    if let Some(needs) = keys.iter_mut().find(|e| e.key == "needs") {
        let names = needs.value.texts().unwrap_or_default();
        if names.iter().any(|n| calls.contains_key(*n)) {
            let all = names.iter().flat_map(|n| calls.get(*n).map_or_else(|| vec![(*n).to_owned()], |c| c.jobs.clone()));
            let all = all.map(|n| scalar(&n, &needs.value)).collect();
            needs.value.value = Value::List(all);
        }
    }
    own
}
