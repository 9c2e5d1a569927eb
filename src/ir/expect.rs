//! What a spec says a run must look like: its `test` nodes.

use crate::base::span::{Span, Spanned};
use crate::ir::event::Event;
use crate::ir::id::{GateId, JobId};

/// A `test` of the spec.
#[derive(Clone, PartialEq, Debug)]
pub struct SpecTest {
    /// What it says.
    pub title: Spanned<String>,
    /// What happens.
    pub event: Spanned<Event>,
    /// What must be so, in the order written.
    pub expects: Vec<Expect>,
}

/// One thing that must be so, of one job.
#[derive(Clone, PartialEq, Debug)]
pub struct Expect {
    /// The job.
    pub job: JobId,
    /// What of it.
    pub kind: ExpectKind,
    /// The word that says it.
    pub span: Span,
}

/// What must be so of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExpectKind {
    /// It is in the run.
    Runs,
    /// It is not.
    Absent,
    /// It, or a job before it, requires this gate.
    Behind(GateId),
    /// It starts after this job has ended.
    After(JobId),
}
