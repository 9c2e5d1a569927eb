//! `BeforeEntry`: rules that decide whether a stage is entered, as a condition of a spec
//! (docs.aws.amazon.com/codepipeline, "VariableCheck" and "Stage conditions").

use crate::front::logic::{Part, and, asked, not};
use crate::front::name::slug;
use crate::front::pattern;
use crate::front::yaml::Node;

use super::stack::Stack;
use super::work::Work;

/// Contexts by the variables of a source.
const SUBJECTS: &[(&str, &str)] = &[
    ("#{SourceVariables.BranchName}", "commit.branch"),
    ("#{SourceVariables.TagName}", "commit.tag"),
    ("#{SourceVariables.DestinationBranchName}", "pr.target"),
    ("#{SourceVariables.SourceBranchName}", "pr.source"),
];

/// Kinds of events that start a pipeline, by its triggers; one without any starts by pushes.
pub(super) fn kinds(properties: &Node, scheduled: bool) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    match properties.get("Triggers") {
        Some(triggers) => {
            for git in triggers.items().iter().filter_map(|t| t.get("GitConfiguration")) {
                for push in git.get("Push").map(Node::items).unwrap_or_default() {
                    kinds.push(if push.get("Tags").is_some() { "tag" } else { "push" });
                }
                if git.get("PullRequest").is_some() {
                    kinds.push("pull-request");
                }
            }
        }
        None => kinds.push("push"),
    }
    if scheduled {
        kinds.push("schedule");
    }
    kinds.push("manual");
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// What the rules ask before a stage is entered, where a run that does not pass goes on behind it; none where they ask for more.
pub(super) fn condition(work: &mut Work<'_>, stack: &mut Stack, entry: &Node, kinds: &[&'static str]) -> Option<Part> {
    let [only] = entry.get("Conditions")?.items() else { return None };
    if only.get("Result").and_then(Node::text) != Some("SKIP") {
        return None;
    }
    let mut part = Part::Known(true);
    for rule in only.get("Rules")?.items() {
        if rule.get("RuleTypeId")?.get("Provider").and_then(Node::text) != Some("VariableCheck") {
            return None;
        }
        let settings = rule.get("Configuration")?;
        let mut text = |key: &str| stack.text(work, settings.get(key)?).filter(|t| !t.contains("${"));
        part = and(part, test(&text("Variable")?, &text("Operator")?, &text("Value")?, kinds)?);
    }
    (part != Part::Known(true)).then_some(part)
}

fn test(variable: &str, operator: &str, value: &str, kinds: &[&'static str]) -> Option<Part> {
    let known = SUBJECTS.iter().find(|(theirs, _)| *theirs == variable).map(|(_, ours)| (*ours).to_owned());
    let input = || Some(format!("input.{}", slug(variable.strip_prefix("#{variables.")?.strip_suffix('}')?)));
    let subject = known.or_else(input)?;
    // On a pull request it is the branch that it comes from.
    if subject == "commit.branch" && kinds.contains(&"pull-request") || value.contains(['\'', '\n']) {
        return None;
    }
    match operator {
        "EQ" => Some(asked(format!("{subject} == '{value}'"))),
        "NE" => Some(not(asked(format!("{subject} == '{value}'")))),
        "MATCHES" => matches(&subject, value),
        _ => None,
    }
}

/// A pattern for the whole of a name: `^release/.*$`, and `^(?!release/old$)release/.*$` for one that leaves names out.
fn matches(subject: &str, regex: &str) -> Option<Part> {
    let whole = |regex: &str| {
        let glob = regex.ends_with('$').then(|| pattern::glob(regex)).flatten()?;
        Some(asked(format!("{subject} matches '{glob}'")))
    };
    let Some(rest) = regex.strip_prefix("^(?!") else { return whole(regex).filter(|_| regex.starts_with('^')) };
    let mut depth = 1usize;
    let end = rest.char_indices().find(|(_, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let (out, taken) = rest.split_at(end?.0);
    Some(and(whole(&format!("^{}", &taken[1..]))?, not(whole(&format!("^{out}"))?)))
}

#[cfg(test)]
mod tests {
    use super::test;

    #[test]
    fn a_check_of_a_variable_is_a_condition() {
        let said = |variable, operator, value, kinds| test(variable, operator, value, kinds).and_then(|p| p.text());
        let branch = "#{SourceVariables.BranchName}";
        for (variable, operator, value, wanted) in [
            (branch, "EQ", "main", Some("commit.branch == 'main'")),
            (branch, "NE", "main", Some("commit.branch != 'main'")),
            (branch, "MATCHES", "^release/.*$", Some("commit.branch matches 'release/**'")),
            (
                branch,
                "MATCHES",
                "^(?!release/old$)release/.*$",
                Some("commit.branch matches 'release/**' && !(commit.branch matches 'release/old')"),
            ),
            (branch, "MATCHES", "release", None),
            (branch, "CONTAINS", "release", None),
            ("#{variables.Level}", "EQ", "high", Some("input.level == 'high'")),
            ("#{Build.TAG}", "EQ", "high", None),
        ] {
            assert_eq!(said(variable, operator, value, &["push"]).as_deref(), wanted, "{operator} {value}");
        }
        assert_eq!(said(branch, "EQ", "main", &["pull-request", "push"]), None);
    }
}
