//! Small pipelines for the tests of this room.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::environment::{Environment, Tier};
use crate::ir::event::{Clause, ClauseKind, DEFAULT_PULL_REQUEST_TYPES, Filter, Pattern};
use crate::ir::glob::Glob;
use crate::ir::id::{JobId, TargetId, WorkflowId};
use crate::ir::job::{Job, NeedKind, Shell};
use crate::ir::lang::Lang;
use crate::ir::step::{Permission, Script};
use crate::ir::text::{CommitField, Context, Part, Text};
use crate::ir::units::Duration;
use crate::plan::job::{JobSource, PlannedJob, PlannedNeed};
use crate::plan::samples::{self, at};
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};
use crate::plan::{Plan, PlannedWorkflow};
use crate::render::Renderer;

use super::condition::Demand;

pub(super) fn pattern(include: &[&str], except: &[&str]) -> Pattern {
    let globs = |list: &[&str]| list.iter().map(|g| at(Glob::parse(g).unwrap())).collect::<Vec<_>>();
    let langs = |list: &[Spanned<Glob>]| Lang::union_all(&list.iter().map(|g| g.lang()).collect::<Vec<_>>()).unwrap();
    let (include, except) = (globs(include), globs(except));
    let all = if include.is_empty() { Lang::all() } else { langs(&include) };
    let lang = all.difference(&langs(&except)).unwrap();
    Pattern { include, except, lang }
}

/// The first environment of a pipeline.
pub(super) fn environment(name: &str) -> Environment {
    Environment { name: at(name.to_owned()), tier: Tier::Staging, ..samples::production(&[]) }
}

pub(super) fn push(branches: &[&str]) -> ClauseKind {
    ClauseKind::Push { branches: pattern(branches, &[]), paths: None }
}

pub(super) fn tag(names: &[&str]) -> ClauseKind {
    ClauseKind::Tag { names: pattern(names, &[]) }
}

pub(super) fn pull_request(targets: &[&str]) -> ClauseKind {
    ClauseKind::PullRequest {
        targets: pattern(targets, &[]),
        heads: pattern(&[], &[]),
        types: DEFAULT_PULL_REQUEST_TYPES.to_vec(),
        exclude_forks: false,
        paths: None,
    }
}

pub(super) fn filter(clauses: &[ClauseKind]) -> Filter {
    let clauses = clauses.iter().map(|kind| Clause { kind: kind.clone(), span: Span::default() }).collect();
    Filter { clauses, span: Span::default() }
}

pub(super) fn demand(filter: &Filter) -> Demand<'_> {
    Demand { filters: vec![filter], exprs: Vec::new() }
}

pub(super) fn pipeline(on: &[ClauseKind]) -> Pipeline {
    let mut pipeline = samples::pipeline(Vec::new(), Vec::new(), Vec::new());
    pipeline.workflows[0].on = filter(on);
    pipeline
}

/// A job with one command.
pub(super) fn job(name: &str, steps: Vec<PlannedStep>) -> PlannedJob<'static> {
    let timeout = Duration::from_seconds(600);
    let job = Job::bare(name, WorkflowId(0), 0, timeout, Span::default());
    PlannedJob {
        source: JobSource::Spec(JobId(0)),
        job: Cow::Owned(job),
        id: name.to_owned(),
        title: name.to_owned(),
        needs: Vec::new(),
        poisoned: false,
        filters: Vec::new(),
        steps,
        env: Vec::new(),
        permissions: [Permission::ContentsRead].into(),
        secrets: BTreeSet::new(),
        variables: BTreeSet::new(),
        timeout,
        interruptible: true,
        approvals: Vec::new(),
        question: None,
        environment: None,
    }
}

/// A text; `@name` in it stands for `${secret.name}`, `@sha` and `@short` for those of the commit.
pub(super) fn text(text: &str) -> Text {
    let mut parts = Vec::new();
    for (i, piece) in text.split('@').enumerate() {
        let mut rest = piece;
        if i > 0 {
            let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
            let context = match &piece[..end] {
                "sha" => Context::Commit(CommitField::Sha),
                "short" => Context::Commit(CommitField::Short),
                name => Context::Secret(name.to_owned()),
            };
            parts.push(Part::Context(at(context)));
            rest = &piece[end..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
    }
    Text { parts, span: Span::default() }
}

/// A step of a kind.
pub(super) fn step(kind: PlannedKind) -> PlannedStep {
    PlannedStep {
        id: None,
        name: None,
        kind,
        phase: Phase::Main,
        when: RunWhen::Success,
        condition: None,
        continue_on_error: false,
        timeout: None,
        env: Vec::new(),
        dir: None,
        shell: Shell::Bash,
        gate: None,
        exports: Vec::new(),
        alone: false,
        span: Span::default(),
    }
}

/// A step that runs lines.
pub(super) fn run(lines: &[&str]) -> PlannedStep {
    step(PlannedKind::Run(Script { lines: lines.iter().map(|l| text(l)).collect() }))
}

/// A need of a job, by its place.
pub(super) fn need(job: usize, always_present: bool) -> PlannedNeed {
    let kind = if always_present { NeedKind::Strict } else { NeedKind::After };
    PlannedNeed { job, kinds: [kind].into(), strict: always_present, always_present, artifacts: Vec::new(), any_result: false }
}

/// The text of the only workflow of a pipeline, with these jobs.
pub(super) fn rendered(pipeline: &Pipeline, jobs: Vec<PlannedJob<'_>>) -> String {
    let target = samples::target(TargetId::Github);
    let workflow = &pipeline.workflows[0];
    let planned = PlannedWorkflow { id: WorkflowId(0), workflow, file: "ci".into(), jobs, env: Vec::new(), notices: Vec::new() };
    let plan = Plan {
        spec: "pipeline.kdl".to_owned(),
        pipeline,
        target: &target,
        workflows: vec![planned],
        drift: None,
        losses: Vec::new(),
        settings: Vec::new(),
    };
    super::emit(&plan, &Renderer::new()).unwrap().remove(0).text
}
