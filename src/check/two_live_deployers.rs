//! A deploy that two CI vendors run: each takes its own lock, so that they overtake one another.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::job::Purpose;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let changes = job.environment.as_ref().is_some_and(|e| e.purpose != Purpose::Verify);
        if job.deploy.is_none() || !changes {
            continue;
        }
        let workflow = &pipeline.workflow(job.workflow).name.value;
        let holds = |t: &&Target| t.standby.is_none() && t.holds(workflow);
        let live: Vec<&Target> = pipeline.targets.iter().filter(holds).collect();
        if let [first, second, ..] = live.as_slice() {
            diagnostics.push(
                Diagnostic::error(
                    "two-live-deployers",
                    second.span,
                    format!("{} and {} both run the deploy `{}`", first.id.word(), second.id.word(), job.name.value),
                )
                .label("a second one that deploys")
                .related(first.span, "the first one")
                .related(job.span, "the environment is changed here")
                .help(format!(
                    "keep one of them ready without running: `target {} standby`, or leave the workflow out of it with `workflows`",
                    second.id.word()
                )),
            );
            return;
        }
    }
}
