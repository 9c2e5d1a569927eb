//! A vendor's own keys.

use crate::base::span::Spanned;
use crate::ir::id::TargetId;

/// Vendor keys that are merged into an output.
#[derive(Clone, PartialEq, Debug)]
pub struct Raw {
    /// Whose.
    pub target: Spanned<TargetId>,
    /// Keys in order.
    pub keys: Vec<(Spanned<String>, RawValue)>,
}

/// A workflow of a vendor that stays in its own file, as it is.
#[derive(Clone, PartialEq, Debug)]
pub struct RawFile {
    /// Whose.
    pub target: TargetId,
    /// Below the root.
    pub path: Spanned<String>,
}

/// An event of a vendor's own.
#[derive(Clone, PartialEq, Debug)]
pub struct RawEvent {
    /// Whose.
    pub target: TargetId,
    /// As the vendor calls it.
    pub name: Spanned<String>,
    /// Its keys: types, branches.
    pub keys: RawValue,
}

/// Keys of events that are lists: one name may stand alone in a spec.
const LISTS: &[&str] = &["types", "branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore", "workflows"];

/// Whether a key of an event takes a list.
pub fn takes_list(key: &str) -> bool {
    LISTS.contains(&key)
}

/// What a run of an event of GitHub's own has checked out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunsOn {
    /// The default branch.
    Default,
    /// A pull request merged into its target: with the rights of `pull_request`, none where it comes from a fork.
    Merge,
    /// A branch or tag that only the run knows.
    Other,
    /// The base of what a stranger may have done, with every right and secret: `pull_request_target`, `workflow_run`.
    Base,
    /// Whatever the caller's event runs on.
    Caller,
}

/// The events that GitHub has and the language has not (docs.github.com, "Events that trigger workflows").
pub const GITHUB_EVENTS: &[(RunsOn, &[&str])] = &[
    (
        RunsOn::Default,
        &[
            "branch_protection_rule",
            "check_run",
            "check_suite",
            "delete",
            "discussion",
            "discussion_comment",
            "fork",
            "gollum",
            "image_version",
            "issue_comment",
            "issues",
            "label",
            "milestone",
            "page_build",
            "public",
            "repository_dispatch",
            "status",
            "watch",
        ],
    ),
    (RunsOn::Merge, &["pull_request_review", "pull_request_review_comment"]),
    (RunsOn::Other, &["create", "deployment", "deployment_status", "merge_group", "registry_package"]),
    (RunsOn::Base, &["pull_request_target", "workflow_run"]),
    (RunsOn::Caller, &["workflow_call"]),
];

/// Events of the default branch that anyone may bring about, with a text of theirs.
const ANYONE: &[&str] = &["discussion", "discussion_comment", "issue_comment", "issues"];

/// Whether a stranger's doing starts a run that has every right and secret.
pub fn is_strangers(event: &str) -> bool {
    runs_on(event) == Some(RunsOn::Base) || ANYONE.contains(&event)
}

/// What an event of GitHub's own runs on; none for a name that is none.
pub fn runs_on(event: &str) -> Option<RunsOn> {
    GITHUB_EVENTS.iter().find(|(_, names)| names.contains(&event)).map(|(runs_on, _)| *runs_on)
}

impl Raw {
    /// Calls `f` for every text in it, with the key directly above.
    pub fn each_text<'r>(&'r self, f: &mut impl FnMut(&'r str, &'r Spanned<String>, &'r str)) {
        self.keys.iter().for_each(|(key, value)| value.each_text(&key.value, &mut |word, text| f(word, key, text)));
    }
}

impl RawValue {
    /// On one line, the keys of maps in order: equal texts say the same.
    pub fn spelled(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Number(text) | Self::String(text) => text.clone(),
            Self::List(items) => format!("[{}]", items.iter().map(Self::spelled).collect::<Vec<_>>().join(", ")),
            Self::Map(rows) if rows.is_empty() => String::new(),
            Self::Map(rows) => {
                let mut rows: Vec<String> = rows.iter().map(|(key, value)| format!("{key}: {}", value.spelled())).collect();
                rows.sort();
                format!("{{{}}}", rows.join(", "))
            }
        }
    }

    fn each_text<'r>(&'r self, key: &'r str, f: &mut impl FnMut(&'r str, &'r str)) {
        match self {
            Self::String(text) => f(key, text),
            Self::List(items) => items.iter().for_each(|i| i.each_text(key, f)),
            Self::Map(rows) => rows.iter().for_each(|(key, value)| value.each_text(key, f)),
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }
}

/// A value of a raw key.
#[derive(Clone, PartialEq, Debug)]
pub enum RawValue {
    /// `#null`
    Null,
    /// `#true`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// Text, as written; `${…}` is the vendor's own.
    String(String),
    /// Several arguments, or `- x` children.
    List(Vec<RawValue>),
    /// Children.
    Map(Vec<(String, RawValue)>),
}
