//! The edges that a spec implies: stages, promotion, required gates. What it writes down is there already.

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::environment::After;
use crate::ir::id::{EnvironmentId, JobId, WorkflowId};
use crate::ir::job::{Job, Need, NeedKind, Purpose, StageNeeds};
use crate::sema::{elsewhere, events, presence};

/// Finds the events, the presence of every job and the implied edges, and refuses cycles.
pub fn complete(pipeline: &mut Pipeline, diagnostics: &mut Diagnostics) {
    match events::classes(pipeline) {
        Ok(found) => pipeline.events = found,
        Err(diagnostic) => diagnostics.push(*diagnostic),
    }
    presence::fill(pipeline);
    edges(pipeline);
    cycles(pipeline, diagnostics);
    pipeline.elsewhere = elsewhere::elsewhere(pipeline);
}

fn edges(pipeline: &mut Pipeline) {
    let stages = stages(pipeline);
    let deploys = deploys(pipeline);
    let mut memo: BTreeMap<(WorkflowId, usize, BitSet), Vec<JobId>> = BTreeMap::new();
    let mut found: Vec<Vec<Need>> = Vec::new();
    for (id, job) in pipeline.job_ids() {
        // A job that is never there is a rule's business; its written edges stay, so that a cycle is seen.
        let meets = |need: &Need| job.possible.is_empty() || pipeline.job(need.job).possible.intersects(&job.possible);
        let mut needs: Vec<Need> = job.needs.iter().filter(|n| n.kind != NeedKind::Stage || meets(n)).cloned().collect();
        if let Some(stage) = waits_for_stage_before(pipeline, job) {
            let key = (job.workflow, stage, job.possible.clone());
            let before = memo.entry(key).or_insert_with(|| nearest(pipeline, &stages[&job.workflow], job, stage));
            needs.extend(before.iter().map(|b| Need { job: *b, kind: NeedKind::Stage, span: job.name.span }));
        }
        promotion(pipeline, &deploys, job, &mut needs);
        gates(pipeline, id, job, &mut needs);
        found.push(merged(needs));
    }
    for (job, needs) in pipeline.jobs.iter_mut().zip(found) {
        job.needs = needs;
    }
}

/// One edge a job, of the strictest kind, in the order of the spec.
fn merged(needs: Vec<Need>) -> Vec<Need> {
    let mut by_job: BTreeMap<JobId, Need> = BTreeMap::new();
    for need in needs {
        match by_job.get_mut(&need.job) {
            Some(known) if known.kind <= need.kind => {}
            Some(known) => *known = need,
            None => _ = by_job.insert(need.job, need),
        }
    }
    by_job.into_values().collect()
}

/// The stage of a job that waits for the stage before it: it has no `needs` of its own, and neither has its stage.
fn waits_for_stage_before(pipeline: &Pipeline, job: &Job) -> Option<usize> {
    let stage = job.stage?;
    let own = job.starts_at_once || !job.needs_stages.is_empty() || job.needs.iter().any(|n| n.kind == NeedKind::Strict);
    let implied = matches!(pipeline.workflow(job.workflow).stages[stage].needs, StageNeeds::Implied);
    (implied && !own).then_some(stage)
}

/// The events for which each stage surely has a job, by workflow.
fn stages(pipeline: &Pipeline) -> BTreeMap<WorkflowId, Vec<BitSet>> {
    let of_workflow = |(i, workflow): (usize, &crate::ir::job::Workflow)| {
        let stages = workflow.stages.iter().map(|stage| {
            let mut any = BitSet::new(pipeline.events.len());
            stage.jobs.iter().for_each(|j| any.union_with(&pipeline.job(*j).present));
            any
        });
        (WorkflowId(i as u32), stages.collect())
    };
    pipeline.workflows.iter().enumerate().map(of_workflow).collect()
}

/// For each event of a job, the jobs of the nearest earlier stage that has any; a stage that only may have one does not end the search.
fn nearest(pipeline: &Pipeline, surely: &[BitSet], job: &Job, stage: usize) -> Vec<JobId> {
    let mut open = job.possible.clone();
    let mut found = Vec::new();
    for earlier in (0..stage).rev() {
        if open.is_empty() {
            break;
        }
        let jobs = pipeline.workflow(job.workflow).stages[earlier].jobs.iter().copied();
        found.extend(jobs.filter(|j| pipeline.job(*j).possible.intersects(&open)));
        open = open.difference(&surely[earlier]);
    }
    found
}

/// The deploys of each environment in each workflow.
fn deploys(pipeline: &Pipeline) -> BTreeMap<(WorkflowId, EnvironmentId), Vec<JobId>> {
    let mut found: BTreeMap<_, Vec<JobId>> = BTreeMap::new();
    for (id, job) in pipeline.job_ids() {
        if let Some(environment) = deploys_to(job) {
            found.entry((job.workflow, environment)).or_default().push(id);
        }
    }
    found
}

