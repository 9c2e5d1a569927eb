//! The check that the outputs are what the spec says, run by the vendor itself.

use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::event::{Clause, Filter};
use crate::ir::id::WorkflowId;
use crate::plan::names::Names;

/// What it is called where no job of the spec has that name.
const NAME: &str = "pipewright";

/// The command that fails when a file and the spec have grown apart; it shows the lines that differ.
pub const CHECK: &str = "pipewright build --check";

/// A check of the outputs, beside the workflows of the spec: no job of the spec waits for it, and it waits for none.
#[derive(Clone, Debug)]
pub struct DriftCheck {
    /// The name of its file on a vendor with workflows, unique among theirs.
    pub file: String,
    /// Its job's name, unique in the file that it stands in.
    pub id: String,
    /// When it runs: on every push and pull request that the spec's workflows listen to, whatever files it changes. A check that a filter of
    /// paths may leave out would miss an edit of the spec, and stay pending for ever as a required check.
    pub on: Filter,
    /// Lines that put `pipewright` on the runner.
    pub install: Vec<String>,
}

/// The check that a target asks for. `files` and `jobs` are the names that are taken already.
pub(super) fn check(
    pipeline: &Pipeline,
    target: &Target,
    selected: &[WorkflowId],
    files: &mut Names,
    jobs: &mut Names,
) -> Option<DriftCheck> {
    let span = target.check_drift?;
    let mut clauses: Vec<Clause> = Vec::new();
    for clause in selected.iter().flat_map(|w| pipeline.workflow(*w).on.commits()) {
        if !clauses.iter().any(|c| c.kind == clause.kind) {
            clauses.push(clause);
        }
    }
    Some(DriftCheck {
        file: files.give(crate::ir::id::TargetId::Github, NAME, "check"),
        id: jobs.give(target.id, NAME, "check"),
        on: Filter { clauses, span },
        install: target.install.iter().map(|l| l.value.clone()).collect(),
    })
}
