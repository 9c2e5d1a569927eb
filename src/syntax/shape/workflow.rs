//! Rows of workflows and stages.

use crate::syntax::shape::ValueType::{Duration, Name, Reference};
use crate::syntax::shape::event::{ON, ONLY};
use crate::syntax::shape::job::{CONCURRENCY, DEPLOY, JOB, RAW};
use crate::syntax::shape::reuse::{EACH, TEMPLATE_USE};
use crate::syntax::shape::step::{ENV, NOTIFY};
use crate::syntax::shape::{Shape, arg, line, list, many, must, node, once};

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
