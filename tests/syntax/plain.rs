//! Documents without spans, in one form for our tree and for the `kdl` crate's, so that they can be compared.

use pipewright::base::span::SourceId;
use pipewright::syntax::number;
use pipewright::syntax::parse::parse;
use pipewright::syntax::tree::{Ident, Node, Value};

/// A node with what KDL says it means: properties sorted, the last of a name.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Plain {
    pub(crate) ty: Option<String>,
    pub(crate) name: String,
    pub(crate) args: Vec<(Option<String>, String)>,
    pub(crate) props: Vec<(String, Option<String>, String)>,
    pub(crate) children: Vec<Plain>,
}

/// The nodes of a text, or its first error.
pub(crate) fn read(text: &str) -> Result<Vec<Plain>, String> {
    let (document, diagnostics) = parse(SourceId(0), text);
    match diagnostics.iter().next() {
        Some(first) => Err(format!("{} at {}..{}", first.message, first.span.start, first.span.end)),
        None => Ok(document.nodes.iter().map(node).collect()),
    }
}

pub(crate) fn node(from: &Node<'_>) -> Plain {
    let owned = |i: &Ident<'_>| i.text.to_string();
    let mut props: Vec<(String, Option<String>, String)> = Vec::new();
    let mut args = Vec::new();
    for entry in &from.entries {
        let ty = entry.ty.as_ref().map(owned);
        match &entry.name {
            Some(name) => {
                props.retain(|(n, _, _)| *n != name.text);
                props.push((owned(name), ty, value(&entry.value)));
            }
            None => args.push((ty, value(&entry.value))),
        }
    }
    props.sort();
    let children = from.children().iter().map(node).collect();
    Plain { ty: from.ty.as_ref().map(owned), name: owned(&from.name), args, props, children }
}

fn value(from: &Value<'_>) -> String {
    match from {
        Value::String(text, _) => format!("{text:?}"),
        Value::Number(text) => exact(text),
        Value::Bool(flag) => format!("#{flag}"),
        Value::Null => "#null".into(),
    }
}

/// A number as sign, digits and power of ten, without trailing zeros: equal for equal values, however large.
pub(crate) fn exact(text: &str) -> String {
    if text.starts_with('#') {
        return text.into();
    }
    let decimal = match number::integer(text) {
        Some(value) => value.to_string(),
        None => text.replace('_', "").to_ascii_lowercase(),
    };
    let (negative, rest) = match decimal.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, decimal.strip_prefix('+').unwrap_or(&decimal)),
    };
    let (mantissa, exponent) = rest.split_once('e').unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let trimmed = digits.trim_end_matches('0');
    let power = exponent.parse::<i64>().expect("an exponent") - fraction.len() as i64 + (digits.len() - trimmed.len()) as i64;
    match trimmed.trim_start_matches('0') {
        "" => "0".into(),
        significant => format!("{}{significant}e{power}", if negative { "-" } else { "" }),
    }
}
