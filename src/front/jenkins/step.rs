//! Steps of a Jenkinsfile (jenkins.io, "Pipeline Steps Reference").
//!
//! A step that a spec has no word for fails in its place, so that nothing goes on as if it had run; behind the last stage it is left out.

use crate::front::ledger::Fate;
use crate::front::name::{is_variable, variable_of};
use crate::front::node::{Build, node};

use super::option::duration;
use super::text::{Where, text};
use super::tree::{Arg, Item, Value, find};
use super::work::Work;

/// What the steps of a job come to.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// The job.
    pub(super) job: String,
    /// Steps in order.
    pub(super) steps: Vec<Build>,
    /// Artifacts and reports.
    pub(super) produces: Vec<Build>,
    /// Artifacts of other jobs.
    pub(super) consumes: Vec<String>,
    /// A lock that it takes.
    pub(super) lock: Option<String>,
    /// Whether the repository is asked for by a step.
    pub(super) checkout: bool,
}

/// What stands around a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub(super) dir: Option<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) condition: Option<String>,
    pub(super) when: Option<&'static str>,
    pub(super) timeout: Option<String>,
    pub(super) go_on: bool,
    /// Further attempts of each script.
    pub(super) retries: u32,
    /// The name of the next step.
    pub(super) title: Option<String>,
    /// Comments above the next step.
    pub(super) comments: Vec<String>,
    /// Whether it stands behind the steps of a stage or of all.
    pub(super) post: bool,
}

/// Wrappers that only change how the log looks, or what the vendor does by itself.
const PLAIN: &[&str] = &["timestamps", "ansiColor", "wrap", "stage", "script", "steps"];

/// Reads steps.
pub(super) fn steps(work: &mut Work<'_>, items: &[Item], scope: &mut Scope, body: &mut Body) {
    for item in items {
        scope.comments.extend(item.comments.iter().cloned());
        step(work, item, scope, body);
    }
}

/// A script in the shell, with what stands around it.
fn run(lines: &str, scope: &mut Scope, body: &mut Body) {
    let text = match scope.retries {
        0 => lines.to_owned(),
        more => {
            let all = (1..=more + 1).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
            let last = more + 1;
            format!(
                "for attempt in {all}; do\n    if bash -euo pipefail <<'AGAIN'\n{lines}\nAGAIN\n    then break; elif [ $attempt = {last} ]; then exit 1; fi\ndone"
            )
        }
    };
    let mut build = node("run").maybe("name", scope.title.take()).maybe("dir", scope.dir.as_ref());
    build = build.maybe("if", scope.condition.as_ref()).maybe("when", scope.when).maybe("timeout", scope.timeout.as_ref());
    build = build.arg(&text).comments(std::mem::take(&mut scope.comments));
    for (name, value) in &scope.env {
        build.push(node("env").prop(name, value));
    }
    if scope.go_on {
        build.push(node("continue-on-error"));
    }
    body.steps.push(build);
}

