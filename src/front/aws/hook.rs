//! The webhook of a project of CodeBuild as the events of a workflow
//! (docs.aws.amazon.com/codebuild, "GitHub webhook events"): one group of filters must hold, with all its filters.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::pattern;
use crate::front::yaml::{Entry, Node};

use super::stack::Stack;
use super::work::Work;

/// What happened to a pull request, by the words of a spec.
const TYPES: &[(&str, &str)] = &[
    ("PULL_REQUEST_CREATED", "opened"),
    ("PULL_REQUEST_UPDATED", "updated"),
    ("PULL_REQUEST_REOPENED", "reopened"),
    ("PULL_REQUEST_CLOSED", "closed"),
    ("PULL_REQUEST_MERGED", "merged"),
];

/// Types that a clause without any means.
const USUAL: &[&str] = &["opened", "updated", "reopened"];

/// What starts the project by itself, as clauses of `on`.
pub(super) fn clauses(work: &mut Work<'_>, stack: &mut Stack, triggers: &Entry) -> Vec<Build> {
    let map = &triggers.value;
    for key in ["BuildType", "Webhook"] {
        let _ = work.open(map, key);
    }
    for (key, why) in [
        ("ScopeConfiguration", "a spec starts by events of its own repository"),
        ("PullRequestBuildPolicy", "who may start a build by a comment is no word of a spec"),
    ] {
        if let Some(entry) = map.entry(key) {
            work.lose(entry, why);
        }
    }
    let hooked = map.get("Webhook").and_then(|w| stack.literal(work, w)).is_some_and(|t| t == "true");
    let Some(groups) = work.open(map, "FilterGroups").cloned() else {
        if hooked {
            work.turn(triggers, "a webhook without filters: pushes and pull requests start it");
            return vec![node("push"), node("tag"), node("pull-request")];
        }
        return Vec::new();
    };
    let mut found = Vec::new();
    for group in stack.items(work, &groups.value) {
        match of_group(work, stack, &group) {
            Ok(clauses) => found.extend(clauses),
            Err(why) => {
                // Without it the workflow starts less often than the project did, never more.
                group.each_entry(&mut |e| work.ledger.mark(e.id, Fate::Lost(why.clone())));
                work.mark(&groups, Fate::Lost(format!("a group of filters is left out: {why}")));
            }
        }
    }
    found
}

/// Names of branches and of tags.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Refs {
    branches: Vec<String>,
    tags: Vec<String>,
}

/// The filters of a group.
#[derive(Debug, Default)]
struct Group {
    events: Vec<String>,
    head: Option<Refs>,
    no_head: Refs,
    base: Option<Vec<String>>,
    no_base: Vec<String>,
    files: Option<Vec<String>>,
}

fn of_group(work: &mut Work<'_>, stack: &mut Stack, node: &Node) -> Result<Vec<Build>, String> {
    let mut group = Group::default();
    for filter in stack.items(work, node) {
        let mut text = |key: &str| work.open(&filter, key).cloned().and_then(|e| stack.literal(work, &e.value));
        let kind = text("Type").unwrap_or_default();
        let pattern = text("Pattern").ok_or("its pattern cannot be worked out")?;
        let excludes = text("ExcludeMatchedPattern").is_some_and(|t| t == "true");
        let odd = || format!("`{pattern}` is no pattern of names that a spec could say");
        let once = |is_there: bool| if is_there { Err(format!("it asks twice for `{kind}`")) } else { Ok(()) };
        match (kind.as_str(), excludes) {
            ("EVENT", false) => group.events.extend(pattern.split(',').map(|e| e.trim().to_owned())),
            ("HEAD_REF", false) => {
                once(group.head.is_some())?;
                group.head = Some(refs(&pattern).ok_or_else(odd)?);
            }
            ("HEAD_REF", true) => {
                let more = refs(&pattern).ok_or_else(odd)?;
                group.no_head.branches.extend(more.branches);
                group.no_head.tags.extend(more.tags);
            }
            ("BASE_REF", false) => {
                once(group.base.is_some())?;
                group.base = Some(refs(&pattern).ok_or_else(odd)?.branches);
            }
            ("BASE_REF", true) => group.no_base.extend(refs(&pattern).ok_or_else(odd)?.branches),
            ("FILE_PATH", false) => {
                once(group.files.is_some())?;
                group.files = Some(alternatives(&pattern::glob(&pattern).ok_or_else(odd)?));
            }
            _ => return Err(format!("the filter `{kind}` has no match in the events of a spec")),
        }
    }
    group.clauses()
}

impl Group {
    fn clauses(&self) -> Result<Vec<Build>, String> {
        let mut found = Vec::new();
        let mut types = Vec::new();
        for event in &self.events {
            match TYPES.iter().find(|(theirs, _)| theirs == event) {
                Some((_, ours)) => types.push(*ours),
                None if event == "PUSH" => {
                    if self.base.is_some() || !self.no_base.is_empty() {
                        return Err("a push goes to no other branch".to_owned());
                    }
                    found.extend(self.pushes()?);
                }
                None => return Err(format!("the event `{event}` is none of a spec")),
            }
        }
        if !types.is_empty() {
            found.push(self.requests(&types)?);
        }
        if found.is_empty() { Err("it takes no event".to_owned()) } else { Ok(found) }
    }

