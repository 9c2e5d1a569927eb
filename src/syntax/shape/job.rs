//! Rows of jobs and deploys, without their steps.

use crate::syntax::shape::ValueType::{Any, Count, Duration, Expr, Image, Name, Path, Port, Reference, String, Text, Word};
use crate::syntax::shape::app::DEPLOY_APP;
use crate::syntax::shape::compose::DEPLOY_COMPOSE;
use crate::syntax::shape::event::ONLY;
use crate::syntax::shape::gate::JOB_GATE;
use crate::syntax::shape::reuse::TEMPLATE_USE;
use crate::syntax::shape::step::{ENV, NOTIFY, OUTCOMES, STEPS, WITH_SETTINGS};
use crate::syntax::shape::{
    Child, Flag, Open, Setting, Shape, any, arg, either, flag, keyed, line, list, many, maybe, node, once, some, word,
};

/// What a job may do with the vendor's token; the words of `permissions`.
pub const PERMISSIONS: &[&str] = &[
    "contents-read",
    "contents-write",
    "packages-read",
    "packages-write",
    "pr-comment",
    "issues-write",
    "security-upload",
    "id-token",
    "deployments-write",
    "checks-write",
    "pages-write",
    "actions-read",
    "actions-write",
    "pr-read",
    "issues-read",
    "checks-read",
    "security-read",
    "statuses-read",
    "statuses-write",
    "attestations-write",
    "pages-read",
];

/// Settings that `pipeline` gives every job and a job gives itself.
pub const DEFAULTS: &[Setting] = &[
    line(
        "runner",
        Text,
        "where it runs: linux, linux-arm, windows, macos, a declared runner, `${matrix.AXIS}`, or in a job the vendor's label by a context",
    )
    .default("linux"),
    line("image", Image, "the container its steps run in"),
    line("timeout", Duration, "time limit, the wait for an approval not counted").default("1h"),
    line("retry", Count, "further attempts of the whole job after the first"),
    line("shell", Word(&["bash", "sh", "pwsh"]), "what runs scripts").default("bash"),
];

const SETTINGS: &[Setting] = &[
    list("needs", Reference("job or stage"), "jobs (or stages) that must be present and successful; `none` starts at once"),
    list("after", Reference("job"), "jobs it runs behind if they are present; their failure blocks it, their absence does not"),
    line("when", Word(OUTCOMES), "which outcome of the needed jobs lets it run").default("success"),
    line("if", Expr, "its condition: decided before the run's jobs start"),
    list("requires", Reference("gate"), "gates that must have passed before it starts"),
    list("consumes", Reference("artifact"), "artifacts it reads; implies the need for their producers"),
    list("permissions", Word(PERMISSIONS), "what it may do beside what its steps imply"),
    line("working-directory", Path, "directory of its steps, below the root"),
];

const FLAGS: &[Flag] = &[
    flag("docker", "the job gets a docker daemon at `${docker.host}`"),
    flag("no-entrypoint", "the program that its image starts with (`ENTRYPOINT`) is not run around its scripts"),
];

static PARTS: [Child; 15] = [
    once(&ONLY),
    keyed(&SERVICE),
    many(&ENV),
    once(&MATRIX),
    keyed(&PRODUCES),
    keyed(&OUTPUT),
    many(&REPORT),
    keyed(&JOB_GATE),
    once(&JOB_ENVIRONMENT),
    once(&ALLOW_FAILURE),
    once(&CONCURRENCY),
    many(&NOTIFY),
    many(&FINALLY),
    many(&RAW),
    many(&TEMPLATE_USE),
];

/// `job test { … }`
pub static JOB: Shape = node(
    "job",
    "job",
    "Steps on one machine. It starts with a checkout, unless `checkout none` is said.",
    "job test { needs build; run \"make test\" }",
)
.args(&[arg("name", Name, "unique in its workflow; `workflow.job` elsewhere")])
.settings(&[DEFAULTS, SETTINGS])
.flags(FLAGS)
.children(&[&PARTS, &STEPS])
.calls();

/// `deploy production to=production { … }`
pub static DEPLOY: Shape = node(
    "deploy",
    "deploy",
    "A job that changes an environment. It waits for the environment's gates and for the environments before it.",
    "deploy staging to=staging { run \"./deploy.sh\"; smoke-test \"./smoke.sh\"; rollback \"./undo.sh\" }",
)
.args(&[arg("name", Name, "unique in its workflow")])
.settings(&[
    &[
        either("to", Reference("environment"), "the environment it changes").required(),
        either("purpose", Word(PURPOSES), "why it enters the environment").default("deploy"),
        list("monitor", Reference("gate"), "gates watched after the smoke tests, together"),
    ],
    DEFAULTS,
    SETTINGS,
])
.flags(FLAGS)
.children(&[&[many(&DEPLOY_APP), once(&DEPLOY_COMPOSE), many(&SMOKE_TEST), once(&ROLLBACK)], &PARTS, &STEPS])
.calls();

/// The words of `purpose`.
pub const PURPOSES: &[&str] = &["deploy", "rollback", "verify"];

/// `smoke-test "./smoke.sh"`
pub static SMOKE_TEST: Shape = node(
    "smoke-test",
    "smoke-test",
    "Commands that run after the deploy steps and fail the deploy.",
    "smoke-test \"./smoke.sh\"",
)
.args(&[any("lines", Text, "shell lines, as in `run`")])
.settings(&[&[list("line", Text, "shell lines, where many do not fit beside the name")], WITH_SETTINGS])
.flags(&[flag("continue-on-error", "the deploy goes on when it fails")])
.children(&[&[many(&ENV)]]);

