//! AWS CodePipeline (V2): a pipeline for each workflow and kind of event.
//!
//! `.codepipeline/<workflow>-<event>.yml` is the stack of CloudFormation with the pipeline, the projects of its builds, a role for each set of
//! rights and what starts it; `.codepipeline/<workflow>/<job>.yml` the buildspec of a job.

mod own;
mod pipeline;
mod project;
pub(super) mod settings;
mod told;
mod view;

use crate::back::aws::place::{Host, Place};
use crate::back::aws::{buildspec, guard, script};
use crate::back::codebuild::{file, header};
use crate::base::failure::Failure;
use crate::plan::job::{JobSource, PlannedJob};
use crate::plan::stages::{Presence, presence};
use crate::plan::start::{Start, starts};
use crate::plan::{Plan, PlannedWorkflow};
use crate::render::{Output, Renderer};

/// The folder of the files, seen from the root of the repository.
const FOLDER: &str = ".codepipeline";

/// The files of a plan.
///
/// # Errors
/// `Internal` where a template is wrong.
pub(super) fn emit(plan: &Plan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    let folder = folder(plan);
    let mut outputs = Vec::new();
    for workflow in &plan.workflows {
        let starts = starts(plan.pipeline, workflow.workflow);
        let mut texts: Vec<String> = Vec::new();
        for job in &workflow.jobs {
            if !is_build(job) {
                texts.push(String::new());
                continue;
            }
            let place = place(plan, workflow, job, &starts);
            let decided = |start: &Start<'_>| matches!(presence(job, start), Presence::If(_));
            let guard = guard::of_job(&place, &starts, &decided);
            let view = buildspec::view(place, header(plan, Some(&job.title)), guard.as_ref(), limit(job));
            let text = renderer.yaml("codebuild/templates/buildspec.yml.j2", &view)?;
            outputs.push(Output::new(format!("{folder}/{}/{}.yml", workflow.file, file(&job.id)), text.clone()));
            texts.push(text);
        }
        for start in &starts {
            let stack = pipeline::stack(plan, workflow, start, &starts, &texts);
            let path = format!("{folder}/{}-{}.yml", workflow.file, start.word());
            outputs.push(Output::new(path, renderer.yaml("codepipeline/templates/pipeline.yml.j2", &stack)?));
        }
    }
    Ok(outputs)
}

/// Whether a job is a build, and no approval or action of the vendor's own.
fn is_build(job: &PlannedJob<'_>) -> bool {
    matches!(job.source, JobSource::Spec(_)) && !job.job.is_an_action()
}

/// The folder of a plan's files.
fn folder(plan: &Plan<'_>) -> String {
    if plan.target.standby.is_some() { format!("standby/{FOLDER}") } else { FOLDER.to_owned() }
}

/// Where the texts of a job stand.
fn place<'p>(plan: &'p Plan<'p>, workflow: &'p PlannedWorkflow<'p>, job: &'p PlannedJob<'p>, starts: &[Start<'_>]) -> Place<'p> {
    let guarded = starts.iter().any(|s| s.has(job) && presence(job, s) == Presence::InJob);
    Place { plan, workflow, job, host: Host::Pipeline, guarded }
}

/// Seconds after which CodeBuild ends a build of the job: whole minutes, five at least.
fn limit(job: &PlannedJob<'_>) -> u64 {
    script::seconds(job).max(300).div_ceil(60) * 60
}
