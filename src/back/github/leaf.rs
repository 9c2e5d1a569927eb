//! The questions that a GitHub expression can ask about an event, and their answers for a class of events.
//!
//! `github.ref` of a pull request is `refs/pull/N/merge`, and the branch it was merged into once it is merged
//! (docs.github.com, "Contexts reference", github context).

use crate::ir::bits::BitSet;
use crate::ir::event::{EventKind, InputValue, PullRequestType, Schedule};
use crate::ir::glob::{Glob, GlobPiece};
use crate::ir::lang::Lang;
use crate::ir::raw::{RunsOn, runs_on};

use super::domain::Point;
use super::expr::{Gh, quoted};

/// What is asked about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Field {
    /// `github.event_name`
    EventName,
    /// `github.ref`
    Ref,
    /// `github.ref_name`
    RefName,
    /// `github.ref_type`
    RefType,
    /// `github.base_ref`
    BaseRef,
    /// `github.head_ref`
    HeadRef,
    /// `github.event.action`
    Action,
    /// `github.event.schedule`
    Schedule,
    /// `github.event.pull_request.merged`
    Merged,
    /// Whether the head of the pull request is in this repository.
    OwnHead,
    /// `inputs.x`
    Input(String),
}

/// How it is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum How {
    /// `==`
    Is,
    /// `startsWith`
    Starts,
    /// `endsWith`
    Ends,
    /// `contains`
    Contains,
    /// As a boolean.
    True,
}

/// A question with a yes or no.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Test {
    /// About what.
    pub(super) field: Field,
    /// Asked how.
    pub(super) how: How,
    /// Against which text.
    pub(super) text: String,
}

impl Test {
    /// `field == 'text'`
    pub(super) fn is(field: Field, text: impl Into<String>) -> Self {
        Self { field, how: How::Is, text: text.into() }
    }

    /// The expression that asks it.
    pub(super) fn expression(&self) -> Gh {
        let subject = match &self.field {
            Field::EventName => "github.event_name".to_owned(),
            Field::Ref => "github.ref".to_owned(),
            Field::RefName => "github.ref_name".to_owned(),
            Field::RefType => "github.ref_type".to_owned(),
            Field::BaseRef => "github.base_ref".to_owned(),
            Field::HeadRef => "github.head_ref".to_owned(),
            Field::Action => "github.event.action".to_owned(),
            Field::Schedule => "github.event.schedule".to_owned(),
            Field::Merged => "github.event.pull_request.merged".to_owned(),
            Field::OwnHead => {
                let head = "github.event.pull_request.head.repo.full_name".to_owned();
                return Gh::Compare(head, "==", "github.repository".to_owned());
            }
            Field::Input(name) => format!("inputs.{name}"),
        };
        match self.how {
            How::Is => Gh::Compare(subject, "==", quoted(&self.text)),
            How::Starts => Gh::call("startsWith", &subject, &self.text),
            How::Ends => Gh::call("endsWith", &subject, &self.text),
            How::Contains => Gh::call("contains", &subject, &self.text),
            How::True => Gh::atom(subject),
        }
    }

    /// GitHub's answer for a class of events; `exact` compares as the spec does, otherwise without regard to case, as GitHub does.
    pub(super) fn holds(&self, point: &Point, schedules: &[Schedule], exact: bool) -> bool {
        let Some(mut own) = value(&self.field, point, schedules) else { return false };
        let mut text = self.text.clone();
        if !exact {
            own = own.to_lowercase();
            text = text.to_lowercase();
        }
        match self.how {
            How::Is => own == text,
            How::Starts => own.starts_with(&text),
            How::Ends => own.ends_with(&text),
            How::Contains => own.contains(&text),
            How::True => own == "true",
        }
    }

    /// Whether it is known what GitHub says of a class of events. Of an event of its own that runs on the default branch that is so of all but the
    /// type; of another one the name alone is known, and of a call nothing.
    pub(super) fn is_told(&self, point: &Point) -> bool {
        let Some(own) = &point.event.own else { return true };
        match (runs_on(own), &self.field) {
            (Some(RunsOn::Caller), _) => false,
            (Some(RunsOn::Default), field) => *field != Field::Action,
            (_, field) => matches!(field, Field::EventName | Field::Schedule | Field::Input(_)),
        }
    }

    /// The branch or tag names (without `refs/…/`) that must not share a class with others for the answer to be one of the whole class: once as
    /// the spec compares, once as GitHub does.
    pub(super) fn langs(&self) -> Vec<Lang> {
        self.globs().iter().map(Glob::lang).collect()
    }

    /// As [`Test::langs`], for texts that are no names.
    pub(super) fn strings(&self) -> Vec<Lang> {
        self.globs().iter().map(|g| g.strings().clone()).collect()
    }

    fn globs(&self) -> Vec<Glob> {
        let name = ["refs/heads/", "refs/tags/"].iter().find_map(|p| self.text.strip_prefix(p)).unwrap_or(&self.text);
        let (before, after) = match self.how {
            How::Is => ("", ""),
            How::Starts => ("", "**"),
            How::Ends => ("**", ""),
            How::Contains => ("**", "**"),
            How::True => return Vec::new(),
        };
        let exact: String = name.chars().map(|c| one_char(c, false)).collect();
        let loose: String = name.chars().map(|c| one_char(c, true)).collect();
        [exact, loose].iter().filter_map(|core| Glob::parse(&format!("{before}{core}{after}")).ok()).collect()
    }
}

fn one_char(c: char, any_case: bool) -> String {
    if any_case && c.is_ascii_alphabetic() {
        format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase())
    } else if "*?[]{},".contains(c) {
        format!("[{c}]")
    } else {
        c.to_string()
    }
}

