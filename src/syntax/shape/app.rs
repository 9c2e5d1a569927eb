//! Rows of apps: what runs in a cluster, and how a deploy brings it there.

use crate::syntax::shape::ValueType::{Count, Duration, Name, Port, Reference, String, Text, Variable, Word};
use crate::syntax::shape::alert::{ALERT, METRICS};
use crate::syntax::shape::step::ENV;
use crate::syntax::shape::{Child, Flag, Setting, Shape, arg, either, flag, keyed, line, list, many, node, once, some, word};

const SETTINGS: &[Setting] = &[
    line("image", String, "a `docker-build` of the spec, or the repository of an image, without a tag"),
    line("replicas", Count, "pods, where nothing scales them").default("1"),
    line("user", Count, "the number of the user that its processes run as; the image's own without it"),
    list("secret", Variable, "secrets that become variables of it; each environment says `from` which store"),
];

const FLAGS: &[Flag] = &[flag("writable-root", "its processes may write anywhere in their file system, not below /tmp alone")];

static PARTS: [Child; 11] = [
    keyed(&PORT),
    once(&RESOURCES),
    once(&HEALTH),
    many(&ENV),
    once(&INGRESS),
    once(&AUTOSCALE),
    once(&MIGRATE),
    once(&METRICS),
    keyed(&ALERT),
    once(&SYNC),
    once(&VALUES),
];

/// `app shop { … }`
pub static APP: Shape = node(
    "app",
    "app",
    "A service in a Kubernetes cluster: what runs, how it is kept well, and who delivers it. It becomes a chart of Helm.",
    "app shop via=helm { image shop; port http 8000; replicas 3; health \"/health\" }",
)
.args(&[arg("name", Name, "its name, of its release and objects too")])
.settings(&[
    &[either("via", Word(&["argocd", "helm", "kubectl"]), "who delivers it; argocd if that is a target, else helm")],
    SETTINGS,
])
.flags(FLAGS)
.children(&[&PARTS, &[many(&STRATEGY)]]);

/// `app shop { … }` in an environment.
pub static ENVIRONMENT_APP: Shape = node(
    "environment.app",
    "app",
    "What is different about an app here. What stands here replaces or adds.",
    "app shop { replicas 10; ingress host=\"shop.example.com\" }",
)
.args(&[arg("name", Reference("app"), "which")])
.settings(&[SETTINGS])
.flags(FLAGS)
.children(&[&PARTS]);

/// `app shop version="…"` in a deploy.
pub static DEPLOY_APP: Shape = node(
    "deploy.app",
    "app",
    "Brings a version of an app to the environment, and waits until its pods are ready.",
    "app shop version=\"${commit.sha}\"",
)
.args(&[arg("name", Reference("app"), "which")])
.settings(&[&[
    either("version", Text, "the tag of its image; the image that this run built, by its digest, without it"),
    either("timeout", Duration, "how long the new pods may take").default("5m"),
]]);

/// `port http 8000`
pub static PORT: Shape = node("port", "port", "A port that it listens on.", "port http 8000")
    .args(&[arg("name", Name, "its name, at most 15 characters"), arg("number", Port, "its number")]);

/// `resources cpu="100m" memory="256MiB" { limit cpu="500m" memory="512MiB" }`
pub static RESOURCES: Shape = node(
    "resources",
    "resources",
    "What each pod is promised.",
    "resources cpu=\"100m\" memory=\"256MiB\" { limit cpu=\"500m\" memory=\"512MiB\" }",
)
.settings(&[&[either("cpu", String, "processors: `500m` is half of one"), either("memory", String, "memory: `256MiB`")]])
.children(&[&[once(&LIMIT)]]);

/// `limit cpu="500m" memory="512MiB"`
pub static LIMIT: Shape = node("limit", "limit", "What each pod may take at most.", "limit cpu=\"500m\" memory=\"512MiB\"")
    .settings(&[&[
        either("cpu", String, "processors; a pod that wants more is slowed down"),
        either("memory", String, "memory; a pod that takes more is killed"),
    ]]);

/// `health "/health" port=http`
pub static HEALTH: Shape = node(
    "health",
    "health",
    "A path that answers while a pod is well. A pod gets no traffic before it does, and is started again when it stops.",
    "health \"/health\" port=http",
)
.args(&[arg("path", String, "the path")])
.settings(&[&[
    either("port", Name, "the name of the port; the only one without it"),
    either("every", Duration, "between two looks").default("10s"),
    either("start", Duration, "how long a pod may take to start").default("1m"),
]]);

/// `ingress host="shop.example.com"`
pub static INGRESS: Shape = node(
    "ingress",
    "ingress",
    "How it is reached from outside of the cluster.",
    "ingress host=\"shop.example.com\" class=nginx",
)
.settings(&[&[
    either("host", String, "the host name").required(),
    either("path", String, "the path below it").default("/"),
    either("class", String, "which controller; the cluster's default without it"),
    either("tls", String, "the secret of the cluster that holds the certificate"),
    either(
        "gateway",
        String,
        "`NAMESPACE/NAME` of the gateway, for a canary with `traffic istio` or `traffic gateway`: it holds class and certificate",
    ),
    either("port", Name, "the name of the port; the only one without it"),
]]);

/// `autoscale min=3 max=10 cpu="70%"`
pub static AUTOSCALE: Shape =
    node("autoscale", "autoscale", "How many pods there are, by their load.", "autoscale min=3 max=10 cpu=\"70%\"").settings(&[
        &[
            either("min", Count, "at least so many").required(),
            either("max", Count, "at most so many").required(),
            either("cpu", String, "share of the promised processors that a pod should take"),
            either("memory", String, "share of the promised memory that a pod should take"),
        ],
    ]);

