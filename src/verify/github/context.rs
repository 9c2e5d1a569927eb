//! What GitHub calls what the spec names (GitHub's documentation, "Contexts" and "Variables").

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::ir::text::{CommitField, Context, GateField, PrField, RepositoryField, RunField, ServiceField};
use crate::verify::behaviour::Bit;
use crate::verify::github::Github;
use crate::verify::github::expr::value::Value;
use crate::verify::github::expr::{Expr, parse};

/// The variables that every script has, with the expression of the same value.
const VARIABLES: &[(&str, &str)] = &[
    ("GITHUB_ACTOR", "github.actor"),
    ("GITHUB_BASE_REF", "github.base_ref"),
    ("GITHUB_EVENT_NAME", "github.event_name"),
    ("GITHUB_HEAD_REF", "github.head_ref"),
    ("GITHUB_REF_NAME", "github.ref_name"),
    ("GITHUB_REPOSITORY", "github.repository"),
    ("GITHUB_REPOSITORY_OWNER", "github.repository_owner"),
    ("GITHUB_RUN_ATTEMPT", "github.run_attempt"),
    ("GITHUB_RUN_ID", "github.run_id"),
    ("GITHUB_RUN_NUMBER", "github.run_number"),
    ("GITHUB_SERVER_URL", "github.server_url"),
    ("GITHUB_SHA", "github.sha"),
];

/// The contexts of GitHub (its documentation, "Contexts").
const CONTEXTS: &[&str] =
    &["env", "github", "inputs", "job", "matrix", "needs", "runner", "secrets", "steps", "strategy", "vars"];

/// An expression, with or without `${{ }}` around it.
pub(super) fn expression(text: &str, line: usize) -> Result<Expr, String> {
    let text = text.trim();
    let inner = text.strip_prefix("${{").and_then(|t| t.strip_suffix("}}")).unwrap_or(text);
    parse(inner, &|name| CONTEXTS.iter().any(|c| c.eq_ignore_ascii_case(name))).map_err(|e| format!("line {line}: {e}"))
}

/// A condition in which expressions that the spec gives in GitHub's own words stand as variables that nobody knows: what they come to is not looked at.
pub(super) fn masked(pipeline: &Pipeline, text: &str) -> String {
    let mut text = text.to_owned();
    for value in &pipeline.values {
        let Some(own) = &value.github else { continue };
        let (own, name) = (own.value.trim(), format!("vars.VALUE_{}", value.name.value));
        text = text.replace(&format!("format('{{0}}', {own})"), &name);
        // These are text as they are; others would be found in what the spec says itself.
        if own.starts_with("steps.") || own.starts_with("needs.") {
            text = replaced(&text, own, &name);
        }
    }
    text
}

/// A text with a path put in other words where it stands whole.
fn replaced(text: &str, path: &str, with: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(path) {
        let end = at + path.len();
        let whole = !rest[..at].ends_with(part) && !rest[end..].starts_with(part);
        out.push_str(&rest[..at]);
        out.push_str(if whole { with } else { path });
        rest = &rest[end..];
    }
    out + rest
}

/// The paths that an expression reads: `github.event.number`, `needs.build.outputs.x`.
pub(super) fn paths(expr: &Expr) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(expr, &mut found);
    found
}

fn collect(expr: &Expr, found: &mut BTreeSet<String>) {
    if let Some(path) = path(expr) {
        found.insert(path);
        return;
    }
    match expr {
        Expr::Literal(_) | Expr::Context(_) => {}
        Expr::Star(a) | Expr::Not(a) => collect(a, found),
        Expr::Index(a, b) | Expr::And(a, b) | Expr::Or(a, b) | Expr::Compare(_, a, b) => {
            collect(a, found);
            collect(b, found);
        }
        Expr::Call(_, arguments) => arguments.iter().for_each(|a| collect(a, found)),
    }
}

fn path(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Context(name) => Some(name.to_lowercase()),
        Expr::Index(base, key) => {
            let Expr::Literal(Value::String(key)) = key.as_ref() else { return None };
            Some(format!("{}.{key}", path(base)?))
        }
        _ => None,
    }
}

/// Whether a symbol is what the spec calls so.
pub(super) fn means(github: &Github<'_>, at: usize, symbol: &str, context: &Context) -> bool {
    if symbol == "GITHUB_SHA::7" {
        return *context == Context::Commit(CommitField::Short);
    }
    if let Context::Value(id) = context
        && let Some(own) = &github.pipeline.values[id.index()].github
    {
        return symbol.trim() == own.value.trim();
    }
    let known = VARIABLES.iter().find(|(name, _)| *name == symbol).map(|(_, path)| (*path).to_owned());
    let read = match known {
        Some(path) => [path].into(),
        None => match expression(symbol, 0) {
            Ok(expr) => paths(&expr),
            Err(_) => return false,
        },
    };
    let (own, more) = names(github, at, context);
    let is_own = |path: &String| own.iter().any(|o| same(o, path));
    read.iter().any(is_own) && read.iter().all(|path| is_own(path) || more.contains(&path.as_str()))
}

