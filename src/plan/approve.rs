//! Where an approval stands: with the vendor's environment, or as jobs before the job it guards.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::bits::BitSet;
use crate::ir::environment::Target;
use crate::ir::event::Filter;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::gate::{Approval, GateKind, Via};
use crate::ir::id::{GateId, TargetId};
use crate::ir::job::{Job, NeedKind};
use crate::ir::step::{Outcome, Permission, Script};
use crate::ir::text::{Context, EnvVar, Part, RunField, Text};
use crate::ir::units::Duration;
use crate::plan::job::{ApprovalBy, JobSource, PlannedApproval, PlannedEnvironment, PlannedJob, PlannedNeed, Question, in_order};
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};
use crate::target::pins;

/// Gives every job its approvals. One approval is asked once in a run: all jobs of the workflow that require it share its jobs.
pub fn place(pipeline: &Pipeline, target: &Target, jobs: &mut Vec<PlannedJob<'_>>) {
    for index in 0..pipeline.gates.len() {
        let gate = GateId(index as u32);
        let GateKind::Approval(approval) = &pipeline.gate(gate).kind else { continue };
        let question = Question { message: approval.message.clone(), checklist: approval.checklist.clone() };
        let requiring = |jobs: &[PlannedJob<'_>]| -> Vec<usize> {
            (0..jobs.len()).filter(|i| jobs[*i].job.requires.iter().any(|g| g.value == gate)).collect()
        };
        let (native, mut guarded): (Vec<usize>, Vec<usize>) =
            requiring(jobs).into_iter().partition(|i| held_by_environment(pipeline, target, &jobs[*i], gate, approval));
        for at in native {
            jobs[at].approvals.push(PlannedApproval { gate, by: ApprovalBy::Environment });
            jobs[at].question.get_or_insert_with(|| question.clone());
        }
        let Some(first) = guarded.first().copied() else { continue };
        let rounds = if approval.via == Via::Sequential { approval.count.value.max(1) } else { 1 };
        let mut made = Vec::new();
        for round in 1..=rounds {
            let before = made.last().copied();
            let job = approval_job(pipeline, target, gate, approval, round, rounds, jobs, &guarded, before);
            let at = first + made.len();
            insert(jobs, at, job);
            guarded.iter_mut().for_each(|g| *g += 1);
            made.push(at);
        }
        for at in guarded {
            let last = made.last().copied().unwrap_or(first);
            let strict = PlannedNeed {
                job: last,
                kinds: [NeedKind::Gate].into(),
                strict: true,
                always_present: jobs[at].job.possible.is_subset(&jobs[last].job.present),
                artifacts: Vec::new(),
                any_result: false,
            };
            jobs[at].needs.push(strict);
            jobs[at].approvals.push(PlannedApproval { gate, by: ApprovalBy::Jobs(made.clone()) });
        }
    }
}

/// GitHub's reviewers guard an environment: an approval that the job's own environment requires needs no job. GitLab's button belongs to a job
/// that does nothing else, so that it can be pressed before the deploy takes its lock.
fn held_by_environment(pipeline: &Pipeline, target: &Target, job: &PlannedJob<'_>, gate: GateId, approval: &Approval) -> bool {
    let entered = job.environment.as_ref().and_then(|e| e.id).map(|e| pipeline.environment(e));
    target.id == TargetId::Github
        && approval.via == Via::Native
        && entered.is_some_and(|e| e.requires.iter().any(|g| g.value == gate))
}

/// How many filters an approval may have; with more it is asked where each job's innermost filter lets one of them in.
const MOST: usize = 64;

/// Filters that let in what one of several jobs takes, each of which asks all of its own: of `(a and b) or (c and d)` these are
/// `a or c`, `a or d`, `b or c`, `b or d`. No filter where a job has none.
fn any_of(jobs: &[&[Filter]]) -> Vec<Filter> {
    let Some((first, others)) = jobs.split_first() else { return Vec::new() };
    let common: Vec<Filter> = first.iter().filter(|f| others.iter().all(|o| o.contains(f))).cloned().collect();
    let own: Vec<Vec<&Filter>> = jobs.iter().map(|j| j.iter().filter(|f| !common.contains(f)).collect()).collect();
    if own.iter().any(Vec::is_empty) {
        return common;
    }
    let many = own.iter().map(Vec::len).try_fold(1_usize, usize::checked_mul).is_none_or(|n| n > MOST);
    let mut found: Vec<Filter> = vec![Filter { clauses: Vec::new(), span: own[0][0].span }];
    for filters in own {
        let filters = if many { &filters[filters.len() - 1..] } else { filters.as_slice() };
        let mut next: Vec<Filter> = Vec::new();
        for (before, filter) in found.iter().flat_map(|b| filters.iter().map(move |f| (b, f))) {
            let mut clauses = before.clauses.clone();
            clauses.extend(filter.clauses.iter().filter(|c| !before.clauses.contains(c)).cloned());
            let one = Filter { clauses, span: before.span };
            if !next.contains(&one) {
                next.push(one);
            }
        }
        found = next;
    }
    common.into_iter().chain(found).collect()
}

