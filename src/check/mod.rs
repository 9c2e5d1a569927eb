//! The rules about what a spec means, whichever vendors it is for.
//!
//! Invariant: a later room takes [`Checked`], which only [`Checked::new`] makes, so no plan is made of a spec that broke a rule.
//! To add a rule: a file, a `mod` line, a row in [`RULES`], and a page `lang-spec/rules/<rule>.md` with an example that breaks it
//! and one that keeps it.

mod accept_unused;
mod advisory_gate_required;
mod alert_not_a_query;
mod alert_shorter_than_scrape;
mod analysis_not_a_query;
mod app_cluster_unreachable;
mod app_without_target;
mod approval_set_outside;
mod artifact_keep_out_of_range;
mod artifact_not_available;
mod budget_exceeded;
mod cache_of_checkout;
mod caller_event;
mod canary_weight_not_held;
mod canary_weight_not_rising;
mod canary_weight_splits_pod;
mod clause_excluded_by_outer;
mod cluster_identity_missing;
mod commit_of_another_checkout;
pub mod condition_constant;
mod context_not_known_yet;
mod context_undefined;
mod deploy_from_fork;
mod deploy_interruptible;
mod deploy_not_allowed;
mod drift_check;
mod duplicate_runs;
mod empty_job;
mod env_name_taken;
mod environment_lacks_value;
mod environment_lacks_variable;
mod environment_never_entered;
mod environment_url_without_scheme;
mod facts;
mod files_without_checkout;
mod floating_tag_moved_twice;
mod gate_bypassed;
mod gate_can_be_waived;
mod gate_limit_impossible;
mod gate_limits_disagree;
mod gate_measures_project;
mod gate_never_required;
mod gate_outside_environment;
mod gate_unmeasured;
mod gha_cache_outside_github;
mod image_definition_name;
mod image_not_there;
mod image_upper_case;
mod input_without_environment;
mod job_condition_late;
mod job_never_runs;
mod keep_old_shorter_than_monitors;
mod mutable_image;
mod mutable_runner_label;
mod need_not_present;
mod need_of_other_workflow;
mod notify_without_text;
mod pattern_misses_plain_name;
mod permission_missing;
mod pipe_hides_failure;
mod plaintext_credential;
mod promotion_skipped;
mod query;
mod query_label_unknown;
mod query_syntax;
mod query_unit_mismatch;
mod query_window_too_short;
mod rate_against_ratio;
mod ref_case_variants;
mod registry_login_missing;
mod required_check_pending;
mod rollback_of_refused_approval;
mod rollback_undone;
mod rollback_with_migration;
mod schedule_too_often;
mod script;
mod script_injection;
mod secret_empty_for_forks;
mod secret_out_of_scope;
mod service_on_localhost;
mod sns_without_role;
mod step_relies_on_earlier_shell;
mod stranger_code;
mod strategy_needs_rollouts;
mod strategy_without_health;
mod strategy_without_rollback;
mod team_not_on_target;
mod test_failed;
mod timeout_shorter_than_monitors;
mod timeout_shorter_than_strategy;
mod timeout_too_long;
mod token_event_does_not_start;
mod traffic_in_service;
mod traffic_without_ingress;
mod trigger_without_jobs;
mod two_deploys_one_environment;
mod two_live_deployers;
mod undefined_variable;
mod unpinned_action;
mod unused_declaration;
mod value_input_missing;
mod value_not_an_expression;
mod variable_not_handed_over;
mod vendor_expression_in_script;
mod vendor_variable_in_script;
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
    warning("accept-unused", Some(accept_unused::check), "an `accept` has nothing to accept"),
    warning("advisory-gate-required", Some(advisory_gate_required::check), "a gate that lets everything pass is required"),
    error("alert-not-a-query", Some(alert_not_a_query::check), "an alert of a gate that Prometheus cannot watch"),
    warning(
        "alert-shorter-than-scrape",
        Some(alert_shorter_than_scrape::check),
        "an alert waits less than the time between two figures",
    ),
    error("analysis-not-a-query", Some(analysis_not_a_query::check), "a strategy asks a gate that the cluster cannot ask"),
    error(
        "app-cluster-unreachable",
        Some(app_cluster_unreachable::check),
        "an app's environment names no cluster that its delivery can reach",
    ),
    warning("app-without-environment", None, "an app runs in no environment"),
    error("app-without-target", Some(app_without_target::check), "no target writes what an app needs"),
    note(
        "approval-set-outside",
        Some(approval_set_outside::check),
        "who may approve is set with the vendor, and no file says so",
    ),
    error(
        "artifact-keep-out-of-range",
        Some(artifact_keep_out_of_range::check),
        "an artifact is kept for a time that GitHub does not grant",
    ),
    error(
        "artifact-not-available",
        Some(artifact_not_available::check),
        "an artifact is consumed that is never published by then",
    ),
    warning("blue-green-behind-alb", None, "colours stand behind a load balancer of AWS"),
    warning("budget-exceeded", Some(budget_exceeded::check), "a workflow's time limits add up to more than its budget"),
    error("cache-of-checkout", Some(cache_of_checkout::check), "a cache holds what the checkout brings"),
    error("caller-event", Some(caller_event::check), "a workflow that others call asks for its event"),
    error("canary-hold-without-weight", None, "a canary waits before it has a share of the requests"),
    error("canary-weight-not-held", Some(canary_weight_not_held::check), "a share of a canary holds for no time"),
    error("canary-weight-not-rising", Some(canary_weight_not_rising::check), "the shares of a canary do not rise"),
    error(
        "canary-weight-splits-pod",
        Some(canary_weight_splits_pod::check),
        "a share of the requests is no whole number of pods",
    ),
    error(
        "clause-excluded-by-outer",
        Some(clause_excluded_by_outer::check),
        "a filter names events that an outer filter leaves out",
    ),
    error(
        "cluster-identity-missing",
        Some(cluster_identity_missing::check),
        "a deploy talks to a cluster that its environment does not name",
    ),
    warning(
        "commit-of-another-checkout",
        Some(commit_of_another_checkout::check),
        "a job speaks of the commit of the run beside the files of another ref",
    ),
    error("condition-always-true", Some(condition_constant::check), "a condition holds for every event that reaches it"),
    error("condition-never-true", None, "a condition holds for no event that reaches it"),
    error("context-not-known-yet", Some(context_not_known_yet::check), "a job's condition reads what only its machine knows"),
    error("context-undefined", Some(context_undefined::check), "text uses a context that has no value for some event"),
    error("deploy-from-fork", Some(deploy_from_fork::check), "a pull request of a fork reaches an environment"),
    error("deploy-interruptible", Some(deploy_interruptible::check), "a newer run may cut a deploy off half way"),
    error(
        "deploy-not-allowed",
        Some(deploy_not_allowed::check),
        "a deploy runs for an event that its environment does not allow",
    ),
    error("drift-check-never-runs", Some(drift_check::check), "a vendor never checks its files against the spec"),
    error("drift-check-without-pipewright", None, "a vendor is to check its files and has no pipewright"),
    warning("duplicate-runs", Some(duplicate_runs::check), "push and pull request run the same jobs for one commit"),
    error("empty-job", Some(empty_job::check), "a job has no step"),
    error("empty-workflow", None, "a workflow has no job"),
    error(
        "env-name-taken",
        Some(env_name_taken::check),
        "a variable of a script has the name of a declared one, and another value",
    ),
    error(
        "environment-lacks-value",
        Some(environment_lacks_value::check),
        "a value of Helm is set in some environments of an app only",
    ),
    warning(
        "environment-lacks-variable",
        Some(environment_lacks_variable::check),
        "a deploy reads a variable that only other environments set",
    ),
    warning("environment-never-entered", Some(environment_never_entered::check), "no job enters an environment"),
    error(
        "environment-url-without-scheme",
        Some(environment_url_without_scheme::check),
        "an environment's address has no scheme",
    ),
    error("files-without-checkout", Some(files_without_checkout::check), "a job without a checkout needs the repository's files"),
    warning("floating-tag-moved-twice", Some(floating_tag_moved_twice::check), "several branches move one image tag"),
    error("gate-bypassed", Some(gate_bypassed::check), "a job is reached without a gate that it requires"),
    note("gate-can-be-waived", Some(gate_can_be_waived::check), "a gate has a way around it"),
    error("gate-limit-impossible", Some(gate_limit_impossible::check), "no figure keeps a gate's limits"),
    warning("gate-limits-disagree", Some(gate_limits_disagree::check), "two gates hold one figure against different limits"),
    warning(
        "gate-measures-project",
        Some(gate_measures_project::check),
        "a limit for one function is held against a sum over the project",
    ),
    warning("gate-never-required", Some(gate_never_required::check), "a gate protects nothing"),
    error(
        "gate-outside-environment",
        Some(gate_outside_environment::check),
        "a gate speaks of an environment that its job does not enter",
    ),
    warning("gate-scale-suspicious", None, "a figure from 0 to 1 is read as percent"),
    error("gate-unmeasured", Some(gate_unmeasured::check), "a required gate is measured in another workflow"),
    error("gate-unreachable", None, "a required gate is never measured when it is required"),
    error("gha-cache-outside-github", Some(gha_cache_outside_github::check), "GitHub's layer cache is used on another vendor"),
    warning("image-definition-name", Some(image_definition_name::check), "a file of images has a name that nothing looks for"),
    warning("image-name-of-repository", None, "an image name is made of the repository's, which may have capitals"),
    error("image-tag-not-pushed", Some(image_not_there::check), "an image is used in a run that does not push it"),
    error("image-upper-case", Some(image_upper_case::check), "an image name has a capital letter"),
    error("image-used-before-built", None, "an image is used in a workflow that does not build it"),
    error(
        "input-without-environment",
        Some(input_without_environment::check),
        "an input offers the environments, and there is none",
    ),
    error("job-condition-late", Some(job_condition_late::check), "the condition of a job reads what only a script works out"),
    error("job-never-runs", Some(job_never_runs::check), "no event lets a job run"),
    error(
        "keep-old-shorter-than-monitors",
        Some(keep_old_shorter_than_monitors::check),
        "the old version is gone before the new one has been watched",
    ),
    error("latest-in-production", None, "production gets an image called `latest`"),
    warning("mutable-image", Some(mutable_image::check), "an image may change between two runs"),
    warning("mutable-runner-label", Some(mutable_runner_label::check), "a runner's label moves to a new system"),
    error("need-filtered-by-paths", Some(need_not_present::check), "a needed job can be left out by changed files"),
    error("need-not-present", None, "a needed job is absent while the job that needs it is present"),
    error("need-of-other-workflow", Some(need_of_other_workflow::check), "a job waits for a job of another workflow"),
    error("notify-without-text", Some(notify_without_text::check), "a message says nothing"),
    warning(
        "pattern-misses-plain-name",
        Some(pattern_misses_plain_name::check),
        "a pattern demands a slash where names have none",
    ),
    warning("permission-missing", Some(permission_missing::check), "a script writes with a token that may only read"),
    warning("pipe-hides-failure", Some(pipe_hides_failure::check), "a pipe in `sh` goes on after a failure"),
    warning("plaintext-credential", Some(plaintext_credential::check), "text looks like a credential"),
    error("producer-does-not-run", None, "an artifact or output is read from a job that is absent"),
    note("promotion-skipped", Some(promotion_skipped::check), "production is reached without the environment before"),
    error("query-label-unknown", Some(query_label_unknown::check), "a query names a label that its metric does not have"),
    error("query-syntax", Some(query_syntax::check), "a query that Prometheus does not take"),
    error("query-unit-mismatch", Some(query_unit_mismatch::check), "a query answers in another unit than its gate reads"),
    warning("query-window-too-short", Some(query_window_too_short::check), "a rate over less time than two fetches take"),
    warning("rate-against-ratio", Some(rate_against_ratio::check), "events a second are compared with a share"),
    warning("ref-case-variants", Some(ref_case_variants::check), "two names differ in case only"),
    error("registry-login-missing", Some(registry_login_missing::check), "an image is pushed or pulled without a login"),
    error(
        "required-check-pending",
        Some(required_check_pending::check),
        "a required check can be filtered away and stay pending",
    ),
    error("rollback-before-deploy", None, "a rollback also runs when something before the deploy fails"),
    error(
        "rollback-of-refused-approval",
        Some(rollback_of_refused_approval::check),
        "a rollback also runs when the approval of the deploy is refused",
    ),
    error("rollback-undone", Some(rollback_undone::check), "a rollback that the way of delivery undoes"),
    warning(
        "rollback-with-migration",
        Some(rollback_with_migration::check),
        "a rollback leaves the schema as the deploy made it",
    ),
    error("schedule-too-often", Some(schedule_too_often::check), "a schedule comes more often than vendors allow"),
    error("script-injection", Some(script_injection::check), "text of an outsider is run as a program"),
    note(
        "secret-empty-for-forks",
        Some(secret_empty_for_forks::check),
        "a job reads a secret for pull requests of forks, which get none",
    ),
    error("secret-out-of-scope", Some(secret_out_of_scope::check), "a job reads a secret that it may not see"),
    error("service-on-localhost", Some(service_on_localhost::check), "a service is asked at `localhost`"),
    error("sns-without-role", Some(sns_without_role::check), "a topic of SNS is told by a job without a role"),
    warning(
        "step-relies-on-earlier-shell",
        Some(step_relies_on_earlier_shell::check),
        "a step relies on the shell of an earlier one",
    ),
    error("stranger-code", Some(stranger_code::check), "a stranger's code runs with every right and secret"),
    error("strategy-needs-rollouts", Some(strategy_needs_rollouts::check), "nothing carries out the strategy of an app"),
    warning("strategy-without-health", Some(strategy_without_health::check), "a strategy moves on before pods can answer"),
    error(
        "strategy-without-rollback",
        Some(strategy_without_rollback::check),
        "a deploy carries out a strategy without a way back",
    ),
    error("team-not-on-target", Some(team_not_on_target::check), "an approval asks a team that a target does not know"),
    error("test-failed", Some(test_failed::check), "a run does not look as a test of the spec says"),
    error("timeout-shorter-than-monitors", Some(timeout_shorter_than_monitors::check), "a deploy ends before its monitors do"),
    error("timeout-shorter-than-strategy", Some(timeout_shorter_than_strategy::check), "a deploy ends before its strategy does"),
    warning("timeout-too-long", Some(timeout_too_long::check), "a time limit is never reached"),
    error(
        "token-event-does-not-start",
        Some(token_event_does_not_start::check),
        "an event made with the built-in token starts nothing",
    ),
    error("traffic-in-service", Some(traffic_in_service::check), "shares of requests are written into a Service"),
    error("traffic-without-ingress", Some(traffic_without_ingress::check), "requests are split at an ingress that is not there"),
    warning("trigger-without-jobs", Some(trigger_without_jobs::check), "an event starts a run without jobs"),
    error(
        "two-deploys-one-environment",
        Some(two_deploys_one_environment::check),
        "one event deploys a protected environment twice",
    ),
    error("two-live-deployers", Some(two_live_deployers::check), "two CI vendors run one deploy"),
    warning("undefined-variable", Some(undefined_variable::check), "a script reads a variable that nothing sets"),
    error("unpinned-action", Some(unpinned_action::check), "an action cannot be pinned to a commit"),
    warning("unused-declaration", Some(unused_declaration::check), "a name is declared and never used"),
    error("value-input-missing", Some(value_input_missing::check), "a value reads an input that the workflow does not have"),
    error(
        "value-not-an-expression",
        Some(value_not_an_expression::check),
        "a value in GitHub's own words is no expression, or reads a secret",
    ),
    error(
        "variable-not-handed-over",
        Some(variable_not_handed_over::check),
        "a script reads a secret or variable that its job is not given",
    ),
    error(
        "vendor-expression-in-script",
        Some(vendor_expression_in_script::check),
        "an expression of one vendor stands in a script",
    ),
    warning(
        "vendor-variable-in-script",
        Some(vendor_variable_in_script::check),
        "a script reads a variable that one vendor sets",
    ),
    error(
        "waive-before-production",
        Some(waive_before_production::check),
        "a gate can be waived on the way to production without an approval",
    ),
    error("wave-in-set", None, "the environments of one ApplicationSet have different waves"),
];

/// A pipeline that keeps every rule.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'p>(&'p Pipeline);

impl<'p> Checked<'p> {
    /// Applies every rule. `None` if there is an error among the findings, those of earlier phases included.
    pub fn new(pipeline: &'p Pipeline, diagnostics: &mut Diagnostics) -> Option<Self> {
        // Without events (too many to tell apart, or nothing starts) every job would be said never to run. Apps alone have no events.
        if !pipeline.events.is_empty() || pipeline.workflows.is_empty() {
            RULES.iter().filter_map(|r| r.check).for_each(|check| check(pipeline, diagnostics));
        }
        (!diagnostics.has_errors()).then_some(Self(pipeline))
    }

    /// The pipeline.
    pub fn pipeline(self) -> &'p Pipeline {
        self.0
    }
}
