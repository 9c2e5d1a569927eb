//! Puts a plan together: the jobs of each workflow, with what each needs, may and waits for.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::base::diag::Diagnostics;
use crate::base::failure::Failure;
use crate::base::span::Spanned;
use crate::check::Checked;
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::environment::{RegistryKind, Target};
use crate::ir::id::{GateId, JobId, RegistryId, TargetId, WorkflowId};
use crate::ir::job::{Job, NeedKind, Purpose, ReportKind};
use crate::ir::step::{Moment, Outcome, Permission, StepKind};
use crate::ir::text::{Context, EnvVar, Text};
use crate::ir::walk::every_step;
use crate::plan::drift::{self, DriftCheck};
use crate::plan::job::{JobSource, PlannedEnvironment, PlannedJob, PlannedNeed, in_order};
use crate::plan::names::{Names, github};
use crate::plan::step::{Notice, PlannedKind, PlannedStep, RunWhen};
use crate::plan::steps::Builder;
use crate::plan::steps::notices::notice_step;
use crate::plan::{Options, Plan, PlannedWorkflow, action, approve, legalize, limits, require, words};
use crate::target::table::Table;

/// The plan of a pipeline for one of its targets; none where a finding is an error.
///
/// # Errors
/// `Internal` if the target's own tables are broken.
pub fn plan<'a>(checked: Checked<'a>, target: &'a Target, options: &Options) -> Result<(Option<Plan<'a>>, Diagnostics), Failure> {
    let whole = checked.pipeline();
    let pipeline = whole.of(target.id);
    let table = Table::of(target.id)?;
    let selected = selected_workflows(pipeline, target);
    let required = require::require(whole, &selected, target);
    let mut verdict = legalize::legalize(pipeline, target, table, &required, options);
    words::review(pipeline, &selected, target.id, &mut verdict.diagnostics);
    let (workflows, drift) = build_workflows(pipeline, target, &selected);
    if target.id == TargetId::Codepipeline {
        action::review(pipeline, &workflows, &mut verdict.diagnostics);
    }
    words::files(pipeline, target.id, &workflows, &mut verdict.diagnostics);
    if target.id == TargetId::Codepipeline {
        limits::review(pipeline, &workflows, &mut verdict.diagnostics);
    }
    if verdict.diagnostics.has_errors() {
        return Ok((None, verdict.diagnostics));
    }
    let plan = Plan {
        spec: options.spec.clone(),
        pipeline,
        target,
        workflows,
        drift,
        losses: verdict.losses,
        settings: verdict.settings,
    };
    Ok((Some(plan), verdict.diagnostics))
}

/// The workflows that a target emits.
pub fn selected_workflows(pipeline: &Pipeline, target: &Target) -> Vec<WorkflowId> {
    (0..pipeline.workflows.len() as u32).map(WorkflowId).filter(|id| pipeline.starts_on(*id, target)).collect()
}

fn build_workflows<'a>(
    pipeline: &'a Pipeline,
    target: &'a Target,
    selected: &[WorkflowId],
) -> (Vec<PlannedWorkflow<'a>>, Option<DriftCheck>) {
    let mut files = Names::new();
    let mut names = Names::new();
    let mut out = Vec::new();
    for id in selected {
        let workflow = pipeline.workflow(*id);
        // One file a workflow where the vendor has workflows; one for all where it has not.
        if target.id != TargetId::Gitlab {
            names = Names::new();
        }
        let mut jobs: Vec<PlannedJob<'a>> = workflow.jobs.iter().map(|job| planned(pipeline, target.id, *job)).collect();
        let index: BTreeMap<JobId, usize> = workflow.jobs.iter().enumerate().map(|(i, j)| (*j, i)).collect();
        for (at, id) in workflow.jobs.iter().enumerate() {
            jobs[at].needs = needs(pipeline, pipeline.job(*id), &index);
        }
        approve::place(pipeline, target, &mut jobs);
        mark_poisoned(&mut jobs);
        mark_interruptible(pipeline, &mut jobs);
        for job in &mut jobs {
            job.id = names.give(target.id, &job.title, &workflow.name.value);
        }
        let moments =
            |m: &&Spanned<Moment>| matches!(m.value, Moment::Started | Moment::Success | Moment::Failure | Moment::Always);
        let notices = workflow.notify.iter().flat_map(|n| {
            n.on.iter().filter(moments).map(|m| Notice {
                on: m.value,
                step: notice_step(pipeline, n, m.value, RunWhen::Success, crate::ir::job::Shell::Bash),
            })
        });
        out.push(PlannedWorkflow {
            id: *id,
            workflow,
            file: files.give(TargetId::Github, &github(&workflow.name.value), "workflow"),
            jobs,
            env: workflow.env.clone(),
            notices: notices.collect(),
        });
    }
    if target.id == TargetId::Github {
        names = Names::new();
    }
    let drift = drift::check(pipeline, target, selected, &mut files, &mut names);
    (out, drift)
}

