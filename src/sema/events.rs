//! A witness of every class of events that a spec can tell apart.
//!
//! Branches, tags, heads, targets and files are cut into classes by every filter and fixed text that they meet, each kind of event
//! apart; the classes of the dimensions are combined. Sets of changed files are the smallest that can start a chain of filters,
//! and all files: presence only grows with the files changed, so a job that is there without another is so on a smallest set.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, Event, EventKind, PullRequestType};
use crate::ir::id::WorkflowId;
use crate::ir::lang::Lang;
use crate::ir::partition::Partition;
use crate::ir::raw::{RunsOn, runs_on};
use crate::sema::events::words::{Names, Words};
use crate::sema::presence::starts;
use crate::sema::survey::{self, Chains};

mod compared;
mod files;
mod manual;
mod words;

/// Most classes of events. A monorepo of a thousand services has some three thousand; far more cannot be read in any report.
pub const MAX_EVENTS: usize = 8_192;

/// Names that a person would use, offered to classes that no name of the spec is in.
const BRANCHES: &[&str] = &["feature/x", "topic", "release/1.2", "hotfix/x", "wip/x"];
const TAGS: &[&str] = &["v1.2.3", "1.2.3", "v1.2.3-rc.1", "nightly"];
const FILES: &[&str] = &["README.md", "src/main.c", "docs/index.md"];

/// The classes, in the order of kinds (push, tag, pull request, schedule, manual, release, those of a vendor's own), then of the spec. Classes that start no
/// workflow are left out.
///
/// # Errors
/// `too-many-event-classes` when there are more than [`MAX_EVENTS`], or filters that cannot be compared.
pub fn classes(pipeline: &Pipeline) -> Result<Vec<Event>, Box<Diagnostic>> {
    let chains = Chains::of(pipeline);
    let mut survey = Survey { pipeline, names: Names::default(), inputs: BTreeMap::new(), chains, found: Vec::new() };
    survey.filters();
    survey.conditions();
    survey.run().map_err(|kind| Box::new(survey.too_many(kind)))?;
    Ok(survey.found)
}

/// There are too many classes of this kind.
struct TooMany(EventKind);

struct Survey<'p> {
    pipeline: &'p Pipeline,
    names: Names,
    /// What string inputs are compared with, by workflow and name.
    inputs: BTreeMap<(Option<WorkflowId>, String), Words>,
    chains: Chains<'p>,
    found: Vec<Event>,
}

impl<'p> Survey<'p> {
    fn run(&mut self) -> Result<(), TooMany> {
        self.push()?;
        self.tags(EventKind::Tag)?;
        self.pull_requests()?;
        self.schedules()?;
        self.manual()?;
        self.tags(EventKind::Release)?;
        own(self.pipeline).into_iter().try_for_each(|event| self.keep(event))
    }

    fn reacts(&self, takes: fn(&ClauseKind) -> bool) -> bool {
        self.pipeline.workflows.iter().flat_map(|w| &w.on.clauses).any(|c| takes(&c.kind))
    }

    /// Keeps an event that starts something.
    fn keep(&mut self, event: Event) -> Result<(), TooMany> {
        let ids = 0..self.pipeline.workflows.len() as u32;
        if ids.into_iter().any(|w| starts(self.pipeline, WorkflowId(w), &event)) {
            if self.found.len() >= MAX_EVENTS {
                return Err(TooMany(event.kind));
            }
            self.found.push(event);
        }
        Ok(())
    }

    fn too_many(&self, TooMany(kind): TooMany) -> Diagnostic {
        let clauses = self.pipeline.workflows.iter().flat_map(|w| &w.on.clauses);
        let span: Option<Span> = clauses.filter(|c| of_kind(&c.kind, kind)).map(|c| c.span).next();
        Diagnostic::error(
            "too-many-event-classes",
            span.unwrap_or(self.pipeline.span),
            format!("the filters and conditions tell apart more than {MAX_EVENTS} classes of `{}` events", kind.word()),
        )
        .label("together with the filters and conditions of its jobs")
        .help("use fewer different patterns, inputs in conditions or path filters, or split the spec")
    }

    fn cut(&self, kind: EventKind, words: &Words, first: &[&str], last: &[&str]) -> Result<Partition, TooMany> {
        words.cut(&Lang::all(), first, last).map_err(|()| TooMany(kind))
    }

    fn push(&mut self) -> Result<(), TooMany> {
        if !self.reacts(|c| matches!(c, ClauseKind::Push { .. } | ClauseKind::Branch { .. })) {
            return Ok(());
        }
        let default = self.pipeline.default_branch.value.clone();
        let branches = self.cut(EventKind::Push, &self.names.push, &[&default], BRANCHES)?;
        for class in &branches.classes {
            let event = Event { branch: Some(class.witness.clone()), ..Event::of(EventKind::Push) };
            self.with_files(event)?;
        }
        Ok(())
    }

