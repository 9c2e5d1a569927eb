//! Rows of workflows and stages.

use crate::syntax::shape::ValueType::{Duration, Name, Reference, Text, Word};
use crate::syntax::shape::event::{ON, ONLY};
use crate::syntax::shape::job::{DEPLOY, ENV, JOB};
use crate::syntax::shape::reuse::{EACH, TEMPLATE_USE};
use crate::syntax::shape::step::NOTIFY;
use crate::syntax::shape::{Shape, arg, either, line, list, many, maybe, must, node, once, some, word};

/// `workflow ci { … }`
pub static WORKFLOW: Shape = node(
    "workflow",
    "workflow",
    "A unit that events start: one file where the vendor has workflows, rules on jobs where it has one pipeline.",
    "workflow ci { on { push main; pull-request main }; job test { run \"make test\" } }",
)
.args(&[arg("name", Name, "its name")])
.settings(&[&[
    list("requires", Reference("gate"), "gates that every job of the workflow requires"),
    line("budget", Duration, "how long a run should take"),
]])
.children(&[&[
    must(&ON),
    once(&CONCURRENCY),
    many(&ENV),
    many(&STAGE),
    many(&JOB),
    many(&DEPLOY),
    many(&NOTIFY),
    many(&RAW),
    many(&TEMPLATE_USE),
    many(&EACH),
]]);

/// `stage test { … }`
pub static STAGE: Shape = node(
    "stage",
    "stage",
    "A group of jobs. It waits for the nearest stage before it that has a job for the event.",
    "stage test { job unit { run \"make test\" } }",
)
.args(&[arg("name", Name, "unique in its workflow")])
.settings(&[&[
    list("needs", Reference("stage"), "stages it waits for, instead of the one before; `none` starts at once"),
    list("requires", Reference("gate"), "gates that each of its jobs requires"),
]])
.children(&[&[once(&ONLY), many(&JOB), many(&DEPLOY), many(&TEMPLATE_USE), many(&EACH)]]);

/// `concurrency per=branch cancel-running`
pub static CONCURRENCY: Shape = node(
    "concurrency",
    "concurrency",
    "What may run at one time. Only jobs that are neither deploys nor gates of deploys are ever cancelled.",
    "concurrency per=branch cancel-running",
)
.args(&[maybe("group", Text, "a group of the spec's own; `per` names the usual ones")])
.settings(&[&[
    either("per", Word(&["branch", "workflow", "environment"]), "what two runs must share to exclude one another"),
    either("queue", Word(&["all", "latest"]), "whether every run waits for its turn, or only the newest").default("all"),
]])
.flags(&[word("cancel-running", "a newer run cancels the running one")]);

/// `raw github { … }`
pub static RAW: Shape = node(
    "raw",
    "raw",
    "Keys of one vendor, merged into its output as they stand. They must be keys that pipewright does not write itself.",
    "raw gitlab { hooks { pre_get_sources_script \"git config --global core.longpaths true\" } }",
)
.args(&[some("targets", Word(super::top::TARGETS), "whose keys they are")])
.foreign();
