//! Rows of the top of a file: the pipeline, its targets and declarations.

use crate::syntax::shape::ValueType::{Count, Glob, Name, Path, Reference, Secret, String, Text, Url, Variable, Word};
use crate::syntax::shape::action::ACTION;
use crate::syntax::shape::app::APP;
use crate::syntax::shape::environment::ENVIRONMENT;
use crate::syntax::shape::event::{EVENTS, KINDS};
use crate::syntax::shape::gate::GATE;
use crate::syntax::shape::job::DEFAULTS;
use crate::syntax::shape::reuse::{CONST, EACH, INCLUDE, TEMPLATE};
use crate::syntax::shape::step::ENV;
use crate::syntax::shape::test::TEST;
use crate::syntax::shape::workflow::WORKFLOW;
use crate::syntax::shape::{
    Open, Shape, any, arg, either, either_list, flag, keyed, line, list, many, maybe, must, node, once, prop, some, word,
};

/// The CI vendors by name.
pub const TARGETS: &[&str] = &["github", "gitlab", "codebuild", "codepipeline"];

/// Sizes of machines on AWS.
const COMPUTE: &[&str] = &["small", "medium", "large", "xlarge", "2xlarge"];

/// The words of `target`: the CI vendors, and what delivers apps.
pub const ALL_TARGETS: &[&str] = &["github", "gitlab", "codebuild", "codepipeline", "helm", "argocd", "rollouts"];

/// The file itself: what may stand outside all nodes.
pub static FILE: Shape = node("file", "", "The top of a file.", "").children(&[&[
    must(&PIPELINE),
    keyed(&TARGET),
    keyed(&CONST),
    many(&SECRET),
    keyed(&VARIABLE),
    keyed(&REGISTRY),
    keyed(&TEAM),
    keyed(&VALUE),
    keyed(&RUNNER),
    keyed(&CHANNEL),
    keyed(&EVENTS),
    many(&INCLUDE),
    many(&DOC),
    many(&ACCEPT),
    many(&RAW_FILE),
    once(&REPOSITORY),
    keyed(&TEMPLATE),
    keyed(&ACTION),
    keyed(&GATE),
    keyed(&ENVIRONMENT),
    keyed(&APP),
    keyed(&WORKFLOW),
    many(&EACH),
    keyed(&TEST),
]]);

/// `pipeline orders-api { … }`
pub static PIPELINE: Shape = node(
    "pipeline",
    "pipeline",
    "The pipeline's name, and defaults for every job.",
    "pipeline orders-api { description \"Delivery of the orders API\"; language 1; default-branch main; timeout \"20m\" }",
)
.args(&[arg("name", Name, "its name")])
.settings(&[
    &[
        line("description", String, "one sentence about it"),
        line("language", Count, "the version of the language").default("1"),
        line("default-branch", String, "the branch that pull requests usually go to").default("main"),
    ],
    DEFAULTS,
])
.children(&[&[many(&ENV), many(&DOC)]]);

/// `target github`
pub static TARGET: Shape = node("target", "target", "A vendor to write for.", "target gitlab tier=premium { tags docker }")
    .args(&[arg("vendor", Word(ALL_TARGETS), "which")])
    .settings(&[&[
        either("tier", Word(&["free", "premium", "ultimate"]), "what is paid for, of GitLab: decides what it can hold")
            .default("free"),
        list("tags", String, "runner tags of every job, of GitLab"),
        list("workflows", Reference("workflow"), "only these workflows"),
        list("install", String, "lines that put pipewright on the runner, for `check-drift`"),
        either("repo", Url, "of argocd: the repository that it reads and deploys commit to, by HTTPS"),
        either("path", Path, "of argocd: the folder of that repository below which the charts lie, by environment")
            .default("apps"),
        either("revision", String, "of argocd: the branch that is read and committed to").default("main"),
        either("namespace", String, "of argocd: the namespace it lives in").default("argocd"),
        either(
            "applications",
            Word(&["each", "set"]),
            "of argocd: an Application for each environment, or an ApplicationSet for each app that makes them",
        )
        .default("each"),
        either("server", Text, "of argocd: the host name of its interface, for deploys"),
        either("token", Secret, "of argocd: its token, for deploys"),
        either("push-token", Secret, "of argocd: what may push to the repository, for deploys"),
        either("connection", Text, "of AWS: the ARN of the connection to the repository's host"),
        either("repository", String, "of AWS: `owner/name`; codepipeline must know it"),
        either("image", String, "of codebuild: the image of jobs that name none"),
        either("compute", Word(COMPUTE), "of codebuild: the size of machines, where a job's runner says none"),
    ]])
    .flags(&[
        word("standby", "its files are written below `standby/` only"),
        word("check-drift", "its files are checked against the spec on every push and pull request"),
        word("settings", "what the vendor keeps outside its files is written below `.pipewright/settings/`, too"),
    ])
    .children(&[&[once(&MONITOR_LABELS)]]);

