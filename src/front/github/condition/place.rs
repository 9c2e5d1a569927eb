//! Conditions on where a run comes from and where it runs: events, branches and tags, systems.

use crate::front::logic::Part;
use crate::ir::raw::runs_on;

use super::Maker;

/// Kinds of events by GitHub's word.
const EVENTS: &[(&str, &[&str])] = &[
    ("push", &["push", "tag"]),
    ("pull_request", &["pull-request"]),
    ("schedule", &["schedule"]),
    ("workflow_dispatch", &["manual"]),
    ("release", &["release"]),
];

impl Maker<'_> {
    pub(super) fn event(&mut self, word: &str) -> Option<Part> {
        if self.scope.is_called() {
            return self.no("only the run knows the event of its caller");
        }
        let known = EVENTS.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours);
        let own = [word];
        let Some(ours) = known.or_else(|| self.scope.own.iter().any(|o| o == word).then_some(own.as_slice())) else {
            // What starts no run of the workflow.
            return match runs_on(word) {
                Some(_) => Some(Part::Known(false)),
                None => self.no(format!("pipewright has no event `{word}`")),
            };
        };
        // What starts the workflow decides where it leaves no choice.
        let kinds = &self.scope.kinds;
        let hits = kinds.iter().filter(|k| ours.contains(&k.as_str())).count();
        if !kinds.is_empty() && (hits == 0 || hits == kinds.len()) {
            return Some(Part::Known(hits > 0));
        }
        let ours: Vec<String> =
            ours.iter().filter(|o| kinds.is_empty() || kinds.iter().any(|k| k == *o)).map(|w| format!("'{w}'")).collect();
        Some(match ours.as_slice() {
            [one] => Part::Text(format!("run.event == {one}"), 2),
            several => Part::Text(format!("run.event in [{}]", several.join(", ")), 2),
        })
    }

    pub(super) fn reference(&mut self, wanted: &str) -> Option<Part> {
        if self.scope.has_unknown_ref() {
            return self.no("only the run knows the branch of an event of GitHub's own");
        }
        if wanted.contains('\'') {
            return self.no("the text has a quote in it");
        }
        if let Some(branch) = wanted.strip_prefix("refs/heads/") {
            return Some(Part::Text(format!("commit.branch == '{branch}'"), 2));
        }
        if let Some(tag) = wanted.strip_prefix("refs/tags/") {
            return Some(Part::Text(format!("commit.tag == '{tag}'"), 2));
        }
        self.no(format!("`{wanted}` is neither a branch nor a tag"))
    }

    pub(super) fn system(&mut self, wanted: &str) -> Option<Part> {
        if let Some(own) = self.scope.job.system {
            return Some(Part::Known(own.eq_ignore_ascii_case(wanted)));
        }
        let Some((axis, values)) = &self.scope.job.runner_axis else { return self.no("the runner is not known") };
        let of_system: Vec<String> = values
            .iter()
            .filter(|(theirs, _)| system_of(theirs).is_some_and(|s| s.eq_ignore_ascii_case(wanted)))
            .map(|(_, ours)| format!("'{ours}'"))
            .collect();
        let mut unique = of_system;
        unique.sort();
        unique.dedup();
        Some(match unique.as_slice() {
            [] => Part::Known(false),
            [one] => Part::Text(format!("matrix.{axis} == {one}"), 2),
            several => Part::Text(format!("matrix.{axis} in [{}]", several.join(", ")), 2),
        })
    }

    /// A question about the label of the runner, answered for each label that there is.
    pub(super) fn runner(&mut self, name: &str, wanted: &str) -> Option<Part> {
        let Some((axis, values)) = &self.scope.job.runner_axis else { return self.no("the runner is not known") };
        let wanted = wanted.to_ascii_lowercase();
        let hits = |label: &str| match name {
            "startswith" => label.starts_with(&wanted),
            "endswith" => label.ends_with(&wanted),
            _ => label.contains(&wanted),
        };
        let mut found: Vec<String> =
            values.iter().filter(|(theirs, _)| hits(&theirs.to_ascii_lowercase())).map(|(_, ours)| format!("'{ours}'")).collect();
        found.sort();
        found.dedup();
        Some(match found.as_slice() {
            [] => Part::Known(false),
            [one] => Part::Text(format!("matrix.{axis} == {one}"), 2),
            several => Part::Text(format!("matrix.{axis} in [{}]", several.join(", ")), 2),
        })
    }
}

/// The system behind a label of GitHub's runners.
pub(in crate::front::github) fn system_of(label: &str) -> Option<&'static str> {
    let starts = |word: &str| label.starts_with(word);
    match label {
        _ if starts("ubuntu") || starts("linux") => Some("Linux"),
        _ if starts("windows") => Some("Windows"),
        _ if starts("macos") => Some("macOS"),
        _ => None,
    }
}
