//! A cache of what the checkout brings: it would lay the sources of an earlier commit over those of this one.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::step::StepKind;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for step in pipeline.jobs.iter().flat_map(script::steps) {
        let StepKind::Cache(cache) = &step.kind else { continue };
        for path in &cache.paths {
            let place = path.value.trim_start_matches("./").trim_end_matches('/');
            if !matches!(place, "" | "." | "*" | "**" | "**/*" | ".git") && !place.starts_with(".git/") {
                continue;
            }
            diagnostics.push(
                Diagnostic::error("cache-of-checkout", path.span, format!("`{}` is what the checkout brings", path.value))
                    .label("restored over the sources of this commit")
                    .help("cache what is downloaded or built: cache npm, or a folder such as \"target\"; a checkout of CodeBuild is kept on its own machine only, never in S3"),
            );
        }
    }
}
