//! Events and filters: a filter is a predicate over events.

use std::collections::BTreeMap;

use crate::base::span::{Span, Spanned};
use crate::ir::cron::Cron;
use crate::ir::glob::Glob;
use crate::ir::id::WorkflowId;
use crate::ir::lang::Lang;
use crate::ir::raw::RawEvent;
use crate::ir::text::Text;
use crate::ir::units::Decimal;
use crate::ir::words::fields;

fields! {
    /// Why a run starts.
    EventKind {
        /// A branch was pushed.
        Push = "push",
        /// A tag was pushed.
        Tag = "tag",
        /// A pull request (merge request) was opened or changed.
        PullRequest = "pull-request",
        /// A time came.
        Schedule = "schedule",
        /// A person pressed the button, or called the API.
        Manual = "manual",
        /// A release was published.
        Release = "release",
        /// What one vendor has alone, by the vendor's own name of it.
        Raw = "raw",
    }
}

fields! {
    /// What happened to a pull request.
    PullRequestType {
        /// It was opened.
        Opened = "opened",
        /// Its branch got commits.
        Updated = "updated",
        /// It was opened again.
        Reopened = "reopened",
        /// It was closed without a merge.
        Closed = "closed",
        /// It was merged.
        Merged = "merged",
        /// A draft became ready.
        Ready = "ready",
        /// It got a label.
        Labeled = "labeled",
    }
}

/// What a pull request must do to start a run, where the spec does not say (GitHub's default, and what GitLab's merge request pipelines do).
pub const DEFAULT_PULL_REQUEST_TYPES: &[PullRequestType] =
    &[PullRequestType::Opened, PullRequestType::Updated, PullRequestType::Reopened];

/// One thing that can happen: a witness of its class, which is all that a spec can tell apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Why.
    pub kind: EventKind,
    /// The branch of a push, schedule or manual run.
    pub branch: Option<String>,
    /// The tag of a tag or release run.
    pub tag: Option<String>,
    /// The branch a pull request goes to.
    pub target: Option<String>,
    /// The branch a pull request comes from.
    pub head: Option<String>,
    /// Whether a pull request comes from another repository.
    pub fork: bool,
    /// What happened to the pull request.
    pub pull_request_type: Option<PullRequestType>,
    /// Which schedule.
    pub schedule: Option<String>,
    /// The vendor's name of an event of its own.
    pub own: Option<String>,
    /// The workflow a manual run was started for.
    pub workflow: Option<WorkflowId>,
    /// The inputs of a manual run, defaults filled in. A string input that no condition reads is not here.
    pub inputs: BTreeMap<String, InputValue>,
    /// Changed files of a push or pull request; `None` where the vendor tells none (tag, schedule, manual, release).
    pub paths: Option<Vec<String>>,
}

/// The value of an input of a manual run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InputValue {
    /// Of a string, choice or environment input.
    String(String),
    /// Of a boolean input.
    Bool(bool),
    /// Of a number input.
    Number(Decimal),
}

/// A union of clauses; an event passes if one clause takes it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    /// In the order written.
    pub clauses: Vec<Clause>,
    /// Where the filter stands.
    pub span: Span,
}

/// One kind of event with its conditions.
#[derive(Clone, PartialEq, Debug)]
pub struct Clause {
    /// What it takes.
    pub kind: ClauseKind,
    /// Where it stands.
    pub span: Span,
}

/// What a clause takes.
#[derive(Clone, PartialEq, Debug)]
pub enum ClauseKind {
    /// `push main { paths "src/**" }`
    Push {
        /// Branch names.
        branches: Pattern,
        /// Changed files.
        paths: Option<PathFilter>,
    },
    /// `tag "v*"`
    Tag {
        /// Tag names.
        names: Pattern,
    },
    /// `pull-request main { head "hotfix/*" }`
    PullRequest {
        /// Branches it goes to.
        targets: Pattern,
        /// Branches it comes from.
        heads: Pattern,
        /// What happened to it; as written, or [`DEFAULT_PULL_REQUEST_TYPES`].
        types: Vec<PullRequestType>,
        /// Whether pull requests of forks are left out.
        exclude_forks: bool,
        /// Changed files.
        paths: Option<PathFilter>,
    },
    /// `schedule nightly`
    Schedule {
        /// Which; all when empty.
        names: Vec<Spanned<String>>,
    },
    /// `manual branch="main"`
    Manual {
        /// Branches it may be started on.
        branches: Pattern,
    },
    /// `release published`
    Release {
        /// Tag names.
        tags: Pattern,
    },
    /// `raw github { issues }`: what no other vendor has.
    Raw(RawEvent),
    /// `branch main`: any kind of event whose run is on that branch.
    Branch {
        /// Branch names.
        branches: Pattern,
    },
}

