//! `if:` of a job: its presence, and the results of what it waits for.

use crate::ir::id::JobId;
use crate::ir::step::Outcome;
use crate::ir::text::Context;
use crate::plan::job::{JobSource, PlannedNeed};

use super::context::Writer;
use super::expr::Gh;
use super::route;
use super::translate::{Presence, reads_results};

impl Writer<'_, '_> {
    /// `if:` of the job. Without a status function GitHub asks for the success of all ancestors ("failure() returns true if any ancestor job
    /// fails", GitHub Docs, "Expressions"), and one that was skipped, since it is not for this event, is no success. So where an ancestor may be
    /// absent, or runs after a failure, the condition names the result of each need; to one that may be absent its absence is as good as success.
    pub(super) fn job_if(&mut self, presence: &Presence, needs: &mut Vec<String>) -> Option<Gh> {
        let job = self.job;
        let binding: Vec<&PlannedNeed> = job.needs.iter().filter(|n| !n.any_result).collect();
        let any_result = binding.len() < job.needs.len() || job.job.condition.as_ref().is_some_and(reads_results);
        // An approval binds whatever the outcome of the jobs is.
        let (asked, ended): (Vec<&PlannedNeed>, Vec<&PlannedNeed>) =
            binding.iter().copied().partition(|n| matches!(self.workflow.jobs[n.job].source, JobSource::Approval { .. }));
        let given: Vec<Gh> = asked.iter().map(|n| Gh::is(self.result(n.job), "success")).collect();
        let guard = match job.job.when.value {
            Outcome::Always => std::iter::once(Gh::atom("always()")).chain(given).collect(),
            Outcome::Failure => {
                let failed = if ended.len() > 2 && ended.len() == job.needs.len() {
                    Some(Gh::atom("contains(needs.*.result, 'failure')"))
                } else {
                    Gh::any(ended.iter().map(|n| Gh::is(self.result(n.job), "failure")))
                };
                std::iter::once(Gh::atom("!cancelled()")).chain(failed).chain(given).collect()
            }
            Outcome::Success if self.is_plain() && !any_result => Vec::new(),
            Outcome::Success => {
                let mut parts = vec![Gh::atom("!cancelled()")];
                let certain = binding.iter().filter(|n| n.always_present);
                parts.extend(certain.map(|n| Gh::is(self.result(n.job), "success")));
                let mut routed = presence.routed;
                for need in binding.iter().filter(|n| !n.always_present) {
                    let passed = Gh::is(self.result(need.job), "success");
                    let absent = self.absence(need.job);
                    routed |= absent.as_ref().is_some_and(|a| a.routed);
                    self.read_results(need.job, needs);
                    parts.extend(Gh::any(std::iter::once(passed).chain(absent.and_then(|a| a.gh))));
                }
                if routed {
                    if !needs.iter().any(|n| n == route::JOB) {
                        needs.insert(0, route::JOB.to_owned());
                    }
                    parts.insert(1, Gh::is(format!("needs.{}.result", route::JOB), "success"));
                }
                parts
            }
        };
        Gh::all(guard.into_iter().chain(presence.gh.clone()))
    }

    fn result(&self, job: usize) -> String {
        format!("needs.{}.result", self.workflow.jobs[job].id)
    }

    /// Whether GitHub's own rule, that every ancestor must succeed, is the spec's.
    fn is_plain(&self) -> bool {
        !self.job.poisoned && !self.recovered() && self.job.needs.iter().all(|n| n.always_present)
    }

    /// A job above runs after a failure, too.
    fn recovered(&self) -> bool {
        let jobs = &self.workflow.jobs;
        let mut open: Vec<usize> = self.job.needs.iter().map(|n| n.job).collect();
        let mut seen = crate::ir::bits::BitSet::new(jobs.len());
        while let Some(i) = open.pop() {
            if jobs[i].job.when.value != Outcome::Success && !jobs[i].needs.is_empty() {
                return true;
            }
            open.extend(jobs[i].needs.iter().map(|n| n.job).filter(|need| seen.insert(*need)));
        }
        false
    }

    /// A condition on results can be asked again only by a job that needs the same jobs.
    fn read_results(&self, other: usize, needs: &mut Vec<String>) {
        let jobs = &self.workflow.jobs;
        for context in jobs[other].job.condition.iter().flat_map(crate::ir::expr::Expr::contexts) {
            let Context::NeedsResult(id) = context.value else { continue };
            let place = |id: JobId| jobs.iter().find(|j| j.source == JobSource::Spec(id));
            if let Some(read) = place(id).filter(|j| !needs.contains(&j.id)) {
                needs.push(read.id.clone());
            }
        }
    }
}