/// `monitor-labels release=kube-prometheus-stack` of `target helm`.
pub static MONITOR_LABELS: Shape = node(
    "target.monitor-labels",
    "monitor-labels",
    "Labels by which the Prometheus of the clusters chooses what it watches, of helm: monitors and rules of the charts carry them.",
    "monitor-labels release=kube-prometheus-stack",
)
.open(Open { name: "NAME", key: super::ValueType::Any, ty: String, required: true, doc: "the label's value" });

/// `secret NPM_TOKEN`
pub static SECRET: Shape = node(
    "secret",
    "secret",
    "Secrets by name; their values live with the vendor and never in a spec.",
    "secret SONAR_TOKEN { jobs sonar }",
)
.args(&[some("names", Variable, "their names")])
.settings(&[&[
    list("jobs", Reference("job"), "the only jobs that read them"),
    list("environments", Reference("environment"), "the only environments whose jobs read them"),
]]);

/// `variable AWS_REGION "eu-west-1"`
pub static VARIABLE: Shape = node(
    "variable",
    "variable",
    "A variable by name; without a value here, it lives with the vendor.",
    "variable AWS_REGION \"eu-west-1\"",
)
.args(&[arg("name", Variable, "its name"), maybe("value", Text, "its value")]);

/// `registry ghcr "ghcr.io/example"`
pub static REGISTRY: Shape = node(
    "registry",
    "registry",
    "A registry of container images; each target knows how to log in.",
    "registry hub \"docker.io/example\" user=(var)HUB_USER password=(secret)HUB_TOKEN",
)
.args(&[arg("name", Name, "its name"), arg("address", Text, "host and path, without a scheme")])
.settings(&[&[
    either("kind", Word(&["ghcr", "ecr", "gitlab", "dockerhub", "generic"]), "how to log in; told by name or address without it"),
    either("user", Text, "user name, where the vendor does not know one"),
    either("password", Secret, "password, where the vendor does not know one"),
    either("role", Text, "of ecr: the role to take"),
    either("region", Text, "of ecr: its region"),
]]);

/// `team devops { github "example/devops" }`
pub static TEAM: Shape = node(
    "team",
    "team",
    "People, by each vendor's name for them.",
    "team devops { github \"example/devops\"; gitlab \"example/devops\" }",
)
.args(&[arg("name", Name, "its name")])
.settings(&[&[
    line("github", String, "`organisation/team`, or a user"),
    line("gitlab", String, "the path of a group, or a user"),
    line("codepipeline", Text, "the ARN of the SNS topic by which they are asked"),
]]);

/// `value version { on tag "…"; otherwise "…" }`
pub static VALUE: Shape = node(
    "value",
    "value",
    "A value that depends on the event: `${value.NAME}`. The first arm that takes the event gives it.",
    "value version { on tag \"${commit.tag}\"; otherwise \"${commit.short}\" }",
)
.args(&[arg("name", Name, "its name")])
.settings(&[&[
    line("otherwise", Text, "on all other events"),
    line("github", String, "an expression of GitHub's own that gives it there, without `${{ }}`"),
    line("file", String, "a file that a step of the job writes it to on the other targets"),
]])
.children(&[&[many(&VALUE_ON)]]);

/// `on tag "…"` of a value.
pub static VALUE_ON: Shape = node("value.on", "on", "The value on a kind of event.", "on tag \"${commit.tag}\"")
    .args(&[arg("kind", Word(KINDS), "the kind of event"), arg("text", Text, "the value")]);

/// `runner large { github "…" }`
pub static RUNNER: Shape = node(
    "runner",
    "runner",
    "A runner of one's own, by each vendor's labels.",
    "runner large { github \"ubuntu-24.04-16core\"; gitlab tags=large }",
)
.args(&[arg("name", Name, "its name")])
.settings(&[&[list("github", String, "labels that `runs-on` asks for")]])
.children(&[&[once(&RUNNER_GITLAB), once(&RUNNER_CODEBUILD)]]);