/// A set of names: what one of `include` matches and none of `except` matches.
#[derive(Clone, PartialEq, Debug)]
pub struct Pattern {
    /// None means every name.
    pub include: Vec<Spanned<Glob>>,
    /// Excludes always win.
    pub except: Vec<Spanned<Glob>>,
    /// The set itself.
    pub lang: Lang,
}

/// Passes if one changed file is matched by `include` and not by `except`.
#[derive(Clone, PartialEq, Debug)]
pub struct PathFilter {
    /// The files that count.
    pub pattern: Pattern,
    /// Where it stands.
    pub span: Span,
}

/// A time at which a workflow runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    /// Its name, unique in the pipeline.
    pub name: Spanned<String>,
    /// When, in the zone's local time.
    pub cron: Spanned<Cron>,
    /// IANA name; UTC where the spec says none.
    pub timezone: Option<Spanned<String>>,
    /// The branch it runs on; the default branch where the spec says none.
    pub branch: Option<Spanned<String>>,
}

/// An input of a manual run.
#[derive(Clone, PartialEq, Debug)]
pub struct Input {
    /// Its name.
    pub name: Spanned<String>,
    /// What it takes.
    pub kind: InputKind,
    /// Whether a person must give it.
    pub required: bool,
    /// What it is when nobody gives it; on other events too.
    pub default: Option<Spanned<InputValue>>,
    /// Shown beside the field.
    pub description: Option<String>,
    /// A glob that a string must match.
    pub matches: Option<Spanned<Glob>>,
}

/// What an input takes.
#[derive(Clone, PartialEq, Debug)]
pub enum InputKind {
    /// Any text.
    String,
    /// True or false.
    Boolean,
    /// A number.
    Number,
    /// One of these.
    Choice(Vec<Spanned<String>>),
    /// The name of an environment of this spec.
    Environment,
}

/// A value that depends on the event: the first arm that takes the event gives it.
#[derive(Clone, PartialEq, Debug)]
pub struct EventValue {
    /// Its name.
    pub name: Spanned<String>,
    /// `on tag "…"`
    pub arms: Vec<(Spanned<EventKind>, Text)>,
    /// `otherwise "…"`
    pub otherwise: Option<Text>,
    /// `github "…"`: an expression of GitHub's own that gives it there; elsewhere it is what `otherwise` says, or empty.
    pub github: Option<Spanned<String>>,
    /// `file "…"`: on the other targets it is what a step of the job has written to this file, below the root or on the machine; before, it is empty.
    pub file: Option<Spanned<String>>,
    /// Whether the condition of a job compares it, which the kind of event decides: the condition asks for that (`sema::decided`).
    pub decides: bool,
}

impl Event {
    /// An event of a kind about which nothing more is said.
    pub fn of(kind: EventKind) -> Self {
        Self {
            kind,
            branch: None,
            tag: None,
            target: None,
            head: None,
            fork: false,
            pull_request_type: None,
            schedule: None,
            own: None,
            workflow: None,
            inputs: BTreeMap::new(),
            paths: None,
        }
    }

    /// What the spec calls the kind of it: an event of a vendor's own by its name there.
    pub fn word(&self) -> &str {
        self.own.as_deref().unwrap_or(self.kind.word())
    }

