//! What a job asks of a vendor.

use std::collections::BTreeSet;

use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::environment::RegistryKind;
use crate::ir::event::{ClauseKind, Filter, PathFilter, Pattern};
use crate::ir::expr::{Comparison, ExprKind};
use crate::ir::gate::GateKind;
use crate::ir::id::{GateId, JobId, TargetId};
use crate::ir::job::{Artifact, Job, NeedKind, Purpose, ReportKind, Runner, Service, Shell};
use crate::ir::step::{Outcome, Push, Step, StepKind};
use crate::ir::text::{Context, Part, Text};
use crate::ir::walk::{self, Item, every_step};
use crate::plan::require::Walk;
use crate::target::capability::Capability;
use crate::target::pins;

impl Walk<'_> {
    pub(super) fn job(&mut self, job: &Job) {
        let what = format!("job `{}`", job.name.value);
        let stage = job.stage.and_then(|s| self.pipeline.workflow(job.workflow).stages.get(s));
        for filter in stage.and_then(|s| s.only.as_ref()).into_iter().chain(job.only.as_ref()) {
            self.filter(filter, &what);
        }
        if let Some(condition) = &job.condition {
            self.need(Capability::JobCondition, condition.span, &what);
            condition.visit(&mut |e| match &e.kind {
                ExprKind::Matches(..) => self.need(Capability::JobConditionGlob, e.span, &what),
                ExprKind::Compare(Comparison::Less | Comparison::AtMost | Comparison::More | Comparison::AtLeast, a, b)
                    if [a, b].iter().any(|side| matches!(side.kind, ExprKind::Context(_))) =>
                {
                    self.need(Capability::JobConditionSize, e.span, &what);
                }
                ExprKind::Context(Context::Output { .. }) => self.need(Capability::JobConditionOutput, e.span, &what),
                _ => {}
            });
            self.asked(condition, &what);
        }
        let target = self.target;
        if target != TargetId::Github && job.has_githubs_cells() {
            self.need(Capability::ValueOwn, job.name.span, format!("the cells of {what}"));
        }
        // A step reads what a step before it has written.
        let mut told = Vec::new();
        for step in every_step(job) {
            walk::step(step, &[target], &mut |item| match item {
                Item::Text(text) | Item::Script(text) => told.extend(text.contexts().map(|c| c.span)),
                Item::Condition(expr) | Item::JobCondition(expr) => told.extend(expr.contexts().into_iter().map(|c| c.span)),
            });
        }
        for read in walk::contexts(job, &[target]) {
            let has_file = matches!(read.value, Context::Value(id) if self.pipeline.values[id.index()].file.is_some());
            if !(has_file && told.contains(&read.span)) {
                self.own_value(&read, &what);
            }
        }
        for need in &job.needs {
            if !job.possible.is_subset(&self.pipeline.job(need.job).present) {
                self.need(Capability::NeedsOptional, need.span, &what);
            }
        }
        let distinct: BTreeSet<JobId> = job.needs.iter().map(|n| n.job).collect();
        self.count(Capability::NeedsCount, job.name.span, &what, distinct.len() as u64);
        match job.when.value {
            Outcome::Success => {}
            Outcome::Failure => {
                self.need(Capability::WhenFailure, job.when.span, &what);
                if chained(self.pipeline, job) {
                    self.need(Capability::WhenFailureChain, job.when.span, &what);
                }
            }
            Outcome::Always => self.need(Capability::WhenAlways, job.when.span, &what),
        }
        let asked = |g: &&Spanned<GateId>| matches!(self.pipeline.gate(g.value).kind, GateKind::Approval(_));
        if let Some(gate) = job.requires.iter().find(asked).filter(|_| job.when.value != Outcome::Success) {
            self.need(Capability::ApprovalAfterFailure, gate.span, &what);
        }
        if let Some(matrix) = &job.matrix {
            self.need(Capability::Matrix, matrix.span, &what);
            self.count(Capability::MatrixSize, matrix.span, &what, matrix.cells.len() as u64);
            if let Some(span) = matrix.fail_fast {
                self.need(Capability::MatrixFailFast, span, &what);
            }
            // One cell at a time or as many as there are: no bound of the vendor is asked for the latter.
            if let Some(most) = matrix.max_parallel.filter(|m| u64::from(m.value) < matrix.cells.len() as u64) {
                self.need(Capability::MatrixMaxParallel, most.span, &what);
            }
        }
        if let Some(allowed) = &job.allow_failure {
            let codes = !allowed.exit_codes.is_empty();
            self.need(if codes { Capability::AllowFailureExitCodes } else { Capability::AllowFailure }, allowed.span, &what);
        }
        if let Some(retry) = job.retry {
            self.count(Capability::Retry, retry.span, &what, u64::from(retry.value));
            let plain = |s: &&Step| {
                !matches!(
                    s.kind,
                    StepKind::Run(_) | StepKind::Gate(_) | StepKind::Notify(_) | StepKind::Ssh(_) | StepKind::App(_)
                )
            };
            let first = job.steps.iter().position(|s| matches!(s.kind, StepKind::Run(_))).unwrap_or(0);
            if job.steps[first..].iter().any(|s| plain(&s)) {
                self.need(Capability::RetryActions, retry.span, &what);
            }
        }
        // On AWS one build holds all attempts, each with the whole limit.
        let attempts = job.retry.filter(|_| self.target.is_aws()).map_or(1, |r| u64::from(r.value) + 1);
        self.count(Capability::Timeout, job.timeout.span, &what, job.timeout.minutes_ceil() * attempts);
        if !job.timeout.seconds.is_multiple_of(60) {
            self.need(Capability::TimeoutSeconds, job.timeout.span, &what);
        }
        if !job.permissions.is_empty() {
            self.need(Capability::JobPermissions, job.name.span, &what);
        }
        if let Some(concurrency) = &job.concurrency {
            self.concurrency(concurrency, &what);
        }
        let target = self.target;
        for raw in job.raw.iter().filter(|r| r.target.value == target) {
            self.need(Capability::Raw, raw.target.span, &what);
        }
        if job.runs_nothing() && !job.raw.is_empty() && job.raw.iter().all(|r| r.target.value != target) {
            self.need(Capability::RawJob, job.name.span, &what);
        }
        self.place_of(job, &what);
        self.exact(job, &what);
        for step in every_step(job) {
            self.step(step, &what);
        }
        self.data(job, &what);
        self.deploy(job, &what);
        for notification in &job.notify {
            self.need(Capability::Notify, notification.span, &what);
            self.moments(notification, &what);
        }
        for env in &job.env {
            self.text(&env.value, &what);
        }
    }

    fn filter(&mut self, filter: &Filter, what: &str) {
        self.need(Capability::JobFilter, filter.span, what);
        for clause in &filter.clauses {
            if let ClauseKind::PullRequest { types, .. } = &clause.kind {
                self.pull_request_types(types, clause.span, what);
            }
        }
        let narrow =
            |c: &&crate::ir::event::Clause| matches!(&c.kind, ClauseKind::PullRequest { targets, .. } if !targets.is_all());
        if let Some(clause) = filter.clauses.iter().find(narrow) {
            self.need(Capability::JobFilterTarget, clause.span, what);
        }
        for clause in &filter.clauses {
            let globs =
                |p: &Pattern| p.include.iter().chain(&p.except).any(|g| g.value.to_string().contains(['*', '?', '[', '{']));
            let (patterns, paths): (Vec<&Pattern>, Option<&PathFilter>) = match &clause.kind {
                ClauseKind::Push { branches, paths } => (vec![branches], paths.as_ref()),
                ClauseKind::Tag { names } => (vec![names], None),
                ClauseKind::PullRequest { targets, heads, paths, .. } => (vec![targets, heads], paths.as_ref()),
                ClauseKind::Schedule { names } => {
                    if !names.is_empty() {
                        self.need(Capability::ScheduleName, clause.span, what);
                    }
                    (Vec::new(), None)
                }
                ClauseKind::Manual { branches } | ClauseKind::Branch { branches } => (vec![branches], None),
                ClauseKind::Release { tags } => (vec![tags], None),
                ClauseKind::Raw(_) => (Vec::new(), None),
            };
            if patterns.into_iter().any(globs) {
                self.need(Capability::JobConditionGlob, clause.span, what);
            }
            self.paths(paths, Capability::JobPathFilter, what);
        }
    }

    /// Whether the job, or a cell of it, runs on the Windows runner that every target knows.
    fn runs_on_windows(&self, job: &Job) -> bool {
        let own = self.pipeline.runners.iter().any(|r| r.name.value == "windows");
        !own && match &job.runner {
            Runner::Named(name) => name.value == "windows",
            Runner::Label(_) => false,
            Runner::Axis(_) => job.matrix.iter().flat_map(|m| &m.cells).flatten().flatten().any(|v| v == "windows"),
        }
    }

    /// Runner, shell, image, services.
    fn place_of(&mut self, job: &Job, what: &str) {
        match &job.runner {
            Runner::Named(name) => {
                let capability = match name.value.as_str() {
                    "linux" => Capability::RunnerLinux,
                    "linux-arm" => Capability::RunnerLinuxArm,
                    "windows" => Capability::RunnerWindows,
                    "macos" => Capability::RunnerMacos,
                    _ => Capability::RunnerOwn,
                };
                let own = self.pipeline.runners.iter().any(|r| r.name.value == name.value);
                self.need(if own { Capability::RunnerOwn } else { capability }, name.span, what);
            }
            Runner::Axis(axis) => self.need(Capability::RunnerAxis, axis.span, what),
            Runner::Label(text) if job.runner.is_by_variables() => self.need(Capability::RunnerVariable, text.span, what),
            Runner::Label(text) => self.need(Capability::RunnerRun, text.span, what),
        }
        match job.shell.value {
            Shell::Bash => {}
            Shell::Sh => self.need(Capability::ShellSh, job.shell.span, what),
            Shell::Pwsh => self.need(Capability::ShellPwsh, job.shell.span, what),
        }
        if job.shell.value != Shell::Pwsh && self.runs_on_windows(job) {
            self.need(Capability::ShellPosixOnWindows, job.runner.span(), what);
        }
        if let Some(image) = &job.image {
            self.need(Capability::Image, image.span, what);
            let known = |c: &Context| match c {
                Context::Variable(name) => {
                    let declared = self.pipeline.variables.iter().find(|v| v.name.value == *name);
                    declared.and_then(|v| v.value.as_ref()).is_some_and(|v| v.as_literal().is_some())
                }
                _ => false,
            };
            if let Some(context) = image.contexts().find(|c| !known(&c.value)) {
                self.need(Capability::ImageContext, context.span, what);
            }
        }
        if let Some(span) = job.no_entrypoint {
            self.need(Capability::ImageEntrypoint, span, what);
        }
        if let Some(span) = job.docker {
            self.need(Capability::Docker, span, what);
        }
        let toolchains: Vec<(Span, usize)> = job
            .steps
            .iter()
            .filter_map(|s| match &s.kind {
                StepKind::Toolchain(t) => Some((s.span, t.tools.len())),
                _ => None,
            })
            .collect();
        let languages: usize = toolchains.iter().map(|(_, n)| n).sum();
        let sources = languages + usize::from(job.image.is_some()) + usize::from(job.docker.is_some());
        if sources > 1 {
            let span = toolchains.first().map(|(s, _)| *s).or(job.docker).unwrap_or(job.name.span);
            self.need(Capability::SeveralImages, span, what);
        }
        for Service { name, ready, .. } in &job.services {
            self.need(Capability::Service, name.span, what);
            if let Some(ready) = ready {
                self.need(Capability::ServiceReady, ready.command.span, what);
            }
        }
    }

    fn step(&mut self, step: &Step, what: &str) {
        if let Some(condition) = &step.condition {
            self.need(Capability::StepCondition, step.span, what);
            self.asked(condition, what);
        }
        match step.when {
            Outcome::Success => {}
            Outcome::Failure => self.need(Capability::StepWhenFailure, step.span, what),
            Outcome::Always => self.need(Capability::StepWhenAlways, step.span, what),
        }
        if let Some(timeout) = step.timeout {
            self.need(Capability::StepTimeout, step.span, what);
            if !timeout.seconds.is_multiple_of(60) {
                self.need(Capability::TimeoutSeconds, step.span, what);
            }
        }
        if step.continue_on_error {
            self.need(Capability::ContinueOnError, step.span, what);
        }
        for env in &step.env {
            self.text(&env.value, what);
        }
        let span = step.span;
        match &step.kind {
            StepKind::Run(script) => {
                let size = |t: &Text| {
                    t.parts.iter().map(|p| if let Part::Literal(l) = p { l.chars().count() } else { 30 }).sum::<usize>()
                };
                let ends = script.lines.len().saturating_sub(1);
                self.count(Capability::ScriptSize, span, what, (script.lines.iter().map(size).sum::<usize>() + ends) as u64);
                for line in &script.lines {
                    self.text(line, what);
                }
            }
            StepKind::Checkout(checkout) => {
                self.need(Capability::Checkout, span, what);
                if checkout.reference.is_some() {
                    self.need(Capability::CheckoutRef, span, what);
                }
            }
            StepKind::Toolchain(_) => self.need(Capability::Toolchain, span, what),
            StepKind::Tools(_) => self.need(Capability::Tools, span, what),
            StepKind::Cache(cache) => {
                self.need(Capability::Cache, span, what);
                self.count(Capability::CacheKeyFiles, span, what, cache.files.len() as u64);
            }
            StepKind::DockerBuild(build) => {
                self.need(Capability::DockerBuild, span, what);
                if !build.platforms.is_empty() {
                    self.need(Capability::DockerPlatforms, span, what);
                }
                if let Some(registry) = build.registry.as_ref().filter(|_| build.push != Push::Never) {
                    self.registry(registry.value.index(), registry.span, what);
                }
            }
            StepKind::RegistryLogin(registry) => self.registry(registry.index(), span, what),
            StepKind::ImagePromote { registry, .. } => {
                self.need(Capability::ImagePromote, span, what);
                self.registry(registry.index(), span, what);
            }
            StepKind::Ssh(_) => self.need(Capability::Ssh, span, what),
            StepKind::Uses { action, .. } => {
                self.need(Capability::Uses, action.span, what);
                if self.target == TargetId::Github && pins::resolve(&action.value).is_err() {
                    self.need(Capability::UnpinnedAction, action.span, format!("{what}, `{}`", action.value));
                }
            }
            StepKind::Action(call) => {
                let own = self.job.is_some_and(|j| self.pipeline.job(j).function().is_some());
                if call.function.is_some() && !(own && self.target == TargetId::Codepipeline) {
                    self.need(Capability::LambdaAnswer, call.name.span, format!("{what}, `{}`", call.name.value));
                }
                if call.body(self.target).is_some_and(|b| b.is_empty) {
                    self.need(Capability::StepLeftOut, call.name.span, format!("{what}, `{}`", call.name.value));
                }
                for inner in call.body(self.target).iter().flat_map(|b| &b.steps) {
                    self.step(inner, what);
                }
            }
            StepKind::Notify(notification) => {
                self.need(Capability::Notify, notification.span, what);
                self.moments(notification, what);
            }
            // Gates are asked once for the whole pipeline; an app is delivered by plain commands.
            StepKind::Gate(_) | StepKind::App(_) => {}
        }
    }

    fn registry(&mut self, index: usize, span: Span, what: &str) {
        let registry = &self.pipeline.registries[index];
        let capability = match (registry.kind, registry.password.is_some()) {
            (_, true) | (RegistryKind::Dockerhub | RegistryKind::Generic, _) => Capability::RegistryPassword,
            (RegistryKind::Ghcr, false) => Capability::RegistryGhcr,
            (RegistryKind::Gitlab, false) => Capability::RegistryGitlab,
            (RegistryKind::Ecr, false) => Capability::RegistryEcr,
        };
        self.need(capability, span, format!("{what}, registry `{}`", registry.name.value));
    }

    fn data(&mut self, job: &Job, what: &str) {
        for Artifact { name, keep, .. } in &job.produces {
            let what = format!("artifact `{}`", name.value);
            self.need(Capability::Artifact, name.span, &what);
            if let Some(keep) = keep {
                self.count(Capability::ArtifactKeepDays, keep.span, &what, keep.days_ceil());
                if keep.seconds < 86_400 {
                    self.need(Capability::ArtifactKeepShort, keep.span, &what);
                }
            }
        }
        for output in &job.outputs {
            self.need(Capability::Output, output.span, format!("output `{}`", output.value));
        }
        for report in &job.reports {
            let capability = match report.kind.value {
                ReportKind::Junit => Capability::ReportJunit,
                ReportKind::Sarif => Capability::ReportSarif,
                ReportKind::Coverage => match report.format.as_ref().map(|f| f.value.as_str()) {
                    None | Some("cobertura" | "jacoco") => Capability::ReportCoverage,
                    Some(_) => Capability::ReportCoverageOther,
                },
            };
            self.need(capability, report.span, what);
        }
    }

    fn deploy(&mut self, job: &Job, what: &str) {
        if let Some(entered) = &job.environment {
            self.need(Capability::Environment, entered.span, what);
            if entered.purpose == Purpose::Verify {
                self.need(Capability::EnvironmentVerify, entered.span, what);
            }
            let environment = self.pipeline.environment(entered.environment);
            if entered.purpose == Purpose::Deploy {
                for after in &environment.after {
                    let strict = after.strict.is_some();
                    self.need(if strict { Capability::PromotionStrict } else { Capability::PromotionOrder }, after.span, what);
                }
            }
            let concurrency = environment.concurrency.clone();
            self.concurrency(&concurrency, what);
        }
        let Some(deploy) = &job.deploy else { return };
        if let Some(first) = deploy.smoke_tests.first() {
            self.need(Capability::SmokeTest, first.span, what);
        }
        if let Some(first) = deploy.monitor.first() {
            self.need(Capability::Monitor, first.span, what);
        }
        if let Some(rollback) = &deploy.rollback {
            self.need(Capability::Rollback, rollback.span, what);
            self.need(Capability::RollbackOnCancel, rollback.span, what);
        }
    }
}

/// Whether one of the jobs that a job needs stands behind another one, whose failure keeps it from running.
fn chained(pipeline: &Pipeline, job: &Job) -> bool {
    let needed: BTreeSet<JobId> = job.needs.iter().filter(|n| n.kind != NeedKind::Result).map(|n| n.job).collect();
    needed.iter().any(|start| {
        let (mut open, mut seen) = (vec![*start], BTreeSet::new());
        while let Some(next) = open.pop() {
            open.extend(pipeline.job(next).needs.iter().map(|n| n.job).filter(|n| seen.insert(*n)));
        }
        seen.iter().any(|before| needed.contains(before))
    })
}