/// A path, whose `*` stands for one name.
fn same(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), path.split('.').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(a, b)| *a == "*" || a.eq_ignore_ascii_case(b))
}

/// The paths one of which says it, and those that may be read beside it.
fn names(github: &Github<'_>, at: usize, context: &Context) -> (Vec<String>, &'static [&'static str]) {
    let one = |path: &str| (vec![path.to_owned()], &[] as &[&str]);
    let pipeline = github.pipeline;
    let found = &github.found[at];
    let job = found.job.map(|id| pipeline.job(id));
    let id_of = |id| github.found.iter().find(|f| f.job == Some(id)).map_or("", |f| f.id.as_str());
    match context {
        Context::Commit(field) => match field {
            CommitField::Sha => one("github.sha"),
            CommitField::Short => one("steps.values.outputs.short"),
            CommitField::HeadSha => (vec!["github.event.pull_request.head.sha".to_owned(), "github.sha".to_owned()], &[]),
            CommitField::Message => one("github.event.head_commit.message"),
            CommitField::Author => one("github.event.head_commit.author.name"),
            CommitField::Branch | CommitField::Tag | CommitField::Ref => one("github.ref_name"),
        },
        Context::Run(field) => match field {
            RunField::Id => one("github.run_id"),
            RunField::Number => one("github.run_number"),
            RunField::Attempt => one("github.run_attempt"),
            RunField::Actor => one("github.actor"),
            RunField::Token => one("github.token"),
            RunField::Event => (vec!["github.event_name".to_owned(), "github.ref_type".to_owned()], &[]),
            RunField::Url => (Vec::new(), &[]),
        },
        Context::Pr(field) => one(match field {
            PrField::Number => "github.event.pull_request.number",
            PrField::Source => "github.head_ref",
            PrField::Target => "github.base_ref",
            PrField::Title => "github.event.pull_request.title",
        }),
        Context::Repository(field) => match field {
            RepositoryField::Name => one("github.repository"),
            RepositoryField::Owner => one("github.repository_owner"),
            RepositoryField::Url | RepositoryField::DefaultBranch => (Vec::new(), &[]),
        },
        Context::JobStatus => one("job.status"),
        Context::Output { job: giver, output } => {
            if found.job == Some(*giver) {
                one(&format!("steps.*.outputs.{output}"))
            } else {
                one(&format!("needs.{}.outputs.{output}", id_of(*giver)))
            }
        }
        Context::NeedsResult(giver) => one(&format!("needs.{}.result", id_of(*giver))),
        Context::Input(name) => (vec![format!("inputs.{name}")], &["github.event_name"]),
        Context::Matrix(axis) => one(&format!("matrix.{axis}")),
        Context::Secret(name) => {
            let environment = job.and_then(|j| j.environment.as_ref()).map(|e| pipeline.environment(e.environment));
            one(&format!("secrets.{}", environment.map_or(name.as_str(), |e| e.vendor_secret(name))))
        }
        Context::Variable(name) => one(&format!("vars.{name}")),
        Context::Env(name) => one(&format!("env.{name}")),
        Context::Image(image) => {
            let name = &pipeline.images[image.index()].name.value;
            (vec![format!("needs.*.outputs.{name}-image"), format!("steps.build-{name}.outputs.digest")], &[])
        }
        Context::Value(value) => one(&format!("steps.values.outputs.{}", pipeline.values[value.index()].name.value)),
        Context::Gate { gate, field } => {
            let name = &pipeline.gate(*gate).name.value;
            let figure = if *field == GateField::Value { "value" } else { "approver" };
            (vec![format!("steps.gate-{name}.outputs.{figure}"), format!("needs.*.outputs.{name}-{figure}")], &[])
        }
        Context::JobName | Context::Registry(_) | Context::Service { .. } | Context::Environment { .. } | Context::DockerHost => {
            (Vec::new(), &[])
        }
    }
}

/// What is put together from several, or fixed.
pub(super) fn spellings(github: &Github<'_>, at: usize, context: &Context) -> Vec<Vec<Bit>> {
    let text = |t: &str| Bit::Text(t.to_owned());
    let symbol = |t: &str| Bit::Symbol(t.to_owned());
    let found = &github.found[at];
    match context {
        Context::Run(RunField::Url) => {
            let of = |server: &str, repository: &str, run: &str| {
                vec![symbol(server), text("/"), symbol(repository), text("/actions/runs/"), symbol(run)]
            };
            vec![
                of("github.server_url", "github.repository", "github.run_id"),
                of("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"),
            ]
        }
        Context::Repository(RepositoryField::Url) => vec![
            vec![symbol("github.server_url"), text("/"), symbol("github.repository")],
            vec![symbol("GITHUB_SERVER_URL"), text("/"), symbol("GITHUB_REPOSITORY")],
        ],
        // Steps in a container reach services by their names, others by the ports of the machine ("About service containers").
        Context::Service { service, field } => match field {
            ServiceField::Host if found.image.is_some() => vec![vec![text(service)]],
            ServiceField::Host => vec![vec![text("localhost")]],
            ServiceField::Port => Vec::new(),
        },
        Context::DockerHost => vec![vec![text("localhost")]],
        _ => Vec::new(),
    }
}