    /// What happened, to stand after "runs" or "absent": ``on a push to `main` ``.
    pub fn shown(&self) -> String {
        let name = |text: &Option<String>| format!("`{}`", text.as_deref().unwrap_or_default());
        let mut out = match self.kind {
            EventKind::Push => format!("on a push to {}", name(&self.branch)),
            EventKind::Tag => format!("on tag {}", name(&self.tag)),
            EventKind::PullRequest => {
                let fork = if self.fork { " of a fork" } else { "" };
                let done = match self.pull_request_type {
                    Some(kind) if !DEFAULT_PULL_REQUEST_TYPES.contains(&kind) => format!(" that is {}", kind.word()),
                    _ => String::new(),
                };
                format!("on a pull request from {}{fork} to {}{done}", name(&self.head), name(&self.target))
            }
            EventKind::Schedule => format!("on schedule {}", name(&self.schedule)),
            EventKind::Manual => format!("on a manual run on {}", name(&self.branch)),
            EventKind::Release => format!("on the release of {}", name(&self.tag)),
            EventKind::Raw => format!("on the event {}", name(&self.own)),
        };
        for (i, (input, value)) in self.inputs.iter().enumerate() {
            let value = match value {
                InputValue::String(text) => text.clone(),
                InputValue::Bool(value) => value.to_string(),
                InputValue::Number(value) => value.to_string(),
            };
            out.push_str(if i == 0 { " with " } else { ", " });
            out.push_str(&format!("{input}={value}"));
        }
        if let Some([first, rest @ ..]) = self.paths.as_deref() {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            out.push_str(&format!(" that changes `{first}`{more}"));
        }
        out
    }
}

impl Filter {
    /// Whether an event passes.
    pub fn accepts(&self, event: &Event) -> bool {
        self.clauses.iter().any(|c| c.accepts(event))
    }

    /// The clauses that take a commit which arrives, by a push or a pull request, whatever files it changes.
    pub fn commits(&self) -> impl Iterator<Item = Clause> {
        self.clauses.iter().filter_map(|clause| {
            let kind = match &clause.kind {
                ClauseKind::Push { branches, .. } | ClauseKind::Branch { branches } => {
                    ClauseKind::Push { branches: branches.clone(), paths: None }
                }
                ClauseKind::PullRequest { targets, heads, types, exclude_forks, .. } => {
                    let arrives = |t: &PullRequestType| DEFAULT_PULL_REQUEST_TYPES.contains(t);
                    let types: Vec<PullRequestType> = types.iter().copied().filter(arrives).collect();
                    if types.is_empty() {
                        return None;
                    }
                    let (targets, heads) = (targets.clone(), heads.clone());
                    ClauseKind::PullRequest { targets, heads, types, exclude_forks: *exclude_forks, paths: None }
                }
                ClauseKind::Tag { .. }
                | ClauseKind::Schedule { .. }
                | ClauseKind::Manual { .. }
                | ClauseKind::Release { .. }
                | ClauseKind::Raw(_) => return None,
            };
            Some(Clause { kind, span: clause.span })
        })
    }
}

impl Clause {
    /// Whether an event passes.
    pub fn accepts(&self, event: &Event) -> bool {
        let named = |pattern: &Pattern, name: &Option<String>| name.as_deref().is_some_and(|n| pattern.contains(n));
        match &self.kind {
            ClauseKind::Push { branches, paths } => {
                event.kind == EventKind::Push && named(branches, &event.branch) && touched(paths.as_ref(), event)
            }
            ClauseKind::Tag { names } => event.kind == EventKind::Tag && named(names, &event.tag),
            ClauseKind::PullRequest { targets, heads, types, exclude_forks, paths } => {
                event.kind == EventKind::PullRequest
                    && named(targets, &event.target)
                    && named(heads, &event.head)
                    && event.pull_request_type.is_some_and(|t| types.contains(&t))
                    && !(*exclude_forks && event.fork)
                    && touched(paths.as_ref(), event)
            }
            ClauseKind::Schedule { names } => {
                event.kind == EventKind::Schedule
                    && (names.is_empty() || names.iter().any(|n| Some(&n.value) == event.schedule.as_ref()))
            }
            ClauseKind::Manual { branches } => event.kind == EventKind::Manual && named(branches, &event.branch),
            ClauseKind::Release { tags } => event.kind == EventKind::Release && named(tags, &event.tag),
            ClauseKind::Raw(own) => event.kind == EventKind::Raw && event.own.as_ref() == Some(&own.name.value),
            ClauseKind::Branch { branches } => named(branches, &event.branch),
        }
    }
}

impl Pattern {
    /// Whether nothing narrows it.
    pub fn is_all(&self) -> bool {
        self.include.is_empty() && self.except.is_empty()
    }

    /// Whether a name is in the set.
    pub fn contains(&self, name: &str) -> bool {
        (self.include.is_empty() || self.include.iter().any(|g| g.matches(name))) && !self.except.iter().any(|g| g.matches(name))
    }
}

fn touched(filter: Option<&PathFilter>, event: &Event) -> bool {
    let Some(filter) = filter else { return true };
    event.paths.as_ref().is_none_or(|paths| paths.iter().any(|p| filter.pattern.contains(p)))
}
