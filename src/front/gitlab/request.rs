//! Whether merge requests start a pipeline that speaks of none: a rule without a condition, or one that asks what a branch is not, holds for them
//! (docs.gitlab.com, "Avoid duplicate pipelines").

use crate::front::yaml::{Entry, Node};

use super::truth;

/// Whether merge requests may start a pipeline by the rules of its jobs.
pub(super) fn start_one(workflow: Option<&Node>, bodies: &[(&Entry, Node)]) -> bool {
    let takes = |body: &Node| match body.get("rules") {
        Some(rules) => may_take(rules),
        // Without a word a job is for branches and tags, unless the workflow has said what it is for.
        None => workflow.is_some() && body.get("only").is_none() && body.get("except").is_none(),
    };
    // GitLab refuses a pipeline in which a job lacks what it needs: then there is none.
    let lacks = |body: &Node| {
        let needs = body.get("needs").map(Node::items).unwrap_or_default().iter();
        let strict = needs.filter(|n| n.get("optional").and_then(Node::truth) != Some(true));
        let mut names = strict.filter_map(|n| if n.is_map() { n.get("job").and_then(Node::text) } else { n.text() });
        names.any(|name| bodies.iter().any(|(job, needed)| job.key == name && !takes(needed)))
    };
    let let_in = workflow.and_then(|w| w.get("rules")).is_none_or(may_take);
    let with_rules = |body: &Node| body.get("rules").is_some() && takes(body);
    let_in && bodies.iter().any(|(_, b)| with_rules(b)) && !bodies.iter().any(|(_, b)| takes(b) && lacks(b))
}

/// Whether these rules may take a merge request: what no file says may hold.
fn may_take(rules: &Node) -> bool {
    for rule in rules.items() {
        let holds = truth::takes(rule, "pull-request");
        let takes = rule.get("when").and_then(Node::text) != Some("never");
        match holds {
            Some(true) => return takes,
            None if takes => return true,
            Some(false) | None => {}
        }
    }
    false
}
