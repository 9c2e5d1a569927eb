//! GitLab CI: one `.gitlab-ci.yml` for all workflows of a spec.
//!
//! GitLab has no workflows: a pipeline starts if any workflow wants the event (`workflow: rules`), and every job says by rules of its own for
//! which events it is there. Order comes from `needs` alone; stages group jobs for the reader.

mod boolean;
mod cache;
mod data;
pub mod events;
mod expr;
mod job;
mod kept;
mod regex;
mod rules;
mod script;
pub(super) mod settings;
mod setup;
mod share;
mod stage;
mod time;
mod value;
mod view;

use crate::back::gitlab::rules::{Rule, Start, Way};
use crate::back::gitlab::script::Item;
use crate::back::gitlab::value::{Place, WORKFLOW};
use crate::back::variables;
use crate::base::failure::Failure;
use crate::ir::event::{ClauseKind, Filter, Input, InputKind};
use crate::ir::job::Job;
use crate::ir::step::Moment;
use crate::plan::drift::{CHECK, DriftCheck};
use crate::plan::job::PlannedJob;
use crate::plan::step::Notice;
use crate::plan::{Plan, PlannedWorkflow};
use crate::render::header::Header;
use crate::render::{Output, Renderer};

/// The image of jobs that name none: what a hosted runner of the other vendors has (git, curl, ssh, a compiler, Python) is in it.
const IMAGE: &str = "buildpack-deps:bookworm";

/// The files of a plan.
///
/// # Errors
/// `Internal` where the plan holds what the table of capabilities should have refused, or a template is wrong.
pub(super) fn emit(plan: &Plan<'_>, renderer: &Renderer) -> Result<Vec<Output>, Failure> {
    let file = File { plan }.view()?;
    let text = renderer.yaml("gitlab/templates/gitlab-ci.yml.j2", &file)?;
    let path = if plan.target.standby.is_some() { "standby/.gitlab-ci.yml" } else { ".gitlab-ci.yml" };
    Ok(vec![Output::new(path, text)])
}

struct File<'p> {
    plan: &'p Plan<'p>,
}

impl<'p> File<'p> {
    fn view(&self) -> Result<view::File, Failure> {
        let plan = self.plan;
        let stages = stage::lay_out(plan);
        let of_workflow: Vec<Vec<Way<'p>>> =
            plan.workflows.iter().map(|w| rules::ways(&[&w.workflow.on], self.chosen(w))).collect();
        let of_drift = plan.drift.iter().flat_map(|d| rules::ways(&[&d.on], None)).collect::<Vec<_>>();
        let union = rules::merged(of_workflow.iter().flatten().map(Way::unchosen).chain(of_drift.iter().cloned()).collect());
        let pipeline = rules::of_pipeline(&union);
        let placed: Vec<(Place<'p>, Vec<Way<'p>>)> = plan.workflows.iter().flat_map(|w| self.placed(w)).collect();
        let mut workflow_rules = Vec::new();
        if plan.workflows.iter().any(|w| w.workflow.dedupe.is_some()) {
            workflow_rules.extend(rules::dedupe(&placed)?);
        }
        workflow_rules.extend(pipeline.iter().cloned());
        if workflow_rules.is_empty() {
            // Every way into a pipeline was left out by name: none starts.
            workflow_rules.push(rules::never());
        }
        let mut jobs = Vec::new();
        let mut cancels = Vec::new();
        for ((place, ways), stage) in placed.iter().zip(stages.of_job.iter().flatten()) {
            jobs.push(job::view(*place, &stages.names[*stage], ways, &pipeline)?);
            cancels.push(job::is_interruptible(*place));
        }
        for (w, workflow) in plan.workflows.iter().enumerate() {
            for (notice, key) in workflow.notices.iter().zip(notice_names(plan, workflow)) {
                jobs.push(self.notice(workflow, notice, &key, &of_workflow[w], &pipeline)?);
                cancels.push(false);
            }
        }
        let interruptible = cancels.iter().any(|c| *c);
        if let Some(drift) = &plan.drift {
            jobs.push(drift_job(drift, stages.names.first(), &of_drift, &pipeline));
            cancels.push(true);
        }
        for (job, cancels) in jobs.iter_mut().zip(&cancels) {
            job.interruptible = (interruptible && !cancels).then_some(false);
        }
        let image = jobs.iter().any(|j| j.image.is_none() && !j.script.is_empty()).then(|| IMAGE.to_owned());
        let raw: Vec<view::Pair> = plan.workflows.iter().flat_map(|w| job::raw(&w.workflow.raw)).collect();
        let taken: Vec<String> = raw.iter().map(|r| r.key.clone()).collect();
        let shared = share::share(&mut jobs, &taken);
        Ok(view::File {
            header: self.header(),
            title: plan.pipeline.description.clone(),
            workflow_rules,
            auto_cancel: interruptible,
            stages: stages.names,
            default: view::Default { image, tags: plan.target.tags.iter().map(|t| t.value.clone()).collect(), interruptible },
            inputs: self.inputs(),
            variables: self.variables(),
            shared,
            jobs,
            raw,
        })
    }

