//! A job that checks out another ref, and speaks of the commit that started the run as if it were there.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::job::Job;
use crate::ir::step::StepKind;
use crate::ir::text::{CommitField, Context, Text};
use crate::ir::walk;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    for job in &pipeline.jobs {
        let Some(reference) = other(job) else { continue };
        let read = walk::contexts(job, &targets).into_iter().find(|c| {
            let told = [CommitField::Sha, CommitField::Short, CommitField::HeadSha, CommitField::Message, CommitField::Author];
            matches!(&c.value, Context::Commit(field) if told.contains(field))
        });
        let Some(read) = read else { continue };
        diagnostics.push(
            Diagnostic::warning(
                "commit-of-another-checkout",
                read.span,
                format!("`{}` checks out another ref, and this is the commit that started the run", job.name.value),
            )
            .label("not the commit whose files are here")
            .related(reference.span, "checked out here")
            .help("ask git for what is there (git rev-parse HEAD), or check out the commit of the run"),
        );
    }
}

/// The ref that a job checks out, if it is not the commit, branch or tag of the run.
fn other(job: &Job) -> Option<&Text> {
    job.steps.iter().find_map(|s| match &s.kind {
        StepKind::Checkout(checkout) => checkout.reference.as_ref().filter(|r| r.as_literal().is_some()),
        _ => None,
    })
}
