//! Rows of what is gone after expansion: includes, constants, templates, rounds.

use crate::syntax::shape::ValueType::{Any, Name, Path, Variable};
use crate::syntax::shape::{Open, Shape, arg, node, some};

/// `include "ci/shared.kdl"`
pub static INCLUDE: Shape = node("include", "include", "The nodes of another file stand here.", "include \"ci/shared.kdl\"")
    .args(&[some("paths", Path, "files below the root")]);

/// `const PYTHON "3.12"`
pub static CONST: Shape = node(
    "const",
    "const",
    "A value known at compile time: `${const.NAME}` anywhere, names and numbers too.",
    "const PYTHON \"3.12\"",
)
.args(&[arg("name", Variable, "its name"), arg("value", Any, "its value; may name constants above it")]);

/// `template node { … }` at the top.
pub static TEMPLATE: Shape = node(
    "template",
    "template",
    "Nodes under a name, put where a job, stage, deploy, environment, gate or workflow says `template NAME`.",
    "template node { param version \"20\"; toolchain node=\"${param.version}\" }",
)
.args(&[arg("name", Name, "its name")])
.foreign();

/// `param version "20"` in a template.
pub static PARAM: Shape = node(
    "param",
    "param",
    "A parameter of the template: `${param.NAME}`. Without a default it must be given.",
    "param version \"20\"",
)
.args(&[arg("name", Name, "its name"), super::maybe("default", Any, "its value when the use does not give it")]);

/// `template node version="22"` in a job.
pub static TEMPLATE_USE: Shape = node(
    "template.use",
    "template",
    "Puts the nodes of templates here: single values replace, lists append, and the node's own win.",
    "template node version=\"22\"",
)
.args(&[some("names", Name, "templates, merged in order")])
.open(Open { name: "PARAM", key: Name, ty: Any, required: false, doc: "a parameter's value" });

/// `each service api web { … }`
pub static EACH: Shape = node(
    "each",
    "each",
    "Repeats its nodes for every value: `${each.NAME}`. Stands wherever its nodes may stand.",
    "each service api web { job \"test-${each.service}\" { run \"make -C ${each.service}\" } }",
)
.args(&[arg("name", Name, "the name of the value"), some("values", Any, "the values")])
.foreign();
