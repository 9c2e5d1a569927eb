//! Where vendors say almost the same: constructs that one of them would do in another order, for other files, or with another value.

use crate::base::span::Span;
use crate::ir::event::{Clause, ClauseKind, EventKind, PathFilter, Pattern};
use crate::ir::expr::{Expr, ExprKind, Literal, Truth};
use crate::ir::id::JobId;
use crate::ir::job::Job;
use crate::ir::step::{Outcome, Step, StepKind};
use crate::ir::text::{CommitField, Context, Part, Text};
use crate::ir::walk::every_step;
use crate::plan::require::Walk;
use crate::sema::presence::holds;
use crate::target::capability::Capability;
use crate::target::known;

/// Words in the name of an image that has no bash.
const WITHOUT_BASH: &[&str] = &["alpine", "busybox", "distroless", "docker:"];

impl Walk<'_> {
    pub(super) fn exact(&mut self, job: &Job, what: &str) {
        self.path_filters(job, what);
        self.letters(job, what);
        self.results(job, what);
        self.order_of_steps(job, what);
        self.services_without_bash(job, what);
        self.tool_versions(job, what);
        self.commit_texts(job, what);
        let caches = job.steps.iter().map(|s| match &s.kind {
            StepKind::Cache(_) => 1,
            StepKind::Toolchain(toolchain) if toolchain.cache => toolchain.tools.len() as u64,
            _ => 0,
        });
        self.count(Capability::CacheCount, job.name.span, what, caches.sum());
        if let Some(taken) = job.consumes.first() {
            self.need(Capability::ArtifactModes, taken.name.span, format!("artifact `{}`", taken.name.value));
        }
    }

    /// The path filters that hold for one kind of event, from the workflow's to the job's.
    fn path_filters(&mut self, job: &Job, what: &str) {
        let workflow = self.pipeline.workflow(job.workflow);
        let stage = job.stage.and_then(|s| workflow.stages.get(s)).and_then(|s| s.only.as_ref());
        for kind in [EventKind::Push, EventKind::PullRequest] {
            let mut filters: Vec<&PathFilter> = Vec::new();
            for filter in std::iter::once(&workflow.on).chain(stage).chain(job.only.as_ref()) {
                filters.extend(filter.clauses.iter().filter_map(|c| paths(c, kind)));
            }
            let within_all = |inner: &&PathFilter| filters.iter().all(|f| inner.pattern.lang.is_subset(&f.pattern.lang));
            if let Some(last) = filters.last().filter(|_| !filters.iter().any(within_all)) {
                self.need(Capability::PathFilterSeveral, last.span, what);
                return;
            }
        }
    }

    /// A filter of the job beside an event whose name differs from what the filter takes in upper and lower case only.
    fn letters(&mut self, job: &Job, what: &str) {
        if job.deploy.is_some() {
            return;
        }
        let on = &self.pipeline.workflow(job.workflow).on;
        let stage = job.stage.and_then(|s| self.pipeline.workflow(job.workflow).stages.get(s)).and_then(|s| s.only.as_ref());
        for clause in stage.into_iter().chain(job.only.as_ref()).flat_map(|f| &f.clauses) {
            for (kind, pattern) in names(clause) {
                let started = || on.clauses.iter().flat_map(names).filter(|(k, _)| *k == kind);
                let other = pattern.include.iter().find(|glob| {
                    let text = glob.value.text();
                    let upper = text.to_uppercase();
                    upper != text && !pattern.lang.contains(&upper) && started().any(|(_, p)| p.lang.contains(&upper))
                });
                if let Some(glob) = other {
                    self.need(Capability::JobConditionCase, glob.span, format!("{what}, `{}`", glob.value.text()));
                    return;
                }
            }
        }
    }

    /// A needed job that may be absent, whose result is held against more than what came of its run.
    fn results(&mut self, job: &Job, what: &str) {
        let possible = job.possible.clone();
        let may_be_absent = |this: &Self, id: JobId| !possible.is_subset(&this.pipeline.job(id).present);
        let mut asked: Vec<Span> = Vec::new();
        let conditions: Vec<&Expr> = job.condition.iter().chain(every_step(job).filter_map(|s| s.condition.as_ref())).collect();
        for condition in conditions {
            condition.visit(&mut |e| {
                let word = |text: &str| matches!(text, "skipped" | "absent");
                let id = match &e.kind {
                    ExprKind::Compare(_, a, b) => match (&a.kind, &b.kind) {
                        (ExprKind::Context(Context::NeedsResult(id)), ExprKind::Literal(Literal::String(text)))
                        | (ExprKind::Literal(Literal::String(text)), ExprKind::Context(Context::NeedsResult(id))) => {
                            word(text).then_some(*id)
                        }
                        (ExprKind::Context(Context::NeedsResult(id)), _) | (_, ExprKind::Context(Context::NeedsResult(id))) => {
                            Some(*id)
                        }
                        _ => None,
                    },
                    ExprKind::In(subject, list) => match &subject.kind {
                        ExprKind::Context(Context::NeedsResult(id)) => {
                            let says = |text: &str| list.iter().any(|l| l.value == Literal::String(text.to_owned()));
                            // Where it takes both, it does not matter which of the two GitHub means.
                            (says("skipped") != says("absent")).then_some(*id)
                        }
                        _ => None,
                    },
                    ExprKind::Matches(subject, _) => match &subject.kind {
                        ExprKind::Context(Context::NeedsResult(id)) => Some(*id),
                        _ => None,
                    },
                    ExprKind::Literal(_) | ExprKind::Context(_) | ExprKind::Not(_) | ExprKind::And(..) | ExprKind::Or(..) => None,
                };
                asked.extend(id.filter(|id| may_be_absent(self, *id)).map(|_| e.span));
            });
        }
        for text in texts(job) {
            for context in text.contexts() {
                if let Context::NeedsResult(id) = &context.value
                    && may_be_absent(self, *id)
                {
                    asked.push(context.span);
                }
            }
        }
        for span in asked {
            self.need(Capability::NeedsResultAbsent, span, what);
        }
    }

    /// The author's steps for other outcomes that stand before steps for success.
    fn order_of_steps(&mut self, job: &Job, what: &str) {
        // A gate is measured behind the author's other steps, before those of `finally`.
        let last = job.steps.iter().rposition(|s| s.when == Outcome::Success && !matches!(s.kind, StepKind::Gate(_)));
        for step in job.steps.iter().take(last.unwrap_or(0)).filter(|s| s.when != Outcome::Success) {
            self.need(Capability::StepWhenBetween, step.span, what);
        }
    }

    fn services_without_bash(&mut self, job: &Job, what: &str) {
        let named = job.image.as_ref().is_some_and(|image| {
            let text: String =
                image.parts.iter().filter_map(|p| if let Part::Literal(l) = p { Some(l.as_str()) } else { None }).collect();
            WITHOUT_BASH.iter().any(|word| text.contains(word))
        });
        let docker =
            |s: &Step| matches!(s.kind, StepKind::DockerBuild(_) | StepKind::RegistryLogin(_) | StepKind::ImagePromote { .. });
        let bare = named || (job.image.is_none() && (job.docker.is_some() || every_step(job).any(docker)));
        for service in &job.services {
            if let Some(ready) = service.ready.as_ref().filter(|_| bare || service.port.is_none()) {
                self.need(Capability::ServiceReadyBare, ready.command.span, format!("{what}, service `{}`", service.name.value));
            }
        }
    }

    /// A version of a tool that comes as it is.
    fn tool_versions(&mut self, job: &Job, what: &str) {
        for step in every_step(job) {
            let StepKind::Tools(tools) = &step.kind else { continue };
            for tool in tools.iter().filter(|t| t.version.is_some()) {
                let name = &tool.name.value;
                if known::tools(self.target).iter().any(|t| t.name == name && !t.versions) {
                    self.need(Capability::ToolVersion, tool.name.span, format!("{what}, `{name}`"));
                }
            }
        }
    }

    /// The message and author of the commit, where an event that is no push reaches the text.
    fn commit_texts(&mut self, job: &Job, what: &str) {
        let told = |kind: EventKind| matches!(kind, EventKind::Push | EventKind::Tag);
        let mut found: Vec<Span> = Vec::new();
        let reaches = |guard: Option<&Expr>| {
            job.possible
                .iter()
                .map(|i| &self.pipeline.events[i])
                .any(|e| !told(e.kind) && guard.is_none_or(|g| holds(self.pipeline, Some(job.workflow), e, g) != Truth::No))
        };
        let mut look = |texts: Vec<&Text>, guard: Option<&Expr>| {
            let said = |c: &Context| matches!(c, Context::Commit(CommitField::Message | CommitField::Author));
            let spans: Vec<Span> =
                texts.into_iter().flat_map(Text::contexts).filter(|c| said(&c.value)).map(|c| c.span).collect();
            if !spans.is_empty() && reaches(guard) {
                found.extend(spans);
            }
        };
        look(job.env.iter().map(|v| &v.value).chain(job.notify.iter().map(|n| &n.text)).collect(), None);
        for step in every_step(job) {
            look(texts_of(step), step.condition.as_ref());
        }
        for span in found {
            self.need(Capability::ContextCommitText, span, what);
        }
    }
}

