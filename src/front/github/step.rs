//! Steps of a job.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::{Names, slug};
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::checkout;
use super::expr::{Gh, Piece, parse, pieces};
use super::handover::Artifacts;
use super::known;
use super::text::Where;
use super::uses;
use super::variable;
use super::work::Work;

/// What the steps of a job make.
#[derive(Default)]
pub(super) struct Made {
    /// Steps in order.
    pub(super) steps: Vec<Build>,
    /// Artifacts and reports.
    pub(super) produces: Vec<Build>,
    /// Artifacts of other jobs.
    pub(super) consumes: Vec<String>,
    /// Whether a checkout is among the steps, or stands at the beginning without a word.
    pub(super) has_checkout: bool,
    /// The shell of the job, where it is not bash.
    pub(super) shell: Option<&'static str>,
    /// Whether a script of the job pushes commits.
    pub(super) pushes: bool,
    /// The token that its steps push with, where the clone has kept it.
    pub(super) push_token: Option<String>,
}

/// Handles of steps that pipewright writes itself.
const HANDLES: &[&str] = &["values", "outputs", "deploy", "rollback"];

/// Enters the outputs of a job's own steps that its script writes and something reads.
pub(super) fn outputs(work: &mut Work<'_, '_>, job: &Node) -> Vec<String> {
    let mut wanted: Vec<(String, Option<String>)> = Vec::new();
    let mut look = |text: &str| {
        let mut note = |expr: &Gh| {
            expr.each_path(&mut |path| {
                let [steps, step, rest @ ..] = path else { return };
                let output = match rest {
                    [outputs, name] if outputs == "outputs" => Some(name.clone()),
                    _ => None,
                };
                if steps == "steps" && !wanted.contains(&(step.clone(), output.clone())) {
                    wanted.push((step.clone(), output));
                }
            });
        };
        if !text.contains("${{") && text.contains("steps.") {
            // An `if` without its braces.
            parse(text).iter().for_each(&mut note);
        }
        for piece in pieces(text) {
            if let Piece::Expr(inner) = piece {
                parse(inner).iter().for_each(&mut note);
            }
        }
    };
    job.each_text(&mut look);
    for step in job.get("steps").map(Node::items).unwrap_or_default() {
        let action = step.get("uses").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
        let is_cache = ["actions/cache", "actions/setup-", "swatinem/rust-cache"].iter().any(|a| action.starts_with(a));
        work.scope.job.caches.extend(step.get("id").and_then(Node::text).filter(|_| is_cache).map(str::to_owned));
    }
    let mut names = Names::default();
    let mut handles = Names::without(HANDLES);
    let mut declared = Vec::new();
    let own = job.get("steps").map(Node::items).unwrap_or_default();
    work.scope.job.ids = own.iter().filter_map(|s| s.get("id")?.text()).map(str::to_owned).collect();
    for (step, output) in wanted {
        let Some(of) = own.iter().find(|s| s.get("id").and_then(Node::text) == Some(&step)) else { continue };
        let script = of.get("run").and_then(Node::text);
        if let Some(output) = &output
            && script.is_some_and(|s| s.contains("GITHUB_OUTPUT") && assigned(s, output).is_some())
        {
            let name = names.unique(output);
            work.scope.job.steps.insert((step, output.clone()), name.clone());
            declared.push(name);
            continue;
        }
        let is_cached = output.as_deref() == Some("cache-hit") && work.scope.job.caches.contains(&step);
        if !is_cached && !work.scope.job.handles.contains_key(&step) {
            let taken = HANDLES.contains(&slug(&step).as_str()) || ["build", "gate"].iter().any(|p| step.starts_with(p));
            let text = if taken { format!("step-{step}") } else { step.clone() };
            work.scope.job.handles.insert(step.clone(), handles.unique(&text));
        }
        let action = of.get("uses").and_then(Node::text).unwrap_or_default();
        let action = action.split('@').next().unwrap_or_default().to_ascii_lowercase();
        if let (Some(output), Some(handle)) = (output, work.scope.job.handles.get(&step).cloned())
            && known::outputs(&action).contains(&output.as_str())
        {
            let file = known::told(&handle, &output);
            work.scope.job.files.insert((handle, output), file);
        }
    }
    declared
}

