//! What starts a pipeline: the filters of its trigger
//! (<https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html>), whose names are globs
//! (<https://docs.aws.amazon.com/codepipeline/latest/userguide/syntax-glob.html>).

use crate::ir::event::{Event, EventKind, PullRequestType};
use crate::verify::regex::Regex;
use crate::verify::yaml::Node;

/// Names that are taken, unless they are left out: what is left out wins.
#[derive(Debug, Default)]
struct Names {
    includes: Vec<Regex>,
    excludes: Vec<Regex>,
}

/// A filter; one of several must hold.
#[derive(Debug)]
struct Filter {
    branches: Option<Names>,
    tags: Option<Names>,
    files: Option<Names>,
    /// Of pull requests: what happened.
    events: Vec<String>,
}

/// What starts a pipeline, beside people and schedules.
#[derive(Debug, Default)]
pub(super) struct Trigger {
    push: Vec<Filter>,
    pull_request: Vec<Filter>,
    /// Without filters a pipeline starts on each push to this branch.
    branch: Option<String>,
}

/// The expression of a glob: a star stays within a component, two do not, and braces hold alternatives.
fn glob(text: &str) -> Result<Regex, String> {
    let mut out = String::from("^(");
    let (mut braces, mut set) = (0, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            _ if set => {
                set = c != ']';
                out.push(if c == '!' && out.ends_with('[') { '^' } else { c });
            }
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                out.push_str(".*");
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => {
                set = true;
                out.push('[');
            }
            '{' => {
                braces += 1;
                out.push('(');
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            _ => {
                let plain = if c == '\\' { chars.next().ok_or("a glob ends in a backslash")? } else { c };
                if "\\^$.|?*+()[]{}/".contains(plain) {
                    out.push('\\');
                }
                out.push(plain);
            }
        }
    }
    out.push_str(")$");
    Regex::new(&out)
}

impl Names {
    fn read(node: Option<&Node>) -> Result<Option<Self>, String> {
        let Some(node) = node else { return Ok(None) };
        let list = |key: &str| {
            let texts = node.get(key).map(Node::texts).unwrap_or_default();
            texts.iter().map(|t| glob(t)).collect::<Result<Vec<_>, _>>().map_err(|e| format!("line {}: {e}", node.line))
        };
        Ok(Some(Self { includes: list("Includes")?, excludes: list("Excludes")? }))
    }

    fn take(&self, name: &str) -> bool {
        let included = self.includes.is_empty() || self.includes.iter().any(|p| p.matches(name));
        included && !self.excludes.iter().any(|p| p.matches(name))
    }
}

impl Filter {
    fn read(node: &Node) -> Result<Self, String> {
        let (branches, tags) = (Names::read(node.get("Branches"))?, Names::read(node.get("Tags"))?);
        // Only tags, branches, or branches with files go together
        // (<https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-triggers.html>).
        if branches.is_some() == tags.is_some() {
            return Err(format!("line {}: a filter of branches or of tags is missing", node.line));
        }
        let events = node.get("Events").map(Node::texts).unwrap_or_default();
        Ok(Self { branches, tags, files: Names::read(node.get("FilePaths"))?, events })
    }

    fn branch(&self, name: Option<&String>, files: Option<&Vec<String>>) -> bool {
        let named = self.branches.as_ref().zip(name).is_some_and(|(b, name)| b.take(name));
        let touched = match (&self.files, files) {
            (Some(names), Some(files)) => files.iter().any(|f| names.take(f)),
            _ => true,
        };
        named && touched
    }
}

impl Trigger {
    /// Reads the triggers of a pipeline whose source is on a branch, and looks for changes by itself or not.
    ///
    /// # Errors
    /// What is not known here, with its line.
    pub(super) fn read(pipeline: &Node, source: &str, branch: Option<&str>, detects: bool) -> Result<Self, String> {
        let mut found = Self::default();
        let Some(triggers) = pipeline.get("Triggers") else {
            found.branch = branch.filter(|_| detects).map(str::to_owned);
            return Ok(found);
        };
        for trigger in triggers.items() {
            let git = trigger.get("GitConfiguration").ok_or_else(|| format!("line {}: no `GitConfiguration`", trigger.line))?;
            if git.get("SourceActionName").and_then(Node::text) != Some(source) {
                return Err(format!("line {}: the trigger names no source of the pipeline", git.line));
            }
            for (key, node) in git.rows() {
                let filters = || node.items().iter().map(Filter::read).collect::<Result<Vec<_>, _>>();
                match key.as_str() {
                    "SourceActionName" => {}
                    "Push" => found.push.extend(filters()?),
                    "PullRequest" => found.pull_request.extend(filters()?),
                    other => return Err(format!("line {}: `{other}` is not known here", node.line)),
                }
            }
        }
        Ok(found)
    }

    /// Whether nothing starts the pipeline by itself.
    pub(super) fn is_none(&self) -> bool {
        self.push.is_empty() && self.pull_request.is_empty() && self.branch.is_none()
    }

    /// Whether an event starts the pipeline.
    pub(super) fn takes(&self, event: &Event) -> bool {
        match event.kind {
            EventKind::Push => {
                let named = |f: &Filter| f.branch(event.branch.as_ref(), event.paths.as_ref());
                self.push.iter().any(named) || self.branch.is_some() && self.branch == event.branch
            }
            EventKind::Tag => {
                let tag = event.tag.as_deref().unwrap_or_default();
                self.push.iter().any(|f| f.tags.as_ref().is_some_and(|t| t.take(tag)))
            }
            EventKind::PullRequest => {
                // All other events are ignored.
                let kind = match event.pull_request_type {
                    None | Some(PullRequestType::Opened) => "OPEN",
                    Some(PullRequestType::Updated) => "UPDATED",
                    Some(PullRequestType::Closed | PullRequestType::Merged) => "CLOSED",
                    Some(PullRequestType::Reopened | PullRequestType::Ready | PullRequestType::Labeled) => return false,
                };
                let filters = self.pull_request.iter();
                let of_kind = |f: &&Filter| f.events.is_empty() || f.events.iter().any(|e| e == kind);
                filters.filter(of_kind).any(|f| f.branch(event.target.as_ref(), event.paths.as_ref()))
            }
            EventKind::Schedule | EventKind::Manual | EventKind::Release | EventKind::Raw => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn globs_are_those_of_aws() {
        for (pattern, name, takes) in [
            ("feature/*", "feature/x", true),
            ("feature/*", "feature/x/y", false),
            ("feature/**", "feature/x/y", true),
            ("**/x", "x", false),
            ("**", "a/b", true),
            ("v?.*", "v1.2", true),
            ("{rc,pre}-*", "pre-1", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("a\\*", "a*", true),
        ] {
            assert_eq!(glob(pattern).unwrap().matches(name), takes, "{pattern} {name}");
        }
    }
}
