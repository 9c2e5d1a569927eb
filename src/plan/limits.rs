//! What a pipeline of AWS cannot hold for its limits: each is an error that names the limit, at the line that goes beyond it.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::environment::ChannelKind;
use crate::ir::event::{
    ClauseKind, DEFAULT_PULL_REQUEST_TYPES, EventKind, InputKind, InputValue, PathFilter, Pattern, PullRequestType,
};
use crate::ir::gate::{Approval, GateKind};
use crate::ir::glob::Glob;
use crate::ir::id::TargetId;
use crate::ir::text::{CommitField, Context, EnvironmentField, Part, RunField, Text};
use crate::ir::walk;
use crate::plan::PlannedWorkflow;
use crate::plan::job::{JobSource, PlannedJob};
use crate::plan::stages::{Presence, presence, stages};
use crate::plan::start::{Start, starts};

/// Filters of one kind in a trigger (<https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GitConfiguration.html>).
const FILTERS: usize = 3;
/// Names that such a filter takes, and that it leaves out.
const NAMES: usize = 8;
/// Stages of a pipeline, the source's included (<https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html>).
const STAGES: usize = 50;
/// Actions of a stage.
const ACTIONS: usize = 50;
/// Characters of one value in the configuration of an action.
const CHARACTERS: usize = 1000;
/// What an action passes beside inputs and axes: the run, the event, its names.
const PASSED: usize = 450;
/// Characters of an input in that list, beside its name, which stands there twice.
const AROUND: usize = 60;
/// Minutes that an approval may stay open.
const OPEN: std::ops::RangeInclusive<u64> = 5..=86_400;

