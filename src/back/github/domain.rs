//! The events that start one workflow, as far as its filters and GitHub's expressions can tell them apart.
//!
//! Every set of names that a filter or a candidate expression can ask about cuts the branches and tags of the workflow into classes
//! ([`crate::ir::partition`]). One witness stands for its whole class, so what holds for all [`Point`]s holds for every event: a condition that
//! agrees with the spec on each of them is exact, not merely plausible.

use std::collections::BTreeMap;

use crate::base::span::Spanned;
use crate::ir::event::{
    Clause, ClauseKind, Event, EventKind, Filter, Input, InputKind, InputValue, PathFilter, Pattern, PullRequestType,
};
use crate::ir::glob::Glob;
use crate::ir::id::WorkflowId;
use crate::ir::job::Workflow;
use crate::ir::lang::{Lang, TooComplex};
use crate::ir::partition;
use crate::sema::events::named;

/// More points than this are not searched: the route job decides then.
const MAX_POINTS: usize = 20_000;

/// One class of events.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// A witness. Its changed files are not set: see `touched`.
    pub(super) event: Event,
    /// Whether a file that counts was changed, for each path filter of the question.
    pub(super) touched: Vec<bool>,
    /// The branch of a scheduled run as GitHub has it: the default one, whatever the spec says.
    pub(super) scheduled_on: Option<String>,
}

/// What a question about a workflow's events reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Question<'a> {
    /// Filters beside the workflow's own.
    pub(super) filters: Vec<&'a Filter>,
    /// Sets of branch and tag names that must be told apart.
    pub(super) names: Vec<Lang>,
    /// Sets of target branches.
    pub(super) targets: Vec<Lang>,
    /// Sets of head branches.
    pub(super) heads: Vec<Lang>,
    /// Inputs that a condition reads, with the sets of texts that must be told apart.
    pub(super) inputs: BTreeMap<String, Vec<Lang>>,
}