    /// A push is one of a branch or of a tag.
    fn pushes(&self) -> Result<Vec<Build>, String> {
        let mut found = Vec::new();
        let all = vec!["**".to_owned()];
        let of = |word: &str, takes: &Vec<String>, leaves: &Vec<String>| {
            let none = takes.is_empty() || leaves.contains(&all[0]);
            (!none).then(|| clause(word, takes, leaves))
        };
        let head = self.head.clone().unwrap_or_else(|| Refs { branches: all.clone(), tags: all.clone() });
        if let Some(mut push) = of("push", &head.branches, &self.no_head.branches) {
            if let Some(files) = &self.files {
                push.push(node("paths").args(files));
            }
            found.push(push);
        }
        if let Some(tag) = of("tag", &head.tags, &self.no_head.tags) {
            if self.files.is_some() && self.head.is_some() {
                return Err("a tag of a spec changes no files".to_owned());
            }
            // A filter of files is about commits.
            found.extend(self.files.is_none().then_some(tag));
        }
        Ok(found)
    }

    fn requests(&self, types: &[&str]) -> Result<Build, String> {
        if !self.no_head.branches.is_empty() {
            return Err("a pull request of a spec leaves out no branch that it comes from".to_owned());
        }
        let mut made = clause("pull-request", self.base.as_deref().unwrap_or_default(), &self.no_base);
        if let Some(head) = self.head.as_ref().filter(|h| h.branches != ["**"]) {
            if head.branches.is_empty() {
                return Err("a pull request comes from a branch".to_owned());
            }
            made.push(node("head").args(&head.branches));
        }
        if types.len() != USUAL.len() || !USUAL.iter().all(|t| types.contains(t)) {
            made.push(node("types").args(types));
        }
        if let Some(files) = &self.files {
            made.push(node("paths").args(files));
        }
        Ok(made)
    }
}

fn clause(word: &str, takes: &[String], leaves: &[String]) -> Build {
    // Of all names those are left out that are named.
    let all = takes == ["**"];
    let mut made = if all && leaves.is_empty() { node(word) } else { node(word).args(takes) };
    if !leaves.is_empty() {
        made.push(node("except").args(leaves));
    }
    made
}

/// The alternatives of a glob, one by one.
fn alternatives(glob: &str) -> Vec<String> {
    let Some(inner) = glob.strip_prefix('{').and_then(|g| g.strip_suffix('}')) else { return vec![glob.to_owned()] };
    let (mut depth, mut parts) = (0usize, vec![String::new()]);
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            // The braces at both ends are no pair.
            '}' if depth == 0 => return vec![glob.to_owned()],
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// The names that an expression for `refs/heads/…` and `refs/tags/…` takes. One without an anchor may be found anywhere in them.
fn refs(regex: &str) -> Option<Refs> {
    let mut found = Refs::default();
    for glob in alternatives(&pattern::glob(regex)?) {
        let anchored = glob.strip_prefix("**").unwrap_or(&glob);
        if let Some(branch) = anchored.strip_prefix("refs/heads/").filter(|b| !b.is_empty()) {
            found.branches.extend(alternatives(branch));
        } else if let Some(tag) = anchored.strip_prefix("refs/tags/").filter(|t| !t.is_empty()) {
            found.tags.extend(alternatives(tag));
        } else if matches!(glob.as_str(), "**" | "refs/**") {
            found.branches.push("**".to_owned());
            found.tags.push("**".to_owned());
        } else {
            // A word that no folder of Git has in it is a part of the name.
            let word = anchored.strip_suffix("**").unwrap_or(anchored);
            let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if anchored.len() == glob.len() || !plain || ["refs", "heads", "tags"].iter().any(|f| f.contains(word)) {
                return None;
            }
            found.branches.push(glob.clone());
            found.tags.push(glob);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{Group, refs};
    use crate::syntax::print::print;
    use crate::syntax::tree::Document;

    fn shown(group: &Group) -> Result<Vec<String>, String> {
        let text =
            |b: crate::front::node::Build| print(&Document { nodes: vec![b.0] }).split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(group.clauses()?.into_iter().map(text).collect())
    }

    #[test]
    fn references_are_names() {
        let names = |regex: &str| refs(regex).map(|r| (r.branches.join(" "), r.tags.join(" ")));
        let some = |branches: &str, tags: &str| Some((branches.to_owned(), tags.to_owned()));
        assert_eq!(names("^refs/heads/main$"), some("main", ""));
        assert_eq!(names("refs/heads/main"), some("main**", ""));
        assert_eq!(names("^refs/(heads|tags)/x$"), None);
        assert_eq!(names("^refs/heads/(main|release/.*)$"), some("main release/**", ""));
        assert_eq!(names("^refs/heads/.*"), some("**", ""));
        assert_eq!(names("^refs/tags/v"), some("", "v**"));
        assert_eq!(names("main"), some("**main**", "**main**"));
        assert_eq!(names("^main$"), None);
        assert_eq!(names("head"), None);
    }

    #[test]
    fn a_group_is_clauses() {
        let events = |text: &str| text.split(' ').map(str::to_owned).collect();
        let push = Group { events: events("PUSH"), ..Group::default() };
        assert_eq!(shown(&push).unwrap(), ["push", "tag"]);
        let heads =
            Group { events: events("PUSH"), head: refs("^refs/heads/"), no_head: refs("^refs/heads/wip").unwrap(), ..push };
        assert_eq!(shown(&heads).unwrap(), ["push ** { except wip** }"]);
        let both = Group { events: events("PUSH PULL_REQUEST_CREATED"), head: refs("^refs/heads/x$"), ..Group::default() };
        assert_eq!(shown(&both).unwrap(), ["push x", "pull-request { head x; types opened }"]);
        assert!(shown(&Group { events: events("WORKFLOW_JOB_QUEUED"), ..Group::default() }).is_err());
        assert!(shown(&Group { base: Some(Vec::new()), events: events("PUSH"), ..Group::default() }).is_err());
    }
}
