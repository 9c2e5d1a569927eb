//! Production that a run reaches without the environment before it. It is ordered behind it only where both are in the run.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts::shown;
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::environment::Tier;
use crate::sema::order::deploys_to;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(environment) = deploys_to(job).map(|e| pipeline.environment(e)) else { continue };
        if environment.tier != Tier::Production {
            continue;
        }
        for after in environment.after.iter().filter(|a| a.strict.is_none()) {
            let mut before = BitSet::new(pipeline.events.len());
            for other in pipeline.jobs.iter().filter(|j| j.workflow == job.workflow && deploys_to(j) == Some(after.environment)) {
                before.union_with(&other.possible);
            }
            let skipped = job.possible.difference(&before);
            if skipped.is_empty() {
                continue;
            }
            let earlier = &pipeline.environment(after.environment).name.value;
            diagnostics.push(
                Diagnostic::note(
                    "promotion-skipped",
                    after.span,
                    format!("`{}` is reached without `{earlier}` {}", environment.name.value, shown(pipeline, &skipped)),
                )
                .label("orders the two only where both are in the run")
                .related(job.name.span, "this deploy")
                .help(format!("write `after {earlier} strict` to ask for an earlier deploy there, or deploy both in one run")),
            );
        }
    }
}
