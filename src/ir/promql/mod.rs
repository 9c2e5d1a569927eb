//! Queries of Prometheus, read far enough to know which metrics and labels they name, over how long they look, and what unit they answer in.
//!
//! The language is that of <https://prometheus.io/docs/prometheus/latest/querying/basics/>. Names of functions are not checked: Prometheus gains some
//! with every release.

mod lex;
mod parse;

pub use parse::parse;

/// A query as a tree.
#[derive(Clone, PartialEq, Debug)]
pub enum Query {
    /// `0.5`, `5m`
    Number(f64),
    /// `"text"`
    Text,
    /// `http_requests_total{code="500"}[5m]`
    Select(Select),
    /// `rate(…)`
    Call {
        /// The function's name.
        function: String,
        /// What it is given.
        args: Vec<Query>,
    },
    /// `sum by (code) (…)`
    Aggregate {
        /// The aggregation's name.
        name: String,
        /// Whether the labels are kept or dropped; none where it names none.
        grouping: Option<Grouping>,
        /// What it is given; the last one is what is aggregated.
        args: Vec<Query>,
    },
    /// `a / b`
    Binary {
        /// The sign or word.
        op: String,
        /// Left of it.
        left: Box<Query>,
        /// Right of it.
        right: Box<Query>,
    },
    /// `-a`
    Negative(Box<Query>),
    /// `(…)[1h:5m]`
    Subquery(Box<Query>),
}

/// The labels of an aggregation.
#[derive(Clone, PartialEq, Debug)]
pub struct Grouping {
    /// `without`, not `by`.
    pub without: bool,
    /// Which.
    pub labels: Vec<String>,
}

/// Series by their name and labels.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Select {
    /// The metric, if it is named.
    pub metric: Option<String>,
    /// The labels that it looks at.
    pub labels: Vec<String>,
    /// How far it looks back, in seconds.
    pub range: Option<f64>,
}

/// Why a query cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// What is wrong, as a clause.
    pub message: String,
}

impl Query {
    /// Calls `visit` with this query and all that it is made of.
    pub fn walk<'q>(&'q self, visit: &mut impl FnMut(&'q Query)) {
        visit(self);
        match self {
            Self::Number(_) | Self::Text | Self::Select(_) => {}
            Self::Call { args, .. } | Self::Aggregate { args, .. } => args.iter().for_each(|a| a.walk(visit)),
            Self::Binary { left, right, .. } => {
                left.walk(visit);
                right.walk(visit);
            }
            Self::Negative(inner) | Self::Subquery(inner) => inner.walk(visit),
        }
    }

    /// Its value, if it is a number whatever Prometheus holds.
    pub fn constant(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Negative(inner) => inner.constant().map(|v| -v),
            Self::Binary { op, left, right } => {
                let (left, right) = (left.constant()?, right.constant()?);
                match op.as_str() {
                    "+" => Some(left + right),
                    "-" => Some(left - right),
                    "*" => Some(left * right),
                    "/" => Some(left / right),
                    "%" => Some(left % right),
                    "^" => Some(left.powf(right)),
                    _ => None,
                }
            }
            Self::Text | Self::Select(_) | Self::Call { .. } | Self::Aggregate { .. } | Self::Subquery(_) => None,
        }
    }

    /// Whether a comparison behind it would not see all of it: `a or b > 1` compares `b` alone, `a > b > 1` compares what is left of `a`.
    pub fn binds_looser_than_comparison(&self) -> bool {
        matches!(self, Self::Binary { op, .. } if parse::precedence(op).is_some_and(|p| p <= parse::COMPARISON))
    }
}
