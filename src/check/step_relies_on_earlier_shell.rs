//! A step whose effect ends with its own shell: `cd`, `export`, `source` for the steps behind it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::job::Job;
use crate::ir::step::{Step, StepKind};

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let runs: Vec<&Step> = script::steps(job).filter(|s| matches!(s.kind, StepKind::Run(_))).collect();
        for (at, step) in runs.iter().enumerate() {
            if let Some(diagnostic) = look(job, step, &runs[at + 1..]) {
                diagnostics.push(diagnostic);
            }
        }
    }
}

fn look(job: &Job, step: &Step, later: &[&Step]) -> Option<Diagnostic> {
    let commands = script::commands_of(step);
    let next = later.first()?;
    let last = commands.last().map(|c| c.as_slice()).unwrap_or_default();
    let (what, help) = match last.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["cd", dir] => (
            format!("`cd {dir}` ends with this step; the next one starts in the directory of the job"),
            format!("put the commands into one `run`, or write run dir=\"{dir}\""),
        ),
        ["source" | ".", file] if file.ends_with("activate") => (
            "the virtual environment is active in this step only".to_owned(),
            "put the commands into one `run`, or call its programs by path: .venv/bin/pytest".to_owned(),
        ),
        ["alias", ..] => ("an alias ends with its step".to_owned(), "write the command out".to_owned()),
        _ => {
            let name = exported(&commands).find(|n| {
                let known = job.env.iter().chain(later.iter().flat_map(|s| &s.env)).any(|v| v.name.value == *n);
                !known && later.iter().any(|s| reads(s, n))
            })?;
            let help = format!("put both into one `run`, set `env {name}=…` on the job, or hand the value on by an `output`");
            (format!("`{name}` is exported in this step only; a later step reads it and finds nothing"), help)
        }
    };
    let at = script::lines(step).last().map_or(step.span, |t| t.span);
    let label = "every step has its own shell";
    Some(
        Diagnostic::warning("step-relies-on-earlier-shell", at, what)
            .label(label)
            .related(next.span, "a new shell starts here")
            .help(help),
    )
}

/// The variables that commands export.
fn exported(commands: &[Vec<String>]) -> impl Iterator<Item = &str> {
    let exports = commands.iter().filter(|c| c.first().is_some_and(|w| w == "export"));
    exports.flat_map(|c| &c[1..]).filter_map(|w| w.split_once('=')).map(|(name, _)| name)
}

/// Whether a step expands a variable that it does not set itself.
fn reads(step: &Step, name: &str) -> bool {
    let sets = script::commands_of(step).iter().flatten().any(|w| w.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
    !sets && script::lines(step).iter().any(|t| script::expanded(&script::marked(t)).contains(&name))
}
