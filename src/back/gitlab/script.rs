//! Steps as the lines of `script` and `after_script`.
//!
//! The runner puts all lines of `script` into one shell with `set -eo pipefail`; `after_script` gets a shell of its own, whose failures count
//! nothing. What runs after a failure, or undoes a deploy, stands in the second, guarded by the job's status and by files that the first leaves.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::back::gitlab::expr;
use crate::back::gitlab::setup;
use crate::back::gitlab::value::{Place, gate_file, word};
use crate::back::shell::enclosed;
use crate::back::state;
use crate::back::variables::{Known, OUTPUT, Value, Variables, upper};
use crate::ir::job::Shell;
use crate::ir::text::{Context, EnvVar, Text};
use crate::ir::units::Duration;
use crate::plan::script::end_mark;
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};

/// An entry of a list of scripts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Item {
    /// What stands above it.
    pub(super) comment: Option<String>,
    /// The code.
    pub(super) text: String,
}

/// The scripts of a job.
#[derive(Default)]
pub(super) struct Scripts {
    /// `script`
    pub(super) main: Vec<Item>,
    /// `after_script`
    pub(super) after: Vec<Item>,
    /// Seconds that `after_script` may take, where a step in it has a limit.
    pub(super) after_seconds: u64,
}

/// The scripts of a job. `before` are lines that go first (waiting for services, checking inputs), `behind` those that go last.
pub(super) fn of_job(place: Place<'_>, before: Vec<Item>, behind: Vec<Item>) -> Scripts {
    let writer = Writer { place, marked: place.job.asked_after() };
    writer.write(before, behind)
}

struct Writer<'p> {
    place: Place<'p>,
    /// Steps whose start `after_script` must know of.
    marked: BTreeSet<&'p str>,
}

/// The file that says that a step has started and not yet succeeded, or only started.
fn mark(id: &str) -> String {
    format!("\"$CI_PROJECT_DIR/.{id}-$CI_JOB_ID\"")
}

impl<'p> Writer<'p> {
    fn write(&self, before: Vec<Item>, behind: Vec<Item>) -> Scripts {
        let mut scripts = Scripts::default();
        let (main, after): (Vec<&PlannedStep>, Vec<&PlannedStep>) =
            self.place.job.steps.iter().partition(|s| s.when == RunWhen::Success);
        scripts.main = self.exports();
        scripts.main.extend(before);
        let home = self.common_directory(&main);
        let mut known = Known::of(self.place.job);
        let mut entered = false;
        for (i, step) in main.iter().enumerate() {
            if let (Some(dir), false) = (home, entered)
                && step.dir.is_some()
                && !self.lines(step).is_empty()
            {
                scripts.main.push(Item { comment: None, text: format!("cd {}", word(dir)) });
                entered = true;
            }
            let last = i + 1 == main.len() && behind.is_empty();
            self.step(step, last, home.filter(|_| entered), &mut known, &mut scripts.main);
        }
        if entered && !behind.is_empty() {
            scripts.main.push(Item { comment: None, text: "cd \"$CI_PROJECT_DIR\"".to_owned() });
        }
        scripts.main.extend(behind);
        self.after(&after, &mut scripts);
        self.equip(&mut scripts);
        if scripts.main.is_empty() {
            scripts.main.push(Item { comment: None, text: "echo \"Nothing to do\"".to_owned() });
        }
        scripts
    }

    /// The image of docker has no curl, which the scripts of a plan use; what else they read with, they bring themselves.
    fn equip(&self, scripts: &mut Scripts) {
        if super::job::image(self.place).as_deref() != Some(super::job::DOCKER) {
            return;
        }
        let words = |item: &Item| item.text.split([' ', '\n', '(', '"', '\'']).map(str::to_owned).collect::<Vec<_>>();
        if scripts.main.iter().chain(&scripts.after).any(|i| words(i).iter().any(|w| w == "curl")) {
            scripts.main.insert(0, Item { comment: None, text: "apk add --no-cache curl".to_owned() });
        }
    }