/// Where a script writes `name=`.
fn assigned(script: &str, name: &str) -> Option<usize> {
    let bytes = script.as_bytes();
    script.match_indices(&format!("{name}=")).map(|(at, _)| at).find(|at| {
        at.checked_sub(1)
            .is_none_or(|before| !(bytes[before].is_ascii_alphanumeric() || matches!(bytes[before], b'_' | b'-' | b'.')))
    })
}

/// Converts the steps of a job.
pub(super) fn steps(work: &mut Work<'_, '_>, entry: &Entry, shell: &Shells, artifacts: &Artifacts) -> Made {
    work.scope.job.in_steps = true;
    let scripts = || entry.value.items().iter().filter_map(|s| s.get("run")?.text());
    let mut made = Made { shell: shell.of_job, pushes: scripts().any(|s| s.contains("git push")), ..Made::default() };
    let uploads =
        |s: &&Node| s.get("uses").and_then(Node::text).is_some_and(|u| u.starts_with("github/codeql-action/upload-sarif"));
    work.scope.job.finds = entry.value.items().iter().any(|s| uploads(&s));
    work.scope.job.wants_docker = work.scope.job.system == Some("Linux") && scripts().any(calls_docker);
    for (index, step) in entry.value.items().iter().enumerate() {
        let Some(first) = step.entries().iter().min_by_key(|e| e.span.start) else { continue };
        let comments = work.comments_above(first.span);
        let before = made.steps.len();
        one(work, step, index, shell, artifacts, &mut made);
        if let Some(own) = made.steps.get_mut(before) {
            own.0.comments.splice(0..0, comments.into_iter().map(Into::into));
        } else if let Some(later) = (!comments.is_empty()).then(|| made.produces.last_mut()).flatten() {
            later.0.comments.extend(comments.into_iter().map(Into::into));
        }
    }
    if !made.has_checkout {
        made.steps.insert(0, node("checkout").arg("none"));
    }
    made
}

/// Whether a script calls docker.
fn calls_docker(script: &str) -> bool {
    let starts = |line: &str| ["docker ", "sudo docker ", "docker-compose "].iter().any(|c| line.starts_with(c));
    script.lines().any(|line| line.split(['|', ';', '(', '&']).map(str::trim_start).any(starts))
}

/// What a step says of itself, whatever it does.
pub(super) struct Common {
    /// Its name.
    pub(super) name: Option<String>,
    /// Its condition.
    pub(super) condition: Option<String>,
    /// Which outcome lets it run.
    pub(super) when: Option<&'static str>,
    /// Its time limit.
    pub(super) timeout: Option<String>,
    /// Whether its failure is forgiven.
    pub(super) forgiven: bool,
    /// Its variables.
    pub(super) env: Vec<(String, String)>,
    /// Its handle, where an expression of GitHub's own speaks of it.
    pub(super) id: Option<String>,
}

impl Common {
    /// Whether only the name, or nothing, is said.
    pub(super) fn is_plain(&self) -> bool {
        self.condition.is_none()
            && self.when.is_none()
            && self.timeout.is_none()
            && !self.forgiven
            && self.env.is_empty()
            && self.id.is_none()
    }

    /// The node with all of it.
    pub(super) fn dress(&self, mut build: Build) -> Build {
        build = build
            .maybe("name", self.name.as_ref())
            .maybe("id", self.id.as_ref())
            .maybe("if", self.condition.as_ref())
            .maybe("when", self.when);
        build = build.maybe("timeout", self.timeout.as_ref());
        for (name, value) in &self.env {
            build.push(node("env").prop(name, value));
        }
        if self.forgiven {
            build.push(node("continue-on-error"));
        }
        build
    }
}

