//! Values of GitLab in the words of a spec: durations, scripts, variables.

use std::collections::BTreeSet;

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::{is_variable, slug};
use crate::front::script;
use crate::front::yaml::{Entry, Node};

use super::work::Work;

/// Variables of GitLab that have a value on every event, by the context of a spec.
const CONTEXTS: &[(&str, &str)] = &[
    ("CI_COMMIT_SHA", "commit.sha"),
    ("CI_PIPELINE_ID", "run.id"),
    ("CI_PIPELINE_IID", "run.number"),
    ("CI_PIPELINE_URL", "run.url"),
    ("CI_PROJECT_PATH", "repository.name"),
    ("CI_PROJECT_URL", "repository.url"),
    ("CI_DEFAULT_BRANCH", "repository.default-branch"),
    ("GITLAB_USER_LOGIN", "run.actor"),
    ("CI_COMMIT_SHORT_SHA", "commit.short"),
    ("CI_COMMIT_MESSAGE", "commit.message"),
    ("CI_PROJECT_NAMESPACE", "repository.owner"),
];

/// The context of a variable that GitLab sets, for a job that runs for tags.
pub(super) fn context(name: &str) -> Option<&'static str> {
    let tag = ("CI_COMMIT_TAG", "commit.tag");
    CONTEXTS.iter().chain([&tag]).find(|(v, _)| *v == name).map(|(_, context)| *context)
}

/// `1 week`, `3h 30m`, `90`: GitLab's spans of time in seconds, none for `never` and what cannot be read.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let mut total = 0u64;
    let mut number = String::new();
    let mut unit = String::new();
    let mut add = |number: &mut String, unit: &mut String| -> Option<()> {
        if number.is_empty() {
            return unit.is_empty().then_some(());
        }
        let factor = match unit.as_str() {
            "" | "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            "mo" | "mos" | "month" | "months" => 2_592_000,
            "y" | "yr" | "year" | "years" => 31_536_000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        number.clear();
        unit.clear();
        Some(())
    };
    for c in text.trim().chars().filter(|c| !matches!(c, ' ' | ',')) {
        if c.is_ascii_digit() {
            if !unit.is_empty() {
                add(&mut number, &mut unit)?;
            }
            number.push(c);
        } else {
            unit.push(c.to_ascii_lowercase());
        }
    }
    add(&mut number, &mut unit)?;
    (total > 0).then_some(total)
}

