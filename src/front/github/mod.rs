//! GitHub Actions: workflow files to workflows of a spec.
//!
//! What a workflow means is in docs.github.com, "Workflow syntax for GitHub Actions"; what GitHub does without a word (an `if` without a status
//! function, cells of a matrix that stop one another, a shell that goes on behind a pipe) is said here where a spec has another default.

mod artifact;
mod cache;
mod call;
mod checkout;
mod collect;
mod composite;
mod concurrency;
mod condition;
mod context;
pub(crate) mod declare;
mod event;
mod expr;
mod foreign;
mod handover;
mod job;
mod known;
mod library;
mod matrix;
mod own;
mod permission;
mod rewrite;
mod runner;
mod security;
mod service;
mod step;
mod survey;
mod text;
mod toolchain;
mod uses;
mod variable;
mod whole;
mod work;

use std::path::Path;

use crate::base::source::SourceMap;
use crate::base::span::SourceId;
use crate::front::Imported;
use crate::front::account::Account as _;
use crate::front::ledger::{Fate, Key, Ledger};
use crate::front::name::{Names, slug};
use crate::front::node::{Build, node};
use crate::front::yaml::Node;

use context::Scope;
use declare::Declared;
use foreign::Foreign;
use library::Library;
use work::{OfWorkflow, Work};

/// What GitHub does with a job without a limit: it stops it after six hours.
const LIMIT: &str = "6h";

/// Imports workflow files; the files of the repository that they call are read below the root.
pub(super) fn import(sources: &SourceMap, files: &[SourceId], root: &Path, imported: &mut Imported) {
    let mut declared = Declared::default();
    let mut names = Names::default();
    let mut library = Library::new(sources, root);
    let read: Vec<SourceId> = files.iter().copied().filter(|id| library.read(&mut imported.ledger, *id).is_some()).collect();
    let (mut workflows, mut rest) = (Vec::new(), Vec::new());
    for (at, id) in read.into_iter().enumerate() {
        let Some(document) = library.document(id).cloned() else { continue };
        if document.get("jobs").is_none() || document.get("on").is_none() {
            imported.stays(id, "it is no workflow: `on` or `jobs` is missing");
            continue;
        }
        imported.security.extend(security::look(&document));
        let name = names.unique(stem(&sources.file(id).name));
        match tried(id, &mut library, &mut declared, |library, declared| {
            workflow(&document, id, &name, library, &mut imported.ledger, declared)
        }) {
            Some(build) => workflows.push((at, build)),
            None => rest.push((at, id, name)),
        }
    }
    rest.retain(|(_, id, _)| !library.is_called(*id));
    // What is called, and could not be written out there, is a workflow that others call.
    let mut moved = Vec::new();
    let whole: Vec<SourceId> = rest.iter().map(|(_, id, _)| *id).collect();
    rest.retain(|(at, id, name)| {
        let theirs = sources.file(*id).name.rsplit('/').next().unwrap_or_default().to_owned();
        let ours = format!("{name}.yml");
        // What a file calls that stays as it is stays with it.
        let is_free = !library.is_named(*id, &|caller| whole.contains(&caller));
        let Some(document) = library.document(*id).cloned().filter(|_| is_free && library.has_callers(*id)) else { return true };
        library.stands_alone(*id);
        let build = tried(*id, &mut library, &mut declared, |library, declared| {
            let build = workflow(&document, *id, name, library, &mut imported.ledger, declared);
            // As it is it loses nothing.
            let loses = imported.ledger.keys().iter().any(|k| k.span.source == *id && matches!(k.fate(), Fate::Lost(_)));
            build.filter(|_| !loses)
        });
        let Some(build) = build else { return true };
        workflows.push((*at, build));
        moved.push((theirs, ours));
        false
    });
    workflows.sort_by_key(|(at, _)| *at);
    let mut workflows: Vec<Build> = workflows.into_iter().map(|(_, build)| build).collect();
    workflows.iter_mut().for_each(|w| call::follow(w, &moved));
    let mut kept = Vec::new();
    for (_, id, _) in rest {
        if library.document(id).is_some_and(is_idle) {
            imported.keeps_idle(id);
        } else {
            imported.keeps(
            id,
            "none of its jobs, or not all of its conditions, is what a spec can say; or a stranger's code would run with every right",
        );
        }
        let name = sources.file(id).name.rsplit('/').next().unwrap_or_default();
        kept.push(format!(".github/workflows/{name}"));
    }
    imported.faults.extend(library.faults);
    let limit = workflows.iter().any(|w| w.0.children().iter().any(|j| j.name() == "job" && j.child("timeout").is_none()));
    if declared.has_unpinned {
        imported.accepts.push(("github", "unpinned-action", "nobody had pinned them: write the commits behind their versions"));
    }
    let (mut sections, workflows) = declared.finish(workflows);
    imported.limit = limit.then_some(LIMIT);
    sections.extend(workflows.into_iter().map(|w| vec![w]));
    sections.push(kept.iter().map(|path| node("raw").args(["github", path])).collect());
    imported.sections = sections;
}

