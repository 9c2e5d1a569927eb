//! Expressions of GitHub Actions: a small tree that prints itself with no more parentheses than it needs.
//!
//! What matters when one is built (docs.github.com, "Evaluate expressions in workflows and actions"): strings compare without regard to case;
//! `&&` and `||` give one of their operands; a job's `if` reads `github`, `inputs`, `vars` and `needs` only; without a status function in it,
//! an `if` means `success() && (…)`.

use std::fmt;

/// An expression.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Gh {
    /// Something that stands by itself: a context, a call, a literal.
    Atom(String),
    /// `a == b`, or `a != b` when `negated`; other comparisons by their sign.
    Compare(String, &'static str, String),
    /// `!a`
    Not(Box<Gh>),
    /// `a && b`; at least two.
    And(Vec<Gh>),
    /// `a || b`; at least two.
    Or(Vec<Gh>),
}

impl Gh {
    /// A context or call by its text.
    pub(super) fn atom(text: impl Into<String>) -> Self {
        Self::Atom(text.into())
    }

    /// `left == 'right'`
    pub(super) fn is(left: impl Into<String>, right: &str) -> Self {
        Self::Compare(left.into(), "==", quoted(right))
    }

    /// `left != 'right'`
    pub(super) fn is_not(left: impl Into<String>, right: &str) -> Self {
        Self::Compare(left.into(), "!=", quoted(right))
    }

    /// `name(subject, 'text')`
    pub(super) fn call(name: &str, subject: &str, text: &str) -> Self {
        Self::Atom(format!("{name}({subject}, {})", quoted(text)))
    }

    /// All of these; `None` when there are none.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        Self::join(parts, |part| if let Self::And(inner) = part { Ok(inner) } else { Err(part) }, Self::And)
    }

    /// One of these; `None` when there are none.
    pub(super) fn any(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        Self::join(parts, |part| if let Self::Or(inner) = part { Ok(inner) } else { Err(part) }, Self::Or)
    }

    fn join(
        parts: impl IntoIterator<Item = Self>,
        open: fn(Self) -> Result<Vec<Self>, Self>,
        close: fn(Vec<Self>) -> Self,
    ) -> Option<Self> {
        let mut flat: Vec<Self> = Vec::new();
        for part in parts {
            for one in open(part).unwrap_or_else(|part| vec![part]) {
                if !flat.contains(&one) {
                    flat.push(one);
                }
            }
        }
        if flat.len() > 1 { Some(close(flat)) } else { flat.pop() }
    }

    /// The opposite, written as short as it goes.
    pub(super) fn negate(self) -> Self {
        match self {
            Self::Compare(a, "==", b) => Self::Compare(a, "!=", b),
            Self::Compare(a, "!=", b) => Self::Compare(a, "==", b),
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// The text between `${{` and `}}`, with them.
    pub(super) fn wrapped(&self) -> String {
        format!("${{{{ {self} }}}}")
    }

    fn level(&self) -> u8 {
        match self {
            Self::Or(_) => 0,
            Self::And(_) => 1,
            Self::Compare(..) => 2,
            Self::Not(_) => 3,
            Self::Atom(_) => 4,
        }
    }

    fn write(&self, outer: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `a && b || c` needs no parentheses, but a reader is glad of them.
        let open = self.level() < outer || (outer == 1 && self.level() == 0);
        if open {
            f.write_str("(")?;
        }
        match self {
            Self::Atom(text) => f.write_str(text)?,
            Self::Compare(a, sign, b) => write!(f, "{a} {sign} {b}")?,
            Self::Not(inner) => {
                f.write_str("!")?;
                inner.write(4, f)?;
            }
            Self::And(parts) => list(parts, " && ", 2, f)?,
            Self::Or(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        f.write_str(" || ")?;
                    }
                    let outer = if matches!(part, Self::And(_)) { 2 } else { 1 };
                    part.write(outer, f)?;
                }
            }
        }
        if open { f.write_str(")") } else { Ok(()) }
    }
}

fn list(parts: &[Gh], between: &str, outer: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        part.write(outer, f)?;
    }
    Ok(())
}

impl fmt::Display for Gh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(0, f)
    }
}

/// A string literal: single quotes, doubled inside.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::Gh;

    #[test]
    fn parentheses_stand_where_they_help() {
        let (a, b, c) = (Gh::atom("a"), Gh::is("b", "it's"), Gh::atom("c()"));
        let both = Gh::all([a.clone(), b.clone()]).unwrap();
        let one = Gh::any([both.clone(), c.clone()]).unwrap();
        assert_eq!(one.to_string(), "(a && b == 'it''s') || c()");
        assert_eq!(Gh::all([one.clone(), c.clone()]).unwrap().to_string(), "((a && b == 'it''s') || c()) && c()");
        assert_eq!(b.clone().negate().to_string(), "b != 'it''s'");
        assert_eq!(both.clone().negate().to_string(), "!(a && b == 'it''s')");
        assert_eq!(both.negate().negate().to_string(), "a && b == 'it''s'");
        assert_eq!(Gh::all([a.clone(), a.clone()]), Some(a.clone()));
        assert_eq!(Gh::all([]), None);
        assert_eq!(a.wrapped(), "${{ a }}");
        assert_eq!(Gh::any([a, b, c]).unwrap().to_string(), "a || b == 'it''s' || c()");
    }
}