fn one(work: &mut Work<'_, '_>, step: &Node, index: usize, shells: &Shells, artifacts: &Artifacts, made: &mut Made) {
    let condition = work.open(step, "if").and_then(|e| Some((e, work.condition(e)?)));
    if let Some((entry, condition)) = &condition
        && condition.never
    {
        let why = Fate::Emulated("the step never runs for the events that are carried, so it is left out".to_owned());
        work.mark(entry, why.clone());
        step.each_entry(&mut |e| work.ledger.mark(e.id, why.clone()));
        return;
    }
    let condition = condition.map(|(_, c)| c);
    let scripted = step.get("run").is_some() && is_bash(step, shells, work);
    let mut defaults = Vec::new();
    let mut common = Common {
        name: work.open(step, "name").and_then(|e| work.text(e, Where::Field)),
        when: condition.as_ref().and_then(|c| c.when),
        condition: condition.and_then(|c| c.text),
        timeout: work.open(step, "timeout-minutes").and_then(|e| minutes(work, e)),
        forgiven: work.open(step, "continue-on-error").is_some_and(|e| truth(work, e)),
        env: work.open(step, "env").map(|e| variable::of_step(work, e, scripted, &mut defaults)).unwrap_or_default(),
        id: step.get("id").and_then(Node::text).and_then(|id| work.scope.job.handles.get(id).cloned()),
    };
    work.open(step, "id");
    let pushes = step.get("run").and_then(Node::text).is_some_and(|s| s.contains("git push"));
    if let Some(token) = made.push_token.as_ref().filter(|_| pushes && common.env.iter().all(|(n, _)| n != "GIT_CONFIG_COUNT")) {
        common.env.extend(checkout::push_env(token));
    }
    if let Some(entry) = work.open(step, "run") {
        let (script, directory) = run(work, step, entry, shells);
        let script = defaults.into_iter().chain([script]).collect::<Vec<_>>().join("\n");
        // The script stands last, where it may be long.
        let mut build = common.dress(node("run")).maybe("dir", directory).arg(&script);
        if build.0.children.is_some() && script.contains('\n') {
            build.0.entries.pop();
            build.0.children.get_or_insert_default().insert(0, node("line").arg(&script).0);
        }
        made.steps.push(build);
    } else if let Some(entry) = work.open(step, "uses") {
        uses::step(work, step, entry, index, &common, artifacts, made);
    }
}

/// A time limit in minutes.
pub(super) fn minutes(work: &mut Work<'_, '_>, entry: &Entry) -> Option<String> {
    match entry.value.text().and_then(|t| t.parse::<u32>().ok()).filter(|n| *n > 0) {
        Some(n) if n % 60 == 0 => Some(format!("{}h", n / 60)),
        Some(n) => Some(format!("{n}m")),
        None => {
            work.lose(entry, "a whole number of minutes is expected");
            None
        }
    }
}

/// A truth value; an expression is not one.
pub(super) fn truth(work: &mut Work<'_, '_>, entry: &Entry) -> bool {
    if entry.value.truth().is_none() {
        work.lose(entry, "an expression decides here; a spec says yes or no");
    }
    entry.value.truth().unwrap_or(false)
}

/// Variables by name.
pub(super) fn env(work: &mut Work<'_, '_>, entry: &Entry) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if !entry.value.is_map() && !entry.value.is_null() {
        work.lose(entry, "variables are expected here, a line each");
    }
    for own in entry.value.entries() {
        work.mark(own, Fate::Exact);
        if !crate::front::name::is_variable(&own.key) {
            work.lose(own, "no shell takes such a name for a variable");
            continue;
        }
        if own.key == "RUNNER_DEBUG" && own.value.text().is_some_and(|t| t.trim() == "${{ runner.debug }}") {
            work.mark(own, Fate::Emulated("the runner sets it itself where somebody debugs".to_owned()));
            continue;
        }
        let value = if own.value.is_null() { Some(String::new()) } else { work.text(own, Where::Field) };
        pairs.extend(value.map(|v| (own.key.clone(), v)));
    }
    pairs
}

/// Whether bash runs a step.
fn is_bash(step: &Node, shells: &Shells, work: &Work<'_, '_>) -> bool {
    let word = step.get("shell").and_then(Node::text).or(shells.default.as_deref());
    match word {
        Some(word) => word == "bash" || word == "sh",
        None => shells.of_job.is_none() && !shells.mixed && work.scope.job.system != Some("Windows"),
    }
}

/// The shells of a job.
pub(super) struct Shells {
    /// The shell of the job, where it is not bash.
    pub(super) of_job: Option<&'static str>,
    /// What a step without a word runs in.
    pub(super) default: Option<String>,
    /// Whether a step without a word may run on Windows, beside other systems.
    pub(super) mixed: bool,
    /// The directory of steps without one.
    pub(super) directory: Option<String>,
}

/// Which shell a word of GitHub names.
pub(super) fn shell_word(word: &str) -> Option<&'static str> {
    match word.split_whitespace().next()? {
        "bash" => Some("bash"),
        "sh" => Some("sh"),
        "pwsh" | "powershell" => Some("pwsh"),
        _ => None,
    }
}

