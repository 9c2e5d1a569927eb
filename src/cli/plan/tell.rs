//! A run as text, and for machines.

use serde_json::{Value, json};

use super::{Shown, ShownJob};
use crate::ir::Pipeline;
use crate::ir::expr::Truth;
use crate::sema::run::Run;

/// The name of the document's form.
const SCHEMA: &str = "pipewright-plan-1";

/// The events that a spec can tell apart, a line each, with the number of their jobs.
pub(super) fn classes(pipeline: &Pipeline) -> String {
    let mut out = String::from("The events that this spec can tell apart; ask for one with --event KIND:NAME.\n\n");
    for event in &pipeline.events {
        let run = Run::of(pipeline, event);
        let sure = run.jobs().filter(|j| run.presence(*j) == Truth::Yes).count();
        let maybe = run.jobs().count() - sure;
        let maybe = if maybe == 0 { String::new() } else { format!(" and {maybe} that may run") };
        out.push_str(&format!("{:>4} {}{maybe}  {}\n", sure, if sure == 1 { "job " } else { "jobs" }, event.shown()));
    }
    out
}

/// A run for a person: workflows, stages, jobs; below them what is absent and why.
pub(super) fn text(run: &Shown) -> String {
    let mut out = format!("{} {}\n", run.count(), run.event);
    let width = run.jobs.iter().map(|j| j.name.chars().count()).max().unwrap_or(0);
    let mut place = None;
    for job in &run.jobs {
        let here = Some((&job.workflow, &job.stage));
        if place.map(|(workflow, _)| workflow) != Some(&job.workflow) {
            out.push_str(&format!("\n{}\n", job.workflow));
        }
        if let (true, Some(stage)) = (place != here, &job.stage) {
            out.push_str(&format!("  {stage}\n"));
        }
        place = here;
        let line = format!("    {:width$}  {}", job.name, facts(job));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if !run.absent.is_empty() {
        out.push_str("\nabsent\n");
        let width = run.absent.iter().map(|a| a.name.chars().count()).max().unwrap_or(0);
        run.absent.iter().for_each(|a| out.push_str(&format!("    {:width$}  {}\n", a.name, a.why)));
    }
    out
}

/// What is to be said of a job, behind its name.
fn facts(job: &ShownJob) -> String {
    let mut facts = Vec::new();
    if job.maybe {
        facts.push("only if the run says so".to_owned());
    }
    if !job.after.is_empty() {
        facts.push(format!("after {}", job.after.join(", ")));
    }
    if let Some((name, _)) = &job.environment {
        facts.push(format!("in {name}"));
    }
    if !job.gates.is_empty() {
        let names = job.gates.iter().map(|g| if g.approval { format!("{} (approval)", g.name) } else { g.name.clone() });
        facts.push(format!("behind {}", names.collect::<Vec<_>>().join(", ")));
    }
    if !job.secrets.is_empty() {
        facts.push(format!("secrets {}", job.secrets.join(", ")));
    }
    facts.join("; ")
}

/// The runs as one document. A new field may come with any release; a field that changes or goes makes a new schema name.
pub(super) fn json(runs: &[Shown]) -> String {
    let runs: Vec<Value> = runs
        .iter()
        .map(|run| {
            let jobs: Vec<Value> = run.jobs.iter().map(row).collect();
            let absent: Vec<Value> = run.absent.iter().map(|a| json!({ "job": a.name, "why": a.why })).collect();
            json!({ "event": run.event, "jobs": jobs, "absent": absent })
        })
        .collect();
    format!("{:#}\n", json!({ "schema": SCHEMA, "runs": runs }))
}

fn row(job: &ShownJob) -> Value {
    let gates: Vec<Value> = job.gates.iter().map(|g| json!({ "name": g.name, "approval": g.approval })).collect();
    json!({
        "workflow": job.workflow,
        "stage": job.stage,
        "job": job.name,
        "certain": !job.maybe,
        "after": job.after,
        "gates": gates,
        "environment": job.environment.as_ref().map(|(name, tier)| json!({ "name": name, "tier": tier.word() })),
        "secrets": job.secrets,
    })
}
