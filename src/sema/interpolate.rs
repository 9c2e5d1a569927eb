//! `${context.name}` in text, and the contexts of conditions.
//!
//! Every context has a dot, which no shell variable can have, so nothing of a script is captured by accident.

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::base::span::{Span, Spanned};
use crate::ir::id::{EnvironmentId, GateId, ImageId, RegistryId, ValueId, WorkflowId};
use crate::ir::text::{
    CommitField, Context, EnvironmentField, GateField, Part, PrField, RepositoryField, RunField, ServiceField, Text,
};
use crate::sema::declare::{JobDecl, Scope};
use crate::sema::names::unknown;
use crate::syntax::string::{value_range_to_span, whitespace_escapes};
use crate::syntax::tree::{Entry, Value};

/// First words of contexts, in the order of the language page.
const ROOTS: &[&str] = &[
    "commit",
    "run",
    "pr",
    "repository",
    "job",
    "input",
    "matrix",
    "secret",
    "var",
    "const",
    "env",
    "registry",
    "image",
    "service",
    "environment",
    "needs",
    "value",
    "docker",
    "gate",
    "param",
    "each",
];

/// Where a text stands: what its contexts may name.
#[derive(Clone, Copy, Default)]
pub struct Place<'p, 'n, 'a> {
    /// The workflow around it.
    pub workflow: Option<WorkflowId>,
    /// The job around it.
    pub job: Option<&'p JobDecl<'n, 'a>>,
    /// The environment of the job, or around it.
    pub environment: Option<EnvironmentId>,
    /// In a gate that stands at the top, which gets the environment of each job it guards.
    pub is_gate: bool,
    /// Inside the body of a portable action: its arguments.
    pub arguments: Option<&'p BTreeMap<String, Text>>,
}

/// Resolves texts and contexts against what is declared.
pub struct Interpolator<'s, 'n, 'a> {
    /// What is declared.
    pub scope: &'s Scope<'n, 'a>,
}

/// A context, or the argument of an action that stands for it.
pub enum Resolved {
    /// A value of the run.
    Context(Context),
    /// Text put in its place.
    Text(Text),
}

