//! A gate that speaks of an environment guards a job that enters none.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::gate::{Gate, GateKind};
use crate::ir::id::GateId;
use crate::ir::text::{Context, Text};
use crate::ir::walk;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    for job in pipeline.jobs.iter().filter(|j| j.environment.is_none()) {
        let watched = job.deploy.iter().flat_map(|d| &d.monitor);
        let guarding: Vec<&Spanned<GateId>> = job.requires.iter().chain(watched).collect();
        for used in guarding {
            let gate = pipeline.gate(used.value);
            let Some(open) = open_environment(gate, &targets) else { continue };
            diagnostics.push(
                Diagnostic::error(
                    "gate-outside-environment",
                    used.span,
                    format!("gate `{}` speaks of the environment of `{}`, which enters none", gate.name.value, job.name.value),
                )
                .label("required here")
                .related(open, "has no value for this job")
                .help(format!("give `{}` an `environment`, or write the value into the gate", job.name.value)),
            );
        }
    }
}

/// Where a gate leaves its environment to the job it guards.
fn open_environment(gate: &Gate, targets: &[crate::ir::id::TargetId]) -> Option<Span> {
    let mut texts: Vec<&Text> = Vec::new();
    match &gate.kind {
        GateKind::Probe(probe) => texts.push(&probe.url),
        GateKind::Query(query) => {
            texts.extend([&query.query, &query.address].into_iter().chain(&query.token).chain(&query.project))
        }
        GateKind::Check { steps } => steps.iter().for_each(|s| {
            walk::step(s, targets, &mut |item| {
                if let walk::Item::Text(t) | walk::Item::Script(t) = item {
                    texts.push(t);
                }
            });
        }),
        GateKind::Approval(approval) => texts.extend(&approval.message),
        GateKind::Measure(_) | GateKind::Findings(_) | GateKind::Junit { .. } | GateKind::Window(_) => {}
    }
    let open = |c: &&Spanned<Context>| matches!(c.value, Context::Environment { environment: None, .. });
    texts.into_iter().flat_map(Text::contexts).find(open).map(|c| c.span)
}
