//! Names that a spec hands on to the vendor as they stand: toolchains, tools, raw keys. What nobody knows there is refused, not guessed.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::gate::GateKind;
use crate::ir::id::{TargetId, WorkflowId};
use crate::ir::job::{Job, Runner};
use crate::ir::raw::Raw;
use crate::ir::step::{Step, StepKind};
use crate::ir::text::{Context, Text};
use crate::ir::walk::every_step;
use crate::plan::PlannedWorkflow;
use crate::target::known::{toolchains, tools};
use crate::target::owned::{Level, is_owned};

/// Looks at the names in the workflows of a target.
pub fn review(pipeline: &Pipeline, workflows: &[WorkflowId], target: TargetId, diagnostics: &mut Diagnostics) {
    for workflow in workflows.iter().map(|w| pipeline.workflow(*w)) {
        let taken: Vec<&str> = workflow.jobs.iter().map(|j| pipeline.job(*j).name.value.as_str()).collect();
        raws(&workflow.raw, target, Level::Workflow, &taken, &format!("workflow `{}`", workflow.name.value), diagnostics);
        for job in workflow.jobs.iter().map(|j| pipeline.job(*j)) {
            let level = match job {
                _ if job.is_githubs_own() => Level::Whole,
                _ if job.has_githubs_cells() => Level::Cells,
                _ => Level::Job,
            };
            raws(&job.raw, target, level, &[], &format!("job `{}`", job.name.value), diagnostics);
            steps_or_keys(pipeline, job, target, diagnostics);
            every_step(job).for_each(|s| languages(s, target, diagnostics));
            runners(pipeline, job, target, diagnostics);
            if target.is_aws() {
                machines(job, target, diagnostics);
            }
        }
    }
}

