//! GitHub's expressions: what stands in an `if`, and between `${{` and `}}`.
//!
//! Written from GitHub's documentation of expressions and held against the cases of GitHub's own engine; it shares nothing with the code that writes
//! expressions. A value that only a run knows is [`value::Value::Unknown`], and what depends on it is unknown, too.

pub mod eval;
mod function;
mod lex;
mod parse;
pub mod value;

pub use crate::verify::github::expr::parse::parse;

use crate::verify::github::expr::value::Value;

/// An expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A fixed value.
    Literal(Value),
    /// A context: `github`.
    Context(String),
    /// `a.b`, `a['b']`
    Index(Box<Self>, Box<Self>),
    /// `a.*`
    Star(Box<Self>),
    /// `!a`
    Not(Box<Self>),
    /// `a && b`
    And(Box<Self>, Box<Self>),
    /// `a || b`
    Or(Box<Self>, Box<Self>),
    /// `a == b` and its kin.
    Compare(Operator, Box<Self>, Box<Self>),
    /// `contains(a, b)`, the name in lower case.
    Call(String, Vec<Self>),
}

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// The functions that look at the jobs before; a condition without one of them holds only after success.
pub const STATUS_FUNCTIONS: &[&str] = &["success", "failure", "always", "cancelled"];

impl Expr {
    /// Calls `f` on this expression and every part of it.
    pub fn visit<'e>(&'e self, f: &mut impl FnMut(&'e Self)) {
        f(self);
        match self {
            Self::Literal(_) | Self::Context(_) => {}
            Self::Star(a) | Self::Not(a) => a.visit(f),
            Self::Index(a, b) | Self::And(a, b) | Self::Or(a, b) | Self::Compare(_, a, b) => {
                a.visit(f);
                b.visit(f);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|a| a.visit(f)),
        }
    }

    /// Whether it asks for the status of the jobs before.
    pub fn asks_status(&self) -> bool {
        let mut found = false;
        self.visit(&mut |e| found |= matches!(e, Self::Call(name, _) if STATUS_FUNCTIONS.contains(&name.as_str())));
        found
    }
}
