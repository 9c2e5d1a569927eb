//! Rows of steps that the compiler knows. Portable actions are declared, not listed: see `targets/actions.kdl`.

use crate::syntax::shape::ValueType::{
    Bool, Count, Duration, Expr, Name, Path, Reference, Secret, String, Text, Variable, Version, Word,
};
use crate::syntax::shape::{
    Child, Flag, Open, Setting, Shape, any, arg, either, either_list, flag, list, many, maybe, node, once, prop, some, word,
};

/// The words of `when`.
pub const OUTCOMES: &[&str] = &["success", "failure", "always"];

/// `env LEVEL=debug`
pub static ENV: Shape = node("env", "env", "Variables for scripts.", "env LEVEL=debug TOKEN=(secret)API_TOKEN").open(Open {
    name: "NAME",
    key: Variable,
    ty: Text,
    required: true,
    doc: "the variable's value",
});

/// Settings of every step, calls of portable actions included.
pub const STEP_SETTINGS: &[Setting] = &[
    either("name", Text, "shown in the run"),
    either("id", Name, "its handle, by which GitHub's own expressions speak of it: `steps.ID`"),
    either("if", Expr, "runs only if this holds"),
    either("when", Word(OUTCOMES), "which outcome of the steps before lets it run").default("success"),
    either("timeout", Duration, "its own time limit"),
];

/// Settings of steps that run scripts.
pub const WITH_SETTINGS: &[Setting] = &[
    either("name", Text, "shown in the run"),
    either("id", Name, "its handle, by which GitHub's own expressions speak of it: `steps.ID`"),
    either("if", Expr, "runs only if this holds"),
    either("when", Word(OUTCOMES), "which outcome of the steps before lets it run").default("success"),
    either("timeout", Duration, "its own time limit"),
    either("dir", Path, "its directory, below the root"),
];

/// Flags of every step.
pub const STEP_FLAGS: &[Flag] = &[flag("continue-on-error", "the job goes on, and stays green, when it fails")];

/// What stands where steps stand. `gate`, `produces` and `report` are parts of the job.
pub static STEPS: [Child; 10] = [
    many(&RUN),
    once(&CHECKOUT),
    many(&TOOLCHAIN),
    many(&TOOLS),
    many(&CACHE),
    many(&DOCKER_BUILD),
    many(&REGISTRY_LOGIN),
    many(&IMAGE_PROMOTE),
    many(&SSH),
    many(&super::reuse::EACH),
];

/// `run "npm ci" "npm test"`
pub static RUN: Shape = node(
    "run",
    "run",
    "One step, its own shell process. Its lines share one shell and stop at the first failure, pipes too, on every vendor.",
    "run \"npm ci\" \"npm test\"",
)
.args(&[any("lines", Text, "shell lines; one may hold several lines of text")])
.settings(&[&[list("line", Text, "shell lines, where many do not fit beside the name")], WITH_SETTINGS])
.flags(STEP_FLAGS)
.children(&[&[many(&ENV)]]);

/// `checkout depth=0`
pub static CHECKOUT: Shape = node(
    "checkout",
    "checkout",
    "The repository at the commit of the event. Every job starts with one; said here, it stands here.",
    "checkout depth=0",
)
.settings(&[
    &[either("depth", Count, "commits of history; 0 is all").default("1"), either("ref", Text, "another branch, tag or commit")],
    STEP_SETTINGS,
])
.flags(&[word("none", "no checkout at all"), word("lfs", "fetch large files"), word("submodules", "fetch submodules")]);

/// `toolchain node="20" cache=auto install`
pub static TOOLCHAIN: Shape = node(
    "toolchain",
    "toolchain",
    "Languages in the vendor's idiom: setup, cache and dependency installation.",
    "toolchain node=\"20\" cache=auto install",
)
.settings(&[
    &[
        either("cache", Word(&["auto", "none"]), "whether the package manager's downloads are cached").default("none"),
        either("dir", Path, "where the lock file lies"),
    ],
    STEP_SETTINGS,
])
.flags(&[word("install", "install the dependencies by the lock file's tool")])
.open(Open {
    name: "LANGUAGE",
    key: Name,
    ty: Version,
    required: true,
    doc: "its version: node, python, go, java, rust, ruby, dotnet, php",
});

/// `tools kubectl="1.30" jq`
pub static TOOLS: Shape =
    node("tools", "tools", "Tools that the image lacks, with a version where it matters.", "tools kubectl=\"1.30\" jq")
        .args(&[any("names", Name, "tools in any version")])
        .open(Open { name: "TOOL", key: Name, ty: Version, required: false, doc: "a tool in this version" });

/// `cache npm`
pub static CACHE: Shape = node(
    "cache",
    "cache",
    "Files kept between runs to save time; never needed for correctness.",
    "cache \"build/.cache\" key=\"assets\" files=\"package-lock.json\"",
)
.args(&[some("paths", Path, "a tool (npm, yarn, pnpm, pip, poetry, uv, cargo, go, maven, gradle), or paths below the root")])
.settings(&[&[
    either("key", Text, "what tells two caches apart, beside the files"),
    either_list("files", Path, "files whose content is part of the key"),
]]);