/// Looks at the files of a target that stay as they are.
pub fn files(pipeline: &Pipeline, target: TargetId, workflows: &[PlannedWorkflow<'_>], diagnostics: &mut Diagnostics) {
    for file in pipeline.raw_files.iter().filter(|f| f.target == target) {
        let name = file.path.value.rsplit('/').next().unwrap_or_default();
        let own = workflows.iter().find(|w| name.strip_prefix(&w.file).is_some_and(|end| matches!(end, ".yml" | ".yaml")));
        diagnostics.push(match own {
            Some(own) => {
                let message = format!("`{}` is a file that pipewright writes for {}", file.path.value, target.word());
                Diagnostic::error("raw-key-owned", file.path.span, message)
                    .related(own.workflow.name.span, "for this workflow")
                    .help("take the line out, or give the workflow another name")
            }
            None => {
                let message = format!("`{}` stays a file of {}'s own, which nobody checks", file.path.value, target.word());
                Diagnostic::note("raw-keys", file.path.span, message)
            }
        });
    }
}

/// What a build of AWS cannot have together.
fn machines(job: &Job, target: TargetId, diagnostics: &mut Diagnostics) {
    let word = target.word();
    if let Some(image) = &job.image {
        let toolchain = job.steps.iter().find(|s| matches!(s.kind, StepKind::Toolchain(_))).map(|s| (s.span, "a toolchain"));
        let service = job.services.first().map(|s| (s.name.span, "a service"));
        let docker = job.docker.map(|span| (span, "docker"));
        if let Some((span, what)) = toolchain.or(service).or(docker) {
            let message = format!("job `{}` cannot have {what} in an image of its own on {word}", job.name.value);
            diagnostics.push(
                Diagnostic::error("not-expressible", span, message)
                    .related(image.span, "the image")
                    .help("leave `image` out: the images of CodeBuild have both; or use an image that has all the job needs"),
            );
        }
    }
}

/// A runner of the spec's own that says nothing for the target, where a job asks for it by its name or as a value of an axis: the vendor would take
/// its usual machine.
fn runners(pipeline: &Pipeline, job: &Job, target: TargetId, diagnostics: &mut Diagnostics) {
    let (span, names): (_, BTreeSet<&str>) = match &job.runner {
        Runner::Named(name) => (name.span, BTreeSet::from([name.value.as_str()])),
        Runner::Label(text) => return label(pipeline, job, text, target, diagnostics),
        Runner::Axis(axis) => {
            let Some(matrix) = &job.matrix else { return };
            let Some(place) = matrix.axes.iter().position(|a| a.value == axis.value) else { return };
            (axis.span, matrix.cells.iter().filter_map(|c| c.get(place)?.as_deref()).collect())
        }
    };
    let word = target.word();
    for own in pipeline.runners.iter().filter(|r| names.contains(r.name.value.as_str())) {
        let (is_said, help) = match target {
            TargetId::Github => (!own.github.is_empty(), "add `github` with its labels to the runner"),
            TargetId::Gitlab => (!own.gitlab.is_empty(), "add `gitlab tags=…` to the runner"),
            TargetId::Codebuild | TargetId::Codepipeline => {
                (own.codebuild.is_some(), "add `codebuild compute=large` to the runner")
            }
        };
        if !is_said {
            let message = format!("runner `{}` says nothing for {word}", own.name.value);
            diagnostics
                .push(Diagnostic::error("not-expressible", span, message).related(own.name.span, "declared here").help(help));
        }
    }
}

/// Contexts that GitHub has no value for where it looks for a runner
/// (<https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#context-availability>).
const UNKNOWN_TO_RUNS_ON: &[&str] = &["env.", "job.", "runner.", "secrets.", "steps."];

/// The label of a runner, where GitHub knows less than in a step.
fn label(pipeline: &Pipeline, job: &Job, text: &Text, target: TargetId, diagnostics: &mut Diagnostics) {
    if target != TargetId::Github {
        return;
    }
    let known = |context: &Context| match context {
        Context::Variable(_) | Context::Input(_) | Context::Matrix(_) => true,
        Context::Output { job: giver, .. } => pipeline.job(*giver).name.value != job.name.value,
        Context::Value(id) => pipeline.values[id.index()].github.as_ref().is_some_and(|own| {
            let starts =
                |at: usize| !own.value[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
            UNKNOWN_TO_RUNS_ON.iter().all(|word| own.value.match_indices(word).all(|(at, _)| !starts(at)))
        }),
        _ => false,
    };
    for context in text.contexts().filter(|c| !known(&c.value)) {
        let message = format!("the runner of `{}` is looked for before this is known on {}", job.name.value, target.word());
        let help = "give the label by a variable, an input, an axis, an output of another job, or a `value` with `github`";
        diagnostics.push(Diagnostic::error("not-expressible", context.span, message).help(help));
    }
}

fn languages(step: &Step, target: TargetId, diagnostics: &mut Diagnostics) {
    match &step.kind {
        StepKind::Toolchain(toolchain) => {
            let known = toolchains(target);
            for (name, _) in toolchain.tools.iter().filter(|(name, _)| !known.contains(&name.value.as_str())) {
                diagnostics.push(unknown("unknown-toolchain", "toolchain", name, target, known));
            }
        }
        StepKind::Tools(asked) => {
            let known: Vec<&str> = tools(target).iter().map(|t| t.name).collect();
            for tool in asked {
                match tools(target).iter().find(|t| t.name == tool.name.value) {
                    None => diagnostics.push(unknown("unknown-tool", "tool", &tool.name, target, &known)),
                    Some(row) if row.wants_version && tool.version.is_none() => {
                        let message = format!("`{}` needs a version on {}", tool.name.value, target.word());
                        let help = format!("say which: tools {}=\"…\"", tool.name.value);
                        diagnostics.push(Diagnostic::error("unknown-tool", tool.name.span, message).help(help));
                    }
                    Some(_) => {}
                }
            }
        }
        StepKind::Action(call) => {
            let Some(body) = call.body(target) else {
                let (name, word) = (&call.name.value, target.word());
                let message = format!("action `{name}` says nothing for {word}");
                let help = format!("add `for {word} {{ run … }}` to the action, or take {word} away from this workflow");
                diagnostics.push(Diagnostic::error("action-without-body", call.name.span, message).help(help));
                return;
            };
            body.steps.iter().for_each(|s| languages(s, target, diagnostics));
        }
        _ => {}
    }
}

fn unknown(rule: &'static str, kind: &str, name: &Spanned<String>, target: TargetId, known: &[&str]) -> Diagnostic {
    let message = format!("no {kind} `{}` is known for {}", name.value, target.word());
    let near = did_you_mean(&name.value, known.iter().copied()).map_or_else(String::new, |n| format!("did you mean `{n}`? "));
    let other = "or set it up by a `run` of your own, or an `image` that has it";
    Diagnostic::error(rule, name.span, message).help(format!("{near}known there: {}; {other}", known.join(", ")))
}

/// A job without steps is what its keys of a target make of it: the start of another pipeline.
fn steps_or_keys(pipeline: &Pipeline, job: &Job, target: TargetId, diagnostics: &mut Diagnostics) {
    let own: Vec<_> = job.raw.iter().filter(|r| r.target.value == target).collect();
    if target == TargetId::Github && job.is_githubs_own() {
        let says = !job.env.is_empty()
            || !job.permissions.is_empty()
            || !job.produces.is_empty()
            || !job.consumes.is_empty()
            || !job.outputs.is_empty()
            || !job.services.is_empty()
            || !job.requires.is_empty()
            || job.image.is_some()
            || job.matrix.is_some()
            || job.environment.is_some()
            || job.concurrency.is_some()
            || job.allow_failure.is_some();
        if let Some(raw) = own.first().filter(|_| says) {
            let message =
                format!("keys of GitHub make the whole of `{}`, and what the spec says beside would be lost", job.name.value);
            let help = "say it by GitHub's keys, too; needs, conditions and `when` may stay";
            diagnostics.push(Diagnostic::error("raw-key-owned", raw.target.span, message).help(help));
        }
    }
    let machine = !job.produces.is_empty() || !job.outputs.is_empty() || !job.services.is_empty() || job.image.is_some();
    let asks = job.requires.iter().any(|g| !matches!(pipeline.gate(g.value).kind, GateKind::Approval(_)));
    if !job.runs_nothing() || machine || asks {
        let starts = own.iter().flat_map(|r| &r.keys).filter(|(key, _)| target == TargetId::Gitlab && key.value == "trigger");
        for (key, _) in starts {
            let message = format!("`{}` has steps or a machine, and a job that starts another pipeline has none", job.name.value);
            let help = "give the start a job of its own: `raw gitlab { trigger … }` and nothing that runs";
            diagnostics.push(Diagnostic::error("raw-key-owned", key.span, message).help(help));
        }
    }
}

fn raws(list: &[Raw], target: TargetId, level: Level, taken: &[&str], what: &str, diagnostics: &mut Diagnostics) {
    for raw in list.iter().filter(|r| r.target.value == target) {
        let mut names = Vec::new();
        for (key, _) in &raw.keys {
            if is_owned(target, level, &key.value) || (target == TargetId::Gitlab && taken.contains(&key.value.as_str())) {
                let message = format!("`{}` is a key that pipewright writes for {}", key.value, target.word());
                let help = "say it in the language of the spec; `raw` is for keys that it has no word for";
                diagnostics.push(Diagnostic::error("raw-key-owned", key.span, message).help(help));
            } else {
                names.push(format!("`{}`", key.value));
            }
        }
        if !names.is_empty() {
            let message = format!("{what} has keys of {} that nobody checks: {}", target.word(), names.join(", "));
            diagnostics.push(Diagnostic::note("raw-keys", raw.target.span, message));
        }
    }
}
