//! An artifact that is not there when it is read: the job's own, or one that is published after a failure only.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::step::Outcome;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for (id, job) in pipeline.job_ids() {
        for consumed in &job.consumes {
            let name = &consumed.name.value;
            let error = |message| Diagnostic::error("artifact-not-available", consumed.name.span, message);
            let producer = pipeline.job(consumed.producer);
            let Some(artifact) = producer.produces.iter().find(|a| a.name.value == *name) else { continue };
            if consumed.producer == id {
                diagnostics.push(
                    error(format!("`{}` consumes `{name}`, which it publishes itself", job.name.value))
                        .label("published when the job ends")
                        .related(artifact.span, "published here")
                        .help("remove `consumes`: the files are there already"),
                );
            } else if artifact.when == Outcome::Failure && job.when.value == Outcome::Success {
                diagnostics.push(
                    error(format!(
                        "`{}` runs when `{}` succeeded, but `{name}` is published after a failure",
                        job.name.value, producer.name.value
                    ))
                    .label("never there then")
                    .related(artifact.span, "published after a failure only")
                    .help("write `when=always` there, or `when failure` in the job that reads it"),
                );
            }
        }
    }
}
