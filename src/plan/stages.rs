//! The jobs of a start as stages that run one after another: for a vendor whose pipelines are a list of stages and not a graph.
//!
//! Jobs of one stage of the spec that are present together stand in one stage; inside it they run in rounds, each behind what it needs. What
//! decides whether a stage is entered is said by a few tests of names, where they suffice; otherwise each job decides for itself.

use std::collections::BTreeMap;

use crate::ir::Pipeline;
use crate::ir::event::{Clause, ClauseKind, EventKind, Filter, Pattern};
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal};
use crate::ir::glob::Glob;
use crate::ir::text::{CommitField, Context, PrField, RunField};
use crate::plan::PlannedWorkflow;
use crate::plan::job::{JobSource, PlannedJob};
use crate::plan::start::Start;

/// How many tests one condition of a stage may have
/// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html>).
const MOST_RULES: usize = 5;

/// A stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// Unique in its pipeline, `[A-Za-z0-9.@_-]+`.
    pub name: String,
    /// All must hold for the stage to be entered; otherwise it is passed over. Empty where it always is.
    pub rules: Vec<Rule>,
    /// Indexes into the workflow's jobs, each with the round it runs in, from 1.
    pub jobs: Vec<(usize, usize)>,
}

/// A test on what the pipeline knows of its event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rule {
    /// What is looked at.
    pub subject: Subject,
    /// What it must be like.
    pub test: Test,
}

/// What a test looks at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// The branch of a push, a schedule or a manual run.
    Branch,
    /// The tag.
    Tag,
    /// The branch that a pull request goes to.
    Target,
    /// The branch that it comes from.
    Head,
    /// An input, by name.
    Input(String),
}

/// What it must be like.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Test {
    /// Exactly this.
    Is(String),
    /// Anything but this.
    IsNot(String),
    /// Matched as a whole by this regular expression, which may look ahead.
    Matches(String),
}

/// When a job is there, among the events of a start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Presence {
    /// Whenever all of these hold.
    If(Vec<Rule>),
    /// The job itself must find out.
    InJob,
}

/// When a job is there, among the events of a start.
pub fn presence(job: &PlannedJob<'_>, start: &Start<'_>) -> Presence {
    if start.always_has(job) {
        return Presence::If(Vec::new());
    }
    let mut rules = Vec::new();
    let filters = job.filters.iter().map(|f| filter(f, start.kind));
    let condition = job.job.condition.iter().map(|c| condition(c, start.kind, true));
    for part in filters.chain(condition) {
        match part {
            Some(part) => rules.extend(part),
            None => return Presence::InJob,
        }
    }
    rules.sort();
    rules.dedup();
    // A start that sometimes goes without the job, for a reason that is none of these.
    if rules.is_empty() || rules.len() > MOST_RULES { Presence::InJob } else { Presence::If(rules) }
}

/// The tests of a filter for one kind of event; none where tests that must all hold do not say it.
fn filter(filter: &Filter, kind: EventKind) -> Option<Vec<Rule>> {
    let of_kind: Vec<Vec<(Subject, &Pattern)>> = filter.clauses.iter().filter_map(|c| names(c, kind)).collect();
    let asked = |parts: &Vec<(Subject, &Pattern)>| parts.iter().all(|(_, p)| p.is_all());
    if of_kind.iter().any(asked) {
        return Some(Vec::new());
    }
    match of_kind.as_slice() {
        [] => None,
        [only] => Some(only.iter().filter(|(_, p)| !p.is_all()).map(|(s, p)| rule(s.clone(), &p.include, &p.except)).collect()),
        several => {
            // One of several: they can be one test where each looks at the same name and leaves nothing out.
            let (mut subject, mut globs) = (None, Vec::new());
            for parts in several {
                let [(own, pattern)] = parts.as_slice() else { return None };
                if !pattern.except.is_empty() || *subject.get_or_insert_with(|| own.clone()) != *own {
                    return None;
                }
                globs.extend(pattern.include.iter().cloned());
            }
            Some(vec![rule(subject?, &globs, &[])])
        }
    }
}

/// The names that a clause asks for; none for a clause of another kind of event.
fn names(clause: &Clause, kind: EventKind) -> Option<Vec<(Subject, &Pattern)>> {
    match (&clause.kind, kind) {
        (ClauseKind::Push { branches, .. }, EventKind::Push)
        | (ClauseKind::Manual { branches }, EventKind::Manual)
        | (ClauseKind::Branch { branches }, EventKind::Push | EventKind::Manual | EventKind::Schedule) => {
            Some(vec![(Subject::Branch, branches)])
        }
        (ClauseKind::Tag { names }, EventKind::Tag) => Some(vec![(Subject::Tag, names)]),
        (ClauseKind::PullRequest { targets, heads, .. }, EventKind::PullRequest) => {
            let both = [(Subject::Target, targets), (Subject::Head, heads)];
            let some: Vec<(Subject, &Pattern)> = both.iter().filter(|(_, p)| !p.is_all()).cloned().collect();
            Some(if some.is_empty() { vec![(Subject::Target, targets)] } else { some })
        }
        (ClauseKind::Schedule { .. }, EventKind::Schedule) => Some(Vec::new()),
        _ => None,
    }
}

