//! Conditions of GitLab: `$CI_COMMIT_BRANCH == "main" && $X =~ /^v/`.

use crate::front::logic::{Part, and, asked, not, or};
use crate::front::pattern;
use crate::ir::glob::Glob;

use super::value::is_predefined;
use super::work::Work;

/// Deepest nesting of parentheses.
const MAX_DEPTH: usize = 40;

/// A part of a condition.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    Variable(String),
    Text(String),
    Pattern(String),
    Null,
    Symbol(&'static str),
}

const SYMBOLS: &[&str] = &["==", "!=", "=~", "!~", "&&", "||", "(", ")"];

/// Contexts by GitLab's variables.
const CONTEXTS: &[(&str, &str)] = &[
    ("CI_COMMIT_BRANCH", "commit.branch"),
    ("CI_COMMIT_TAG", "commit.tag"),
    ("CI_COMMIT_REF_NAME", "commit.ref"),
    ("CI_COMMIT_SHA", "commit.sha"),
    ("CI_COMMIT_MESSAGE", "commit.message"),
    ("CI_COMMIT_AUTHOR", "commit.author"),
    ("CI_DEFAULT_BRANCH", "repository.default-branch"),
    ("CI_PROJECT_PATH", "repository.name"),
    ("CI_PROJECT_NAMESPACE", "repository.owner"),
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "pr.target"),
    ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "pr.source"),
    ("CI_MERGE_REQUEST_TITLE", "pr.title"),
    ("CI_MERGE_REQUEST_IID", "pr.number"),
    ("GITLAB_USER_LOGIN", "run.actor"),
];

/// Kinds of events by `CI_PIPELINE_SOURCE`; what is not here never starts what is imported.
const SOURCES: &[(&str, &[&str])] = &[
    ("push", &["push", "tag"]),
    ("merge_request_event", &["pull-request"]),
    ("schedule", &["schedule"]),
    ("web", &["manual"]),
    ("api", &["manual"]),
];

/// A condition that has been read.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Cond {
    /// One of them holds.
    Or(Vec<Cond>),
    /// All of them hold.
    And(Vec<Cond>),
    /// A variable has a value, or a text is one.
    Set(Token),
    /// Two sides beside an operator.
    Compare(Token, &'static str, Token),
}

/// Reads a condition.
///
/// # Errors
/// Why it is none.
pub(super) fn parse(text: &str) -> Result<Cond, String> {
    let tokens = lex(text).ok_or("this is no condition that can be read")?;
    let mut reader = Reader { tokens, at: 0, depth: 0 };
    let cond = reader.or()?;
    if reader.at < reader.tokens.len() {
        return Err("this is no condition that can be read".to_owned());
    }
    Ok(cond)
}

/// A condition as a part of one of a spec.
///
/// # Errors
/// Why it cannot be said.
pub(super) fn condition(work: &mut Work<'_>, text: &str) -> Result<Part, String> {
    Speaker { work }.part(&parse(text)?)
}

/// The tokens of a condition; `None` where it is none.
fn lex(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let len;
        if c == '$' {
            let braces = rest.starts_with("${");
            let from = if braces { 2 } else { 1 };
            let name: String = rest[from..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            len = from + name.len() + usize::from(braces);
            tokens.push(Token::Variable(name));
        } else if c == '"' || c == '\'' {
            let close = rest[1..].find(c)?;
            tokens.push(Token::Text(rest[1..=close].to_owned()));
            len = close + 2;
        } else if c == '/' {
            let mut end = None;
            let bytes = rest.as_bytes();
            let mut at = 1;
            while at < bytes.len() {
                match bytes[at] {
                    b'\\' => at += 1,
                    b'/' => {
                        end = Some(at);
                        break;
                    }
                    _ => {}
                }
                at += 1;
            }
            let end = end?;
            let flags = rest[end + 1..].chars().take_while(char::is_ascii_alphabetic).count();
            tokens.push(Token::Pattern(rest[..=end + flags].to_owned()));
            len = end + 1 + flags;
        } else if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            tokens.push(Token::Symbol(symbol));
            len = symbol.len();
        } else if rest.starts_with("null") {
            tokens.push(Token::Null);
            len = 4;
        } else {
            return None;
        }
        rest = rest.get(len..)?.trim_start();
    }
    Some(tokens)
}

