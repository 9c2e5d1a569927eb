//! Keys that only GitLab has: kept in its words, `raw gitlab`, for which a job of a spec has a place.

use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::raw::said;
use crate::front::yaml::{Entry, Node};

use super::work::Work;

/// Keys of a job that are kept, with what another target lacks.
const KEPT: &[(&str, &str)] = &[
    ("trigger", "GitLab starts the other pipeline: say for another target what the job does there"),
    ("coverage", "GitLab reads the figure out of the log: say `gate … percent` for all targets"),
    ("secrets", "GitLab fetches them: name the secrets of the other target"),
    ("release", "GitLab makes the release: say `release` as a step for all targets, of a tag that is there"),
    ("hooks", "they run in GitLab's checkout"),
    ("dast_configuration", "a profile of GitLab's own scanner"),
    ("pages", "GitLab publishes the pages"),
    ("publish", "GitLab publishes the pages"),
    ("identity", "GitLab logs in to the cloud: say the identity of an environment for all targets"),
];

/// The keys of a job that a spec has no word for, as they stand.
pub(super) fn kept(work: &mut Work<'_>, body: &Node, build: &mut Build) {
    let mut made = node("raw").arg("gitlab");
    for (key, why) in KEPT {
        let is_step = *key == "release" && build.0.children().iter().any(|c| c.name() == "release");
        if let Some(entry) = body.entry(key).filter(|_| !is_step) {
            entry.mark_all(work.ledger, &Fate::Kept((*why).to_owned()));
            made.push(said(key, &entry.value));
        }
    }
    if let Some(inherit) = body.entry("inherit") {
        let why = "what a job inherits of `default` is written out";
        entry_of(work, inherit, "default", &Fate::Emulated(why.to_owned()));
        match inherit.value.entry("variables") {
            Some(variables) if variables.value.truth() != Some(true) => {
                let why = Fate::Kept("another target gives the job the variables of the whole workflow".to_owned());
                work.ledger.mark(variables.id, why.clone());
                work.ledger.mark(inherit.id, why);
                made.push(node("inherit").child(said("variables", &variables.value)));
            }
            Some(variables) => work.ledger.mark(variables.id, Fate::Exact),
            None => {}
        }
        work.ledger.mark(inherit.id, Fate::Exact);
    }
    if made.0.children.is_some() {
        build.push(made);
    }
}

fn entry_of(work: &mut Work<'_>, entry: &Entry, key: &str, fate: &Fate) {
    if let Some(own) = entry.value.entry(key) {
        own.mark_all(work.ledger, fate);
    }
}
