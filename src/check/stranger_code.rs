//! Code of a stranger in a run that has every right and secret: `pull_request_target`, `workflow_run` and comments run on the base for what anyone may
//! have done (docs.github.com, "Events that trigger workflows", and "Secure use reference", mitigating the risks of untrusted code checkout).

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::event::Event;
use crate::ir::expr::Truth;
use crate::ir::id::TargetId;
use crate::ir::job::Job;
use crate::ir::raw::is_strangers;
use crate::ir::step::{Step, StepKind};
use crate::ir::stranger::{self, fetches, names_head, runs_git};
use crate::ir::text::{CommitField, Context, EnvVar, Part, RepositoryField, Text};
use crate::ir::walk::{self, Item, every_step};
use crate::sema::presence::present;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let of_base = |e: &&Event| e.own.as_deref().is_some_and(is_strangers);
        let mut events = job.possible.iter().map(|i| &pipeline.events[i]).filter(of_base);
        let Some(event) = events.find(|e| present(pipeline, job, e) != Truth::No) else { continue };
        let Some((span, what)) = fetched(pipeline, job) else { continue };
        let name = event.own.as_deref().unwrap_or_default();
        diagnostics.push(
            Diagnostic::error("stranger-code", span, format!("`{}` {what} {}", job.name.value, event.shown()))
                .label("a stranger's code would run here with every right and secret of the repository")
                .help(format!(
                    "do it in a workflow of its own for `pull-request`, which has neither; what is done for `{name}` works on the default branch"
                )),
        );
    }
}

/// Where a job gets code that is not of the base, and how.
fn fetched(pipeline: &Pipeline, job: &Job) -> Option<(Span, &'static str)> {
    let is_head = |context: &Context| match context {
        Context::Value(id) => pipeline.values[id.index()].github.as_ref().is_some_and(|own| names_head(&own.value)),
        _ => false,
    };
    let is_base = |context: &Context| match context {
        Context::Value(id) => pipeline.values[id.index()].github.as_ref().is_some_and(|own| stranger::is_base(&own.value)),
        Context::Commit(CommitField::Sha | CommitField::Short | CommitField::Ref | CommitField::Branch)
        | Context::Repository(RepositoryField::DefaultBranch | RepositoryField::Name) => true,
        _ => false,
    };
    let of_base = |text: &Text| text.contexts().all(|c| is_base(&c.value)) && text.as_literal().is_none_or(|t| !fetches(t));
    let reads_head = |vars: &[EnvVar]| vars.iter().any(|v| v.value.contexts().any(|c| is_head(&c.value)));
    let workflow = pipeline.workflow(job.workflow);
    let around = reads_head(&job.env) || reads_head(&workflow.env);
    for step in every_step(job) {
        if let Some(found) = checked_out(step, &of_base) {
            return Some((found, "checks out a commit that may be a stranger's"));
        }
        let named = around || reads_head(&step.env);
        let mut found = None;
        walk::step(step, &[TargetId::Github], &mut |item| {
            let Item::Script(line) = item else { return };
            let said: String =
                line.parts.iter().filter_map(|p| if let Part::Literal(text) = p { Some(text.as_str()) } else { None }).collect();
            let heads = named || line.contexts().any(|c| is_head(&c.value));
            if (fetches(&said) || heads && runs_git(&said)) && found.is_none() {
                found = Some((line.span, "fetches the code of a pull request"));
            }
        });
        if found.is_some() {
            return found;
        }
    }
    let mut found = None;
    for raw in job.raw.iter().filter(|r| r.target.value == TargetId::Github) {
        raw.each_text(&mut |_, key, text| {
            let is_of_stranger = names_head(text) || fetches(text);
            found = found.or(is_of_stranger.then_some((key.span, "names the code of a stranger in GitHub's own keys")));
        });
    }
    found
}

/// A checkout of what is not surely of the base, also by GitHub's own action.
fn checked_out(step: &Step, of_base: &dyn Fn(&Text) -> bool) -> Option<Span> {
    match &step.kind {
        StepKind::Checkout(checkout) => checkout.reference.as_ref().filter(|t| !of_base(t)).map(|t| t.span),
        StepKind::Uses { action, with } if action.value.contains("checkout") => {
            let said = |name: &str| matches!(name, "ref" | "repository");
            with.iter().find(|(name, text)| said(&name.value) && !of_base(text)).map(|(_, text)| text.span)
        }
        StepKind::Action(call) => {
            let bodies = call.bodies_of(&[TargetId::Github]).into_iter();
            bodies.flat_map(|b| &b.steps).find_map(|s| checked_out(s, of_base)).map(|_| step.span)
        }
        _ => None,
    }
}
