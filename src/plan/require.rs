//! What a pipeline asks of a vendor: every construct that one may lack, with its place.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::environment::{ClusterAccess, Target, Tier};
use crate::ir::event::{Clause, ClauseKind, EventKind, InputKind, PathFilter, Pattern, PullRequestType};
use crate::ir::expr::{Expr, ExprKind, Literal};
use crate::ir::gate::{GateKind, Via};
use crate::ir::id::{EnvironmentId, JobId, TargetId, WorkflowId};
use crate::ir::job::{Concurrency, Group, Job, Mode, Purpose, Workflow};
use crate::ir::step::{Moment, Notification};
use crate::ir::text::{Context, GateField, PrField, RunField, Text};
use crate::plan::readers::reads_secret;
use crate::target::capability::Capability;

/// A construct of the spec that a vendor may lack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Required {
    /// What is asked.
    pub capability: Capability,
    /// Where.
    pub span: Span,
    /// By which job.
    pub job: Option<JobId>,
    /// In which workflow, where it is one that asks.
    pub workflow: Option<WorkflowId>,
    /// Which one, for the message: "schedule `nightly`".
    pub detail: String,
    /// How much, where the capability counts; otherwise 0.
    pub figure: u64,
}

/// Everything that the workflows of a target ask, in the order of the spec.
pub fn require(pipeline: &Pipeline, workflows: &[WorkflowId], target: &Target) -> Vec<Required> {
    let own = pipeline.of(target.id);
    let mut walk = Walk { pipeline: own, target: target.id, job: None, workflow: None, found: Vec::new() };
    // All that the target holds, those that none of its events starts among them.
    for workflow in pipeline.workflows.iter().filter(|w| target.holds(&w.name.value)) {
        for clause in &workflow.on.clauses {
            if let ClauseKind::Raw(own) = &clause.kind {
                walk.need(Capability::RawEvent, clause.span, format!("`{}`, workflow `{}`", own.name.value, workflow.name.value));
            }
        }
    }
    for id in workflows.iter().filter(|id| pipeline.starts_on(**id, target)) {
        walk.workflow = Some(*id);
        walk.workflow(own.workflow(*id));
        for job in &own.workflow(*id).jobs {
            walk.job = Some(*job);
            walk.job(own.job(*job));
        }
        (walk.job, walk.workflow) = (None, None);
    }
    walk.gates(workflows);
    walk.environments(workflows);
    walk.secrets(workflows);
    walk.names_that_differ_by_case(workflows);
    walk.repository();
    if let Some(span) = target.check_drift {
        walk.need(Capability::CheckDrift, span, "`check-drift`");
    }
    for file in pipeline.raw_files.iter().filter(|f| f.target != target.id) {
        walk.need(Capability::RawFile, file.path.span, format!("`{}`", file.path.value));
    }
    walk.found
}

mod exact;
mod job;

struct Walk<'a> {
    pipeline: &'a Pipeline,
    target: TargetId,
    job: Option<JobId>,
    workflow: Option<WorkflowId>,
    found: Vec<Required>,
}

