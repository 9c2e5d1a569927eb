//! Rows of gates: declared at the top, and measured in a job.

use crate::syntax::shape::ValueType::{
    Count, Duration, Expr, Limit, Name, Number, Path, Reference, Secret, String, Text, Url, Word,
};
use crate::syntax::shape::reuse::{EACH, TEMPLATE_USE};
use crate::syntax::shape::step::{NOTIFY, STEPS};
use crate::syntax::shape::{
    Child, Flag, Setting, Shape, arg, either, either_list, flag, line, list, many, node, once, prop, word,
};

/// Limits of a figure, as properties or children.
pub const LIMITS: &[Setting] = &[
    either("at-least", Limit, "the figure must be this or more"),
    either("at-most", Limit, "the figure must be this or less"),
    either("more-than", Limit, "the figure must be more than this"),
    either("less-than", Limit, "the figure must be less than this"),
];

/// Units of a figure as it is read.
pub const UNITS: &[&str] =
    &["percent", "ratio", "count", "ns", "us", "ms", "s", "m", "h", "B", "KB", "MB", "GB", "KiB", "MiB", "GiB", "bytes"];

const FLAGS: &[Flag] = &[flag("advisory", "it reports, but lets everything pass")];

static COMMON: [Child; 4] = [once(&WAIVE), many(&NOTIFY), many(&TEMPLATE_USE), many(&EACH)];

/// `gate go-live { approval { … } }`
pub static GATE: Shape = node(
    "gate",
    "gate",
    "A condition that is evaluated where it is required: an approval, a probe, a query, a check or a window; one of them.",
    "gate go-live { approval { from devops; timeout \"3d\" } }",
)
.args(&[arg("name", Name, "unique in the pipeline")])
.settings(&[LIMITS, &[line("no-data", Word(&["fail", "pass"]), "what an empty answer of the query means").default("fail")]])
.flags(FLAGS)
.children(&[&[once(&APPROVAL), once(&PROBE), once(&QUERY), once(&CHECK), once(&WINDOW), once(&SAMPLES)], &COMMON]);

/// `approval { from devops }`
pub static APPROVAL: Shape = node(
    "approval",
    "approval",
    "People who must agree. Where a vendor only emulates it, the way is chosen by name.",
    "approval { from devops; count 2; timeout \"3d\"; message \"Deploy ${commit.tag}?\"; exclude-author }",
)
.settings(&[&[
    list("from", Reference("team"), "who may").required(),
    line("count", Count, "how many must").default("1"),
    line("via", Word(&["native", "issue", "sequential"]), "by which means").default("native"),
    line("timeout", Duration, "how long it may stay open"),
    line("message", Text, "what they are asked"),
    list("checklist", String, "what they should look at"),
]])
.flags(&[word("exclude-author", "the one who started the run may not")]);

/// `probe http="https://…"`
pub static PROBE: Shape = node(
    "probe",
    "probe",
    "An address that must answer well for a while.",
    "probe http=\"https://api.example.com/health\" status=200 every=\"30s\" for=\"5m\"",
)
.settings(&[&[
    either("http", Url, "the address").required(),
    either("status", Count, "the answer's status").default("200"),
    either("every", Duration, "between two looks").default("10s"),
    either("for", Duration, "how long it must stay well; once is enough without it"),
]]);

/// `query prometheus="…"`
pub static QUERY: Shape = node(
    "query",
    "query",
    "A figure of a monitoring system, against the gate's limits.",
    "query prometheus=\"sum(rate(errors[5m])) / sum(rate(requests[5m]))\" unit=ratio address=(var)PROMETHEUS_URL",
)
.settings(&[&[
    either("prometheus", Text, "a query in PromQL that answers one figure"),
    either("sonar", Text, "a metric key of SonarQube"),
    either("project", Text, "the project of a SonarQube metric"),
    either("address", Url, "the system's address").required(),
    either("token", Secret, "the token, if it wants one"),
    either("unit", Word(UNITS), "the unit it answers in").required(),
    either("scale", Number, "multiplies the answer").default("1"),
]]);

