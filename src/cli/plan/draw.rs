//! A run as a picture: Mermaid, which GitHub and GitLab draw in any Markdown.

use std::collections::BTreeMap;

use super::Shown;
use crate::ir::environment::Tier;

/// A flow chart: a box a job, a frame a stage, a diamond a gate, environments in the colour of their tier.
pub(super) fn mermaid(run: &Shown) -> String {
    let mut out = format!("%% {}\nflowchart LR\n", run.event.replace('`', ""));
    let ids: BTreeMap<(&str, &str), String> =
        run.jobs.iter().enumerate().map(|(i, j)| ((j.workflow.as_str(), j.name.as_str()), format!("j{i}"))).collect();
    let of = |workflow: &str, job: &str| ids.get(&(workflow, job)).cloned().unwrap_or_default();
    let mut frames: Vec<(String, Vec<String>)> = Vec::new();
    for job in &run.jobs {
        let frame = match &job.stage {
            Some(stage) => format!("{}: {stage}", job.workflow),
            None => job.workflow.clone(),
        };
        let shown = match &job.environment {
            Some((environment, _)) => format!("{}<br>in {environment}", job.name),
            None => job.name.clone(),
        };
        let node = format!("    {}[\"{}\"]\n", of(&job.workflow, &job.name), quoted(&shown));
        match frames.iter_mut().find(|(name, _)| *name == frame) {
            Some((_, nodes)) => nodes.push(node),
            None => frames.push((frame, vec![node])),
        }
    }
    for (i, (frame, nodes)) in frames.iter().enumerate() {
        out.push_str(&format!("  subgraph s{i}[\"{}\"]\n{}  end\n", quoted(frame), nodes.concat()));
    }
    for (i, job) in run.jobs.iter().enumerate() {
        let id = format!("j{i}");
        let mut entry = id.clone();
        // Approvals stand before the job as diamonds; what waits for the jobs before leads to the first of them.
        for (g, gate) in job.gates.iter().enumerate().filter(|(_, g)| g.approval) {
            let diamond = format!("g{i}_{g}");
            out.push_str(&format!("  {diamond}{{\"{}\"}} --> {entry}\n", quoted(&gate.name)));
            entry = diamond;
        }
        for before in &job.after {
            let arrow = if job.maybe { "-.->" } else { "-->" };
            out.push_str(&format!("  {} {arrow} {entry}\n", of(&job.workflow, before)));
        }
    }
    for (tier, colour) in
        [(Tier::Development, "#dbeafe"), (Tier::Testing, "#dbeafe"), (Tier::Staging, "#fef3c7"), (Tier::Production, "#fecaca")]
    {
        let tinted = run.jobs.iter().enumerate().filter(|(_, j)| j.environment.as_ref().is_some_and(|(_, t)| *t == tier));
        tinted.for_each(|(i, _)| out.push_str(&format!("  style j{i} fill:{colour}\n")));
    }
    out
}

/// Text inside Mermaid's quotes.
fn quoted(text: &str) -> String {
    text.replace('"', "#quot;")
}