    fn tags(&mut self, kind: EventKind) -> Result<(), TooMany> {
        let (reacts, words) = match kind {
            EventKind::Release => (self.reacts(|c| matches!(c, ClauseKind::Release { .. })), &self.names.releases),
            _ => (self.reacts(|c| matches!(c, ClauseKind::Tag { .. })), &self.names.tags),
        };
        if !reacts {
            return Ok(());
        }
        for class in self.cut(kind, words, &TAGS[..1], TAGS)?.classes {
            self.keep(Event { tag: Some(class.witness), ..Event::of(kind) })?;
        }
        Ok(())
    }

    fn pull_requests(&mut self) -> Result<(), TooMany> {
        if !self.reacts(|c| matches!(c, ClauseKind::PullRequest { .. })) {
            return Ok(());
        }
        let default = self.pipeline.default_branch.value.clone();
        let targets = self.cut(EventKind::PullRequest, &self.names.targets, &[&default], &["develop", "release/1.2"])?;
        let heads = self.cut(EventKind::PullRequest, &self.names.heads, &BRANCHES[..1], BRANCHES)?;
        let (types, forks) = self.distinguished();
        for target in &targets.classes {
            for head in &heads.classes {
                for fork in &forks {
                    for kind in &types {
                        let event = Event {
                            target: Some(target.witness.clone()),
                            head: Some(head.witness.clone()),
                            fork: *fork,
                            pull_request_type: Some(*kind),
                            ..Event::of(EventKind::PullRequest)
                        };
                        self.with_files(event)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// One pull request type of each set that no clause tells apart, and whether any clause looks at forks.
    fn distinguished(&self) -> (Vec<PullRequestType>, Vec<bool>) {
        let mut signatures: Vec<(Vec<bool>, PullRequestType)> = Vec::new();
        let mut forks = false;
        let filters = survey::filters(self.pipeline);
        let clauses: Vec<&ClauseKind> = filters.iter().flat_map(|f| &f.clauses).map(|c| &c.kind).collect();
        let lists: BTreeSet<&Vec<PullRequestType>> = clauses
            .iter()
            .filter_map(|c| match c {
                ClauseKind::PullRequest { types, exclude_forks, .. } => {
                    forks |= exclude_forks;
                    Some(types)
                }
                _ => None,
            })
            .collect();
        for (_, kind) in PullRequestType::ALL {
            let signature: Vec<bool> = lists.iter().map(|types| types.contains(kind)).collect();
            if signature.contains(&true) && signatures.iter().all(|(s, _)| *s != signature) {
                signatures.push((signature, *kind));
            }
        }
        let types = signatures.into_iter().map(|(_, kind)| kind).collect();
        (types, if forks { vec![false, true] } else { vec![false] })
    }

    fn schedules(&mut self) -> Result<(), TooMany> {
        for workflow in &self.pipeline.workflows {
            for schedule in &workflow.schedules {
                let branch = schedule.branch.as_ref().unwrap_or(&self.pipeline.default_branch);
                self.keep(Event {
                    branch: Some(branch.value.clone()),
                    schedule: Some(schedule.name.value.clone()),
                    ..Event::of(EventKind::Schedule)
                })?;
            }
        }
        Ok(())
    }
}

/// An event of a vendor's own: with the branch that it runs on where that is the default one, of a fork where its code may be.
pub fn named(name: &str, default_branch: &str) -> Event {
    let runs_on = runs_on(name);
    Event {
        own: Some(name.to_owned()),
        branch: (runs_on == Some(RunsOn::Default)).then(|| default_branch.to_owned()),
        fork: runs_on == Some(RunsOn::Merge),
        ..Event::of(EventKind::Raw)
    }
}

/// The events of a vendor's own that start a workflow, each name once.
pub fn own(pipeline: &Pipeline) -> Vec<Event> {
    let mut found: Vec<Event> = Vec::new();
    for clause in pipeline.workflows.iter().flat_map(|w| &w.on.clauses) {
        let ClauseKind::Raw(own) = &clause.kind else { continue };
        let event = named(&own.name.value, &pipeline.default_branch.value);
        if !found.contains(&event) {
            found.push(event);
        }
    }
    found
}

fn of_kind(clause: &ClauseKind, kind: EventKind) -> bool {
    match clause {
        ClauseKind::Push { .. } => kind == EventKind::Push,
        ClauseKind::Tag { .. } => kind == EventKind::Tag,
        ClauseKind::PullRequest { .. } => kind == EventKind::PullRequest,
        ClauseKind::Schedule { .. } => kind == EventKind::Schedule,
        ClauseKind::Manual { .. } => kind == EventKind::Manual,
        ClauseKind::Release { .. } => kind == EventKind::Release,
        ClauseKind::Raw(_) => kind == EventKind::Raw,
        ClauseKind::Branch { .. } => kind == EventKind::Push,
    }
}
