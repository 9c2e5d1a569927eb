//! `release`: a release of the tag that the job runs for, as the step `release`.

use crate::front::ledger::Fate;
use crate::front::logic::Part;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::ask::only_prints;
use super::work::Work;

/// Keys of a release that the step can say.
const KEYS: &[&str] = &["tag_name", "ref", "name", "description", "assets"];

/// Keys of a link; of what kind it is nothing else is told than its page.
const OF_LINKS: &[&str] = &["name", "url", "filepath", "link_type"];

/// Whether a job is there for tags only, whatever else its condition asks.
pub(super) fn is_for_tags(part: &Part) -> bool {
    match part {
        Part::Known(_) | Part::Not(_) => false,
        Part::All(parts) => parts.iter().any(is_for_tags),
        Part::Any(parts) => parts.iter().all(is_for_tags),
        Part::Text(text, _) => {
            let asks = ["commit.tag matches ", "commit.tag == ", "run.event == 'tag'"].iter().any(|a| text.starts_with(a));
            // A pattern that no glob says asks for a tag all the same.
            asks || text.contains("$CI_COMMIT_TAG =~ ") && !text.contains("||")
        }
    }
}

/// The step of a job's release; `None` where it is not of the job's own tag, or says more. Then it is kept for GitLab.
pub(super) fn step(work: &mut Work<'_>, entry: &Entry, body: &Node) -> Option<Build> {
    let map = &entry.value;
    if map.entries().iter().any(|e| !KEYS.contains(&e.key.as_str())) {
        return None;
    }
    let is_tag = |text: &str| matches!(text.trim_matches('"'), "$CI_COMMIT_TAG" | "${CI_COMMIT_TAG}");
    let own = map.get("tag_name").and_then(Node::text).is_some_and(is_tag);
    if !own || map.get("ref").and_then(Node::text).is_some_and(|r| !is_tag(r)) {
        return None;
    }
    let before = work.variables.clone();
    work.speaks = true;
    let made = said(work, map, body);
    work.speaks = false;
    if made.is_none() {
        work.variables = before;
        return None;
    }
    let fate = Fate::Emulated("by the step `release`, of the tag that is there; on GitHub with the links in its text".to_owned());
    entry.mark_all(work.ledger, &fate);
    made
}

fn said(work: &mut Work<'_>, map: &Node, body: &Node) -> Option<Build> {
    let mut build = node("release").arg("${commit.tag}");
    for (key, input) in [("name", "name"), ("description", "body")] {
        if let Some(text) = map.get(key) {
            let text = work.filled(text.text()?.trim_end(), body)?;
            // The tag is the name of a release that has none.
            if (key, text.as_str()) != ("name", "${commit.tag}") {
                build = build.prop(input, &text);
            }
        }
    }
    let mut links: Vec<String> = Vec::new();
    let assets = map.get("assets").map(Node::entries).unwrap_or_default();
    if assets.iter().any(|e| e.key != "links") {
        return None;
    }
    for link in assets.iter().flat_map(|e| e.value.items()) {
        if link.entries().iter().any(|e| !OF_LINKS.contains(&e.key.as_str())) {
            return None;
        }
        let mut parts = Vec::new();
        for key in ["name", "url", "filepath"] {
            let text = link.get(key).map_or(Some(""), Node::text)?;
            parts.push(work.filled(text, body).filter(|t| !t.contains(['|', '\n']))?);
        }
        if parts[0].is_empty() || parts[1].is_empty() {
            return None;
        }
        links.push(parts.join("|"));
    }
    Some(if links.is_empty() { build } else { build.prop("links", &links.join("\n")) })
}

/// Whether a job is in the image of GitLab's own programs for releases for their sake alone: its script only prints.
pub(super) fn is_image_of_it(body: &Node) -> bool {
    let image = body.get("image").map(|i| i.get("name").unwrap_or(i)).and_then(Node::text).unwrap_or_default();
    let prints = ["before_script", "script", "after_script"].iter().filter_map(|key| body.get(key)).all(only_prints);
    prints && ["release-cli", "gitlab-org/cli"].iter().any(|own| image.contains(own))
}

#[cfg(test)]
mod tests {
    use super::is_for_tags;
    use crate::front::logic::{and, asked, not, or};

    #[test]
    fn a_job_is_for_tags_where_each_way_asks_for_one() {
        let (tag, other) = (asked("commit.tag matches 'v**'"), asked("var.LEVEL == 'high'"));
        assert!(is_for_tags(&tag) && is_for_tags(&and(tag.clone(), other.clone())));
        assert!(
            is_for_tags(&asked("($CI_COMMIT_TAG =~ /^v\\d+$/ && $X)")) && !is_for_tags(&asked("($CI_COMMIT_TAG =~ /a/ || $X)"))
        );
        assert!(!is_for_tags(&or(tag.clone(), other)) && !is_for_tags(&not(tag)));
    }
}