impl Walk<'_> {
    fn need(&mut self, capability: Capability, span: Span, detail: impl Into<String>) {
        self.count(capability, span, detail, 0);
    }

    fn count(&mut self, capability: Capability, span: Span, detail: impl Into<String>, figure: u64) {
        let (job, workflow) = (self.job, self.workflow);
        self.found.push(Required { capability, span, job, workflow, detail: detail.into(), figure });
    }

    fn workflow(&mut self, workflow: &Workflow) {
        let name = format!("workflow `{}`", workflow.name.value);
        for clause in &workflow.on.clauses {
            self.trigger(clause, &name);
        }
        for schedule in &workflow.schedules {
            let what = format!("schedule `{}`", schedule.name.value);
            self.need(Capability::Schedule, schedule.name.span, &what);
            if schedule.cron.value.restricts_both_days() {
                self.need(Capability::ScheduleDays, schedule.cron.span, &what);
            }
            if let Some(zone) = &schedule.timezone {
                self.need(Capability::ScheduleTimezone, zone.span, &what);
            }
            if let Some(branch) = schedule.branch.as_ref().filter(|b| b.value != self.pipeline.default_branch.value) {
                self.need(Capability::ScheduleBranch, branch.span, &what);
            }
        }
        let inputs_span = workflow.inputs.first().map_or(workflow.name.span, |i| i.name.span);
        self.count(Capability::InputCount, inputs_span, &name, workflow.inputs.len() as u64);
        for input in &workflow.inputs {
            let what = format!("input `{}`", input.name.value);
            let (capability, figure) = match &input.kind {
                InputKind::String => (Capability::InputString, 0),
                InputKind::Boolean => (Capability::InputBoolean, 0),
                InputKind::Number => (Capability::InputNumber, 0),
                InputKind::Choice(choices) => (Capability::InputChoice, choices.len() as u64),
                InputKind::Environment => (Capability::InputEnvironment, 0),
            };
            self.count(capability, input.name.span, &what, figure);
            if input.required {
                self.need(Capability::InputRequired, input.name.span, &what);
            }
            if let Some(glob) = &input.matches {
                self.need(Capability::InputPattern, glob.span, &what);
            }
        }
        if let Some(span) = workflow.dedupe {
            self.need(Capability::Dedupe, span, &name);
        }
        if let Some(concurrency) = &workflow.concurrency {
            self.concurrency(concurrency, &name);
        }
        for notification in &workflow.notify {
            self.need(Capability::NotifyWorkflow, notification.span, &name);
            self.moments(notification, &name);
        }
        let target = self.target;
        for raw in workflow.raw.iter().filter(|r| r.target.value == target) {
            self.need(Capability::Raw, raw.target.span, &name);
        }
        for env in &workflow.env {
            self.text(&env.value, "a variable");
            env.value.contexts().for_each(|c| self.own_value(c, &name));
        }
        if let Some(Group::Named(text)) = workflow.concurrency.as_ref().map(|c| &c.group) {
            text.contexts().for_each(|c| self.own_value(c, &name));
        }
    }

    /// A value that an expression of GitHub's own gives is asked for by who reads it.
    fn own_value(&mut self, read: &Spanned<Context>, what: &str) {
        let Context::Value(id) = &read.value else { return };
        let value = &self.pipeline.values[id.index()];
        if value.github.is_some() {
            self.need(Capability::ValueOwn, read.span, format!("`value.{}` in {what}", value.name.value));
        }
    }

    fn trigger(&mut self, clause: &Clause, what: &str) {
        match &clause.kind {
            ClauseKind::Push { paths, .. } => {
                self.need(Capability::Push, clause.span, what);
                self.paths(paths.as_ref(), Capability::PathFilter, what);
            }
            ClauseKind::Tag { .. } => self.need(Capability::Tag, clause.span, what),
            ClauseKind::PullRequest { types, exclude_forks, paths, .. } => {
                self.need(Capability::PullRequest, clause.span, what);
                self.pull_request_types(types, clause.span, what);
                let capability = |t: &PullRequestType| match t {
                    PullRequestType::Closed | PullRequestType::Merged => Some(Capability::PullRequestClosed),
                    PullRequestType::Ready => Some(Capability::PullRequestReady),
                    PullRequestType::Labeled => Some(Capability::PullRequestLabeled),
                    PullRequestType::Opened | PullRequestType::Updated | PullRequestType::Reopened => None,
                };
                for found in types.iter().filter_map(capability).collect::<BTreeSet<_>>() {
                    self.need(found, clause.span, what);
                }
                if *exclude_forks {
                    self.need(Capability::ExcludeForks, clause.span, what);
                }
                self.paths(paths.as_ref(), Capability::PathFilter, what);
            }
            ClauseKind::Manual { .. } => self.need(Capability::Manual, clause.span, what),
            ClauseKind::Release { .. } => self.need(Capability::Release, clause.span, what),
            // The schedules stand in a list of their own; a branch is a part of other events.
            ClauseKind::Schedule { .. } | ClauseKind::Branch { .. } => {}
            // Asked of every workflow before.
            ClauseKind::Raw(_) => {}
        }
    }

    /// What some vendors do not tell apart.
    fn pull_request_types(&mut self, types: &[PullRequestType], span: Span, what: &str) {
        let takes = |t: PullRequestType| types.contains(&t);
        match (takes(PullRequestType::Opened), takes(PullRequestType::Updated)) {
            (true, true) => {}
            (false, false) if takes(PullRequestType::Reopened) => self.need(Capability::PullRequestReopened, span, what),
            (false, false) => {}
            _ => self.need(Capability::PullRequestTypes, span, what),
        }
    }

    fn paths(&mut self, paths: Option<&PathFilter>, capability: Capability, what: &str) {
        let Some(paths) = paths else { return };
        self.need(capability, paths.span, what);
        if !paths.pattern.except.is_empty() {
            self.need(Capability::PathFilterExcept, paths.span, what);
        }
        let count = |p: &Pattern| p.include.len() + p.except.len();
        self.count(Capability::PathPatterns, paths.span, what, count(&paths.pattern) as u64);
    }

    fn concurrency(&mut self, concurrency: &Concurrency, what: &str) {
        let capability = match (concurrency.mode.value, &concurrency.group) {
            (Mode::QueueAll, _) => Capability::QueueAll,
            (Mode::QueueLatest, _) => Capability::QueueLatest,
            (Mode::CancelRunning, Group::PerBranch) => Capability::CancelRunning,
            (Mode::CancelRunning, _) => Capability::CancelRunningGroup,
        };
        self.need(capability, concurrency.mode.span, what);
    }

    fn moments(&mut self, notification: &Notification, what: &str) {
        for moment in notification.on.iter().filter(|m| m.value == Moment::ApprovalRequested) {
            self.need(Capability::NotifyApproval, moment.span, what);
        }
        self.text(&notification.text, "a message");
    }

    fn text(&mut self, text: &Text, what: &str) {
        text.contexts().for_each(|context| self.context(context, what));
    }

    /// What a condition asks, in whose place a vendor without it has nothing to compare.
    fn asked(&mut self, condition: &Expr, what: &str) {
        condition.contexts().iter().for_each(|context| self.context(context, what));
    }

    fn context(&mut self, context: &Spanned<Context>, what: &str) {
        let capability = match &context.value {
            Context::Run(RunField::Attempt) => Capability::ContextAttempt,
            Context::Run(RunField::Number) => Capability::ContextRunNumber,
            Context::Run(RunField::Actor) => Capability::ContextActor,
            Context::Run(RunField::Token) => Capability::ContextToken,
            Context::Pr(PrField::Title) => Capability::ContextPrTitle,
            Context::Pr(PrField::Number | PrField::Target) => Capability::ContextPrTarget,
            Context::NeedsResult(_) => Capability::NeedsResult,
            Context::Gate { field: GateField::Approver, .. } => Capability::ContextApprover,
            Context::Gate { field: GateField::Value, .. } => Capability::ContextGateValue,
            _ => return,
        };
        self.need(capability, context.span, what);
    }

    /// Gates, each once, with the first job that asks for it.
    fn gates(&mut self, workflows: &[WorkflowId]) {
        let jobs: Vec<JobId> = workflows.iter().flat_map(|w| &self.pipeline.workflow(*w).jobs).copied().collect();
        let mut first: Vec<Option<usize>> = vec![None; self.pipeline.gates.len()];
        for (at, id) in jobs.iter().enumerate() {
            let job = self.pipeline.job(*id);
            for gate in job.requires.iter().chain(job.deploy.iter().flat_map(|d| &d.monitor)) {
                first[gate.value.index()].get_or_insert(at);
            }
        }
        let place: BTreeMap<JobId, usize> = jobs.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        for (gate, asking) in self.pipeline.gates.iter().zip(first) {
            let measuring = gate.producers.iter().filter_map(|j| place.get(j).copied());
            let Some(first) = measuring.chain(asking).min() else { continue };
            self.job = Some(jobs[first]);
            let (span, what) = (gate.name.span, format!("gate `{}`", gate.name.value));
            match &gate.kind {
                GateKind::Measure(_) | GateKind::Findings(_) | GateKind::Junit { .. } => {
                    self.need(Capability::GateMeasure, span, &what)
                }
                GateKind::Probe(_) => self.need(Capability::GateProbe, span, &what),
                GateKind::Query(_) => self.need(Capability::GateQuery, span, &what),
                GateKind::Check { .. } => self.need(Capability::GateCheck, span, &what),
                GateKind::Window(_) => self.need(Capability::GateWindow, span, &what),
                GateKind::Approval(approval) => {
                    let native = approval.via == Via::Native;
                    match approval.via {
                        Via::Native => self.need(Capability::Approval, span, &what),
                        Via::Issue => self.need(Capability::ApprovalIssue, approval.span, &what),
                        Via::Sequential => self.need(Capability::ApprovalSequential, approval.span, &what),
                    }
                    if let Some(team) = approval.from.first().filter(|_| approval.via != Via::Issue) {
                        self.need(Capability::ApprovalTeam, team.span, &what);
                    }
                    if native && approval.count.value > 1 {
                        self.need(Capability::ApprovalCount, approval.count.span, &what);
                    }
                    if let Some(span) = approval.exclude_author.filter(|_| approval.via != Via::Issue) {
                        self.need(Capability::ApprovalExcludeAuthor, span, &what);
                    }
                    if let Some(timeout) = &approval.timeout {
                        if approval.via == Via::Issue {
                            self.count(Capability::Timeout, timeout.span, &what, timeout.minutes_ceil());
                        } else {
                            self.need(Capability::ApprovalTimeout, timeout.span, &what);
                        }
                    }
                    if let Some(message) = approval.message.as_ref().filter(|_| approval.via != Via::Issue) {
                        self.need(Capability::ApprovalMessage, message.span, &what);
                    }
                    if !approval.checklist.is_empty() && approval.via != Via::Issue {
                        self.need(Capability::ApprovalChecklist, approval.span, &what);
                    }
                }
            }
            for notification in &gate.notify {
                self.need(Capability::Notify, notification.span, &what);
                self.moments(notification, &what);
            }
            self.job = None;
        }
    }

    /// Environments that a job enters, each once.
    fn environments(&mut self, workflows: &[WorkflowId]) {
        let entered: BTreeSet<_> = workflows
            .iter()
            .flat_map(|w| &self.pipeline.workflow(*w).jobs)
            .filter_map(|j| self.pipeline.job(*j).environment.as_ref().map(|e| e.environment))
            .collect();
        for id in entered {
            let environment = self.pipeline.environment(id);
            let what = format!("environment `{}`", environment.name.value);
            self.queue_across(workflows, id, &what);
            if let Some(url) = &environment.url {
                self.need(Capability::EnvironmentUrl, url.span, &what);
            }
            if environment.tier != Tier::Other {
                self.need(Capability::EnvironmentTier, environment.name.span, &what);
            }
            for secret in &environment.secrets {
                let stored = secret.from.as_ref().filter(|f| !f.value.starts_with("ci:"));
                let reads = |j: &Job| {
                    j.environment.as_ref().is_some_and(|e| e.environment == id)
                        && reads_secret(self.pipeline, self.target, j, &secret.name.value)
                };
                if let Some(from) = stored.filter(|_| self.pipeline.jobs.iter().any(reads)) {
                    self.need(Capability::SecretStore, from.span, format!("{what}, secret `{}`", secret.name.value));
                    continue;
                }
                self.need(Capability::EnvironmentSecret, secret.name.span, format!("{what}, secret `{}`", secret.name.value));
            }
            if let Some(cluster) = &environment.cluster {
                match &cluster.access {
                    ClusterAccess::Kubeconfig(_) => self.need(Capability::ClusterKubeconfig, cluster.span, &what),
                    ClusterAccess::Eks { .. } => self.need(Capability::ClusterEks, cluster.span, &what),
                    ClusterAccess::Server(_) => {}
                }
            }
            if let Some(identity) = &environment.identity {
                self.need(Capability::AwsIdentity, identity.span, &what);
            }
        }
    }

    /// Jobs of one environment that different kinds of events start, or different workflows.
    fn queue_across(&mut self, workflows: &[WorkflowId], id: EnvironmentId, what: &str) {
        let mut ways: BTreeSet<(WorkflowId, EventKind)> = BTreeSet::new();
        for workflow in workflows {
            for job in self.pipeline.workflow(*workflow).jobs.iter().map(|j| self.pipeline.job(*j)) {
                if job.environment.as_ref().is_some_and(|e| e.environment == id && e.purpose != Purpose::Verify) {
                    let events = job.possible.iter().filter_map(|i| self.pipeline.events.get(i));
                    ways.extend(events.map(|e| (*workflow, e.kind)));
                }
            }
        }
        if ways.len() > 1 {
            self.need(Capability::QueueAcross, self.pipeline.environment(id).name.span, what);
        }
    }

    /// A secret that some job does not read, and that no environment holds, is seen by more jobs than need it where the vendor scopes none.
    fn secrets(&mut self, workflows: &[WorkflowId]) {
        let jobs: Vec<&Job> =
            workflows.iter().flat_map(|w| &self.pipeline.workflow(*w).jobs).map(|j| self.pipeline.job(*j)).collect();
        for secret in &self.pipeline.secrets {
            let name = &secret.name.value;
            let readers = jobs.iter().filter(|j| reads_secret(self.pipeline, self.target, j, name)).count();
            if readers == 0 {
                continue;
            }
            let what = format!("secret `{name}`");
            self.need(Capability::Secret, secret.name.span, &what);
            let held = !secret.environments.is_empty();
            if readers < jobs.len() && !held {
                self.need(Capability::SecretScope, secret.name.span, &what);
            }
        }
    }

    /// Two names in conditions and filters of jobs that differ by upper and lower case alone.
    fn names_that_differ_by_case(&mut self, workflows: &[WorkflowId]) {
        let mut names: Vec<(String, Span)> = Vec::new();
        for job in workflows.iter().flat_map(|w| &self.pipeline.workflow(*w).jobs).map(|j| self.pipeline.job(*j)) {
            if let Some(condition) = &job.condition {
                literals(condition, &mut names);
            }
            for clause in job.only.iter().flat_map(|f| &f.clauses) {
                let patterns: Vec<&Pattern> = match &clause.kind {
                    ClauseKind::Push { branches, .. } | ClauseKind::Manual { branches } | ClauseKind::Branch { branches } => {
                        vec![branches]
                    }
                    ClauseKind::Tag { names } => vec![names],
                    ClauseKind::PullRequest { targets, heads, .. } => vec![targets, heads],
                    ClauseKind::Release { tags } => vec![tags],
                    ClauseKind::Schedule { .. } | ClauseKind::Raw(_) => Vec::new(),
                };
                names.extend(
                    patterns.iter().flat_map(|p| p.include.iter().chain(&p.except)).map(|g| (g.value.to_string(), g.span)),
                );
            }
        }
        let mut spellings: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (name, span) in &names {
            let known = spellings.entry(name.to_ascii_lowercase()).or_default();
            if let Some(other) = known.iter().find(|other| *other != name) {
                self.need(Capability::JobConditionExact, *span, format!("`{name}` and `{other}`"));
            }
            if !known.contains(&name.as_str()) {
                known.push(name);
            }
        }
    }

    fn repository(&mut self) {
        let Some(policy) = &self.pipeline.repository else { return };
        for protection in &policy.protect {
            self.need(Capability::BranchProtection, protection.span, "`protect`");
        }
        if let Some(messages) = &policy.commit_messages {
            self.need(Capability::NamePolicy, messages.span, "`commit-messages`");
        }
        if let Some(first) = policy.branch_names.first() {
            self.need(Capability::NamePolicy, first.span, "`branch-names`");
        }
    }
}

fn literals(expr: &Expr, names: &mut Vec<(String, Span)>) {
    expr.visit(&mut |e| match &e.kind {
        ExprKind::Literal(Literal::String(text)) => names.push((text.clone(), e.span)),
        ExprKind::Matches(_, glob) => names.push((glob.value.to_string(), glob.span)),
        ExprKind::In(_, list) => names.extend(list.iter().filter_map(|l| match &l.value {
            Literal::String(text) => Some((text.clone(), l.span)),
            Literal::Bool(_) | Literal::Number(_) | Literal::Duration(_) => None,
        })),
        _ => {}
    });
}
