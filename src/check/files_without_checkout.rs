//! `checkout none`, and a step that needs the repository's files.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::step::{Step, StepKind};

/// Programs that read files of the repository whatever they are told, with the first word that makes them; empty for any.
const READERS: &[(&str, &[&str])] = &[
    ("make", &[]),
    ("npm", &["ci", "install", "run", "test"]),
    ("yarn", &[]),
    ("pnpm", &[]),
    ("cargo", &["build", "test", "run", "clippy", "fmt"]),
    ("go", &["build", "test", "vet"]),
    ("mvn", &[]),
    ("gradle", &[]),
    ("pytest", &[]),
    ("bundle", &[]),
];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let has = job.steps.iter().any(|s| matches!(s.kind, StepKind::Checkout(_) | StepKind::Action(_) | StepKind::Uses { .. }));
        // Files of an artifact lie at the same paths, and somebody else's step may fetch what it wants.
        if has || !job.consumes.is_empty() {
            continue;
        }
        for step in script::steps(job) {
            match needs_files(step) {
                Files::Fetched => break,
                Files::Needed(span, what) => {
                    diagnostics.push(
                        Diagnostic::error(
                            "files-without-checkout",
                            span,
                            format!("{what} needs the repository, and `{}` has none", job.name.value),
                        )
                        .label("the directory is empty")
                        .help("remove `checkout none`, or consume an artifact that holds the files"),
                    );
                    break;
                }
                Files::Unneeded => {}
            }
        }
    }
}

enum Files {
    Needed(Span, String),
    Unneeded,
    Fetched,
}

fn needs_files(step: &Step) -> Files {
    if matches!(step.kind, StepKind::App(_)) {
        return Files::Needed(step.span, "the chart of the app".to_owned());
    }
    if let StepKind::DockerBuild(build) = &step.kind {
        return Files::Needed(step.span, format!("the build context `{}`", build.context.value));
    }
    for text in script::lines(step) {
        for command in script::commands(&script::marked(text)) {
            let words: Vec<&str> = script::program(&command).iter().map(String::as_str).collect();
            match words.as_slice() {
                ["git", "clone" | "init" | "fetch", ..] | ["curl" | "wget" | "tar" | "unzip" | "aws" | "gsutil", ..] => {
                    return Files::Fetched;
                }
                [program, ..] if program.starts_with("./") || program.starts_with("scripts/") => {
                    return Files::Needed(text.span, format!("`{program}`"));
                }
                ["bash" | "sh" | "python" | "python3" | "node", file, ..]
                    if !file.starts_with(['-', '/', '$']) && file.contains('.') =>
                {
                    return Files::Needed(text.span, format!("`{file}`"));
                }
                [program, rest @ ..] => {
                    let first = rest.first().copied().unwrap_or_default();
                    let reader = READERS.iter().find(|(p, _)| p == program);
                    if reader.is_some_and(|(_, words)| (words.is_empty() && first != "--version") || words.contains(&first)) {
                        return Files::Needed(text.span, format!("`{program}`"));
                    }
                }
                [] => {}
            }
        }
    }
    Files::Unneeded
}
