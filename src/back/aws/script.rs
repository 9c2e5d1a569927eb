//! Steps as the commands of a buildspec.
//!
//! CodeBuild runs the commands of a phase one after another and stops at the first that fails; `post_build` runs all the same. So steps are
//! commands of `build`, each in a shell of its own where it leaves anything behind, and what runs after a failure stands in `post_build`.
//! Where the whole must end early, or may not count, its steps are one script that `timeout` runs.

use std::collections::BTreeSet;

use crate::back::aws::guard::Guard;
use crate::back::aws::item::Item;
use crate::back::aws::place::{Place, gate_file};
use crate::back::aws::{cache, data, expr, setup};
use crate::back::shell::{enclosed, single_quoted};
use crate::back::state;
use crate::back::variables::{Known, OUTPUT, Value, Variables, upper};
use crate::ir::job::Shell;
use crate::ir::step::Outcome;
use crate::ir::text::{Context, EnvVar, RunField, Text};
use crate::plan::job::PlannedJob;
use crate::plan::script::end_mark;
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};
use crate::target::frame;
use crate::target::frame::{AFTER, COUNTED, FAILED, JOB};

/// The commands of a job.
#[derive(Default)]
pub(super) struct Commands {
    /// Of the phase `build`.
    pub(super) build: Vec<Item>,
    /// Of the phase `post_build`.
    pub(super) post_build: Vec<Item>,
}

/// Seconds after which a job has had its time: of each attempt its limit.
pub(in crate::back) fn seconds(job: &PlannedJob<'_>) -> u64 {
    job.timeout.seconds * (1 + u64::from(job.job.retry.map_or(0, |r| r.value)))
}

/// Seconds that the steps behind the others take off the job's limit.
fn after_seconds(place: &Place<'_>) -> u64 {
    let after = place.job.steps.iter().filter(|s| s.when != RunWhen::Success);
    let asked = after.map(|s| s.timeout.map_or(if s.phase == Phase::Rollback { 300 } else { 60 }, |t| t.seconds)).sum::<u64>();
    asked.min(place.job.timeout.seconds / 2)
}

/// The commands of a job. `limit` are the seconds after which CodeBuild itself ends the build.
pub(super) fn of_job(place: Place<'_>, guard: Option<&Guard>, limit: u64) -> Commands {
    let job = &*place.job.job;
    let retries = job.retry.map_or(0, |r| r.value);
    let behind = place.job.steps.iter().any(|s| s.when != RunWhen::Success)
        || data::uploads(&place, false).iter().any(|u| u.when != Outcome::Success);
    let whole = guard.is_some() || behind || retries > 0 || job.allow_failure.is_some() || seconds(place.job) < limit;
    let writer = Writer { place, marked: place.job.asked_after(), whole };
    let items = writer.main(guard);
    let after = writer.after(guard.is_some());
    let mut commands = Commands::default();
    if whole {
        commands.build.push(Item { comment: None, text: document(JOB, &items) });
        commands.build.push(Item { comment: None, text: writer.run(retries) });
    } else {
        commands.build = items;
    }
    if commands.build.is_empty() {
        commands.build.push(Item { comment: None, text: frame::NOTHING.to_owned() });
    }
    if !after.is_empty() {
        commands.post_build.push(Item { comment: None, text: document(AFTER, &after) });
        commands.post_build.push(Item { comment: None, text: format!("{} {AFTER}", writer.interpreter(false)) });
    }
    commands
}

/// A script that is written to a file, since a shell that reads its commands from standard input shares it with them.
fn document(file: &str, items: &[Item]) -> String {
    let mut out = String::new();
    for item in items {
        if let Some(comment) = &item.comment {
            out.push_str(&format!("# {comment}\n"));
        }
        out.push_str(&item.text);
        out.push('\n');
    }
    let mark = end_mark("SCRIPT", &out);
    format!("cat > {file} <<'{mark}'\n{out}{mark}")
}

struct Writer<'p> {
    place: Place<'p>,
    /// Steps whose start a later step must know of.
    marked: BTreeSet<&'p str>,
    /// The steps are one script, whose shell is strict already.
    whole: bool,
}

/// The file that says that a step has started and not yet succeeded, or only started.
fn mark(id: &str) -> String {
    format!("/tmp/step-{id}")
}

