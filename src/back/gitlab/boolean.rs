//! The conditions of `rules:if`: a formula in which `!` stands nowhere, since GitLab has none.

/// A formula over comparisons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Formula {
    /// Always.
    True,
    /// Never.
    False,
    /// A comparison as GitLab writes it.
    Test(String),
    /// All hold.
    All(Vec<Formula>),
    /// One holds.
    Any(Vec<Formula>),
}

impl Formula {
    /// A fixed truth.
    pub(super) fn of(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }

    /// Both hold; fixed truths and repetitions vanish.
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, x) | (x, Self::True) => x,
            (a, b) => {
                let mut parts = Vec::new();
                for part in [a, b] {
                    let inner = if let Self::All(inner) = part { inner } else { vec![part] };
                    inner.into_iter().for_each(|p| push_new(&mut parts, p));
                }
                single(parts, Self::All)
            }
        }
    }

    /// One of them holds; fixed truths and repetitions vanish.
    #[must_use]
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, x) | (x, Self::False) => x,
            (a, b) => {
                let mut parts = Vec::new();
                for part in [a, b] {
                    let inner = if let Self::Any(inner) = part { inner } else { vec![part] };
                    inner.into_iter().for_each(|p| push_new(&mut parts, p));
                }
                single(parts, Self::Any)
            }
        }
    }

    /// As GitLab writes it; nothing for a fixed truth. A disjunction inside a conjunction stands in parentheses, and so does the reverse:
    /// nobody should need to know which binds tighter.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::True | Self::False => None,
            Self::Test(text) => Some(text.clone()),
            Self::All(parts) => Some(joined(parts, " && ")),
            Self::Any(parts) => Some(joined(parts, " || ")),
        }
    }
}

fn push_new(parts: &mut Vec<Formula>, part: Formula) {
    if !parts.contains(&part) {
        parts.push(part);
    }
}

fn single(mut parts: Vec<Formula>, many: fn(Vec<Formula>) -> Formula) -> Formula {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            parts.push(last);
            many(parts)
        }
        (_, None) => Formula::True,
    }
}

fn joined(parts: &[Formula], with: &str) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Formula::All(_) | Formula::Any(_) => part.text().map(|t| format!("({t})")),
        Formula::True | Formula::False | Formula::Test(_) => part.text(),
    });
    texts.collect::<Vec<_>>().join(with)
}

#[cfg(test)]
mod tests {
    use super::Formula;

    fn test(text: &str) -> Formula {
        Formula::Test(text.to_owned())
    }

    #[test]
    fn fixed_truths_and_repetitions_vanish() {
        assert_eq!(Formula::True.and(test("$A")).or(Formula::False), test("$A"));
        assert_eq!(test("$A").and(test("$B")).and(test("$A")).text().as_deref(), Some("$A && $B"));
        assert_eq!(test("$A").and(Formula::False).text(), None);
    }

    #[test]
    fn mixed_operators_have_parentheses() {
        let either = test("$A").or(test("$B"));
        assert_eq!(either.clone().and(test("$C")).text().as_deref(), Some("($A || $B) && $C"));
        assert_eq!(test("$C").and(test("$D")).or(test("$A")).text().as_deref(), Some("($C && $D) || $A"));
        assert_eq!(either.or(test("$E")).text().as_deref(), Some("$A || $B || $E"));
    }
}
