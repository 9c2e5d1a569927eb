//! What the converters of one GitLab configuration share.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::source::SourceMap;
use crate::base::span::{SourceId, Span};
use crate::front::account::Account;
use crate::front::ledger::{Fate, Ledger};
use crate::front::logic::{Part, asked};
use crate::front::name::{Names, is_variable};
use crate::front::node::Build;
use crate::front::yaml::{Comments, Entry, Node};

use super::ask::Asked;
use super::decided::Decided;
use super::dotenv::Dotenv;
use super::expr;
use super::value;

/// How deep variables may stand in variables.
const MAX_VALUES: usize = 6;

/// One configuration at work.
pub(super) struct Work<'w> {
    /// The account.
    pub(super) ledger: &'w mut Ledger,
    /// The texts.
    pub(super) sources: &'w SourceMap,
    /// Comments by file.
    pub(super) comments: Vec<(SourceId, Comments)>,
    /// Kinds of events that start the pipeline, in the words of a spec.
    pub(super) kinds: Vec<&'static str>,
    /// Variables that conditions read.
    pub(super) variables: BTreeSet<String>,
    /// Names of jobs: the vendor's to the spec's.
    pub(super) jobs: BTreeMap<String, String>,
    /// Runners by name, with their tags.
    pub(super) runners: BTreeMap<String, Vec<String>>,
    /// Names of runners.
    pub(super) runner_names: Names,
    /// Environments by the vendor's name.
    pub(super) environments: BTreeMap<String, Place>,
    /// Names of environments.
    pub(super) environment_names: Names,
    /// Variables that a person gives a value by hand: the name of the input.
    pub(super) inputs: BTreeMap<String, String>,
    /// Values of variables of the whole configuration that no rule changes.
    pub(super) values: BTreeMap<String, String>,
    /// Variables to which the files give a value somewhere.
    pub(super) defined: BTreeSet<String>,
    /// Values of the variables of the whole configuration, whatever rules do.
    pub(super) globals: BTreeMap<String, String>,
    /// Names of values, and their declarations.
    pub(super) value_names: Names,
    pub(super) value_nodes: Vec<Build>,
    /// Values of what GitLab tells a job by the kind of event, by the name that they ask for.
    pub(super) of_events: BTreeMap<&'static str, String>,
    /// Variables of the whole pipeline that the kind of event decides.
    pub(super) decided: Vec<Decided>,
    /// Variables of the rules at work that have a value for each kind of event.
    pub(super) settled: BTreeSet<String>,
    /// Gates of jobs that a person starts.
    pub(super) gates: Vec<Build>,
    /// What jobs ask for before they start, where another job asked for them.
    pub(super) asked: BTreeMap<String, Asked>,
    /// Stages behind which a job stands that waits for all of them.
    pub(super) followed: BTreeSet<String>,
    /// Whether a newer pipeline cancels all jobs.
    pub(super) cancels: bool,
    /// Whether a text at work may speak of the event: then GitLab's variables are contexts, that of the tag among them.
    pub(super) speaks: bool,
    /// Whether a text at work is a path: then the root of the project is `.`.
    pub(super) is_path: bool,
    /// Variables that jobs set for later ones.
    pub(super) dotenv: Dotenv,
    /// Whether a job has a daemon of docker beside it.
    pub(super) daemons: bool,
    /// What other jobs set for the one at work: the variable, and the output that it is.
    pub(super) given: Vec<(String, String)>,
    /// The job at work.
    pub(super) body: Node,
    /// What GitLab tells the job at work, as a shell writes it; without a value where a variable of the job says it.
    pub(super) told: Vec<(&'static str, String)>,
    /// Variables of the job at work that its script sets, since they read what GitLab tells it.
    pub(super) exports: Vec<(String, String)>,
    /// Artifacts by the spec's name of their job.
    pub(super) artifacts: BTreeMap<String, String>,
}

/// An environment.
pub(super) struct Place {
    /// What it is called in the spec.
    pub(super) name: String,
    /// Its address.
    pub(super) url: Option<String>,
    /// How much is at stake.
    pub(super) tier: Option<String>,
    /// Whether GitLab reads that out of the name.
    pub(super) is_guessed: bool,
}

/// Whether a job has a daemon of docker beside it.
pub(super) fn daemon(body: &Node) -> bool {
    let services = body.get("services").map(Node::items).unwrap_or_default();
    services.iter().any(|s| s.get("name").unwrap_or(s).text().is_some_and(is_daemon))
}

/// Whether an image is the daemon of docker.
pub(super) fn is_daemon(image: &str) -> bool {
    image.contains("docker:") && image.contains("dind")
}

