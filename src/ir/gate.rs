//! Gates: conditions on going further.

use crate::base::span::{Span, Spanned};
use crate::ir::expr::Expr;
use crate::ir::id::{JobId, TeamId};
use crate::ir::step::{Notification, Step};
use crate::ir::text::Text;
use crate::ir::units::{Decimal, Duration};
use crate::ir::words::fields;

/// A condition on going further.
#[derive(Clone, PartialEq, Debug)]
pub struct Gate {
    /// Its name, unique in the pipeline.
    pub name: Spanned<String>,
    /// What it asks.
    pub kind: GateKind,
    /// The jobs that measure it, each in a step of its own (`StepKind::Gate`); empty for a gate that runs where it is required.
    pub producers: Vec<JobId>,
    /// Reports, but lets everything pass.
    pub advisory: Option<Span>,
    /// The only way around it.
    pub waive: Option<Waive>,
    /// Messages about it.
    pub notify: Vec<Notification>,
    /// Where it stands.
    pub span: Span,
}

/// The only way around a gate: listed by `check`, and never before production without an approval.
#[derive(Clone, PartialEq, Debug)]
pub struct Waive {
    /// When it is passed over.
    pub condition: Expr,
    /// Why that is right.
    pub reason: String,
    /// Where it stands.
    pub span: Span,
}

/// What a gate asks.
#[derive(Clone, PartialEq, Debug)]
pub enum GateKind {
    /// A figure from files or a command of its job.
    Measure(Measure),
    /// Counts of findings in reports of its job, each "at most".
    Findings(Findings),
    /// Every test in JUnit files of its job passed; a file set without a file fails.
    Junit {
        /// Files below the root.
        files: Vec<Spanned<String>>,
    },
    /// People.
    Approval(Box<Approval>),
    /// An address answers well for a while.
    Probe(Probe),
    /// A monitoring system's figure.
    Query(Query),
    /// Commands succeed.
    Check {
        /// The commands.
        steps: Vec<Step>,
    },
    /// The time is right.
    Window(Window),
}

impl GateKind {
    /// Seconds that it takes at least: the whole of a probe, the time between the samples of a query.
    pub fn seconds(&self) -> u64 {
        match self {
            Self::Probe(probe) => probe.during.seconds,
            Self::Query(query) => query.every.seconds * u64::from(query.samples.saturating_sub(1)),
            Self::Measure(_)
            | Self::Findings(_)
            | Self::Junit { .. }
            | Self::Approval(_)
            | Self::Check { .. }
            | Self::Window(_) => 0,
        }
    }
}

/// A figure and its limits.
#[derive(Clone, PartialEq, Debug)]
pub struct Measure {
    /// What kind of figure.
    pub metric: Metric,
    /// Where it is read; the figures of several sources add up.
    pub sources: Vec<MeasureSource>,
    /// What the figure must keep; one or more. In the base unit of the metric: percent points, plain ratio, count, seconds, bytes.
    pub limits: Vec<Spanned<Limit>>,
}

fields! {
    /// The kind of a figure; a limit has its unit.
    Metric {
        /// 0 to 100.
        Percent = "percent",
        /// A plain ratio.
        Ratio = "ratio",
        /// A whole number.
        Count = "count",
        /// Time; base unit second.
        Duration = "duration",
        /// Bytes.
        Size = "size",
    }
}

/// Where a figure is read.
#[derive(Clone, PartialEq, Debug)]
pub struct MeasureSource {
    /// The file below the root; none where a command prints the figure.
    pub file: Option<Spanned<String>>,
    /// How to read it.
    pub read: Reading,
    /// Multiplies the figure read, so that it is in the metric's base unit.
    pub scale: Decimal,
    /// Where it stands.
    pub span: Span,
}

/// How a figure is read.
#[derive(Clone, PartialEq, Debug)]
pub enum Reading {
    /// A path in a JSON file: `.total.lines.pct`; `length` counts a list.
    Json(Spanned<String>),
    /// A path in an XML file: `/coverage/@line-rate`.
    Xml(Spanned<String>),
    /// The first group of a regular expression in a text file.
    Regex(Spanned<String>),
    /// What a command prints.
    Command(Text),
}

