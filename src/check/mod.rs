//! The rules about what a spec means, whichever vendors it is for.
//!
//! Invariant: a later room takes [`Checked`], which only [`Checked::new`] makes, so no plan is made of a spec that broke a rule.
//! To add a rule: a file, a `mod` line, a row in [`RULES`], and a page `lang-spec/rules/<rule>.md` with an example that breaks it
//! and one that keeps it.

mod artifact_not_available;
mod clause_excluded_by_outer;
mod condition_constant;
mod context_undefined;
mod deploy_from_fork;
mod deploy_not_allowed;
mod duplicate_runs;
mod facts;
mod floating_tag_moved_twice;
mod gate_bypassed;
mod gate_never_required;
mod gate_outside_environment;
mod gate_unmeasured;
mod image_not_there;
mod job_never_runs;
mod need_not_present;
mod need_of_other_workflow;
mod pattern_misses_plain_name;
mod promotion_skipped;
mod ref_case_variants;
mod required_check_pending;
mod schedule_too_often;
mod token_event_does_not_start;
mod trigger_without_jobs;
mod two_deploys_one_environment;
mod waive_before_production;

use crate::base::diag::{Diagnostics, Severity};
use crate::ir::Pipeline;

/// One thing that must hold of every spec.
#[derive(Debug)]
pub struct Rule {
    /// What it is called: page, `explain` and `accept` use the same word. It names the bad pattern.
    pub name: &'static str,
    /// What breaking it weighs.
    pub level: Severity,
    /// One line about it.
    pub summary: &'static str,
    check: Option<fn(&Pipeline, &mut Diagnostics)>,
}

const fn error(name: &'static str, check: Option<fn(&Pipeline, &mut Diagnostics)>, summary: &'static str) -> Rule {
    Rule { name, level: Severity::Error, summary, check }
}

const fn warning(name: &'static str, check: Option<fn(&Pipeline, &mut Diagnostics)>, summary: &'static str) -> Rule {
    Rule { name, level: Severity::Warning, summary, check }
}

const fn note(name: &'static str, check: Option<fn(&Pipeline, &mut Diagnostics)>, summary: &'static str) -> Rule {
    Rule { name, level: Severity::Note, summary, check }
}

/// Every rule of this room, A to Z. A row without a function is found together with its neighbour in the same file.
pub const RULES: &[Rule] = &[
    error(
        "artifact-not-available",
        Some(artifact_not_available::check),
        "an artifact is consumed that is never published by then",
    ),
    error(
        "clause-excluded-by-outer",
        Some(clause_excluded_by_outer::check),
        "a filter names events that an outer filter leaves out",
    ),
    error("condition-always-true", Some(condition_constant::check), "a condition holds for every event that reaches it"),
    error("condition-never-true", None, "a condition holds for no event that reaches it"),
    error("context-undefined", Some(context_undefined::check), "text uses a context that has no value for some event"),
    error("deploy-from-fork", Some(deploy_from_fork::check), "a pull request of a fork reaches an environment"),
    error(
        "deploy-not-allowed",
        Some(deploy_not_allowed::check),
        "a deploy runs for an event that its environment does not allow",
    ),
    warning("duplicate-runs", Some(duplicate_runs::check), "push and pull request run the same jobs for one commit"),
    warning("floating-tag-moved-twice", Some(floating_tag_moved_twice::check), "several branches move one image tag"),
    error("gate-bypassed", Some(gate_bypassed::check), "a job is reached without a gate that it requires"),
    warning("gate-never-required", Some(gate_never_required::check), "a gate protects nothing"),
    error(
        "gate-outside-environment",
        Some(gate_outside_environment::check),
        "a gate speaks of an environment that its job does not enter",
    ),
    error("gate-unmeasured", Some(gate_unmeasured::check), "a required gate is measured in another workflow"),
    error("gate-unreachable", None, "a required gate is never measured when it is required"),
    error("image-tag-not-pushed", Some(image_not_there::check), "an image is used in a run that does not push it"),
    error("image-used-before-built", None, "an image is used in a workflow that does not build it"),
    error("job-never-runs", Some(job_never_runs::check), "no event lets a job run"),
    error("need-filtered-by-paths", Some(need_not_present::check), "a needed job can be left out by changed files"),
    error("need-not-present", None, "a needed job is absent while the job that needs it is present"),
    error("need-of-other-workflow", Some(need_of_other_workflow::check), "a job waits for a job of another workflow"),
    warning(
        "pattern-misses-plain-name",
        Some(pattern_misses_plain_name::check),
        "a pattern demands a slash where names have none",
    ),
    error("producer-does-not-run", None, "an artifact or output is read from a job that is absent"),
    note("promotion-skipped", Some(promotion_skipped::check), "production is reached without the environment before"),
    warning("ref-case-variants", Some(ref_case_variants::check), "two names differ in case only"),
    error(
        "required-check-pending",
        Some(required_check_pending::check),
        "a required check can be filtered away and stay pending",
    ),
    error("schedule-too-often", Some(schedule_too_often::check), "a schedule comes more often than vendors allow"),
    error(
        "token-event-does-not-start",
        Some(token_event_does_not_start::check),
        "an event made with the built-in token starts nothing",
    ),
    warning("trigger-without-jobs", Some(trigger_without_jobs::check), "an event starts a run without jobs"),
    error(
        "two-deploys-one-environment",
        Some(two_deploys_one_environment::check),
        "one event deploys a protected environment twice",
    ),
    error(
        "waive-before-production",
        Some(waive_before_production::check),
        "a gate can be waived on the way to production without an approval",
    ),
];

/// A pipeline that keeps every rule.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'p>(&'p Pipeline);

impl<'p> Checked<'p> {
    /// Applies every rule. `None` if there is an error among the findings, those of earlier phases included.
    pub fn new(pipeline: &'p Pipeline, diagnostics: &mut Diagnostics) -> Option<Self> {
        // Without events (too many to tell apart, or nothing starts) every job would be said never to run.
        if !pipeline.events.is_empty() {
            RULES.iter().filter_map(|r| r.check).for_each(|check| check(pipeline, diagnostics));
        }
        (!diagnostics.has_errors()).then_some(Self(pipeline))
    }

    /// The pipeline.
    pub fn pipeline(self) -> &'p Pipeline {
        self.0
    }
}
