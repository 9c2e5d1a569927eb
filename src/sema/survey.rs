//! What filters and conditions a spec has, each once.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Pipeline;
use crate::ir::event::{Clause, ClauseKind, Event, Filter};
use crate::ir::expr::Expr;
use crate::ir::gate::GateKind;
use crate::ir::id::WorkflowId;
use crate::ir::lang::Lang;
use crate::ir::walk::{self, Item};
use crate::sema::presence::spelled;

/// Every filter: of workflows, stages, jobs and environments; equal ones once.
pub(super) fn filters(pipeline: &Pipeline) -> Vec<&Filter> {
    let stages =
        pipeline.workflows.iter().flat_map(|w| std::iter::once(&w.on).chain(w.stages.iter().filter_map(|s| s.only.as_ref())));
    let jobs = pipeline.jobs.iter().filter_map(|j| j.only.as_ref());
    let environments = pipeline.environments.iter().filter_map(|e| e.allow.as_ref());
    let mut seen = BTreeSet::new();
    stages.chain(jobs).chain(environments).filter(|f| seen.insert(spelled(f))).collect()
}

/// Every condition with the workflow whose inputs it reads.
pub(super) fn conditions(pipeline: &Pipeline) -> Vec<(Option<WorkflowId>, &Expr)> {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    let mut found = Vec::new();
    for job in &pipeline.jobs {
        walk::items(job, &targets, &mut |item| match item {
            Item::Condition(expr) | Item::JobCondition(expr) => found.push((Some(job.workflow), expr)),
            Item::Text(_) | Item::Script(_) => {}
        });
    }
    for gate in &pipeline.gates {
        found.extend(gate.waive.iter().map(|w| (None, &w.condition)));
        if let GateKind::Check { steps } = &gate.kind {
            for step in steps {
                walk::step(step, &targets, &mut |item| {
                    if let Item::Condition(expr) = item {
                        found.push((None, expr));
                    }
                });
            }
        }
    }
    found
}

/// The chains of filters that decide about jobs: a workflow's, a stage's and a job's own; equal ones once.
pub(super) struct Chains<'p>(Vec<Vec<&'p Filter>>);

impl<'p> Chains<'p> {
    /// The chains of a pipeline that look at changed files.
    pub(super) fn of(pipeline: &'p Pipeline) -> Self {
        let mut chains: BTreeMap<Vec<String>, Vec<&'p Filter>> = BTreeMap::new();
        let mut spellings: BTreeMap<*const Filter, String> = BTreeMap::new();
        for job in &pipeline.jobs {
            let workflow = pipeline.workflow(job.workflow);
            let stage = job.stage.and_then(|s| workflow.stages[s].only.as_ref());
            let chain: Vec<&Filter> = [Some(&workflow.on), stage, job.only.as_ref()].into_iter().flatten().collect();
            if !chain.iter().flat_map(|f| &f.clauses).any(|c| files(c).is_some()) {
                continue;
            }
            let key = chain.iter().map(|f| spellings.entry(std::ptr::from_ref(*f)).or_insert_with(|| spelled(f)).clone());
            chains.entry(key.collect()).or_insert(chain);
        }
        Self(chains.into_values().collect())
    }

    /// For an event of whatever files: the sets of files that must each be touched for some job to be there, each list once.
    pub(super) fn files(&self, event: &Event) -> Vec<Vec<Lang>> {
        let mut found: BTreeSet<Vec<Lang>> = BTreeSet::new();
        for chain in &self.0 {
            let mut lists: Vec<Vec<Lang>> = vec![Vec::new()];
            for filter in chain {
                let taking: Vec<Option<&Lang>> = filter.clauses.iter().filter(|c| c.accepts(event)).map(files).collect();
                lists =
                    lists.iter().flat_map(|list| taking.iter().map(move |t| list.iter().chain(*t).cloned().collect())).collect();
            }
            for mut list in lists {
                list.sort();
                list.dedup();
                if !list.is_empty() {
                    found.insert(list);
                }
            }
        }
        found.into_iter().collect()
    }
}

fn files(clause: &Clause) -> Option<&Lang> {
    match &clause.kind {
        ClauseKind::Push { paths, .. } | ClauseKind::PullRequest { paths, .. } => paths.as_ref().map(|p| &p.pattern.lang),
        ClauseKind::Tag { .. }
        | ClauseKind::Schedule { .. }
        | ClauseKind::Manual { .. }
        | ClauseKind::Release { .. }
        | ClauseKind::Raw(_)
        | ClauseKind::Branch { .. } => None,
    }
}
