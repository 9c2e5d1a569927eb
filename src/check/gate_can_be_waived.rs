//! A way around a gate, said aloud: nobody is to find out in an emergency.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for gate in &pipeline.gates {
        let Some(waive) = &gate.waive else { continue };
        let message = format!("gate `{}` can be passed over: {}", gate.name.value, waive.reason);
        diagnostics.push(Diagnostic::note("gate-can-be-waived", waive.span, message).label("the way around it"));
    }
}