/// The condition that holds where that of one of several jobs does; none where a job has none, or where one asks what other jobs gave,
/// which an approval need not wait for.
fn any_condition(jobs: &[Option<&Expr>]) -> Option<Expr> {
    let mut all: Vec<&Expr> = Vec::new();
    for condition in jobs {
        let condition = (*condition)?;
        if !all.contains(&condition) {
            all.push(condition);
        }
    }
    let asks = |e: &&Expr| e.contexts().iter().any(|c| matches!(c.value, Context::Output { .. } | Context::NeedsResult(_)));
    if all.len() > 1 && all.iter().any(asks) {
        return None;
    }
    let (first, others) = all.split_first()?;
    let either = |a: Expr, b: &&Expr| Expr { span: a.span, kind: ExprKind::Or(Box::new(a), Box::new((*b).clone())) };
    Some(others.iter().fold((*first).clone(), either))
}

#[allow(clippy::too_many_arguments, reason = "one call, and every part is its own thing")]
fn approval_job<'a>(
    pipeline: &Pipeline,
    target: &Target,
    gate: GateId,
    approval: &Approval,
    round: u32,
    rounds: u32,
    jobs: &[PlannedJob<'a>],
    guarded: &[usize],
    before: Option<usize>,
) -> PlannedJob<'a> {
    let declared = pipeline.gate(gate);
    let title = if rounds > 1 { format!("{}-{round}", declared.name.value) } else { declared.name.value.clone() };
    let needs = match before {
        Some(job) => vec![PlannedNeed {
            job,
            kinds: [NeedKind::Gate].into(),
            strict: true,
            always_present: true,
            artifacts: Vec::new(),
            any_result: false,
        }],
        None => joint_needs(jobs, guarded),
    };
    let like = jobs[guarded[0]].job.as_ref();
    let mut inner = Job::bare(&title, like.workflow, like.present.len(), Duration::from_seconds(300), declared.span);
    inner.stage = like.stage;
    for at in guarded {
        inner.present.union_with(&jobs[*at].job.present);
        inner.possible.union_with(&jobs[*at].job.possible);
    }
    let filters = any_of(&guarded.iter().map(|g| jobs[*g].filters.as_slice()).collect::<Vec<_>>());
    // What runs after a failure is asked about after it.
    let when = jobs[guarded[0]].job.when;
    if before.is_none() && guarded.iter().all(|g| jobs[*g].job.when.value == when.value) {
        inner.when = when;
    }
    inner.condition = any_condition(&guarded.iter().map(|g| jobs[*g].job.condition.as_ref()).collect::<Vec<_>>());
    let by_issue = approval.via == Via::Issue && target.id == TargetId::Github;
    let timeout = approval.timeout.as_ref().map_or(Duration::from_seconds(6 * 3600), |t| t.value);
    let mut permissions = BTreeSet::new();
    if by_issue {
        permissions.insert(Permission::IssuesWrite);
    }
    PlannedJob {
        source: JobSource::Approval { gate, round },
        job: Cow::Owned(inner),
        id: String::new(),
        environment: (!by_issue).then(|| environment_of(pipeline, target, jobs, guarded, &title)),
        title,
        needs,
        poisoned: false,
        filters,
        steps: if by_issue { issue_steps(pipeline, gate, approval) } else { Vec::new() },
        env: Vec::new(),
        permissions,
        secrets: BTreeSet::new(),
        variables: BTreeSet::new(),
        timeout: if by_issue { timeout } else { Duration::from_seconds(300) },
        interruptible: false,
        approvals: Vec::new(),
        question: Some(Question { message: approval.message.clone(), checklist: approval.checklist.clone() }),
    }
}

