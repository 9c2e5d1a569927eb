//! A job of its own that rolls back: what it waits for decides whether it also runs where nothing was deployed.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts::is_approval;
use crate::ir::Pipeline;
use crate::ir::job::{NeedKind, Purpose};
use crate::ir::step::Outcome;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(used) = job.environment.as_ref().filter(|e| e.purpose == Purpose::Rollback) else { continue };
        if job.when.value == Outcome::Success {
            continue;
        }
        let name = &pipeline.environment(used.environment).name.value;
        for need in job.needs.iter().filter(|n| matches!(n.kind, NeedKind::Strict | NeedKind::After | NeedKind::Stage)) {
            let other = pipeline.job(need.job);
            let after = other.environment.as_ref().is_some_and(|e| e.environment == used.environment);
            if !after {
                diagnostics.push(
                    Diagnostic::error(
                        "rollback-before-deploy",
                        need.span,
                        format!(
                            "`{}` rolls `{name}` back when `{}` fails, and then nothing was deployed",
                            job.name.value, other.name.value
                        ),
                    )
                    .label("its failure comes before the deploy")
                    .help("write `rollback \"…\"` in the deploy: it runs only if the deploy had started"),
                );
            } else if let Some(gate) = other.requires.iter().find(|g| is_approval(pipeline, g.value)) {
                diagnostics.push(
                    Diagnostic::error(
                        "rollback-of-refused-approval",
                        need.span,
                        format!(
                            "`{}` rolls `{name}` back when `{}` fails, and a refused approval counts as a failure on GitHub",
                            job.name.value, other.name.value
                        ),
                    )
                    .label("also runs when nobody agreed to the deploy")
                    .related(gate.span, "the approval")
                    .help("write `rollback \"…\"` in the deploy: it runs only if the deploy had started"),
                );
            }
        }
    }
}
