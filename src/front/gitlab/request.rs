//! Whether merge requests start a pipeline that speaks of none: a rule without a condition, or one that asks what a branch is not, holds for them
//! (docs.gitlab.com, "Avoid duplicate pipelines").

use crate::front::yaml::{Entry, Node};

use super::expr::{Token, lex};

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
        let condition = rule.get("if").and_then(Node::text);
        let mut holds = if rule.is_map() { condition.map_or(Some(true), on_request) } else { None };
        if rule.get("changes").is_some() || rule.get("exists").is_some() {
            holds = holds.filter(|h| !h);
        }
        let takes = rule.get("when").and_then(Node::text) != Some("never");
        match holds {
            Some(true) => return takes,
            None if takes => return true,
            Some(false) | None => {}
        }
    }
    false
}

/// What a variable has in the pipeline of a merge request.
enum Held {
    Nothing,
    Something,
    Text(&'static str),
    Unknown,
}

fn held(name: &str) -> Held {
    match name {
        "CI_COMMIT_BRANCH" | "CI_COMMIT_TAG" => Held::Nothing,
        "CI_PIPELINE_SOURCE" => Held::Text("merge_request_event"),
        "CI" | "GITLAB_CI" => Held::Text("true"),
        "CI_DEFAULT_BRANCH" | "CI_PROJECT_PATH" | "CI_PROJECT_NAMESPACE" | "CI_COMMIT_REF_NAME" => Held::Something,
        _ if name.starts_with("CI_PIPELINE_SCHEDULE_") => Held::Nothing,
        _ => Held::Unknown,
    }
}

/// Whether a condition holds in the pipeline of a merge request, as far as that is known.
fn on_request(text: &str) -> Option<bool> {
    let tokens = lex(&text.split_whitespace().collect::<Vec<_>>().join(" "))?;
    Reader { tokens, at: 0, depth: 0 }.or()
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn take(&mut self, symbol: &str) -> bool {
        let hit = matches!(self.tokens.get(self.at), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(hit);
        hit
    }

    fn or(&mut self) -> Option<bool> {
        let mut all = vec![self.and()];
        while self.take("||") {
            all.push(self.and());
        }
        if all.contains(&Some(true)) { Some(true) } else { all.iter().all(|h| *h == Some(false)).then_some(false) }
    }

    fn and(&mut self) -> Option<bool> {
        let mut all = vec![self.one()];
        while self.take("&&") {
            all.push(self.one());
        }
        if all.contains(&Some(false)) { Some(false) } else { all.iter().all(|h| *h == Some(true)).then_some(true) }
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            self.depth += 1;
            // Nobody nests so deep; the condition itself is refused where it is read.
            let holds = if self.depth > 40 { None } else { self.or() };
            self.depth -= 1;
            self.take(")");
            return holds;
        }
        let left = self.tokens.get(self.at).cloned();
        self.at += 1;
        let operator = ["==", "!=", "=~", "!~"].into_iter().find(|o| self.take(o));
        let Some(operator) = operator else {
            let Some(Token::Variable(name)) = left else { return None };
            return match held(&name) {
                Held::Nothing => Some(false),
                Held::Something | Held::Text(_) => Some(true),
                Held::Unknown => None,
            };
        };
        let right = self.tokens.get(self.at).cloned();
        self.at += 1;
        let holds = match (left?, right?) {
            (Token::Variable(name), other) | (other, Token::Variable(name)) => match (held(&name), other) {
                (Held::Nothing, Token::Null) => Some(true),
                (Held::Nothing, Token::Text(_) | Token::Pattern(_)) => Some(false),
                (Held::Nothing, Token::Variable(other)) if matches!(held(&other), Held::Something | Held::Text(_)) => Some(false),
                (Held::Something | Held::Text(_), Token::Null) => Some(false),
                (Held::Text(own), Token::Text(text)) => Some(own == text),
                _ => None,
            },
            _ => None,
        };
        holds.map(|h| h != operator.starts_with('!'))
    }
}

#[cfg(test)]
mod tests {
    use super::on_request;

    #[test]
    fn conditions_are_known_as_far_as_a_merge_request_says() {
        for (text, wanted) in [
            ("$CI_COMMIT_BRANCH", Some(false)),
            ("$CI_COMMIT_BRANCH != 'main'", Some(true)),
            ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", Some(false)),
            ("$CI_PIPELINE_SOURCE == 'push' || $CI_COMMIT_TAG =~ /^v/", Some(false)),
            ("$CI_PIPELINE_SOURCE != 'push' && $LEVEL", None),
            ("$CI_COMMIT_TAG == null && ($CI || $LEVEL)", Some(true)),
            ("$LEVEL == 'high'", None),
            ("$LEVEL = x", None),
        ] {
            assert_eq!(on_request(text), wanted, "{text}");
        }
    }
}
