//! What several rules say in the same words.

use crate::ir::Pipeline;
use crate::ir::alert::{Alert, Metrics};
use crate::ir::bits::BitSet;
use crate::ir::event::{Event, Filter};
use crate::ir::gate::GateKind;
use crate::ir::id::{GateId, WorkflowId};
use crate::ir::job::Job;
use crate::sema::presence::starts;

/// The first event of a set, which names the set in a message.
pub(super) fn first<'p>(pipeline: &'p Pipeline, events: &BitSet) -> Option<&'p Event> {
    events.first().map(|i| &pipeline.events[i])
}

/// "on a push to `main` and 2 other kinds of events"; empty for no event.
pub(super) fn shown(pipeline: &Pipeline, events: &BitSet) -> String {
    let Some(event) = first(pipeline, events) else { return String::new() };
    match events.count() - 1 {
        0 => event.shown(),
        1 => format!("{}, and in one other case", event.shown()),
        more => format!("{}, and in {more} other cases", event.shown()),
    }
}

/// The events that a workflow, and the filters given, let through.
pub(super) fn passing(pipeline: &Pipeline, workflow: WorkflowId, filters: &[Option<&Filter>]) -> BitSet {
    let mut set = BitSet::new(pipeline.events.len());
    for (i, event) in pipeline.events.iter().enumerate() {
        if starts(pipeline, workflow, event) && filters.iter().flatten().all(|f| f.accepts(event)) {
            set.insert(i);
        }
    }
    set
}

/// The filter of a job's stage.
pub(super) fn stage_only<'p>(pipeline: &'p Pipeline, job: &Job) -> Option<&'p Filter> {
    job.stage.and_then(|s| pipeline.workflow(job.workflow).stages[s].only.as_ref())
}

/// Every alert, with the figures that its app gives Prometheus there.
pub(super) fn alerts(pipeline: &Pipeline) -> impl Iterator<Item = (&Alert, Option<&Metrics>)> {
    let settings = pipeline.apps.iter().flat_map(|a| std::iter::once(&a.base).chain(a.places.iter().map(|p| &p.settings)));
    settings.flat_map(|s| s.alerts.iter().map(|a| (a, s.metrics.as_ref())))
}

/// Whether a gate is an approval.
pub(super) fn is_approval(pipeline: &Pipeline, gate: GateId) -> bool {
    matches!(pipeline.gate(gate).kind, GateKind::Approval(_))
}