/// `docker-build api registry=ghcr`
pub static DOCKER_BUILD: Shape = node(
    "docker-build",
    "docker-build",
    "Builds an image, `${image.NAME}`, and pushes it if it has a registry, but not on a pull request unless told to.",
    "docker-build api registry=ghcr { tag \"${commit.sha}\"; tag latest if=\"commit.branch == 'main'\" }",
)
.args(&[arg("name", Name, "the image's name")])
.settings(&[
    &[
        either("registry", Reference("registry"), "where it goes; without one it stays in the job"),
        either("context", Path, "its directory, below the root").default("."),
        either("dockerfile", Path, "the Dockerfile, below the root").default("`Dockerfile` in the context"),
        either("target", String, "the stage of the Dockerfile to build"),
        either("cache", Word(&["auto", "none"]), "whether layers are cached").default("auto"),
        list("platforms", String, "as in linux/arm64; the runner's own where none is named"),
    ],
    STEP_SETTINGS,
])
.flags(STEP_FLAGS)
.children(&[&[many(&IMAGE_TAG), many(&BUILD_ARG), many(&LABEL), once(&PUSH_IMAGE), many(&ENV)]]);

/// `tag latest if="…"` of a docker-build.
pub static IMAGE_TAG: Shape = node("image.tag", "tag", "A tag of the image.", "tag latest if=\"commit.branch == 'main'\"")
    .args(&[some("tags", Text, "tags")])
    .settings(&[&[either("if", Expr, "only if this holds")]]);

/// `build-arg VERSION="1"`
pub static BUILD_ARG: Shape =
    node("build-arg", "build-arg", "Build arguments.", "build-arg VERSION=\"${commit.sha}\"").open(Open {
        name: "NAME",
        key: super::ValueType::Variable,
        ty: Text,
        required: true,
        doc: "the argument's value; never a secret, since an image keeps it",
    });

/// `label "org.opencontainers.image.source"="…"`
pub static LABEL: Shape =
    node("label", "label", "Labels of the image.", "label \"org.opencontainers.image.source\"=\"${repository.url}\"")
        .open(Open { name: "NAME", key: super::ValueType::Any, ty: Text, required: true, doc: "the label's value" });

/// `push if="…"`
pub static PUSH_IMAGE: Shape = node(
    "image.push",
    "push",
    "When the image is pushed: without this node, on every event but a pull request.",
    "push if=\"run.event != 'pull-request'\"",
)
.args(&[maybe("push", Bool, "`#false`: never")])
.settings(&[&[prop("if", Expr, "if this holds")]]);

/// `registry-login ghcr`
pub static REGISTRY_LOGIN: Shape =
    node("registry-login", "registry-login", "Logs in to registries; a `docker-build` does so itself.", "registry-login ghcr")
        .args(&[some("registries", Reference("registry"), "which")])
        .settings(&[STEP_SETTINGS]);

/// `image-promote api from="…" to="…"`
pub static IMAGE_PROMOTE: Shape = node(
    "image-promote",
    "image-promote",
    "Gives an image of a registry further tags, without building it again.",
    "image-promote api registry=ghcr from=\"${commit.sha}\" to=\"${commit.tag}\"",
)
.args(&[arg("image", Name, "the image's name")])
.settings(&[
    &[
        either("registry", Reference("registry"), "its registry; that of its `docker-build` without one"),
        either("from", Text, "the tag it has").required(),
        either_list("to", Text, "the tags it gets").required(),
    ],
    STEP_SETTINGS,
])
.flags(STEP_FLAGS);

/// `ssh host=… { run "…" }`
pub static SSH: Shape = node(
    "ssh",
    "ssh",
    "Commands on another machine, over SSH with a known host key.",
    "ssh host=(secret)HOST user=deploy key=(secret)KEY known-hosts=(secret)KNOWN_HOSTS { run \"systemctl restart api\" }",
)
.settings(&[
    &[
        either("host", Text, "host name").required(),
        either("user", Text, "user name").required(),
        either("key", Secret, "private key").required(),
        either("known-hosts", Text, "lines of a known_hosts file: a host is never trusted on first use").required(),
        either("port", Text, "its port").default("22"),
    ],
    STEP_SETTINGS,
])
.flags(STEP_FLAGS)
.children(&[&[many(&ENV), many(&SSH_RUN)]]);

/// `run` on the other machine.
pub static SSH_RUN: Shape = node("ssh.run", "run", "Lines of one remote shell.", "run \"cd /opt/shop\" \"docker compose up -d\"")
    .args(&[any("lines", Text, "shell lines")])
    .settings(&[&[list("line", Text, "shell lines, where many do not fit beside the name")]]);

/// `notify team on=failure "…"`
pub static NOTIFY: Shape =
    node("notify", "notify", "A message to a channel.", "notify team on=failure \"${job.name} failed: ${run.url}\"")
        .args(&[
            arg("channel", Reference("channel"), "where to"),
            maybe("text", Text, "what; a line with job, status and address without it"),
        ])
        .settings(&[&[
            either_list(
                "on",
                Word(&["started", "success", "failure", "always", "approval-requested", "rollback", "gate-failed"]),
                "when",
            )
            .default("failure"),
            either("subject", Text, "the subject, where the channel has one"),
        ]]);
