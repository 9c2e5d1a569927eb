//! What the converters of AWS share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::source::SourceMap;
use crate::base::span::{SourceId, Span};
use crate::front::account::Account;
use crate::front::declare::Declared;
use crate::front::ledger::Ledger;
use crate::front::yaml::{self, Comments, Fault, Limits, Node};

use super::own::Known;

/// Most files that one import reads beside those it is given.
const MAX_FILES: usize = 200;

/// An import of AWS at work.
pub(super) struct Work<'w> {
    /// The account.
    pub(super) ledger: Ledger,
    /// The texts.
    pub(super) sources: &'w SourceMap,
    /// What files are named from.
    root: &'w Path,
    /// What could not be read.
    pub(super) faults: Vec<Fault>,
    /// What the spec declares.
    pub(super) declared: Declared,
    /// What builds that pipewright wrote tell of one another.
    pub(super) own: Known,
    /// Where the files of an artifact begin, by its name in the spec: a folder below the root.
    pub(super) roots: BTreeMap<String, String>,
    /// Files that another one names.
    pub(super) named: BTreeSet<SourceId>,
    comments: BTreeMap<SourceId, Comments>,
    documents: BTreeMap<SourceId, Option<Node>>,
}

impl Account for Work<'_> {
    fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledger
    }
}

impl<'w> Work<'w> {
    /// Nothing read yet.
    pub(super) fn new(sources: &'w SourceMap, root: &'w Path, ledger: Ledger) -> Self {
        Self {
            ledger,
            sources,
            root,
            faults: Vec::new(),
            declared: Declared::default(),
            own: Known::default(),
            roots: BTreeMap::new(),
            named: BTreeSet::new(),
            comments: BTreeMap::new(),
            documents: BTreeMap::new(),
        }
    }

    /// The document of a file, read once; `None` where it cannot be read.
    pub(super) fn read(&mut self, file: SourceId) -> Option<Node> {
        if let Some(known) = self.documents.get(&file) {
            return known.clone();
        }
        let limits = Limits { refuse_twice: true, documents: 1 };
        let (documents, comments, faults) = yaml::read(file, &self.sources.file(file).text, limits, &mut self.ledger);
        let broken = faults.iter().any(|f| f.fatal);
        self.faults.extend(faults);
        let document = documents.into_iter().next().filter(|_| !broken);
        self.comments.insert(file, comments);
        self.documents.insert(file, document.clone());
        document
    }

    /// The document of a file that another one names, read below the root.
    ///
    /// # Errors
    /// Why it is not there.
    pub(super) fn named(&mut self, path: &str) -> Result<Node, String> {
        let name = path.trim_start_matches("./");
        let plain = !name.starts_with('/') && !name.contains(['$', '\\', ':']) && name.split('/').all(|part| part != "..");
        let known = self.sources.iter().find(|(_, f)| f.name == name).map(|(id, _)| id);
        let within = plain && self.documents.len() < MAX_FILES;
        let found = known.or_else(|| within.then(|| self.sources.read(&self.root.join(name), name).ok()).flatten());
        let file = found.ok_or_else(|| format!("there is no file `{name}` below the root"))?;
        self.named.insert(file);
        self.read(file).ok_or_else(|| format!("`{name}` cannot be read"))
    }

    /// Takes the comments above a place.
    pub(super) fn comments(&mut self, span: Span) -> Vec<String> {
        let line = self.sources.file(span.source).line_column(span.start).0;
        self.comments.get_mut(&span.source).map(|c| c.above(line)).unwrap_or_default()
    }

    /// The comment directly above a place, which stays: a buildspec may be read for several jobs.
    pub(super) fn comment(&self, span: Span) -> Option<String> {
        let file = self.sources.file(span.source);
        let line = file.line_column(span.start).0;
        // A block of text begins on the line behind its mark.
        let mark = file.text.lines().nth(line.checked_sub(2)?).is_some_and(|l| l.trim_start().starts_with("- |"));
        self.comments.get(&span.source)?.directly_above(line - usize::from(mark)).map(str::to_owned)
    }

    /// Takes the comments at the top of the file of a place.
    pub(super) fn first_comments(&mut self, span: Span) -> Vec<String> {
        let own = self.comments.get_mut(&span.source);
        own.map(|c| {
            let first = c.first_code();
            c.between(0, first)
        })
        .unwrap_or_default()
    }
}
