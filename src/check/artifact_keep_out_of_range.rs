//! An artifact that GitHub would keep for another time than the spec says.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::id::TargetId;

/// GitHub keeps an artifact between 1 and 90 days (`retention-days` of `actions/upload-artifact`).
const MOST_DAYS: u64 = 90;
const DAY: u64 = 86_400;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    if pipeline.targets.iter().all(|t| t.id != TargetId::Github) {
        return;
    }
    for artifact in pipeline.jobs.iter().flat_map(|j| &j.produces) {
        let Some(keep) = artifact.keep.filter(|k| k.seconds < DAY || k.seconds > MOST_DAYS * DAY) else { continue };
        let best = if keep.seconds < DAY { "1d" } else { "90d" };
        diagnostics.push(
            Diagnostic::error(
                "artifact-keep-out-of-range",
                keep.span,
                format!(
                    "GitHub keeps an artifact for 1 to {MOST_DAYS} days, and `{}` asks for another time",
                    artifact.name.value
                ),
            )
            .label("out of range")
            .help(format!("write keep=\"{best}\"; what must stay longer belongs to a release or a bucket"))
            .fix(format!("keep it for {best}"), vec![(keep.span, format!("\"{best}\""))]),
        );
    }
}
