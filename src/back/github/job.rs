//! A job of the plan as a job of GitHub.

use serde_json::{Value, json};

use crate::back::github::step::shell;
use crate::ir::id::TargetId;
use crate::ir::job::Shell;
use crate::ir::raw::{Raw, RawValue};
use crate::plan::step::{Phase, PlannedKind, RunWhen};

use super::attempts::is_attempted;
use super::context::Writer;
use super::machine::unpinned;
use super::outputs::{drop_unread_ids, mark_outputs, settle};
use super::permission;
use super::route;
use super::step::{if_text, pairs};
use super::translate::Presence;
use super::view::{EnvironmentView, JobView, StepView};

impl Writer<'_, '_> {
    /// The job, without the outputs that other jobs turn out to want.
    pub(super) fn view(&mut self) -> JobView {
        let job = self.job;
        let presence = self.presence();
        let mut needs: Vec<String> = job.needs.iter().map(|n| self.workflow.jobs[n.job].id.clone()).collect();
        if presence.routed {
            needs.insert(0, route::JOB.to_owned());
        }
        let condition = self.job_if(&presence, &mut needs);
        let mut view = JobView {
            comments: job.job.comments.clone(),
            id: job.id.clone(),
            name: job.title.clone(),
            condition: condition.map(|gh| if_text(&gh)),
            runs_on: self.runs_on(),
            permissions: permission::view(&job.permissions),
            concurrency: self.concurrency(),
            timeout: job.timeout.minutes_ceil().max(1),
            continue_on_error: job.job.allow_failure.as_ref().is_some_and(|a| a.exit_codes.is_empty()),
            strategy: job.job.matrix.as_ref().map(|m| self.strategy(m)),
            container: job.job.image.as_ref().map(|i| self.value(i)),
            shell: shell(job.job.shell.value).filter(|s| *s != "bash"),
            directory: self.directory(),
            raw: raw(&job.job.raw),
            whole: job.job.is_githubs_own(),
            env: pairs(self, &job.env),
            ..JobView::default()
        };
        view.container_note = view.container.as_deref().and_then(unpinned);
        view.services = job.job.services.iter().map(|s| self.service(s)).collect();
        view.environment = self.environment_view();
        view.steps = self.steps(&presence);
        view.outputs = self.outputs(&view.steps);
        settle(&mut view, &job.job.outputs.iter().map(|o| o.value.as_str()).collect::<Vec<_>>());
        view.needs = needs_value(needs);
        drop_unread_ids(&mut view);
        view
    }

    fn environment_view(&mut self) -> Option<EnvironmentView> {
        let planned = self.job.environment.as_ref()?;
        let url = planned.id.filter(|_| planned.deploys).and_then(|id| self.plan.pipeline.environment(id).url.clone());
        let name = planned.name.clone();
        // An approval's own environment keeps its record: it says who agreed, and when.
        let deploys = planned.deploys || planned.id.is_none();
        Some(EnvironmentView { name, url: url.map(|u| self.value(&u)), deploys })
    }

    fn steps(&mut self, presence: &Presence) -> Vec<StepView> {
        let job = self.job;
        let mut steps: Vec<StepView> = Vec::new();
        let mut downloaded = job.job.consumes.is_empty();
        let (mut kept, mut uploaded) = (false, false);
        if presence.loose && job.job.deploy.is_some() {
            steps.push(self.name_guard());
        }
        let mut retried = job.job.retry.as_ref().map(|r| r.value);
        for planned in &job.steps {
            let checkout = matches!(planned.kind, PlannedKind::Checkout(_));
            if !downloaded && !checkout && planned.phase != Phase::Notify {
                steps.extend(self.downloads());
                downloaded = true;
            }
            let late = planned.when != RunWhen::Success && planned.phase >= Phase::Rollback;
            if !kept && late && downloaded {
                steps.extend(self.uploads(false));
                kept = true;
            }
            if !uploaded && late && planned.phase == Phase::Notify && downloaded {
                steps.extend(self.uploads(true));
                uploaded = true;
            }
            if job.job.retry.is_some() && is_attempted(planned) {
                if let Some(more) = retried.take() {
                    steps.push(self.attempts(more));
                }
                continue;
            }
            steps.extend(self.step(planned));
        }
        if !downloaded {
            steps.extend(self.downloads());
        }
        if !kept {
            steps.extend(self.uploads(false));
        }
        if !uploaded {
            steps.extend(self.uploads(true));
        }
        if let Some(first) = self.values_step() {
            steps.insert(0, first);
        }
        if steps.is_empty() {
            // A job that only waits for a person has nothing to do.
            steps.push(StepView { name: Some("Go on".into()), run: Some("echo \"approved\"".into()), ..StepView::default() });
        }
        if !job.job.outputs.is_empty() {
            mark_outputs(&mut steps, &job.job.outputs.iter().map(|o| o.value.as_str()).collect::<Vec<_>>());
        }
        steps
    }

    /// What a script of our own says beside a job with another shell.
    pub(super) fn bash(&self) -> Option<&'static str> {
        shell(Shell::Bash).filter(|_| self.job.job.shell.value != Shell::Bash)
    }
}

/// `needs:` as one name or a list.
pub(super) fn needs_value(needs: Vec<String>) -> Value {
    match needs.as_slice() {
        [one] => json!(one),
        _ => json!(needs),
    }
}

/// Keys that the spec adds for GitHub.
pub(super) fn raw(raw: &[Raw]) -> Vec<(String, Value)> {
    let own = raw.iter().filter(|r| r.target.value == TargetId::Github);
    own.flat_map(|r| &r.keys).map(|(key, value)| (key.value.clone(), json_of(value))).collect()
}

/// A raw value as it is printed.
pub(super) fn json_of(value: &RawValue) -> Value {
    match value {
        RawValue::Null => Value::Null,
        RawValue::Bool(value) => json!(value),
        RawValue::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        RawValue::String(text) => json!(text),
        RawValue::List(items) => Value::Array(items.iter().map(json_of).collect()),
        RawValue::Map(pairs) => Value::Object(pairs.iter().map(|(k, v)| (k.clone(), json_of(v))).collect()),
    }
}