/// Looks at the workflows that CodePipeline shall run.
pub fn review(pipeline: &Pipeline, workflows: &[PlannedWorkflow<'_>], diagnostics: &mut Diagnostics) {
    for planned in workflows {
        triggers(planned, diagnostics);
        inputs(planned, diagnostics);
        channels(pipeline, planned, diagnostics);
        for job in &planned.jobs {
            types(job, diagnostics);
            variables(job, diagnostics);
        }
        let starts = starts(pipeline, planned.workflow);
        for start in &starts {
            of_start(pipeline, planned, start, diagnostics);
        }
        let cut_off = starts.iter().find_map(|start| cut_off(pipeline, planned, start));
        diagnostics.extend(cut_off.map(|(job, failed)| {
            let message = format!(
                "on codepipeline `{job}` does not start after a failure of `{failed}`, which it does not need: what fails ends the pipeline"
            );
            Diagnostic::note("stricter-on-target", planned.workflow.name.span, message)
        }));
    }
}

fn refuse(span: Span, message: String, help: &str) -> Diagnostic {
    Diagnostic::error("not-expressible", span, message).help(help.to_owned())
}

fn triggers(planned: &PlannedWorkflow<'_>, diagnostics: &mut Diagnostics) {
    let name = &planned.workflow.name.value;
    let kind = |k: &ClauseKind| match k {
        ClauseKind::Push { .. } | ClauseKind::Branch { .. } => Some("push"),
        ClauseKind::Tag { .. } => Some("tag"),
        ClauseKind::PullRequest { .. } => Some("pull-request"),
        ClauseKind::Schedule { .. } | ClauseKind::Manual { .. } | ClauseKind::Release { .. } | ClauseKind::Raw(_) => None,
    };
    for word in ["push", "tag", "pull-request"] {
        let of_kind: Vec<_> = planned.workflow.on.clauses.iter().filter(|c| kind(&c.kind) == Some(word)).collect();
        if let Some(beyond) = of_kind.get(FILTERS) {
            let message =
                format!("workflow `{name}` has {} filters `{word}`: a trigger of codepipeline takes {FILTERS}", of_kind.len());
            diagnostics.push(refuse(beyond.span, message, "put names into one filter, or split the workflow"));
        }
    }
    for clause in &planned.workflow.on.clauses {
        match &clause.kind {
            ClauseKind::Push { branches, paths } => {
                named(branches, diagnostics);
                files(paths.as_ref(), diagnostics);
            }
            ClauseKind::Branch { branches } => named(branches, diagnostics),
            ClauseKind::Tag { names } => named(names, diagnostics),
            ClauseKind::PullRequest { targets, heads, types, paths, .. } => {
                if !types.iter().any(|t| matches!(t, PullRequestType::Opened | PullRequestType::Updated)) {
                    let message = "a trigger of codepipeline knows pull requests that are opened and that change".to_owned();
                    diagnostics.push(refuse(clause.span, message, "add `opened` or `updated` to its `types`"));
                }
                named(targets, diagnostics);
                files(paths.as_ref(), diagnostics);
                if let Some(head) = heads.include.iter().chain(&heads.except).next() {
                    let message =
                        "a trigger of codepipeline does not look at the branch that a pull request comes from".to_owned();
                    diagnostics.push(refuse(head.span, message, "put the filter on a stage: `only { pull-request { head … } }`"));
                }
            }
            ClauseKind::Schedule { .. } | ClauseKind::Manual { .. } | ClauseKind::Release { .. } | ClauseKind::Raw(_) => {}
        }
    }
}

fn named(pattern: &Pattern, diagnostics: &mut Diagnostics) {
    for list in [&pattern.include, &pattern.except] {
        many(list, "names", diagnostics);
    }
}

fn files(paths: Option<&PathFilter>, diagnostics: &mut Diagnostics) {
    if let Some(paths) = paths {
        // The table counts what is taken, as it is written; `**/` is written twice.
        if paths.pattern.include.len() <= NAMES {
            many(&paths.pattern.include, "patterns of files, each with `**/` counted twice", diagnostics);
        }
        many(&paths.pattern.except, "patterns of files that it leaves out", diagnostics);
    }
}

/// More globs than a filter takes, counted as they are written out.
fn many(list: &[Spanned<Glob>], what: &str, diagnostics: &mut Diagnostics) {
    let written: Vec<&Spanned<Glob>> = list.iter().flat_map(|g| g.value.expand_folders().into_iter().map(move |_| g)).collect();
    let Some(beyond) = written.get(NAMES) else { return };
    let message = format!("{} {what}: a filter of codepipeline takes {NAMES}", written.len());
    diagnostics.push(refuse(beyond.span, message, "write fewer, wider globs, or a second filter"));
}

fn inputs(planned: &PlannedWorkflow<'_>, diagnostics: &mut Diagnostics) {
    for input in &planned.workflow.inputs {
        let span = input.default.as_ref().map_or(input.name.span, |d| d.span);
        let empty = match &input.default {
            None => !input.required,
            Some(default) => matches!(&default.value, InputValue::String(text) if text.is_empty()),
        };
        if empty && matches!(input.kind, InputKind::String | InputKind::Choice(_) | InputKind::Environment | InputKind::Number) {
            let message =
                format!("input `{}` may be empty: a variable of codepipeline holds one character at least", input.name.value);
            diagnostics.push(refuse(span, message, "make it `required`, or give it a default such as \"none\""));
        }
    }
}

/// A message about a run is sent by a rule beside the pipeline, which reaches topics only.
fn channels(pipeline: &Pipeline, planned: &PlannedWorkflow<'_>, diagnostics: &mut Diagnostics) {
    for notification in &planned.workflow.notify {
        let channel = &pipeline.channels[notification.channel.index()];
        if !matches!(channel.kind, ChannelKind::Sns { .. }) {
            let message = format!(
                "codepipeline tells no channel like `{}` how a run ended: no build runs after a failure",
                channel.name.value
            );
            diagnostics.push(
                refuse(notification.span, message, "use a channel `sns topic=…` here, or put `notify` on the jobs")
                    .related(channel.name.span, "the channel"),
            );
        }
        for context in notification.text.contexts().filter(|c| !is_told_of_run(&c.value)) {
            let message =
                "the rule that sends a message about a run knows only the run, its state and what the spec fixes".to_owned();
            diagnostics.push(refuse(context.span, message, "leave it out, or put `notify` on the jobs"));
        }
    }
    let of_jobs = planned.jobs.iter().flat_map(|j| j.job.notify.iter());
    for notification in of_jobs.filter(|n| n.on.iter().any(|m| m.value == crate::ir::step::Moment::ApprovalRequested)) {
        let message =
            "codepipeline tells of a request for an approval by the team's topic, and by `notify` of the workflow".to_owned();
        diagnostics.push(refuse(notification.span, message, "put `notify … on=approval-requested` on the workflow"));
    }
}

/// What the rule of EventBridge that sends a message about a run knows.
pub fn is_told_of_run(context: &Context) -> bool {
    match context {
        Context::Run(RunField::Id | RunField::Url) | Context::JobStatus | Context::Repository(_) => true,
        Context::Environment { field: EnvironmentField::Name | EnvironmentField::Tier, environment } => environment.is_some(),
        _ => false,
    }
}

/// What a job takes of a pull request's doings, which a pipeline is not told.
fn types(job: &PlannedJob<'_>, diagnostics: &mut Diagnostics) {
    for clause in job.filters.iter().flat_map(|f| &f.clauses) {
        if let ClauseKind::PullRequest { types, .. } = &clause.kind
            && !DEFAULT_PULL_REQUEST_TYPES.iter().all(|t| types.contains(t))
        {
            let message = "a pipeline of codepipeline is not told what happened to a pull request".to_owned();
            diagnostics.push(refuse(clause.span, message, "leave `types` out"));
        }
    }
}

/// What an action passes to its build is one value of its configuration.
fn variables(job: &PlannedJob<'_>, diagnostics: &mut Diagnostics) {
    let mut names: Vec<String> = walk::contexts(&job.job, &[TargetId::Codepipeline])
        .into_iter()
        .filter_map(|c| match c.value {
            Context::Input(name) => Some(name),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    let inputs: usize = names.iter().map(|n| 2 * n.len() + AROUND).sum();
    let cells = job.job.matrix.iter().flat_map(|m| {
        let axes = m.axes.iter().map(|a| a.value.len()).sum::<usize>();
        m.cells.iter().map(move |c| axes + c.iter().flatten().map(|v| v.len() + AROUND).sum::<usize>())
    });
    let size = PASSED + inputs + cells.max().unwrap_or(0);
    if size > CHARACTERS {
        let message = format!(
            "job `{}` is passed more than an action of codepipeline takes: {CHARACTERS} characters for inputs and axes",
            job.title
        );
        diagnostics.push(refuse(job.job.name.span, message, "read fewer inputs in this job, or put several into one"));
    }
}

fn of_start(pipeline: &Pipeline, planned: &PlannedWorkflow<'_>, start: &Start<'_>, diagnostics: &mut Diagnostics) {
    let there = planned.jobs.iter().filter(|j| start.has(j));
    for job in there {
        let deploys = job.environment.as_ref().is_some_and(|e| e.deploys);
        if start.kind == EventKind::PullRequest && deploys {
            let message =
                format!("`{}` deploys on a pull request: no pipeline of codepipeline for pull requests does", job.title);
            diagnostics.push(refuse(job.job.name.span, message, "give it `only { push … }`, or leave it to another target"));
        }
        if let JobSource::Approval { gate, .. } = job.source
            && let GateKind::Approval(approval) = &pipeline.gate(gate).kind
        {
            asked(approval, job, start, diagnostics);
        }
    }
    let stages = stages(pipeline, planned, start);
    if stages.len() + 1 > STAGES {
        let message = format!(
            "workflow `{}` becomes {} stages on {}: a pipeline of codepipeline takes {STAGES}",
            planned.workflow.name.value,
            stages.len() + 1,
            start.word()
        );
        diagnostics.push(refuse(planned.workflow.name.span, message, "put jobs into fewer stages, or split the workflow"));
    }
    for stage in &stages {
        let cells = |at: &usize| planned.jobs[*at].job.matrix.as_ref().map_or(1, |m| m.cells.len());
        let count: usize = stage.jobs.iter().map(|(at, _)| cells(at)).sum();
        if count > ACTIONS {
            let message = format!("stage `{}` has {count} actions: a stage of codepipeline takes {ACTIONS}", stage.name);
            diagnostics.push(refuse(planned.workflow.name.span, message, "split the stage"));
        }
    }
}

/// A job of a later round than one that it does not wait for: on a vendor with a graph it runs though that one fails.
fn cut_off<'p>(pipeline: &Pipeline, planned: &'p PlannedWorkflow<'_>, start: &Start<'_>) -> Option<(&'p str, &'p str)> {
    let stages = stages(pipeline, planned, start);
    let placed: Vec<(usize, (usize, usize))> =
        stages.iter().enumerate().flat_map(|(stage, s)| s.jobs.iter().map(move |(job, round)| (*job, (stage, *round)))).collect();
    let waits = |job: usize, other: usize| {
        let (mut left, mut seen) = (vec![job], BTreeSet::new());
        while let Some(at) = left.pop() {
            let needs = planned.jobs[at].needs.iter().map(|n| n.job);
            left.extend(needs.filter(|n| seen.insert(*n)));
        }
        seen.contains(&other)
    };
    let fails = |job: usize| planned.jobs[job].job.allow_failure.is_none();
    let pairs =
        placed.iter().flat_map(|(job, at)| placed.iter().filter(move |(_, earlier)| earlier < at).map(move |(o, _)| (*job, *o)));
    let (job, other) = pairs.into_iter().find(|(job, other)| fails(*other) && !waits(*job, *other))?;
    Some((&planned.jobs[job].title, &planned.jobs[other].title))
}

fn asked(approval: &Approval, job: &PlannedJob<'_>, start: &Start<'_>, diagnostics: &mut Diagnostics) {
    if presence(job, start) == Presence::InJob {
        let message = format!("codepipeline cannot say on entry of a stage whether approval `{}` is asked for", job.title);
        let help = "give the jobs behind it a filter on names, or a condition of comparisons joined by `&&`";
        diagnostics.push(refuse(job.job.name.span, message, help));
    }
    if let Some(timeout) = &approval.timeout
        && !OPEN.contains(&timeout.value.seconds.div_ceil(60))
    {
        let message = format!("approval `{}` stays open for 5 minutes to 60 days on codepipeline", job.title);
        diagnostics.push(refuse(timeout.span, message, "give it another `timeout`"));
    }
    let Some(message) = &approval.message else { return };
    for context in message.contexts().filter(|c| !is_told_of_start(&c.value, start.kind)) {
        let message = format!("codepipeline does not know this when it asks for `{}`", job.title);
        diagnostics.push(refuse(context.span, message, "say it by the commit, the branch or tag, the run or an input"));
    }
    let text: usize = literal(message) + approval.checklist.iter().map(|c| c.len() + 7).sum::<usize>();
    if text > CHARACTERS - 100 {
        let words =
            format!("approval `{}` asks in more than {CHARACTERS} characters, which codepipeline does not take", job.title);
        diagnostics.push(refuse(message.span, words, "shorten the message or the checklist"));
    }
}

fn literal(text: &Text) -> usize {
    let of = |p: &Part| if let Part::Literal(l) = p { l.len() } else { AROUND };
    text.parts.iter().map(of).sum()
}

/// What a pipeline knows of a context before its first build.
pub fn is_told_of_start(context: &Context, kind: EventKind) -> bool {
    let branch = matches!(kind, EventKind::Push | EventKind::Manual | EventKind::Schedule);
    match context {
        Context::Commit(CommitField::Sha | CommitField::HeadSha | CommitField::Short | CommitField::Author) => true,
        Context::Commit(CommitField::Ref) => kind != EventKind::PullRequest,
        Context::Commit(CommitField::Branch) => branch,
        Context::Commit(CommitField::Tag) => kind == EventKind::Tag,
        Context::Run(RunField::Id | RunField::Url | RunField::Event) => true,
        Context::Pr(_) => kind == EventKind::PullRequest,
        Context::Repository(_) => true,
        Context::Input(_) => kind == EventKind::Manual,
        Context::Environment { field, environment } => environment.is_some() && *field != EnvironmentField::Url,
        _ => false,
    }
}
