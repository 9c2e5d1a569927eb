//! A message to a topic of SNS from a job that nothing gives a role in AWS.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::environment::{ChannelKind, Target};
use crate::ir::job::{Job, Workflow};
use crate::ir::step::{Notification, StepKind};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let to_topic = |n: &&Notification| matches!(pipeline.channels[n.channel.index()].kind, ChannelKind::Sns { .. });
    for workflow in &pipeline.workflows {
        let holds = |t: &&Target| !t.id.is_aws() && t.holds(&workflow.name.value);
        let Some(target) = pipeline.targets.iter().find(holds) else { continue };
        let of_jobs = workflow.jobs.iter().map(|id| pipeline.job(*id)).filter(|j| !has_role(pipeline, j)).flat_map(|j| {
            let placed = script::steps(j).filter_map(|s| if let StepKind::Notify(n) = &s.kind { Some(n) } else { None });
            placed.chain(&j.notify).collect::<Vec<_>>()
        });
        for notification in of_run(workflow).chain(of_jobs).filter(to_topic) {
            let channel = &pipeline.channels[notification.channel.index()].name;
            let word = target.id.word();
            diagnostics.push(
                Diagnostic::error(
                    "sns-without-role",
                    notification.span,
                    format!("nothing here has a role in AWS on {word}, so `{}` cannot be told", channel.value),
                )
                .related(channel.span, "the topic")
                .help("put it on a job whose environment has `identity aws …` or that takes one by `aws-role`, or use another channel"),
            );
        }
    }
}

/// Messages about a run are sent by a job of their own, which takes no role.
fn of_run(workflow: &Workflow) -> impl Iterator<Item = &Notification> {
    workflow.notify.iter()
}

/// Whether something gives the job a role before its messages.
fn has_role(pipeline: &Pipeline, job: &Job) -> bool {
    let entered = job.environment.as_ref().map(|e| pipeline.environment(e.environment));
    let taken = |s: &crate::ir::step::Step| match &s.kind {
        StepKind::Action(call) => call.name.value == "aws-role",
        StepKind::Run(_) => script::lines(s).iter().any(|l| script::marked(l).contains("assume-role")),
        _ => false,
    };
    entered.is_some_and(|e| e.identity.is_some()) || script::steps(job).any(taken)
}