fn planned<'a>(pipeline: &'a Pipeline, target: TargetId, id: JobId) -> PlannedJob<'a> {
    let job = pipeline.job(id);
    let workflow = pipeline.workflow(job.workflow);
    let stage = job.stage.and_then(|s| workflow.stages.get(s));
    let steps = Builder::new(pipeline, target, job).build();
    let entered = job.environment.as_ref().map(|e| (e, pipeline.environment(e.environment)));
    let mut env: Vec<EnvVar> = entered.iter().flat_map(|(_, e)| e.env.iter().cloned()).collect();
    env.retain(|v| !job.env.iter().any(|own| own.name.value == v.name.value));
    env.extend(job.env.iter().cloned());
    let mut made = PlannedJob {
        source: JobSource::Spec(id),
        job: Cow::Borrowed(job),
        id: String::new(),
        title: job.name.value.clone(),
        needs: Vec::new(),
        poisoned: false,
        filters: stage.and_then(|s| s.only.clone()).into_iter().chain(job.only.clone()).collect(),
        steps,
        env,
        permissions: BTreeSet::new(),
        secrets: BTreeSet::new(),
        variables: BTreeSet::new(),
        timeout: job.timeout.value,
        interruptible: true,
        approvals: Vec::new(),
        question: None,
        environment: entered.map(|(entered, e)| PlannedEnvironment {
            id: Some(entered.environment),
            name: e.name.value.clone(),
            deploys: entered.purpose != Purpose::Verify,
        }),
    };
    made.permissions = permissions(pipeline, target, job, &made.steps);
    read_contexts(pipeline, &workflow.env, &mut made);
    made
}

/// What the steps of a job need of the vendor's token, beside what the job asks for.
fn permissions(pipeline: &Pipeline, target: TargetId, job: &Job, steps: &[PlannedStep]) -> BTreeSet<Permission> {
    let mut all = job.permissions.clone();
    for step in steps {
        match &step.kind {
            PlannedKind::Checkout(_) => {
                all.insert(Permission::ContentsRead);
            }
            PlannedKind::DockerBuild(build) => {
                if let Some(registry) = &build.registry {
                    own_registry(pipeline, target, registry.value.index(), Permission::PackagesWrite, &mut all);
                }
            }
            PlannedKind::ImagePromote { registry, .. } => {
                own_registry(pipeline, target, registry.index(), Permission::PackagesWrite, &mut all);
            }
            PlannedKind::RegistryLogin(registry) => {
                own_registry(pipeline, target, registry.index(), Permission::PackagesRead, &mut all);
                if pipeline.registries[registry.index()].identity.is_some() {
                    all.insert(Permission::IdToken);
                }
            }
            PlannedKind::Run(_)
            | PlannedKind::Toolchain(_)
            | PlannedKind::Tools(_)
            | PlannedKind::Cache(_)
            | PlannedKind::Uses { .. } => {}
        }
    }
    for step in every_step(job) {
        if let StepKind::Action(call) = &step.kind {
            all.extend(call.body(target).iter().flat_map(|b| &b.permissions));
        }
    }
    if job.reports.iter().any(|r| r.kind.value == ReportKind::Sarif) {
        all.insert(Permission::SecurityUpload);
    }
    if let Some(environment) = job.environment.as_ref().map(|e| pipeline.environment(e.environment)) {
        if environment.identity.is_some() {
            all.insert(Permission::IdToken);
        }
        if environment.after.iter().any(|a| a.strict.is_some()) {
            all.insert(Permission::DeploymentsRead);
        }
    }
    if all.contains(&Permission::ContentsWrite) {
        all.remove(&Permission::ContentsRead);
    }
    if all.contains(&Permission::PackagesWrite) {
        all.remove(&Permission::PackagesRead);
    }
    all
}

fn own_registry(pipeline: &Pipeline, target: TargetId, index: usize, wanted: Permission, all: &mut BTreeSet<Permission>) {
    let registry = &pipeline.registries[index];
    let own = match target {
        TargetId::Github => RegistryKind::Ghcr,
        TargetId::Gitlab => RegistryKind::Gitlab,
        TargetId::Codebuild | TargetId::Codepipeline => RegistryKind::Ecr,
    };
    if registry.kind == own && registry.password.is_none() {
        all.insert(wanted);
    }
}