/// A word of the shell in single quotes, as a context needs double ones.
pub(super) fn quoted(text: &str) -> String {
    if text.contains("${") {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('`', "\\`"))
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Says that a step is not carried, and lets the job fail there.
pub(super) fn refuse(work: &mut Work<'_>, item: &Item, why: &str, scope: &mut Scope, body: &mut Body) {
    work.lose(item, why);
    if scope.post {
        return;
    }
    let what = if item.name.is_empty() { "code of Jenkins" } else { &item.name };
    let line = work.line(item);
    let mut own = Scope { retries: 0, go_on: false, ..scope.clone() };
    run(&format!("echo 'not imported: {what}, line {line}' >&2; exit 1"), &mut own, body);
    (scope.title, scope.comments) = (None, Vec::new());
}

fn script(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    let value = item.arg("script").or_else(|| item.first()).cloned();
    let Some(value) = value else { return refuse(work, item, "a script is expected", scope, body) };
    match text(work, &value, Where::Script) {
        Ok(text) => {
            work.carry(item);
            let lines: Vec<&str> = text.trim_matches('\n').lines().collect();
            let indent = lines.iter().filter(|l| !l.trim().is_empty()).map(|l| l.len() - l.trim_start().len()).min().unwrap_or(0);
            let lines: Vec<&str> = lines.iter().map(|l| l.get(indent..).unwrap_or_default().trim_end()).collect();
            let text = lines.join("\n").trim_end().to_owned();
            if text.replace("||", "").contains('|') {
                work.mark(item, Fate::Emulated("a part of a pipe that fails stops it here".to_owned()));
            }
            if let Some(status) =
                item.args.iter().find(|a| a.name.as_deref() == Some("returnStatus")).filter(|a| a.value.is_true())
            {
                // Its failure is a number that nobody reads here.
                scope.go_on = true;
                status.key.into_iter().for_each(|k| work.ledger.mark(k, Fate::Emulated("its failure is ignored".to_owned())));
                run(&text, scope, body);
                scope.go_on = false;
            } else if text.is_empty() {
                work.turn(item, "there is nothing in it");
            } else {
                run(&text, scope, body);
            }
        }
        Err(why) => refuse(work, item, &why, scope, body),
    }
}

fn step(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    if item.value.is_some() {
        return refuse(work, item, "a variable of Groovy lives in Jenkins alone: set it in a script, or as `env`", scope, body);
    }
    match item.name.as_str() {
        "sh" => script(work, item, scope, body),
        "echo" | "print" | "println" => {
            match item.first().or_else(|| item.arg("message")).map(|v| text(work, v, Where::Script)) {
                Some(Ok(text)) => {
                    work.carry(item);
                    run(&format!("echo {}", quoted(&text)), scope, body);
                }
                _ => {
                    // A message does nothing that anything relies on.
                    work.lose(item, "what it says is worked out by Jenkins in the run");
                }
            }
        }
        "error" => {
            let text = item.first().or_else(|| item.arg("message")).and_then(|v| text(work, v, Where::Script).ok());
            work.carry(item);
            run(&format!("echo {} >&2; exit 1", quoted(&text.unwrap_or_else(|| "failed".to_owned()))), scope, body);
        }
        "sleep" => match duration_of_sleep(&item.args) {
            Some(seconds) => {
                work.carry(item);
                run(&format!("sleep {seconds}"), scope, body);
            }
            None => refuse(work, item, "a number is expected", scope, body),
        },
        "writeFile" => {
            let file = item.arg("file").and_then(|v| text(work, v, Where::Script).ok());
            let content = item.arg("text").and_then(|v| text(work, v, Where::Script).ok());
            match (file, content) {
                (Some(file), Some(content)) => {
                    work.carry(item);
                    run(&format!("printf '%s' {} > {}", quoted(&content), quoted(&file)), scope, body);
                }
                _ => refuse(work, item, "the file is worked out by Jenkins in the run", scope, body),
            }
        }
        "checkout" => checkout(work, item, scope, body),
        "git" => git(work, item, scope, body),
        "deleteDir" | "cleanWs" | "milestone" => work.turn(item, "every job has a new folder, and runs of a branch are in order"),
        "junit" | "archiveArtifacts" | "archive" | "publishHTML" | "step" | "stash" | "unstash" => {
            super::keep::keep(work, item, scope, body);
        }
        "dir" => match item.first().or_else(|| item.arg("path")).and_then(|v| text(work, v, Where::Field).ok()) {
            Some(path) if !path.starts_with('/') && !path.contains("..") && !path.contains('$') && !path.is_empty() => {
                work.mark(item, Fate::Exact);
                let path = path.trim_start_matches("./").trim_end_matches('/');
                let dir = scope.dir.as_ref().map_or_else(|| path.to_owned(), |d| format!("{d}/{path}"));
                within(work, item, Scope { dir: Some(dir), ..scope.clone() }, scope, body);
            }
            _ => refuse(work, item, "a folder below the root is expected", scope, body),
        },
        "timeout" => match duration(&item.args) {
            Some(limit) => {
                work.carry_head(item);
                within(work, item, Scope { timeout: Some(limit), ..scope.clone() }, scope, body);
            }
            None => refuse(work, item, "a span of time is expected", scope, body),
        },
        "retry" => match item.first().or_else(|| item.arg("count")).and_then(Value::word).and_then(|w| w.parse::<u32>().ok()) {
            Some(count) if (1..=20).contains(&count) => {
                work.carry_head(item);
                work.mark(item, Fate::Emulated("each script of it runs again by itself".to_owned()));
                within(work, item, Scope { retries: count - 1, ..scope.clone() }, scope, body);
            }
            _ => refuse(work, item, "a number is expected", scope, body),
        },
        "catchError" | "warnError" => {
            work.carry_head(item);
            work.mark(item, Fate::Emulated("the step fails and the job goes on, and stays green".to_owned()));
            within(work, item, Scope { go_on: true, ..scope.clone() }, scope, body);
        }
        "withEnv" => with_env(work, item, scope, body),
        "withCredentials" => with_credentials(work, item, scope, body),
        "lock" => {
            let name = item.first().or_else(|| item.arg("resource")).and_then(Value::plain);
            work.carry_head(item);
            work.mark(item, Fate::Emulated("the whole job holds the lock".to_owned()));
            body.lock = body.lock.take().or(name);
            within(work, item, scope.clone(), scope, body);
        }
        name if PLAIN.contains(&name) && item.body.is_some() => {
            work.carry_head(item);
            within(work, item, scope.clone(), scope, body);
        }
        "withMaven" | "withSonarQubeEnv" | "configFileProvider" | "withAWS" | "withDockerRegistry" | "node" | "withCheckout"
            if item.body.is_some() =>
        {
            let why = "what Jenkins' own settings put around it is not here: the steps in it stand alone";
            work.mark(item, Fate::Lost(why.to_owned()));
            let keys: Vec<_> = item.args.iter().filter_map(|a| a.key).collect();
            keys.into_iter().for_each(|k| work.ledger.mark(k, Fate::Lost(why.to_owned())));
            within(work, item, scope.clone(), scope, body);
        }
        "slackSend" => slack(work, item, scope, body),
        "input" => {
            refuse(work, item, "a person is asked before a job, never within it: say it as `input` of the stage", scope, body)
        }
        "" => refuse(work, item, "it is code of Jenkins: write it as a script", scope, body),
        _ => refuse(work, item, "a spec has no such step: write it as a script", scope, body),
    }
}

/// The steps in the braces of one; its comments and title go with the first of them.
fn within(work: &mut Work<'_>, item: &Item, mut inner: Scope, outer: &mut Scope, body: &mut Body) {
    steps(work, item.items(), &mut inner, body);
    (outer.title, outer.comments) = (inner.title, inner.comments);
}

impl Work<'_> {
    /// Says that a statement came over, its arguments with it; what is in its braces is for itself.
    pub(super) fn carry_head(&mut self, item: &Item) {
        self.mark(item, Fate::Exact);
        let head = Item { body: None, ..item.clone() };
        self.carry(&head);
    }
}

