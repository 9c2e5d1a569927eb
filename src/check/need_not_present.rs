//! A present job with an absent need: GitHub skips the job, GitLab refuses the pipeline, so the spec must not say it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::check::facts::first;
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::event::Event;
use crate::ir::expr::{Expr, Truth};
use crate::ir::job::{Job, Need, NeedKind};
use crate::sema::presence::{absence, present, same_condition};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        for need in job.needs.iter().filter(|n| n.kind.is_strict() && n.kind != NeedKind::Gate) {
            let other = pipeline.job(need.job);
            if other.workflow == job.workflow {
                let missing = missing(job, other);
                let (by_paths, plain) = split(pipeline, other, &missing);
                if let Some(event) = first(pipeline, &plain) {
                    diagnostics.push(absent(pipeline, job, need, other, event, &plain));
                } else if let Some(event) = first(pipeline, &by_paths) {
                    diagnostics.push(filtered(pipeline, job, need, other, event));
                }
            }
        }
        stages(pipeline, job, diagnostics);
    }
}

/// The events that a job may have and another surely or possibly has not.
pub(super) fn missing(job: &Job, other: &Job) -> BitSet {
    // One asks of the run all that the other asks: they are present together.
    let asks = |condition: &Expr| job.condition.iter().flat_map(Expr::conjuncts).any(|own| same_condition(own, condition));
    let together = job.condition.is_some() && other.condition.as_ref().is_some_and(|c| c.conjuncts().into_iter().all(asks));
    job.possible.difference(if together { &other.possible } else { &other.present })
}

/// Which of the events would have the job if other files had changed.
fn split(pipeline: &Pipeline, job: &Job, events: &BitSet) -> (BitSet, BitSet) {
    let (mut by_paths, mut plain) = (BitSet::new(events.len()), BitSet::new(events.len()));
    for i in events.iter() {
        let event = &pipeline.events[i];
        let any_files = Event { paths: None, ..event.clone() };
        let filtered = event.paths.is_some() && present(pipeline, job, &any_files) != Truth::No;
        if filtered {
            by_paths.insert(i)
        } else {
            plain.insert(i)
        };
    }
    (by_paths, plain)
}

fn absent(pipeline: &Pipeline, job: &Job, need: &Need, other: &Job, event: &Event, events: &BitSet) -> Diagnostic {
    let (name, needed) = (&job.name.value, &other.name.value);
    let many = if events.count() > 1 { format!(" (and in {} other cases)", events.count() - 1) } else { String::new() };
    let message = |why: &str| format!("`{name}` runs {}, but `{needed}`, {why}, does not{many}", event.shown());
    let found = match need.kind {
        NeedKind::Data => Diagnostic::error("producer-does-not-run", need.span, message("whose artifact it consumes")),
        NeedKind::Output => Diagnostic::error("producer-does-not-run", need.span, message("whose output it reads")),
        _ => Diagnostic::error("need-not-present", need.span, message("which it needs")),
    }
    .label(format!("`{needed}` is absent there"));
    let ordered = if need.kind == NeedKind::Strict {
        format!(", or write `after {needed}` if its absence does not matter")
    } else {
        String::new()
    };
    why_absent(found, pipeline, other, event)
        .help(format!("let `{needed}` run there too, or narrow `{name}` with `only`{ordered}"))
}

fn filtered(pipeline: &Pipeline, job: &Job, need: &Need, other: &Job, event: &Event) -> Diagnostic {
    let (name, needed) = (&job.name.value, &other.name.value);
    let found = Diagnostic::error(
        "need-filtered-by-paths",
        need.span,
        format!("`{name}` runs {}, but the changed files leave out `{needed}`, which it needs", event.shown()),
    )
    .label(format!("`{needed}` looks at other files"));
    why_absent(found, pipeline, other, event)
        .help(format!("give `{needed}` at least the paths of `{name}`, or write `after {needed}` if its absence does not matter"))
}

fn why_absent(found: Diagnostic, pipeline: &Pipeline, other: &Job, event: &Event) -> Diagnostic {
    match absence(pipeline, other, event) {
        Some(absence) => found.related(absence.span, format!("left out by {}", absence.what)),
        None => found,
    }
}

/// A stage that is named must have a job for every event.
fn stages(pipeline: &Pipeline, job: &Job, diagnostics: &mut Diagnostics) {
    let workflow = pipeline.workflow(job.workflow);
    for named in &job.needs_stages {
        let stage = &workflow.stages[named.value];
        let mut any = BitSet::new(pipeline.events.len());
        stage.jobs.iter().for_each(|j| any.union_with(&pipeline.job(*j).present));
        let Some(event) = first(pipeline, &job.possible.difference(&any)) else { continue };
        let at: Span = named.span;
        diagnostics.push(
            Diagnostic::error(
                "need-not-present",
                at,
                format!(
                    "`{}` runs {}, but stage `{}`, which it needs, has no job there",
                    job.name.value,
                    event.shown(),
                    stage.name.value
                ),
            )
            .label("this stage is empty then")
            .related(stage.name.span, "the stage")
            .help(format!("let a job of `{}` run there too, or narrow `{}` with `only`", stage.name.value, job.name.value)),
        );
    }
}
