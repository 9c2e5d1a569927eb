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

    /// The opposite, if GitLab can say it.
    pub(super) fn negated(&self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Test(text) => Self::Test(opposite(text)),
            Self::All(parts) => parts.iter().fold(Self::False, |any, part| any.or(part.negated())),
            Self::Any(parts) => parts.iter().fold(Self::True, |all, part| all.and(part.negated())),
        }
    }

    /// Without tests that a variable has a value where another test says which.
    #[must_use]
    pub(super) fn tidied(self) -> Self {
        let Self::All(parts) = self else { return self };
        let says = |name: &str, part: &Self| matches!(part, Self::Test(text) if text.strip_prefix(name).is_some_and(|r| r.starts_with(" == ") || r.starts_with(" =~ ")));
        let kept = parts.iter().filter(|part| !matches!(part, Self::Test(name) if parts.iter().any(|other| says(name, other))));
        single(kept.cloned().collect(), Self::All)
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

/// The opposite of one comparison. A variable that is not set is no text, and equal to none.
fn opposite(test: &str) -> String {
    for (sign, other) in [(" == ", " != "), (" != ", " == "), (" =~ ", " !~ "), (" !~ ", " =~ ")] {
        if let Some((left, right)) = test.split_once(sign) {
            return format!("{left}{other}{right}");
        }
    }
    format!("{test} == null")
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
    fn the_opposite_has_no_sign_before_it() {
        let both = test("$A == \"x\"").and(test("$B !~ /y/"));
        assert_eq!(both.negated().text().as_deref(), Some("$A != \"x\" || $B =~ /y/"));
        assert_eq!(test("$A").negated().text().as_deref(), Some("$A == null"));
    }

    #[test]
    fn that_a_variable_has_a_value_is_said_once() {
        assert_eq!(test("$A").and(test("$A == \"x\"")).tidied().text().as_deref(), Some("$A == \"x\""));
        assert_eq!(test("$A").and(test("$A != \"x\"")).tidied().text().as_deref(), Some("$A && $A != \"x\""));
    }

    #[test]
    fn mixed_operators_have_parentheses() {
        let either = test("$A").or(test("$B"));
        assert_eq!(either.clone().and(test("$C")).text().as_deref(), Some("($A || $B) && $C"));
        assert_eq!(test("$C").and(test("$D")).or(test("$A")).text().as_deref(), Some("($C && $D) || $A"));
        assert_eq!(either.or(test("$E")).text().as_deref(), Some("$A || $B || $E"));
    }
}