impl Account for Work<'_> {
    fn ledger(&mut self) -> &mut Ledger {
        self.ledger
    }
}

impl Work<'_> {
    /// A text with the values of variables that stand in the file, the axes of the job's cells, and `${var.NAME}` for what the project sets;
    /// `None` where GitLab or a rule gives the value.
    pub(super) fn filled(&mut self, text: &str, body: &Node) -> Option<String> {
        self.filled_at(text, body, 0)
    }

    /// A text of the job at work in which every variable has a value in the file; `None` where one has none.
    pub(super) fn literal(&mut self, text: &str) -> Option<String> {
        if !text.contains('$') {
            return Some(text.to_owned());
        }
        let before = self.variables.clone();
        let body = self.body.clone();
        let made = self.filled(text, &body).filter(|t| !t.contains("${"));
        if made.is_none() {
            self.variables = before;
        }
        made
    }

    fn filled_at(&mut self, text: &str, body: &Node, depth: usize) -> Option<String> {
        if depth > MAX_VALUES {
            return None;
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let braces = after.starts_with('{');
            let name: String =
                after[usize::from(braces)..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let end = at + 1 + name.len() + if braces { 2 } else { 0 };
            if name.is_empty() || braces && rest.as_bytes().get(end - 1) != Some(&b'}') {
                return None;
            }
            out.push_str(&self.value_of(&name, body, depth)?);
            rest = rest.get(end..)?;
        }
        out.push_str(rest);
        Some(out)
    }

    fn value_of(&mut self, name: &str, body: &Node, depth: usize) -> Option<String> {
        // What another job sets goes before what the file says.
        if let Some((_, output)) = self.given.iter().find(|(own, _)| own == name) {
            return Some(output.clone());
        }
        if let Some(own) = body.get("variables").and_then(|v| v.entry(name)) {
            let value = own.value.text()?.to_owned();
            return self.filled_at(&value, body, depth + 1);
        }
        let rows = body.get("parallel").and_then(|p| p.get("matrix")).map(Node::items).unwrap_or_default();
        if !rows.is_empty() && rows.iter().all(|r| r.entry(name).is_some()) {
            return Some(format!("${{matrix.{}}}", value::axis(name)));
        }
        if let Some(value) = self.values.get(name).cloned() {
            return self.filled_at(&value, body, depth + 1);
        }
        if self.is_path && name == "CI_PROJECT_DIR" {
            return Some(".".to_owned());
        }
        if self.speaks
            && let Some(context) = value::context(name)
        {
            return Some(format!("${{{context}}}"));
        }
        let known = self.defined.contains(name) || self.inputs.contains_key(name) || value::is_predefined(name);
        if known || self.dotenv.may_set(name) || !is_variable(name) {
            return None;
        }
        self.variables.insert(name.to_owned());
        Some(format!("${{var.{name}}}"))
    }

    /// Whether the job at work has a daemon of docker beside it; what is said of all jobs, whether one has.
    pub(super) fn has_daemon(&self) -> bool {
        self.daemons && (self.body.entries().is_empty() || daemon(&self.body))
    }

    /// That the run has one of these kinds of events, as far as the kinds that there are leave a choice.
    pub(super) fn kind(&self, wanted: &[&str]) -> Part {
        let hits: Vec<&str> = self.kinds.iter().copied().filter(|k| wanted.contains(k)).collect();
        match hits.as_slice() {
            [] => Part::Known(false),
            all if all.len() == self.kinds.len() => Part::Known(true),
            [one] => asked(format!("run.event == '{one}'")),
            several => {
                let list: Vec<String> = several.iter().map(|w| format!("'{w}'")).collect();
                asked(format!("run.event in [{}]", list.join(", ")))
            }
        }
    }

    /// The condition of a key. What cannot be said stands in the spec as it was, so that `check` stops there.
    pub(super) fn condition(&mut self, entry: &Entry) -> Part {
        let Some(text) = entry.value.text() else {
            self.lose(entry, "a condition is expected here");
            return asked("condition.of-no-text");
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match expr::condition(self, &text) {
            Ok(part) => part,
            Err(why) => {
                self.mark(entry, Fate::Lost(why));
                asked(format!("({text})"))
            }
        }
    }

    /// Takes the comments above a place.
    pub(super) fn comments(&mut self, span: Span) -> Vec<String> {
        let line = self.sources.file(span.source).line_column(span.start).0;
        let own = self.comments.iter_mut().find(|(id, _)| *id == span.source);
        own.map(|(_, c)| c.above(line)).unwrap_or_default()
    }
}
