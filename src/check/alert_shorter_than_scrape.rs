//! An alert that fires on a single figure, though it is to wait.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts;
use crate::ir::Pipeline;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (alert, metrics) in facts::alerts(pipeline) {
        let (Some(during), Some(metrics)) = (&alert.during, metrics) else { continue };
        if during.value.seconds > 0 && during.value < metrics.every {
            diagnostics.push(
                Diagnostic::warning(
                    "alert-shorter-than-scrape",
                    during.span,
                    format!(
                        "alert `{}` waits {}, and its figures come every {}: a single one decides",
                        alert.name.value, during.value, metrics.every
                    ),
                )
                .label("shorter than the time between two figures")
                .related(metrics.span, "fetched here")
                .help(format!("wait for {} at least, or leave `for` out to say that one figure is enough", metrics.every)),
            );
        }
    }
}
