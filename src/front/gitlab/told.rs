//! What GitLab tells a job by its variables, as lines of a shell that tell it on every vendor
//! (docs.gitlab.com, "Predefined CI/CD variables reference").
//!
//! On GitLab the variable has its own value already, and keeps it: `${NAME:-…}`.

use sha2::{Digest as _, Sha256};

use crate::front::name::slug;
use crate::front::node::node;
use crate::front::script;
use crate::front::yaml::{Entry, Node};

use super::value;
use super::work::Work;

/// Variables that have a value for some kinds of events only, or another one for each: the name of the `value` of a spec, what they are by kind,
/// and on all others. A run by hand is one from a page; that of a program has no other context.
type ByEvent = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

const BY_EVENT: &[ByEvent] = &[
    ("CI_COMMIT_TAG", "commit-tag", &[("tag", "${commit.tag}")], ""),
    ("CI_COMMIT_BRANCH", "commit-branch", &[("push", "${commit.branch}"), ("manual", "${commit.branch}")], ""),
    ("CI_COMMIT_REF_NAME", "commit-ref", &[("pull-request", "${pr.source}")], "${commit.ref}"),
    ("CI_MERGE_REQUEST_IID", "pr-number", &[("pull-request", "${pr.number}")], ""),
    ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "pr-source", &[("pull-request", "${pr.source}")], ""),
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "pr-target", &[("pull-request", "${pr.target}")], ""),
    ("CI_MERGE_REQUEST_TITLE", "pr-title", &[("pull-request", "${pr.title}")], ""),
    (
        "CI_PIPELINE_SOURCE",
        "source",
        &[("push", "push"), ("tag", "push"), ("pull-request", "merge_request_event"), ("manual", "web")],
        "",
    ),
];

/// Variables that are worked out of what every vendor knows.
const WORKED_OUT: &[(&str, &str)] = &[
    ("CI_COMMIT_TITLE", "$(printf '%s\\n' \"${commit.message}\" | head -n 1)"),
    ("CI_PROJECT_ROOT_NAMESPACE", "$(echo \"${repository.name}\" | cut -d/ -f1)"),
    ("CI_SERVER_URL", "$(echo \"${repository.url}\" | cut -d/ -f1-3)"),
    ("CI_SERVER_FQDN", "$(echo \"${repository.url}\" | cut -d/ -f3)"),
    ("CI_SERVER_HOST", "$(echo \"${repository.url}\" | cut -d/ -f3 | cut -d: -f1)"),
];

/// The name of a branch or tag as GitLab makes a part of an address of it: small letters, digits and dashes, 63 of them.
const REF_SLUG: &str = "tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9]/-/g' | cut -c1-63 | sed 's/^-*//; s/-*$//'";

/// A text as the shell takes it as it stands.
fn quoted(text: &str) -> Option<String> {
    (!text.contains('\n')).then(|| format!("'{}'", text.replace('\'', "'\\''")))
}

/// What GitLab tells a job, where the spec says it, too: the variable and its value as a shell writes it; without a value where a variable of the
/// job says it.
pub(super) fn told(work: &mut Work<'_>, entry: &Entry, body: &Node) -> Vec<(&'static str, String)> {
    // A script begins at the root of the project.
    let mut told =
        vec![("CI_PROJECT_DIR", "\"$PWD\"".to_owned()), ("CI_PROJECT_NAME", "\"$(basename \"${repository.name}\")\"".to_owned())];
    if let Some(name) = name_of_job(entry, body) {
        told.push(("CI_JOB_NAME", name));
    }
    if body.entry("parallel").is_none() && entry.key.len() < 50 {
        told.extend(quoted(&slug(&entry.key)).map(|name| ("CI_JOB_NAME_SLUG", name)));
    }
    told.extend(quoted(body.get("stage").and_then(Node::text).unwrap_or("test")).map(|stage| ("CI_JOB_STAGE", stage)));
    of_environment(work, body, &mut told);
    if body.entry("parallel").is_some() {
        told.extend([("CI_NODE_INDEX", String::new()), ("CI_NODE_TOTAL", String::new())]);
    }
    by_event(work, body, &mut told);
    told
}

