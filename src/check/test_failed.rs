//! A `test` of the spec that is not so.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::ir::Pipeline;
use crate::ir::expect::{Expect, ExpectKind, SpecTest};
use crate::ir::expr::Truth;
use crate::ir::id::{GateId, JobId};
use crate::sema::presence::absence;
use crate::sema::run::Run;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for test in &pipeline.tests {
        let run = Run::of(pipeline, &test.event.value);
        for expect in &test.expects {
            if let Some(found) = fault(pipeline, test, &run, expect) {
                diagnostics.push(found.related(test.title.span, "in this test"));
            }
        }
    }
}

fn fault(pipeline: &Pipeline, test: &SpecTest, run: &Run<'_>, expect: &Expect) -> Option<Diagnostic> {
    let job = pipeline.job(expect.job);
    let (name, when) = (&job.name.value, test.event.value.shown());
    let failed = |message: String| Diagnostic::error("test-failed", expect.span, message);
    let jobs = |ids: &mut dyn Iterator<Item = JobId>| list(ids.map(|j| pipeline.job(j).name.value.as_str()));
    let gates = |ids: &mut dyn Iterator<Item = GateId>| list(ids.map(|g| pipeline.gate(g).name.value.as_str()));
    let presence = run.presence(expect.job);
    match expect.kind {
        ExpectKind::Runs if presence == Truth::Yes => None,
        ExpectKind::Runs => {
            let found = if presence == Truth::No { "does not run" } else { "does not surely run" };
            let why = absence(pipeline, job, &test.event.value)?;
            let found = failed(format!("`{name}` {found} {when}")).label("expected to run");
            Some(
                found.related(why.span, format!("left out by {}", why.what)).help("change the filter, or expect it to be absent"),
            )
        }
        ExpectKind::Absent if presence == Truth::No => None,
        ExpectKind::Absent => {
            let found = if presence == Truth::Yes { "runs" } else { "may run" };
            let found = failed(format!("`{name}` {found} {when}")).label("expected to be absent");
            Some(found.related(job.name.span, "no filter leaves it out").help("write `only` at the job, or expect it to run"))
        }
        // That it does not run has been said.
        ExpectKind::Behind(_) | ExpectKind::After(_) if presence == Truth::No => None,
        ExpectKind::Behind(gate) => {
            let behind = run.behind(expect.job);
            if behind.contains(&gate) {
                return None;
            }
            let gate = &pipeline.gate(gate).name.value;
            let found = failed(format!("`{name}` does not stand behind `{gate}` {when}")).label("not required on the way");
            let help = format!("it stands behind {}; write `requires {gate}`", gates(&mut behind.into_iter()));
            Some(found.related(job.name.span, "neither here nor in a job before it").help(help))
        }
        ExpectKind::After(other) => {
            let before = run.before(expect.job);
            if before.contains(&other) {
                return None;
            }
            let other = &pipeline.job(other).name.value;
            let found = failed(format!("`{name}` does not wait for `{other}` {when}")).label("not before it");
            let help = format!("it waits for {}; write `needs {other}` or `after {other}`", jobs(&mut before.into_iter()));
            Some(found.related(job.name.span, "this job").help(help))
        }
    }
}

/// "`a`, `b`", or "nothing".
fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
