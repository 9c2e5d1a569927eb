//! Files that a job must leave behind: what "publishes" means where nothing was written.
//!
//! A vendor's own word differs: GitHub's upload can fail the job or warn, GitLab's only warns. So the meaning is fixed here: an artifact that
//! is published after success must hold a file, and so must one that is published in any case and that another job reads. It is looked for
//! behind the steps that run while all goes well, before a rollback and before `finally`.

use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::gate::GateKind;
use crate::ir::job::ReportKind;
use crate::ir::step::Outcome;
use crate::plan::PlannedWorkflow;
use crate::plan::job::PlannedJob;
use crate::plan::step::{Phase, RunWhen};

/// Paths of which one must hold a file when the steps of the job went well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// The artifact that would be empty.
    pub name: String,
    /// As the spec writes them.
    pub paths: Vec<String>,
}

/// Whether an artifact of this name must hold a file when the steps of the job went well.
pub fn must_hold(workflow: &PlannedWorkflow<'_>, job: &PlannedJob<'_>, name: &str, when: Outcome) -> bool {
    let consumed = || workflow.jobs.iter().any(|j| j.job.consumes.iter().any(|c| c.name.value == name));
    // What `finally` writes comes too late to be looked for.
    let late = || job.steps.iter().any(|s| s.when != RunWhen::Success && s.phase != Phase::Notify);
    match when {
        Outcome::Success => true,
        Outcome::Always => consumed() && !late(),
        Outcome::Failure => false,
    }
}

/// All that the job must leave, artifacts before reports, without what a gate of the job reads and so misses itself.
pub fn of(pipeline: &Pipeline, workflow: &PlannedWorkflow<'_>, job: &PlannedJob<'_>) -> Vec<Kept> {
    let values = |paths: &[Spanned<String>]| paths.iter().map(|p| p.value.clone()).collect::<Vec<_>>();
    let mut found: Vec<Kept> = Vec::new();
    for artifact in &job.job.produces {
        if must_hold(workflow, job, &artifact.name.value, artifact.when) {
            found.push(Kept { name: artifact.name.value.clone(), paths: values(&artifact.paths) });
        }
    }
    for report in &job.job.reports {
        let name = format!("{}-{}", job.job.name.value, report.kind.value.word());
        // GitHub's upload of findings fails without its file.
        if report.kind.value == ReportKind::Sarif && report.when != Outcome::Failure {
            found.extend(report.paths.iter().map(|p| Kept { name: name.clone(), paths: vec![p.value.clone()] }));
        } else if must_hold(workflow, job, &name, report.when) {
            found.push(Kept { name, paths: values(&report.paths) });
        }
    }
    let read = read_by_gates(pipeline, job);
    found.retain(|k| !k.paths.iter().any(|p| read.contains(&p.as_str())));
    let mut seen: Vec<Vec<String>> = Vec::new();
    found.retain(|k| {
        let new = !seen.contains(&k.paths);
        seen.push(k.paths.clone());
        new
    });
    found
}

/// Files that a gate of the job reads in any case: without one it fails, and says so better.
fn read_by_gates<'p>(pipeline: &'p Pipeline, job: &PlannedJob<'_>) -> Vec<&'p str> {
    let strict = job.steps.iter().filter(|s| s.condition.is_none() && !s.continue_on_error).filter_map(|s| s.gate);
    let mut read: Vec<&str> = Vec::new();
    for gate in strict.map(|id| pipeline.gate(id)) {
        match &gate.kind {
            GateKind::Measure(measure) => {
                read.extend(measure.sources.iter().filter_map(|s| s.file.as_ref()).map(|f| f.value.as_str()))
            }
            GateKind::Findings(findings) => read.extend(findings.files.iter().map(|f| f.value.as_str())),
            GateKind::Junit { files } => read.extend(files.iter().map(|f| f.value.as_str())),
            GateKind::Approval(_) | GateKind::Probe(_) | GateKind::Query(_) | GateKind::Check { .. } | GateKind::Window(_) => {}
        }
    }
    read
}
