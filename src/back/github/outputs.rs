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

/// Where a step reads an output of its own job: [`settle`] puts the handles of the steps in its place, once they have them.
pub(super) fn own(output: &str) -> String {
    format!("steps.outputs.outputs.{output}")
}

/// Names the steps that wrote what later steps of the job read, where it is not one step that is called as [`own`] says.
pub(super) fn settle(view: &mut JobView, names: &[&str]) {
    for name in names {
        let Some(written) = writers(&view.steps, name) else { continue };
        let (from, to) = (own(name), written.to_string());
        let to = if to.contains(" || ") { format!("({to})") } else { to };
        if from == to {
            continue;
        }
        let texts = view.steps.iter_mut().flat_map(|s| {
            let pairs = s.env.iter_mut().chain(&mut s.with).map(|(_, v)| v);
            s.condition.iter_mut().chain(pairs)
        });
        for text in texts.chain(view.environment.iter_mut().filter_map(|e| e.url.as_mut())) {
            *text = replaced(text, &from, &to);
        }
    }
}

/// Replaces a path where it is not the beginning of a longer one.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, behind) = (&rest[..at], &rest[at + from.len()..]);
        out.push_str(before);
        let longer = behind.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        out.push_str(if longer { from } else { to });
        rest = behind;
    }
    out + rest
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
    writers(steps, name).map_or_else(String::new, |gh| gh.wrapped())
}

/// What the steps of a job wrote under a name.
fn writers(steps: &[StepView], name: &str) -> Option<Gh> {
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
    Gh::any(all)
}