/// What GitHub says of an event; `None` where the context is null.
fn value(field: &Field, point: &Point, schedules: &[Schedule]) -> Option<String> {
    let event = &point.event;
    let pull_request = event.kind == EventKind::PullRequest;
    let merged = event.pull_request_type == Some(PullRequestType::Merged);
    let name = if pull_request {
        if merged { event.target.clone() } else { Some("1/merge".to_owned()) }
    } else {
        point.scheduled_on.clone().or_else(|| event.branch.clone()).or_else(|| event.tag.clone())
    };
    match field {
        Field::EventName => Some(event.own.clone().unwrap_or_else(|| event_name(event.kind).to_owned())),
        Field::RefName => name,
        Field::RefType => Some(if event.tag.is_some() { "tag" } else { "branch" }.to_owned()),
        Field::Ref => {
            let folder = match (event.tag.is_some(), pull_request && !merged) {
                (true, _) => "refs/tags/",
                (_, true) => "refs/pull/",
                _ => "refs/heads/",
            };
            name.map(|n| format!("{folder}{n}"))
        }
        // Both are empty strings on other events.
        Field::BaseRef => Some(event.target.clone().unwrap_or_default()),
        Field::HeadRef => Some(event.head.clone().unwrap_or_default()),
        Field::Action => match event.kind {
            EventKind::PullRequest => event.pull_request_type.map(|t| action(t).to_owned()),
            EventKind::Release => Some("published".to_owned()),
            EventKind::Push | EventKind::Tag | EventKind::Schedule | EventKind::Manual | EventKind::Raw => None,
        },
        Field::Schedule => {
            let schedule = schedules.iter().find(|s| Some(&s.name.value) == event.schedule.as_ref())?;
            Some(cron(schedule))
        }
        Field::Merged => pull_request.then(|| merged.to_string()),
        // On other events null is compared with the name of this repository.
        Field::OwnHead => pull_request.then(|| (!event.fork).to_string()),
        Field::Input(name) => event.inputs.get(name).map(|v| match v {
            InputValue::String(text) => text.clone(),
            InputValue::Bool(on) => on.to_string(),
            InputValue::Number(number) => number.to_string(),
        }),
    }
}

/// The five fields of a schedule.
pub(super) fn cron(schedule: &Schedule) -> String {
    schedule.cron.value.to_string()
}

/// The name of the GitHub event; that of an event of GitHub's own stands in the event.
pub(super) fn event_name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Push | EventKind::Tag => "push",
        EventKind::PullRequest => "pull_request",
        EventKind::Schedule => "schedule",
        EventKind::Manual => "workflow_dispatch",
        EventKind::Release => "release",
        EventKind::Raw => "",
    }
}

/// The activity type of a pull request. A merge is a `closed` with a flag.
pub(super) fn action(change: PullRequestType) -> &'static str {
    match change {
        PullRequestType::Opened => "opened",
        PullRequestType::Updated => "synchronize",
        PullRequestType::Reopened => "reopened",
        PullRequestType::Closed | PullRequestType::Merged => "closed",
        PullRequestType::Ready => "ready_for_review",
        PullRequestType::Labeled => "labeled",
    }
}

/// A question with its answers for all points.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// The expression.
    pub(super) gh: Gh,
    /// Where it holds if strings are compared exactly.
    pub(super) exact: BitSet,
    /// Where it holds as GitHub compares.
    pub(super) loose: BitSet,
}

impl Leaf {
    /// The answers of a test.
    pub(super) fn of(test: &Test, points: &[Point], schedules: &[Schedule]) -> Self {
        let ask = |exact| collect(points.len(), |i| test.holds(&points[i], schedules, exact));
        Self { gh: test.expression(), exact: ask(true), loose: ask(false) }
    }

    /// Both of them.
    pub(super) fn and(&self, other: &Self) -> Self {
        let both = |a: &BitSet, b: &BitSet| {
            let mut found = a.clone();
            found.intersect_with(b);
            found
        };
        let gh = Gh::And(vec![self.gh.clone(), other.gh.clone()]);
        Self { gh, exact: both(&self.exact, &other.exact), loose: both(&self.loose, &other.loose) }
    }

    /// The opposite.
    pub(super) fn negate(&self) -> Self {
        let all = BitSet::full(self.exact.len());
        Self { gh: self.gh.clone().negate(), exact: all.difference(&self.exact), loose: all.difference(&self.loose) }
    }
}

/// The numbers below `len` for which something holds.
pub(super) fn collect(len: usize, holds: impl Fn(usize) -> bool) -> BitSet {
    let mut found = BitSet::new(len);
    (0..len).filter(|i| holds(*i)).for_each(|i| _ = found.insert(i));
    found
}

/// Questions about a name that may tell a glob from what else there is. `prefix` is `refs/heads/` or `refs/tags/` for `github.ref`, else empty.
pub(super) fn of_glob(glob: &Glob, field: &Field, prefix: &str, out: &mut Vec<Test>) {
    for one in glob.expand_braces() {
        let pieces = one.pieces();
        if let [GlobPiece::Literal(text)] = pieces {
            out.push(Test::is(field.clone(), format!("{prefix}{text}")));
            continue;
        }
        // A part of `github.ref` may lie across `heads/`; of the name alone it cannot.
        let short = if *field == Field::Ref { Field::RefName } else { field.clone() };
        for (i, piece) in pieces.iter().enumerate() {
            let GlobPiece::Literal(text) = piece else { continue };
            out.push(if i == 0 {
                Test { field: field.clone(), how: How::Starts, text: format!("{prefix}{text}") }
            } else {
                let how = if i + 1 == pieces.len() { How::Ends } else { How::Contains };
                Test { field: short.clone(), how, text: text.clone() }
            });
        }
    }
}
