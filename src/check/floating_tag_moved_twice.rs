//! An image tag of fixed text that several branches push: whoever pulls it gets the branch that was last.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, Event, EventKind};
use crate::ir::expr::Truth;
use crate::ir::id::ImageId;
use crate::ir::job::Job;
use crate::ir::step::StepKind;
use crate::sema::image::pushed;
use crate::sema::presence::{holds, present};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let mut movers: BTreeMap<(ImageId, &str), (Span, BTreeSet<String>)> = BTreeMap::new();
    for job in &pipeline.jobs {
        let builds = job.steps.iter().filter_map(|s| match &s.kind {
            StepKind::DockerBuild(build) if build.tags.iter().any(|t| t.tag.as_literal().is_some()) => Some((s, build)),
            _ => None,
        });
        for (step, build) in builds {
            for event in pushes(pipeline, job) {
                if present(pipeline, job, &event) == Truth::No || pushed(pipeline, job, step, &event) == Truth::No {
                    continue;
                }
                for tag in &build.tags {
                    let Some(text) = tag.tag.as_literal() else { continue };
                    let tagged = tag.condition.as_ref().map_or(Truth::Yes, |c| holds(pipeline, Some(job.workflow), &event, c));
                    if tagged != Truth::No {
                        let entry = movers.entry((build.image, text)).or_insert((tag.tag.span, BTreeSet::new()));
                        entry.1.extend(event.branch.clone());
                    }
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

/// The pushes that start a job, with every branch that its workflow names: one witness stands for all branches that the spec does not tell apart.
fn pushes(pipeline: &Pipeline, job: &Job) -> Vec<Event> {
    let mut named: Vec<String> = Vec::new();
    for clause in &pipeline.workflow(job.workflow).on.clauses {
        let ClauseKind::Push { branches, .. } = &clause.kind else { continue };
        for glob in &branches.include {
            let sample = glob.value.sample();
            // A pattern stands for more than one name.
            let other = format!("{sample}2");
            named.extend(glob.value.matches(&other).then_some(other));
            named.push(sample);
        }
    }
    let mut found = Vec::new();
    for event in job.possible.iter().map(|i| &pipeline.events[i]).filter(|e| e.kind == EventKind::Push) {
        found.push(event.clone());
        found.extend(named.iter().map(|branch| Event { branch: Some(branch.clone()), ..event.clone() }));
    }
    found
}
