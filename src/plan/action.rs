//! Jobs that are an action of CodePipeline and no build, `raw codepipeline` or the call of a function: what such a job can say beside, and what the pipeline's role needs.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::event::EventKind;
use crate::ir::gate::GateKind;
use crate::ir::id::TargetId;
use crate::ir::job::Job;
use crate::ir::raw::RawValue;
use crate::ir::step::FunctionCall;
use crate::ir::text::{Context, Part, Text};
use crate::plan::PlannedWorkflow;
use crate::plan::stages::{Presence, presence};
use crate::plan::start::starts;

/// Characters of a value in the configuration of an action, `UserParameters` among them
/// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html>).
const CHARACTERS: usize = 1000;

/// What the role of a pipeline needs for the actions of a provider
/// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/security-iam.html#how-to-custom-role>).
const RIGHTS: &[(&str, &[&str])] = &[
    ("Lambda", &["lambda:InvokeFunction", "lambda:ListFunctions"]),
    (
        "CodeDeploy",
        &[
            "codedeploy:CreateDeployment",
            "codedeploy:GetApplication",
            "codedeploy:GetApplicationRevision",
            "codedeploy:GetDeployment",
            "codedeploy:GetDeploymentConfig",
            "codedeploy:RegisterApplicationRevision",
        ],
    ),
    (
        "OpsWorks",
        &[
            "opsworks:CreateDeployment",
            "opsworks:DescribeApps",
            "opsworks:DescribeCommands",
            "opsworks:DescribeDeployments",
            "opsworks:DescribeInstances",
            "opsworks:DescribeStacks",
            "opsworks:UpdateApp",
            "opsworks:UpdateStack",
        ],
    ),
    ("StepFunctions", &["states:DescribeExecution", "states:DescribeStateMachine", "states:StartExecution"]),
];

/// The keys of a job's action, in order.
pub fn keys(job: &Job) -> impl Iterator<Item = (&str, &RawValue)> {
    let own = job.raw.iter().filter(|r| r.target.value == TargetId::Codepipeline);
    own.flat_map(|r| r.keys.iter().map(|(k, v)| (k.value.as_str(), v)))
}

/// Who does the action.
pub fn provider(job: &Job) -> Option<&str> {
    let (_, RawValue::Map(kind)) = keys(job).find(|(k, _)| *k == "ActionTypeId")? else { return None };
    match kind.iter().find(|(k, _)| k == "Provider") {
        Some((_, RawValue::String(text))) => Some(text),
        _ => None,
    }
}

/// The role that the action has of its own.
pub fn role(job: &Job) -> Option<&str> {
    match keys(job).find(|(k, _)| *k == "RoleArn") {
        Some((_, RawValue::String(text))) => Some(text),
        _ => None,
    }
}

/// What the pipeline's own role must be allowed for a provider; `None` where nobody knows.
pub fn rights(provider: &str) -> Option<&'static [&'static str]> {
    RIGHTS.iter().find(|(name, _)| *name == provider).map(|(_, actions)| *actions)
}