fn rule(subject: Subject, include: &[crate::base::span::Spanned<Glob>], except: &[crate::base::span::Spanned<Glob>]) -> Rule {
    if let ([only], []) = (include, except)
        && let Some(name) = only.value.is_literal()
    {
        return Rule { subject, test: Test::Is(name.to_owned()) };
    }
    if let ([], [only]) = (include, except)
        && let Some(name) = only.value.is_literal()
    {
        return Rule { subject, test: Test::IsNot(name.to_owned()) };
    }
    let union = |globs: &[crate::base::span::Spanned<Glob>]| {
        let bare: Vec<String> = globs
            .iter()
            .map(|g| g.value.to_regex())
            .map(|r| r.trim_start_matches('^').strip_suffix('$').unwrap_or(&r).to_owned())
            .collect();
        if bare.len() == 1 { bare.concat() } else { format!("({})", bare.join("|")) }
    };
    let without = if except.is_empty() { String::new() } else { format!("(?!{}$)", union(except)) };
    let with = if include.is_empty() { ".*".to_owned() } else { union(include) };
    Rule { subject, test: Test::Matches(format!("^{without}{with}$")) }
}

/// The tests of a condition; none where tests that must all hold do not say it.
fn condition(expr: &Expr, kind: EventKind, positive: bool) -> Option<Vec<Rule>> {
    match &expr.kind {
        ExprKind::And(a, b) if positive => both(a, b, kind, positive),
        ExprKind::Or(a, b) if !positive => both(a, b, kind, positive),
        ExprKind::Not(inner) => condition(inner, kind, !positive),
        ExprKind::Context(context) => Some(vec![Rule { subject: subject(context, kind)?, test: Test::Is(positive.to_string()) }]),
        ExprKind::Compare(comparison @ (Comparison::Equal | Comparison::NotEqual), a, b) => {
            let (ExprKind::Context(context), ExprKind::Literal(literal)) = (&a.kind, &b.kind) else { return None };
            let text = match literal {
                Literal::String(text) => text.clone(),
                Literal::Bool(value) => value.to_string(),
                Literal::Number(_) | Literal::Duration(_) => return None,
            };
            let equal = (*comparison == Comparison::Equal) == positive;
            if *context == Context::Run(RunField::Event) {
                return ((kind.word() == text) == equal).then(Vec::new);
            }
            let test = if equal { Test::Is(text) } else { Test::IsNot(text) };
            Some(vec![Rule { subject: subject(context, kind)?, test }])
        }
        ExprKind::Matches(inner, glob) if positive => {
            let ExprKind::Context(context) = &inner.kind else { return None };
            Some(vec![rule(subject(context, kind)?, std::slice::from_ref(glob), &[])])
        }
        ExprKind::And(..)
        | ExprKind::Or(..)
        | ExprKind::Literal(_)
        | ExprKind::Compare(..)
        | ExprKind::Matches(..)
        | ExprKind::In(..) => None,
    }
}

fn both(a: &Expr, b: &Expr, kind: EventKind, positive: bool) -> Option<Vec<Rule>> {
    let mut rules = condition(a, kind, positive)?;
    rules.extend(condition(b, kind, positive)?);
    Some(rules)
}

/// What the pipeline knows of a context; none for one that this kind of event has not.
fn subject(context: &Context, kind: EventKind) -> Option<Subject> {
    match (context, kind) {
        (Context::Commit(CommitField::Branch), EventKind::Push | EventKind::Manual | EventKind::Schedule) => {
            Some(Subject::Branch)
        }
        (Context::Commit(CommitField::Tag), EventKind::Tag) => Some(Subject::Tag),
        (Context::Pr(PrField::Target), EventKind::PullRequest) => Some(Subject::Target),
        (Context::Pr(PrField::Source), EventKind::PullRequest) => Some(Subject::Head),
        (Context::Input(name), EventKind::Manual) => Some(Subject::Input(name.clone())),
        _ => None,
    }
}

