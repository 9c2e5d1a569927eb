//! `options`, `parameters` and `triggers` of a pipeline.

use crate::front::ledger::Fate;
use crate::front::name::Names;
use crate::front::node::{Build, node};
use crate::ir::cron::Cron;

use super::text::{Where, text};
use super::tree::{Arg, Item, Value, find};
use super::work::Work;

/// What `options` come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    /// The time limit.
    pub(super) timeout: Option<String>,
    /// Further attempts.
    pub(super) retries: u32,
    /// No checkout by itself.
    pub(super) bare: bool,
    /// Nodes of the workflow.
    pub(super) workflow: Vec<Build>,
}

/// A span of time: `time: 5, unit: 'MINUTES'`, minutes without a unit.
pub(super) fn duration(args: &[Arg]) -> Option<String> {
    let first = args.iter().find(|a| a.name.is_none()).map(|a| &a.value);
    let count: u64 = find(args, "time").or(first)?.word()?.parse().ok()?;
    let letter = match find(args, "unit").and_then(Value::word).as_deref() {
        None | Some("MINUTES") => "m",
        Some("SECONDS") => "s",
        Some("HOURS") => "h",
        Some("DAYS") => "d",
        Some(_) => return None,
    };
    (count > 0).then(|| format!("{count}{letter}"))
}

/// Reads `options`.
pub(super) fn options(work: &mut Work<'_>, item: &Item) -> Options {
    work.mark(item, Fate::Exact);
    let mut made = Options::default();
    for option in item.items() {
        match option.name.as_str() {
            "timeout" => match duration(&option.args) {
                Some(limit) => {
                    work.carry(option);
                    made.timeout = Some(limit);
                }
                None => work.lose(option, "a span of time is expected"),
            },
            "retry" => {
                match option.first().or_else(|| option.arg("count")).and_then(Value::word).and_then(|w| w.parse::<u32>().ok()) {
                    Some(count) if count > 0 => {
                        work.turn(option, "a number of further attempts");
                        made.retries = count - 1;
                    }
                    _ => work.lose(option, "a number is expected"),
                }
            }
            "skipDefaultCheckout" => {
                work.carry(option);
                made.bare = option.first().is_none_or(Value::is_true);
            }
            "disableConcurrentBuilds" => {
                let aborts = option.arg("abortPrevious").is_some_and(Value::is_true);
                work.carry(option);
                let build = node("concurrency").prop("per", "branch");
                made.workflow.push(if aborts { build.arg("cancel-running") } else { build });
            }
            "timestamps"
            | "ansiColor"
            | "buildDiscarder"
            | "durabilityHint"
            | "disableResume"
            | "preserveStashes"
            | "quietPeriod"
            | "rateLimitBuilds"
            | "newContainerPerStage"
            | "githubProjectProperty" => {
                work.turn(option, "the vendor keeps and shows runs in its own way");
            }
            "parallelsAlwaysFailFast" | "skipStagesAfterUnstable" => {
                work.turn(option, "jobs beside a failed one run to their end; the run fails all the same");
            }
            "overrideIndexTriggers" | "disableRestartFromStage" => work.turn(option, "the vendor's own buttons start runs again"),
            _ => work.lose(option, "a spec has no such option"),
        }
    }
    made
}

/// Reads `parameters`: the form of a run by hand.
pub(super) fn parameters(work: &mut Work<'_>, item: &Item) -> Vec<Build> {
    work.mark(item, Fate::Exact);
    let mut names = Names::default();
    let mut made = Vec::new();
    for parameter in item.items() {
        let theirs = parameter.arg("name").and_then(Value::plain);
        let kind = match parameter.name.as_str() {
            "string" | "text" => "string",
            "booleanParam" => "boolean",
            "choice" => "choice",
            _ => {
                work.lose(parameter, "a spec has no input of this kind; secrets are declared by name");
                continue;
            }
        };
        let Some(theirs) = theirs else {
            work.lose(parameter, "its name is worked out by Jenkins in the run");
            continue;
        };
        work.carry(parameter);
        let name = names.unique(&theirs);
        work.inputs.insert(theirs.clone(), (name.clone(), kind == "boolean"));
        if name != theirs {
            work.mark(parameter, Fate::Emulated(format!("the input is called `{name}`")));
        }
        let mut build = node("input").arg(&name).comments(parameter.comments.iter().cloned());
        if kind != "string" {
            build = build.prop("type", kind);
        }
        let choices: Vec<String> = parameter.arg("choices").map(options_of).unwrap_or_default();
        let default = parameter.arg("defaultValue").and_then(Value::word);
        build = match (kind, default) {
            ("boolean", Some(truth)) => build.value("default", &truth),
            ("boolean", None) => build.value("default", "false"),
            ("choice", _) => build.maybe("default", choices.first()),
            // Without a value Jenkins gives an empty one.
            (_, default) => build.prop("default", &default.unwrap_or_default()),
        };
        let description = parameter.arg("description").and_then(Value::plain).filter(|d| !d.is_empty());
        build = build.maybe("description", description);
        if !choices.is_empty() {
            build.push(node("option").args(choices));
        }
        made.push(build);
    }
    made
}

