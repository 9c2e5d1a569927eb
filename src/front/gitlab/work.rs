//! What the converters of one GitLab configuration share.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::source::SourceMap;
use crate::base::span::{SourceId, Span};
use crate::front::account::Account;
use crate::front::ledger::{Fate, Ledger};
use crate::front::logic::{Part, asked};
use crate::front::name::Names;
use crate::front::yaml::{Comments, Entry, Node};

use super::expr;

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
    /// Environments: the vendor's name to the spec's, with the address.
    pub(super) environments: BTreeMap<String, (String, Option<String>)>,
    /// Names of environments.
    pub(super) environment_names: Names,
    /// Variables that a person gives a value by hand: the name of the input.
    pub(super) inputs: BTreeMap<String, String>,
    /// Values of variables of the whole configuration that no rule changes.
    pub(super) values: BTreeMap<String, String>,
    /// Artifacts by the spec's name of their job.
    pub(super) artifacts: BTreeMap<String, String>,
}

impl Account for Work<'_> {
    fn ledger(&mut self) -> &mut Ledger {
        self.ledger
    }
}

impl Work<'_> {
    /// A text with the values of variables that stand in the file; `None` where one is not known.
    pub(super) fn filled(&self, text: &str, body: &Node) -> Option<String> {
        let own = body.get("variables").map(Node::entries).unwrap_or_default();
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let braces = after.starts_with('{');
            let name: String =
                after[usize::from(braces)..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let of_job = own.iter().find(|e| e.key == name).map(|e| e.value.text());
            let value = match of_job {
                Some(value) => value,
                None => self.values.get(&name).map(String::as_str),
            };
            out.push_str(value.filter(|v| !v.contains('$') && !v.is_empty())?);
            let end = at + 1 + name.len() + if braces { 2 } else { 0 };
            if braces && rest.as_bytes().get(end - 1) != Some(&b'}') {
                return None;
            }
            rest = rest.get(end..)?;
        }
        out.push_str(rest);
        Some(out)
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
