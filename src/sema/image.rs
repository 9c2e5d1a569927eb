//! Whether an image build pushes for an event.

use crate::ir::Pipeline;
use crate::ir::event::{Event, EventKind};
use crate::ir::expr::Truth;
use crate::ir::job::Job;
use crate::ir::step::{Push, Step, StepKind};
use crate::sema::presence::holds;

/// Whether a step of a job builds an image and pushes it, given that the job is there.
pub fn pushed(pipeline: &Pipeline, job: &Job, step: &Step, event: &Event) -> Truth {
    let StepKind::DockerBuild(build) = &step.kind else { return Truth::No };
    let own = |condition| holds(pipeline, Some(job.workflow), event, condition);
    let runs = step.condition.as_ref().map_or(Truth::Yes, own);
    runs.and(match &build.push {
        Push::Never => Truth::No,
        Push::NotOnPullRequest => (event.kind != EventKind::PullRequest).into(),
        Push::If(condition) => own(condition),
    })
}
