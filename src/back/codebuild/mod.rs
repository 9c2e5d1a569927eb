//! AWS CodeBuild: a batch build for each workflow and kind of event.
//!
//! `.codebuild/<workflow>-<event>.yml` is the graph of a batch, `.codebuild/<workflow>/<job>.yml` the buildspec of a build in it, and
//! `.codebuild/template.yml` the stack of CloudFormation that makes the projects, with their webhooks, schedules and roles.

pub(super) mod project;
pub(super) mod settings;
pub(super) mod view;

use crate::back::aws::place::{COMMIT_BRANCH, Host, Place, RUN_EVENT};
use crate::back::aws::{buildspec, guard, machine, script};
use crate::back::variables::axis;
use crate::base::failure::Failure;
use crate::plan::job::PlannedJob;
use crate::plan::start::{Start, is_sometimes_without, starts};
use crate::plan::{AcceptedLoss, Plan, PlannedWorkflow};
use crate::render::header::Header;
use crate::render::{Output, Renderer};

/// The files of a plan.
///
/// # Errors
/// `Internal` where a template is wrong.
pub(super) fn emit(plan: &Plan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    let folder = folder(plan);
    let mut outputs = Vec::new();
    for workflow in &plan.workflows {
        let starts = starts(plan.pipeline, workflow.workflow);
        let limit = limit(workflow);
        let mut texts: Vec<String> = Vec::new();
        for job in &workflow.jobs {
            let place = place(plan, workflow, job);
            let guard = guard::of_job(&place, &starts, &|_| false);
            let view = buildspec::view(place, header(plan, Some(&job.title)), guard.as_ref(), limit);
            let text = renderer.yaml("codebuild/templates/buildspec.yml.j2", &view)?;
            outputs.push(Output::new(format!("{folder}/{}/{}.yml", workflow.file, file(&job.id)), text.clone()));
            texts.push(text);
        }
        for start in starts {
            let path = format!("{folder}/{}-{}.yml", workflow.file, start.word());
            let graph = graph(plan, workflow, &start, &texts);
            outputs.push(Output::new(path, renderer.yaml("codebuild/templates/batch.yml.j2", &graph)?));
        }
    }
    let batches = batches(plan);
    if !batches.is_empty() {
        let stack = project::stack(plan, batches, header(plan, None));
        outputs
            .push(Output::new(format!("{folder}/template.yml"), renderer.yaml("codebuild/templates/template.yml.j2", &stack)?));
    }
    Ok(outputs)
}

/// The folder of a plan's files.
fn folder(plan: &Plan<'_>) -> &'static str {
    if plan.target.standby.is_some() { "standby/.codebuild" } else { ".codebuild" }
}

/// The batches of all workflows.
fn batches<'p>(plan: &'p Plan<'p>) -> Vec<project::Batch<'p>> {
    let of = |workflow: &'p PlannedWorkflow<'p>| {
        let path = move |start: &Start<'_>| format!("{}/{}-{}.yml", folder(plan), workflow.file, start.word());
        let batch = move |start| project::Batch { path: path(&start), workflow, start, limit: limit(workflow) };
        starts(plan.pipeline, workflow.workflow).into_iter().map(batch)
    };
    plan.workflows.iter().flat_map(of).collect()
}

/// Where the texts of a job stand.
fn place<'p>(plan: &'p Plan<'p>, workflow: &'p PlannedWorkflow<'p>, job: &'p PlannedJob<'p>) -> Place<'p> {
    let guarded = is_sometimes_without(&starts(plan.pipeline, workflow.workflow), job);
    Place { plan, workflow, job, host: Host::Batch, guarded }
}

/// The comment at the top of a file: of a job, with what it loses; of the stack, with everything.
pub(in crate::back) fn header(plan: &Plan<'_>, job: Option<&str>) -> String {
    let suffers = |l: &&AcceptedLoss| job.is_none_or(|job| l.jobs.iter().any(|j| j == job));
    let losses = plan.losses.iter().filter(suffers).map(|loss| {
        let of = if loss.jobs.is_empty() { String::new() } else { format!(" ({})", loss.jobs.join(", ")) };
        let until = loss.until.as_ref().map_or_else(String::new, |u| format!(", until {u}"));
        format!("{}{of}: {}. Reason: {}{until}.", loss.capability, loss.lost, loss.reason)
    });
    Header { losses: losses.collect(), ..Header::new(&plan.spec) }.text()
}

/// The name of a job's file.
pub(in crate::back) fn file(id: &str) -> String {
    id.replace('_', "-")
}

/// Seconds after which CodeBuild ends any build of a workflow: the longest of its jobs. Whole minutes, five at least.
fn limit(workflow: &PlannedWorkflow<'_>) -> u64 {
    let longest: u64 = workflow.jobs.iter().map(script::seconds).max().unwrap_or(0);
    longest.max(300).div_ceil(60) * 60
}

fn graph(plan: &Plan<'_>, workflow: &PlannedWorkflow<'_>, start: &Start<'_>, texts: &[String]) -> view::Graph {
    let usual = project::usual(plan, workflow);
    let mut tasks = Vec::new();
    for (at, job) in workflow.jobs.iter().enumerate() {
        if !start.has(job) {
            continue;
        }
        let place = place(plan, workflow, job);
        let own = machine::of_job(&place);
        let needs = job.needs.iter().filter_map(|n| workflow.jobs.get(n.job)).filter(|other| start.has(other));
        let depend_on: Vec<String> = needs.flat_map(|other| cells(other).into_iter().map(|(id, _)| id)).collect();
        let mut variables: Vec<(String, String)> = Vec::new();
        if texts[at].contains(RUN_EVENT) {
            variables.push((RUN_EVENT.to_owned(), start.kind.word().to_owned()));
        }
        if let Some(schedule) = start.schedule.filter(|_| texts[at].contains(COMMIT_BRANCH)) {
            let branch = schedule.branch.as_ref().unwrap_or(&plan.pipeline.default_branch);
            variables.push((COMMIT_BRANCH.to_owned(), branch.value.clone()));
        }
        for (identifier, mut values) in cells(job) {
            values.extend(variables.iter().cloned());
            tasks.push(view::Task {
                identifier,
                buildspec: format!(".codebuild/{}/{}.yml", workflow.file, file(&job.id)),
                depend_on: depend_on.clone(),
                kind: (own.kind != usual.kind).then_some(own.kind),
                image: (own.image != usual.image).then(|| own.image.clone()),
                compute: (own.compute != usual.compute).then_some(own.compute),
                privileged: own.privileged,
                variables: values,
            });
        }
    }
    view::Graph { header: header(plan, Some("")), title: format!("{} on {}", workflow.workflow.name.value, start.word()), tasks }
}

/// The builds of a job with the values of their axes: one, or one for each cell of its matrix.
fn cells(job: &PlannedJob<'_>) -> Vec<(String, Vec<(String, String)>)> {
    let Some(matrix) = &job.job.matrix else { return vec![(job.id.clone(), Vec::new())] };
    let clean = |text: &str| text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect::<String>();
    let of = |cell: &Vec<Option<String>>| {
        let values: Vec<(String, String)> =
            matrix.axes.iter().zip(cell).filter_map(|(a, v)| v.as_ref().map(|v| (axis(&a.value), v.clone()))).collect();
        let words: String = values.iter().map(|(_, v)| format!("_{}", clean(v))).collect();
        (format!("{}{words}", job.id), values)
    };
    matrix.cells.iter().map(of).collect()
}
