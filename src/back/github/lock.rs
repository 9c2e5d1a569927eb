//! What may run beside a job: `concurrency:` of jobs and workflows.

use crate::ir::job::{Concurrency, Group, Mode};
use crate::plan::job::PlannedJob;

use super::context::Writer;
use super::view::ConcurrencyView;

impl Writer<'_, '_> {
    /// The lock of the job: its environment's, its own, or its share of the workflow's.
    pub(super) fn concurrency(&mut self) -> Option<ConcurrencyView> {
        let own = self.job.job.concurrency.clone();
        let environment = self.job.environment.as_ref().and_then(|e| e.id);
        match (own, environment) {
            (Some(own), _) => Some(self.lock(&own)),
            (None, Some(id)) => {
                let lock = self.plan.pipeline.environment(id).concurrency.clone();
                Some(self.lock(&lock))
            }
            (None, None) => {
                let whole = self.workflow.workflow.concurrency.as_ref()?;
                let cancels = whole.mode.value == Mode::CancelRunning && !cancels_as_a_whole(self.workflow.jobs.iter());
                if !cancels || !self.job.interruptible {
                    return None;
                }
                let whole = whole.clone();
                let mut lock = self.lock(&whole);
                lock.group = format!("{}-{}", lock.group, self.job.id);
                if self.job.job.matrix.is_some() {
                    // The cells of one run must not stop one another.
                    lock.group.push_str("-${{ strategy.job-index }}");
                }
                Some(lock)
            }
        }
    }

    /// A concurrency of the spec in GitHub's words.
    pub(super) fn lock(&mut self, concurrency: &Concurrency) -> ConcurrencyView {
        let group = match &concurrency.group {
            Group::PerBranch => "${{ github.workflow }}-${{ github.ref }}".to_owned(),
            Group::PerWorkflow => "${{ github.workflow }}".to_owned(),
            Group::Environment(id) => format!("deploy-{}", self.plan.pipeline.environment(*id).name.value),
            Group::Named(text) => self.value(text),
        };
        ConcurrencyView {
            group,
            cancel: concurrency.mode.value == Mode::CancelRunning,
            // Without it a newer waiting run replaces an older one.
            queue: (concurrency.mode.value == Mode::QueueAll).then_some("max"),
        }
    }
}

/// Whether every job of a workflow may be cancelled by a newer run, so that the workflow as a whole may.
pub(super) fn cancels_as_a_whole<'a, 'p: 'a>(jobs: impl IntoIterator<Item = &'a PlannedJob<'p>>) -> bool {
    jobs.into_iter().all(|j| j.interruptible && j.job.environment.is_none())
}
