//! The form of one value. Its meaning (is this duration too long, is this glob empty) is not looked at here.

use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::syntax::check::words::{listed, sample, suggest};
use crate::syntax::check::{BAD_NAME, WRONG_VALUE_TYPE, known_annotation};
use crate::syntax::number;
use crate::syntax::shape::ValueType;
use crate::syntax::tree::{Entry, Value};

/// Longest name; see [`ValueType::Name`]. Every vendor takes it, with room for what is put before it.
pub const MAX_NAME: usize = 50;

/// A finding about a value, if it has not the form that is asked for. `what` is the name of its argument or setting.
pub fn check(ty: ValueType, entry: &Entry<'_>, what: &str) -> Option<Diagnostic> {
    if let Some(annotation) = &entry.ty {
        return annotated(ty, entry, &annotation.text, annotation.span, what);
    }
    match (&entry.value, ty) {
        (_, ValueType::Any) => None,
        (Value::Null, _) => Some(wrong(entry, format!("`{what}` cannot be #null")).help("leave it out")),
        (Value::String(text, _), _) => string(ty, text, entry, what),
        (Value::Number(text), _) => of_number(ty, text, entry, what),
        (Value::Bool(_), ValueType::Bool | ValueType::Text) => None,
        (Value::Bool(value), _) => Some(wanted(ty, entry, what, &format!("#{value}"))),
    }
}

/// A finding about a name that is the user's to choose: of a property, or of a thing.
pub fn name(ty: ValueType, text: &str, span: Span) -> Option<Diagnostic> {
    let complaint = match ty {
        ValueType::Name => identifier(text),
        ValueType::Variable => variable(text),
        _ => None,
    };
    complaint.map(|help| Diagnostic::error(BAD_NAME, span, format!("`{text}` is no name")).help(help))
}

fn wrong(entry: &Entry<'_>, message: String) -> Diagnostic {
    Diagnostic::error(WRONG_VALUE_TYPE, entry.value_span, message)
}

/// "`x` wants a duration, not 5": the general form.
fn wanted(ty: ValueType, entry: &Entry<'_>, what: &str, found: &str) -> Diagnostic {
    wrong(entry, format!("`{what}` is {}, not {found}", described(ty))).help(format!("write it as in {}", sample(ty)))
}

fn described(ty: ValueType) -> String {
    match ty {
        ValueType::Text | ValueType::String => "text".into(),
        ValueType::Name | ValueType::Variable => "a name".into(),
        ValueType::Reference(of) => format!("the name of a {of}"),
        ValueType::Version => "a version, which is text".into(),
        ValueType::Duration => "a duration with its unit".into(),
        ValueType::Limit => "a limit".into(),
        ValueType::Number => "a number".into(),
        ValueType::Count => "a whole number".into(),
        ValueType::Port => "a port".into(),
        ValueType::Bool => "#true or #false".into(),
        ValueType::Glob => "a pattern".into(),
        ValueType::Path => "a path".into(),
        ValueType::Url => "an address".into(),
        ValueType::Cron => "a cron line".into(),
        ValueType::Image => "a container image".into(),
        ValueType::Expr => "a condition, which is text".into(),
        ValueType::Secret => "a secret by name".into(),
        ValueType::Word(words) => format!("one of {}", listed(words.iter().map(|w| (*w).to_owned()))),
        ValueType::Any => "a value".into(),
    }
}

fn annotated(ty: ValueType, entry: &Entry<'_>, annotation: &str, span: Span, what: &str) -> Option<Diagnostic> {
    if !known_annotation(entry) {
        let error = Diagnostic::error(WRONG_VALUE_TYPE, span, format!("`({annotation})` is no annotation"));
        return Some(suggest(error, annotation, &["secret", "var"], "there are"));
    }
    if !matches!(ty, ValueType::Text | ValueType::Url | ValueType::Image | ValueType::Secret | ValueType::Any) {
        let error = Diagnostic::error(
            WRONG_VALUE_TYPE,
            span,
            format!("`{what}` must be known before the run, so `({annotation})` cannot stand here"),
        );
        return Some(error.help(format!("write it as in {}", sample(ty))));
    }
    let Some(text) = entry.as_str() else {
        return Some(wrong(entry, format!("behind `({annotation})` stands a name")).help(format!("write ({annotation})NAME")));
    };
    name(ValueType::Variable, text, entry.value_span)
}

