//! `rules`: the first that matches decides whether a job is in the pipeline, and when it starts.

use crate::verify::gitlab::condition::{Condition, Known};
use crate::verify::regex::Regex;
use crate::verify::yaml::Node;

/// When a job starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    OnSuccess,
    OnFailure,
    Always,
    Manual,
    Never,
}

impl When {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text {
            "on_success" => Ok(Self::OnSuccess),
            "on_failure" => Ok(Self::OnFailure),
            "always" => Ok(Self::Always),
            "manual" => Ok(Self::Manual),
            "never" => Ok(Self::Never),
            other => Err(format!("`when: {other}` is not known here")),
        }
    }
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    condition: Option<Condition>,
    changes: Option<Vec<Regex>>,
    pub(super) when: Option<When>,
    pub(super) allow_failure: Option<bool>,
}

impl Rule {
    /// Reads a list of rules.
    ///
    /// # Errors
    /// A key or a condition that is not known here, with its line.
    pub(super) fn all(node: &Node) -> Result<Vec<Self>, String> {
        node.items().iter().map(|n| Self::read(n).map_err(|e| format!("line {}: {e}", n.line))).collect()
    }

    fn read(node: &Node) -> Result<Self, String> {
        let unknown = node.rows().iter().find(|(k, _)| !["if", "changes", "when", "allow_failure"].contains(&k.as_str()));
        if let Some((key, _)) = unknown {
            return Err(format!("`{key}` in a rule is not known here"));
        }
        let changes = node.get("changes").map(|c| c.get("paths").unwrap_or(c).texts());
        let changes = changes.map(|list| list.iter().map(|p| Regex::fnmatch(p)).collect()).transpose()?;
        Ok(Self {
            condition: node.get("if").and_then(Node::text).map(Condition::read).transpose()?,
            changes,
            when: node.get("when").and_then(Node::text).map(When::read).transpose()?,
            allow_failure: node.get("allow_failure").map(Node::is_true),
        })
    }

    /// Whether it matches; `None` where only a run knows. Without knowledge of files (tags, schedules, runs by hand) every list of changes does.
    pub(super) fn matches(&self, variable: &dyn Fn(&str) -> Known, files: Option<&[String]>) -> Option<bool> {
        let condition = self.condition.as_ref().map_or(Some(true), |c| c.holds(variable));
        let changed = match (&self.changes, files) {
            (Some(patterns), Some(files)) => files.iter().any(|f| patterns.iter().any(|p| p.matches(f))),
            _ => true,
        };
        if changed { condition } else { Some(false) }
    }
}

/// The rule that decides: the first that matches, with whether it surely does. Rules behind one that only may match are left out of account
/// where the run says that it does.
pub(super) fn first<'r>(
    rules: &'r [Rule],
    maybe: bool,
    variable: &dyn Fn(&str) -> Known,
    files: Option<&[String]>,
) -> Option<&'r Rule> {
    rules.iter().find(|r| r.matches(variable, files).unwrap_or(maybe))
}