/// A workflow; where it does not come over, nothing of the try is left but its account.
fn tried<'l>(
    id: SourceId,
    library: &mut Library<'l>,
    declared: &mut Declared,
    make: impl FnOnce(&mut Library<'l>, &mut Declared) -> Option<Build>,
) -> Option<Build> {
    let (calls, before, comments) = (library.calls(), declared.clone(), library.comments.get(&id).cloned());
    let build = make(library, declared);
    if build.is_none() {
        library.call_back(calls);
        *declared = before;
        library.comments.extend(comments.map(|c| (id, c)));
    }
    build
}

/// Whether no job of a workflow ever runs: a list of versions that others keep up to date, for example.
fn is_idle(document: &Node) -> bool {
    let never =
        |job: &Node| job.get("if").and_then(Node::text).is_some_and(|text| matches!(text.trim(), "false" | "${{ false }}"));
    let jobs = document.get("jobs").map(Node::entries).unwrap_or_default();
    !jobs.is_empty() && jobs.iter().all(|job| never(&job.value))
}

/// The name of a file without its folders and its ending.
fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.trim_end_matches(".yaml").trim_end_matches(".yml")
}

fn workflow(
    document: &Node,
    id: SourceId,
    name: &str,
    library: &mut Library<'_>,
    ledger: &mut Ledger,
    declared: &mut Declared,
) -> Option<Build> {
    let written = document.get("jobs").map(|jobs| call::written_out(library, ledger, jobs.entries())).unwrap_or_default();
    let title = document.get("name").and_then(Node::text);
    let scope = Scope { workflow: title.unwrap_or(name).to_owned(), ..Scope::default() };
    let mut work = Work {
        ledger,
        declared,
        library,
        scope,
        permissions: Vec::new(),
        env: Vec::new(),
        kept: OfWorkflow::default(),
        shell: None,
        directory: None,
    };
    let on = work.open(document, "on")?;
    let mut above = work.heading(id);
    work.open(document, "jobs")?;
    let mut foreign = Foreign::of(document);
    let mut events = event::on(&mut work, on, name, &mut foreign);
    work.scope.kinds = events.0.children().iter().map(|c| c.name().to_owned()).chain(foreign.names.iter().cloned()).collect();
    work.scope.own = foreign.names.clone();
    if let Some(own) = foreign.node() {
        events.push(own);
    }
    events.0.children.as_ref()?;
    if let Some(entry) = work.open(document, "name")
        && let Some(title) = title
        && slug(title) != name
    {
        work.mark(entry, Fate::Emulated(format!("a comment; GitHub shows the workflow as `{name}`")));
        above.insert(0, title.to_owned());
    }
    let mut build = node("workflow").arg(name).comments(above);
    let comments = work.comments(on);
    let place = build.0.children.as_ref().map_or(0, Vec::len);
    if let Some(entry) = work.open(document, "concurrency") {
        build.0.children.get_or_insert_default().extend(concurrency::concurrency(&mut work, entry).map(|b| b.0));
    }
    if let Some(entry) = work.open(document, "permissions") {
        work.permissions = permission::permissions(&mut work, entry);
    }
    if let Some(entry) = work.open(document, "env") {
        work.env = step::env(&mut work, entry);
        for (key, value) in &work.env {
            build.push(node("env").prop(key, value));
        }
    }
    if let Some(run) = work.open(document, "defaults").and_then(|e| work.open(&e.value, "run")) {
        work.shell = work.open(&run.value, "shell").and_then(|e| e.value.text()).map(str::to_owned);
        work.directory = work.open(&run.value, "working-directory").and_then(|e| e.value.text()).map(str::to_owned);
    }
    if let Some(entry) = work.open(document, "run-name") {
        build.push(whole::title(&mut work, entry));
    }
    work.kept = OfWorkflow { permissions: document.get("permissions").cloned(), defaults: document.get("defaults").cloned() };
    let found = survey::survey(&mut work, &written);
    let built = job::jobs(&mut work, &found);
    foreign::with_jobs(&mut work, &mut events, &on.value);
    build.0.children.get_or_insert_default().insert(place, events.comments(comments).0);
    // What no other vendor starts is no better for a spec that stops at a condition.
    let unsaid = |key: &Key| key.span.source == id && key.path.ends_with(".if") && matches!(key.fate(), Fate::Lost(_));
    let stops = work.scope.own.len() == work.scope.kinds.len() && work.ledger.keys().iter().any(unsaid);
    (!built.is_empty() && !stops).then(|| build.children(built))
}