impl<'a> Question<'a> {
    /// The path filters it has to do with, each once: the workflow's own first.
    pub(super) fn paths(&self, on: &'a Filter) -> Vec<&'a PathFilter> {
        let mut found: Vec<&PathFilter> = Vec::new();
        for filter in std::iter::once(on).chain(self.filters.iter().copied()) {
            for paths in filter.clauses.iter().filter_map(paths_of) {
                if !found.iter().any(|f| same_files(f, paths)) {
                    found.push(paths);
                }
            }
        }
        found
    }

    /// All classes of events that start the workflow. `None` when there are too many to look at.
    pub(super) fn points(&self, id: WorkflowId, workflow: &'a Workflow, default_branch: &str) -> Option<Vec<Point>> {
        self.enumerate(id, workflow, default_branch).ok().filter(|points| points.len() <= MAX_POINTS)
    }

    fn enumerate(&self, id: WorkflowId, workflow: &'a Workflow, default_branch: &str) -> Result<Vec<Point>, TooComplex> {
        let on = &workflow.on;
        let paths = self.paths(on);
        let flags = combinations(paths.len().min(10));
        let mut points = Vec::new();
        let mut push = |event: Event, with_paths: bool| {
            let flags = if with_paths { flags.as_slice() } else { &flags[flags.len() - 1..] };
            for touched in flags {
                let scheduled_on = (event.kind == EventKind::Schedule).then(|| default_branch.to_owned());
                let point = Point { event: event.clone(), touched: touched.clone(), scheduled_on };
                if accepts(on, &point, &paths) {
                    points.push(point);
                }
            }
        };
        for kind in EventKind::ALL.iter().map(|(_, k)| *k) {
            let own: Vec<&Clause> = on.clauses.iter().filter(|c| takes(c, kind)).collect();
            if own.is_empty() {
                continue;
            }
            let blank = Event { workflow: (kind == EventKind::Manual).then_some(id), ..Event::of(kind) };
            match kind {
                EventKind::Push => {
                    for branch in self.classes(&own, name_of, &self.names)? {
                        push(Event { branch: Some(branch), ..blank.clone() }, true);
                    }
                }
                EventKind::Tag | EventKind::Release => {
                    for tag in self.classes(&own, name_of, &self.names)? {
                        push(Event { tag: Some(tag), ..blank.clone() }, false);
                    }
                }
                EventKind::Schedule => {
                    for schedule in &workflow.schedules {
                        let branch = schedule.branch.as_ref().map_or(default_branch, |b| b.value.as_str()).to_owned();
                        push(Event { branch: Some(branch), schedule: Some(schedule.name.value.clone()), ..blank.clone() }, false);
                    }
                }
                EventKind::Raw => {
                    for clause in &own {
                        if let ClauseKind::Raw(own) = &clause.kind {
                            push(named(&own.name.value, default_branch), false);
                        }
                    }
                }
                EventKind::Manual => {
                    let branches = self.classes(&own, name_of, &self.names)?;
                    for inputs in self.assignments(&workflow.inputs)? {
                        for branch in &branches {
                            push(Event { branch: Some(branch.clone()), inputs: inputs.clone(), ..blank.clone() }, false);
                        }
                    }
                }
                EventKind::PullRequest => {
                    // A merged pull request has its target as `github.ref`, so names matter for targets too.
                    let ask: Vec<Lang> = self.targets.iter().chain(&self.names).cloned().collect();
                    let targets = self.classes(&own, target_of, &ask)?;
                    let heads = self.classes(&own, head_of, &self.heads)?;
                    for (target, head) in targets.iter().flat_map(|t| heads.iter().map(move |h| (t, h))) {
                        for (_, change) in PullRequestType::ALL {
                            for fork in [false, true] {
                                let (target, head) = (Some(target.clone()), Some(head.clone()));
                                push(Event { target, head, fork, pull_request_type: Some(*change), ..blank.clone() }, true);
                            }
                        }
                    }
                }
            }
        }
        Ok(points)
    }

    /// A witness of each class of names that the workflow's clauses take and somebody can tell apart.
    fn classes(&self, own: &[&Clause], part: fn(&Clause) -> Option<&Pattern>, ask: &[Lang]) -> Result<Vec<String>, TooComplex> {
        let all = Lang::all();
        let langs: Vec<&Lang> = own.iter().map(|c| part(c).map_or(&all, |p| &p.lang)).collect();
        let universe = Lang::union_all(langs.iter().copied())?;
        let theirs = self.filters.iter().flat_map(|f| &f.clauses).filter_map(|c| Some(part(c)?.lang.clone()));
        let filters: Vec<Lang> = langs.iter().map(|l| (*l).clone()).chain(theirs).chain(ask.iter().cloned()).collect();
        Ok(partition::partition_of(&universe, &filters)?.classes.into_iter().map(|c| c.witness).collect())
    }

    fn assignments(&self, inputs: &[Input]) -> Result<Vec<BTreeMap<String, InputValue>>, TooComplex> {
        let mut found = vec![BTreeMap::new()];
        for input in inputs {
            let Some(texts) = self.inputs.get(&input.name.value) else { continue };
            let values: Vec<InputValue> = match &input.kind {
                InputKind::Boolean => vec![InputValue::Bool(false), InputValue::Bool(true)],
                InputKind::Choice(options) => options.iter().map(|o| InputValue::String(o.value.clone())).collect(),
                InputKind::Number => input.default.iter().map(|d| d.value.clone()).collect(),
                InputKind::String | InputKind::Environment => {
                    let classes = partition::partition_of(&Lang::text(), texts)?.classes;
                    classes.into_iter().map(|c| InputValue::String(c.witness)).collect()
                }
            };
            found = found
                .iter()
                .flat_map(|row| {
                    values.iter().map(|v| {
                        let mut row = row.clone();
                        row.insert(input.name.value.clone(), v.clone());
                        row
                    })
                })
                .collect();
        }
        Ok(found)
    }
}

/// Whether a filter takes a point; `paths` are those that the point's flags are about.
pub(super) fn accepts(filter: &Filter, point: &Point, paths: &[&PathFilter]) -> bool {
    filter.clauses.iter().any(|clause| {
        clause.accepts(&point.event)
            && paths_of(clause).is_none_or(|own| {
                let place = paths.iter().position(|p| same_files(p, own));
                place.and_then(|i| point.touched.get(i)).copied().unwrap_or(true)
            })
    })
}

/// The path filter of a clause.
pub(super) fn paths_of(clause: &Clause) -> Option<&PathFilter> {
    match &clause.kind {
        ClauseKind::Push { paths, .. } | ClauseKind::PullRequest { paths, .. } => paths.as_ref(),
        ClauseKind::Tag { .. }
        | ClauseKind::Schedule { .. }
        | ClauseKind::Manual { .. }
        | ClauseKind::Release { .. }
        | ClauseKind::Raw(_)
        | ClauseKind::Branch { .. } => None,
    }
}

/// Whether two path filters have the same patterns, wherever they stand.
pub(super) fn same_files(a: &PathFilter, b: &PathFilter) -> bool {
    let texts = |p: &PathFilter| {
        let list = |globs: &[Spanned<Glob>]| globs.iter().map(|g| g.text().to_owned()).collect::<Vec<_>>();
        (list(&p.pattern.include), list(&p.pattern.except))
    };
    texts(a) == texts(b)
}

/// Whether a clause can take events of a kind.
pub(super) fn takes(clause: &Clause, kind: EventKind) -> bool {
    match &clause.kind {
        ClauseKind::Push { .. } => kind == EventKind::Push,
        ClauseKind::Tag { .. } => kind == EventKind::Tag,
        ClauseKind::PullRequest { .. } => kind == EventKind::PullRequest,
        ClauseKind::Schedule { .. } => kind == EventKind::Schedule,
        ClauseKind::Manual { .. } => kind == EventKind::Manual,
        ClauseKind::Release { .. } => kind == EventKind::Release,
        ClauseKind::Raw(_) => kind == EventKind::Raw,
        ClauseKind::Branch { .. } => matches!(kind, EventKind::Push | EventKind::Schedule | EventKind::Manual | EventKind::Raw),
    }
}

fn name_of(clause: &Clause) -> Option<&Pattern> {
    match &clause.kind {
        ClauseKind::Push { branches, .. } | ClauseKind::Manual { branches } | ClauseKind::Branch { branches } => Some(branches),
        ClauseKind::Tag { names } => Some(names),
        ClauseKind::Release { tags } => Some(tags),
        ClauseKind::PullRequest { .. } | ClauseKind::Schedule { .. } | ClauseKind::Raw(_) => None,
    }
}

fn target_of(clause: &Clause) -> Option<&Pattern> {
    if let ClauseKind::PullRequest { targets, .. } = &clause.kind { Some(targets) } else { None }
}

fn head_of(clause: &Clause) -> Option<&Pattern> {
    if let ClauseKind::PullRequest { heads, .. } = &clause.kind { Some(heads) } else { None }
}

/// Every row of `n` flags; the row that is all true comes last.
fn combinations(n: usize) -> Vec<Vec<bool>> {
    (0..1usize << n).map(|row| (0..n).map(|bit| row & (1 << bit) != 0).collect()).collect()
}