/// Seconds as a duration of a spec.
pub(super) fn duration(seconds: u64) -> String {
    match seconds {
        s if s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3600 == 0 => format!("{}h", s / 3600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// Starts of the names of variables that GitLab itself sets (docs.gitlab.com, "Predefined CI/CD variables reference"); others that start with
/// `CI_` are the project's.
const PREDEFINED: &[&str] = &[
    "API_",
    "BUILD_",
    "BUILDS_DIR",
    "COMMIT_",
    "CONCURRENT_",
    "CONFIG_PATH",
    "DEBUG_",
    "DEFAULT_BRANCH",
    "DEPENDENCY_PROXY_",
    "DEPLOY_",
    "DISPOSABLE_ENVIRONMENT",
    "ENVIRONMENT_",
    "EXTERNAL_PULL_REQUEST_",
    "GITLAB_FIPS_MODE",
    "HAS_OPEN_REQUIREMENTS",
    "JOB_",
    "KUBERNETES_ACTIVE",
    "MERGE_REQUEST_",
    "NODE_",
    "OPEN_MERGE_REQUESTS",
    "PAGES_",
    "PIPELINE_",
    "PROJECT_",
    "REGISTRY",
    "RELEASE_DESCRIPTION",
    "REPOSITORY_URL",
    "RUNNER_",
    "SERVER",
    "SHARED_ENVIRONMENT",
    "TEMPLATE_REGISTRY_HOST",
    "TRIGGER_",
    "UPSTREAM_",
];

/// Whether GitLab itself sets a variable.
pub(super) fn is_predefined(name: &str) -> bool {
    const OTHERS: &[&str] =
        &["GITLAB_CI", "GITLAB_FEATURES", "GITLAB_USER_EMAIL", "GITLAB_USER_ID", "GITLAB_USER_LOGIN", "GITLAB_USER_NAME"];
    let of_ci = name.strip_prefix("CI_").is_some_and(|rest| PREDEFINED.iter().any(|start| rest.starts_with(start)));
    of_ci || OTHERS.contains(&name)
}

/// Text with contexts in place of GitLab's variables that are the same everywhere, and whether others of GitLab's own are left.
pub(super) fn contexts(work: &Work<'_>, text: &str) -> (String, bool) {
    script::contexts(text, CONTEXTS, |name| is_predefined(name) && !work.defined.contains(name))
}

/// Whether a text reads variables of GitLab's own that nobody tells the job, beside one.
pub(super) fn reads_others(work: &Work<'_>, text: &str, beside: &str) -> bool {
    let is_known = |name: &str| name == beside || work.defined.contains(name) || work.told.iter().any(|(n, _)| *n == name);
    script::contexts(text, CONTEXTS, |name| is_predefined(name) && !is_known(name)).1
}

/// Variables of a job's cells that a spec gives these names itself: a variable of such a name would stand beside its own.
pub(super) fn cells(body: &Node) -> Vec<(String, String)> {
    let rows = body.get("parallel").and_then(|p| p.get("matrix")).map(Node::items).unwrap_or_default();
    let names: BTreeSet<&str> = rows.iter().flat_map(Node::entries).map(|e| e.key.as_str()).collect();
    let own = names.into_iter().filter(|name| name.starts_with("MATRIX_"));
    own.map(|name| (name.to_owned(), format!("matrix.{}", axis(name)))).collect()
}

/// The axis of a variable.
pub(super) fn axis(name: &str) -> String {
    slug(name.strip_prefix("MATRIX_").filter(|rest| !rest.is_empty()).unwrap_or(name))
}

/// The lines of `script` and its like: lists in lists are one list. Variables that the script sets itself are left to it.
pub(super) fn lines(work: &mut Work<'_>, entry: &Entry, set: &[(&str, String)]) -> Vec<String> {
    let mut found = Vec::new();
    collect(&entry.value, &mut found);
    if is_lost(&entry.value) {
        work.mark(entry, Fate::Lost("a part of it stands in a file that is not here".to_owned()));
        found.push("echo 'a part of this script was in a file that was not imported' >&2; exit 1".to_owned());
    }
    let mut own = false;
    let cells = cells(&work.body);
    let of_cells = cells.iter().map(|(name, context)| (name.as_str(), context.as_str()));
    let table: Vec<(&str, &str)> = CONTEXTS.iter().copied().chain(of_cells).collect();
    let lines: Vec<String> = found
        .into_iter()
        .map(|line| {
            let is_known = |name: &str| set.iter().any(|(n, _)| *n == name) || work.defined.contains(name);
            let is_own = |name: &str| is_predefined(name) && !is_known(name);
            let (line, left) = script::contexts(line.trim_end(), &table, is_own);
            own |= left;
            line
        })
        .collect();
    if own {
        work.mark(entry, Fate::Own("the script reads variables that GitLab sets".to_owned()));
    }
    if lines.iter().any(|l| l.contains("$[[")) {
        work.mark(entry, Fate::Lost("an input of the file stands in it".to_owned()));
    }
    lines
}

fn is_lost(node: &Node) -> bool {
    node.tag.as_deref() == Some("!lost") || node.items().iter().any(is_lost)
}

fn collect(node: &Node, found: &mut Vec<String>) {
    if node.tag.is_some() {
        return;
    }
    match node.text() {
        Some(text) => found.push(text.to_owned()),
        None => node.items().iter().for_each(|i| collect(i, found)),
    }
}

/// Whether a value reads of GitLab's variables only those that the script of the job at work can set.
fn is_told(work: &Work<'_>, value: &str) -> bool {
    let is_known = |name: &str| work.told.iter().any(|(n, v)| *n == name && !v.is_empty()) || work.defined.contains(name);
    let (_, left) = script::contexts(value, &[], |name| is_predefined(name) && !is_known(name));
    work.body.entry("script").is_some() && !left && !value.contains(['"', '`', '\\', '\n'])
}

/// Why a variable is said in another way, where it is one of those that lead to the daemon of a job or limit its scripts
/// (docs.gitlab.com, "Use Docker to build Docker images" and "Set script and after_script timeouts").
fn is_of_the_vendor(work: &Work<'_>, own: &Entry) -> Option<&'static str> {
    let value = own.value.text().unwrap_or_default();
    match own.key.as_str() {
        "DOCKER_HOST" if value.starts_with("tcp://docker:") && work.has_daemon() => Some("`docker` gives the job its daemon"),
        "DOCKER_TLS_CERTDIR" | "DOCKER_TLS_VERIFY" | "DOCKER_CERT_PATH" if work.has_daemon() => {
            Some("`docker` gives the job its daemon")
        }
        "RUNNER_SCRIPT_TIMEOUT" if seconds(value).is_some() && work.body.entry("timeout").is_some() => {
            Some("it is the `timeout` of the job")
        }
        "RUNNER_AFTER_SCRIPT_TIMEOUT" => Some("what comes after has time of its own"),
        _ => None,
    }
}

/// Variables by name; a map with `value` is the value.
pub(super) fn variables(work: &mut Work<'_>, entry: &Entry) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for own in entry.value.entries() {
        work.mark(own, Fate::Exact);
        if let Some(why) = is_of_the_vendor(work, own) {
            work.turn(own, why);
            continue;
        }
        if !is_variable(&own.key) {
            work.lose(own, "no shell takes such a name for a variable");
            continue;
        }
        let value = if let Some(input) = work.inputs.get(&own.key).cloned() {
            own.value.each_entry(&mut |e| work.ledger().mark(e.id, Fate::Exact));
            work.turn(own, &format!("the input `{input}` of a run by hand, with this value on other events"));
            pairs.push((own.key.clone(), format!("${{input.{input}}}")));
            continue;
        } else if own.value.is_map() {
            for key in ["description", "options", "expand"] {
                if let Some(lost) = own.value.entry(key) {
                    work.lose(lost, "a form for runs by hand is an `input` of a spec");
                }
            }
            work.open(&own.value, "value").and_then(|e| e.value.text()).unwrap_or_default()
        } else {
            own.value.text().unwrap_or_default()
        };
        let (value, left) = contexts(work, value);
        if left && is_told(work, &value) {
            work.turn(own, "the script sets it, with what GitLab tells the job");
            work.exports.push((own.key.clone(), value));
            continue;
        }
        if left {
            work.mark(own, Fate::Own("it reads variables that GitLab sets".to_owned()));
        }
        pairs.push((own.key.clone(), value));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{duration, seconds};

    #[test]
    fn spans_of_time_are_read() {
        for (text, wanted) in
            [("1 week", "7d"), ("3h 30m", "210m"), ("90", "90s"), ("2 hours", "2h"), ("1 mo", "30d"), ("1 day 12 hrs", "36h")]
        {
            assert_eq!(seconds(text).map(duration).as_deref(), Some(wanted), "{text}");
        }
        assert!(seconds("never").is_none() && seconds("").is_none());
    }
}
