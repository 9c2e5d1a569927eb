//! A variable of a script under the name of a declared secret or variable, with another value, where one of the two would be read for the other.
//!
//! On GitLab what the project keeps wins over what the file says (<https://docs.gitlab.com/ci/variables/#cicd-variable-precedence>), and a build
//! of AWS has one variable of a name: there no job may have such a variable. A step sets its variables in its own shell, where they win
//! everywhere; but what it reads as `${var.X}` becomes the shell's `$X` on every vendor.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::check::variable_not_handed_over::declared;
use crate::ir::Pipeline;
use crate::ir::id::TargetId;
use crate::ir::text::{Context, EnvVar, Part};
use crate::ir::walk::{self, Item};

/// Variables by which GitLab's runner limits scripts: pipewright sets them where a job has steps after a failure
/// (<https://docs.gitlab.com/ci/runners/configure_runners/#set-script-and-after_script-timeouts>).
const LIMITS: &[&str] = &["RUNNER_SCRIPT_TIMEOUT", "RUNNER_AFTER_SCRIPT_TIMEOUT"];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    limits(pipeline, diagnostics);
    let mut said: BTreeSet<Span> = BTreeSet::new();
    let mut refuse = |variable: &EnvVar, why: &str| {
        let name = &variable.name.value;
        let Some((word, declared)) = declared(pipeline, name).filter(|_| said.insert(variable.name.span)) else { return };
        let word = if word == "var" { "variable" } else { word };
        diagnostics.push(
            Diagnostic::error(
                "env-name-taken",
                variable.name.span,
                format!("`{name}` is the {word} `{name}` already, and gets another value here"),
            )
            .label(why.to_owned())
            .related(declared, "declared here")
            .help("give one of the two another name, or set it in a step that does not read the other"),
        );
    };
    let vendor_wins = pipeline.targets.iter().any(|t| t.id == TargetId::Gitlab || t.id.is_aws());
    let of_workflows = pipeline.workflows.iter().flat_map(|w| &w.env);
    let of_environments = pipeline.environments.iter().flat_map(|e| &e.env);
    for variable in of_workflows.chain(of_environments).chain(pipeline.jobs.iter().flat_map(|j| &j.env)) {
        if vendor_wins && is_kept(pipeline, &variable.name.value) && !is_itself(variable) {
            refuse(variable, "outside GitHub the vendor's value wins");
        }
    }
    let targets: Vec<TargetId> = pipeline.targets.iter().map(|t| t.id).collect();
    for job in &pipeline.jobs {
        let all = Reads::of(|mut f| walk::items(job, &targets, &mut f));
        let environment = job.environment.as_ref().map(|e| pipeline.environment(e.environment));
        let outer = pipeline.workflow(job.workflow).env.iter().chain(environment.into_iter().flat_map(|e| &e.env));
        let own: Vec<&EnvVar> = outer.chain(&job.env).collect();
        let handed: Vec<Span> = own.iter().filter(|v| is_itself(v)).map(|v| v.value.span).collect();
        for variable in own.iter().filter(|v| !is_itself(v) && all.read(&v.name.value, &handed)) {
            refuse(variable, "and the job reads the other one, too");
        }
        for step in job.steps.iter().filter(|s| !s.env.is_empty()) {
            let reads = Reads::of(|mut f| walk::step(step, &targets, &mut f));
            let values: Vec<Span> = step.env.iter().map(|v| v.value.span).collect();
            for variable in step.env.iter().filter(|v| !is_itself(v) && reads.read(&v.name.value, &values)) {
                refuse(variable, "and the step reads the other one, too");
            }
        }
    }
}

/// Variables that would limit a job beside its `timeout`.
fn limits(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    if pipeline.targets.iter().all(|t| t.id != TargetId::Gitlab) {
        return;
    }
    let outer = pipeline.workflows.iter().flat_map(|w| &w.env).chain(pipeline.environments.iter().flat_map(|e| &e.env));
    let all = outer.chain(pipeline.jobs.iter().flat_map(|j| &j.env));
    for variable in all.filter(|v| LIMITS.contains(&v.name.value.as_str())) {
        let name = &variable.name.value;
        diagnostics.push(
            Diagnostic::error(
                "env-name-taken",
                variable.name.span,
                format!("`{name}` is how GitLab limits a script, beside the spec"),
            )
            .label("no other vendor would stop it then")
            .help("say `timeout` at the job or the step, which holds on every target"),
        );
    }
}

/// Secrets and variables that are read, each with the text that reads it.
struct Reads(Vec<(String, Option<Span>)>);

impl Reads {
    fn of(walk: impl FnOnce(&mut dyn FnMut(Item<'_>))) -> Self {
        let mut found = Vec::new();
        walk(&mut |item| {
            let (contexts, span) = match item {
                Item::Text(text) | Item::Script(text) => (text.contexts().cloned().collect(), Some(text.span)),
                Item::Condition(expr) | Item::JobCondition(expr) => (expr.contexts(), None),
            };
            for context in contexts {
                if let Context::Secret(name) | Context::Variable(name) = context.value {
                    found.push((name, span));
                }
            }
        });
        Self(found)
    }

    /// Whether one of this name is read, in another text than these.
    fn read(&self, name: &str, but: &[Span]) -> bool {
        self.0.iter().any(|(read, span)| read == name && span.is_none_or(|s| !but.contains(&s)))
    }
}

/// Whether the vendor keeps a secret or a variable of this name: one without a value in the spec.
fn is_kept(pipeline: &Pipeline, name: &str) -> bool {
    pipeline.secrets.iter().any(|s| s.name.value == name)
        || pipeline.environments.iter().any(|e| e.secrets.iter().any(|s| e.vendor_secret(&s.name.value) == name))
        || pipeline.variables.iter().any(|v| v.name.value == name && v.value.is_none())
}

/// Whether it hands on what is declared under its name.
fn is_itself(variable: &EnvVar) -> bool {
    matches!(variable.value.parts.as_slice(), [Part::Context(c)]
        if matches!(&c.value, Context::Secret(n) | Context::Variable(n) if *n == variable.name.value))
}