/// The script of a step, and its directory.
fn run(work: &mut Work<'_, '_>, step: &Node, entry: &Entry, shells: &Shells) -> (String, Option<String>) {
    let own = work.open(step, "shell");
    let said = own.and_then(|e| e.value.text()).map(str::to_owned);
    let word = said.clone().or_else(|| shells.default.clone());
    let is = word.as_deref().and_then(shell_word);
    let of_job = shells.of_job.unwrap_or("bash");
    let place = if is == Some("pwsh") || (word.is_none() && of_job == "pwsh") { Where::Pwsh } else { Where::Bash };
    let mut script = work.text(entry, place).unwrap_or_default();
    if work.scope.job.system == Some("Linux") && script.contains("RUNNER_TEMP") {
        // The system's own folder for what nobody keeps is there on every vendor.
        for written in ["${RUNNER_TEMP}", "$RUNNER_TEMP"] {
            script = script.replace(written, "/tmp");
        }
        work.mark(entry, Fate::Emulated("`/tmp` in place of `$RUNNER_TEMP`".to_owned()));
    }
    if let Some(entry) = own {
        let flags = word.as_deref().is_some_and(|w| w.contains('{') || w == "powershell" || w == "cmd");
        let shell = word.as_deref().unwrap_or_default().split_whitespace().next().unwrap_or_default();
        match (is, shell) {
            (Some(is), _) if is == of_job && !flags => {}
            (Some(is), _) if is == of_job => {
                work.mark(entry, Fate::Emulated(format!("{of_job} runs it without options of its own")))
            }
            (Some("sh"), _) => work.mark(entry, Fate::Emulated(format!("{of_job} runs it, as the other scripts of the job"))),
            (Some("pwsh"), _) => script = here(work, entry, "pwsh -NoProfile -Command -", &script),
            (None, "python") => script = here(work, entry, "python -", &script),
            _ => work.lose(entry, &format!("the scripts of a job share a shell, here {of_job}")),
        }
    }
    if word.is_none() && shells.mixed {
        work.mark(entry, Fate::Emulated("bash runs it on every system; on Windows it was PowerShell".to_owned()));
    } else if place == Where::Bash && said.as_deref() != Some("bash") && has_pipe(&script) {
        work.mark(entry, Fate::Emulated("a failure before a pipe stops the step, too".to_owned()));
    }
    if let Some(id) = step.get("id").and_then(Node::text) {
        let written: Vec<(String, String)> = work
            .scope
            .job
            .steps
            .iter()
            .filter(|((s, _), _)| s == id)
            .map(|((_, theirs), ours)| (theirs.clone(), ours.clone()))
            .collect();
        if !written.is_empty() {
            script = script.replace("GITHUB_OUTPUT", "PIPEWRIGHT_OUTPUT");
        }
        for (theirs, ours) in written.iter().filter(|(theirs, ours)| theirs != ours) {
            work.mark(entry, Fate::Emulated(format!("the output `{theirs}` is called `{ours}`")));
            let mut from = 0;
            while let Some(at) = assigned(&script[from..], theirs).map(|at| at + from) {
                script.replace_range(at..at + theirs.len(), ours);
                from = at + ours.len();
            }
        }
    }
    let directory =
        work.open(step, "working-directory").and_then(|e| work.text(e, Where::Field)).or_else(|| shells.directory.clone());
    let directory = directory
        .map(|d| d.trim_start_matches("./").trim_end_matches('/').to_owned())
        .filter(|d| !matches!(d.as_str(), "" | "."));
    (script.trim_end().to_owned(), directory)
}

/// A script of another language, handed to its program.
fn here(work: &mut Work<'_, '_>, entry: &Entry, program: &str, script: &str) -> String {
    work.mark(entry, Fate::Emulated(format!("the script is handed to `{program}`")));
    format!("{program} <<'SCRIPT'\n{}\nSCRIPT", script.trim_end())
}

/// Whether a script has a pipe.
fn has_pipe(script: &str) -> bool {
    script.match_indices('|').any(|(at, _)| {
        let bytes = script.as_bytes();
        bytes.get(at + 1) != Some(&b'|') && at.checked_sub(1).and_then(|b| bytes.get(b)) != Some(&b'|')
    })
}
