//! The files of an import: those that were asked for, and those of the repository that they call.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::source::SourceMap;
use crate::base::span::SourceId;
use crate::front::ledger::Ledger;
use crate::front::yaml::{self, Comments, Fault, Limits, Node};

/// Files that have been read.
pub(super) struct Library<'l> {
    /// The texts.
    pub(super) sources: &'l SourceMap,
    root: &'l Path,
    documents: BTreeMap<SourceId, Node>,
    /// Comments nobody has taken yet, by file.
    pub(super) comments: BTreeMap<SourceId, Comments>,
    paths: BTreeMap<String, Option<SourceId>>,
    /// What could not be read.
    pub(super) faults: Vec<Fault>,
    called: BTreeSet<SourceId>,
    /// Files whose jobs cannot stand where they are called.
    alone: BTreeSet<SourceId>,
}

impl<'l> Library<'l> {
    /// A library of a repository.
    pub(super) fn new(sources: &'l SourceMap, root: &'l Path) -> Self {
        Self {
            sources,
            root,
            documents: BTreeMap::new(),
            comments: BTreeMap::new(),
            paths: BTreeMap::new(),
            faults: Vec::new(),
            called: BTreeSet::new(),
            alone: BTreeSet::new(),
        }
    }

    /// Reads a file that was asked for.
    pub(super) fn read(&mut self, ledger: &mut Ledger, id: SourceId) -> Option<&Node> {
        let file = self.sources.file(id);
        let limits = Limits { refuse_twice: true, documents: 1 };
        let (documents, comments, faults) = yaml::read(id, &file.text, limits, ledger);
        let broken = faults.iter().any(|f| f.fatal);
        self.faults.extend(faults);
        let document = documents.into_iter().next().filter(|_| !broken)?;
        self.comments.insert(id, comments);
        self.documents.insert(id, document);
        self.documents.get(&id)
    }

    /// A file that has been read.
    pub(super) fn document(&self, id: SourceId) -> Option<&Node> {
        self.documents.get(&id)
    }

    /// Whether a file is called by another one of the import.
    pub(super) fn is_called(&self, id: SourceId) -> bool {
        self.called.contains(&id)
    }

    /// What is called so far.
    pub(super) fn calls(&self) -> BTreeSet<SourceId> {
        self.called.clone()
    }

    /// Takes back what has been called since: the caller did not come over.
    pub(super) fn call_back(&mut self, calls: BTreeSet<SourceId>) {
        self.called = calls;
    }

    /// A file that is called, and stays a workflow of its own: its jobs cannot stand where it is called.
    pub(super) fn stands_alone(&mut self, id: SourceId) {
        self.alone.insert(id);
    }

    /// Whether a file of the import calls another one, whose jobs then stand in the place of the call.
    pub(super) fn has_callers(&self, id: SourceId) -> bool {
        !self.alone.contains(&id) && self.is_named(id, &|_| true)
    }

    /// Whether one of some files calls another one.
    pub(super) fn is_named(&self, id: SourceId, by: &dyn Fn(SourceId) -> bool) -> bool {
        let name = &self.sources.file(id).name;
        let calls = |path: &str| name == path || name.strip_suffix(path).is_some_and(|rest| rest.ends_with('/'));
        self.documents.iter().filter(|(caller, _)| by(**caller)).any(|(_, document)| {
            let jobs = document.get("jobs").map(Node::entries).unwrap_or_default();
            jobs.iter().filter_map(|j| j.value.get("uses")?.text()?.strip_prefix("./")).any(calls)
        })
    }

    /// Notes that a file is written out where it is called.
    pub(super) fn called(&mut self, document: &Node) {
        self.called.insert(document.span.source);
    }

    /// A workflow of the repository that can be called.
    pub(super) fn workflow(&mut self, ledger: &mut Ledger, path: &str) -> Option<Node> {
        let document = self.file(ledger, path)?;
        let on = document.get("on")?;
        let can = on.entry("workflow_call").is_some() || on.texts().is_some_and(|words| words.contains(&"workflow_call"));
        can.then_some(document)
    }

    /// An action of the repository.
    pub(super) fn action(&mut self, ledger: &mut Ledger, path: &str) -> Option<Node> {
        let path = path.trim_end_matches('/');
        let name = |file: &str| if path.is_empty() { file.to_owned() } else { format!("{path}/{file}") };
        ["action.yml", "action.yaml"].iter().find_map(|file| self.file(ledger, &name(file)))
    }

    fn file(&mut self, ledger: &mut Ledger, path: &str) -> Option<Node> {
        if !self.paths.contains_key(path) {
            let known = self.documents.keys().find(|id| {
                let name = &self.sources.file(**id).name;
                name == path || name.strip_suffix(path).is_some_and(|rest| rest.ends_with('/'))
            });
            let id = match known {
                Some(id) => Some(*id),
                None => self.fetch(ledger, path),
            };
            self.paths.insert(path.to_owned(), id);
        }
        let id = (*self.paths.get(path)?)?;
        self.documents.get(&id).cloned()
    }

    fn fetch(&mut self, ledger: &mut Ledger, path: &str) -> Option<SourceId> {
        // Nothing outside the repository is read.
        if path.starts_with('/') || path.split('/').any(|part| part == "..") {
            return None;
        }
        let full = self.root.join(path);
        let id = full.is_file().then(|| self.sources.read(&full, path).ok()).flatten()?;
        self.read(ledger, id)?;
        Some(id)
    }
}
