//! An approval asks people whom a target does not know by any name.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::gate::GateKind;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for gate in &pipeline.gates {
        let GateKind::Approval(approval) = &gate.kind else { continue };
        for asked in &approval.from {
            let team = &pipeline.teams[asked.value.index()];
            for target in pipeline.targets.iter().filter(|t| team.names.iter().all(|(id, _)| *id != t.id)) {
                let word = target.id.word();
                diagnostics.push(
                    Diagnostic::error(
                        "team-not-on-target",
                        asked.span,
                        format!("team `{}` has no name on {word}, so nobody could agree there", team.name.value),
                    )
                    .label("asked here")
                    .related(team.name.span, "declared here")
                    .help(format!("say what {word} calls it: team {} {{ {word} \"…\" }}", team.name.value)),
                );
            }
        }
    }
}
