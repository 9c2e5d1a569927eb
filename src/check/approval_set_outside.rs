//! An approval whose people are named with the vendor, and nobody who reads the files learns it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::gate::{GateKind, Via};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let approvals = pipeline.gates.iter().filter(|g| matches!(&g.kind, GateKind::Approval(a) if a.via != Via::Issue));
    let Some(gate) = approvals.into_iter().next() else { return };
    let vendors: Vec<&str> =
        pipeline.targets.iter().filter(|t| t.settings.is_none() && t.standby.is_none()).map(|t| t.id.word()).collect();
    let [first, ..] = vendors.as_slice() else { return };
    diagnostics.push(
        Diagnostic::note(
            "approval-set-outside",
            gate.name.span,
            format!("who may approve `{}` is set with {}, not in a file", gate.name.value, vendors.join(" and ")),
        )
        .help(format!(
            "`pipewright settings {first}` lists it; `target {first} settings` writes a checklist and a script that sets it"
        )),
    );
}
