//! An image tag of fixed text that several branches push: whoever pulls it gets the branch that was last.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::event::EventKind;
use crate::ir::expr::Truth;
use crate::ir::id::ImageId;
use crate::ir::step::StepKind;
use crate::sema::image::pushed;
use crate::sema::presence::holds;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let mut movers: BTreeMap<(ImageId, &str), (Span, BTreeSet<&str>)> = BTreeMap::new();
    for job in &pipeline.jobs {
        for step in &job.steps {
            let StepKind::DockerBuild(build) = &step.kind else { continue };
            for tag in &build.tags {
                let Some(text) = tag.tag.as_literal() else { continue };
                for i in job.possible.iter() {
                    let event = &pipeline.events[i];
                    let tagged = tag.condition.as_ref().map_or(Truth::Yes, |c| holds(pipeline, Some(job.workflow), event, c));
                    if event.kind != EventKind::Push || tagged == Truth::No || pushed(pipeline, job, step, event) == Truth::No {
                        continue;
                    }
                    let entry = movers.entry((build.image, text)).or_insert((tag.tag.span, BTreeSet::new()));
                    entry.1.extend(event.branch.as_deref());
                }
            }
        }
    }
    for ((image, tag), (span, branches)) in movers {
        if branches.len() > 1 {
            let shown: Vec<String> = branches.iter().take(3).map(|b| format!("`{b}`")).collect();
            diagnostics.push(
                Diagnostic::warning(
                    "floating-tag-moved-twice",
                    span,
                    format!(
                        "tag `{tag}` of image `{}` is moved by {}",
                        pipeline.images[image.index()].name.value,
                        shown.join(" and ")
                    ),
                )
                .label("several branches push this tag")
                .help(format!(
                    "push it from one branch (tag {tag} if=\"commit.branch == '{}'\"), or put the branch into the tag",
                    pipeline.default_branch.value
                )),
            );
        }
    }
}