    /// The jobs of a workflow with the ways into a pipeline.
    fn placed(&self, workflow: &'p PlannedWorkflow<'p>) -> impl Iterator<Item = (Place<'p>, Vec<Way<'p>>)> {
        let chosen = self.chosen(workflow);
        let plan = self.plan;
        workflow.jobs.iter().map(move |job| {
            let filters: Vec<&'p Filter> = std::iter::once(&workflow.workflow.on).chain(&job.filters).collect();
            (Place { plan, workflow, job }, rules::ways(&filters, chosen))
        })
    }

    fn header(&self) -> String {
        let losses = self.plan.losses.iter().map(|loss| {
            let of = if loss.jobs.is_empty() { String::new() } else { format!(" ({})", loss.jobs.join(", ")) };
            let until = loss.until.as_ref().map_or_else(String::new, |u| format!(", until {u}"));
            format!("{}{of}: {}. Reason: {}{until}.", loss.capability, loss.lost, loss.reason)
        });
        Header { losses: losses.collect(), ..Header::new(&self.plan.spec) }.text()
    }

    /// The workflow's name, where a person who starts a pipeline must say which one is meant.
    fn chosen(&self, workflow: &'p PlannedWorkflow<'p>) -> Option<&'p str> {
        let manual = self.plan.workflows.iter().filter(|w| is_manual(w)).count();
        (manual > 1 && is_manual(workflow)).then_some(workflow.workflow.name.value.as_str())
    }

    /// The fields of the form in which a person starts a pipeline.
    fn inputs(&self) -> Vec<view::Input> {
        let manual: Vec<&PlannedWorkflow<'_>> = self.plan.workflows.iter().filter(|w| is_manual(w)).collect();
        let mut out: Vec<view::Input> = Vec::new();
        if manual.len() > 1 {
            let mut options = vec![String::new()];
            options.extend(manual.iter().map(|w| w.workflow.name.value.clone()));
            let description = Some("Which workflow to run".to_owned());
            out.push(view::Input { name: WORKFLOW.to_owned(), value: String::new(), options, description });
        }
        for workflow in manual {
            for asked in &workflow.workflow.inputs {
                let view = self.input(asked);
                match out.iter_mut().find(|i| i.name == view.name) {
                    // Two workflows ask for one name: the form has one field, with the choices of both.
                    Some(found) => {
                        let new: Vec<String> = view.options.into_iter().filter(|o| !found.options.contains(o)).collect();
                        found.options.extend(new);
                    }
                    None => out.push(view),
                }
            }
        }
        out
    }

    fn input(&self, asked: &Input) -> view::Input {
        let value = asked.default.as_ref().map_or_else(String::new, |d| value::input_text(&d.value));
        let mut options: Vec<String> = match &asked.kind {
            InputKind::String | InputKind::Number => Vec::new(),
            InputKind::Boolean => vec!["true".to_owned(), "false".to_owned()],
            InputKind::Choice(list) => list.iter().map(|o| o.value.clone()).collect(),
            InputKind::Environment => self.plan.pipeline.environments.iter().map(|e| e.name.value.clone()).collect(),
        };
        // The default must be one of the choices, and every pipeline has a value.
        if !options.is_empty() && !options.contains(&value) {
            options.insert(0, value.clone());
        }
        view::Input { name: variables::input(&asked.name.value), value, options, description: asked.description.clone() }
    }

    /// Variables of every job: those of the spec with a value, and the workflow's where there is only one.
    fn variables(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        let [workflow, ..] = self.plan.workflows.as_slice() else { return out };
        let Some(job) = workflow.jobs.first() else { return out };
        let place = Place { plan: self.plan, workflow, job };
        for variable in &self.plan.pipeline.variables {
            out.extend(variable.value.as_ref().and_then(|v| Some((variable.name.value.clone(), place.expanded(v)?))));
        }
        if self.plan.workflows.len() == 1 {
            for variable in &workflow.env {
                let name = &variable.name.value;
                // What is given by itself keeps the value that it has.
                if let Some(value) = place.expanded(&variable.value).filter(|v| *v != format!("${name}")) {
                    out.retain(|(n, _)| n != name);
                    out.push((name.clone(), value));
                }
            }
        }
        out
    }

    /// A job for a message about a whole pipeline. It stands in `.post` and has no needs: only there does GitLab look at every job before it.
    fn notice(
        &self,
        workflow: &'p PlannedWorkflow<'p>,
        notice: &Notice,
        key: &str,
        ways: &[Way<'p>],
        pipeline: &[Rule],
    ) -> Result<view::Job, Failure> {
        let (when, stage) = match notice.on {
            Moment::Failure | Moment::GateFailed | Moment::Rollback => (Some("on_failure"), ".post"),
            Moment::Always => (Some("always"), ".post"),
            Moment::Started | Moment::ApprovalRequested => (None, ".pre"),
            Moment::Success => (None, ".post"),
        };
        let job = notice_job(self.plan, workflow, notice, key);
        let place = Place { plan: self.plan, workflow, job: &job };
        let scripts = script::of_job(place, Vec::<Item>::new(), Vec::new());
        Ok(view::Job {
            key: key.to_owned(),
            stage: stage.to_owned(),
            needs: (stage == ".pre").then(Vec::new),
            rules: rules::of_job(ways, place, &Start { when, waived: None }, pipeline)?,
            timeout: "5 minutes".to_owned(),
            // A message that cannot be sent fails no pipeline.
            allow_failure: true,
            variables: vec![("GIT_STRATEGY".to_owned(), "none".to_owned())],
            script: scripts.main,
            ..view::Job::default()
        })
    }
}