/// A pattern as a glob; `None` where it says more than a glob can.
pub(super) fn glob(pattern: &str) -> Option<String> {
    pattern::glob(pattern.strip_prefix('/')?.strip_suffix('/')?)
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

    fn or(&mut self) -> Result<Cond, String> {
        let mut all = vec![self.and()?];
        while self.take("||") {
            all.push(self.and()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Cond::Or(all) })
    }

    fn and(&mut self) -> Result<Cond, String> {
        let mut all = vec![self.one()?];
        while self.take("&&") {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Cond::And(all) })
    }

    fn one(&mut self) -> Result<Cond, String> {
        if self.take("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err("the parentheses are too deep".to_owned());
            }
            let cond = self.or()?;
            self.depth -= 1;
            return if self.take(")") { Ok(cond) } else { Err("a parenthesis is not closed".to_owned()) };
        }
        let left = self.tokens.get(self.at).cloned().ok_or("the condition ends too early")?;
        self.at += 1;
        let Some(operator) = ["==", "!=", "=~", "!~"].into_iter().find(|o| self.take(o)) else { return Ok(Cond::Set(left)) };
        let right = self.tokens.get(self.at).cloned().ok_or("the condition ends too early")?;
        self.at += 1;
        Ok(Cond::Compare(left, operator, right))
    }
}

/// Says a condition in the words of a spec.
struct Speaker<'r, 'w> {
    work: &'r mut Work<'w>,
}

impl Speaker<'_, '_> {
    fn part(&mut self, cond: &Cond) -> Result<Part, String> {
        match cond {
            Cond::Or(all) => all.iter().try_fold(Part::Known(false), |part, one| Ok(or(part, self.part(one)?))),
            Cond::And(all) => all.iter().try_fold(Part::Known(true), |part, one| Ok(and(part, self.part(one)?))),
            Cond::Set(Token::Variable(name)) => self.is_set(name),
            Cond::Set(Token::Text(text)) => Ok(Part::Known(!text.is_empty())),
            Cond::Set(_) => Err("a variable is expected".to_owned()),
            Cond::Compare(left, operator, right) => {
                let part = self.compared(left, operator, right)?;
                Ok(if operator.starts_with('!') { not(part) } else { part })
            }
        }
    }

    fn compared(&mut self, left: &Token, operator: &str, right: &Token) -> Result<Part, String> {
        match (operator, left, right) {
            ("==" | "!=", Token::Variable(a), Token::Variable(b)) => {
                let (a, b) = (self.context(a)?, self.context(b)?);
                Ok(asked(format!("{a} == {b}")))
            }
            ("==" | "!=", Token::Variable(name), Token::Text(text)) | ("==" | "!=", Token::Text(text), Token::Variable(name)) => {
                self.equal(name, text)
            }
            ("==" | "!=", Token::Variable(name), Token::Null) | ("==" | "!=", Token::Null, Token::Variable(name)) => {
                self.is_set(name).map(not)
            }
            ("=~" | "!~", Token::Variable(name), Token::Pattern(pattern)) => self.matches(name, pattern),
            _ => Err("this comparison has no match in a spec".to_owned()),
        }
    }

    /// Whether a variable has a value for schedules only, and there are none.
    fn is_empty_here(&self, name: &str) -> bool {
        name.starts_with("CI_PIPELINE_SCHEDULE_") && !self.work.kinds.contains(&"schedule")
            || name.starts_with("CI_MERGE_REQUEST_") && !self.work.kinds.contains(&"pull-request")
    }

    /// What is asked of a variable that the kind of event decides: the kinds whose text passes.
    fn decided(&self, name: &str, passes: &dyn Fn(&str) -> bool) -> Option<Part> {
        let own = self.work.decided.iter().find(|d| d.name == name)?;
        let kinds: Vec<&str> = own.texts.iter().filter(|(_, text)| passes(text)).map(|(kind, _)| *kind).collect();
        Some(self.work.kind(&kinds))
    }

