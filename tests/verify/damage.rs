//! Named damages of outputs: each is done to every example where it applies, and the comparison must see every one.

use std::collections::BTreeMap;

use pipewright::ir::Pipeline;
use pipewright::ir::job::Job;
use pipewright::verify::equivalence::compare_until;

use super::examples::{Example, examples};

mod aws;
mod runs;
mod work;

/// A damage: its name, the end of the paths it is done to, and what it makes of a text: one text for each place where it applies.
struct Damage {
    name: &'static str,
    file: &'static str,
    apply: fn(&str, &Pipeline) -> Vec<String>,
}

/// A text with the lines of one range replaced.
fn with(lines: &[&str], from: usize, to: usize, new: &[String]) -> String {
    let before = lines[..from].iter().map(|l| (*l).to_owned());
    let after = lines[to..].iter().map(|l| (*l).to_owned());
    before.chain(new.iter().cloned()).chain(after).collect::<Vec<_>>().join("\n") + "\n"
}

/// One text for each line that `change` changes; `None` keeps a line, an empty list drops it.
fn each_line(text: &str, change: impl Fn(&[&str], usize) -> Option<Vec<String>>) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    (0..lines.len()).filter_map(|at| Some(with(&lines, at, at + 1, &change(&lines, at)?))).collect()
}

/// Whether a line of a job is a key of a job, and which: two blanks a job, four its keys on GitHub, two on GitLab.
fn key<'l>(line: &'l str, indent: usize, name: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(&" ".repeat(indent))?;
    rest.strip_prefix(name)?.strip_prefix(':').map(str::trim)
}

/// The end of the block that begins at a line: the first line below that is not deeper.
fn block_end(lines: &[&str], at: usize) -> usize {
    let indent = |l: &str| l.len() - l.trim_start().len();
    let own = indent(lines[at]);
    (at + 1..lines.len()).find(|i| !lines[*i].trim().is_empty() && indent(lines[*i]) <= own).unwrap_or(lines.len())
}

/// The job that a line stands in, its name at this many blanks; none for one that is not the spec's.
fn job_of<'p>(lines: &[&str], at: usize, indent: usize, pipeline: &'p Pipeline) -> Option<&'p Job> {
    let blanks = " ".repeat(indent);
    let head = lines[..at].iter().rev().find_map(|l| {
        let name = l.strip_prefix(blanks.as_str())?.strip_suffix(':')?;
        (!name.starts_with(' ')).then_some(name)
    })?;
    pipeline.jobs.iter().find(|j| j.name.value == head)
}

fn drop_block(text: &str, indent: usize, name: &str, pipeline: &Pipeline) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let found = (0..lines.len()).filter(|at| key(lines[*at], indent, name).is_some());
    let found = found.filter(|at| job_of(&lines, *at, indent - 2, pipeline).is_some());
    // The condition of a job behind others says again what theirs have said.
    let found = found.filter(|at| name != "if" || key(lines[*at - 1], indent, "needs").is_none());
    found.map(|at| with(&lines, at, block_end(&lines, at), &[])).collect()
}

/// Replaces one occurrence at a time.
fn each_match(text: &str, from: &str, to: &str) -> Vec<String> {
    text.match_indices(from).map(|(at, _)| format!("{}{to}{}", &text[..at], &text[at + from.len()..])).collect()
}

const GITHUB: &str = ".github/workflows/";
const GITLAB: &str = ".gitlab-ci.yml";

/// Damages that change no run of an example, so that there is nothing to see.
const UNFELT: &[(&str, &str, &str)] = &[
    ("features-actions", "swap branch and tag", "the conditions are those of steps"),
    ("features-deploys", "swap branch and tag", "the last rules are those of messages"),
    ("features-events", "widen a trigger", "every job behind it has a condition of its own"),
    ("monorepo", "widen a trigger", "every job behind it has a condition of its own, or is the check of drift"),
    ("features-github", "widen a permission", "the second job that has one is kept in the words of GitHub"),
    ("features-github", "let the token do everything", "as above"),
    ("features-github", "take a permission away", "as above"),
    ("features-jobs", "deploy beside another run", "the lock is that of a job without environment"),
    ("orders-api", "run in another directory", "a toolchain installs there, whose commands are taken as read"),
    ("orders-api", "run at the root", "as above"),
    ("trap-status-functions", "drop one result of a need", "a later need is bound by the same job"),
];

fn all() -> impl Iterator<Item = &'static Damage> {
    runs::DAMAGES.iter().chain(work::DAMAGES).chain(aws::DAMAGES)
}

fn seen(example: &Example, path: &str, damaged: &str) -> bool {
    // The files of the other vendors are left out: they have not changed.
    let vendor = |p: &str| [GITHUB, GITLAB].iter().position(|v| p.contains(v));
    let of_vendor = |p: &str| vendor(p) == vendor(path);
    let files = example.files.iter().filter(|(p, _)| of_vendor(p));
    let files: Vec<(&str, &str)> = files.map(|(p, t)| (p.as_str(), if p == path { damaged } else { t.as_str() })).collect();
    !compare_until(&example.pipeline, &files, 1).0.is_empty()
}

#[test]
fn every_damage_of_an_output_is_seen() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut missed = Vec::new();
    for example in examples() {
        // The large ones hold nothing that the smaller ones do not, and each comparison of them takes long.
        let most = if example.pipeline.jobs.len() > 12 { 2 } else { 5 };
        for damage in all() {
            if UNFELT.iter().any(|(name, what, _)| *name == example.name && *what == damage.name) {
                continue;
            }
            for (path, text) in example.files.iter().filter(|(p, _)| p.contains(damage.file)) {
                for (at, damaged) in (damage.apply)(text, &example.pipeline).iter().enumerate().take(most) {
                    if damaged == text {
                        continue;
                    }
                    *counts.entry(damage.name).or_default() += 1;
                    if !seen(&example, path, damaged) {
                        let difference = similar(text, damaged);
                        missed.push(format!("{}/{path}: {}, place {at}: {difference}", example.name, damage.name));
                    }
                }
            }
        }
    }
    let never: Vec<&str> = all().map(|d| d.name).filter(|n| !counts.contains_key(n)).collect();
    assert!(never.is_empty(), "these damages apply nowhere: {never:?}");
    assert!(counts.len() >= 20, "{counts:?}");
    assert!(missed.is_empty(), "{} of {} not seen:\n{}", missed.len(), counts.values().sum::<usize>(), missed.join("\n"));
    println!("{counts:#?}");
}

/// The first line in which two texts differ.
fn similar(text: &str, damaged: &str) -> String {
    let differ = text.lines().zip(damaged.lines()).enumerate().find(|(_, (a, b))| a != b);
    differ.map(|(i, (a, b))| format!("line {}: {a:?} is {b:?}", i + 1)).unwrap_or_default()
}
