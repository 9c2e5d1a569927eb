//! `rules: if`: GitLab's conditions on variables (its documentation, "CI/CD job rules").

use crate::verify::behaviour::{OPAQUE, is_told};
use crate::verify::regex::Regex;

/// What is known of a variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Known {
    /// It is not set.
    Null,
    /// It has this value.
    Text(String),
    /// Only a run knows.
    Unknown,
}

/// A condition.
#[derive(Debug)]
pub(super) enum Condition {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Set(Operand),
    /// Whether it is the opposite that is asked.
    Equal(Operand, Operand, bool),
    Match(Operand, Regex, bool),
}

/// One side of a comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Operand {
    Variable(String),
    Text(String),
    Null,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Operand(Operand),
    Regex(Regex),
    Sign(&'static str),
}

const SIGNS: &[&str] = &["&&", "||", "==", "!=", "=~", "!~", "(", ")"];

fn words(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '$' => {
                let inner = &rest[1..];
                let length = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
                found.push(Token::Operand(Operand::Variable(inner[..length].to_owned())));
                length + 1
            }
            '"' | '\'' => {
                let length = rest[1..].find(first).ok_or("a string does not end")?;
                found.push(Token::Operand(Operand::Text(rest[1..=length].to_owned())));
                length + 2
            }
            '/' => {
                let mut escaped = false;
                let end = rest.char_indices().skip(1).find(|(_, c)| {
                    let ends = *c == '/' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                });
                let (end, _) = end.ok_or("a regular expression does not end")?;
                found.push(Token::Regex(Regex::new(&rest[1..end])?));
                if rest[end + 1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
                    return Err("flags of regular expressions are not known here".to_owned());
                }
                end + 1
            }
            _ if rest.starts_with("null") => {
                found.push(Token::Operand(Operand::Null));
                4
            }
            _ => {
                let sign = SIGNS.iter().find(|s| rest.starts_with(**s)).ok_or_else(|| format!("`{rest}` is no condition"))?;
                found.push(Token::Sign(sign));
                sign.len()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// What it uses that is not known here.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let tokens = words(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0 };
        let found = parser.either()?;
        if parser.at < tokens.len() { Err(format!("`{text}`: {:?} is too much", tokens[parser.at])) } else { Ok(found) }
    }

    /// Whether it holds; `None` where only a run knows.
    pub(super) fn holds(&self, variable: &dyn Fn(&str) -> Known) -> Option<bool> {
        let value = |operand: &Operand| match operand {
            Operand::Variable(name) => variable(name),
            Operand::Text(text) => Known::Text(text.clone()),
            Operand::Null => Known::Null,
        };
        match self {
            Self::And(a, b) => match (a.holds(variable), b.holds(variable)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.holds(variable), b.holds(variable)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Set(operand) => match value(operand) {
                Known::Null => Some(false),
                Known::Text(text) => Some(!text.is_empty()),
                Known::Unknown => None,
            },
            Self::Equal(a, b, not) => match (value(a), value(b)) {
                (Known::Unknown, _) | (_, Known::Unknown) => None,
                (Known::Text(a), Known::Text(b)) if !is_told(&a, &b) => None,
                (a, b) => Some((a == b) != *not),
            },
            Self::Match(a, regex, not) => match value(a) {
                Known::Unknown => None,
                Known::Null => Some(*not),
                Known::Text(text) if text.starts_with(OPAQUE) => None,
                Known::Text(text) => Some(regex.matches(&text) != *not),
            },
        }
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Parser<'_> {
    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Condition, String> {
        let mut left = self.both()?;
        while self.sign("||") {
            left = Condition::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Condition, String> {
        let mut left = self.one()?;
        while self.sign("&&") {
            left = Condition::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let found = self.tokens.get(self.at);
        self.at += 1;
        if let Some(Token::Operand(operand)) = found { Ok(operand.clone()) } else { Err(format!("{found:?} is no value")) }
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.sign("(") {
            let inner = self.either()?;
            return if self.sign(")") { Ok(inner) } else { Err("`)` is missing".to_owned()) };
        }
        let left = self.operand()?;
        for (sign, not) in [("==", false), ("!=", true)] {
            if self.sign(sign) {
                return Ok(Condition::Equal(left, self.operand()?, not));
            }
        }
        for (sign, not) in [("=~", false), ("!~", true)] {
            if self.sign(sign) {
                let Some(Token::Regex(regex)) = self.tokens.get(self.at) else {
                    return Err("a regular expression in a variable is not known here".to_owned());
                };
                self.at += 1;
                return Ok(Condition::Match(left, regex.clone(), not));
            }
        }
        Ok(Condition::Set(left))
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, Known};

    fn holds(text: &str) -> Option<bool> {
        let variable = |name: &str| match name {
            "A" => Known::Text("main".to_owned()),
            "EMPTY" => Known::Text(String::new()),
            "LATER" => Known::Unknown,
            _ => Known::Null,
        };
        Condition::read(text).unwrap_or_else(|e| panic!("{text}: {e}")).holds(&variable)
    }

    #[test]
    fn conditions_are_those_of_the_documentation() {
        for (text, wanted) in [
            ("$A", Some(true)),
            ("$EMPTY", Some(false)),
            ("$NONE", Some(false)),
            ("$EMPTY == \"\"", Some(true)),
            ("$NONE == \"\"", Some(false)),
            ("$NONE == null", Some(true)),
            ("$EMPTY != null", Some(true)),
            ("$A == \"main\" && $NONE || $A", Some(true)),
            ("$A == \"main\" && ($NONE || $EMPTY)", Some(false)),
            ("$A =~ /^ma/", Some(true)),
            ("$A !~ /^(main|develop)$/", Some(false)),
            ("$NONE =~ /x/", Some(false)),
            ("$NONE !~ /x/", Some(true)),
            ("$LATER == 'x'", None),
            ("$LATER && $NONE", Some(false)),
            ("$A =~ /a\\/b/ || $LATER", None),
        ] {
            assert_eq!(holds(text), wanted, "{text}");
        }
        for wrong in ["$A ==", "$A = \"x\"", "($A", "$A =~ $B", "$A =~ /x/i", "\"x"] {
            assert!(Condition::read(wrong).is_err(), "{wrong}");
        }
    }
}
