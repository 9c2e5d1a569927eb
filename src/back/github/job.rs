//! A job of the plan as a job of GitHub.

use serde_json::{Map, Value, json};

use crate::ir::bits::BitSet;
use crate::ir::event::EventKind;
use crate::ir::id::TargetId;
use crate::ir::job::{Concurrency, Group, Matrix, Mode, Raw, RawValue, Runner, Service, Shell};
use crate::ir::step::Outcome;
use crate::ir::text::{Part, Text};
use crate::plan::job::{PlannedJob, PlannedNeed};
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};
use crate::target::asset;

use super::context::{Env, Writer, bind};
use super::expr::Gh;
use super::permission;
use super::route;
use super::step::{if_text, pairs};
use super::translate::{Presence, reads_results};
use super::view::{ConcurrencyView, EnvironmentView, JobView, ServiceView, StepView, StrategyView};

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
            env: pairs(self, &job.env),
            ..JobView::default()
        };
        view.container_note = view.container.as_deref().and_then(unpinned);
        view.services = job.job.services.iter().map(|s| self.service(s)).collect();
        view.environment = self.environment_view();
        view.steps = self.steps(&presence);
        view.outputs = self.outputs(&view.steps);
        view.needs = needs_value(needs);
        drop_unread_ids(&mut view);
        view
    }

    /// `if:` of the job. A skipped ancestor skips every job below it that has no status function, and a status function lets a job run past
    /// a need that was skipped; so the long form names the result of each strict need.
    fn job_if(&mut self, presence: &Presence, needs: &mut Vec<String>) -> Option<Gh> {
        let job = self.job;
        let jobs = &self.workflow.jobs;
        let result = |i: usize| format!("needs.{}.result", jobs[i].id);
        let any_result = job.needs.iter().any(|n| n.any_result) || job.job.condition.as_ref().is_some_and(reads_results);
        let guard = match job.job.when.value {
            Outcome::Always => vec![Gh::atom("always()")],
            Outcome::Failure => {
                let failed = job.needs.iter().map(|n| Gh::is(result(n.job), "failure"));
                let failed =
                    if job.needs.len() > 2 { Some(Gh::atom("contains(needs.*.result, 'failure')")) } else { Gh::any(failed) };
                std::iter::once(Gh::atom("!cancelled()")).chain(failed).collect()
            }
            Outcome::Success if !job.poisoned && !any_result && job.needs.iter().all(|n| n.always_present) => Vec::new(),
            Outcome::Success => {
                let mut parts = vec![Gh::atom("!cancelled()")];
                if !any_result {
                    parts.push(Gh::atom("!failure()"));
                }
                if presence.routed {
                    parts.push(Gh::is(format!("needs.{}.result", route::JOB), "success"));
                }
                let certain = |n: &&PlannedNeed| n.always_present && !n.any_result;
                parts.extend(job.needs.iter().filter(certain).map(|n| Gh::is(result(n.job), "success")));
                let optional: Vec<usize> =
                    job.needs.iter().filter(|n| !n.always_present && !n.any_result).map(|n| n.job).collect();
                // A job out of time counts as cancelled, and so leaves what waits for it skipped.
                for above in self.unseen_ancestors(&optional) {
                    needs.push(jobs[above].id.clone());
                }
                if !optional.is_empty() {
                    if any_result {
                        for i in &optional {
                            let ran = [Gh::is(result(*i), "success"), Gh::is(result(*i), "skipped")];
                            parts.extend(Gh::any(ran));
                        }
                    } else {
                        parts.push(Gh::atom("!contains(needs.*.result, 'cancelled')"));
                    }
                }
                parts
            }
        };
        Gh::all(guard.into_iter().chain(presence.gh.clone()))
    }

    /// Ancestors behind optional needs that no need which must succeed answers for.
    fn unseen_ancestors(&self, optional: &[usize]) -> Vec<usize> {
        if optional.is_empty() {
            return Vec::new();
        }
        let jobs = &self.workflow.jobs;
        let strict: Vec<usize> = self.job.needs.iter().filter(|n| n.always_present).map(|n| n.job).collect();
        let closure = |from: &[usize]| {
            let mut open = from.to_vec();
            let mut found = BitSet::new(jobs.len());
            while let Some(i) = open.pop() {
                open.extend(jobs[i].needs.iter().map(|n| n.job).filter(|need| found.insert(*need)));
            }
            found
        };
        let mut found = closure(optional).difference(&closure(&strict));
        self.job.needs.iter().for_each(|n| _ = found.remove(n.job));
        found.iter().collect()
    }

    fn runs_on(&self) -> Value {
        match &self.job.job.runner {
            Runner::Axis(axis) => json!(format!("${{{{ matrix.{} }}}}", runner_key(&axis.value))),
            Runner::Named(name) => self.labels(&name.value),
        }
    }

    fn labels(&self, name: &str) -> Value {
        let own = self.plan.pipeline.runners.iter().find(|r| r.name.value == name).map(|r| &r.github);
        match own.map(Vec::as_slice) {
            Some([one]) => json!(one.value),
            Some(several) if !several.is_empty() => json!(several.iter().map(|l| l.value.as_str()).collect::<Vec<_>>()),
            _ => json!(hosted(name)),
        }
    }

    fn strategy(&self, matrix: &Matrix) -> StrategyView {
        let axis_of_runner = match &self.job.job.runner {
            Runner::Axis(axis) => matrix.axes.iter().position(|a| a.value == axis.value),
            Runner::Named(_) => None,
        };
        let mut view = StrategyView {
            fail_fast: matrix.fail_fast.is_some(),
            max_parallel: matrix.max_parallel.as_ref().map(|m| m.value),
            axes: Vec::new(),
            include: Vec::new(),
        };
        if let ([axis], None) = (matrix.axes.as_slice(), axis_of_runner)
            && matrix.cells.iter().all(|c| c.iter().all(Option::is_some))
        {
            view.axes.push((axis.value.clone(), matrix.cells.iter().flatten().flatten().cloned().collect()));
            return view;
        }
        for cell in &matrix.cells {
            let mut row = Map::new();
            for (i, (axis, value)) in matrix.axes.iter().zip(cell).enumerate() {
                let Some(value) = value else { continue };
                row.insert(axis.value.clone(), json!(value));
                if axis_of_runner == Some(i) {
                    row.insert(runner_key(&axis.value), self.labels(value));
                }
            }
            view.include.push(row);
        }
        view
    }

    fn service(&mut self, service: &Service) -> ServiceView {
        let in_container = self.job.job.image.is_some();
        let port = service.port.as_ref().map(|p| p.value);
        let options = service.ready.as_ref().map(|ready| {
            let command = ready.command.value.replace('"', "\\\"");
            format!(
                "--health-cmd \"{command}\" --health-interval {}s --health-timeout {}s --health-retries {}",
                ready.every.seconds, ready.timeout.seconds, ready.retries
            )
        });
        let image = self.value(&service.image);
        ServiceView {
            name: service.name.value.clone(),
            note: unpinned(&image),
            image,
            env: pairs(self, &service.env),
            ports: port.filter(|_| !in_container).map(|p| format!("{p}:{p}")).into_iter().collect(),
            options,
        }
    }

    fn environment_view(&mut self) -> Option<EnvironmentView> {
        let planned = self.job.environment.as_ref()?;
        let url = planned.id.filter(|_| planned.deploys).and_then(|id| self.plan.pipeline.environment(id).url.clone());
        let name = planned.name.clone();
        // An approval's own environment keeps its record: it says who agreed, and when.
        let deploys = planned.deploys || planned.id.is_none();
        Some(EnvironmentView { name, url: url.map(|u| self.value(&u)), deploys })
    }

    /// The lock of the job: its environment's, its own, or its share of the workflow's.
    fn concurrency(&mut self) -> Option<ConcurrencyView> {
        let own = self.job.job.concurrency.clone();
        let environment = self.job.environment.as_ref().and_then(|e| e.id);
        match (own, environment) {
            (Some(own), _) => Some(self.lock(&own)),
            (None, Some(id)) => {
                let lock = self.plan.pipeline.environment(id).concurrency.clone();
                Some(self.lock(&lock))
            }
            (None, None) => {
                let whole = self.workflow.workflow.concurrency.as_ref()?;
                let cancels = whole.mode.value == Mode::CancelRunning && !cancels_as_a_whole(self.workflow.jobs.iter());
                if !cancels || !self.job.interruptible {
                    return None;
                }
                let whole = whole.clone();
                let mut lock = self.lock(&whole);
                lock.group = format!("{}-{}", lock.group, self.job.id);
                if self.job.job.matrix.is_some() {
                    // The cells of one run must not stop one another.
                    lock.group.push_str("-${{ strategy.job-index }}");
                }
                Some(lock)
            }
        }
    }

    /// A concurrency of the spec in GitHub's words.
    pub(super) fn lock(&mut self, concurrency: &Concurrency) -> ConcurrencyView {
        let group = match &concurrency.group {
            Group::PerBranch => "${{ github.workflow }}-${{ github.ref }}".to_owned(),
            Group::PerWorkflow => "${{ github.workflow }}".to_owned(),
            Group::Environment(id) => format!("deploy-{}", self.plan.pipeline.environment(*id).name.value),
            Group::Named(text) => self.value(text),
        };
        ConcurrencyView {
            group,
            cancel: concurrency.mode.value == Mode::CancelRunning,
            // Without it a newer waiting run replaces an older one.
            queue: (concurrency.mode.value == Mode::QueueAll).then_some("max"),
        }
    }

    fn steps(&mut self, presence: &Presence) -> Vec<StepView> {
        let job = self.job;
        let mut steps: Vec<StepView> = Vec::new();
        let mut downloaded = job.job.consumes.is_empty();
        let mut uploaded = false;
        if presence.loose && job.job.deploy.is_some() {
            steps.push(self.name_guard());
        }
        let mut retried = job.job.retry.as_ref().map(|r| r.value).filter(|r| *r > 0);
        for planned in &job.steps {
            let checkout = matches!(planned.kind, PlannedKind::Checkout(_));
            if !downloaded && !checkout && planned.phase != Phase::Notify {
                steps.extend(self.downloads());
                downloaded = true;
            }
            if !uploaded && planned.phase == Phase::Notify && downloaded && planned.when != RunWhen::Success {
                steps.extend(self.uploads());
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
        if !uploaded {
            steps.extend(self.uploads());
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

    /// Compares the name with regard to case, which GitHub's `==` does not.
    fn name_guard(&mut self) -> StepView {
        let (test, env) = self.exact_guard();
        let one = test.starts_with("[[") && test.matches("[[").count() == 1;
        let test = if one { test } else { format!("{{ {test}; }}") };
        let run = format!(
            "if ! {test}; then\n  echo \"::error::$GITHUB_REF is not meant: names differ in upper and lower case\"\n  exit 1\nfi\n"
        );
        StepView { name: Some("Check the exact name".into()), shell: self.bash(), env, run: Some(run), ..StepView::default() }
    }

    /// All commands of the job in one step that runs them again from the first after a failure. What is said of a single step (its condition, its
    /// limit, its forgiveness) stands around its own call.
    fn attempts(&mut self, more: u32) -> StepView {
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
            run.push_str(&format!("cat > \"{path}\" <<'SCRIPT'\n{text}\nSCRIPT\n"));
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

    /// The first step, which works out what no expression can say.
    pub(super) fn values_step(&mut self) -> Option<StepView> {
        self.shell = Shell::Bash;
        let computed = std::mem::take(&mut self.computed);
        if !computed.short && computed.values.is_empty() && computed.conditions.is_empty() {
            return None;
        }
        let mut env: Env = computed.env.into_iter().collect();
        let mut run = String::new();
        if computed.short {
            run.push_str("echo \"short=${GITHUB_SHA::7}\" >> \"$GITHUB_OUTPUT\"\n");
        }
        for id in &computed.values {
            let value = self.plan.pipeline.values[id.index()].clone();
            let name = &value.name.value;
            let variable = super::context::upper(name).to_lowercase();
            run.push_str("case \"$GITHUB_EVENT_NAME/$GITHUB_REF_TYPE\" in\n");
            let kinds = self.kinds();
            for (kind, text) in value.arms.iter().filter(|(kind, _)| kinds.contains(&kind.value)) {
                let case = match kind.value {
                    EventKind::Push => "push/branch".to_owned(),
                    EventKind::Tag => "push/tag".to_owned(),
                    other => format!("{}/*", super::leaf::event_name(other)),
                };
                let text = self.assigned(text, &mut env);
                run.push_str(&format!("  {case}) {variable}={text} ;;\n"));
            }
            let otherwise = match &value.otherwise {
                Some(text) => self.assigned(text, &mut env),
                None => "''".to_owned(),
            };
            run.push_str(&format!("  *) {variable}={otherwise} ;;\nesac\necho \"{name}=${variable}\" >> \"$GITHUB_OUTPUT\"\n"));
        }
        for (name, test) in &computed.conditions {
            run.push_str(&format!("if {test}; then\n  echo \"{name}=true\" >> \"$GITHUB_OUTPUT\"\nfi\n"));
        }
        // A value may have asked for the short hash, which the shell has itself.
        self.computed = super::context::Computed::default();
        Some(StepView {
            name: Some("Work out values".into()),
            id: Some("values".into()),
            shell: self.bash(),
            env,
            run: Some(run),
            ..StepView::default()
        })
    }

    /// What a script of our own says beside a job with another shell.
    fn bash(&self) -> Option<&'static str> {
        shell(Shell::Bash).filter(|_| self.job.job.shell.value != Shell::Bash)
    }

    fn assigned(&mut self, text: &Text, env: &mut Env) -> String {
        let quote = Part::Literal("\"".into());
        let mut parts = vec![quote.clone()];
        parts.extend(text.parts.clone());
        parts.push(quote);
        self.script(&[Text { parts, span: text.span }], env)
    }

    fn outputs(&self, steps: &[StepView]) -> Vec<(String, String)> {
        self.job.job.outputs.iter().map(|output| (output.value.clone(), output_of(steps, &output.value))).collect()
    }
}

/// Tells zizmor that a tag is meant where the spec names one; a spec that wants a digest writes it.
fn unpinned(image: &str) -> Option<&'static str> {
    (!image.contains("@sha256:")).then_some("zizmor: ignore[unpinned-images] the spec names this tag")
}

/// A step has a handle only where somebody speaks of it; those of images and outputs are spoken of by other jobs too.
fn drop_unread_ids(view: &mut JobView) {
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

/// `needs:` as one name or a list.
pub(super) fn needs_value(needs: Vec<String>) -> Value {
    match needs.as_slice() {
        [one] => json!(one),
        _ => json!(needs),
    }
}

/// Gives the steps that write outputs a handle; where none seems to, all scripts are told where outputs go.
fn mark_outputs(steps: &mut [StepView], names: &[&str]) {
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

/// Whether every job of a workflow may be cancelled by a newer run, so that the workflow as a whole may.
pub(super) fn cancels_as_a_whole<'a, 'p: 'a>(jobs: impl IntoIterator<Item = &'a PlannedJob<'p>>) -> bool {
    jobs.into_iter().all(|j| j.interruptible && j.job.environment.is_none())
}

/// The label of a hosted runner.
pub(super) fn hosted(name: &str) -> String {
    let rows = asset::text("github/runners.tsv").unwrap_or_default();
    let known = rows.lines().filter_map(|l| l.split_once('\t')).find(|(runner, _)| *runner == name);
    known.map_or_else(|| name.to_owned(), |(_, label)| label.to_owned())
}

fn runner_key(axis: &str) -> String {
    format!("{axis}-runner")
}

/// The shell of the scripts, where GitHub has a word for it.
pub(super) fn shell(shell: Shell) -> Option<&'static str> {
    Some(match shell {
        Shell::Bash => "bash",
        Shell::Sh => "sh",
        Shell::Pwsh => "pwsh",
    })
}

/// Keys that the spec adds for GitHub.
pub(super) fn raw(raw: &[Raw]) -> Vec<(String, Value)> {
    let own = raw.iter().filter(|r| r.target.value == TargetId::Github);
    own.flat_map(|r| &r.keys).map(|(key, value)| (key.value.clone(), json_of(value))).collect()
}

fn json_of(value: &RawValue) -> Value {
    match value {
        RawValue::Null => Value::Null,
        RawValue::Bool(value) => json!(value),
        RawValue::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        RawValue::String(text) => json!(text),
        RawValue::List(items) => Value::Array(items.iter().map(json_of).collect()),
        RawValue::Map(pairs) => Value::Object(pairs.iter().map(|(k, v)| (k.clone(), json_of(v))).collect()),
    }
}

/// Whether a step is part of what a retry runs again: commands that run while all goes well.
fn is_attempted(step: &PlannedStep) -> bool {
    step.phase == Phase::Main && step.when == RunWhen::Success && matches!(step.kind, PlannedKind::Run(_))
}
