//! Rows of environments.

use crate::syntax::shape::ValueType::{Count, Name, Reference, Secret, String, Text, Url, Variable, Word};
use crate::syntax::shape::app::{ENVIRONMENT_APP, VALUES};
use crate::syntax::shape::compose::COMPOSE;
use crate::syntax::shape::event::ALLOW;
use crate::syntax::shape::job::PURPOSES;
use crate::syntax::shape::reuse::{EACH, TEMPLATE_USE};
use crate::syntax::shape::step::ENV;
use crate::syntax::shape::{Shape, arg, either, keyed, line, list, many, maybe, node, once, prop, some, word};

/// `environment staging { … }`
pub static ENVIRONMENT: Shape = node(
    "environment",
    "environment",
    "A place that deploys change. What it requires binds every deploy to it.",
    "environment staging { tier staging; url \"https://staging.example.com\"; after development; requires coverage }",
)
.args(&[arg("name", Name, "its name")])
.settings(&[&[
    prop("like", Reference("environment"), "starts as a copy of that environment; what stands here replaces or adds"),
    line("tier", Word(&["development", "testing", "staging", "production", "other"]), "how much is at stake").default("other"),
    line("url", Url, "where a person finds it"),
    list("requires", Reference("gate"), "gates of its deploys"),
    line("purpose", Word(PURPOSES), "why jobs enter it, where they do not say").default("deploy"),
]])
.children(&[&[
    once(&AFTER),
    once(&ALLOW),
    many(&ENV),
    keyed(&ENVIRONMENT_SECRET),
    once(&CLUSTER),
    once(&COMPOSE),
    once(&IDENTITY),
    once(&CONCURRENCY),
    keyed(&ENVIRONMENT_APP),
    once(&VALUES),
    many(&TEMPLATE_USE),
    many(&EACH),
]]);

/// `after development strict`
pub static AFTER: Shape = node(
    "environment.after",
    "after",
    "Environments that come before it: its deploys run behind theirs, where both are present.",
    "after staging strict",
)
.args(&[some("environments", Reference("environment"), "which")])
.flags(&[word("strict", "a run without a deploy there must find one of an earlier run")]);

/// `secret DATABASE_PASSWORD from="…"` in an environment.
pub static ENVIRONMENT_SECRET: Shape = node(
    "environment.secret",
    "secret",
    "A secret that only jobs in the environment see.",
    "secret SSH_KEY from=\"ci:STAGING_SSH_KEY\"",
)
.args(&[arg("name", Variable, "its name in scripts")])
.settings(&[&[
    either("from", String, "where it comes from: `ci:NAME` for another name at the vendor; else a secret store of the cluster and a path in it, as `aws-secretsmanager:staging/db` or `vault:shop#password`"),
    either("refresh", super::ValueType::Duration, "how often the store is read again"),
]]);

/// `cluster eks=staging region=…`
pub static CLUSTER: Shape = node(
    "cluster",
    "cluster",
    "The environment's Kubernetes cluster; deploys log in to it.",
    "cluster kubeconfig=(secret)KUBE_CONFIG namespace=shop",
)
.settings(&[&[
    either("eks", Text, "the name of an EKS cluster, entered by the environment's identity"),
    either("region", Text, "its region; that of the identity without it"),
    either("kubeconfig", Secret, "a kubeconfig file"),
    either("server", Url, "an address that only a delivery tool inside uses"),
    either("namespace", String, "the namespace of the environment"),
]]);

/// `identity aws role=… region=…`
pub static IDENTITY: Shape = node(
    "identity",
    "identity",
    "Who its jobs are for a cloud: a role taken by OpenID Connect, no stored keys.",
    "identity aws role=(var)DEPLOY_ROLE region=eu-west-1",
)
.args(&[arg("cloud", Word(&["aws"]), "which cloud")])
.settings(&[&[either("role", Text, "the role's ARN").required(), either("region", Text, "the region").required()]]);

/// `concurrency 1` of an environment.
pub static CONCURRENCY: Shape =
    node("environment.concurrency", "concurrency", "How deploys to the environment queue.", "concurrency 1 queue=latest")
        .args(&[maybe("runs", Count, "deploys at one time: 1")])
        .settings(&[&[either("queue", Word(&["all", "latest"]), "whether every deploy waits for its turn, or only the newest")
            .default("all")]]);