/// `samples 3 every="1m"`
pub static SAMPLES: Shape =
    node("samples", "samples", "How often the query is asked; every answer must be good.", "samples 3 every=\"1m\"")
        .args(&[arg("count", Count, "how often")])
        .settings(&[&[either("every", Duration, "between two samples").default("1m")]]);

/// `check { run "…" }`
pub static CHECK: Shape = node("check", "check", "Commands that must succeed.", "check { run \"conftest test k8s/\" }")
    .children(&[&STEPS, &[many(&super::step::ENV), many(&TEMPLATE_USE)]])
    .calls();

/// `window { deny "Fri 16:00" "Mon 08:00" }`
pub static WINDOW: Shape = node(
    "window",
    "window",
    "Hours in which nothing may go further.",
    "window { deny \"Fri 16:00\" \"Mon 08:00\" timezone=\"Europe/Berlin\" }",
)
.settings(&[&[either("timezone", String, "IANA name").default("UTC")]])
.children(&[&[many(&DENY)]]);

/// `deny "Fri 16:00" "Mon 08:00"`
pub static DENY: Shape =
    node("deny", "deny", "A closed span of the week.", "deny \"Fri 16:00\" \"Mon 08:00\" timezone=\"Europe/Berlin\"")
        .args(&[
            arg("from", String, "weekday and time: `Fri 16:00`"),
            arg("to", String, "weekday and time; may lie in the next week"),
        ])
        .settings(&[&[prop("timezone", String, "IANA name; that of the window without it")]]);

/// `waive if="…" reason="…"`
pub static WAIVE: Shape = node(
    "waive",
    "waive",
    "The only way around a gate: listed by `check`, and never before production without an approval.",
    "waive if=\"input.skip-tests\" reason=\"outage\"",
)
.settings(&[&[
    either("if", Expr, "when it is passed over").required(),
    either("reason", String, "why that is right").required(),
]]);

const READING: &[Setting] = &[
    either("json", String, "a path in a JSON file: `.total.lines.pct`; `length` counts a list"),
    either("xpath", String, "a path in an XML file: `/coverage/@line-rate`"),
    either("regex", String, "a regular expression; the figure is its first group"),
    either("command", Text, "a command that prints the figure"),
    either("scale", Number, "multiplies the figure read").default("1"),
    either("unit", Word(UNITS), "the unit of the figure read; that of the metric without it"),
];

/// `gate coverage percent file="coverage.xml" …` in a job.
pub static JOB_GATE: Shape = node(
    "job.gate",
    "gate",
    "A condition on a figure that the job measures, evaluated at its end.",
    "gate coverage percent file=\"coverage.xml\" xpath=\"/coverage/@line-rate\" scale=100 at-least=\"80%\"",
)
.args(&[
    arg("name", Name, "unique in the pipeline"),
    arg("metric", Word(&["percent", "ratio", "count", "duration", "size", "findings", "junit"]), "what kind of figure"),
])
.settings(&[
    &[either_list("file", Path, "files it is read from, below the root; counts add up")],
    READING,
    LIMITS,
    &[
        either(
            "format",
            Word(&["sarif", "trivy", "snyk", "semgrep", "gitleaks", "zap", "npm-audit", "pip-audit"]),
            "of findings",
        )
        .default("sarif"),
        line("critical", Count, "findings: at most so many"),
        line("high", Count, "findings: at most so many"),
        line("medium", Count, "findings: at most so many"),
        line("low", Count, "findings: at most so many"),
        line("any", Count, "findings of any severity, or of none: at most so many"),
    ],
])
.flags(&[flag("advisory", "it reports, but lets everything pass")])
.children(&[&[many(&SOURCE)], &COMMON]);

/// `source file="…" json="…"`
pub static SOURCE: Shape = node(
    "source",
    "source",
    "A further place where the figure is read; the figures add up.",
    "source file=\"b.json\" json=\".total\"",
)
.settings(&[&[either("file", Path, "the file, below the root")], READING]);
