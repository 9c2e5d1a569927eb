//! A message that says nothing.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::step::{Notification, StepKind};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for notification in all(pipeline).filter(|n| n.text.parts.is_empty()) {
        let channel = &pipeline.channels[notification.channel.index()].name.value;
        diagnostics.push(
            Diagnostic::error("notify-without-text", notification.span, format!("this message to `{channel}` is empty"))
                .label("no text")
                .help(format!("write what happened: notify {channel} on=failure \"${{job.name}} failed: ${{run.url}}\"")),
        );
    }
}

/// Every message of a pipeline.
pub(super) fn all(pipeline: &Pipeline) -> impl Iterator<Item = &Notification> {
    let of_steps = pipeline.jobs.iter().flat_map(script::steps).filter_map(|s| match &s.kind {
        StepKind::Notify(n) => Some(n),
        _ => None,
    });
    let jobs = pipeline.jobs.iter().flat_map(|j| &j.notify);
    let gates = pipeline.gates.iter().flat_map(|g| &g.notify);
    pipeline.workflows.iter().flat_map(|w| &w.notify).chain(jobs).chain(gates).chain(of_steps)
}
