//! A variable that an environment's deploy reads, and that only the other environments set.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::environment::Environment;
use crate::ir::job::Job;
use crate::ir::text::Context;
use crate::ir::walk;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    let entered: Vec<(&Job, &Environment)> =
        pipeline.jobs.iter().filter_map(|j| Some((j, pipeline.environment(j.environment.as_ref()?.environment)))).collect();
    for (job, environment) in &entered {
        for (_, other) in entered.iter().filter(|(_, e)| e.name.value != environment.name.value) {
            for var in &other.env {
                let name = &var.name.value;
                if sets(environment, name) || job.env.iter().any(|v| v.name.value == *name) || !reads(job, name) {
                    continue;
                }
                let at = environment.name.span;
                let what =
                    format!("environment `{}` does not set `{name}`, and `{}` reads it", environment.name.value, job.name.value);
                diagnostics.push(
                    Diagnostic::warning("environment-lacks-variable", at, what)
                        .label(format!("no `{name}` here"))
                        .related(var.name.span, format!("`{}` sets it", other.name.value))
                        .help(format!("add `env {name}=…` to environment `{}`", environment.name.value)),
                );
            }
        }
    }
}

fn sets(environment: &Environment, name: &str) -> bool {
    environment.env.iter().any(|v| v.name.value == name) || environment.secrets.iter().any(|s| s.name.value == name)
}

fn reads(job: &Job, name: &str) -> bool {
    let by_shell = script::of_job(job).any(|l| {
        let own = l.step.env.iter().any(|v| v.name.value == name);
        !own && script::expanded(&script::marked(l.text)).contains(&name)
    });
    by_shell || walk::contexts(job, &[]).iter().any(|c| matches!(&c.value, Context::Env(n) if n == name))
}
