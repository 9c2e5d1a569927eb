//! Rows of portable actions: declared once, called like steps.

use crate::syntax::shape::ValueType::{Any, Name, String, Text, Word};
use crate::syntax::shape::job::PERMISSIONS;
use crate::syntax::shape::step::{ENV, STEP_FLAGS, STEP_SETTINGS, STEPS};
use crate::syntax::shape::{Open, Shape, arg, either, keyed, line, list, many, node, some, word};

/// `action codecov { … }`
pub static ACTION: Shape = node(
    "action",
    "action",
    "A step that each target does in its own way. Called by its name, with its inputs as properties.",
    "action codecov { input files; for github gitlab { run \"codecov --file ${input.files}\" } }",
)
.args(&[arg("name", Name, "its name; not one of a node")])
.settings(&[&[line("description", String, "one sentence about it")]])
.children(&[&[keyed(&INPUT), many(&FOR)]]);

/// `input files` of an action.
pub static INPUT: Shape = node(
    "action.input",
    "input",
    "An input of the action, `${input.NAME}` in its bodies. Without a default it must be given.",
    "input severity default=high { option high critical }",
)
.args(&[arg("name", Name, "its name; not one of a step's settings (`name`, `if`, `when`, `timeout`)")])
.settings(&[&[
    either("default", Any, "its value when the call does not give it"),
    list("option", String, "the only values it takes"),
]])
.flags(&[word("argument", "given by position, in the order declared, instead of by name")]);

/// `for github { … }`
pub static FOR: Shape = node(
    "for",
    "for",
    "What some targets do. A target that is written for and has no body is an error where the action is called.",
    "for github { uses \"codecov/codecov-action@v5\" { with files=\"${input.files}\" } }",
)
.args(&[some("targets", Word(super::top::TARGETS), "which")])
.settings(&[&[list("permissions", Word(PERMISSIONS), "what its steps need of the vendor's token")]])
.children(&[&[many(&USES), many(&ENV)], &STEPS])
.calls();

/// `uses "owner/name@v5"`
pub static USES: Shape = node(
    "uses",
    "uses",
    "An action of GitHub; pinned by commit in the output.",
    "uses \"codecov/codecov-action@v5\" { with files=\"coverage.xml\" }",
)
.args(&[arg("action", String, "`owner/name@version`")])
.settings(&[STEP_SETTINGS])
.flags(STEP_FLAGS)
.children(&[&[many(&WITH), many(&ENV)]]);

/// `with files="coverage.xml"`
pub static WITH: Shape = node("with", "with", "Inputs of the action.", "with files=\"coverage.xml\" token=(secret)TOKEN")
    .open(Open { name: "INPUT", key: Any, ty: Text, required: true, doc: "the input's value" });
