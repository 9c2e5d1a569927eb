//! The condition of a job reads what a script of a job works out: no vendor knows it when it decides on the job.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::text::{CommitField, Context};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for read in pipeline.jobs.iter().filter_map(|j| j.condition.as_ref()).flat_map(|c| c.contexts()) {
        let (name, why) = match &read.value {
            Context::Commit(CommitField::Short) => {
                ("commit.short".to_owned(), "a script cuts the hash; compare `commit.sha`".to_owned())
            }
            // What the kind of event decides asks for nothing else any more (`sema::decided`).
            Context::Value(id) => match &pipeline.values[id.index()] {
                value if value.github.is_some() => continue,
                value => {
                    let name = format!("value.{}", value.name.value);
                    let why = format!("`{name}` is put together in the run; compare the contexts that it is made of");
                    (name, why)
                }
            },
            _ => continue,
        };
        diagnostics.push(
            Diagnostic::error("job-condition-late", read.span, format!("`{name}` is not known when the job is decided on"))
                .label("a vendor asks this before the job has a machine")
                .help(format!("{why}, or put the condition on the steps")),
        );
    }
}
