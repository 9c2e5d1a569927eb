//! When a step runs: in which events, and how the job stands when its turn comes.

use std::rc::Rc;

use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::event::Event;
use crate::ir::expr::{Expr, Truth};
use crate::ir::id::JobId;
use crate::sema::presence::{holds, present};
use crate::verify::behaviour::{Frame, Place, Reader, Standing, Started};
use crate::verify::difference::Difference;
use crate::verify::wanted::When;

/// A step whose running depends on the event or on how the job stands.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) job: JobId,
    pub(super) at: usize,
    pub(super) frame: Rc<Frame>,
    pub(super) line: usize,
    pub(super) title: String,
    pub(super) when: When,
    pub(super) conditions: Vec<(Expr, bool)>,
    pub(super) span: Span,
}

impl Turn {
    /// What is wrong with when the step runs, in the run of an event (of several, where the target cannot tell them apart).
    pub(super) fn compare(
        &self,
        pipeline: &Pipeline,
        target: &Target,
        reader: &dyn Reader,
        started: &dyn Started,
        happening: &[Event],
    ) -> Option<Difference> {
        let job = pipeline.job(self.job);
        if happening.iter().all(|e| present(pipeline, job, e) == Truth::No) {
            return None;
        }
        for (standing, words) in [
            (Standing::Well, "all goes well"),
            (Standing::Failed, "a step has failed"),
            (Standing::Cancelled, "the run is cancelled"),
        ] {
            let says = |event: &Event| {
                let truth = |(condition, positive): &(Expr, bool)| {
                    let truth = holds(pipeline, Some(job.workflow), event, condition);
                    if *positive { truth } else { truth.negate() }
                };
                self.conditions.iter().map(truth).fold(Truth::from(self.when.takes(standing)), Truth::and)
            };
            let found = started.runs(self.at, &self.frame, standing);
            // Of events that the target cannot tell apart it follows one.
            let same = happening.iter().any(|event| match (says(event), found) {
                (Truth::Yes, Some(runs)) => runs,
                (Truth::No, Some(runs)) => !runs,
                (Truth::Maybe, Some(_)) => false,
                // The reader cannot tell: a condition that it does not know.
                (_, None) => true,
            });
            if same {
                continue;
            }
            let said = |truth: Option<bool>| match truth {
                Some(true) => format!("it runs {}", self.title),
                Some(false) => format!("it does not run {}", self.title),
                None => format!("the run decides whether it runs {}", self.title),
            };
            let wanted = match happening.first().map_or(Truth::Maybe, says) {
                Truth::Yes => Some(true),
                Truth::No => Some(false),
                Truth::Maybe => None,
            };
            let place = &reader.found()[self.at].place;
            return Some(Difference {
                target: target.id.word(),
                point: 3,
                job: job.name.value.clone(),
                when: format!("{}, when {words}", happening.first().map(Event::shown).unwrap_or_default()),
                wanted: said(wanted),
                found: said(found),
                place: Some(Place { file: place.file.clone(), line: self.line }),
                span: self.span,
                more: 0,
            });
        }
        None
    }
}
