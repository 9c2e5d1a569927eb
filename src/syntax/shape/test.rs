//! Rows of tests in the spec.

use crate::syntax::shape::ValueType::{Any, Name, Reference, String, Word};
use crate::syntax::shape::event::KINDS;
use crate::syntax::shape::{Open, Shape, arg, either, either_list, many, maybe, must, node, some};

/// `test "…" { event …; expect … }`
pub static TEST: Shape = node(
    "test",
    "test",
    "What must happen for an event.",
    "test \"a tag ships\" { event tag \"v1.2.3\"; expect runs image; expect absent staging }",
)
.args(&[arg("title", String, "what it says")])
.children(&[&[must(&EVENT), many(&EXPECT)]]);

/// `event tag "v1.2.3"`
pub static EVENT: Shape = node(
    "event",
    "event",
    "The event. Further properties are inputs of a manual run.",
    "event manual workflow=production version=\"v1.2.4\"",
)
.args(&[
    arg("kind", Word(KINDS), "why the run starts"),
    maybe("name", String, "the branch, tag, target branch, schedule or event of a vendor's own"),
])
.settings(&[&[
    either("workflow", Reference("workflow"), "the workflow of a manual run"),
    either("branch", String, "the branch of a manual run"),
    either("head", String, "the branch a pull request comes from"),
    either_list("paths", String, "changed files"),
]])
.open(Open { name: "INPUT", key: Name, ty: Any, required: false, doc: "an input of a manual run" });

/// `expect runs lint unit`
pub static EXPECT: Shape = node(
    "expect",
    "expect",
    "`runs` and `absent` name jobs; a job's name says what it stands behind.",
    "expect production behind=go-live after=image",
)
.args(&[some("jobs", Reference("job"), "`runs` or `absent` and jobs, or one job")])
.settings(&[&[
    either_list("behind", Reference("gate"), "gates it must stand behind"),
    either_list("after", Reference("job"), "jobs it must run behind"),
]]);