    /// The directory that every step runs in from the first that has one: one `cd` then does for all.
    fn common_directory(&self, steps: &[&'p PlannedStep]) -> Option<&'p str> {
        let mut placed = steps.iter().filter(|s| !self.lines(s).is_empty()).skip_while(|s| s.dir.is_none()).peekable();
        let first = placed.peek()?.dir.as_ref()?;
        let mut count = 0;
        for step in placed {
            if step.phase > Phase::Main || step.dir.as_ref().is_none_or(|d| d.value != first.value) {
                return None;
            }
            count += 1;
        }
        (count > 1).then_some(first.value.as_str())
    }

    /// Variables of the job that need the shell to work them out.
    fn exports(&self) -> Vec<Item> {
        let all = self.place.workflow.env.iter().chain(&self.place.job.env);
        let late: Vec<&EnvVar> = all.filter(|e| self.place.expanded(&e.value).is_none()).collect();
        let mut lines = Vec::new();
        for variable in &late {
            for (_, line) in self.place.derived(&variable.value) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        lines.extend(late.iter().filter_map(|e| self.place.export(e)));
        lines.into_iter().map(|text| Item { comment: None, text }).collect()
    }

    /// A step that runs if all before it went well.
    fn step(&self, step: &PlannedStep, last: bool, home: Option<&str>, known: &mut Known, out: &mut Vec<Item>) {
        let (lines, limit) = self.timed(step);
        let from = out.len();
        if limit.is_none() {
            for (name, line) in self.needed(step) {
                if known.learn(&name, &line) {
                    out.push(Item { comment: None, text: line });
                }
            }
        }
        known.ran(&lines);
        let id = step.id.as_deref().filter(|id| self.marked.contains(id));
        // Somebody asks whether it failed: its mark goes when it is done, so nothing of it may end the shell before.
        let clears = id.filter(|id| self.awaited(id)).map(|id| format!("rm -f {}", mark(id)));
        let last = last && clears.is_none();
        if let (Some(id), None) = (id, &step.condition) {
            out.push(Item { comment: None, text: format!("touch {}", mark(id)) });
        }
        if lines.is_empty() {
            return;
        }
        let joined = lines.join("\n");
        let exports = self.step_env(step);
        let dir = step.dir.as_ref().map(|d| d.value.as_str()).filter(|d| home != Some(d));
        let bare = exports.is_empty()
            && dir.is_none()
            && step.condition.is_none()
            && limit.is_none()
            && !step.continue_on_error
            && (last || step.alone || is_setup(step) || !state::changes(&joined));
        if bare {
            out.extend(lines.into_iter().map(|text| Item { comment: None, text }));
        } else {
            let mut inner = Vec::new();
            if let (Some(id), Some(_)) = (id, &step.condition) {
                inner.push(format!("touch {}", mark(id)));
            }
            inner.extend(dir.map(|d| format!("cd {}", word(d))));
            inner.extend(exports);
            if step.continue_on_error && clears.is_some() && state::changes(&joined) {
                inner.push(enclosed("(", &lines, ")"));
            } else {
                inner.extend(lines);
            }
            // What is known of an image is read by later steps: no subshell around it, and nothing of its own is left behind.
            let build = matches!(step.kind, PlannedKind::DockerBuild(_));
            if build && !last {
                inner.extend(step.env.iter().map(|e| format!("unset {}", e.name.value)));
            }
            let last = last || build;
            inner.extend(clears.iter().filter(|_| step.continue_on_error).cloned());
            out.push(Item { comment: None, text: self.guarded(step, limit, &inner, last) });
        }
        out.extend(clears.filter(|_| !step.continue_on_error).map(|text| Item { comment: None, text }));
        if let (Some(name), Some(first)) = (&step.name, out.get_mut(from)) {
            first.comment = Some(self.title(name));
        }
    }

    /// Steps for the time after: each in a shell of its own, none kept from running by the one before.
    fn after(&self, steps: &[&PlannedStep], scripts: &mut Scripts) {
        if steps.is_empty() {
            return;
        }
        let comment = Some("Each step runs, whatever came of the one before.".to_owned());
        scripts.after.push(Item { comment, text: "set +e".to_owned() });
        scripts.after.extend(self.exports());
        let asked: BTreeSet<&str> = steps
            .iter()
            .filter_map(|s| match &s.when {
                RunWhen::Ran { step } => Some(step.as_str()),
                _ => None,
            })
            .collect();
        let mut known = Known::of(self.place.job);
        for step in steps {
            // GitLab gives `after_script` five minutes where nothing is said.
            scripts.after_seconds += step.timeout.map_or(if step.phase == Phase::Rollback { 300 } else { 60 }, |t| t.seconds);
            // The limit of `after_script` is the limit of its only step.
            let (lines, limit) = if steps.len() == 1 { (self.lines(step), None) } else { self.timed(step) };
            if lines.is_empty() {
                continue;
            }
            let from = scripts.after.len();
            for (name, line) in self.needed(step) {
                if known.learn(&name, &line) {
                    scripts.after.push(Item { comment: None, text: line });
                }
            }
            known.ran(&lines);
            let mut inner = vec!["set -e".to_owned()];
            inner.extend(step.dir.iter().map(|d| format!("cd {}", word(&d.value))));
            inner.extend(self.step_env(step));
            inner.extend(lines);
            let mut tests: Vec<String> = self.when_test(&step.when).into_iter().collect();
            tests.extend(step.condition.as_ref().map(|c| braced(expr::shell(c, &self.place))));
            let mut block = match limit {
                Some(limit) => self.limited(step.shell, limit.seconds, &inner[1..]),
                None => enclosed("(", &inner, ")"),
            };
            if let Some(id) = step.id.as_deref().filter(|id| asked.contains(id)) {
                block = format!("{}=yes\n{block}", ran(id));
            }
            let text =
                if tests.is_empty() { block } else { enclosed(&format!("if {}; then", tests.join(" && ")), &[block], "fi") };
            scripts.after.push(Item { comment: None, text });
            if let (Some(name), Some(first)) = (&step.name, scripts.after.get_mut(from)) {
                first.comment = Some(self.title(name));
            }
        }
    }

    /// What must be so for a step after the script to run.
    fn when_test(&self, when: &RunWhen) -> Option<String> {
        match when {
            RunWhen::Success => Some("[ \"$CI_JOB_STATUS\" = success ]".to_owned()),
            RunWhen::Failure => Some("[ \"$CI_JOB_STATUS\" = failed ]".to_owned()),
            RunWhen::Always => None,
            RunWhen::Rollback { started } => Some(format!("[ \"$CI_JOB_STATUS\" != success ] && [ -e {} ]", mark(started))),
            RunWhen::Ran { step } => Some(format!("[ -n \"${}\" ]", ran(step))),
            RunWhen::AnyFailed { steps } => {
                let tests: Vec<String> = steps.iter().map(|id| format!("[ -e {} ]", mark(id))).collect();
                let any = if tests.len() == 1 { tests.join("") } else { format!("{{ {}; }}", tests.join(" || ")) };
                Some(format!("[ \"$CI_JOB_STATUS\" != canceled ] && {any}"))
            }
        }
    }

    /// Whether a later step asks if the step of this id failed.
    fn awaited(&self, id: &str) -> bool {
        let mut steps = self.place.job.steps.iter();
        steps.any(|s| matches!(&s.when, RunWhen::AnyFailed { steps } if steps.iter().any(|of| of == id)))
    }

    /// Lines in a subshell, with the step's condition, limit and forgiveness around it.
    fn guarded(&self, step: &PlannedStep, limit: Option<Duration>, inner: &[String], last: bool) -> String {
        let mut block = if let Some(limit) = limit {
            let mut inner = inner.to_vec();
            inner.splice(0..0, self.needed(step).into_iter().map(|(_, line)| line));
            let limited = self.limited(step.shell, limit.seconds, &inner);
            match (step.continue_on_error, limited.split_once('\n')) {
                (true, Some((first, rest))) => format!("{first} || echo \"This step failed; the job goes on.\"\n{rest}"),
                _ => limited,
            }
        } else if step.continue_on_error && step.alone && inner.len() == 1 {
            format!("{} || true", inner.concat())
        } else if step.continue_on_error {
            // `( … ) || true` would switch off `set -e` inside as well.
            let mut inner = inner.to_vec();
            inner.insert(0, "set -e".to_owned());
            format!("set +e\n{}\nset -e", enclosed("(", &inner, ")"))
        } else if last || step.alone && inner.len() == 1 || !state::changes(&inner.join("\n")) {
            inner.join("\n")
        } else {
            enclosed("(", inner, ")")
        };
        if let Some(condition) = &step.condition {
            block = enclosed(&format!("if {}; then", expr::shell(condition, &self.place)), &[block], "fi");
        }
        block
    }

    /// The code of a step and the limit that is left to put around it: a single command has it in its own line.
    fn timed(&self, step: &PlannedStep) -> (Vec<String>, Option<Duration>) {
        let lines = self.lines(step);
        match (lines.as_slice(), step.timeout) {
            ([only], Some(limit)) if state::is_simple_command(only) => (vec![format!("timeout {} {only}", limit.seconds)], None),
            _ => (lines, step.timeout),
        }
    }

    /// Lines in a shell that is stopped after some seconds. The script comes by a file of its own, so that commands may read standard input.
    fn limited(&self, shell: Shell, seconds: u64, inner: &[String]) -> String {
        let shell = match shell {
            // The image of docker has no bash; its own shell knows the option, too.
            Shell::Bash if super::job::image(self.place).as_deref() == Some(super::job::DOCKER) => "sh -eo pipefail",
            Shell::Bash => "bash -eo pipefail",
            Shell::Sh | Shell::Pwsh => "sh -e",
        };
        let inner = inner.join("\n");
        let mark = end_mark("STEP", &inner);
        format!("timeout {seconds} {shell} /dev/fd/3 3<<'{mark}'\n{inner}\n{mark}")
    }

    /// The code of a step; none for what is not a script on GitLab.
    fn lines(&self, step: &PlannedStep) -> Vec<String> {
        match &step.kind {
            PlannedKind::Run(script) => script.lines.iter().map(|l| self.place.code(l).trim_end().to_owned()).collect(),
            other => setup::lines(other, &self.place),
        }
    }

    fn step_env(&self, step: &PlannedStep) -> Vec<String> {
        let mut exports = self.place.exports(&step.env);
        if let (Some(gate), false) = (step.gate, step.exports.is_empty()) {
            let file = gate_file(&self.place.plan.pipeline.gate(gate).name);
            exports.push(format!("export {OUTPUT}={file}"));
        }
        exports
    }

    /// Derived variables that a step reads: in its code, its variables and its condition.
    fn needed(&self, step: &PlannedStep) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        let mut texts: Vec<&Text> = step.env.iter().map(|e| &e.value).collect();
        texts.extend(step.kind.texts());
        for text in texts {
            for derived in self.place.derived(text) {
                if !found.contains(&derived) {
                    found.push(derived);
                }
            }
        }
        let mut contexts: Vec<Context> = Vec::new();
        contexts.extend(step.condition.iter().flat_map(|c| c.contexts()).map(|c| c.value));
        contexts.extend(step.kind.conditions().into_iter().flat_map(|c| c.contexts()).map(|c| c.value));
        for context in contexts {
            // A test of the event reads GitLab's own variables.
            if context == Context::Run(crate::ir::text::RunField::Event) {
                continue;
            }
            if let Value::Derived(name, line) = self.place.value(&context)
                && !found.iter().any(|(n, _)| *n == name)
            {
                found.push((name, line));
            }
        }
        found
    }

    /// A title as the reader of the file sees it; what only the run knows stands as the name of its variable.
    fn title(&self, name: &Text) -> String {
        self.place.shown(name)
    }
}

fn ran(id: &str) -> String {
    format!("{}_RAN", upper(id))
}

/// Logins and tools are for the steps behind them, and what they leave in the shell is what they are for.
fn is_setup(step: &PlannedStep) -> bool {
    !matches!(step.kind, PlannedKind::Run(_))
}

fn braced(test: String) -> String {
    if test.contains(" || ") { format!("{{ {test}; }}") } else { test }
}
