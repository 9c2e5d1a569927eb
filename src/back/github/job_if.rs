//! `if:` of a job: its presence, and the results of what it waits for.

use crate::ir::bits::BitSet;
use crate::ir::step::Outcome;
use crate::plan::job::PlannedNeed;

use super::context::Writer;
use super::expr::Gh;
use super::route;
use super::translate::{Presence, reads_results};

impl Writer<'_, '_> {
    /// `if:` of the job. A skipped ancestor skips every job below it that has no status function, and a status function lets a job run past
    /// a need that was skipped; so the long form names the result of each strict need.
    pub(super) fn job_if(&mut self, presence: &Presence, needs: &mut Vec<String>) -> Option<Gh> {
        let job = self.job;
        let jobs = &self.workflow.jobs;
        let result = |i: usize| format!("needs.{}.result", jobs[i].id);
        let any_result = job.needs.iter().any(|n| n.any_result) || job.job.condition.as_ref().is_some_and(reads_results);
        let recovered = self.recovered();
        let guard = match job.job.when.value {
            Outcome::Always => vec![Gh::atom("always()")],
            Outcome::Failure => {
                let failed = job.needs.iter().map(|n| Gh::is(result(n.job), "failure"));
                let failed =
                    if job.needs.len() > 2 { Some(Gh::atom("contains(needs.*.result, 'failure')")) } else { Gh::any(failed) };
                std::iter::once(Gh::atom("!cancelled()")).chain(failed).collect()
            }
            Outcome::Success if !job.poisoned && !recovered && !any_result && job.needs.iter().all(|n| n.always_present) => {
                Vec::new()
            }
            Outcome::Success => {
                let mut parts = vec![Gh::atom("!cancelled()")];
                // The results of needs that are surely there say all; without them a failure further back must stop the job.
                if !(any_result || recovered && job.needs.iter().all(|n| n.always_present)) {
                    parts.push(Gh::atom("!failure()"));
                }
                if presence.routed {
                    parts.push(Gh::is(format!("needs.{}.result", route::JOB), "success"));
                }
                let certain = |n: &&PlannedNeed| n.always_present && !n.any_result;
                parts.extend(job.needs.iter().filter(certain).map(|n| Gh::is(result(n.job), "success")));
                let optional: Vec<usize> =
                    job.needs.iter().filter(|n| !n.always_present && !n.any_result).map(|n| n.job).collect();
                // A job out of time counts as cancelled, and so leaves what waits for it skipped.
                for above in self.unseen_ancestors(&optional) {
                    needs.push(jobs[above].id.clone());
                }
                if !optional.is_empty() {
                    if any_result {
                        for i in &optional {
                            let ran = [Gh::is(result(*i), "success"), Gh::is(result(*i), "skipped")];
                            parts.extend(Gh::any(ran));
                        }
                    } else {
                        parts.push(Gh::atom("!contains(needs.*.result, 'cancelled')"));
                    }
                }
                parts
            }
        };
        Gh::all(guard.into_iter().chain(presence.gh.clone()))
    }

    /// Whether a job above runs after a failure, too. GitHub's `success()`, which stands where no status function does, and `failure()` look at
    /// all ancestors, not at the needs alone: "failure() returns true if any ancestor job fails" (GitHub Docs, "Expressions").
    fn recovered(&self) -> bool {
        let jobs = &self.workflow.jobs;
        let mut open: Vec<usize> = self.job.needs.iter().map(|n| n.job).collect();
        let mut seen = BitSet::new(jobs.len());
        while let Some(i) = open.pop() {
            if jobs[i].job.when.value != Outcome::Success && !jobs[i].needs.is_empty() {
                return true;
            }
            open.extend(jobs[i].needs.iter().map(|n| n.job).filter(|need| seen.insert(*need)));
        }
        false
    }

    /// Ancestors behind optional needs that no need which must succeed answers for.
    fn unseen_ancestors(&self, optional: &[usize]) -> Vec<usize> {
        if optional.is_empty() {
            return Vec::new();
        }
        let jobs = &self.workflow.jobs;
        let strict: Vec<usize> = self.job.needs.iter().filter(|n| n.always_present).map(|n| n.job).collect();
        let closure = |from: &[usize]| {
            let mut open = from.to_vec();
            let mut found = BitSet::new(jobs.len());
            while let Some(i) = open.pop() {
                open.extend(jobs[i].needs.iter().map(|n| n.job).filter(|need| found.insert(*need)));
            }
            found
        };
        let mut found = closure(optional).difference(&closure(&strict));
        self.job.needs.iter().for_each(|n| _ = found.remove(n.job));
        found.iter().collect()
    }
}
