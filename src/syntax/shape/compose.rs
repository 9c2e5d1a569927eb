//! Rows of containers on a server.

use crate::syntax::shape::ValueType::{Duration, Name, Secret, String, Text};
use crate::syntax::shape::step::ENV;
use crate::syntax::shape::{Shape, arg, either, line, many, node, once, word};

/// `compose "compose.yml" dir="/opt/shop" host=…` of an environment.
pub static COMPOSE: Shape = node(
    "environment.compose",
    "compose",
    "Containers on a server of the environment, which deploys reach over SSH with a known host key and replace by `docker compose`.",
    "compose \"compose.yml\" dir=\"/opt/shop\" host=(secret)SSH_HOST user=deploy key=(secret)SSH_KEY known-hosts=(secret)KNOWN_HOSTS",
)
.args(&[arg("file", String, "the Compose file on the server, seen from the folder; its images have the tag `${VERSION}`")])
.settings(&[&[
    either("dir", String, "the folder on the server").required(),
    either("host", Text, "host name of the server").required(),
    either("user", Text, "user name").required(),
    either("key", Secret, "private key").required(),
    either("known-hosts", Text, "lines of a known_hosts file: a host is never trusted on first use").required(),
    either("port", Text, "its port").default("22"),
    either("name", Name, "the name of the project; the pipeline and the environment without it"),
    either("timeout", Duration, "how long the containers may take to be well").default("5m"),
    line("health", Text, "a line of shell on the server that tells that they are well, tried until it holds; that their own health checks hold is waited for in any case"),
    line(
        "switch",
        Text,
        "a line of shell on the server that gives the requests to `$COLOUR`, which is blue or green: a version starts beside the one before (blue-green)",
    ),
]])
.children(&[&[many(&ENV), once(&COMPOSE_MIGRATE)]]);

/// `migrate backend "python manage.py migrate"` of containers on a server.
pub static COMPOSE_MIGRATE: Shape = node(
    "compose.migrate",
    "migrate",
    "A command that runs once in the new image, before a new version starts. It may run again, so it must do no harm then.",
    "migrate backend \"python manage.py migrate\"",
)
.args(&[arg("service", String, "the service whose image it runs in"), arg("command", String, "a line of sh")])
.flags(&[word("compatible", "the version before runs on the changed schema too, so that a rollback may bring it back")]);

/// `compose version="…"` in a deploy.
pub static DEPLOY_COMPOSE: Shape = node(
    "deploy.compose",
    "compose",
    "Starts a version of the containers on the environment's server, and waits until they are well.",
    "compose version=\"${commit.sha}\"",
)
.settings(&[&[either("version", Text, "the tag of their images")]])
.flags(&[word("back", "the version before the one that runs now comes back")]);
