//! Whether a condition holds for a kind of event, as far as the kind says: yes, no, or nobody knows before the run
//! (docs.gitlab.com, "Predefined CI/CD variables reference").

use crate::front::yaml::Node;
use crate::ir::glob::Glob;

use super::expr::{Cond, Token, glob, parse};

/// What a variable has in the pipelines of a kind of event.
enum Held {
    Nothing,
    Something,
    /// One of these.
    Texts(&'static [&'static str]),
    Unknown,
}

fn held(name: &str, kind: &str) -> Held {
    let given = |holds: bool| if holds { Held::Something } else { Held::Nothing };
    match name {
        "CI_COMMIT_BRANCH" => given(matches!(kind, "push" | "manual")),
        "CI_COMMIT_TAG" => given(kind == "tag"),
        "CI_PIPELINE_SOURCE" => match kind {
            "push" | "tag" => Held::Texts(&["push"]),
            "pull-request" => Held::Texts(&["merge_request_event"]),
            "manual" => Held::Texts(&["web", "api"]),
            _ => Held::Unknown,
        },
        "CI" | "GITLAB_CI" => Held::Texts(&["true"]),
        "CI_DEFAULT_BRANCH" | "CI_PROJECT_PATH" | "CI_PROJECT_NAMESPACE" | "CI_COMMIT_REF_NAME" => Held::Something,
        _ if name.starts_with("CI_PIPELINE_SCHEDULE_") => Held::Nothing,
        _ if name.starts_with("CI_MERGE_REQUEST_") && kind != "pull-request" => Held::Nothing,
        _ => Held::Unknown,
    }
}

/// Whether a rule is the one that counts for every event of a kind, where none before it is.
pub(super) fn takes(rule: &Node, kind: &str) -> Option<bool> {
    if !rule.is_map() {
        return None;
    }
    let own = rule.get("if").and_then(Node::text).map_or(Some(true), |text| holds(text, kind));
    let asks = rule.get("changes").is_some() || rule.get("exists").is_some();
    own.filter(|holds| !asks || !holds)
}

/// Whether a condition holds for every event of a kind, or for none.
pub(super) fn holds(text: &str, kind: &str) -> Option<bool> {
    truth(&parse(&text.split_whitespace().collect::<Vec<_>>().join(" ")).ok()?, kind)
}

fn truth(cond: &Cond, kind: &str) -> Option<bool> {
    let several = |all: &[Cond], ends: bool| {
        let found: Vec<Option<bool>> = all.iter().map(|c| truth(c, kind)).collect();
        if found.contains(&Some(ends)) { Some(ends) } else { found.iter().all(|f| *f == Some(!ends)).then_some(!ends) }
    };
    match cond {
        Cond::Or(all) => several(all, true),
        Cond::And(all) => several(all, false),
        Cond::Set(Token::Variable(name)) => match held(name, kind) {
            Held::Nothing => Some(false),
            Held::Something | Held::Texts(_) => Some(true),
            Held::Unknown => None,
        },
        Cond::Set(_) => None,
        Cond::Compare(left, operator, right) => {
            let holds = same(left, right, kind)?;
            Some(holds != operator.starts_with('!'))
        }
    }
}

fn same(left: &Token, right: &Token, kind: &str) -> Option<bool> {
    let ((Token::Variable(name), other) | (other, Token::Variable(name))) = (left, right) else { return None };
    let given = |token: &Token| match token {
        Token::Variable(other) => matches!(held(other, kind), Held::Something | Held::Texts(_)),
        _ => false,
    };
    match (held(name, kind), other) {
        (Held::Nothing, Token::Null) => Some(true),
        (Held::Nothing, Token::Text(_) | Token::Pattern(_)) => Some(false),
        (Held::Nothing, other) if given(other) => Some(false),
        (Held::Something | Held::Texts(_), Token::Null) => Some(false),
        (Held::Texts(all), Token::Text(text)) => one_way(all.iter().map(|own| own == text)),
        (Held::Texts(all), Token::Pattern(pattern)) => {
            let glob = Glob::parse(&glob(pattern)?).ok()?;
            one_way(all.iter().map(|own| glob.matches(own)))
        }
        _ => None,
    }
}

/// What all of them say, where they agree.
fn one_way(mut all: impl Iterator<Item = bool>) -> Option<bool> {
    let first = all.next()?;
    all.all(|one| one == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn conditions_are_known_as_far_as_a_merge_request_says() {
        for (text, wanted) in [
            ("$CI_COMMIT_BRANCH", Some(false)),
            ("$CI_PIPELINE_SOURCE =~ /^merge_request/", Some(true)),
            ("$CI_COMMIT_BRANCH != 'main'", Some(true)),
            ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", Some(false)),
            ("$CI_PIPELINE_SOURCE == 'push' || $CI_COMMIT_TAG =~ /^v/", Some(false)),
            ("$CI_PIPELINE_SOURCE != 'push' && $LEVEL", None),
            ("$CI_COMMIT_TAG == null && ($CI || $LEVEL)", Some(true)),
            ("$LEVEL == 'high'", None),
            ("$LEVEL = x", None),
        ] {
            assert_eq!(holds(text, "pull-request"), wanted, "{text}");
        }
    }

    #[test]
    fn each_kind_of_event_has_its_own() {
        for (kind, wanted) in [("push", [true, false, true]), ("tag", [false, true, true]), ("manual", [true, false, false])] {
            let texts = ["$CI_COMMIT_BRANCH", "$CI_COMMIT_TAG != null", "$CI_PIPELINE_SOURCE == 'push'"];
            assert_eq!(texts.map(|t| holds(t, kind)), wanted.map(Some), "{kind}");
        }
        // By hand is from a page or from a program.
        assert_eq!(holds("$CI_PIPELINE_SOURCE == 'web'", "manual"), None);
        assert_eq!(holds("$CI_PIPELINE_SOURCE =~ /^(web|api)$/", "manual"), Some(true));
        assert_eq!(holds("$CI_COMMIT_BRANCH == 'main'", "push"), None);
    }
}
