//! An image that is used where its build does not push it, or in a workflow that never builds it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::expr::Truth;
use crate::ir::id::ImageId;
use crate::ir::job::Job;
use crate::ir::step::StepKind;
use crate::ir::text::Context;
use crate::ir::walk;
use crate::sema::image::pushed;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    for (id, job) in pipeline.job_ids() {
        for context in walk::contexts(job, &targets) {
            let Context::Image(image) = context.value else { continue };
            let declared = &pipeline.images[image.index()];
            if declared.builders.contains(&id) {
                continue;
            }
            let name = &declared.name.value;
            let builders: Vec<&Job> =
                declared.builders.iter().map(|b| pipeline.job(*b)).filter(|b| b.workflow == job.workflow).collect();
            let Some(builder) = builders.first() else {
                diagnostics.push(
                    Diagnostic::error(
                        "image-used-before-built",
                        context.span,
                        format!("`{}` uses image `{name}`, which no job of its workflow builds", job.name.value),
                    )
                    .label("not built in this run")
                    .related(declared.name.span, "built in another workflow")
                    .help("build it in this workflow, or name a tag that is in the registry already"),
                );
                continue;
            };
            // Where no builder is present at all, the need says so.
            let unpushed = job.possible.iter().find(|i| {
                let here: Vec<&&Job> = builders.iter().filter(|b| b.possible.contains(*i)).collect();
                !here.is_empty() && here.iter().all(|b| never_pushed(pipeline, b, image, *i))
            });
            if let Some(i) = unpushed {
                diagnostics.push(
                    Diagnostic::error(
                        "image-tag-not-pushed",
                        context.span,
                        format!(
                            "`{}` uses image `{name}` {}, but `{}` does not push it then",
                            job.name.value,
                            pipeline.events[i].shown(),
                            builder.name.value
                        ),
                    )
                    .label("not in the registry")
                    .related(declared.name.span, "built here; on a pull request an image is pushed only if the spec says so")
                    .help("write `push` in the `docker-build`, build the image in this job, or narrow the job with `only`"),
                );
            }
        }
    }
}

fn never_pushed(pipeline: &Pipeline, builder: &Job, image: ImageId, event: usize) -> bool {
    builder.steps.iter().all(|step| match &step.kind {
        StepKind::DockerBuild(build) if build.image == image => {
            pushed(pipeline, builder, step, &pipeline.events[event]) == Truth::No
        }
        _ => true,
    })
}