fn duration_of_sleep(args: &[Arg]) -> Option<u64> {
    let first = args.iter().find(|a| a.name.is_none()).map(|a| &a.value);
    let count: u64 = find(args, "time").or(first)?.word()?.parse().ok()?;
    let factor = match find(args, "unit").and_then(Value::word).as_deref() {
        None | Some("SECONDS") => 1,
        Some("MINUTES") => 60,
        Some("HOURS") => 3600,
        Some(_) => return None,
    };
    count.checked_mul(factor)
}

/// `checkout scm`: every job begins with it.
fn checkout(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    match item.first() {
        Some(Value::Word(word)) if word == "scm" && scope.dir.is_none() => {
            work.turn(item, "the checkout that the job begins with");
            body.checkout = true;
        }
        _ => refuse(work, item, "it is another repository: clone it in a script", scope, body),
    }
}

/// `git url: …` in a folder of its own.
fn git(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    let url = item.arg("url").or_else(|| item.first()).and_then(Value::plain);
    let branch = item.arg("branch").and_then(Value::plain).unwrap_or_else(|| "master".to_owned());
    match (url, scope.dir.clone()) {
        (Some(url), Some(dir)) if item.arg("credentialsId").is_none() => {
            work.carry(item);
            work.mark(item, Fate::Emulated("a clone by the command line".to_owned()));
            let mut own = Scope { dir: None, ..scope.clone() };
            run(&format!("git clone --branch {} {} {}", quoted(&branch), quoted(&url), quoted(&dir)), &mut own, body);
            (scope.title, scope.comments) = (None, Vec::new());
        }
        _ => refuse(work, item, "it takes the place of the checkout: clone it into a folder in a script", scope, body),
    }
}

