//! Workflows and stages.

use crate::base::span::Spanned;
use crate::ir::event::Filter;
use crate::ir::id::{JobId, WorkflowId};
use crate::ir::job::{Concurrency, Group, Mode, Stage, StageNeeds, Workflow};
use crate::ir::units::Duration;
use crate::sema::declare::{name_of, spanned};
use crate::sema::filter::{filter, inputs, schedules};
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, job_id, missing};
use crate::syntax::tree::Node;

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    pub(super) fn workflows(&mut self) -> Vec<Workflow> {
        (0..self.scope.workflow_nodes.len()).map(|i| self.workflow(WorkflowId(i as u32))).collect()
    }

    fn workflow(&mut self, id: WorkflowId) -> Workflow {
        let node: &'n Node<'a> = self.scope.workflow_nodes[id.index()];
        let place = Place { workflow: Some(id), ..Place::default() };
        let on = node.child("on");
        if on.is_none() {
            self.diagnostics.push(missing(node.span, "what starts this workflow", "on { push main; pull-request main }"));
        }
        let filtered = on.map_or_else(Filter::default, |n| filter(self.scope, n, self.diagnostics));
        if let Some(empty) = on.filter(|n| filtered.clauses.is_empty() && n.children().is_empty()) {
            self.diagnostics.push(missing(empty.span, "an event that starts this workflow", "one, as `push main`"));
        }
        // Jobs are declared workflow by workflow.
        let of = |w: WorkflowId| self.scope.jobs.partition_point(|j| j.workflow < w);
        let jobs: Vec<JobId> = (of(id)..of(WorkflowId(id.0 + 1))).map(job_id).collect();
        Workflow {
            name: name_of(node).unwrap_or_default(),
            on: filtered,
            schedules: on.map_or_else(Vec::new, |n| schedules(n, self.diagnostics)),
            inputs: on.map_or_else(Vec::new, |n| inputs(n, self.diagnostics)),
            dedupe: on.and_then(|n| n.child("dedupe")).map(|c| c.span),
            concurrency: node.child("concurrency").and_then(|c| self.concurrency(c, Mode::QueueLatest, &place)),
            stages: self.stages(id, node, &jobs),
            jobs,
            env: self.env(node, &place),
            notify: self.notifications(node, &place),
            budget: node.setting("budget").and_then(|e| self.unit(e, Duration::parse)),
            requires: self.gate_list(node, "requires"),
            raw: self.raws(node),
            comments: node.comments.iter().map(ToString::to_string).collect(),
        }
    }

    fn stages(&mut self, workflow: WorkflowId, node: &'n Node<'a>, jobs: &[JobId]) -> Vec<Stage> {
        let names = &self.scope.stages[workflow.index()];
        let mut of_stage: Vec<Vec<JobId>> = vec![Vec::new(); names.len()];
        for job in jobs {
            if let Some(stage) = self.scope.jobs[job.index()].stage {
                of_stage[stage].push(*job);
            }
        }
        let nodes: Vec<&'n Node<'a>> = node.children().iter().filter(|c| c.name() == "stage").collect();
        let mut stages: Vec<Stage> = Vec::new();
        for node in nodes {
            let Some(name) = name_of(node) else { continue };
            if names.get(&name.value) != Some(stages.len()) {
                continue;
            }
            let jobs = std::mem::take(&mut of_stage[stages.len()]);
            let needs = self.stage_needs(workflow, node);
            let requires = self.gate_list(node, "requires");
            let only = node.child("only").map(|c| filter(self.scope, c, self.diagnostics));
            stages.push(Stage { name, jobs, needs, only, requires });
        }
        stages
    }

    fn stage_needs(&mut self, workflow: WorkflowId, node: &Node<'a>) -> StageNeeds {
        let words = node.values("needs").into_iter().filter_map(spanned);
        let words: Vec<Spanned<String>> = words.collect();
        match words.as_slice() {
            [] => StageNeeds::Implied,
            [one] if one.value == "none" => StageNeeds::None,
            several => {
                let names = &self.scope.stages[workflow.index()];
                let found = several
                    .iter()
                    .filter_map(|w| names.find(&w.value, w.span, self.diagnostics).map(|i| Spanned::new(i, w.span)));
                StageNeeds::Stages(found.collect())
            }
        }
    }

    /// `concurrency per=branch cancel-running`, `concurrency deploy queue=latest`
    pub(super) fn concurrency(&mut self, node: &Node<'a>, mode: Mode, place: &Place<'_, 'n, 'a>) -> Option<Concurrency> {
        let mode = self.queue_mode(node).unwrap_or_else(|| Spanned::new(mode, node.span));
        let group = if let Some(entry) = node.args_without(&["cancel-running"]).first() {
            Group::Named(self.text(entry, place))
        } else {
            match node.setting("per").and_then(spanned) {
                None => Group::PerBranch,
                Some(per) => match per.value.as_str() {
                    "branch" | "pull-request" => Group::PerBranch,
                    "workflow" => Group::PerWorkflow,
                    "environment" => match place.environment {
                        Some(environment) => Group::Environment(environment),
                        None => {
                            let d = missing(
                                node.span,
                                "the environment of this group",
                                "it to a job that has an environment, or write per=branch",
                            );
                            self.diagnostics.push(d);
                            return None;
                        }
                    },
                    other => {
                        let known = ["branch", "pull-request", "workflow", "environment"];
                        self.diagnostics.push(crate::sema::names::unknown(
                            "kind of group",
                            other,
                            per.span,
                            known.iter().copied(),
                        ));
                        return None;
                    }
                },
            }
        };
        Some(Concurrency { group, mode, span: node.span })
    }
}