/// `rollback "./undo.sh"`
pub static ROLLBACK: Shape = node(
    "rollback",
    "rollback",
    "Undoes the deploy: runs whenever a deploy step had started and the job did not succeed, time limit and cancellation included.",
    "rollback \"kubectl rollout undo deployment/api\"",
)
.args(&[any("lines", Text, "shell lines; further steps stand in the block. Without any, the apps of the deploy go back to what they were")])
.settings(&[&[either("timeout", Duration, "its time limit")]])
.children(&[&STEPS, &[many(&NOTIFY), many(&ENV), many(&TEMPLATE_USE)]])
.calls();

/// `environment production` in a job.
pub static JOB_ENVIRONMENT: Shape = node(
    "job.environment",
    "environment",
    "The environment the job enters: its gates, variables, secrets and lock apply.",
    "environment staging purpose=verify",
)
.args(&[arg("name", Reference("environment"), "which")])
.settings(&[&[either("purpose", Word(PURPOSES), "why it enters; rollback and verify skip gates and promotion, not the lock")
    .default("deploy")]]);

/// `allow-failure`
pub static ALLOW_FAILURE: Shape =
    node("allow-failure", "allow-failure", "The job's failure does not fail the run.", "allow-failure { exit-codes 42 }")
        .settings(&[&[list("exit-codes", Count, "only for these exit codes")]]);

/// `service postgres image="postgres:16"`
pub static SERVICE: Shape = node(
    "service",
    "service",
    "A container beside the job: `${service.NAME.host}` and `.port`, right on every vendor.",
    "service postgres image=\"postgres:16\" port=5432 { env POSTGRES_PASSWORD=test; ready \"pg_isready -U postgres\" }",
)
.args(&[arg("name", Name, "its name")])
.settings(&[&[either("image", Image, "its image").required(), either("port", Port, "the port it listens on")]])
.children(&[&[many(&ENV), once(&READY)]]);

/// `ready "pg_isready"`
pub static READY: Shape = node(
    "ready",
    "ready",
    "A command inside the service that succeeds once it is ready; the job's steps wait for it.",
    "ready \"redis-cli ping\" every=\"5s\" retries=10",
)
.args(&[arg("command", String, "the command")])
.settings(&[&[
    either("every", Duration, "between two tries").default("10s"),
    either("timeout", Duration, "of one try").default("5s"),
    either("retries", Count, "tries before the service counts as failed").default("5"),
]]);

/// `matrix { axis node "18" "20" }`
pub static MATRIX: Shape = node(
    "matrix",
    "matrix",
    "One cell of the job for every combination. Without `fail-fast` every cell runs to its end, on every vendor.",
    "matrix { axis node \"20\" \"22\"; axis os linux windows; exclude node=\"20\" os=windows }",
)
.settings(&[&[line("max-parallel", Count, "cells that run at one time")]])
.flags(&[flag("fail-fast", "the first failure stops the other cells")])
.children(&[&[keyed(&AXIS), many(&EXCLUDE), many(&INCLUDE)]]);

/// `axis node "18" "20"`
pub static AXIS: Shape = node("axis", "axis", "A dimension of the matrix: `${matrix.NAME}`.", "axis node \"20\" \"22\"")
    .args(&[arg("name", Name, "its name"), some("values", String, "its values, as text")]);

/// `exclude node="18" os=windows`
pub static EXCLUDE: Shape =
    node("exclude", "exclude", "Cells that are left out: those that have all these values.", "exclude node=\"20\" os=windows")
        .open(Open { name: "AXIS", key: Name, ty: String, required: true, doc: "a value of that axis" });

/// `include node="23" os=linux`
pub static INCLUDE: Shape = node(
    "matrix.include",
    "include",
    "One more cell. A name that no axis has is a further value of that cell.",
    "include node=\"23\" os=linux experimental=#true",
)
.open(Open { name: "AXIS", key: Name, ty: Any, required: true, doc: "the cell's value" });

/// `produces coverage "coverage.xml"`
pub static PRODUCES: Shape = node(
    "produces",
    "produces",
    "Publishes files as an artifact; where it is consumed, they lie at the same paths.",
    "produces dist \"dist/\" keep=\"7d\"",
)
.args(&[
    arg("name", Name, "unique in its workflow"),
    some("paths", Path, "paths or globs below the root; a directory ends in `/`"),
])
.settings(&[&[
    either("keep", Duration, "how long it is kept; the vendor's default without it"),
    either("when", Word(OUTCOMES), "whether it is published after a failure too").default("success"),
]]);

/// `output version`
pub static OUTPUT: Shape = node(
    "output",
    "output",
    "A line of text for later steps and other jobs: the script writes `version=1.2.3` to the file `$PIPEWRIGHT_OUTPUT`; they read `${job.NAME.version}`.",
    "output version",
)
.args(&[some("names", Name, "its names")]);

/// `report junit "junit.xml"`
pub static REPORT: Shape = node(
    "report",
    "report",
    "A result for the vendor's own display; also an artifact of the name `JOB-KIND`.",
    "report junit \"junit.xml\"",
)
.args(&[arg("kind", Word(&["junit", "coverage", "sarif"]), "what it holds"), some("paths", Path, "files below the root")])
.settings(&[&[
    either("format", Word(&["cobertura", "jacoco", "lcov", "clover"]), "of a coverage report").default("cobertura"),
    either("when", Word(OUTCOMES), "whether it is published after a failure too").default("always"),
]]);

/// `finally { … }`
pub static FINALLY: Shape = node(
    "finally",
    "finally",
    "Steps that run at the end in any case, cancellation included, unless a step says another `when`.",
    "finally { run \"docker compose down -v\" }",
)
.children(&[&STEPS])
.calls();

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