/// `gitlab tags=large` of a runner.
pub static RUNNER_GITLAB: Shape = node("runner.gitlab", "gitlab", "Its tags on GitLab.", "gitlab tags=large")
    .args(&[any("tags", String, "tags")])
    .settings(&[&[either_list("tags", String, "tags")]]);

/// `codebuild compute=large` of a runner.
pub static RUNNER_CODEBUILD: Shape = node(
    "runner.codebuild",
    "codebuild",
    "The size of its machines on AWS.",
    "codebuild compute=large",
)
.settings(&[&[either("compute", Word(COMPUTE), "2, 4, 8, 36 or 72 virtual processors").required()]]);

/// `doc "Runbook" url="…"`
pub static DOC: Shape = node(
    "doc",
    "doc",
    "Prose that has no machine meaning; kept as a comment of the outputs.",
    "doc \"Runbook\" url=\"https://wiki.example.com/orders\"",
)
.args(&[arg("text", String, "what it says")])
.settings(&[&[prop("url", Url, "where it says more")]]);

/// `channel team slack webhook=(secret)SLACK_WEBHOOK`
pub static CHANNEL: Shape =
    node("channel", "channel", "Where messages go; used by `notify`.", "channel team slack webhook=(secret)SLACK_WEBHOOK")
        .args(&[
            arg("name", Name, "its name"),
            arg("kind", Word(&["slack", "email", "webhook", "pagerduty", "sns"]), "by which means"),
        ])
        .settings(&[&[
            either("webhook", Secret, "of slack: the webhook's address"),
            either("url", Url, "of webhook: an address that takes a JSON object"),
            either("key", Secret, "of pagerduty: the routing key"),
            either("topic", Text, "of sns: the ARN of the topic"),
            either_list("to", Text, "of email: who gets it"),
            either("from", Text, "of email: who sends it"),
            either("smtp", Text, "of email: `host:port`, with TLS"),
            either("user", Text, "of email: user name"),
            either("password", Secret, "of email: password"),
        ]]);

/// `accept gitlab approval-count reason="…"`
pub static ACCEPT: Shape = node(
    "accept",
    "accept",
    "A loss on a target that is accepted: what the target cannot hold, why that is right, and until when.",
    "accept gitlab approval-count reason=\"set up by hand\" until=\"2027-06-30\"",
)
.args(&[
    arg("target", Word(TARGETS), "on which target"),
    arg("loss", Reference("capability"), "what is lost: a name of the target's capability table"),
])
.settings(&[&[
    either("reason", String, "why that is right").required(),
    either("until", String, "the last day it holds, YYYY-MM-DD"),
]]);

/// `raw github ".github/workflows/stale.yml"`
pub static RAW_FILE: Shape = node(
    "file.raw",
    "raw",
    "Workflow files of one vendor that stay as they are, beside what pipewright writes.",
    "raw github \".github/workflows/stale.yml\"",
)
.args(&[arg("target", Word(&["github"]), "whose they are"), some("files", Path, "which: `.github/workflows/NAME.yml`")]);

/// `repository { … }`
pub static REPOSITORY: Shape = node(
    "repository",
    "repository",
    "Rules for branches and commits.",
    "repository { branch-names main \"feature/*\"; protect main { checks lint unit; approvals 1 } }",
)
.settings(&[&[list("branch-names", Glob, "what branches may be called")]])
.children(&[&[once(&COMMIT_MESSAGES), many(&PROTECT), many(&EACH)]]);

/// `commit-messages conventional`
pub static COMMIT_MESSAGES: Shape = node(
    "commit-messages",
    "commit-messages",
    "What a commit message looks like.",
    "commit-messages conventional { types feat fix docs }",
)
.args(&[arg("style", Word(&["conventional"]), "Conventional Commits 1.0")])
.settings(&[&[list("types", String, "allowed types; the usual ones when none is named")]])
.flags(&[flag("scope-required", "a scope must be given")]);

/// `protect main { … }`
pub static PROTECT: Shape = node("protect", "protect", "Protected branches.", "protect main { checks lint unit; approvals 1 }")
    .args(&[some("branches", Glob, "which")])
    .settings(&[&[
        list("checks", Reference("job"), "jobs that must have passed before a merge"),
        line("approvals", Count, "reviews before a merge").default("0"),
    ]])
    .flags(&[
        flag("linear-history", "no merge commits"),
        flag("dismiss-stale", "new commits ask for new reviews"),
        flag("strict", "the branch must be up to date before a merge"),
        flag("admins-exempt", "administrators may pass by"),
        flag("code-owners", "owners of the changed files must review"),
    ]);
