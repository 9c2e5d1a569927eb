//! The second walk: nodes to the meaning, room by room.

mod action;
mod alert;
mod app;
mod app_step;
mod compose;
mod declaration;
mod delivery;
mod deploy;
mod environment;
mod gate;
mod job;
mod needs;
mod notify;
mod step;
mod strategy;
mod test;
mod workflow;

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::source::SourceMap;
use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::expr::Expr;
use crate::ir::glob::Glob;
use crate::ir::id::{EnvironmentId, JobId, TargetId};
use crate::ir::job::Shell;
use crate::ir::raw::Raw;
use crate::ir::text::{EnvVar, Text};
use crate::ir::units::{Duration, UnitError};
use crate::sema::cond::Conditions;
use crate::sema::decided;
use crate::sema::declare::{Scope, declare, name_of, spanned};
use crate::sema::interpolate::{Interpolator, Place};
use crate::sema::raw::raw_value;
use crate::sema::unused;
use crate::syntax::tree::{Document, Entry, Node, Value};

/// The version of the language that is read.
const LANGUAGE: u32 = 1;

/// How long a job may take where the spec does not say: GitLab's own default, and enough for most builds.
const DEFAULT_TIMEOUT_SECONDS: u64 = 3600;

/// The meaning of an expanded, shape-checked document; `None` where it has no `pipeline` node.
pub fn lower(
    sources: &SourceMap,
    document: &Document<'_>,
    standard: &Document<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Pipeline> {
    let scope = declare(sources, document, standard, diagnostics);
    unused::review(document, diagnostics);
    let node = document.nodes.iter().find(|n| n.name() == "pipeline")?;
    let mut lower = Lower { scope: &scope, diagnostics, defaults: Defaults::default() };
    lower.defaults = lower.defaults_of(node);
    Some(lower.pipeline(node))
}

/// What the `pipeline` node gives every job.
#[derive(Default)]
struct Defaults {
    runner: Option<Spanned<String>>,
    image: Option<Text>,
    shell: Option<Spanned<Shell>>,
    timeout: Option<Spanned<Duration>>,
    retry: Option<Spanned<u32>>,
    env: Vec<EnvVar>,
}

struct Lower<'s, 'd, 'n, 'a> {
    scope: &'s Scope<'n, 'a>,
    diagnostics: &'d mut Diagnostics,
    defaults: Defaults,
}

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    fn defaults_of(&mut self, node: &Node<'a>) -> Defaults {
        let place = Place::default();
        Defaults {
            runner: node.setting("runner").and_then(spanned),
            image: node.setting("image").map(|e| self.text(e, &place)),
            shell: node.child("shell").and_then(|c| self.shell(c)),
            timeout: node.setting("timeout").and_then(|e| self.unit(e, Duration::parse)),
            retry: node.setting("retry").and_then(|e| self.count(e)),
            env: self.env(node, &place),
        }
    }

    /// A spec of another language may mean something else by the same words.
    fn language(&mut self, node: &Node<'a>) {
        let Some(said) = node.setting("language").and_then(|e| self.count(e)).filter(|n| n.value != LANGUAGE) else { return };
        self.diagnostics.push(
            Diagnostic::error(
                "language-unknown",
                said.span,
                format!("this pipewright knows language {LANGUAGE}, and the spec is written in language {}", said.value),
            )
            .label("another language")
            .help(format!(
                "build it with a pipewright that knows it, or write `language {LANGUAGE}` and hold the spec against its pages"
            )),
        );
    }

    fn pipeline(&mut self, node: &Node<'a>) -> Pipeline {
        let name = name_of(node).unwrap_or_else(|| Spanned::new(String::new(), node.span));
        let default_branch = node.setting("default-branch").and_then(spanned);
        self.language(node);
        let environments = self.environments();
        let delivery = self.delivery();
        let apps = self.apps(&delivery, &environments);
        let gates = self.gates();
        let workflows = self.workflows();
        let jobs = self.jobs(&gates, &environments, (&apps, &delivery), &workflows);
        let default_branch = default_branch.unwrap_or_else(|| Spanned::new("main".to_owned(), node.span));
        let mut pipeline = Pipeline {
            default_branch,
            description: node.setting("description").and_then(spanned).map(|d| d.value),
            docs: self.docs(),
            targets: self.targets(),
            delivery,
            apps,
            accepts: self.accepts(),
            raw_files: self.raw_files(),
            teams: self.teams(),
            secrets: self.secrets(),
            variables: self.variables(),
            registries: self.registries(),
            runners: self.runners(),
            images: self.images(),
            values: self.values(),
            channels: self.channels(),
            repository: self.repository(),
            gates,
            environments,
            workflows,
            jobs,
            tests: Vec::new(),
            events: Vec::new(),
            elsewhere: None,
            name,
            span: node.span,
        };
        needs::resolve(self.scope, &mut pipeline, self.diagnostics);
        decided::conditions(&mut pipeline);
        pipeline.tests = self.tests(&pipeline);
        pipeline
    }

    fn text(&mut self, entry: &Entry<'_>, place: &Place<'_, 'n, 'a>) -> Text {
        Interpolator { scope: self.scope }.entry(entry, place, self.diagnostics)
    }

    fn script(&mut self, entry: &Entry<'_>, place: &Place<'_, 'n, 'a>) -> Text {
        Interpolator { scope: self.scope }.script(entry, place, self.diagnostics)
    }

    fn prop_text(&mut self, node: &Node<'_>, name: &str, place: &Place<'_, 'n, 'a>) -> Option<Text> {
        node.setting(name).map(|e| self.text(e, place))
    }

    fn condition(&mut self, entry: &Entry<'_>, place: &Place<'_, 'n, 'a>) -> Option<Expr> {
        Conditions { interpolator: Interpolator { scope: self.scope } }.read(entry, place, self.diagnostics)
    }

    /// The `env` children of a node: `env A=1 B="x"`.
    fn env(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Vec<EnvVar> {
        let mut vars: Vec<EnvVar> = Vec::new();
        for env in node.children().iter().filter(|c| c.name() == "env") {
            for entry in &env.entries {
                let Some(name) = &entry.name else { continue };
                let value = self.text(entry, place);
                let name = Spanned::new(name.text.to_string(), name.span);
                if let Some(first) = vars.iter().find(|v| v.name.value == name.value) {
                    let d = Diagnostic::error("duplicate-name", name.span, format!("variable `{}` is set twice", name.value));
                    self.diagnostics
                        .push(d.label("set again here").related(first.name.span, "first set here").help("keep one of them"));
                    continue;
                }
                vars.push(EnvVar { name, value });
            }
        }
        vars
    }

    fn unit<T>(&mut self, entry: &Entry<'_>, parse: fn(&str) -> Result<T, UnitError>) -> Option<Spanned<T>> {
        let span = entry.value_span;
        let text = match &entry.value {
            Value::String(text, _) | Value::Number(text) => text.to_string(),
            Value::Bool(_) | Value::Null => self.scope.sources.0.snippet(span).to_owned(),
        };
        match parse(&text) {
            Ok(value) => Some(Spanned::new(value, span)),
            Err(e) => {
                self.diagnostics
                    .push(Diagnostic::error("wrong-value-type", span, e.message).label("not such a value").help(e.help));
                None
            }
        }
    }

    fn count_of(&mut self, node: &Node<'_>) -> Option<Spanned<u32>> {
        node.arg(0).and_then(|e| self.count(e))
    }

    fn count(&mut self, entry: &Entry<'_>) -> Option<Spanned<u32>> {
        let text = match &entry.value {
            Value::Number(text) | Value::String(text, _) => text.replace('_', ""),
            Value::Bool(_) | Value::Null => String::new(),
        };
        let parsed = text.parse().ok().map(|n| Spanned::new(n, entry.value_span));
        if parsed.is_none() {
            self.diagnostics.push(
                Diagnostic::error("wrong-value-type", entry.value_span, "a whole number from 0 is expected")
                    .label("not a count")
                    .help("write a number such as 3"),
            );
        }
        parsed
    }

    fn shell(&mut self, node: &Node<'_>) -> Option<Spanned<Shell>> {
        let word = name_of(node)?;
        self.word(&word, "shell", Shell::ALL).map(|s| Spanned::new(s, word.span))
    }

    /// One of the words of a vocabulary.
    fn word<T: Copy>(&mut self, word: &Spanned<String>, kind: &str, all: &[(&'static str, T)]) -> Option<T> {
        let found = all.iter().find(|(w, _)| *w == word.value).map(|(_, t)| *t);
        if found.is_none() {
            self.diagnostics.push(crate::sema::names::unknown(kind, &word.value, word.span, all.iter().map(|(w, _)| *w)));
        }
        found
    }

    fn target_word(&mut self, word: &Spanned<String>) -> Option<TargetId> {
        self.word(word, "target", TargetId::ALL)
    }

    fn prop_word<T: Copy>(&mut self, node: &Node<'_>, prop: &str, all: &[(&'static str, T)]) -> Option<Spanned<T>> {
        let word = node.setting(prop).and_then(spanned)?;
        self.word(&word, prop, all).map(|t| Spanned::new(t, word.span))
    }

    fn environment_named(&mut self, name: &Spanned<String>) -> Option<EnvironmentId> {
        self.scope.environments.find(&name.value, name.span, self.diagnostics).map(|i| EnvironmentId(i as u32))
    }

    /// A path below the root; anything else is an error.
    fn path(&mut self, entry: &Entry<'_>) -> Option<Spanned<String>> {
        let path = spanned(entry)?;
        let bad = path.value.starts_with(['/', '~', '\\'])
            || path.value.split(['/', '\\']).any(|part| part == "..")
            || path.value.get(1..2) == Some(":")
            || path.value.is_empty()
            || path.value.contains(['\n', '\0']);
        if bad {
            self.diagnostics.push(
                Diagnostic::error(
                    "path-outside-root",
                    path.span,
                    format!("`{}` does not lie below the repository root", path.value.escape_debug()),
                )
                .label("leaves the repository")
                .help("write a path relative to the root, such as reports/unit.xml"),
            );
            return None;
        }
        Some(Spanned::new(path.value.trim_start_matches("./").to_owned(), path.span))
            .filter(|p| !p.value.is_empty())
            .or_else(|| Some(Spanned::new(".".to_owned(), path.span)))
    }

    /// Paths and patterns of files that vendors search for; braces become several.
    fn paths(&mut self, entries: impl Iterator<Item = impl std::borrow::Borrow<Entry<'a>>>) -> Vec<Spanned<String>> {
        let mut found = Vec::new();
        for entry in entries {
            let Some(path) = self.path(std::borrow::Borrow::borrow(&entry)) else { continue };
            if let Some(why) = read_differently(&path.value) {
                self.diagnostics.push(
                    Diagnostic::error(
                        "path-read-differently",
                        path.span,
                        format!("vendors do not read `{}` alike", path.value.escape_debug()),
                    )
                    .label(why)
                    .help("name the files that are meant by plain names and `*`, `**`, `?`, `[abc]`, `{a,b}`"),
                );
                continue;
            }
            if !path.value.contains(['{', '}']) {
                found.push(path);
                continue;
            }
            match Glob::parse(&path.value) {
                Ok(glob) => {
                    let each = glob.expand_braces();
                    found.extend(each.iter().map(|g| Spanned::new(g.text().to_owned(), path.span)));
                }
                Err(e) => self
                    .diagnostics
                    .push(Diagnostic::error("bad-glob", path.span, e.message).label("in this pattern").help(e.help)),
            }
        }
        found
    }

    fn raws(&mut self, node: &Node<'a>) -> Vec<Raw> {
        let nodes: Vec<&Node<'a>> = node.children().iter().filter(|c| c.name() == "raw").collect();
        nodes
            .into_iter()
            .filter_map(|raw| {
                let word = name_of(raw)?;
                let target = Spanned::new(self.target_word(&word)?, word.span);
                let keys =
                    raw.children().iter().map(|c| (Spanned::new(c.name().to_owned(), c.name.span), raw_value(c))).collect();
                Some(Raw { target, keys })
            })
            .collect()
    }
}

/// What action bodies are expanded with.
type Arguments = BTreeMap<String, Text>;

/// An error where a value is missing that only the whole node can show.
fn missing(node: Span, what: &str, example: &str) -> Diagnostic {
    Diagnostic::error("missing-node", node, format!("{what} is missing")).label("here").help(format!("add {example}"))
}

/// The job of a declaration's position.
fn job_id(index: usize) -> JobId {
    JobId(index as u32)
}

/// Why a pattern of files would mean one thing to one vendor and another to the next: GitHub's glob package takes out what `!` names, reads
/// a line with `#` as a comment and trims it (README of @actions/glob); GitLab expands variables (docs of `artifacts:paths`).
fn read_differently(path: &str) -> Option<&'static str> {
    if path.starts_with('!') {
        Some("`!` takes files out on GitHub, and is a letter on GitLab")
    } else if path.starts_with('#') {
        Some("`#` begins a comment on GitHub")
    } else if path.contains('$') {
        Some("GitLab expands variables here, GitHub does not")
    } else if path.contains('\\') {
        Some("a backslash divides folders on Windows only")
    } else if path.trim() != path {
        Some("GitHub cuts the spaces off")
    } else {
        None
    }
}
