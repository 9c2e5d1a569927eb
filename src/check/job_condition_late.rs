//! The condition of a job reads what a script of a job works out: no vendor knows it when it decides on the job.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::expr::ExprKind;
use crate::ir::id::TargetId;
use crate::ir::text::{CommitField, Context};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets = |id: TargetId| pipeline.targets.iter().any(|t| t.id == id);
    let (github, gitlab) = (targets(TargetId::Github), targets(TargetId::Gitlab));
    for read in pipeline.jobs.iter().filter_map(|j| j.condition.as_ref()).flat_map(|c| c.contexts()) {
        let (what, why) = match &read.value {
            Context::Commit(CommitField::Short) => {
                ("`commit.short`".to_owned(), "a script cuts the hash; compare `commit.sha`".to_owned())
            }
            // What the kind of event decides asks for nothing else any more (`sema::decided`).
            Context::Value(id) => match &pipeline.values[id.index()] {
                value if value.github.is_some() => continue,
                value => {
                    let what = format!("`value.{}`", value.name.value);
                    let why = format!("{what} is put together in the run; compare the contexts that it is made of");
                    (what, why)
                }
            },
            _ => continue,
        };
        late(diagnostics, read.span, &what, &why);
    }
    for expr in pipeline.jobs.iter().filter_map(|j| j.condition.as_ref()) {
        expr.visit(&mut |e| match &e.kind {
            // GitHub compares no patterns: a first job does, which knows of no other job.
            ExprKind::Matches(subject, _) if github && matches!(subject.kind, ExprKind::Context(Context::Output { .. })) => {
                late(diagnostics, e.span, "a pattern of an output", "compare the output with `==`");
            }
            ExprKind::Context(Context::Commit(CommitField::Author)) if gitlab => {
                late(diagnostics, e.span, "`commit.author`", "GitLab cuts the name out of a text in the script");
            }
            _ => {}
        });
    }
}

fn late(diagnostics: &mut Diagnostics, span: Span, what: &str, why: &str) {
    diagnostics.push(
        Diagnostic::error("job-condition-late", span, format!("{what} is not known when the job is decided on"))
            .label("a vendor asks this before the job has a machine")
            .help(format!("{why}, or put the condition on the steps")),
    );
}