/// Secrets and variables of the vendor that a job reads.
fn read_contexts(pipeline: &Pipeline, workflow_env: &[EnvVar], job: &mut PlannedJob<'_>) {
    let mut texts: Vec<&Text> = workflow_env.iter().chain(&job.env).map(|v| &v.value).collect();
    texts.extend(job.job.image.iter());
    for service in &job.job.services {
        texts.push(&service.image);
        texts.extend(service.env.iter().map(|v| &v.value));
    }
    let login = |id: &RegistryId| {
        let registry = &pipeline.registries[id.index()];
        registry.user.iter().chain(&registry.password)
    };
    for step in &job.steps {
        texts.extend(step.env.iter().map(|v| &v.value));
        match &step.kind {
            PlannedKind::RegistryLogin(registry) | PlannedKind::ImagePromote { registry, .. } => texts.extend(login(registry)),
            PlannedKind::Run(script) => texts.extend(&script.lines),
            PlannedKind::Uses { with, .. } => texts.extend(with.iter().map(|(_, t)| t)),
            PlannedKind::DockerBuild(build) => {
                texts.extend(build.args.iter().chain(&build.labels).map(|v| &v.value));
                texts.extend(build.tags.iter().map(|t| &t.tag));
                texts.extend(build.registry.iter().flat_map(|r| login(&r.value)));
            }
            PlannedKind::Checkout(_) | PlannedKind::Toolchain(_) | PlannedKind::Tools(_) | PlannedKind::Cache(_) => {}
        }
    }
    let conditions = job.job.condition.iter().chain(job.steps.iter().flat_map(|s| s.condition.iter().chain(s.kind.conditions())));
    let asked = conditions.flat_map(|c| c.contexts()).map(|c| c.value);
    let mut read: Vec<Context> = texts.into_iter().flat_map(Text::contexts).map(|c| c.value.clone()).chain(asked).collect();
    let mut seen = BTreeSet::new();
    while let Some(context) = read.pop() {
        match context {
            Context::Secret(name) => {
                job.secrets.insert(name);
            }
            Context::Variable(name) => {
                job.variables.insert(name);
            }
            Context::Value(id) => {
                let value = &pipeline.values[id.index()];
                let texts = value.arms.iter().map(|(_, text)| text).chain(&value.otherwise);
                if seen.insert(id) {
                    read.extend(texts.flat_map(Text::contexts).map(|c| c.value.clone()));
                }
            }
            _ => {}
        }
    }
}

fn needs(pipeline: &Pipeline, job: &Job, index: &BTreeMap<JobId, usize>) -> Vec<PlannedNeed> {
    let mut merged: BTreeMap<usize, PlannedNeed> = BTreeMap::new();
    for need in &job.needs {
        let Some(at) = index.get(&need.job) else { continue };
        let present = &pipeline.job(need.job).present;
        let entry = merged.entry(*at).or_insert_with(|| PlannedNeed {
            job: *at,
            kinds: BTreeSet::new(),
            strict: false,
            always_present: job.possible.is_subset(present),
            artifacts: job.consumes.iter().filter(|c| c.producer == need.job).map(|c| c.name.clone()).collect(),
            any_result: true,
        });
        entry.kinds.insert(need.kind);
        entry.strict |= need.kind.is_strict();
        entry.any_result &= need.kind == NeedKind::Result;
    }
    merged.into_values().collect()
}

/// Marks jobs with an ancestor that may be absent while they are present.
fn mark_poisoned(jobs: &mut [PlannedJob<'_>]) {
    // For each job: the events for which all its ancestors are surely there, and whether one of them runs after a failure only.
    let mut above: Vec<(BitSet, bool)> = jobs.iter().map(|j| (BitSet::full(j.job.possible.len()), false)).collect();
    for at in in_order(jobs) {
        let (mut present, mut failure) = above[at].clone();
        for need in &jobs[at].needs {
            let (of_need, behind_failure) = &above[need.job];
            let job = &jobs[need.job].job;
            present.intersect_with(of_need);
            present.intersect_with(&job.present);
            failure |= *behind_failure || job.when.value == Outcome::Failure;
        }
        jobs[at].poisoned = failure || !jobs[at].job.possible.is_subset(&present);
        above[at] = (present, failure);
    }
}

/// A deploy, a job that measures a gate of a deploy, and an approval are never cut off.
fn mark_interruptible(pipeline: &Pipeline, jobs: &mut [PlannedJob<'_>]) {
    let deploys = |job: &PlannedJob<'_>| job.job.deploy.is_some() || job.environment.as_ref().is_some_and(|e| e.deploys);
    let gates: BTreeSet<GateId> =
        jobs.iter().filter(|j| deploys(j)).flat_map(|j| j.job.requires.iter().map(|g| g.value)).collect();
    let producers: BTreeSet<JobId> = gates.iter().flat_map(|g| pipeline.gate(*g).producers.iter().copied()).collect();
    for job in jobs.iter_mut() {
        let measures = match job.source {
            JobSource::Spec(id) => producers.contains(&id),
            JobSource::Approval { .. } => true,
        };
        job.interruptible = !deploys(job) && !measures;
    }
}