/// The environment that a job changes.
pub fn deploys_to(job: &Job) -> Option<EnvironmentId> {
    job.environment.as_ref().filter(|u| u.purpose == Purpose::Deploy).map(|u| u.environment)
}

/// Behind the deploys of the environments before; where an event has none there, behind those before that.
fn promotion(pipeline: &Pipeline, deploys: &BTreeMap<(WorkflowId, EnvironmentId), Vec<JobId>>, job: &Job, needs: &mut Vec<Need>) {
    let Some(environment) = deploys_to(job) else { return };
    let mut seen = vec![environment];
    let own = pipeline.environment(environment);
    let mut open: Vec<(&After, BitSet)> = own.after.iter().map(|a| (a, job.possible.clone())).collect();
    while let Some((after, mut events)) = open.pop() {
        if events.is_empty() || seen.contains(&after.environment) {
            continue;
        }
        seen.push(after.environment);
        for id in deploys.get(&(job.workflow, after.environment)).into_iter().flatten() {
            let before = pipeline.job(*id);
            if before.possible.intersects(&events) {
                needs.push(Need { job: *id, kind: NeedKind::Promotion, span: own.name.span.max(after.span) });
            }
            events = events.difference(&before.present);
        }
        open.extend(pipeline.environment(after.environment).after.iter().map(|a| (a, events.clone())));
    }
}

/// Behind the jobs that measure the required gates.
fn gates(pipeline: &Pipeline, id: JobId, job: &Job, needs: &mut Vec<Need>) {
    for required in &job.requires {
        for producer in &pipeline.gate(required.value).producers {
            if *producer != id && pipeline.job(*producer).workflow == job.workflow {
                needs.push(Need { job: *producer, kind: NeedKind::Gate, span: required.span });
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Refuses jobs that wait for themselves, directly or round a circle; each circle once.
fn cycles(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let mut marks = vec![Mark::New; pipeline.jobs.len()];
    for start in 0..pipeline.jobs.len() {
        // The way from `start` to here: each job with the position of its next need.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        while let Some((job, next)) = way.last_mut() {
            let Some(need) = pipeline.jobs[*job].needs.get(*next) else {
                marks[*job] = Mark::Done;
                way.pop();
                continue;
            };
            *next += 1;
            let to = need.job.index();
            match marks[to] {
                Mark::New => {
                    marks[to] = Mark::Open;
                    way.push((to, 0));
                }
                Mark::Open => {
                    let from = way.iter().position(|(j, _)| *j == to).unwrap_or(0);
                    diagnostics.push(cycle(pipeline, &way[from..]));
                }
                Mark::Done => {}
            }
        }
    }
}

fn cycle(pipeline: &Pipeline, way: &[(usize, usize)]) -> Diagnostic {
    let edges: Vec<(&Spanned<String>, &Need)> = way
        .iter()
        .filter_map(|(job, next)| {
            let job = &pipeline.jobs[*job];
            Some((&job.name, job.needs.get(next.checked_sub(1)?)?))
        })
        .collect();
    let names: Vec<&str> = edges.iter().map(|(name, _)| name.value.as_str()).collect();
    let span = edges.first().map_or(Span::default(), |(_, need)| need.span);
    if let [name] = names.as_slice() {
        return Diagnostic::error("dependency-cycle", span, format!("`{name}` waits for itself"))
            .label("a job cannot need itself")
            .help("remove this need");
    }
    let shown = names.iter().chain(names.first()).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" -> ");
    let mut found = Diagnostic::error("dependency-cycle", span, format!("these jobs wait for one another: {shown}"))
        .help("remove one of the edges; `after`, `needs`, stages, `consumes`, required gates and promotion all make edges");
    for (i, (name, need)) in edges.iter().enumerate() {
        let to = names[(i + 1) % names.len()];
        let text = format!("`{}` waits for `{to}`: {}", name.value, because(need.kind));
        found = if i == 0 { found.label(text) } else { found.related(need.span, text) };
    }
    found
}

/// Why a job waits, for messages.
pub fn because(kind: NeedKind) -> &'static str {
    match kind {
        NeedKind::Strict => "it says `needs`",
        NeedKind::Data => "it consumes its artifact",
        NeedKind::Output => "it reads its output",
        NeedKind::Gate => "it requires a gate that is measured there",
        NeedKind::After => "it says `after`",
        NeedKind::Stage => "its stage comes later",
        NeedKind::Promotion => "its environment comes later",
        NeedKind::Result => "it reads its result",
    }
}
