//! `${{ … }}` or `$[[ … ]]` in a script or variable: one vendor's own syntax, and the door of script injection.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::id::TargetId;
use crate::ir::step::{Step, StepKind};
use crate::ir::text::{Context, Part, Text};
use crate::ir::walk::{self, Item};

/// What an outsider writes: whoever opens a pull request, names a branch or files an issue (GitHub's list of untrusted contexts).
const UNTRUSTED: &[&str] = &[
    "head_ref",
    ".title",
    ".body",
    ".message",
    ".author.",
    ".email",
    ".label",
    ".default_branch",
    "page_name",
    "inputs.",
    ".head.ref",
    "comment",
];

/// Last words of fields that GitHub fills in itself, whoever writes the rest.
const CHOSEN: &[&str] = &["author_association", "created_at", "id", "node_id", "number", "updated_at"];

/// Inputs of actions that are programs: `actions/github-script`, and those that run what they are given.
const PROGRAMS: &[&str] = &["script", "run", "command", "commands", "cmd", "inlineScript", "inline-script", "args"];

/// What stands in a spec for an expression of a vendor.
const NEUTRAL: &[(&str, &str)] = &[
    ("pull_request.title", "pr.title"),
    ("head_ref", "pr.source"),
    ("base_ref", "pr.target"),
    ("pull_request.number", "pr.number"),
    ("pull_request.head.sha", "commit.head-sha"),
    ("head_commit.message", "commit.message"),
    ("github.sha", "commit.sha"),
    ("github.ref_name", "commit.ref"),
    ("github.actor", "run.actor"),
    ("github.run_id", "run.id"),
    ("github.run_number", "run.number"),
    ("github.repository_owner", "repository.owner"),
    ("github.repository", "repository.name"),
    ("github.event_name", "run.event"),
    ("github.token", "run.token"),
    ("secrets.GITHUB_TOKEN", "run.token"),
    ("secrets.", "secret.NAME"),
    ("vars.", "var.NAME"),
    ("matrix.", "matrix.AXIS"),
    ("inputs.", "input.NAME"),
    ("env.", "env.NAME"),
    ("needs.", "job.JOB.OUTPUT"),
    ("runner.", "env.NAME"),
];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<TargetId> = pipeline.targets.iter().map(|t| t.id).collect();
    for job in &pipeline.jobs {
        walk::items(job, &[], &mut |item| of_item(item, diagnostics));
        walk::every_step(job).for_each(|step| bodies(pipeline, step, &targets, diagnostics));
    }
    let workflows = pipeline.workflows.iter().flat_map(|w| &w.env);
    let environments = pipeline.environments.iter().flat_map(|e| &e.env);
    workflows.chain(environments).for_each(|v| look(&v.value, diagnostics));
    for line in script::all(pipeline).filter(|l| l.job.is_none()) {
        look(line.text, diagnostics);
    }
}

/// The bodies of a portable action. GitHub reads the inputs of its own actions, so its expressions may stand there; not in an input that is a
/// program, where an outsider would write part of it.
fn bodies(pipeline: &Pipeline, step: &Step, targets: &[TargetId], diagnostics: &mut Diagnostics) {
    let StepKind::Action(call) = &step.kind else { return };
    for inner in call.bodies_of(targets).into_iter().flat_map(|b| &b.steps) {
        if let StepKind::Uses { with, .. } = &inner.kind {
            inner.env.iter().for_each(|v| look(&v.value, diagnostics));
            for (_, text) in with.iter().filter(|(name, _)| PROGRAMS.contains(&name.value.as_str())) {
                let told = expressions(text).filter(|(.., inner)| is_untrusted(inner));
                told.for_each(|(open, close, inner)| diagnostics.push(finding(text, open, close, inner)));
                let own = text.contexts().filter_map(|c| match &c.value {
                    Context::Value(id) => pipeline.values[id.index()].github.as_ref(),
                    _ => None,
                });
                let told = own.filter(|own| is_untrusted(&own.value));
                told.for_each(|own| diagnostics.push(finding(text, "${{", "}}", own.value.trim())));
            }
        } else {
            walk::step(inner, &[], &mut |item| of_item(item, diagnostics));
            bodies(pipeline, inner, targets, diagnostics);
        }
    }
}

fn of_item(item: Item<'_>, diagnostics: &mut Diagnostics) {
    if let Item::Text(text) | Item::Script(text) = item {
        look(text, diagnostics);
    }
}

fn look(text: &Text, diagnostics: &mut Diagnostics) {
    expressions(text).for_each(|(open, close, inner)| diagnostics.push(finding(text, open, close, inner)));
}

/// The expressions of a text: their brackets, and what stands between them.
fn expressions(text: &Text) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
    let literals = text.parts.iter().filter_map(|p| if let Part::Literal(literal) = p { Some(literal.as_str()) } else { None });
    literals.flat_map(|literal| {
        [("${{", "}}"), ("$[[", "]]")].into_iter().flat_map(move |(open, close)| {
            let inner = move |at: usize| literal[at + open.len()..].split(close).next().unwrap_or_default().trim();
            literal.match_indices(open).map(move |(at, _)| (open, close, inner(at)))
        })
    })
}

/// Whether an expression is text that an outsider writes.
pub(super) fn is_untrusted(inner: &str) -> bool {
    let is_path = inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if is_path && inner.rsplit('.').next().is_some_and(|last| CHOSEN.contains(&last)) {
        return false;
    }
    UNTRUSTED.iter().any(|u| inner.contains(u)) && !inner.starts_with("secrets.")
}

fn finding(text: &Text, open: &str, close: &str, inner: &str) -> Diagnostic {
    let shown = format!("{open} {inner} {close}");
    let neutral = NEUTRAL.iter().find(|(theirs, _)| inner.contains(theirs)).map(|(_, ours)| *ours);
    let help = neutral.map_or_else(
        || "use a context of the spec such as ${commit.sha}; for a value of one vendor alone, write a portable action whose body reads that vendor's variable".to_owned(),
        |ours| format!("write ${{{ours}}}: it means the same on every vendor, and reaches a script through a variable"),
    );
    if is_untrusted(inner) {
        let message = format!("`{shown}` puts text of an outsider into the script itself: whoever writes it runs commands here");
        return Diagnostic::error("script-injection", text.span, message).label("spliced into the script").help(help);
    }
    let vendor = if open == "$[[" { "GitLab" } else { "GitHub" };
    let message = format!("`{shown}` is {vendor}'s own; no other vendor knows it");
    Diagnostic::error("vendor-expression-in-script", text.span, message).label("one vendor's syntax").help(help)
}
