//! The steps that send messages.

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::ir::expr::Expr;
use crate::ir::id::GateId;
use crate::ir::job::Shell as Interpreter;
use crate::ir::step::{Moment, Notification};
use crate::plan::script::message;
use crate::plan::step::{Phase, PlannedStep, RunWhen};
use crate::plan::steps::{Builder, ROLLBACK, generated};

impl Builder<'_> {
    pub(super) fn notifications(&mut self, moments: &[Moment]) {
        let job = self.job;
        let watched = job.deploy.iter().flat_map(|d| &d.monitor).map(|g| g.value);
        let looked_at: BTreeSet<GateId> = self.guarded.iter().copied().chain(watched).collect();
        let of_gates: Vec<(Option<GateId>, &Notification)> =
            looked_at.into_iter().flat_map(|id| self.pipeline.gate(id).notify.iter().map(move |n| (Some(id), n))).collect();
        for (gate, notification) in job.notify.iter().map(|n| (None, n)).chain(of_gates) {
            for moment in notification.on.iter().filter(|m| moments.contains(&m.value)) {
                let when = match moment.value {
                    Moment::Started | Moment::Success => RunWhen::Success,
                    Moment::Failure => RunWhen::Failure,
                    Moment::Always => RunWhen::Always,
                    Moment::Rollback => RunWhen::Ran { step: ROLLBACK.to_owned() },
                    Moment::GateFailed => {
                        let steps = self.gate_ids(gate);
                        if steps.is_empty() {
                            continue;
                        }
                        RunWhen::AnyFailed { steps }
                    }
                    Moment::ApprovalRequested => continue,
                };
                self.notify(notification, moment.value, when, None);
            }
        }
    }

    /// The ids of the gates' steps, or of one gate's; gives them one.
    fn gate_ids(&mut self, only: Option<GateId>) -> Vec<String> {
        let pipeline = self.pipeline;
        let watched: Vec<GateId> = self.job.deploy.iter().flat_map(|d| &d.monitor).map(|g| g.value).collect();
        let mut ids = Vec::new();
        for (i, step) in self.steps.iter_mut().enumerate() {
            let watch = step.phase == Phase::Monitor;
            if only.is_some_and(|id| step.gate != only && !(watch && step.gate.is_none() && watched.contains(&id))) {
                continue;
            }
            if let Some(gate) = step.gate.filter(|_| !step.continue_on_error) {
                ids.push(step.id.get_or_insert_with(|| format!("gate-{}", pipeline.gate(gate).name.value)).clone());
            } else if watch {
                ids.push(step.id.get_or_insert_with(|| format!("watch-{i}")).clone());
            }
        }
        ids
    }

    pub(super) fn notify(&mut self, notification: &Notification, moment: Moment, when: RunWhen, condition: Option<Expr>) {
        let step = notice_step(self.pipeline, notification, moment, when, self.job.shell.value);
        self.steps.push(PlannedStep { condition, ..step });
    }
}

/// The step that sends a message. A message that cannot be sent fails nothing.
pub fn notice_step(
    pipeline: &Pipeline,
    notification: &Notification,
    moment: Moment,
    when: RunWhen,
    shell: Interpreter,
) -> PlannedStep {
    let channel = &pipeline.channels[notification.channel.index()];
    let script = message::message(&channel.kind, notification, moment, &pipeline.name.value);
    let mut step = generated("", script, Phase::Notify, when, shell, notification.span);
    step.name = Some(message::title(&channel.name.value, notification.span));
    step.continue_on_error = true;
    step
}