/// The stages of a start, in the order they run.
pub fn stages(pipeline: &Pipeline, workflow: &PlannedWorkflow<'_>, start: &Start<'_>) -> Vec<Stage> {
    let levels: BTreeMap<usize, usize> = crate::plan::start::levels(workflow, start).into_iter().collect();
    let rules = |at: usize| match presence(&workflow.jobs[at], start) {
        Presence::If(rules) => rules,
        Presence::InJob => Vec::new(),
    };
    let by_stage = |at: usize| (0, workflow.jobs[at].job.stage, rules(at));
    // Where stages of the spec wait for one another in a circle, jobs do not: these go by how much lies before each.
    let by_level = |at: usize| (levels[&at], workflow.jobs[at].job.stage, rules(at));
    let groups = grouped(workflow, &levels, by_stage).or_else(|| grouped(workflow, &levels, by_level)).unwrap_or_default();
    let mut taken = vec!["source".to_owned()];
    let of_stage = |s: Option<usize>| groups.iter().filter(|((_, stage, _), _)| *stage == s).count();
    let mut found = Vec::new();
    for ((_, stage, rules), jobs) in &groups {
        let declared = stage.and_then(|s| pipeline.workflow(workflow.id).stages.get(s)).map(|s| s.name.value.as_str());
        let own: Vec<&PlannedJob<'_>> =
            jobs.iter().map(|at| &workflow.jobs[*at]).filter(|j| matches!(j.source, JobSource::Spec(_))).collect();
        let wanted = match (declared, own.as_slice()) {
            (Some(name), _) if of_stage(*stage) == 1 => name,
            (_, [only]) => only.title.as_str(),
            (Some(name), _) => name,
            (None, _) => workflow.workflow.name.value.as_str(),
        };
        let name = unique(&legal(wanted), &mut taken);
        found.push(Stage { name, rules: rules.clone(), jobs: rounds(workflow, jobs) });
    }
    found
}

/// Groups of jobs with one key each, in an order in which each stands behind all it needs; none where they wait for one another in a circle.
#[allow(clippy::type_complexity, reason = "a key and the jobs that have it")]
fn grouped<K: Ord + Clone>(
    workflow: &PlannedWorkflow<'_>,
    levels: &BTreeMap<usize, usize>,
    key: impl Fn(usize) -> K,
) -> Option<Vec<(K, Vec<usize>)>> {
    let mut groups: Vec<(K, Vec<usize>)> = Vec::new();
    for at in levels.keys() {
        let own = key(*at);
        match groups.iter_mut().find(|(k, _)| *k == own) {
            Some((_, jobs)) => jobs.push(*at),
            None => groups.push((own, vec![*at])),
        }
    }
    let group_of = |at: usize| groups.iter().position(|(_, jobs)| jobs.contains(&at));
    let needs: Vec<Vec<usize>> = groups
        .iter()
        .enumerate()
        .map(|(own, (_, jobs))| {
            let of_jobs = jobs.iter().flat_map(|at| &workflow.jobs[*at].needs).filter_map(|n| group_of(n.job));
            of_jobs.filter(|other| *other != own).collect()
        })
        .collect();
    let mut order: Vec<usize> = Vec::new();
    while order.len() < groups.len() {
        let ready = |g: &usize| !order.contains(g) && needs[*g].iter().all(|n| order.contains(n));
        order.push((0..groups.len()).find(ready)?);
    }
    Some(order.into_iter().map(|g| groups[g].clone()).collect())
}

/// The round of each job inside its stage: behind those of the stage that it needs.
fn rounds(workflow: &PlannedWorkflow<'_>, jobs: &[usize]) -> Vec<(usize, usize)> {
    let mut round: BTreeMap<usize, usize> = jobs.iter().map(|at| (*at, 1)).collect();
    // A chain is no longer than the list.
    for _ in jobs {
        for at in jobs {
            let before = workflow.jobs[*at].needs.iter().filter_map(|n| round.get(&n.job)).max().map_or(1, |r| r + 1);
            round.insert(*at, before);
        }
    }
    let mut found: Vec<(usize, usize)> = round.into_iter().collect();
    found.sort_by_key(|(at, round)| (*round, *at));
    found
}

/// A name of the letters that AWS takes.
pub fn legal(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || ".@_-".contains(c) { c } else { '-' }).take(90).collect()
}

fn unique(name: &str, taken: &mut Vec<String>) -> String {
    let free = |n: &str, taken: &[String]| !taken.iter().any(|t| *t == n.to_lowercase());
    let found = if free(name, taken) {
        name.to_owned()
    } else {
        (2u32..).map(|i| format!("{name}-{i}")).find(|n| free(n, taken)).unwrap_or_default()
    };
    taken.push(found.to_lowercase());
    found
}
