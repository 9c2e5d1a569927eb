//! What the spec says becomes of each job: the side that every target is held against.

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::event::Event;
use crate::ir::expr::Truth;
use crate::ir::id::JobId;
use crate::ir::job::{Job, NeedKind};
use crate::ir::order::behind_needs;
use crate::ir::step::Outcome;
use crate::sema::presence::present;
use crate::target::capability::Capability;
use crate::verify::behaviour::{State, World};
use crate::verify::unsure::{Unsure, reads_results};

/// The run of one event; of several, where a vendor cannot tell them apart.
#[derive(Debug)]
pub(super) struct Model<'p> {
    pipeline: &'p Pipeline,
    presence: Vec<Truth>,
    /// The jobs, each behind those it needs.
    order: &'p [JobId],
    /// What happened.
    events: Vec<Event>,
    /// The spec accepts that a job for failures does not run where a job that it needs did not.
    chained: bool,
}

/// The jobs of a pipeline, each behind those it needs.
pub(super) fn order(pipeline: &Pipeline) -> Vec<JobId> {
    let needs: Vec<Vec<usize>> = pipeline.jobs.iter().map(|j| j.needs.iter().map(|n| n.job.index()).collect()).collect();
    behind_needs(&needs).into_iter().map(|at| JobId(at as u32)).collect()
}

/// Whether a target holds a job.
pub(super) fn holds(pipeline: &Pipeline, target: &Target, job: JobId) -> bool {
    let workflow = pipeline.job(job).workflow;
    let there = !pipeline.job(job).possible.is_empty() || pipeline.workflow(workflow).jobs.contains(&job);
    there && pipeline.starts_on(workflow, target)
}

impl<'p> Model<'p> {
    /// The run of events, of which each job is in if one of them lets it in, and the target holds it.
    pub(super) fn of(pipeline: &'p Pipeline, order: &'p [JobId], events: &[Event], target: &Target) -> Self {
        let presence = pipeline.job_ids().map(|(id, job)| {
            if !holds(pipeline, target, id) {
                return Truth::No;
            }
            events.iter().fold(Truth::No, |truth, event| truth.or(present(pipeline, job, event)))
        });
        let accepts =
            |loss: Capability| pipeline.accepts.iter().any(|a| a.target.value == target.id && a.loss.value == loss.name());
        let (presence, chained) = (presence.collect(), accepts(Capability::WhenFailureChain));
        Self { pipeline, presence, order, events: events.to_vec(), chained }
    }

    /// The jobs that are, or may be, in the run.
    pub(super) fn jobs(&self) -> impl Iterator<Item = JobId> {
        (0..self.presence.len() as u32).map(JobId).filter(|j| self.presence[j.index()] != Truth::No)
    }

    /// Whether each job is in the run.
    pub(super) fn presence(&self) -> &[Truth] {
        &self.presence
    }

    /// What becomes of each job.
    pub(super) fn states(&self, world: &World) -> Vec<State> {
        let mut states = vec![State::Absent; self.presence.len()];
        for id in self.order {
            states[id.index()] = self.state(*id, &states, world);
        }
        states
    }

    fn state(&self, id: JobId, states: &[State], world: &World) -> State {
        let job = self.pipeline.job(id);
        let there = match &job.condition {
            Some(condition) if self.presence[id.index()] == Truth::Maybe && reads_results(condition) => {
                let unasked = Job { condition: None, ..job.clone() };
                let mut events = self.events.iter().filter(|e| present(self.pipeline, &unasked, e) != Truth::No);
                let unsure = |event| Unsure { pipeline: self.pipeline, job, event, states, maybe: world.maybe };
                events.any(|event| unsure(event).holds(condition)).into()
            }
            _ => self.presence[id.index()],
        };
        if there == Truth::No || there == Truth::Maybe && !world.maybe {
            return State::Absent;
        }
        let needs = || job.needs.iter().filter(|n| states[n.job.index()] != State::Absent);
        if needs().any(|n| states[n.job.index()] == State::Waiting) {
            return State::Waiting;
        }
        // What is read only for its result binds by its end alone.
        let mut bind = needs().filter(|n| n.kind != NeedKind::Result).map(|n| states[n.job.index()]);
        let goes_on = match job.when.value {
            Outcome::Success => bind.all(|s| matches!(s, State::Passed | State::Forgiven)),
            Outcome::Failure if self.chained && bind.clone().any(|s| s == State::Skipped) => false,
            Outcome::Failure => bind.any(|s| s == State::Failed),
            Outcome::Always => true,
        };
        if !goes_on || world.skips == Some(id) {
            return State::Skipped;
        }
        if world.withheld.is_some_and(|gate| job.requires.iter().any(|g| g.value == gate)) {
            return if world.dropped { State::Skipped } else { State::Waiting };
        }
        let forgiven = job.allow_failure.as_ref().is_some_and(|a| a.exit_codes.is_empty() || a.exit_codes.contains(&1));
        match world.fails.contains(&id) {
            false => State::Passed,
            true if forgiven => State::Forgiven,
            true => State::Failed,
        }
    }

    /// The jobs of the run that have ended before a job starts.
    pub(super) fn before(&self, id: JobId) -> BTreeSet<JobId> {
        let mut found = BTreeSet::new();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            let needs = self.pipeline.job(next).needs.iter().map(|n| n.job);
            open.extend(needs.filter(|n| self.presence[n.index()] != Truth::No && found.insert(*n)));
        }
        found
    }
}
