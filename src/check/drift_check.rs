//! A check of the outputs that the vendor never runs, or cannot run.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::environment::Target;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for target in &pipeline.targets {
        let Some(span) = target.check_drift else { continue };
        let vendor = target.id.word();
        if let Some(standby) = target.standby {
            diagnostics.push(
                Diagnostic::error(
                    "drift-check-never-runs",
                    span,
                    format!("{vendor} never checks its files: they are on standby"),
                )
                .label("a vendor runs no file below `standby/`")
                .related(standby, "put aside here")
                .help("let the other target check, with `check-drift` there: it looks at the files of all targets"),
            );
        } else if !commits_arrive(pipeline, target) {
            diagnostics.push(
                Diagnostic::error(
                    "drift-check-never-runs",
                    span,
                    format!("{vendor} never checks its files: no workflow of it runs on a push or a pull request"),
                )
                .label("would run when a commit arrives")
                .help("give a workflow `on { pull-request }`, or take the pre-commit hook in place of `check-drift`"),
            );
        }
        if target.install.is_empty() {
            diagnostics.push(
                Diagnostic::error("drift-check-without-pipewright", span, format!("{vendor} has no `pipewright` to check with"))
                    .label("runs on a machine that does not have it")
                    .help("say how it gets there: `install \"curl … | tar …\"`; where the runner has it, `install \"pipewright --version\"`"),
            );
        }
    }
}

fn commits_arrive(pipeline: &Pipeline, target: &Target) -> bool {
    pipeline.workflows.iter().filter(|w| target.holds(&w.name.value)).any(|w| w.on.commits().next().is_some())
}
