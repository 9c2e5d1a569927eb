//! Expressions in the words of another place: what a called workflow or an action of the repository reads of who calls it is put in.

use std::fmt;

use crate::front::yaml::{Entry, Node, Value};

use super::expr::{Gh, Piece, parse, pieces};

/// What a path becomes; none where it stays.
pub(super) type Change<'c> = &'c dyn Fn(&[String]) -> Option<Gh>;

/// A copy of a node with every expression in it put in other words.
pub(super) fn node(source: &Node, change: Change<'_>) -> Node {
    let value = match &source.value {
        Value::Scalar { text: own, plain } => Value::Scalar { text: text(own, change), plain: *plain },
        Value::List(items) => Value::List(items.iter().map(|i| node(i, change)).collect()),
        Value::Map(entries) => Value::Map(entries.iter().map(|e| entry(e, change)).collect()),
    };
    Node { value, span: source.span, tag: source.tag.clone() }
}

/// A copy of an entry with every expression in it put in other words. An `if` may be an expression without its braces.
pub(super) fn entry(source: &Entry, change: Change<'_>) -> Entry {
    let bare = (source.key == "if").then(|| source.value.text()).flatten().filter(|t| !t.contains("${{"));
    let value = match bare {
        Some(own) => Node {
            value: Value::Scalar { text: expression(own, change).map_or(own.to_owned(), |e| e.to_string()), plain: true },
            ..source.value.clone()
        },
        None => node(&source.value, change),
    };
    Entry { key: source.key.clone(), span: source.span, id: source.id, value }
}

/// A text with every expression in it put in other words; what is known by now stands as it is.
pub(super) fn text(source: &str, change: Change<'_>) -> String {
    pieces(source)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Expr(inner) => match expression(inner, change) {
                None => format!("${{{{ {inner} }}}}"),
                Some(Gh::Text(known) | Gh::Number(known)) => known,
                Some(Gh::Truth(known)) => known.to_string(),
                Some(Gh::Null) => String::new(),
                Some(made) => format!("${{{{ {made} }}}}"),
            },
        })
        .collect()
}

/// An expression in other words; none where nothing changes.
fn expression(source: &str, change: Change<'_>) -> Option<Gh> {
    let own = parse(source)?;
    let made = changed(&own, change);
    (made != own).then(|| folded(made))
}

/// An expression with its paths in other words.
pub(super) fn changed(expr: &Gh, change: Change<'_>) -> Gh {
    match expr {
        Gh::Text(_) | Gh::Number(_) | Gh::Truth(_) | Gh::Null => expr.clone(),
        Gh::Path(path) => change(path).unwrap_or_else(|| expr.clone()),
        Gh::Call(name, arguments) => Gh::Call(name.clone(), arguments.iter().map(|a| changed(a, change)).collect()),
        Gh::Not(inner) => Gh::Not(Box::new(changed(inner, change))),
        Gh::Field(inner, path) => Gh::Field(Box::new(changed(inner, change)), path.clone()),
        Gh::Both(operator, a, b) => Gh::Both(operator, Box::new(changed(a, change)), Box::new(changed(b, change))),
    }
}

/// The expression with what is known worked out, as GitHub does it: a false value is `false`, `0`, nothing and empty text.
fn folded(expr: Gh) -> Gh {
    match expr {
        Gh::Not(inner) => match folded(*inner) {
            known if is_known(&known) => Gh::Truth(!holds(&known)),
            other => Gh::Not(Box::new(other)),
        },
        Gh::Both(operator, a, b) => {
            let (a, b) = (folded(*a), folded(*b));
            match operator {
                "&&" if is_known(&a) => {
                    if holds(&a) {
                        b
                    } else {
                        a
                    }
                }
                "||" if is_known(&a) => {
                    if holds(&a) {
                        a
                    } else {
                        b
                    }
                }
                "==" | "!=" if is_known(&a) && is_known(&b) => Gh::Truth(same(&a, &b) == (operator == "==")),
                _ => Gh::Both(operator, Box::new(a), Box::new(b)),
            }
        }
        Gh::Call(name, arguments) => {
            let arguments: Vec<Gh> = arguments.into_iter().map(folded).collect();
            match (name.as_str(), arguments.as_slice()) {
                ("fromjson", [Gh::Text(json)]) => match serde_json::from_str(json) {
                    Ok(serde_json::Value::String(text)) => Gh::Text(text),
                    Ok(serde_json::Value::Bool(truth)) => Gh::Truth(truth),
                    Ok(serde_json::Value::Number(number)) => Gh::Number(number.to_string()),
                    _ => Gh::Call(name, arguments),
                },
                ("contains", [Gh::Text(a), Gh::Text(b)]) => Gh::Truth(a.to_lowercase().contains(&b.to_lowercase())),
                ("startswith", [Gh::Text(a), Gh::Text(b)]) => Gh::Truth(a.to_lowercase().starts_with(&b.to_lowercase())),
                ("endswith", [Gh::Text(a), Gh::Text(b)]) => Gh::Truth(a.to_lowercase().ends_with(&b.to_lowercase())),
                _ => Gh::Call(name, arguments),
            }
        }
        other => other,
    }
}