/// The paths of a clause that takes a kind of event.
fn paths(clause: &Clause, kind: EventKind) -> Option<&PathFilter> {
    match (&clause.kind, kind) {
        (ClauseKind::Push { paths, .. }, EventKind::Push) | (ClauseKind::PullRequest { paths, .. }, EventKind::PullRequest) => {
            paths.as_ref()
        }
        _ => None,
    }
}

/// The patterns of names of a clause, with the kind of name.
fn names(clause: &Clause) -> Vec<(EventKind, &Pattern)> {
    match &clause.kind {
        ClauseKind::Push { branches, .. } | ClauseKind::Branch { branches } => vec![(EventKind::Push, branches)],
        ClauseKind::Manual { branches } => vec![(EventKind::Manual, branches)],
        ClauseKind::Tag { names } => vec![(EventKind::Tag, names)],
        ClauseKind::PullRequest { targets, .. } => vec![(EventKind::PullRequest, targets)],
        ClauseKind::Release { tags } => vec![(EventKind::Release, tags)],
        ClauseKind::Schedule { .. } | ClauseKind::Raw(_) => Vec::new(),
    }
}

/// The texts that a job hands to its scripts and messages.
fn texts(job: &Job) -> Vec<&Text> {
    let mut found: Vec<&Text> = job.env.iter().map(|v| &v.value).chain(job.notify.iter().map(|n| &n.text)).collect();
    found.extend(every_step(job).flat_map(texts_of));
    found
}

fn texts_of(step: &Step) -> Vec<&Text> {
    let mut found: Vec<&Text> = step.env.iter().map(|v| &v.value).collect();
    match &step.kind {
        StepKind::Run(script) => found.extend(&script.lines),
        StepKind::DockerBuild(build) => {
            found.extend(build.args.iter().chain(&build.labels).map(|v| &v.value));
            found.extend(build.tags.iter().map(|t| &t.tag));
        }
        StepKind::Notify(notification) => found.push(&notification.text),
        StepKind::Uses { with, .. } => found.extend(with.iter().map(|(_, text)| text)),
        StepKind::Ssh(ssh) => found.extend(ssh.scripts.iter().flat_map(|s| &s.lines)),
        StepKind::Checkout(_)
        | StepKind::Toolchain(_)
        | StepKind::Tools(_)
        | StepKind::Cache(_)
        | StepKind::RegistryLogin(_)
        | StepKind::ImagePromote { .. }
        | StepKind::Action(_)
        | StepKind::Gate(_)
        | StepKind::App(_) => {}
    }
    found
}
