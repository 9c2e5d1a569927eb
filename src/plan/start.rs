//! Starts: what a vendor without conditions on events gets one pipeline each for.
//!
//! A workflow starts in several ways: by a push, a tag, a pull request, a person, or one of its schedules. On AWS each of them is a batch or a
//! pipeline of its own, since a run cannot tell one from another, and so that a pull request never reaches what a deploy may do.

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::event::{ClauseKind, EventKind, Schedule};
use crate::ir::job::Workflow;
use crate::plan::PlannedWorkflow;
use crate::plan::job::PlannedJob;

/// One way in which a workflow starts.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// The kind of event.
    pub kind: EventKind,
    /// Which schedule, of that kind.
    pub schedule: Option<&'a Schedule>,
    /// Its events, of `Pipeline::events`.
    pub events: BitSet,
}

impl Start<'_> {
    /// A word for names: `push`, `schedule-nightly`.
    pub fn word(&self) -> String {
        match self.schedule {
            Some(schedule) => format!("schedule-{}", schedule.name.value),
            None => self.kind.word().to_owned(),
        }
    }

    /// Whether a job may be there.
    pub fn has(&self, job: &PlannedJob<'_>) -> bool {
        job.job.possible.intersects(&self.events)
    }

    /// Whether a job is there whenever the workflow starts so.
    pub fn always_has(&self, job: &PlannedJob<'_>) -> bool {
        self.events.is_subset(&job.job.present)
    }
}

/// The ways in which a workflow starts, in the order of the kinds.
pub fn starts<'a>(pipeline: &Pipeline, workflow: &'a Workflow) -> Vec<Start<'a>> {
    let events_of = |kind: EventKind, schedule: Option<&str>| {
        let mut events = BitSet::new(pipeline.events.len());
        for (i, event) in pipeline.events.iter().enumerate() {
            let same = event.kind == kind && schedule.is_none_or(|name| event.schedule.as_deref() == Some(name));
            if same && workflow.on.accepts(event) {
                events.insert(i);
            }
        }
        events
    };
    let mut found = Vec::new();
    for (_, kind) in EventKind::ALL {
        if *kind == EventKind::Schedule {
            found.extend(workflow.schedules.iter().map(|schedule| Start {
                kind: *kind,
                schedule: Some(schedule),
                events: events_of(*kind, Some(&schedule.name.value)),
            }));
            continue;
        }
        let asked = |c: &ClauseKind| match c {
            ClauseKind::Push { .. } => *kind == EventKind::Push,
            ClauseKind::Tag { .. } => *kind == EventKind::Tag,
            ClauseKind::PullRequest { .. } => *kind == EventKind::PullRequest,
            ClauseKind::Manual { .. } => *kind == EventKind::Manual,
            ClauseKind::Release { .. } => *kind == EventKind::Release,
            ClauseKind::Schedule { .. } | ClauseKind::Raw(_) => false,
            ClauseKind::Branch { .. } => matches!(kind, EventKind::Push | EventKind::Manual),
        };
        if workflow.on.clauses.iter().any(|c| asked(&c.kind)) {
            found.push(Start { kind: *kind, schedule: None, events: events_of(*kind, None) });
        }
    }
    // What starts no job needs no pipeline.
    let jobs = || workflow.jobs.iter().map(|id| &pipeline.job(*id).possible);
    found.retain(|s| jobs().any(|possible| possible.intersects(&s.events)));
    found
}

/// Whether one of these starts may come without a job, though it may come with it.
pub fn is_sometimes_without(starts: &[Start<'_>], job: &PlannedJob<'_>) -> bool {
    starts.iter().any(|s| s.has(job) && !s.always_has(job))
}

/// The jobs of a start, as indexes into the workflow's, and for each how many needs lie before it at most.
pub fn levels(workflow: &PlannedWorkflow<'_>, start: &Start<'_>) -> Vec<(usize, usize)> {
    let there: BTreeSet<usize> = (0..workflow.jobs.len()).filter(|i| start.has(&workflow.jobs[*i])).collect();
    let mut level = vec![0; workflow.jobs.len()];
    // A chain is no longer than the list, and cycles have been refused before.
    for _ in 0..workflow.jobs.len() {
        for at in &there {
            let needs = workflow.jobs[*at].needs.iter().filter(|n| there.contains(&n.job));
            level[*at] = needs.map(|n| level[n.job] + 1).max().unwrap_or(0);
        }
    }
    there.into_iter().map(|i| (i, level[i])).collect()
}