/// GitLab's button is protected by the environment of the jobs behind it; GitHub's reviewers by an environment of the gate's name.
fn environment_of(
    pipeline: &Pipeline,
    target: &Target,
    jobs: &[PlannedJob<'_>],
    guarded: &[usize],
    title: &str,
) -> PlannedEnvironment {
    let entered =
        guarded.iter().find_map(|g| jobs[*g].environment.as_ref().and_then(|e| e.id)).filter(|_| target.id == TargetId::Gitlab);
    let name = entered.map_or_else(|| title.to_owned(), |e| pipeline.environment(e).name.value.clone());
    PlannedEnvironment { id: entered, name, deploys: false }
}

/// What each of the guarded jobs waits for, without one another and without what comes after one of them. What only some of them wait for is left
/// out: its failure would keep the others from being asked about.
fn joint_needs(jobs: &[PlannedJob<'_>], guarded: &[usize]) -> Vec<PlannedNeed> {
    let mut behind = BitSet::new(jobs.len());
    guarded.iter().for_each(|g| _ = behind.insert(*g));
    let order = in_order(jobs);
    for at in &order {
        if jobs[*at].needs.iter().any(|n| behind.contains(n.job)) {
            behind.insert(*at);
        }
    }
    // For each job those without whose success it does not run, where they are in the run.
    let mut binding: Vec<BitSet> = vec![BitSet::new(jobs.len()); jobs.len()];
    for at in order.into_iter().filter(|at| jobs[*at].job.when.value == Outcome::Success) {
        for need in jobs[at].needs.iter().filter(|n| !n.any_result) {
            let above = binding[need.job].clone();
            binding[at].insert(need.job);
            if need.always_present {
                binding[at].union_with(&above);
            }
        }
    }
    // Where they do not run for the same events, the approval is there for more than they are.
    let first = &jobs[guarded[0]];
    let same = |g: &PlannedJob<'_>| g.filters == first.filters && g.job.condition == first.job.condition;
    let together = guarded.iter().all(|g| same(&jobs[*g]));
    let outcome = first.job.when.value;
    let alike = outcome != Outcome::Success && guarded.iter().all(|g| jobs[*g].job.when.value == outcome);
    let mut all: Vec<PlannedNeed> = Vec::new();
    for need in guarded.iter().flat_map(|g| &jobs[*g].needs) {
        let of_all = alike || guarded.iter().all(|g| binding[*g].contains(need.job));
        if !of_all || behind.contains(need.job) || all.iter().any(|n| n.job == need.job) {
            continue;
        }
        let needed = &jobs[need.job];
        let everywhere = guarded.iter().all(|g| jobs[*g].job.possible.is_subset(&needed.job.present))
            && (together || needed.filters.is_empty() && needed.job.condition.is_none());
        let strict = need.strict && (everywhere || guarded.len() == 1);
        all.push(PlannedNeed { strict, always_present: everywhere, artifacts: Vec::new(), ..need.clone() });
    }
    all.sort_by_key(|n| n.job);
    all
}

/// Puts a job in, and moves the indexes of all needs and approvals behind it.
fn insert<'a>(jobs: &mut Vec<PlannedJob<'a>>, at: usize, job: PlannedJob<'a>) {
    jobs.insert(at, job);
    let shift = |index: &mut usize| *index += usize::from(*index >= at);
    for job in jobs.iter_mut() {
        job.needs.iter_mut().for_each(|n| shift(&mut n.job));
        for approval in &mut job.approvals {
            if let ApprovalBy::Jobs(list) = &mut approval.by {
                list.iter_mut().for_each(shift);
            }
        }
    }
}

/// An action that opens an issue and waits until enough people wrote "approved" on it.
fn issue_steps(pipeline: &Pipeline, gate: GateId, approval: &Approval) -> Vec<PlannedStep> {
    let span = approval.span;
    let Some(action) = pins::latest("trstringer/manual-approval") else { return Vec::new() };
    let word = |text: &str| Spanned::new(text.to_owned(), span);
    let people: Vec<String> = approval
        .from
        .iter()
        .filter_map(|t| pipeline.teams[t.value.index()].names.iter().find(|(id, _)| *id == TargetId::Github))
        .map(|(_, name)| name.value.rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    let token = Text { parts: vec![Part::Context(Spanned::new(Context::Run(RunField::Token), span))], span };
    let mut body = approval.message.clone().unwrap_or_default();
    let list: String = approval.checklist.iter().map(|c| format!("\n- [ ] {c}")).collect();
    match body.parts.last_mut() {
        Some(Part::Literal(text)) => text.push_str(&list),
        _ if !list.is_empty() => body.parts.push(Part::Literal(list)),
        _ => {}
    }
    let mut with = vec![
        (word("secret"), token),
        (word("approvers"), Text::literal(people.join(","), span)),
        (word("minimum-approvals"), Text::literal(approval.count.value.to_string(), span)),
        (word("issue-title"), Text::literal(format!("Approval {}", pipeline.gate(gate).name.value), span)),
        (word("issue-body"), body),
    ];
    if approval.exclude_author.is_some() {
        with.push((word("exclude-workflow-initiator-as-approver"), Text::literal("true", span)));
    }
    vec![PlannedStep {
        id: None,
        name: Some(Text::literal("Wait for the approval", span)),
        kind: PlannedKind::Uses { action, with },
        phase: Phase::Guard,
        when: RunWhen::Success,
        condition: None,
        continue_on_error: false,
        timeout: None,
        env: Vec::<EnvVar>::new(),
        dir: None,
        shell: crate::ir::job::Shell::Bash,
        gate: Some(gate),
        exports: Vec::new(),
        alone: false,
        span,
    }]
}

/// A script that does nothing, for a vendor whose jobs must have one.
pub fn nothing(span: crate::base::span::Span) -> Script {
    Script { lines: vec![Text::literal("true", span)] }
}
