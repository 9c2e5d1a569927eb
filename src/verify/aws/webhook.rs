//! The webhook of a project (<https://docs.aws.amazon.com/codebuild/latest/userguide/github-webhook.html>): a build is started if one group
//! of filters holds, with all its filters.

use std::collections::BTreeMap;

use crate::ir::event::{Event, EventKind, PullRequestType};
use crate::verify::aws::evaluate::Known;
use crate::verify::behaviour::OPAQUE;
use crate::verify::regex::Regex;
use crate::verify::yaml::Node;

/// A filter.
#[derive(Debug)]
pub(super) struct Filter {
    on: On,
    /// An event that matches does not start a build.
    excludes: bool,
}

#[derive(Debug)]
enum On {
    Events(Vec<String>),
    Head(Regex),
    Base(Regex),
    File(Regex),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// A type or an expression that is not known here.
    pub(super) fn read(node: &Node) -> Result<Self, String> {
        let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default();
        let fault = |e: String| format!("line {}: {e}", node.line);
        let regex = || Regex::new(text("Pattern")).map_err(fault);
        let on = match text("Type") {
            "EVENT" => On::Events(text("Pattern").split(',').map(|e| e.trim().to_owned()).collect()),
            "HEAD_REF" => On::Head(regex()?),
            "BASE_REF" => On::Base(regex()?),
            "FILE_PATH" => On::File(regex()?),
            other => return Err(fault(format!("filter `{other}` is not known here"))),
        };
        Ok(Self { on, excludes: node.get("ExcludeMatchedPattern").is_some_and(Node::is_true) })
    }
}

/// What the host of the repository tells CodeBuild.
#[derive(Debug)]
pub(super) struct Webhook {
    event: &'static str,
    /// `branch/main`, `tag/v1`, `pr/7`.
    trigger: String,
    head: String,
    base: Option<String>,
    files: Option<Vec<String>>,
}

impl Webhook {
    /// What an event tells; none where it tells nothing.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let text = |name: &Option<String>| name.clone().unwrap_or_default();
        let files = event.paths.clone();
        let plain = |trigger: String, head: String| Self { event: "PUSH", trigger, head, base: None, files };
        match event.kind {
            EventKind::Push => {
                let branch = text(&event.branch);
                Some(plain(format!("branch/{branch}"), format!("refs/heads/{branch}")))
            }
            EventKind::Tag => {
                let tag = text(&event.tag);
                Some(plain(format!("tag/{tag}"), format!("refs/tags/{tag}")))
            }
            EventKind::PullRequest => {
                let kind = match event.pull_request_type {
                    None | Some(PullRequestType::Opened) => "PULL_REQUEST_CREATED",
                    Some(PullRequestType::Updated) => "PULL_REQUEST_UPDATED",
                    Some(PullRequestType::Reopened) => "PULL_REQUEST_REOPENED",
                    Some(PullRequestType::Closed) => "PULL_REQUEST_CLOSED",
                    Some(PullRequestType::Merged) => "PULL_REQUEST_MERGED",
                    Some(PullRequestType::Ready | PullRequestType::Labeled) => return None,
                };
                let refer = |name: &Option<String>| format!("refs/heads/{}", text(name));
                let (head, base) = (refer(&event.head), Some(refer(&event.target)));
                Some(Self { event: kind, trigger: format!("pr/{OPAQUE}7"), head, base, files: event.paths.clone() })
            }
            EventKind::Schedule | EventKind::Manual | EventKind::Release | EventKind::Raw => None,
        }
    }

    /// Whether a filter holds. Without knowledge of files one on files does.
    pub(super) fn passes(&self, filter: &Filter) -> bool {
        let matched = match &filter.on {
            On::Events(events) => events.iter().any(|e| e == self.event),
            On::Head(regex) => regex.matches(&self.head),
            On::Base(regex) => self.base.as_ref().is_some_and(|b| regex.matches(b)),
            On::File(regex) => match &self.files {
                Some(files) => files.iter().any(|f| regex.matches(f)),
                None => return true,
            },
        };
        matched != filter.excludes
    }

    /// What a build is told (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>).
    pub(super) fn variables(&self) -> BTreeMap<String, Known> {
        let mut found: BTreeMap<String, Known> = [
            ("CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID".to_owned(), None),
            ("CODEBUILD_WEBHOOK_EVENT".to_owned(), Some(self.event.to_owned())),
            ("CODEBUILD_WEBHOOK_TRIGGER".to_owned(), Some(self.trigger.clone())),
            ("CODEBUILD_WEBHOOK_HEAD_REF".to_owned(), Some(self.head.clone())),
        ]
        .into();
        found.extend(self.base.iter().map(|b| ("CODEBUILD_WEBHOOK_BASE_REF".to_owned(), Some(b.clone()))));
        found
    }
}