/// The check of the outputs against the spec. It stands in a stage of the spec, since a pipeline that has jobs in `.pre` and `.post` only does
/// not run (<https://docs.gitlab.com/ci/yaml/#stage-pre>).
fn drift_job(drift: &DriftCheck, stage: Option<&String>, ways: &[Way<'_>], pipeline: &[Rule]) -> view::Job {
    let lines = drift.install.iter().map(String::as_str).chain([CHECK]);
    view::Job {
        key: drift.id.clone(),
        comments: vec!["Fails when a file and the spec have grown apart.".to_owned()],
        stage: stage.cloned().unwrap_or_default(),
        needs: Some(Vec::new()),
        rules: rules::of_ways(ways, pipeline),
        timeout: "10 minutes".to_owned(),
        script: lines.map(|line| Item { comment: None, text: line.to_owned() }).collect(),
        ..view::Job::default()
    }
}

/// The names of the jobs that send a workflow's messages.
fn notice_names(plan: &Plan<'_>, workflow: &PlannedWorkflow<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for notice in &workflow.notices {
        let moment = notice.on.word();
        let base = if plan.workflows.len() > 1 {
            format!("{}: notify {moment}", workflow.workflow.name.value)
        } else {
            format!("notify {moment}")
        };
        let taken = names.iter().filter(|n| **n == base || n.strip_prefix(&base).is_some_and(|r| r.starts_with(' '))).count();
        names.push(if taken == 0 { base } else { format!("{base} {}", taken + 1) });
    }
    names
}

/// The job around a message: present for every event of its workflow.
fn notice_job<'p>(plan: &'p Plan<'p>, workflow: &'p PlannedWorkflow<'p>, notice: &Notice, id: &str) -> PlannedJob<'p> {
    let mut job: Job = match workflow.jobs.first() {
        Some(first) => first.job.clone().into_owned(),
        None => plan.pipeline.jobs[0].clone(),
    };
    job.possible = crate::ir::bits::BitSet::new(plan.pipeline.events.len());
    for (i, event) in plan.pipeline.events.iter().enumerate() {
        if workflow.workflow.on.accepts(event) {
            job.possible.insert(i);
        }
    }
    (job.condition, job.docker, job.services, job.outputs) = (None, None, Vec::new(), Vec::new());
    PlannedJob {
        source: crate::plan::job::JobSource::Spec(crate::ir::id::JobId(u32::MAX)),
        job: std::borrow::Cow::Owned(job),
        id: id.to_owned(),
        title: id.to_owned(),
        needs: Vec::new(),
        poisoned: false,
        filters: Vec::new(),
        steps: vec![notice.step.clone()],
        env: Vec::new(),
        permissions: std::collections::BTreeSet::default(),
        secrets: std::collections::BTreeSet::default(),
        variables: std::collections::BTreeSet::default(),
        timeout: crate::ir::units::Duration { seconds: 300 },
        interruptible: false,
        approvals: Vec::new(),
        question: None,
        environment: None,
    }
}

fn is_manual(workflow: &PlannedWorkflow<'_>) -> bool {
    workflow.workflow.on.clauses.iter().any(|c| matches!(c.kind, ClauseKind::Manual { .. }))
}