impl<'n, 'a> Interpolator<'_, 'n, 'a> {
    /// The text of an entry: a string with contexts, `(secret)NAME`, `(var)NAME`, or a number or boolean as written.
    pub fn entry(&self, entry: &Entry<'_>, place: &Place<'_, 'n, 'a>, diagnostics: &mut Diagnostics) -> Text {
        let span = entry.value_span;
        let reference = entry.ty.as_ref().map(|t| &*t.text);
        match (&entry.value, reference) {
            (Value::String(name, _), Some("secret")) => {
                self.scope.secrets.find(name, span, diagnostics);
                single(Context::Secret(name.to_string()), span)
            }
            (Value::String(name, _), Some("var")) => {
                self.scope.variables.find(name, span, diagnostics);
                single(Context::Variable(name.to_string()), span)
            }
            (Value::String(text, _), _) => {
                let source = &self.scope.sources.0.file(span.source).text;
                self.string(text, span, &|from, to| value_range_to_span(entry, source, from, to), place, diagnostics)
            }
            (Value::Number(text), _) => Text::literal(text.to_string(), span),
            (Value::Bool(value), _) => Text::literal(value.to_string(), span),
            (Value::Null, _) => Text::literal("", span),
        }
    }

    /// The text of a script or query, in which KDL must not have eaten a backslash.
    pub fn script(&self, entry: &Entry<'_>, place: &Place<'_, 'n, 'a>, diagnostics: &mut Diagnostics) -> Text {
        for span in whitespace_escapes(entry, &self.scope.sources.0.file(entry.value_span.source).text) {
            diagnostics.push(
                Diagnostic::error(
                    "backslash-eaten",
                    span,
                    "KDL removes a backslash before white space, and the white space with it",
                )
                .label("these characters never reach the script")
                .help("write the text as a raw string: #\"…\"# or #\"\"\" … \"\"\"#"),
            );
        }
        self.entry(entry, place, diagnostics)
    }

    fn string(
        &self,
        text: &str,
        span: Span,
        at: &dyn Fn(usize, usize) -> Span,
        place: &Place<'_, 'n, 'a>,
        diagnostics: &mut Diagnostics,
    ) -> Text {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = 0;
        while let Some(open) = text[rest..].find("${").map(|i| rest + i) {
            literal.push_str(&text[rest..open]);
            let close = text[open..].find('}').map(|i| open + i);
            let name = close.map(|c| &text[open + 2..c]).filter(|n| is_dotted(n));
            let (Some(close), Some(name)) = (close, name) else {
                literal.push_str("${");
                rest = open + 2;
                continue;
            };
            let here = at(open, close + 1);
            match self.context(name, here, place, diagnostics) {
                Some(Resolved::Context(context)) => {
                    flush(&mut literal, &mut parts);
                    parts.push(Part::Context(Spanned::new(context, here)));
                }
                Some(Resolved::Text(inner)) => {
                    for part in inner.parts {
                        match part {
                            Part::Literal(l) => literal.push_str(&l),
                            Part::Context(c) => {
                                flush(&mut literal, &mut parts);
                                parts.push(Part::Context(c));
                            }
                        }
                    }
                }
                None => literal.push_str(&text[open..=close]),
            }
            rest = close + 1;
        }
        literal.push_str(&text[rest..]);
        flush(&mut literal, &mut parts);
        Text { parts, span }
    }

    /// The context of a dotted name; what is wrong with it has been said where it is `None`.
    pub fn context(&self, name: &str, span: Span, place: &Place<'_, 'n, 'a>, diagnostics: &mut Diagnostics) -> Option<Resolved> {
        let (root, rest) = name.split_once('.')?;
        if let ("input", Some(arguments)) = (root, place.arguments) {
            let found = arguments.get(rest).cloned();
            if found.is_none() {
                diagnostics.push(unknown("input of this action", rest, span, arguments.keys().map(String::as_str)));
            }
            return found.map(Resolved::Text);
        }
        self.of_run(root, rest, name, span, place, diagnostics).map(Resolved::Context)
    }

    fn of_run(
        &self,
        root: &str,
        rest: &str,
        name: &str,
        span: Span,
        place: &Place<'_, 'n, 'a>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Context> {
        let scope = self.scope;
        match root {
            "commit" => field(CommitField::ALL, root, rest, span, diagnostics).map(Context::Commit),
            "run" => field(RunField::ALL, root, rest, span, diagnostics).map(Context::Run),
            "pr" => field(PrField::ALL, root, rest, span, diagnostics).map(Context::Pr),
            "repository" => field(RepositoryField::ALL, root, rest, span, diagnostics).map(Context::Repository),
            "docker" => field(&[("host", ())], root, rest, span, diagnostics).map(|()| Context::DockerHost),
            "job" => self.job_context(rest, span, place, diagnostics),
            "needs" => {
                let job = rest.strip_suffix(".result").unwrap_or(rest);
                let id = scope.find_job(job, span, place.workflow, diagnostics)?;
                if job == rest {
                    diagnostics.push(unknown_field("needs.<job>", rest, span, ["result"].iter().copied()));
                    return None;
                }
                Some(Context::NeedsResult(id))
            }
            "input" => {
                let mut known: Vec<&str> = match place.workflow {
                    Some(w) => scope.inputs[w.index()].keys().map(String::as_str).collect(),
                    None => scope.inputs.iter().flat_map(|i| i.keys()).map(String::as_str).collect(),
                };
                known.sort_unstable();
                known.dedup();
                found(known.contains(&rest), "input", rest, span, known.iter().copied(), diagnostics)
                    .then(|| Context::Input(rest.to_owned()))
            }
            "matrix" => {
                let known = place.job.map(|j| j.axes.as_slice()).unwrap_or_default();
                found(known.iter().any(|k| k == rest), "matrix axis", rest, span, known.iter().map(String::as_str), diagnostics)
                    .then(|| Context::Matrix(rest.to_owned()))
            }
            "secret" => scope.secrets.find(rest, span, diagnostics).map(|_| Context::Secret(rest.to_owned())),
            "var" => scope.variables.find(rest, span, diagnostics).map(|_| Context::Variable(rest.to_owned())),
            "env" => Some(Context::Env(rest.to_owned())),
            "registry" => scope.registries.find(rest, span, diagnostics).map(|i| Context::Registry(RegistryId(i as u32))),
            "image" => scope.images.find(rest, span, diagnostics).map(|i| Context::Image(ImageId(i as u32))),
            "value" => scope.values.find(rest, span, diagnostics).map(|i| Context::Value(ValueId(i as u32))),
            "service" => {
                let (service, half) = rest.split_once('.').unwrap_or((rest, ""));
                let known = place.job.map(|j| j.services.as_slice()).unwrap_or_default();
                let declared = known.iter().any(|(k, _)| k == service);
                if !found(declared, "service of this job", service, span, known.iter().map(|(k, _)| k.as_str()), diagnostics) {
                    return None;
                }
                let half = field(ServiceField::ALL, "service.<name>", half, span, diagnostics)?;
                if half == ServiceField::Port && known.iter().any(|(k, has_port)| k == service && !has_port) {
                    diagnostics.push(
                        Diagnostic::error(
                            "service-without-port",
                            span,
                            format!("service `{service}` does not say on which port it listens"),
                        )
                        .label("no port to put here")
                        .help(format!("write it where the service is declared: service {service} image=… port=5432")),
                    );
                    return None;
                }
                Some(Context::Service { service: service.to_owned(), field: half })
            }
            "environment" => {
                let property = field(EnvironmentField::ALL, root, rest, span, diagnostics)?;
                if place.environment.is_none() && !place.is_gate {
                    diagnostics.push(
                        Diagnostic::error(
                            "context-undefined",
                            span,
                            format!("`{name}` has no value here: nothing names an environment"),
                        )
                        .label("no environment here")
                        .help("use it in a deploy, or give the job an `environment`"),
                    );
                    return None;
                }
                Some(Context::Environment { environment: place.environment, field: property })
            }
            "gate" => {
                let (gate, figure) = rest.split_once('.').unwrap_or((rest, ""));
                let id = scope.gate_names.find(gate, span, diagnostics)?;
                let figure = field(GateField::ALL, "gate.<name>", figure, span, diagnostics)?;
                Some(Context::Gate { gate: GateId(id as u32), field: figure })
            }
            _ => {
                let near = did_you_mean(root, ROOTS.iter().copied());
                let help = near.map_or_else(
                    || format!("contexts begin with one of {}; a shell variable has no dot", ROOTS.join(", ")),
                    |n| format!("did you mean `{n}.{rest}`?"),
                );
                diagnostics.push(
                    Diagnostic::warning("unknown-context", span, format!("`{name}` is no context; the text stays as it is"))
                        .label("left alone")
                        .help(help),
                );
                None
            }
        }
    }

    fn job_context(&self, rest: &str, span: Span, place: &Place<'_, 'n, 'a>, diagnostics: &mut Diagnostics) -> Option<Context> {
        match rest.rsplit_once('.') {
            None if rest == "name" => Some(Context::JobName),
            None if rest == "status" => Some(Context::JobStatus),
            None => {
                diagnostics.push(unknown_field("job", rest, span, ["name", "status"].iter().copied()));
                None
            }
            Some((job, output)) => {
                let id = self.scope.find_job(job, span, place.workflow, diagnostics)?;
                let declared = &self.scope.jobs[id.index()].outputs;
                let known = declared.iter().map(|o| o.value.as_str());
                found(declared.iter().any(|o| o.value == output), "output of this job", output, span, known, diagnostics)
                    .then(|| Context::Output { job: id, output: output.to_owned() })
            }
        }
    }
}

