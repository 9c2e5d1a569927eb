//! `on`: which events start a workflow.

use crate::ir::raw::runs_on;
use crate::verify::regex::Regex;
use crate::verify::yaml::{Content, Node};

/// The events that start a workflow.
#[derive(Debug, Default)]
pub(super) struct Triggers {
    pub(super) push: Option<Push>,
    pub(super) pull_request: Option<PullRequest>,
    /// Cron expressions, each with its time zone.
    pub(super) schedule: Vec<(String, Option<String>)>,
    /// Inputs of a manual run.
    pub(super) dispatch: Option<Vec<String>>,
    /// Types of releases.
    pub(super) release: Option<Vec<String>>,
    /// Events of GitHub's own, each with its keys, and its line.
    pub(super) own: Vec<(String, String, usize)>,
}

#[derive(Debug)]
pub(super) struct Push {
    branches: Option<Names>,
    tags: Option<Names>,
    paths: Option<Names>,
}

#[derive(Debug)]
pub(super) struct PullRequest {
    branches: Option<Names>,
    paths: Option<Names>,
    pub(super) types: Vec<String>,
}

/// A value on one line, as `ir::raw` has that of the spec: equal texts say the same.
fn spelled(node: &Node) -> String {
    match &node.content {
        Content::Scalar { text, plain } => {
            if *plain && matches!(text.as_str(), "" | "~" | "null") {
                String::new()
            } else {
                text.clone()
            }
        }
        Content::Map(rows) if rows.is_empty() => String::new(),
        Content::List(items) => format!("[{}]", items.iter().map(spelled).collect::<Vec<_>>().join(", ")),
        Content::Map(rows) => {
            let mut rows: Vec<String> = rows.iter().map(|(key, value)| format!("{key}: {}", spelled(value))).collect();
            rows.sort();
            format!("{{{}}}", rows.join(", "))
        }
    }
}

/// Patterns in their order: the last that matches decides.
#[derive(Debug)]
struct Names(Vec<(Regex, bool)>);

impl Names {
    fn read(node: &Node, key: &str) -> Result<Option<Self>, String> {
        let mut found = Vec::new();
        if let Some(list) = node.get(key) {
            for text in list.texts() {
                let (text, takes) = text.strip_prefix('!').map_or((text.as_str(), true), |rest| (rest, false));
                found.push((Regex::github(text)?, takes));
            }
            return Ok(Some(Self(found)));
        }
        let ignored = format!("{key}-ignore");
        let Some(list) = node.get(&ignored) else { return Ok(None) };
        found.push((Regex::github("**")?, true));
        for text in list.texts() {
            found.push((Regex::github(&text)?, false));
        }
        Ok(Some(Self(found)))
    }

    fn take(&self, name: &str) -> bool {
        self.0.iter().rev().find(|(pattern, _)| pattern.matches(name)).is_some_and(|(_, takes)| *takes)
    }
}

/// Whether one of the files is taken; without knowledge of files, or without a filter, yes.
fn touched(names: Option<&Names>, paths: Option<&[String]>) -> bool {
    match (names, paths) {
        (Some(names), Some(paths)) => paths.iter().any(|p| names.take(p)),
        _ => true,
    }
}

impl Push {
    /// A branch was pushed. Where only tags are named, no branch starts the workflow.
    pub(super) fn branch(&self, name: &str, paths: Option<&[String]>) -> bool {
        let named = match (&self.branches, &self.tags) {
            (Some(branches), _) => branches.take(name),
            (None, Some(_)) => false,
            (None, None) => true,
        };
        named && touched(self.paths.as_ref(), paths)
    }

    /// A tag was pushed: its files are not looked at.
    pub(super) fn tag(&self, name: &str) -> bool {
        match (&self.branches, &self.tags) {
            (_, Some(tags)) => tags.take(name),
            (Some(_), None) => false,
            (None, None) => true,
        }
    }
}

impl PullRequest {
    /// A pull request to a branch.
    pub(super) fn takes(&self, target: &str, kind: &str, paths: Option<&[String]>) -> bool {
        self.types.iter().any(|t| t == kind)
            && self.branches.as_ref().is_none_or(|b| b.take(target))
            && touched(self.paths.as_ref(), paths)
    }
}

impl Triggers {
    /// Reads the value of `on`.
    ///
    /// # Errors
    /// An event or a pattern that is not known here.
    pub(super) fn read(node: &Node) -> Result<Self, String> {
        let mut found = Self::default();
        let empty = Node { content: crate::verify::yaml::Content::Map(Vec::new()), line: node.line };
        let rows: Vec<(String, &Node)> = if node.rows().is_empty() {
            node.texts().into_iter().map(|name| (name, &empty)).collect()
        } else {
            node.rows().iter().map(|(name, node)| (name.clone(), node)).collect()
        };
        for (name, node) in rows {
            match name.as_str() {
                "push" => {
                    let (branches, tags) = (Names::read(node, "branches")?, Names::read(node, "tags")?);
                    found.push = Some(Push { branches, tags, paths: Names::read(node, "paths")? });
                }
                "pull_request" => {
                    let types = node.get("types").map(Node::texts);
                    let usual = || ["opened", "synchronize", "reopened"].map(str::to_owned).to_vec();
                    let (branches, paths) = (Names::read(node, "branches")?, Names::read(node, "paths")?);
                    found.pull_request = Some(PullRequest { branches, paths, types: types.unwrap_or_else(usual) });
                }
                "schedule" => {
                    let text = |i: &Node, key: &str| i.get(key).and_then(Node::text).map(str::to_owned);
                    let times = node.items().iter().filter_map(|i| Some((text(i, "cron")?, text(i, "timezone"))));
                    found.schedule = times.collect();
                }
                "workflow_dispatch" => {
                    let inputs = node.get("inputs").map(Node::rows).unwrap_or_default();
                    found.dispatch = Some(inputs.iter().map(|(name, _)| name.clone()).collect());
                }
                "release" => {
                    let types = node.get("types").map(Node::texts);
                    found.release = Some(types.unwrap_or_else(|| vec!["published".to_owned()]));
                }
                own if runs_on(own).is_some() => found.own.push((own.to_owned(), spelled(node), node.line)),
                other => return Err(format!("line {}: event `{other}` is not known here", node.line)),
            }
        }
        Ok(found)
    }
}
