//! What the converters of one Jenkinsfile share.

use std::collections::BTreeMap;

use crate::base::source::SourceFile;
use crate::front::declare::Declared;
use crate::front::ledger::{Fate, Ledger};
use crate::front::logic::{Part, asked};
use crate::front::name::Names;
use crate::front::node::node;

use super::tree::{Arg, Item};

/// A Jenkinsfile at work.
pub(super) struct Work<'w> {
    /// The account.
    pub(super) ledger: &'w mut Ledger,
    /// The text.
    pub(super) file: &'w SourceFile,
    /// What the spec declares.
    pub(super) declared: &'w mut Declared,
    /// Parameters by name: the input, and whether it is a truth value.
    pub(super) inputs: BTreeMap<String, (String, bool)>,
    /// Variables of the pipeline whose value is known.
    pub(super) known: BTreeMap<String, String>,
    /// Axes of the matrix at work, by the name of their variable.
    pub(super) axes: BTreeMap<String, String>,
    /// Kinds of events that start the pipeline.
    pub(super) kinds: Vec<&'static str>,
    /// Names of jobs.
    pub(super) jobs: Names,
    /// Names of gates.
    pub(super) gates: Names,
    /// Names of artifacts.
    pub(super) artifacts: Names,
    /// Files put aside: the vendor's name to the artifact, with the job that has it.
    pub(super) stashes: BTreeMap<String, (String, String)>,
}

impl Work<'_> {
    /// Says what became of a statement; what is below it is for itself.
    pub(super) fn mark(&mut self, item: &Item, fate: Fate) {
        self.ledger.mark(item.key, fate);
    }

    /// Says that a statement with all below it came over exactly.
    pub(super) fn carry(&mut self, item: &Item) {
        self.all(item, &Fate::Exact);
    }

    /// Says that a statement with all below it is said in another way.
    pub(super) fn turn(&mut self, item: &Item, how: &str) {
        self.all(item, &Fate::Emulated(how.to_owned()));
    }

    /// Says that a statement with all below it is not carried.
    pub(super) fn lose(&mut self, item: &Item, why: &str) {
        self.all(item, &Fate::Lost(why.to_owned()));
    }

    fn all(&mut self, item: &Item, fate: &Fate) {
        item.each_key(&mut |key| self.ledger.mark(key, fate.clone()));
    }

    /// Says that named arguments, other than those that are known, are not carried.
    pub(super) fn only(&mut self, args: &[Arg], known: &[&str], why: &str) {
        for arg in args.iter().filter(|a| a.name.as_deref().is_some_and(|n| !known.contains(&n))) {
            if let Some(key) = arg.key {
                self.ledger.mark(key, Fate::Lost(why.to_owned()));
            }
        }
    }

    /// The line of a statement.
    pub(super) fn line(&self, item: &Item) -> usize {
        self.file.line_column(item.span.start).0
    }

    /// That the run has one of these kinds of events, as far as the kinds that there are leave a choice.
    pub(super) fn kind(&self, wanted: &str) -> Part {
        match (self.kinds.contains(&wanted), self.kinds.len()) {
            (false, _) => Part::Known(false),
            (true, 1) => Part::Known(true),
            (true, _) => asked(format!("run.event == '{wanted}'")),
        }
    }

    /// A person who must agree before a job: the gate that it requires.
    pub(super) fn approval(&mut self, title: &str, message: Option<&str>) -> String {
        let gate = self.gates.unique(title);
        if self.declared.gates.iter().all(|g| g.0.name() != "team") {
            let told = "who may go on was a right in Jenkins: name the team by each target's words";
            self.declared.gates.insert(0, node("team").arg("approvers").comments([told]));
        }
        let mut asked = node("approval").child(node("from").arg("approvers"));
        if let Some(message) = message {
            asked.push(node("message").arg(message));
        }
        self.declared.gates.push(node("gate").arg(&gate).child(asked));
        gate
    }
}
