//! The way back from a deploy, and the limits of time that leave room for it.

use crate::ir::id::TargetId;
use crate::ir::job::Rollback;
use crate::ir::text::Text;
use crate::ir::units::Duration;
use crate::plan::step::{Phase, PlannedStep, RunWhen};
use crate::plan::steps::{Builder, DEPLOY, ROLLBACK};

impl Builder<'_> {
    pub(super) fn rollback(&mut self, rollback: &Rollback, started: usize) {
        let Some(deploy) = self.steps.get_mut(started) else { return };
        let started = deploy.id.get_or_insert_with(|| DEPLOY.to_owned()).clone();
        let from = self.steps.len();
        for step in &rollback.steps {
            self.step(step, Phase::Rollback, &RunWhen::Rollback { started: started.clone() });
        }
        if let Some(first) = self.steps.get_mut(from) {
            first.id = Some(ROLLBACK.to_owned());
            first.name.get_or_insert_with(|| Text::literal("Roll back", rollback.span));
        }
        // A message has limits of its own.
        let works = |step: &PlannedStep| !step.continue_on_error;
        let count = self.steps[from..].iter().filter(|s| works(s)).count().max(1) as u64;
        // Whole minutes where there are enough: a vendor that rounds up must not come out above the limit.
        let share = |seconds: u64| if seconds >= 60 * count { seconds / count / 60 * 60 } else { seconds / count };
        for step in self.steps[from..].iter_mut().filter(|s| works(s)) {
            let share = rollback.timeout.as_ref().map(|t| Duration::from_seconds(share(t.seconds)));
            step.timeout = step.timeout.or(share);
        }
    }

    /// Where the job can roll back: limits of the steps from the deploy on, so that a step runs out of time before the job does. Steps with a
    /// limit keep it; monitors get what they need and a minute; the rest of the job's time, without the rollback's share, goes to the others,
    /// twice as much to a step of the deploy as to a test.
    pub(super) fn limit_times(&mut self) {
        // What stands behind GitLab's script, or in another phase on AWS, has a limit of its own beside the script's.
        if self.target != TargetId::Github {
            return;
        }
        let Some(first) = self.steps.iter().position(|s| s.id.as_deref() == Some(DEPLOY)) else { return };
        let total = self.job.timeout.seconds;
        let weight = |s: &PlannedStep| match s.phase {
            Phase::Main => 2,
            Phase::SmokeTest | Phase::Monitor | Phase::Measure => 1,
            _ => 0,
        };
        let backs = self.steps.iter().filter(|s| s.phase == Phase::Rollback).count() as u64;
        let back: u64 =
            self.steps.iter().filter(|s| s.phase == Phase::Rollback).filter_map(|s| s.timeout).map(|t| t.seconds).sum();
        let reserve = if back > 0 { back } else { (total / 4).max(60) };
        let counts = |s: &&PlannedStep| weight(s) > 0 || s.phase == Phase::Finally && s.when == RunWhen::Success;
        let fixed: u64 = self.steps[first..].iter().filter(counts).filter_map(|s| s.timeout).map(|t| t.seconds).sum();
        let open: u64 = self.steps[first..].iter().filter(|s| s.timeout.is_none()).map(weight).sum();
        // A minute for what stands before the deploy, and one for the messages behind.
        let left = total.saturating_sub(reserve + fixed + 120);
        for step in &mut self.steps[first..] {
            let (share, step_weight) = (left / open.max(1), weight(step));
            if step.timeout.is_none() && step_weight > 0 {
                step.timeout = Some(Duration::from_seconds(minutes_floor(share * step_weight)));
            }
            if step.timeout.is_none() && step.phase == Phase::Rollback {
                step.timeout = Some(Duration::from_seconds(minutes_floor(reserve / backs.max(1))));
            }
        }
    }
}

/// Whole minutes, at least one: a vendor that counts in minutes rounds nothing up then.
fn minutes_floor(seconds: u64) -> u64 {
    (seconds / 60).max(1) * 60
}