/// Whether a text between `${` and `}` is a context: words with dots between them.
fn is_dotted(name: &str) -> bool {
    name.contains('.')
        && name
            .split('.')
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
        && name.starts_with(|c: char| c.is_ascii_lowercase())
}

fn flush(literal: &mut String, parts: &mut Vec<Part>) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal)));
    }
}

fn single(context: Context, span: Span) -> Text {
    Text { parts: vec![Part::Context(Spanned::new(context, span))], span }
}

fn found<'k>(
    is_known: bool,
    kind: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'k str> + Clone,
    diagnostics: &mut Diagnostics,
) -> bool {
    if !is_known {
        diagnostics.push(unknown(kind, name, span, known));
    }
    is_known
}

fn field<T: Copy>(all: &[(&'static str, T)], root: &str, word: &str, span: Span, diagnostics: &mut Diagnostics) -> Option<T> {
    let found = all.iter().find(|(w, _)| *w == word).map(|(_, f)| *f);
    if found.is_none() {
        diagnostics.push(unknown_field(root, word, span, all.iter().map(|(w, _)| *w)));
    }
    found
}

fn unknown_field<'k>(root: &str, word: &str, span: Span, known: impl Iterator<Item = &'k str> + Clone) -> Diagnostic {
    let list: Vec<String> = known.clone().map(|k| format!("{root}.{k}")).collect();
    let help = did_you_mean(word, known)
        .map_or_else(|| format!("there are {}", list.join(", ")), |n| format!("did you mean `{root}.{n}`?"));
    Diagnostic::error("unknown-name", span, format!("`{root}` has no `{word}`")).label("not known").help(help)
}
