//! What has no value yet where it is read: in the condition of a job what only its machine knows, and in a job its own outputs before a step of it
//! has written them.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::id::{JobId, TargetId};
use crate::ir::job::{Group, Job};
use crate::ir::step::{Step, StepKind};
use crate::ir::text::{Context, RunField, Text};
use crate::ir::walk::{self, Item};

/// The file that scripts write outputs to.
const FILE: &str = "PIPEWRIGHT_OUTPUT";

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<TargetId> = pipeline.targets.iter().map(|t| t.id).collect();
    for (id, job) in pipeline.job_ids() {
        own_outputs(id, job, &targets, diagnostics);
        for context in job.condition.iter().flat_map(|c| c.contexts()) {
            let Some(what) = late(&context.value) else { continue };
            diagnostics.push(
                Diagnostic::error(
                    "context-not-known-yet",
                    context.span,
                    format!("the `if` of `{}` reads {what}, which has no value before the job starts", job.name.value),
                )
                .label("not known yet")
                .help("ask for the event, an input or a `variable`; or give the condition to a step: run \"…\" if=\"…\""),
            );
        }
    }
}

/// An output of the job itself, which its steps read before one of them has written it.
fn own_outputs(id: JobId, job: &Job, targets: &[TargetId], diagnostics: &mut Diagnostics) {
    if job.outputs.is_empty() {
        return;
    }
    let is_own = |c: &Context| matches!(c, Context::Output { job, .. } if *job == id);
    let mut say = |context: &Spanned<Context>, why: &str, help: &str| {
        let Context::Output { output, .. } = &context.value else { return };
        let message = format!("`{}` reads its own output `{output}`, {why}", job.name.value);
        diagnostics.push(Diagnostic::error("context-not-known-yet", context.span, message).label("not known yet").help(help));
    };
    let before: Vec<Spanned<Context>> = before_steps(job).into_iter().filter(|c| is_own(&c.value)).collect();
    before.iter().for_each(|c| say(c, "which has no value before its steps ran", "read it in a later step, or in another job"));
    let scripts: Vec<bool> = job.steps.iter().map(|s| mentions(s, targets)).collect();
    // Where no script names the file, programs that they call may write to it.
    let unsaid = !scripts.contains(&true);
    let mut written = false;
    for (step, says) in job.steps.iter().zip(scripts) {
        let reads: Vec<Spanned<Context>> = contexts(step, targets).into_iter().filter(|c| is_own(&c.value)).collect();
        let early = read_early(step, targets);
        for context in &reads {
            if !written {
                say(
                    context,
                    "which no step before this one writes",
                    "write it before: echo \"name=value\" >> \"$PIPEWRIGHT_OUTPUT\"",
                );
            } else if job.retry.is_some() {
                say(
                    context,
                    "and is tried again: all attempts are one step of GitHub, whose values are known before it",
                    "keep the value in a variable of the script, or remove `retry`",
                );
            } else if early.contains(context) {
                say(context, "where some vendors look before the job starts", "read it in a script");
            }
        }
        written |= says || unsaid && matches!(step.kind, StepKind::Run(_) | StepKind::Action(_));
    }
}

/// What a job reads beside its steps, and what its condition does not say.
fn before_steps(job: &Job) -> Vec<Spanned<Context>> {
    let group = job.concurrency.as_ref().and_then(|c| match &c.group {
        Group::Named(text) => Some(text),
        _ => None,
    });
    let services = job.services.iter().flat_map(|s| std::iter::once(&s.image).chain(s.env.iter().map(|e| &e.value)));
    let texts = job.image.iter().chain(job.runner.label()).chain(job.env.iter().map(|e| &e.value)).chain(services).chain(group);
    let asked = job.condition.iter().flat_map(|c| c.contexts());
    texts.flat_map(Text::contexts).cloned().chain(asked).collect()
}

fn contexts(step: &Step, targets: &[TargetId]) -> Vec<Spanned<Context>> {
    let mut found = Vec::new();
    walk::step(step, targets, &mut |item| match item {
        Item::Text(text) | Item::Script(text) => found.extend(text.contexts().cloned()),
        Item::Condition(expr) | Item::JobCondition(expr) => found.extend(expr.contexts()),
    });
    found
}

/// Whether a script of a step names the file of the outputs.
fn mentions(step: &Step, targets: &[TargetId]) -> bool {
    let mut found = false;
    walk::step(step, targets, &mut |item| {
        if let Item::Script(text) = item {
            found |= text.mentions(FILE);
        }
    });
    found
}

/// What a step reads before the job starts on some vendor: keys of caches and versions of tools become keys of the whole job there. Whether such a
/// step is left out does not matter to them: more is there than is asked for.
fn read_early(step: &Step, targets: &[TargetId]) -> Vec<Spanned<Context>> {
    let mut found = Vec::new();
    match &step.kind {
        StepKind::Cache(_) | StepKind::Toolchain(_) | StepKind::Tools(_) | StepKind::Checkout(_) => {
            walk::step(step, targets, &mut |item| {
                if let Item::Text(text) = item {
                    found.extend(text.contexts().cloned());
                }
            });
        }
        StepKind::Action(call) => {
            let inner = call.bodies_of(targets).into_iter().flat_map(|b| &b.steps);
            found.extend(inner.flat_map(|s| read_early(s, targets)));
        }
        _ => {}
    }
    found
}

/// What a vendor knows on the job's own machine only.
fn late(context: &Context) -> Option<&'static str> {
    match context {
        Context::Secret(_) | Context::Run(RunField::Token) => Some("a secret"),
        Context::Env(_) => Some("a variable of the steps"),
        Context::Matrix(_) => Some("a cell of the matrix"),
        Context::Image(_) => Some("the digest of an image"),
        Context::Service { .. } | Context::DockerHost => Some("the address of a service"),
        Context::Gate { .. } => Some("the answer of a gate"),
        Context::JobStatus => Some("the status of the job"),
        Context::Commit(_)
        | Context::Run(_)
        | Context::Pr(_)
        | Context::Repository(_)
        | Context::JobName
        | Context::Output { .. }
        | Context::NeedsResult(_)
        | Context::Input(_)
        | Context::Variable(_)
        | Context::Registry(_)
        | Context::Environment { .. }
        | Context::Value(_) => None,
    }
}
