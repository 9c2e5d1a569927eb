//! Outputs of a job, and the handles of the steps that write them.

use super::context::Writer;
use super::expr::Gh;
use super::view::{JobView, StepView};

impl Writer<'_, '_> {
    pub(super) fn outputs(&self, steps: &[StepView]) -> Vec<(String, String)> {
        self.job.job.outputs.iter().map(|output| (output.value.clone(), output_of(steps, &output.value))).collect()
    }
}

/// A step has a handle only where somebody speaks of it; those of images and outputs are spoken of by other jobs too.
pub(super) fn drop_unread_ids(view: &mut JobView) {
    let mut said: Vec<String> = view.outputs.iter().map(|(_, v)| v.clone()).collect();
    said.extend(view.environment.iter().filter_map(|e| e.url.clone()));
    for step in &view.steps {
        said.extend(step.condition.clone());
        said.extend(step.env.iter().chain(&step.with).map(|(_, v)| v.clone()));
    }
    for step in &mut view.steps {
        let speaks = |id: &String| {
            let handle = format!("steps.{id}.");
            said.iter().any(|text| text.contains(&handle))
        };
        step.id = step.id.take().filter(|id| id.starts_with("build-") || speaks(id));
    }
}

/// Gives the steps that write outputs a handle; where none seems to, all scripts are told where outputs go.
pub(super) fn mark_outputs(steps: &mut [StepView], names: &[&str]) {
    let own = |s: &StepView| s.id.as_deref() != Some("values") && s.run.is_some();
    let writes = |s: &StepView| {
        s.run.as_deref().is_some_and(|r| r.contains("GITHUB_OUTPUT") && names.iter().any(|n| r.contains(&format!("{n}="))))
    };
    let some = steps.iter().any(|s| own(s) && writes(s));
    let mut count = 0;
    for step in steps.iter_mut().filter(|s| own(s)) {
        if some && !writes(step) {
            continue;
        }
        if !some && let Some(run) = &mut step.run {
            *run = format!("export PIPEWRIGHT_OUTPUT=\"$GITHUB_OUTPUT\"\n{}\n", run.trim_end());
        }
        count += 1;
        let id = if count == 1 { "outputs".to_owned() } else { format!("outputs-{count}") };
        step.id.get_or_insert(id);
        // With a handle a step is more than its command.
        step.name.get_or_insert_with(|| format!("Set {}", names.join(" and ")));
    }
}

fn output_of(steps: &[StepView], name: &str) -> String {
    let writes = |s: &&StepView| s.id.is_some() && s.id.as_deref() != Some("values") && s.run.is_some();
    let named = |s: &&StepView| s.run.as_deref().is_some_and(|r| r.contains(&format!("{name}=")));
    let mut ids: Vec<&str> = steps.iter().filter(writes).filter(named).filter_map(|s| s.id.as_deref()).collect();
    if ids.is_empty() {
        ids = steps
            .iter()
            .filter(writes)
            .filter(|s| s.run.as_deref().is_some_and(|r| r.contains("GITHUB_OUTPUT")))
            .filter_map(|s| s.id.as_deref())
            .collect();
    }
    // What a later step wrote counts.
    let all = ids.iter().rev().map(|id| Gh::atom(format!("steps.{id}.outputs.{name}")));
    Gh::any(all).map_or_else(String::new, |gh| gh.wrapped())
}