fn is_known(expr: &Gh) -> bool {
    matches!(expr, Gh::Text(_) | Gh::Number(_) | Gh::Truth(_) | Gh::Null)
}

fn holds(expr: &Gh) -> bool {
    match expr {
        Gh::Text(text) => !text.is_empty(),
        Gh::Number(number) => number != "0",
        Gh::Truth(truth) => *truth,
        _ => false,
    }
}

/// Whether two known values are equal: of two kinds, both are taken as numbers.
fn same(a: &Gh, b: &Gh) -> bool {
    let number = |expr: &Gh| match expr {
        Gh::Text(text) if text.is_empty() => Some(0.0),
        Gh::Text(text) | Gh::Number(text) => text.parse::<f64>().ok(),
        Gh::Truth(truth) => Some(f64::from(u8::from(*truth))),
        Gh::Null => Some(0.0),
        _ => None,
    };
    match (a, b) {
        (Gh::Text(a), Gh::Text(b)) => a.eq_ignore_ascii_case(b),
        _ => number(a).is_some_and(|n| Some(n) == number(b)),
    }
}

/// A value of YAML as an expression: text that holds expressions is put together from them.
pub(super) fn value(source: &Node) -> Gh {
    let Some(text) = source.text() else { return Gh::Text(String::new()) };
    if let Some(truth) = source.truth() {
        return Gh::Truth(truth);
    }
    let (mut pattern, mut arguments) = (String::new(), vec![Gh::Null]);
    for piece in pieces(text) {
        match piece {
            Piece::Text(plain) => pattern.push_str(&plain.replace('{', "{{").replace('}', "}}")),
            Piece::Expr(inner) => {
                let Some(expr) = parse(inner) else { return Gh::Text(text.to_owned()) };
                pattern.push_str(&format!("{{{}}}", arguments.len() - 1));
                arguments.push(expr);
            }
        }
    }
    match arguments.as_slice() {
        [_] => Gh::Text(text.to_owned()),
        [_, one] if pattern == "{0}" => one.clone(),
        _ => {
            arguments[0] = Gh::Text(pattern);
            Gh::Call("format".to_owned(), arguments)
        }
    }
}

impl fmt::Display for Gh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Number(number) => f.write_str(number),
            Self::Truth(truth) => write!(f, "{truth}"),
            Self::Null => f.write_str("null"),
            Self::Path(path) => {
                let (first, rest) = path.split_first().map_or(("", path.as_slice()), |(first, rest)| (first.as_str(), rest));
                f.write_str(first)?;
                rest.iter().try_for_each(|word| field(f, word))
            }
            Self::Field(inner, path) => {
                write!(f, "{inner}")?;
                path.iter().try_for_each(|word| field(f, word))
            }
            Self::Call(name, arguments) => {
                write!(f, "{name}(")?;
                for (i, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            Self::Not(inner) => match **inner {
                Self::Both(..) => write!(f, "!({inner})"),
                _ => write!(f, "!{inner}"),
            },
            Self::Both(operator, a, b) => {
                let side = |expr: &Self| if matches!(expr, Self::Both(..)) { format!("({expr})") } else { expr.to_string() };
                write!(f, "{} {operator} {}", side(a), side(b))
            }
        }
    }
}

/// A word of a path behind others.
fn field(f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
    let plain = word == "*" || word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let number = word.bytes().all(|b| b.is_ascii_digit());
    match (plain, number) {
        (_, true) => write!(f, "[{word}]"),
        (true, _) => write!(f, ".{word}"),
        (false, _) => write!(f, "['{word}']"),
    }
}

/// A scalar in the place of a node.
pub(super) fn scalar(text: &str, like: &Node) -> Node {
    Node { value: Value::Scalar { text: text.to_owned(), plain: true }, span: like.span, tag: None }
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::front::github::expr::Gh;

    #[test]
    fn what_is_known_is_put_in() {
        let change = |path: &[String]| match path {
            [inputs, name] if inputs == "inputs" => Some(match name.as_str() {
                "os" => Gh::Text("linux".into()),
                "on" => Gh::Truth(true),
                _ => Gh::Path(vec!["github".into(), "sha".into()]),
            }),
            _ => None,
        };
        assert_eq!(text("x-${{ inputs.os }} ${{ github.ref }}", &change), "x-linux ${{ github.ref }}");
        assert_eq!(text("${{ inputs.on && github.ref == 'a' }}", &change), "${{ github.ref == 'a' }}");
        assert_eq!(text("${{ inputs.os == 'LINUX' }}", &change), "true");
        assert_eq!(text("${{ format('{0}', inputs.rest) || !inputs.on }}", &change), "${{ format('{0}', github.sha) || false }}");
    }
}