/// Looks at such jobs.
pub fn review(pipeline: &Pipeline, workflows: &[PlannedWorkflow<'_>], diagnostics: &mut Diagnostics) {
    for workflow in workflows {
        for id in &workflow.workflow.jobs {
            let job = pipeline.job(*id);
            let raw = job.raw.iter().find(|r| r.target.value == TargetId::Codepipeline);
            if raw.is_none() && job.function().is_none() {
                continue;
            }
            let mut fault = |span: Span, what: String, help: &str| {
                let message = format!("job `{}` is an action of CodePipeline, {what}", job.name.value);
                diagnostics.push(Diagnostic::error("raw-action", span, message).help(help.to_owned()));
            };
            if let Some(input) = job.function().and_then(|f| f.input.as_ref()).filter(|i| length(i) > CHARACTERS) {
                let what = format!("which gives a function {CHARACTERS} characters at most");
                fault(input.span, what, "write the rest to a place that the function reads");
            }
            in_action(pipeline, workflow, job, &mut fault);
            let Some(raw) = raw else { continue };
            if !job.is_an_action() || !job.services.is_empty() || job.image.is_some() {
                let help = "give the action a job of its own: `raw codepipeline { ActionTypeId …; Configuration … }` and nothing that runs";
                fault(raw.target.span, "and has steps or a machine".to_owned(), help);
                continue;
            }
            match provider(job) {
                None => {
                    let help = "say what it does: `ActionTypeId Category=Invoke Owner=AWS Provider=StepFunctions Version=\"1\"`";
                    fault(raw.target.span, "and does not say whose".to_owned(), help);
                }
                Some(own) if rights(own).is_none() && role(job).is_none() => {
                    let what = format!("and what {own} needs to be allowed is not known");
                    fault(raw.target.span, what, "give the action a role that may do it: `RoleArn \"arn:…\"`");
                }
                Some(_) => {}
            }
            for (span, word) in beside(job) {
                fault(span, format!("which has no `{word}`"), "leave it out, or do the work by commands");
            }
        }
    }
}

/// What only a build does before its own work: decide whether it runs, and ask a gate.
fn in_action(pipeline: &Pipeline, workflow: &PlannedWorkflow<'_>, job: &Job, fault: &mut impl FnMut(Span, String, &str)) {
    let planned = workflow.jobs.iter().find(|j| j.job.name.span == job.name.span);
    let decides = |j| starts(pipeline, workflow.workflow).iter().any(|s| s.has(j) && presence(j, s) == Presence::InJob);
    if planned.is_some_and(decides) {
        let span = job.condition.as_ref().map_or(job.name.span, |c| c.span);
        let help = "ask for names of branches, tags or inputs alone, at most five: the entry of a stage compares them";
        fault(span, "and nothing in it could decide whether it runs".to_owned(), help);
    }
    let inputs = job.function().into_iter().flat_map(FunctionCall::texts).flat_map(Text::contexts);
    let mut inputs = inputs.filter(|c| matches!(c.value, Context::Input(_)));
    let others = |j| starts(pipeline, workflow.workflow).iter().any(|s| s.kind != EventKind::Manual && s.has(j));
    if let Some(input) = inputs.next().filter(|_| planned.is_some_and(others)) {
        let what = "and gives a function an input that only a run by hand has there".to_owned();
        fault(input.span, what, "let only `manual` start the job, or give the function something else");
    }
    for required in &job.requires {
        let gate = pipeline.gate(required.value);
        if gate.producers.is_empty() && !matches!(gate.kind, GateKind::Approval(_)) {
            let what = format!("and nothing in it could ask `{}`", gate.name.value);
            fault(required.span, what, "require the gate of a job before it");
        }
    }
}

/// How many characters a text has at least.
fn length(text: &Text) -> usize {
    let literal = |part: &Part| if let Part::Literal(text) = part { text.chars().count() } else { 0 };
    text.parts.iter().map(literal).sum()
}

/// What only a build can have.
fn beside(job: &Job) -> Vec<(Span, &'static str)> {
    let mut found = Vec::new();
    found.extend(job.matrix.as_ref().map(|_| (job.name.span, "matrix")));
    found.extend(job.allow_failure.as_ref().map(|_| (job.name.span, "allow-failure")));
    found.extend(job.retry.as_ref().map(|r| (r.span, "retry")));
    found.extend(job.env.first().map(|e| (e.name.span, "env")));
    found.extend(job.produces.first().map(|p| (p.name.span, "produces")));
    found.extend(job.consumes.first().map(|c| (c.name.span, "consumes")));
    found.extend(job.outputs.first().map(|o| (o.span, "output")));
    found.extend(job.environment.as_ref().map(|_| (job.name.span, "environment")));
    found
}