    fn context(&mut self, name: &str) -> Result<String, String> {
        if let Some((_, context)) = CONTEXTS.iter().find(|(v, _)| *v == name) {
            return Ok((*context).to_owned());
        }
        if self.work.decided.iter().any(|d| d.name == name) {
            return Err(format!("the kind of event decides what `${name}` is, and here it is compared with what a run knows"));
        }
        if let Some(input) = self.work.inputs.get(name) {
            return Ok(format!("input.{input}"));
        }
        if is_predefined(name) && !self.work.defined.contains(name) {
            return Err(format!("no context of a spec is `${name}`"));
        }
        self.work.variables.insert(name.to_owned());
        Ok(format!("var.{name}"))
    }

    fn is_set(&mut self, name: &str) -> Result<Part, String> {
        if let Some(part) = self.decided(name, &|text| !text.is_empty()) {
            return Ok(part);
        }
        if self.is_empty_here(name) {
            return Ok(Part::Known(false));
        }
        Ok(match name {
            "CI_COMMIT_BRANCH" | "CI_COMMIT_TAG" => asked(format!("{} matches '**'", self.context(name)?)),
            "CI_MERGE_REQUEST_IID" | "CI_MERGE_REQUEST_ID" | "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME" => {
                self.work.kind(&["pull-request"])
            }
            // Whoever runs a job of a spec is a vendor.
            "GITLAB_CI" | "CI" => Part::Known(true),
            "CI_OPEN_MERGE_REQUESTS" => return Err("say `dedupe` where the workflow says its events".to_owned()),
            _ => asked(format!("{} != ''", self.context(name)?)),
        })
    }

    fn equal(&mut self, name: &str, text: &str) -> Result<Part, String> {
        if let Some(part) = self.decided(name, &|own| own == text) {
            return Ok(part);
        }
        if name == "CI_PIPELINE_SOURCE" {
            let kinds = SOURCES.iter().find(|(s, _)| *s == text).map(|(_, k)| *k);
            return Ok(kinds.map_or(Part::Known(false), |k| self.work.kind(k)));
        }
        if matches!(name, "GITLAB_CI" | "CI") {
            return Ok(Part::Known(text == "true"));
        }
        if self.is_empty_here(name) {
            return Ok(Part::Known(text.is_empty()));
        }
        if text.contains(['\'', '$']) {
            return Err("the text has a quote or a variable in it".to_owned());
        }
        if text.is_empty() {
            return self.is_set(name).map(not);
        }
        Ok(asked(format!("{} == '{text}'", self.context(name)?)))
    }

    fn matches(&mut self, name: &str, pattern: &str) -> Result<Part, String> {
        if name == "CI_PIPELINE_SOURCE" {
            let glob = glob(pattern).and_then(|g| Glob::parse(&g).ok());
            let glob = glob.ok_or_else(|| format!("`{pattern}` says more than a glob of a spec can"))?;
            let kinds: Vec<&str> = SOURCES.iter().filter(|(s, _)| glob.matches(s)).flat_map(|(_, k)| *k).copied().collect();
            return Ok(self.work.kind(&kinds));
        }
        if self.is_empty_here(name) {
            return Ok(Part::Known(false));
        }
        if let Some(part) =
            glob(pattern).and_then(|g| Glob::parse(&g).ok()).and_then(|g| self.decided(name, &|own| g.matches(own)))
        {
            return Ok(part);
        }
        let glob = glob(pattern).ok_or_else(|| format!("`{pattern}` says more than a glob of a spec can"))?;
        Ok(asked(format!("{} matches '{glob}'", self.context(name)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::lex;

    #[test]
    fn odd_text_is_refused() {
        assert!(lex("$A == \"b\" && ($B =~ /x\\/y/)").is_some());
        assert!(lex("$A = b").is_none() && lex("$A == \"b").is_none() && lex("/x").is_none());
    }
}
