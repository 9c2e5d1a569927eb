//! An action of GitHub at a version that cannot be pinned by commit.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::id::TargetId;
use crate::ir::raw::Raw;
use crate::ir::step::{Step, StepKind};
use crate::target::capability::Capability;
use crate::target::pins;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    // Where the spec accepts it, the plan says when that ends.
    let name = Capability::UnpinnedAction.name();
    let is_accepted = pipeline.accepts.iter().any(|a| a.target.value == TargetId::Github && a.loss.value == name);
    if !is_accepted && pipeline.targets.iter().any(|t| t.id == TargetId::Github) {
        pipeline.jobs.iter().flat_map(script::steps).for_each(|s| step(s, diagnostics));
        let own = pipeline.jobs.iter().flat_map(|j| &j.raw).filter(|r| r.target.value == TargetId::Github);
        own.for_each(|r| raw(r, diagnostics));
    }
}

/// What keys of GitHub call stands in the file as it is, so only a commit pins it.
fn raw(raw: &Raw, diagnostics: &mut Diagnostics) {
    raw.each_text(&mut |word, key, text| {
        let commit = text.rsplit_once('@').is_some_and(|(_, c)| c.len() == 40 && c.bytes().all(|b| b.is_ascii_hexdigit()));
        if word == "uses" && !commit && !text.starts_with("./") && !text.starts_with("docker://") {
            diagnostics.push(
                Diagnostic::error("unpinned-action", key.span, format!("`{text}` can be changed by its owner at any time"))
                    .label("not pinned to a commit")
                    .help("write the commit behind its version; or take the risk by name: `accept github unpinned-action reason=\"…\"`"),
            );
        }
    });
}

fn step(step: &Step, diagnostics: &mut Diagnostics) {
    match &step.kind {
        StepKind::Uses { action, .. } => {
            if let Err(way) = pins::resolve(&action.value) {
                diagnostics.push(
                    Diagnostic::error(
                        "unpinned-action",
                        action.span,
                        format!("`{}` can be changed by its owner at any time", action.value),
                    )
                    .label("not pinned to a commit")
                    .help(format!("{way}; or take the risk by name: `accept github unpinned-action reason=\"…\"`")),
                );
            }
        }
        StepKind::Action(call) => {
            let bodies = call.bodies.iter().filter(|b| b.targets.contains(&TargetId::Github));
            bodies.flat_map(|b| &b.steps).for_each(|s| self::step(s, diagnostics));
        }
        _ => {}
    }
}
