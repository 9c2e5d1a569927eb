//! What the model does for one event: the jobs of the run, what each waits for, and the gates it stands behind.

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::ir::event::Event;
use crate::ir::expr::Truth;
use crate::ir::id::{GateId, JobId};
use crate::sema::presence::present;

/// The run that an event starts.
#[derive(Clone, Debug)]
pub struct Run<'p> {
    pipeline: &'p Pipeline,
    /// Whether each job of the spec is in it.
    presence: Vec<Truth>,
}

impl<'p> Run<'p> {
    /// The run of an event, which need not be one of the pipeline's witnesses.
    pub fn of(pipeline: &'p Pipeline, event: &Event) -> Self {
        Self { pipeline, presence: pipeline.jobs.iter().map(|j| present(pipeline, j, event)).collect() }
    }

    /// Whether a job is in the run.
    pub fn presence(&self, job: JobId) -> Truth {
        self.presence[job.index()]
    }

    /// The jobs that are, or may be, in the run, in the order of the spec.
    pub fn jobs(&self) -> impl Iterator<Item = JobId> {
        (0..self.presence.len() as u32).map(JobId).filter(|j| self.presence(*j) != Truth::No)
    }

    /// The jobs of the run that a job waits for directly.
    pub fn needs(&self, job: JobId) -> impl Iterator<Item = JobId> {
        self.pipeline.job(job).needs.iter().map(|n| n.job).filter(|j| self.presence(*j) != Truth::No)
    }

    /// The jobs of the run that have ended before a job starts.
    pub fn before(&self, job: JobId) -> BTreeSet<JobId> {
        let mut found = BTreeSet::new();
        let mut open = vec![job];
        while let Some(next) = open.pop() {
            open.extend(self.needs(next).filter(|n| found.insert(*n)));
        }
        found
    }

    /// The gates that a job stands behind: its own, and those of the jobs before it.
    pub fn behind(&self, job: JobId) -> BTreeSet<GateId> {
        let jobs = self.before(job);
        jobs.iter().chain([&job]).flat_map(|j| &self.pipeline.job(*j).requires).map(|g| g.value).collect()
    }
}
