//! What the scripts of a job run, and on what machine.

use std::collections::{BTreeMap, BTreeSet};

use crate::verify::behaviour::{Act, Beside, Bit, Frame, Variables};
use crate::verify::script::{Shell, reference};
use crate::verify::yaml::Node;

/// A value that GitLab expands: `$A`, `${A}`, and `$$` for the sign itself.
pub(super) fn bits(value: &str) -> Vec<Bit> {
    let mut found: Vec<Bit> = Vec::new();
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let known = if c == '$' { reference(rest) } else { None };
        if let Some((name, length)) = known {
            found.push(Bit::Symbol(name.to_owned()));
            rest = &rest[length..];
            continue;
        }
        match found.last_mut() {
            Some(Bit::Text(text)) => text.push(c),
            _ => found.push(Bit::Text(c.to_string())),
        }
        rest = &rest[if rest.starts_with("$$") { 2 } else { c.len_utf8() }..];
    }
    found
}

/// The values of a map, plain or with a description.
pub(super) fn values(node: Option<&Node>) -> Variables {
    let value = |n: &Node| n.get("value").or(Some(n)).and_then(Node::text).map(bits);
    node.map(Node::rows).unwrap_or_default().iter().filter_map(|(name, n)| Some((name.clone(), value(n)?))).collect()
}

/// The variables of a job: the file's, then its own.
pub(super) fn env(job: &Node, root: &Node) -> Variables {
    let mut found = values(root.get("variables"));
    found.extend(values(job.get("variables")));
    found
}

/// A key of the job, or of all jobs.
fn or_default<'n>(job: &'n Node, root: &'n Node, key: &str) -> Option<&'n Node> {
    job.get(key).or_else(|| root.path(&["default", key])).or_else(|| root.get(key))
}

fn image_name(node: &Node) -> Option<Vec<Bit>> {
    Some(bits(node.get("name").or(Some(node))?.text()?))
}

/// The tag of its runner, where that is one.
pub(super) fn label(job: &Node, root: &Node) -> Option<Vec<Bit>> {
    match or_default(job, root, "tags")?.items() {
        [one] => one.text().map(bits),
        _ => None,
    }
}

/// The container of the scripts.
pub(super) fn image(job: &Node, root: &Node) -> Option<Vec<Bit>> {
    or_default(job, root, "image").and_then(image_name)
}

/// Whether the program that the image starts with runs around the scripts: not where it is an empty text
/// (<https://docs.gitlab.com/ci/docker/using_docker_images/#override-the-entrypoint-of-an-image>).
pub(super) fn entrypoint(job: &Node, root: &Node) -> bool {
    let words = or_default(job, root, "image").and_then(|image| image.get("entrypoint"));
    words.is_none_or(|words| words.items().iter().any(|w| w.text() != Some("")))
}

/// The containers beside a job.
pub(super) fn services(job: &Node, root: &Node) -> Vec<Beside> {
    let service = |node: &Node| {
        let image = image_name(node).unwrap_or_default();
        let alias = node.get("alias").and_then(Node::text).unwrap_or_default();
        Beside { name: alias.to_owned(), image, env: values(node.get("variables")) }
    };
    or_default(job, root, "services").map(Node::items).unwrap_or_default().iter().map(service).collect()
}

/// The cells of `parallel: matrix`: each row gives every combination of its lists.
pub(super) fn cells(job: &Node) -> Option<Vec<BTreeMap<String, String>>> {
    let rows = job.path(&["parallel", "matrix"])?;
    let mut found = Vec::new();
    for row in rows.items() {
        let mut cells: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
        for (name, values) in row.rows() {
            let mut more = Vec::new();
            for cell in &cells {
                for value in values.texts() {
                    let mut cell = cell.clone();
                    cell.insert(name.clone(), value);
                    more.push(cell);
                }
            }
            cells = more;
        }
        found.extend(cells);
    }
    Some(found)
}

/// `20 minutes`, `1h 30m`: a number and a word for its unit, again and again.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let mut total = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        total += number
            * match &rest[..letters] {
                "s" | "sec" | "second" | "seconds" => 1,
                "m" | "min" | "minute" | "minutes" => 60,
                "h" | "hour" | "hours" => 3600,
                "d" | "day" | "days" => 86_400,
                "w" | "week" | "weeks" => 604_800,
                _ => return None,
            };
        rest = rest[letters..].trim_start_matches([' ', ',']);
    }
    Some(total)
}

/// The limit of the script, and that of what comes behind it (GitLab's documentation, "Set script and after_script timeouts").
pub(super) fn timeouts(job: &Node, root: &Node) -> (Option<u64>, Option<u64>) {
    let variable = |name: &str| job.path(&["variables", name]).and_then(Node::text).and_then(seconds);
    let own = || or_default(job, root, "timeout").and_then(Node::text).and_then(seconds);
    (variable("RUNNER_SCRIPT_TIMEOUT").or_else(own), variable("RUNNER_AFTER_SCRIPT_TIMEOUT"))
}

/// Further attempts.
pub(super) fn retry(job: &Node, root: &Node) -> u32 {
    let node = or_default(job, root, "retry");
    node.and_then(|n| n.get("max").or(Some(n))?.text()?.parse().ok()).unwrap_or_default()
}

/// What the scripts run, in their order: the runner puts `before_script` and `script` into one shell with `errexit` and `pipefail`, `after_script` into one
/// of its own (GitLab Runner's `shells/bash.go`).
pub(super) fn acts(job: &Node, root: &Node) -> Vec<Act> {
    let mut found = Vec::new();
    let mut number = 0;
    for (keys, after) in [(&["before_script", "script"] as &[&str], false), (&["after_script"], true)] {
        let mut shell = Shell::new(Frame { stops: true, pipes: true, after, ..Frame::default() }, number);
        for key in keys {
            let node = if *key == "script" { job.get(key) } else { or_default(job, root, key) };
            for item in node.map(Node::items).unwrap_or_default() {
                let text = item.text().unwrap_or_default();
                shell.read(text, item.line + usize::from(text.contains('\n')));
            }
        }
        number = shell.next();
        found.extend(shell.acts());
    }
    found
}

/// The variables that a job hands over: those that it writes to its dotenv report. One that has another name in the job stands behind that name:
/// `version=BUILD_VERSION`.
pub(super) fn handed_over(acts: &[Act], report: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for act in acts.iter().filter(|a| a.text.ends_with(&format!(">> {report}")) || a.text.ends_with(&format!("/{report}\""))) {
        // `sed -n -e 's/^version=/BUILD_VERSION=/p' "$FILE" >> outputs.env`
        for rule in act.text.split("'s/^").skip(1) {
            let names = rule.split_once("=/").and_then(|(name, rest)| Some((name, rest.split_once("=/p'")?.0)));
            found.extend(names.map(|(name, variable)| format!("{name}={variable}")));
        }
        // `echo "IMAGE=$IMAGE" >> "$CI_PROJECT_DIR/outputs.env"`
        let echoed = act.text.strip_prefix("echo \"").and_then(|t| t.split_once('='));
        found.extend(echoed.map(|(name, _)| name.to_owned()));
    }
    found
}
