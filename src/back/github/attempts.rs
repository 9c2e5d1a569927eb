//! `retry`: the commands of a job in one step that starts again from the first.

use crate::ir::job::Shell;
use crate::plan::script::end_mark;
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};

use super::context::{Env, Writer, bind};
use super::view::StepView;

impl Writer<'_, '_> {
    /// All commands of the job in one step that runs them again from the first after a failure. What is said of a single step (its condition, its
    /// limit, its forgiveness) stands around its own call.
    pub(super) fn attempts(&mut self, more: u32) -> StepView {
        let mut env = Env::new();
        let shell = self.job.job.shell.value;
        let shared = self.directory();
        let mut run = String::new();
        let mut calls: Vec<String> = Vec::new();
        let job = self.job;
        for (i, step) in job.steps.iter().filter(|s| is_attempted(s)).enumerate() {
            let PlannedKind::Run(script) = &step.kind else { continue };
            let number = i + 1;
            let mut text = String::new();
            if let Some(dir) = step.dir.as_ref().map(|d| &d.value).filter(|d| shared.as_ref() != Some(d)) {
                text.push_str(&format!("cd {}\n", crate::back::shell::single_quoted(dir)));
            }
            for variable in &step.env {
                let name = &variable.name.value;
                let value = self.value(&variable.value);
                let bound = bind(&mut env, name, value);
                if bound != *name {
                    text.push_str(&match shell {
                        Shell::Pwsh => format!("$env:{name} = $env:{bound}\n"),
                        Shell::Bash | Shell::Sh => format!("export {name}=\"${bound}\"\n"),
                    });
                }
            }
            text.push_str(self.script(&script.lines, &mut env).replace("PIPEWRIGHT_OUTPUT", "GITHUB_OUTPUT").trim_end());
            let (ending, call) = match shell {
                Shell::Bash => ("sh", "bash --noprofile --norc -eo pipefail FILE"),
                Shell::Sh => ("sh", "sh -e FILE"),
                Shell::Pwsh => (
                    "ps1",
                    "pwsh -NoProfile -NonInteractive -Command \"\\$ErrorActionPreference = 'Stop'; . 'FILE'; exit \\$LASTEXITCODE\"",
                ),
            };
            let path = format!("$RUNNER_TEMP/attempt-{number}.{ending}");
            let file = if shell == Shell::Pwsh { path.clone() } else { format!("\"{path}\"") };
            let mark = end_mark("SCRIPT", &text);
            run.push_str(&format!("cat > \"{path}\" <<'{mark}'\n{text}\n{mark}\n"));
            let mut call = call.replace("FILE", &file);
            if let Some(limit) = step.timeout {
                call = format!("timeout {} {call}", limit.seconds);
            }
            if step.continue_on_error {
                call = format!("{{ {call} || echo \"::warning::this step failed; the job goes on\"; }}");
            }
            if let Some(condition) = step.condition.as_ref().and_then(|e| self.condition(e)) {
                let wanted = bind(&mut env, &format!("RUN_{number}"), condition.wrapped());
                call = format!("{{ [ \"${wanted}\" != true ] || {call}; }}");
            }
            calls.push(call);
        }
        let total = more + 1;
        let numbers: Vec<String> = (1..=total).map(|n| n.to_string()).collect();
        let calls = calls.join(" &&\n    ");
        run.push_str(&format!("for attempt in {}; do\n  if {calls}; then\n    exit 0\n  fi\n", numbers.join(" ")));
        run.push_str(&format!("  echo \"::warning::attempt $attempt of {total} failed\"\ndone\nexit 1\n"));
        let bash = self.bash().filter(|_| shell == Shell::Pwsh);
        StepView { name: Some(format!("Run, at most {total} times")), env, shell: bash, run: Some(run), ..StepView::default() }
    }
}

/// Whether a step is part of what a retry runs again: commands that run while all goes well.
pub(super) fn is_attempted(step: &PlannedStep) -> bool {
    step.phase == Phase::Main && step.when == RunWhen::Success && matches!(step.kind, PlannedKind::Run(_))
}
