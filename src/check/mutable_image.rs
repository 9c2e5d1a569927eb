//! An image whose content may change between two runs.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::environment::Tier;
use crate::ir::job::{Job, Purpose};
use crate::ir::text::Text;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        job.image.iter().chain(job.services.iter().map(|s| &s.image)).for_each(|t| used(t, diagnostics));
        let deploys = job.environment.as_ref().filter(|u| u.purpose == Purpose::Deploy);
        if deploys.is_some_and(|u| pipeline.environment(u.environment).tier == Tier::Production) {
            shipped(job, diagnostics);
        }
    }
}

fn used(image: &Text, diagnostics: &mut Diagnostics) {
    let reference = script::marked(image);
    if reference.contains('@') {
        return;
    }
    let name = reference.rsplit('/').next().unwrap_or_default();
    let label = match name.split_once(':') {
        Some((_, "latest")) => "`latest` moves",
        // A name made of a context may hold its tag.
        None if !name.contains(script::is_mark) => "no tag means `latest`, which moves",
        _ => return,
    };
    diagnostics.push(
        Diagnostic::warning("mutable-image", image.span, "two runs of one commit may use two different images")
            .label(label)
            .help("name a version, such as \"node:20-alpine\", or a digest"),
    );
}

fn shipped(job: &Job, diagnostics: &mut Diagnostics) {
    for line in script::of_job(job) {
        let words = script::commands(&script::marked(line.text));
        let is_latest = |w: &String| w.ends_with(":latest") || w.ends_with("tag=latest");
        if words.iter().any(|c| c.first().is_none_or(|p| p != "echo") && c.iter().any(is_latest)) {
            diagnostics.push(
                Diagnostic::error(
                    "latest-in-production",
                    line.text.span,
                    format!("`{}` ships `latest` to production: nobody can say which build that is", job.name.value),
                )
                .label("moves with every build")
                .help("ship what this run built: ${image.NAME}, or the tag ${commit.sha}"),
            );
        }
    }
}