/// How the job ended, for the script that comes before or after that, where nothing else in it is GitLab's own. A read with a value of its own
/// stays: where there is none, it has that.
pub(super) fn told_of_status(work: &Work<'_>, body: &Node, of_after: bool) -> Option<(&'static str, String)> {
    const NAME: &str = "CI_JOB_STATUS";
    let (mut reads, mut own) = (false, false);
    let keys: &[&str] = if of_after { &["after_script"] } else { &["before_script", "script"] };
    for node in keys.iter().filter_map(|key| body.get(key)) {
        node.each_text(&mut |text| {
            reads |= script::reads(text, NAME);
            own |= text.contains("${CI_JOB_STATUS:") || value::reads_others(work, text, NAME);
        });
    }
    (reads && !own).then(|| (NAME, status(of_after)))
}

/// Whether a script of the job, or a variable that it sets, reads a variable.
pub(super) fn is_read(body: &Node, name: &str) -> bool {
    let mut found = false;
    for key in ["before_script", "script", "after_script", "variables"] {
        if let Some(node) = body.get(key) {
            node.each_text(&mut |text| found |= script::reads(text, name));
        }
    }
    found
}

fn by_event(work: &mut Work<'_>, body: &Node, told: &mut Vec<(&'static str, String)>) {
    let ours = |name: &'static str, text: &str| (name, format!("\"${{{name}:-{text}}}\""));
    for own in BY_EVENT.iter().filter(|own| is_read(body, own.0)) {
        let text = of_events(work, own);
        told.push(ours(own.0, &text));
    }
    told.extend(WORKED_OUT.iter().map(|(name, text)| ours(name, text)));
    for name in ["CI_COMMIT_REF_SLUG", "CI_BUILD_REF_NAME"] {
        if is_read(body, name)
            && let Some(own) = BY_EVENT.iter().find(|own| own.0 == "CI_COMMIT_REF_NAME")
        {
            let text = of_events(work, own);
            let text = if name == "CI_COMMIT_REF_SLUG" { format!("$(printf '%s' \"{text}\" | {REF_SLUG})") } else { text };
            told.push(ours(name, &text));
        }
    }
}

/// The text of a variable for the events that there are: one for all of them, or a `value` of the spec.
fn of_events(work: &mut Work<'_>, (_, name, arms, otherwise): &ByEvent) -> String {
    let arms: Vec<_> = arms.iter().filter(|(kind, _)| work.kinds.contains(kind)).collect();
    let all = arms.len() == work.kinds.len();
    let mut texts: Vec<&str> = arms.iter().map(|(_, text)| *text).collect();
    texts.extend((!all).then_some(*otherwise));
    texts.dedup();
    if let [one] = texts.as_slice() {
        return (*one).to_owned();
    }
    let id = match work.of_events.get(name) {
        Some(known) => known.clone(),
        None => {
            let id = work.value_names.unique(name);
            let mut build = node("value").arg(&id).children(arms.iter().map(|(kind, text)| node("on").arg(kind).arg(text)));
            if !all {
                build.push(node("otherwise").arg(otherwise));
            }
            work.value_nodes.push(build);
            work.of_events.insert(name, id.clone());
            id
        }
    };
    format!("${{value.{id}}}")
}

/// The name of a job as the shell writes it. That of a cell has its values in it: `unit: [3.9, small]`, and `unit 1/3` where it has a number.
fn name_of_job(entry: &Entry, body: &Node) -> Option<String> {
    let Some(parallel) = body.get("parallel") else { return quoted(&entry.key) };
    let key = Some(&entry.key).filter(|k| !k.contains(['"', '$', '`', '\\', '\n']))?;
    if let Some(total) = parallel.text() {
        return Some(format!("\"{key} ${{matrix.node-index}}/{total}\""));
    }
    let rows = parallel.get("matrix")?.items();
    let names = |row: &Node| row.entries().iter().map(|e| e.key.clone()).collect::<Vec<_>>();
    let first = rows.first().map(names)?;
    let values: Vec<String> = first.iter().map(|name| format!("${{matrix.{}}}", value::axis(name))).collect();
    rows.iter().all(|row| names(row) == first).then(|| format!("\"{key}: [{}]\"", values.join(", ")))
}