impl<'p> Writer<'p> {
    fn interpreter(&self, strict: bool) -> &'static str {
        match (self.place.job.job.shell.value, strict) {
            (Shell::Sh, true) => "sh -eu",
            (Shell::Sh, false) => "sh -u",
            (Shell::Bash | Shell::Pwsh, true) => "bash -euo pipefail",
            (Shell::Bash | Shell::Pwsh, false) => "bash -uo pipefail",
        }
    }

    fn strict(&self) -> &'static str {
        data::options(&self.place.job.job)
    }

    /// Runs the script of the steps: with its limit, as often as it may, and forgiven where it is.
    fn run(&self, retries: u32) -> String {
        let job = &*self.place.job.job;
        let limit = self.place.job.timeout.seconds - after_seconds(&self.place);
        let once = format!("timeout {limit} {} {JOB}", self.interpreter(true));
        let run = if retries == 0 {
            once
        } else {
            let attempts: Vec<String> = (1..=retries + 1).map(|i| i.to_string()).collect();
            format!(
                "for attempt in {}; do\n  echo \"Attempt $attempt\"\n  code=0\n  {once} || code=$?\n  [ \"$code\" != 0 ] || break\ndone\n(exit \"$code\")",
                attempts.join(" ")
            )
        };
        let Some(allowed) = &job.allow_failure else { return run };
        let forgiven = frame::FORGIVEN;
        if allowed.exit_codes.is_empty() {
            return format!("{run} || {forgiven}");
        }
        let codes: Vec<String> = allowed.exit_codes.iter().map(u8::to_string).collect();
        // The loop of attempts leaves the code of the last one.
        let run = run.strip_suffix("\n(exit \"$code\")").map_or_else(|| format!("code=0\n{run} || code=$?"), str::to_owned);
        format!(
            "{run}\ncase \"$code\" in\n  0) ;;\n  {}) {} ;;\n  *) (exit \"$code\") ;;\nesac",
            codes.join(" | "),
            forgiven.trim_start_matches("{ ").trim_end_matches(" }").trim_end_matches(';')
        )
    }

    fn main(&self, guard: Option<&Guard>) -> Vec<Item> {
        let place = self.place;
        let mut known = Known::of(place.job);
        let mut items = Vec::new();
        // What decides may be a value of another job.
        let early = guard.is_some_and(|g| g.contexts.iter().any(|c| matches!(c, Context::Output { .. })));
        if early {
            self.derive(&[data::RUN], &mut known, &mut items);
            items.extend(data::values(&place));
        }
        if let Some(guard) = guard {
            self.derive(&guard.contexts, &mut known, &mut items);
            let test = if guard.test.contains(" && ") || guard.test.starts_with('!') {
                format!("{{ {}; }}", guard.test)
            } else {
                guard.test.clone()
            };
            items.push(Item {
                comment: Some("Not every event of this run has this job".to_owned()),
                text: format!("{test} || {{ echo \"Not for this event\"; exit 0; }}\ntouch /tmp/present"),
            });
        }
        items.extend(data::input_checks(&place, self.whole));
        if data::uses_store(&place) {
            self.derive(&[data::RUN], &mut known, &mut items);
        }
        items.extend(data::files(&place, self.whole));
        if !early {
            items.extend(data::values(&place));
        }
        let downloads = cache::variables(&place).into_iter();
        items.extend(downloads.map(|(name, value)| Item { comment: None, text: format!("export {name}=\"{value}\"") }));
        items.extend(self.exports(&mut known));
        items.extend(data::services(&place));
        if !place.job.job.outputs.is_empty() {
            items.push(Item { comment: None, text: format!("touch \"${OUTPUT}\"") });
        }
        for step in place.job.steps.iter().filter(|s| s.when == RunWhen::Success) {
            self.step(step, &mut known, &mut items);
        }
        items.extend(data::uploads(&place, self.whole).into_iter().filter(|u| u.when == Outcome::Success).map(|u| u.item));
        items
    }

    /// Variables that are worked out once; a later command sees them.
    fn derive(&self, contexts: &[Context], known: &mut Known, items: &mut Vec<Item>) {
        for context in contexts {
            if let Value::Derived(name, line) = self.place.value(context)
                && known.learn(&name, &line)
            {
                // In a strict shell a failure on the left of `&&` would count for nothing.
                let joined = !self.whole && !line.contains('\n');
                let text = if joined { format!("{line} && export {name}") } else { format!("{line}\nexport {name}") };
                items.push(Item { comment: None, text });
            }
        }
    }

    /// Variables of the job that need the shell to work them out.
    fn exports(&self, known: &mut Known) -> Vec<Item> {
        let mut items = Vec::new();
        for variable in self.late() {
            let contexts: Vec<Context> = variable.value.contexts().map(|c| c.value.clone()).collect();
            self.derive(&contexts, known, &mut items);
            items.extend(self.place.export(variable).map(|text| Item { comment: None, text }));
        }
        items
    }

    fn late(&self) -> impl Iterator<Item = &'p EnvVar> {
        let place = self.place;
        place.workflow.env.iter().chain(&place.job.env).filter(move |e| place.fixed(&e.value).is_none())
    }

    /// A step that runs if all before it went well.
    fn step(&self, step: &PlannedStep, known: &mut Known, items: &mut Vec<Item>) {
        let lines = self.lines(step);
        let id = step.id.as_deref().filter(|id| self.marked.contains(id));
        self.derive(&self.contexts(step), known, items);
        known.ran(&lines);
        if lines.is_empty() {
            items.extend(id.map(|id| Item { comment: None, text: format!("touch {}", mark(id)) }));
            return;
        }
        let from = items.len();
        let exports = self.step_env(step);
        let simple = exports.is_empty()
            && step.dir.is_none()
            && step.condition.is_none()
            && !step.continue_on_error
            && id.is_none()
            && lines.iter().all(|l| plain(l));
        match (simple, step.timeout) {
            (true, None) => items.extend(lines.into_iter().map(|text| Item { comment: None, text })),
            (true, Some(limit)) if lines.len() == 1 => {
                items.push(Item { comment: None, text: format!("timeout {} {}", limit.seconds, lines[0]) });
            }
            _ => {
                let mut inner = Vec::new();
                inner.extend(id.map(|id| format!("touch {}", mark(id))));
                inner.extend(step.dir.iter().map(|d| format!("cd {}", single_quoted(&d.value))));
                inner.extend(exports);
                let gone = id.filter(|id| self.awaited(id)).map(|id| format!("rm -f {}", mark(id)));
                // What ends its shell ends a shell of its own, so that the mark goes with its success.
                let ends = lines.last().and_then(|l| l.lines().last()).is_some_and(|l| l.starts_with("exit "));
                inner.extend(if ends && gone.is_some() { vec![enclosed("(", &lines, ")")] } else { lines });
                inner.extend(gone);
                let mut block = match (step.timeout, step.continue_on_error) {
                    (None, false) if self.whole && !state::changes(&inner.join("\n")) => inner.join("\n"),
                    (None, false) => {
                        if !self.whole {
                            inner.insert(0, self.strict().to_owned());
                        }
                        enclosed("(", &inner, ")")
                    }
                    (limit, forgiven) => {
                        let limit = limit.map_or_else(String::new, |l| format!("timeout {} ", l.seconds));
                        let forgiven = if forgiven { format!(" || {}", frame::GOES_ON) } else { String::new() };
                        let shell = self.interpreter(true);
                        let inner = inner.join("\n");
                        let mark = end_mark("STEP", &inner);
                        format!("{limit}{shell} /dev/fd/3 3<<'{mark}'{forgiven}\n{inner}\n{mark}")
                    }
                };
                if let Some(condition) = &step.condition {
                    block = enclosed(&format!("if {}; then", expr::test(condition, &self.place)), &[block], "fi");
                }
                items.push(Item { comment: None, text: block });
            }
        }
        if let (Some(name), Some(first)) = (&step.name, items.get_mut(from)) {
            first.comment = Some(one_line(&self.place.shown(name)));
        }
        if let PlannedKind::DockerBuild(build) = &step.kind
            && self.place.job.reads_image(build.image)
        {
            items.push(Item { comment: None, text: frame::sourced(frame::IMAGES) });
        }
    }

    /// What runs whatever came of the steps: each in a shell of its own, none kept from running by the one before.
    fn after(&self, guarded: bool) -> Vec<Item> {
        let steps: Vec<&PlannedStep> = self.place.job.steps.iter().filter(|s| s.when != RunWhen::Success).collect();
        let uploads: Vec<data::Upload> =
            data::uploads(&self.place, false).into_iter().filter(|u| u.when != Outcome::Success).collect();
        if steps.is_empty() && uploads.is_empty() {
            return Vec::new();
        }
        let mut items = Vec::new();
        if guarded {
            items.push(Item { comment: None, text: "[ -e /tmp/present ] || exit 0".to_owned() });
        }
        items.push(Item { comment: Some(frame::EACH.to_owned()), text: frame::NONE_FAILED.to_owned() });
        let asked: BTreeSet<&str> = steps
            .iter()
            .filter_map(|s| match &s.when {
                RunWhen::Ran { step } => Some(step.as_str()),
                _ => None,
            })
            .collect();
        let mut known = Known::of(self.place.job);
        items.extend(self.exports(&mut known));
        if !uploads.is_empty() {
            self.derive(&[data::RUN], &mut known, &mut items);
        }
        for step in steps {
            let lines = self.lines(step);
            if lines.is_empty() {
                continue;
            }
            self.derive(&self.contexts(step), &mut known, &mut items);
            known.ran(&lines);
            let mut inner = Vec::new();
            inner.extend(step.dir.iter().map(|d| format!("cd {}", single_quoted(&d.value))));
            inner.extend(self.step_env(step));
            inner.extend(lines);
            let mut block = match step.timeout {
                Some(limit) => {
                    let inner = inner.join("\n");
                    let mark = end_mark("STEP", &inner);
                    let shell = self.interpreter(true);
                    format!("timeout {} {shell} /dev/fd/3 3<<'{mark}'\n{inner}\n{mark}", limit.seconds)
                }
                None => {
                    inner.insert(0, self.strict().to_owned());
                    enclosed("(", &inner, ")")
                }
            };
            if !step.continue_on_error {
                block.push_str(&format!("\n{COUNTED}"));
            }
            if let Some(id) = step.id.as_deref().filter(|id| asked.contains(id)) {
                block = format!("{}=yes\n{block}", ran(id));
            }
            let mut tests: Vec<String> = self.when_test(&step.when).into_iter().collect();
            tests.extend(step.condition.as_ref().map(|c| expr::operand(c, &self.place)));
            let text =
                if tests.is_empty() { block } else { enclosed(&format!("if {}; then", tests.join(" && ")), &[block], "fi") };
            let comment = step.name.as_ref().map(|n| one_line(&self.place.shown(n)));
            items.push(Item { comment, text });
        }
        for upload in uploads {
            let block = format!("{}\n{COUNTED}", upload.item.text);
            let text = match upload.when {
                Outcome::Failure => enclosed(&format!("if {FAILED}; then"), &[block], "fi"),
                Outcome::Success | Outcome::Always => block,
            };
            items.push(Item { comment: upload.item.comment, text });
        }
        items.push(Item { comment: None, text: frame::ALL_WELL.to_owned() });
        items
    }

    /// What must be so for a step of `post_build` to run. A build that a person stops has no such phase.
    fn when_test(&self, when: &RunWhen) -> Option<String> {
        match when {
            RunWhen::Success => Some(format!("! {FAILED}")),
            RunWhen::Failure => Some(FAILED.to_owned()),
            RunWhen::Always => None,
            RunWhen::Rollback { started } => Some(format!("{FAILED} && [ -e {} ]", mark(started))),
            RunWhen::Ran { step } => Some(format!("[ -n \"${{{}:-}}\" ]", ran(step))),
            RunWhen::AnyFailed { steps } => {
                let tests: Vec<String> = steps.iter().map(|id| format!("[ -e {} ]", mark(id))).collect();
                Some(if tests.len() == 1 { tests.join("") } else { format!("{{ {}; }}", tests.join(" || ")) })
            }
        }
    }

    /// Whether a later step asks if the step of this id failed.
    fn awaited(&self, id: &str) -> bool {
        let mut steps = self.place.job.steps.iter();
        steps.any(|s| matches!(&s.when, RunWhen::AnyFailed { steps } if steps.iter().any(|of| of == id)))
    }

    /// The code of a step; none for what is no script here.
    fn lines(&self, step: &PlannedStep) -> Vec<String> {
        match &step.kind {
            PlannedKind::Run(script) => {
                let code = script.lines.iter().map(|l| self.place.code(l).trim_end().to_owned());
                if data::publishes(step) { code.map(|l| data::published(&self.place, l)).collect() } else { code.collect() }
            }
            other => setup::lines(other, &self.place),
        }
    }

    fn step_env(&self, step: &PlannedStep) -> Vec<String> {
        let mut exports = self.place.exports(&step.env);
        if let (Some(gate), false) = (step.gate, step.exports.is_empty()) {
            exports.push(format!("export {OUTPUT}={}", gate_file(&self.place.plan.pipeline.gate(gate).name.value)));
        }
        exports
    }

    /// What a step reads: in its code, its variables and its conditions.
    fn contexts(&self, step: &PlannedStep) -> Vec<Context> {
        let mut texts: Vec<&Text> = step.env.iter().map(|e| &e.value).collect();
        texts.extend(step.kind.texts());
        let mut found: Vec<Context> = texts.into_iter().flat_map(Text::contexts).map(|c| c.value.clone()).collect();
        found.extend(step.condition.iter().flat_map(|c| c.contexts()).map(|c| c.value));
        found.extend(step.kind.conditions().into_iter().flat_map(|c| c.contexts()).map(|c| c.value));
        found.retain(|c| *c != Context::Run(RunField::Event));
        found
    }
}

/// Whether a line means the same in a shell with and without the options of the language, and leaves nothing behind.
fn plain(line: &str) -> bool {
    state::is_simple_command(line) && !line.contains('$') && !state::changes(line)
}

fn ran(id: &str) -> String {
    format!("{}_RAN", upper(id))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
