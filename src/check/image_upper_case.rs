//! An image name with a capital letter: registries refuse it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::text::{Context, RepositoryField, Text};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        for text in job.image.iter().chain(job.services.iter().map(|s| &s.image)) {
            look(text, &script::marked(text), diagnostics);
        }
    }
    for line in script::all(pipeline) {
        for command in script::commands(&script::marked(line.text)) {
            let words = script::program(&command);
            let tagged = words.windows(2).filter(|w| matches!(w[0].as_str(), "-t" | "--tag")).map(|w| &w[1]);
            match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["docker" | "podman", "build", ..] | ["docker", "buildx", "build", ..] => {
                    tagged.for_each(|w| look(line.text, w, diagnostics));
                }
                ["docker" | "podman", "push" | "pull" | "tag", rest @ ..] => {
                    rest.iter().filter(|w| !w.starts_with('-')).for_each(|w| look(line.text, w, diagnostics));
                }
                _ => {}
            }
        }
    }
}

/// Looks at one reference: host, repository, tag; only the tag may have capitals.
fn look(text: &Text, reference: &str, diagnostics: &mut Diagnostics) {
    let repository = reference.split('@').next().unwrap_or_default();
    let repository = match repository.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => repository,
    };
    // A shell variable keeps its secret.
    if repository.contains('$') {
        return;
    }
    let owner =
        |c: char| matches!(script::context(text, c), Some(Context::Repository(RepositoryField::Name | RepositoryField::Owner)));
    if repository.chars().any(|c| c.is_ascii_uppercase()) {
        let shown: String = repository.chars().map(|c| if script::is_mark(c) { '…' } else { c }).collect();
        let message = format!("the image name `{shown}` has a capital letter; registries take lower case only");
        let lower = shown.to_lowercase();
        diagnostics.push(
            Diagnostic::error("image-upper-case", text.span, message)
                .label("must be lower case")
                .help(format!("write `{lower}`")),
        );
    } else if repository.chars().any(owner) {
        let message = "the repository's name may have capital letters, and an image name must not";
        diagnostics.push(
            Diagnostic::warning("image-name-of-repository", text.span, message).label("lower case is not certain").help(
                "declare the address once, in lower case: registry ghcr \"ghcr.io/example/app\", and write ${registry.ghcr}",
            ),
        );
    }
}
