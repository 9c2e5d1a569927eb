//! Conditions of a spec, put together from parts of which some are known.

/// A part of a condition: known now, or said in contexts with the strength of its operator (0 `||`, 1 `&&`, 2 a comparison, 3 a word).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// It holds, or does not, whatever happens.
    Known(bool),
    /// It is asked.
    Text(String, u8),
}

/// A comparison.
pub fn asked(text: impl Into<String>) -> Part {
    Part::Text(text.into(), 2)
}

/// Both hold.
pub fn and(a: Part, b: Part) -> Part {
    match (a, b) {
        (Part::Known(true), other) | (other, Part::Known(true)) => other,
        (Part::Known(false), _) | (_, Part::Known(false)) => Part::Known(false),
        (a, b) if a == b => a,
        (a, b) if opposite(&a, &b) => Part::Known(false),
        (a, b) => Part::Text(format!("{} && {}", wrapped(a, 1), wrapped(b, 1)), 1),
    }
}

/// One of them holds.
pub fn or(a: Part, b: Part) -> Part {
    match (a, b) {
        (Part::Known(false), other) | (other, Part::Known(false)) => other,
        (Part::Known(true), _) | (_, Part::Known(true)) => Part::Known(true),
        (a, b) if a == b => a,
        (a, b) if opposite(&a, &b) => Part::Known(true),
        (a, b) => Part::Text(format!("{} || {}", wrapped(a, 0), wrapped(b, 0)), 0),
    }
}

/// The opposite; a comparison turns its sign.
pub fn not(a: Part) -> Part {
    match a {
        Part::Known(known) => Part::Known(!known),
        Part::Text(text, 3) => Part::Text(format!("!{text}"), 2),
        Part::Text(text, 2) if text.matches(" == ").count() == 1 => Part::Text(text.replacen(" == ", " != ", 1), 2),
        Part::Text(text, 2) if text.matches(" != ").count() == 1 => Part::Text(text.replacen(" != ", " == ", 1), 2),
        Part::Text(text, _) => Part::Text(format!("!({text})"), 2),
    }
}

/// Whether one of them says that the other does not hold.
fn opposite(a: &Part, b: &Part) -> bool {
    let turns = |a: &Part, b: &Part| match (not(a.clone()), b) {
        (Part::Text(turned, _), Part::Text(text, _)) => turned == *text,
        _ => false,
    };
    turns(a, b) || turns(b, a)
}

fn wrapped(part: Part, strength: u8) -> String {
    match part {
        Part::Known(known) => known.to_string(),
        Part::Text(text, own) if own < strength => format!("({text})"),
        Part::Text(text, _) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, and, asked, not, or};

    #[test]
    fn parts_are_put_together() {
        let (a, b) = (asked("x == 'a'"), asked("y in ['b']"));
        assert_eq!(
            and(or(a.clone(), b.clone()), not(b.clone())),
            Part::Text("(x == 'a' || y in ['b']) && !(y in ['b'])".into(), 1)
        );
        assert_eq!(not(a.clone()), asked("x != 'a'"));
        assert_eq!(or(a.clone(), Part::Known(true)), Part::Known(true));
        assert_eq!(and(a.clone(), a.clone()), a);
        assert_eq!(or(a.clone(), asked("x != 'a'")), Part::Known(true));
        assert_eq!(and(not(b.clone()), b), Part::Known(false));
    }
}
