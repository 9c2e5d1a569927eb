//! Conditions of a spec, put together from parts of which some are known.

/// A part of a condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// It holds, or does not, whatever happens.
    Known(bool),
    /// It is asked in contexts, with the strength of its operator (2 a comparison, 3 a word).
    Text(String, u8),
    /// All of several hold; none of them is known or `All` itself.
    All(Vec<Part>),
    /// One of several holds; none of them is known or `Any` itself.
    Any(Vec<Part>),
    /// It does not hold.
    Not(Box<Part>),
}

impl Part {
    /// The condition as text; none where it is known.
    pub fn text(&self) -> Option<String> {
        (!matches!(self, Self::Known(_))).then(|| self.shown())
    }

    fn shown(&self) -> String {
        let joined = |parts: &[Self], sign: &str, strength: u8| {
            let texts: Vec<String> = parts.iter().map(|p| p.wrapped(strength)).collect();
            texts.join(sign)
        };
        match self {
            Self::Known(known) => known.to_string(),
            Self::Text(text, _) => text.clone(),
            Self::All(parts) => joined(parts, " && ", 1),
            Self::Any(parts) => joined(&listed(parts), " || ", 0),
            Self::Not(part) => format!("!{}", part.wrapped(3)),
        }
    }

    fn wrapped(&self, strength: u8) -> String {
        let own = match self {
            Self::Any(parts) => match listed(parts).as_slice() {
                [only] => return only.wrapped(strength),
                _ => 0,
            },
            Self::All(_) => 1,
            Self::Text(_, own) => *own,
            Self::Known(_) | Self::Not(_) => 2,
        };
        if own < strength { format!("({})", self.shown()) } else { self.shown() }
    }
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
        (a, b) => {
            let parts = |part| if let Part::All(parts) = part { parts } else { vec![part] };
            Part::All(distinct([parts(a), parts(b)].concat()))
        }
    }
}

/// One of them holds.
pub fn or(a: Part, b: Part) -> Part {
    match (a, b) {
        (Part::Known(false), other) | (other, Part::Known(false)) => other,
        (Part::Known(true), _) | (_, Part::Known(true)) => Part::Known(true),
        (a, b) if a == b => a,
        (a, b) if opposite(&a, &b) => Part::Known(true),
        (a, b) => {
            let parts = |part| if let Part::Any(parts) = part { parts } else { vec![part] };
            Part::Any(distinct([parts(a), parts(b)].concat()))
        }
    }
}

/// The opposite; a comparison turns its sign.
pub fn not(a: Part) -> Part {
    match a {
        Part::Known(known) => Part::Known(!known),
        Part::Not(inner) => *inner,
        Part::Text(text, 2) if text.matches(" == ").count() == 1 => Part::Text(text.replacen(" == ", " != ", 1), 2),
        Part::Text(text, 2) if text.matches(" != ").count() == 1 => Part::Text(text.replacen(" != ", " == ", 1), 2),
        other => Part::Not(Box::new(other)),
    }
}

/// The parts of an `or` with the texts that one context is compared with in one list, at the place of the first.
fn listed(parts: &[Part]) -> Vec<Part> {
    let equal = |part: &Part| match part {
        Part::Text(text, 2) => text.split_once(" == ").map(|(context, word)| (context.to_owned(), word.to_owned())),
        _ => None,
    };
    let mut lists: Vec<(Option<String>, Vec<String>, &Part)> = Vec::new();
    for part in parts {
        let Some((context, word)) = equal(part).filter(|(_, word)| is_text(word)) else {
            lists.push((None, Vec::new(), part));
            continue;
        };
        match lists.iter_mut().find(|(known, ..)| known.as_ref() == Some(&context)) {
            Some((_, words, _)) => words.push(word),
            None => lists.push((Some(context), vec![word], part)),
        }
    }
    let put = |(context, words, part): (Option<String>, Vec<String>, &Part)| match context {
        Some(context) if words.len() > 1 => asked(format!("{context} in [{}]", words.join(", "))),
        _ => part.clone(),
    };
    lists.into_iter().map(put).collect()
}

/// Whether a word is one text in quotes.
fn is_text(word: &str) -> bool {
    word.len() > 1 && word.starts_with('\'') && word[1..].find('\'') == Some(word.len() - 2)
}

fn distinct(mut parts: Vec<Part>) -> Vec<Part> {
    let mut at = 0;
    while at < parts.len() {
        if parts[..at].contains(&parts[at]) {
            parts.remove(at);
        } else {
            at += 1;
        }
    }
    parts
}

/// Whether one of them says that the other does not hold.
fn opposite(a: &Part, b: &Part) -> bool {
    not(a.clone()) == *b || not(b.clone()) == *a
}

#[cfg(test)]
mod tests {
    use super::{Part, and, asked, not, or};

    #[test]
    fn parts_are_put_together() {
        let (a, b) = (asked("x == 'a'"), asked("y in ['b']"));
        let both = and(or(a.clone(), b.clone()), not(b.clone()));
        assert_eq!(both.text().as_deref(), Some("(x == 'a' || y in ['b']) && !(y in ['b'])"));
        assert_eq!(not(not(both.clone())), both);
        assert_eq!(not(both).text().as_deref(), Some("!((x == 'a' || y in ['b']) && !(y in ['b']))"));
        assert_eq!(not(Part::Text("input.x".into(), 3)).text().as_deref(), Some("!input.x"));
        assert_eq!(not(a.clone()), asked("x != 'a'"));
        assert_eq!(or(a.clone(), Part::Known(true)), Part::Known(true));
        assert_eq!(and(a.clone(), a.clone()), a);
        assert_eq!(or(a.clone(), asked("x != 'a'")), Part::Known(true));
        assert_eq!(and(not(b.clone()), b), Part::Known(false));
    }

    #[test]
    fn texts_of_one_context_stand_in_a_list() {
        let any = ["x == 'a'", "y == 'a'", "x == 'b'", "x != 'c'", "x == y"].map(asked).into_iter().reduce(or).unwrap();
        assert_eq!(any.text().as_deref(), Some("x in ['a', 'b'] || y == 'a' || x != 'c' || x == y"));
        assert_eq!(not(any).text().as_deref(), Some("!(x in ['a', 'b'] || y == 'a' || x != 'c' || x == y)"));
        let two = or(asked("x == 'a'"), asked("x == 'b'"));
        assert_eq!(two.text().as_deref(), Some("x in ['a', 'b']"));
        assert_eq!(and(two, asked("z")).text().as_deref(), Some("x in ['a', 'b'] && z"));
    }
}