/// A bound.
#[derive(Clone, PartialEq, Debug)]
pub struct Limit {
    /// Which side of the value is good.
    pub bound: Bound,
    /// In the base unit of the metric.
    pub value: Decimal,
    /// As the spec writes it, for messages: `80%`.
    pub shown: String,
}

fields! {
    /// Which side of a limit is good.
    Bound {
        /// `>=`
        AtLeast = "at-least",
        /// `<=`
        AtMost = "at-most",
        /// `>`
        MoreThan = "more-than",
        /// `<`
        LessThan = "less-than",
    }
}

/// Findings by severity, each at most so many. What is not limited is not looked at.
#[derive(Clone, PartialEq, Debug)]
pub struct Findings {
    /// Report files below the root.
    pub files: Vec<Spanned<String>>,
    /// sarif, or a tool's own format.
    pub format: Spanned<String>,
    /// Severity (`critical`, `high`, `medium`, `low`, `any`) and the most that may be found.
    pub limits: Vec<(Spanned<String>, u64)>,
}

/// People who must agree.
#[derive(Clone, PartialEq, Debug)]
pub struct Approval {
    /// Who may.
    pub from: Vec<Spanned<TeamId>>,
    /// How many must.
    pub count: Spanned<u32>,
    /// By which means.
    pub via: Via,
    /// How long it may stay open.
    pub timeout: Option<Spanned<Duration>>,
    /// What they are asked.
    pub message: Option<Text>,
    /// What they should look at.
    pub checklist: Vec<String>,
    /// Whether the one who started the run may not.
    pub exclude_author: Option<Span>,
    /// Where it stands.
    pub span: Span,
}

fields! {
    /// By which means people agree. What a vendor emulates is chosen by name, never in silence.
    Via {
        /// The vendor's own reviewers, manual jobs, approval actions.
        Native = "native",
        /// An issue that holds a runner until enough people wrote "approved".
        Issue = "issue",
        /// One approval after another, which one person could give.
        Sequential = "sequential",
    }
}

/// An address that must answer well for a while.
#[derive(Clone, PartialEq, Debug)]
pub struct Probe {
    /// The address.
    pub url: Text,
    /// The answer's status.
    pub status: u16,
    /// Between two looks.
    pub every: Duration,
    /// How long it must stay well.
    pub during: Duration,
}

/// A figure of a monitoring system.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// The system: prometheus, sonar.
    pub system: Spanned<String>,
    /// The query.
    pub query: Text,
    /// The system's address.
    pub address: Text,
    /// The token, if it wants one.
    pub token: Option<Text>,
    /// The project of a sonar metric.
    pub project: Option<Text>,
    /// The unit the query answers in.
    pub metric: Metric,
    /// Multiplies the answer, so that it is in the metric's base unit.
    pub scale: Decimal,
    /// What the figure must keep.
    pub limits: Vec<Spanned<Limit>>,
    /// How often it is asked; every answer must be good.
    pub samples: u32,
    /// Between two samples.
    pub every: Duration,
    /// What an empty answer means.
    pub no_data: NoData,
}

fields! {
    /// What an empty answer of a query means.
    NoData {
        /// The gate fails.
        Fail = "fail",
        /// The gate passes.
        Pass = "pass",
    }
}

/// Hours in which nothing may go further.
#[derive(Clone, PartialEq, Debug)]
pub struct Window {
    /// Closed spans of the week.
    pub deny: Vec<Spanned<ClosedHours>>,
    /// IANA name.
    pub timezone: Spanned<String>,
}

/// A closed span of the week; it may wrap around Sunday.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClosedHours {
    /// When it begins.
    pub from: WeekMinute,
    /// When it ends.
    pub to: WeekMinute,
}

/// A minute of the week, in the window's zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WeekMinute {
    /// 0 is Monday.
    pub weekday: u8,
    /// 0 to 1439.
    pub minute: u16,
}
