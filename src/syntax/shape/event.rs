//! Rows of events: what starts a workflow, and filters over it.

use crate::syntax::shape::ValueType::{Any, Cron, Glob, Name, Reference, String, Word};
use crate::syntax::shape::{Child, Setting, Shape, any, arg, either, either_list, keyed, list, many, maybe, node, some, word};

/// The kinds of events, as `on`, `only`, `value` and `test` name them.
pub const KINDS: &[&str] = &["push", "tag", "pull-request", "schedule", "manual", "release", "raw"];

const EXCEPT: Setting = list("except", Glob, "names left out; an exclude always wins");
const PATHS: &[Setting] = &[
    EXCEPT,
    list("paths", Glob, "only if a changed file matches; relative to the root"),
    list("ignore-paths", Glob, "changed files that do not count"),
];

/// `push main { except "wip/**" }`
pub static PUSH: Shape = node("push", "push", "A branch was pushed.", "push main \"release/*\" { paths \"src/**\" }")
    .args(&[any("branches", Glob, "branches; all when none is named")])
    .settings(&[PATHS]);

/// `tag "v*"`
pub static TAG: Shape = node("tag", "tag", "A tag was pushed.", "tag \"v*.*.*\"")
    .args(&[any("names", Glob, "tags; all when none is named")])
    .settings(&[&[EXCEPT]]);

/// `pull-request main`
pub static PULL_REQUEST: Shape = node(
    "pull-request",
    "pull-request",
    "A pull request (merge request) was opened or changed.",
    "pull-request main { head \"hotfix/*\" }",
)
.args(&[any("targets", Glob, "branches it goes to; all when none is named")])
.settings(&[
    PATHS,
    &[
        list("head", Glob, "branches it comes from"),
        list(
            "types",
            Word(&["opened", "updated", "reopened", "closed", "merged", "ready", "labeled"]),
            "what happened to it; opened, updated and reopened when none is named",
        ),
    ],
])
.flags(&[word("exclude-forks", "not for pull requests of forks")]);

/// `schedule nightly "0 3 * * *"` in `on`.
pub static SCHEDULE: Shape = node(
    "on.schedule",
    "schedule",
    "A time comes. Times are those of the zone; five minutes apart or more.",
    "schedule nightly \"0 3 * * *\" timezone=\"Europe/Berlin\"",
)
.args(&[
    arg("name", Name, "unique in the pipeline: filters and tests name it"),
    arg("cron", Cron, "minute, hour, day of month, month, day of week"),
])
.settings(&[&[
    either("timezone", String, "IANA name").default("UTC"),
    either("branch", String, "the branch it runs on").default("the default branch"),
]]);

/// `manual { input … }` in `on`.
pub static MANUAL: Shape = node(
    "on.manual",
    "manual",
    "A person presses the button, or a program calls the vendor's API.",
    "manual { input version type=string required }",
)
.settings(&[&[either_list("branch", Glob, "branches it may be started on; all when none is named")]])
.children(&[&[keyed(&INPUT)]]);

/// `input version type=string required`
pub static INPUT: Shape = node(
    "input",
    "input",
    "A value that a person gives when starting a run by hand: `${input.NAME}`.",
    "input level type=choice default=low { option low high }",
)
.args(&[arg("name", Name, "its name")])
.settings(&[&[
    either("type", Word(&["string", "boolean", "number", "choice", "environment"]), "what it takes").default("string"),
    either("default", Any, "its value when nobody gives it, on other events too"),
    either("description", String, "shown beside the field"),
    either("matches", Glob, "a glob that a string must match"),
    list("option", String, "the choices"),
]])
.flags(&[word("required", "a person must give it")]);

/// `release published`
pub static RELEASE: Shape =
    node("release", "release", "A release was published, where the vendor has releases that start runs.", "release published")
        .args(&[maybe("type", Word(&["published"]), "what happened to it; `published` is the one there is")])
        .settings(&[&[list("tag", Glob, "tags; all when none is named")]]);

/// `raw github { issues }` in `on`.
pub static ON_RAW: Shape = node(
    "on.raw",
    "raw",
    "Events of one vendor, in its words: what no other vendor has.",
    "raw github { issues { types \"opened\" \"reopened\" } }",
)
.args(&[arg("target", Word(&["github"]), "whose events they are")])
.foreign();

/// `schedule nightly` in a filter.
pub static FILTER_SCHEDULE: Shape = node("filter.schedule", "schedule", "A schedule of the workflow.", "schedule nightly")
    .args(&[any("names", Reference("schedule"), "schedules; all when none is named")]);

/// `manual branch="main"` in a filter.
pub static FILTER_MANUAL: Shape = node("filter.manual", "manual", "A run started by hand.", "manual branch=main")
    .settings(&[&[either_list("branch", Glob, "branches it was started on; all when none is named")]]);

/// `branch main` in a filter.
pub static BRANCH: Shape = node(
    "branch",
    "branch",
    "Any kind of event whose run is on such a branch: a push, a schedule or a manual run.",
    "branch main",
)
.args(&[some("branches", Glob, "branches")])
.settings(&[&[EXCEPT]]);

static SHARED: [Child; 4] = [many(&PUSH), many(&TAG), many(&PULL_REQUEST), many(&RELEASE)];

static FILTER: [Child; 3] = [many(&FILTER_SCHEDULE), many(&FILTER_MANUAL), many(&BRANCH)];

/// `on { … }` of a workflow.
pub static ON: Shape = node("on", "on", "Which events start the workflow.", "on { push main; tag \"v*\"; pull-request main }")
    .args(&[any("sets", Reference("event set"), "event sets declared with `events`")])
    .flags(&[word("dedupe", "prefer one run where push and pull request (or tag and release) meet")])
    .children(&[&SHARED, &[keyed(&SCHEDULE), many(&MANUAL), many(&ON_RAW)]]);

/// `only { … }` of a stage or job.
pub static ONLY: Shape = node(
    "only",
    "only",
    "Takes part only for these events; narrows what the levels above let through. Several clauses: any of them.",
    "only mainline { pull-request main }",
)
.args(&[any("sets", Reference("event set"), "event sets declared with `events`")])
.children(&[&SHARED, &FILTER]);

/// `allow { … }` of an environment.
pub static ALLOW: Shape = node(
    "allow",
    "allow",
    "Which events may deploy here: the events of every deploy must be among them.",
    "allow { push develop; manual }",
)
.args(&[any("sets", Reference("event set"), "event sets declared with `events`")])
.children(&[&SHARED, &FILTER]);

/// `events mainline { … }`
pub static EVENTS: Shape = node(
    "events",
    "events",
    "A name for a set of events, used by `on`, `only` and `allow`.",
    "events mainline { push main; tag \"v*.*.*\" }",
)
.args(&[arg("name", Name, "its name")])
.children(&[&SHARED, &FILTER]);
