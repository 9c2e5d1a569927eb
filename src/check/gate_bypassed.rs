//! A gate that is required and not there, in some events or in all.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts::{is_approval, shown};
use crate::check::need_not_present::missing;
use crate::ir::Pipeline;
use crate::ir::environment::Tier;
use crate::ir::job::Job;
use crate::sema::order::deploys_to;
use crate::sema::presence::absence;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        for required in &job.requires {
            let gate = pipeline.gate(required.value);
            let producers = gate.producers.iter().map(|p| pipeline.job(*p)).filter(|p| p.workflow == job.workflow);
            for producer in producers.filter(|p| p.name != job.name) {
                let without = missing(job, producer);
                let Some(event) = without.first().map(|i| &pipeline.events[i]) else { continue };
                let (goal, name) = (goal(pipeline, job), &gate.name.value);
                let never = !producer.possible.intersects(&job.possible);
                let found = if never {
                    Diagnostic::error(
                        "gate-unreachable",
                        required.span,
                        format!("{goal} requires gate `{name}`, which is never measured when it runs"),
                    )
                } else {
                    let events = shown(pipeline, &without);
                    Diagnostic::error("gate-bypassed", required.span, format!("{goal} is reached without gate `{name}` {events}"))
                };
                let found = found
                    .label(format!("measured in `{}`, which does not run there", producer.name.value))
                    .related(gate.name.span, "the gate is measured here");
                let found = match absence(pipeline, producer, event) {
                    Some(absence) => {
                        found.related(absence.span, format!("`{}` is left out by {}", producer.name.value, absence.what))
                    }
                    None => found,
                };
                diagnostics.push(
                    found
                        .help(format!("let `{}` run there too, or narrow `{}` with `only`", producer.name.value, job.name.value)),
                );
            }
        }
    }
    approvals(pipeline, diagnostics);
}

fn goal(pipeline: &Pipeline, job: &Job) -> String {
    match deploys_to(job) {
        Some(environment) => format!("environment `{}`", pipeline.environment(environment).name.value),
        None => format!("`{}`", job.name.value),
    }
}

/// Two ways to production, one with an approval and one without.
fn approvals(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (index, environment) in pipeline.environments.iter().enumerate() {
        let deploys: Vec<&Job> = pipeline.jobs.iter().filter(|j| deploys_to(j).is_some_and(|e| e.index() == index)).collect();
        let approved = |job: &Job| job.requires.iter().find(|g| is_approval(pipeline, g.value)).copied();
        let Some((with, gate)) = deploys.iter().find_map(|j| Some((*j, approved(j)?))) else { continue };
        if environment.tier != Tier::Production {
            continue;
        }
        for job in deploys.iter().filter(|j| approved(j).is_none()) {
            diagnostics.push(
                Diagnostic::error(
                    "gate-bypassed",
                    job.name.span,
                    format!(
                        "environment `{}` is reached by `{}` without an approval, which `{}` asks for",
                        environment.name.value, job.name.value, with.name.value
                    ),
                )
                .label("no approval on this way")
                .related(gate.span, "the other way has one")
                .help(format!(
                    "write `requires {}` in the environment, so that it binds every deploy",
                    pipeline.gate(gate.value).name.value
                )),
            );
        }
    }
}