fn with_env(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    let mut env = scope.env.clone();
    let list = item.first().or_else(|| item.arg("overrides")).cloned();
    for value in list.iter().flat_map(Value::list) {
        let made = text(work, value, Where::Field).ok();
        let pair = made.as_deref().and_then(|t| t.split_once('=')).filter(|(n, _)| is_variable(n));
        match pair {
            Some((name, value)) => env.push((name.to_owned(), value.to_owned())),
            None => return refuse(work, item, "a variable of it is worked out by Jenkins in the run", scope, body),
        }
    }
    work.carry_head(item);
    within(work, item, Scope { env, ..scope.clone() }, scope, body);
}

fn with_credentials(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    let mut env = scope.env.clone();
    let list = item.first().or_else(|| item.arg("bindings")).cloned();
    for value in list.iter().flat_map(Value::list) {
        let Value::Call(kind, args) = value else {
            return refuse(work, item, "the credentials cannot be read", scope, body);
        };
        let id = find(args, "credentialsId").and_then(Value::plain);
        let of = |key: &str| find(args, key).and_then(Value::plain);
        let wanted: Vec<(Option<String>, &str)> = match kind.as_str() {
            "string" => vec![(of("variable"), "")],
            "usernamePassword" => vec![(of("usernameVariable"), "_USR"), (of("passwordVariable"), "_PSW")],
            _ => Vec::new(),
        };
        let (Some(id), false) = (id, wanted.is_empty()) else {
            return refuse(work, item, "secrets of a spec are text: a file or a key is written by a script", scope, body);
        };
        for (variable, end) in wanted {
            let Some(variable) = variable else {
                return refuse(work, item, "the credentials have no variable", scope, body);
            };
            let secret = format!("{}{end}", variable_of(&id));
            work.declared.secrets.insert(secret.clone());
            env.push((variable, format!("${{secret.{secret}}}")));
        }
    }
    work.carry_head(item);
    work.mark(item, Fate::Emulated("secrets of the target, by the id of the credentials".to_owned()));
    within(work, item, Scope { env, ..scope.clone() }, scope, body);
}

/// `slackSend`, which stands behind the steps.
fn slack(work: &mut Work<'_>, item: &Item, scope: &mut Scope, body: &mut Body) {
    let message = item.arg("message").or_else(|| item.first()).and_then(|v| text(work, v, Where::Field).ok());
    let Some(message) = message.filter(|_| scope.post) else {
        return refuse(work, item, "a message is a `notify` of the job: its text must be known", scope, body);
    };
    work.turn(item, "a `notify`; the address is a secret of the target");
    work.declared.secrets.insert("SLACK_WEBHOOK".to_owned());
    if work.declared.gates.iter().all(|g| g.0.name() != "channel") {
        work.declared.gates.push(node("channel").arg("slack").arg("slack").prop("webhook", "${secret.SLACK_WEBHOOK}"));
    }
    let on = scope.when.unwrap_or("success");
    body.produces.push(node("notify").arg("slack").prop("on", on).arg(&message));
}