/// What is told of the environment of a job.
fn of_environment(work: &mut Work<'_>, body: &Node, told: &mut Vec<(&'static str, String)>) {
    let Some(entry) = body.get("environment") else { return };
    let name = if entry.is_map() { entry.get("name") } else { Some(entry) };
    let before = std::mem::replace(&mut work.body, body.clone());
    let mut literal = |node: Option<&Node>| node.and_then(Node::text).and_then(|text| work.literal(text));
    let (name, url) = (literal(name), literal(entry.get("url")));
    work.body = before;
    if let Some(name) = name {
        told.extend(quoted(&name).map(|text| ("CI_ENVIRONMENT_NAME", text)));
        told.extend(quoted(&slug_of_environment(&name)).map(|text| ("CI_ENVIRONMENT_SLUG", text)));
    }
    if let Some(url) = url {
        told.extend(quoted(&url).map(|text| ("CI_ENVIRONMENT_URL", text)));
    }
    let action = entry.get("action").and_then(Node::text).unwrap_or("start");
    told.extend(quoted(action).map(|text| ("CI_ENVIRONMENT_ACTION", text)));
    let tier = entry.get("deployment_tier").and_then(Node::text);
    told.extend(tier.and_then(quoted).map(|text| ("CI_ENVIRONMENT_TIER", text)));
}

/// The name of an environment as GitLab makes a part of an address of it: where it is not the name itself, the end of its checksum tells it from
/// others (gitlab.com/gitlab-org/gitlab, `lib/gitlab/slug/environment.rb`).
fn slug_of_environment(name: &str) -> String {
    const LONGEST: usize = 24;
    const KEPT: usize = 17;
    let lower = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let mut made: String = name.chars().map(lower).collect();
    if !made.starts_with(|c: char| c.is_ascii_lowercase()) {
        made.insert_str(0, "env-");
    }
    while made.contains("--") {
        made = made.replace("--", "-");
    }
    if made.len() <= LONGEST && made == name {
        return made.strip_suffix('-').unwrap_or(&made).to_owned();
    }
    made.truncate(KEPT);
    if !made.ends_with('-') {
        made.push('-');
    }
    made + &checksum(name)
}

/// The last six digits of the checksum of a text, to the base 36.
fn checksum(text: &str) -> String {
    const DIGITS: u32 = 6;
    let modulus = 36u64.pow(DIGITS);
    let mut rest = Sha256::digest(text.as_bytes()).iter().fold(0u64, |sum, byte| (sum * 256 + u64::from(*byte)) % modulus);
    let mut digits: Vec<char> = Vec::new();
    for _ in 0..DIGITS {
        digits.push(char::from_digit((rest % 36) as u32, 36).unwrap_or('0'));
        rest /= 36;
    }
    digits.into_iter().rev().collect()
}

/// How the job ended, in GitLab's words; in its own script it has not.
fn status(of_after: bool) -> String {
    if !of_after {
        return "'running'".to_owned();
    }
    "\"$(case \"${job.status}\" in failure) echo failed ;; cancelled) echo canceled ;; *) echo success ;; esac)\"".to_owned()
}

/// Sets the variables that a script reads, and those of the job that are made of them.
pub(super) fn tell(work: &Work<'_>, set: &[(&'static str, String)], lines: &mut Vec<String>) {
    lines.splice(0..0, work.exports.iter().map(|(name, value)| format!("export {name}=\"{value}\"")));
    let read = set.iter().filter(|(name, value)| !value.is_empty() && lines.iter().any(|l| script::reads(l, name)));
    let exports: Vec<String> = read.map(|(name, value)| format!("export {name}={value}")).collect();
    lines.splice(0..0, exports);
}

#[cfg(test)]
mod tests {
    use super::slug_of_environment;

    #[test]
    fn an_environment_has_the_slug_that_gitlab_gives_it() {
        for (name, wanted) in [
            ("staging", "staging"),
            ("foo-", "foo"),
            ("staging-1234567890123456", "staging-1234567890123456"),
            ("Stage Domain", "stage-domain-ip33nk"),
            ("1-foo", "env-1-foo-1k46wz"),
            ("deployment-review/TEST-branch-with-really-long-name", "deployment-review-l58kaf"),
        ] {
            assert_eq!(slug_of_environment(name), wanted, "{name}");
        }
    }
}
