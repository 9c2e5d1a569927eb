//! Edges that the spec writes down: `needs`, `after`, `consumes`, outputs and results read. The implied ones are `sema::order`'s.

use crate::base::diag::Diagnostics;
use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::id::JobId;
use crate::ir::job::{Need, NeedKind, StageNeeds};
use crate::ir::text::Context;
use crate::ir::walk;
use crate::sema::declare::{Scope, spanned};
use crate::sema::lower::job_id;

/// Fills `needs` and `needs_stages` of every job.
pub(super) fn resolve(scope: &Scope<'_, '_>, pipeline: &mut Pipeline, diagnostics: &mut Diagnostics) {
    let targets: Vec<_> = pipeline.targets.iter().map(|t| t.id).collect();
    for index in 0..pipeline.jobs.len() {
        let id = job_id(index);
        let decl = &scope.jobs[index];
        let job = &pipeline.jobs[index];
        let workflow = pipeline.workflow(decl.workflow);
        let mut needs: Vec<Need> = Vec::new();
        let mut stages: Vec<Spanned<usize>> = Vec::new();
        let add = |needs: &mut Vec<Need>, job: JobId, kind: NeedKind, span: Span| needs.push(Need { job, kind, span });
        let words = |name: &'static str| {
            decl.node.children().iter().filter(move |c| c.name() == name).flat_map(|c| c.args()).filter_map(spanned)
        };
        let own: Vec<Spanned<String>> = words("needs").collect();
        for word in own.iter().filter(|w| w.value != "none") {
            match scope.stages[decl.workflow.index()].get(&word.value) {
                Some(stage) if scope.job_of(decl.workflow, &word.value).is_none() => stages.push(Spanned::new(stage, word.span)),
                _ => {
                    if let Some(job) = scope.find_job(&word.value, word.span, Some(decl.workflow), diagnostics) {
                        add(&mut needs, job, NeedKind::Strict, word.span);
                    }
                }
            }
        }
        if own.is_empty()
            && let Some(StageNeeds::Stages(named)) = decl.stage.map(|s| &workflow.stages[s].needs)
        {
            stages.extend(named.iter().copied());
        }
        for stage in &stages {
            for job in workflow.stages[stage.value].jobs.iter().filter(|j| **j != id) {
                add(&mut needs, *job, NeedKind::Stage, stage.span);
            }
        }
        for word in words("after") {
            if let Some(job) = scope.find_job(&word.value, word.span, Some(decl.workflow), diagnostics) {
                add(&mut needs, job, NeedKind::After, word.span);
            }
        }
        for consumed in &job.consumes {
            add(&mut needs, consumed.producer, NeedKind::Data, consumed.name.span);
        }
        for context in walk::contexts(job, &targets) {
            match &context.value {
                Context::Output { job, .. } if *job != id => add(&mut needs, *job, NeedKind::Output, context.span),
                Context::NeedsResult(job) => add(&mut needs, *job, NeedKind::Result, context.span),
                Context::Image(image) => {
                    let builders = &pipeline.images[image.index()].builders;
                    let here = builders.iter().filter(|b| pipeline.job(**b).workflow == decl.workflow && **b != id);
                    // Of several builders only those present for the event matter; `image-used-before-built` sees that there is one.
                    let kind = if builders.len() == 1 { NeedKind::Output } else { NeedKind::After };
                    if !builders.contains(&id) {
                        here.for_each(|b| add(&mut needs, *b, kind, context.span));
                    }
                }
                _ => {}
            }
        }
        let job = &mut pipeline.jobs[index];
        job.needs = needs;
        job.needs_stages = stages;
        job.starts_at_once = own.iter().any(|w| w.value == "none");
    }
}
