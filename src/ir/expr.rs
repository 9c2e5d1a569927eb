//! Typed conditions, free of any vendor.

use crate::base::span::{Span, Spanned};
use crate::ir::glob::Glob;
use crate::ir::text::Context;
use crate::ir::units::{Decimal, Duration};

/// A condition or a part of one; the type of every node has been checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// What a condition or a part of one is.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// A fixed value.
    Literal(Literal),
    /// A value of the run. Where the event gives it none, `==` is false and `!=` is true.
    Context(Context),
    /// `!a`
    Not(Box<Expr>),
    /// `a && b`
    And(Box<Expr>, Box<Expr>),
    /// `a || b`
    Or(Box<Expr>, Box<Expr>),
    /// `a == b` and its kin; both sides have one type. Strings compare exactly, case too.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `a matches 'release/*'`
    Matches(Box<Expr>, Spanned<Glob>),
    /// `a in ['x', 'y']`
    In(Box<Expr>, Vec<Spanned<Literal>>),
}

/// A fixed value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Literal {
    /// `true`, `false`
    Bool(bool),
    /// `'main'`
    String(String),
    /// `0.8`
    Number(Decimal),
    /// `10m`
    Duration(Duration),
}

/// The type of an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// True or false.
    Bool,
    /// Text.
    String,
    /// A number without a unit.
    Number,
    /// A span of time.
    Duration,
}

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
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

impl Comparison {
    /// Its sign, which the language, GitHub and `awk` write alike.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl Literal {
    /// The text that a variable of this value holds.
    pub fn shown(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::String(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Duration(duration) => duration.seconds.to_string(),
        }
    }
}

/// What is known of a condition before anything runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truth {
    /// False.
    No,
    /// Depends on a value that only the run knows.
    Maybe,
    /// True.
    Yes,
}

impl Truth {
    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    /// One of them holds.
    pub fn or(self, other: Self) -> Self {
        self.negate().and(other.negate()).negate()
    }

    /// The opposite.
    pub fn negate(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

impl Expr {
    /// The contexts it reads, left to right.
    pub fn contexts(&self) -> Vec<Spanned<Context>> {
        let mut found = Vec::new();
        self.visit(&mut |e| {
            if let ExprKind::Context(c) = &e.kind {
                found.push(Spanned::new(c.clone(), e.span));
            }
        });
        found
    }

    /// The conditions that must all hold for it to hold.
    pub fn conjuncts(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::And(a, b) => a.conjuncts().into_iter().chain(b.conjuncts()).collect(),
            _ => vec![self],
        }
    }

    /// Calls `f` on this expression and every part of it, outside in, left to right.
    pub fn visit<'e>(&'e self, f: &mut impl FnMut(&'e Self)) {
        f(self);
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Context(_) => {}
            ExprKind::Not(a) | ExprKind::Matches(a, _) | ExprKind::In(a, _) => a.visit(f),
            ExprKind::And(a, b) | ExprKind::Or(a, b) | ExprKind::Compare(_, a, b) => {
                a.visit(f);
                b.visit(f);
            }
        }
    }
}