fn string(ty: ValueType, text: &str, entry: &Entry<'_>, what: &str) -> Option<Diagnostic> {
    match ty {
        ValueType::Name | ValueType::Variable => name(ty, text, entry.value_span),
        ValueType::Number | ValueType::Count | ValueType::Port if number::is_number(text) => {
            Some(wrong(entry, format!("`{what}` is {}, not text", described(ty))).help(format!("write {text} without quotes")))
        }
        ValueType::Number | ValueType::Count | ValueType::Port => Some(wanted(ty, entry, what, &format!("`{text}`"))),
        ValueType::Bool if matches!(text, "true" | "yes" | "on") => {
            Some(wrong(entry, format!("`{what}` is {}, not text", described(ty))).help("write #true"))
        }
        ValueType::Bool if matches!(text, "false" | "no" | "off") => {
            Some(wrong(entry, format!("`{what}` is {}, not text", described(ty))).help("write #false"))
        }
        ValueType::Bool => Some(wanted(ty, entry, what, &format!("`{text}`"))),
        ValueType::Word(words) if words.contains(&text) => None,
        ValueType::Word(words) => {
            Some(suggest(wrong(entry, format!("`{what}` cannot be `{text}`")), text, words, "it is one of"))
        }
        ValueType::Secret if !is_reference(text) => {
            let error = wrong(entry, format!("`{what}` is {}, never its value", described(ty)));
            Some(error.help("declare it with `secret NAME` and write (secret)NAME"))
        }
        ValueType::Reference(_)
        | ValueType::Version
        | ValueType::Duration
        | ValueType::Glob
        | ValueType::Path
        | ValueType::Cron
        | ValueType::Expr
        | ValueType::Image
        | ValueType::Url
        | ValueType::Limit
            if text.is_empty() =>
        {
            Some(wanted(ty, entry, what, "an empty text"))
        }
        _ => None,
    }
}

fn of_number(ty: ValueType, text: &str, entry: &Entry<'_>, what: &str) -> Option<Diagnostic> {
    let whole = number::integer(text);
    match ty {
        ValueType::Text | ValueType::Number | ValueType::Limit => None,
        ValueType::Count if whole.is_some_and(|n| (0..=i128::from(u32::MAX)).contains(&n)) => None,
        ValueType::Port if whole.is_some_and(|n| (1..=65535).contains(&n)) => None,
        ValueType::Port => Some(wrong(entry, format!("{text} is no port")).help("a port is a whole number from 1 to 65535")),
        ValueType::Count => Some(
            wrong(entry, format!("`{what}` is {}, not {text}", described(ty))).help("write a whole number from 0 to 4294967295"),
        ),
        ValueType::Duration => {
            let help = format!("write \"{text}s\" for seconds, \"{text}m\" for minutes, \"{text}h\" for hours");
            Some(wrong(entry, format!("`{what}` is {}, and {text} has none", described(ty))).help(help))
        }
        ValueType::Bool => Some(wanted(ty, entry, what, text)),
        ValueType::Version => {
            let error = wrong(entry, format!("`{what}` is {}: as a number, {text} may lose digits", described(ty)));
            Some(error.help(format!("write \"{text}\"")).fix("quote it", vec![(entry.value_span, format!("\"{text}\""))]))
        }
        ValueType::String | ValueType::Glob | ValueType::Path | ValueType::Cron | ValueType::Image => {
            let error = wrong(entry, format!("`{what}` is {}, not a number", described(ty)));
            Some(error.help(format!("write \"{text}\"")).fix("quote it", vec![(entry.value_span, format!("\"{text}\""))]))
        }
        _ => Some(wanted(ty, entry, what, text)),
    }
}

/// What is wrong with a name of the spec.
fn identifier(text: &str) -> Option<String> {
    let rule = "a name starts with a small letter and goes on with small letters, digits and `-`";
    let fits = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if text.len() > MAX_NAME {
        return Some(format!("a name has at most {MAX_NAME} characters, since some vendor takes no longer one"));
    }
    if fits {
        return None;
    }
    let mended: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let mended = mended.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if mended.starts_with(|c: char| c.is_ascii_lowercase()) { Some(format!("{rule}: `{mended}`")) } else { Some(rule.to_owned()) }
}

/// What is wrong with the name of a variable or secret.
fn variable(text: &str) -> Option<String> {
    let fits = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fits {
        return None;
    }
    let mended: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    Some(format!("a variable has letters, digits and `_`, and starts with no digit: `{mended}`"))
}

/// Whether a text is one context that holds a secret.
fn is_reference(text: &str) -> bool {
    let inner = text.strip_prefix("${").and_then(|t| t.strip_suffix('}')).unwrap_or_default();
    (inner.starts_with("secret.") || inner.starts_with("var.")) && !inner.contains("${")
}