/// Choices: a list, or lines of a text; the first one is the default.
fn options_of(value: &Value) -> Vec<String> {
    let all: Vec<String> = value.list().iter().filter_map(|v| v.word()).collect();
    match all.as_slice() {
        [one] => one.lines().map(str::to_owned).collect(),
        _ => all,
    }
}

/// Reads `triggers`; the events that they are.
pub(super) fn triggers(work: &mut Work<'_>, item: &Item, workflow: &str) -> Vec<Build> {
    work.mark(item, Fate::Exact);
    let mut names = Names::default();
    let mut made = Vec::new();
    for trigger in item.items() {
        match trigger.name.as_str() {
            "cron" | "parameterizedCron" => {
                let value = trigger.first().and_then(|v| text(work, v, Where::Field).ok());
                let times: Vec<String> = value.iter().flat_map(|t| t.lines()).filter_map(|l| cron(l, workflow)).collect();
                if times.is_empty() {
                    work.lose(trigger, "it is no time that five fields of cron could say");
                    continue;
                }
                work.turn(trigger, "where Jenkins chooses a minute by a hash, one is written down; times are UTC");
                made.extend(times.iter().map(|t| node("schedule").arg(&names.unique(workflow)).arg(t)));
            }
            "pollSCM" | "githubPush" | "gitlab" | "bitbucketPush" => {
                work.turn(trigger, "the vendor tells of a push by itself");
                made.push(node("push"));
            }
            _ => work.lose(trigger, "a spec starts by events of its repository, by time, and by hand"),
        }
    }
    made
}

/// A time of Jenkins as five fields: `H` is a number that the name gives.
fn cron(line: &str, seed: &str) -> Option<String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') || line.starts_with("TZ=") {
        return None;
    }
    let line = match line {
        "@hourly" => "H * * * *",
        "@daily" => "H H * * *",
        "@midnight" => "H H(0-2) * * *",
        "@weekly" => "H H * * H",
        "@monthly" => "H H H * *",
        "@yearly" | "@annually" => "H H H H *",
        other => other,
    };
    let sum: usize = seed.bytes().map(usize::from).sum();
    let ranges = [(0, 59), (0, 23), (1, 28), (1, 12), (0, 6)];
    let fields: Vec<&str> = line.split_whitespace().collect();
    if fields.len() != 5 {
        return None;
    }
    let made: Vec<String> =
        fields.iter().zip(ranges).map(|(field, (from, to))| hashed(field, from, to, sum)).collect::<Option<_>>()?;
    let made = made.join(" ");
    Cron::parse(&made).is_ok().then_some(made)
}

fn hashed(field: &str, from: usize, to: usize, sum: usize) -> Option<String> {
    let Some(rest) = field.strip_prefix('H') else { return Some(field.to_owned()) };
    let (range, rest) = match rest.strip_prefix('(') {
        Some(inner) => {
            let (range, rest) = inner.split_once(')')?;
            (Some(range), rest)
        }
        None => (None, rest),
    };
    if rest.starts_with('/') {
        return Some(format!("{}{rest}", range.unwrap_or("*")));
    }
    let (from, to) = match range {
        Some(range) => {
            let (a, b) = range.split_once('-')?;
            (a.parse().ok()?, b.parse().ok()?)
        }
        None => (from, to),
    };
    (to >= from && rest.is_empty()).then(|| (from + sum % (to - from + 1)).to_string())
}

#[cfg(test)]
mod tests {
    use super::cron;

    #[test]
    fn times_with_a_hash_have_a_number() {
        assert_eq!(cron("H/15 * * * *", "ci").as_deref(), Some("*/15 * * * *"));
        assert_eq!(cron("@daily", "ci").as_deref(), Some("24 12 * * *"));
        assert_eq!(cron("H(0-29)/10 3 * * 1-5", "ci").as_deref(), Some("0-29/10 3 * * 1-5"));
        assert!(cron("TZ=Europe/Berlin", "ci").is_none() && cron("often", "ci").is_none());
    }
}
