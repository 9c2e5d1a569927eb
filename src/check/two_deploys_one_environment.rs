//! Two deploys of one event to an environment that is guarded: vendors ask for approval per job, so one run asks twice, or half of
//! it goes through.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::facts::shown;
use crate::ir::Pipeline;
use crate::ir::job::Job;
use crate::sema::order::deploys_to;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (index, environment) in pipeline.environments.iter().enumerate().filter(|(_, e)| e.is_protected()) {
        let deploys: Vec<&Job> = pipeline.jobs.iter().filter(|j| deploys_to(j).is_some_and(|e| e.index() == index)).collect();
        for (i, second) in deploys.iter().enumerate() {
            let both = deploys[..i].iter().find_map(|first| {
                // Two conditions that only the run decides may well exclude one another.
                let mut certain = first.present.clone();
                certain.union_with(&second.present);
                let mut both = first.possible.clone();
                both.intersect_with(&second.possible);
                both.intersect_with(&certain);
                (!both.is_empty()).then_some((first, both))
            });
            let Some((first, events)) = both else { continue };
            diagnostics.push(
                Diagnostic::error(
                    "two-deploys-one-environment",
                    second.environment.as_ref().map_or(second.name.span, |u| u.span),
                    format!(
                        "`{}` and `{}` both deploy to `{}` {}",
                        first.name.value,
                        second.name.value,
                        environment.name.value,
                        shown(pipeline, &events)
                    ),
                )
                .label("the second deploy of one event")
                .related(first.name.span, "the first one")
                .help("make them steps of one deploy, narrow one with `only`, or give each its own environment"),
            );
        }
    }
}