/// `migrate "python manage.py migrate"`
pub static MIGRATE: Shape = node(
    "migrate",
    "migrate",
    "A command that runs once in the new image, before a new version starts. It may run again, so it must do no harm then.",
    "migrate \"python manage.py migrate\"",
)
.args(&[arg("command", String, "a line of sh")])
.settings(&[&[either("timeout", Duration, "how long it may take").default("10m")]])
.flags(&[word("compatible", "the version before runs on the changed schema too, so that a rollback may bring it back")]);

/// `strategy rolling max-surge="25%" max-unavailable=0`
pub static STRATEGY: Shape = node(
    "strategy",
    "strategy",
    "How a new version replaces the old one. At most one for an environment.",
    "strategy canary { traffic nginx; weight \"10%\"; pause \"10m\"; weight \"50%\"; pause \"10m\" }",
)
.args(&[arg(
    "kind",
    Word(&["rolling", "canary", "blue-green"]),
    "`rolling`: pod by pod; `canary`: a growing share of the requests; `blue-green`: all requests at once, with the old version kept",
)])
.settings(&[&[
    either("env", Reference("environment"), "only there; everywhere that has no strategy of its own without it"),
    either("max-surge", Text, "rolling: pods above the wanted number at one time, or a share of it").default("25%"),
    either("max-unavailable", Text, "rolling: pods missing at one time, or a share").default("0"),
    either(
        "traffic",
        Word(&["nginx", "alb", "istio", "gateway"]),
        "canary: what splits the requests at the ingress; without it their share is the share of the pods",
    ),
]])
.flags(&[flag("preview", "blue-green: the new version has an address of its own in the cluster, `NAME-preview`")])
.children(&[&[many(&WEIGHT), many(&PAUSE), many(&ANALYSIS), once(&PROMOTE), once(&KEEP_OLD)]]);

/// `weight "10%"` of a canary.
pub static WEIGHT: Shape = node(
    "strategy.weight",
    "weight",
    "The new version gets this share of the requests from here on. Behind the last step it gets all of them.",
    "weight \"10%\"",
)
.args(&[arg("share", String, "whole percent")]);

/// `pause "10m"` of a canary.
pub static PAUSE: Shape =
    node("strategy.pause", "pause", "Nothing changes for so long.", "pause \"10m\"").args(&[arg("time", Duration, "how long")]);

/// `analysis error-rate` of a strategy.
pub static ANALYSIS: Shape = node(
    "strategy.analysis",
    "analysis",
    "Gates that are asked here, all at one time: if one fails, the old version gets everything back.",
    "analysis error-rate",
)
.args(&[some(
    "gates",
    Reference("gate"),
    "gates: queries of Prometheus; where the deploy carries the strategy out, probes and checks too",
)]);

/// `promote after="30s"` of blue-green.
pub static PROMOTE: Shape = node(
    "strategy.promote",
    "promote",
    "The switch to the new version. What is asked before it stands before it, what is asked after it stands behind.",
    "promote after=\"30s\"",
)
.settings(&[&[either("after", Duration, "how long the new version stands ready before").default("0s")]]);

/// `keep-old "10m"` of blue-green.
pub static KEEP_OLD: Shape = node(
    "strategy.keep-old",
    "keep-old",
    "How long the old version is kept after the switch, so that going back takes no time.",
    "keep-old \"10m\"",
)
.args(&[arg("time", Duration, "how long")]);

/// Options of Argo CD that a spec may name.
pub const SYNC_OPTIONS: &[&str] = &[
    "ApplyOutOfSyncOnly",
    "CreateNamespace",
    "FailOnSharedResource",
    "PruneLast",
    "RespectIgnoreDifferences",
    "ServerSideApply",
];

/// `sync automated { prune; self-heal }`
pub static SYNC: Shape = node(
    "sync",
    "sync",
    "How Argo CD keeps it. Where an approval is required it never acts by itself: the deploy does.",
    "sync automated { prune; self-heal; retry 5 backoff=\"5s\" factor=2 max=\"3m\"; options CreateNamespace PruneLast }",
)
.args(&[arg("mode", Word(&["automated", "manual"]), "whether Argo CD acts by itself, or only when the deploy asks")])
.settings(&[&[
    list("options", Word(SYNC_OPTIONS), "options of Argo CD that are switched on"),
    line("wave", Count, "its place among the Applications that a parent holds; smaller ones first"),
]])
.flags(&[
    word("prune", "what the repository does not have any more is removed"),
    word("self-heal", "changes made in the cluster are undone"),
])
.children(&[&[once(&SYNC_RETRY)]]);

/// `retry 5 backoff="5s"` of a sync.
pub static SYNC_RETRY: Shape =
    node("sync.retry", "retry", "Further attempts of a failed synchronisation.", "retry 5 backoff=\"5s\" factor=2 max=\"3m\"")
        .args(&[arg("limit", Count, "how many")])
        .settings(&[&[
            either("backoff", Duration, "before the first of them").default("5s"),
            either("factor", Count, "multiplies the time before each further one").default("2"),
            either("max", Duration, "longest time between two").default("3m"),
        ]]);

/// `values { … }`
pub static VALUES: Shape = node(
    "values",
    "values",
    "Values of Helm for templates of your own beside the generated ones. Every environment of an app sets the same keys.",
    "values { features { paymentProcessing #true } }",
)
.foreign();
