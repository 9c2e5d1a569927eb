//! The functions of expressions that look at no job.

use crate::verify::github::expr::eval::equal;
use crate::verify::github::expr::value::{Value, without_case};

/// The value of a call, by the function's name in lower case.
///
/// # Errors
/// JSON that is none, a pattern of `format` that is none, a function that reads files.
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let null = Value::Null;
    let argument = |at: usize| arguments.get(at).unwrap_or(&null);
    let (first, second) = (argument(0), argument(1));
    let upper = |value: &Value| without_case(&value.shown());
    let plain = !first.is_collection() && !second.is_collection();
    Ok(match name {
        "contains" => Value::Bool(match first {
            Value::Array(items) => items.iter().any(|item| equal(item, second)),
            _ => plain && upper(first).contains(&upper(second)),
        }),
        "startswith" => Value::Bool(plain && upper(first).starts_with(&upper(second))),
        "endswith" => Value::Bool(plain && upper(first).ends_with(&upper(second))),
        "join" => Value::String(match first {
            Value::Array(items) => {
                let comma = arguments.len() < 2 || second.is_collection();
                let separator = if comma { ",".to_owned() } else { second.shown() };
                items.iter().map(Value::shown).collect::<Vec<_>>().join(&separator)
            }
            value if value.is_collection() => String::new(),
            value => value.shown(),
        }),
        "format" => Value::String(format(&first.shown(), &arguments[1..])?),
        "fromjson" => {
            let text = first.shown();
            let json: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
            Value::of_json(&json)
        }
        "tojson" => {
            let text = format!("{:#}", first.to_json());
            Value::String(text)
        }
        other => return Err(format!("`{other}` is known to a run only")),
    })
}

/// `{0}` is the first value, `{{` and `}}` are braces.
fn format(pattern: &str, values: &[Value]) -> Result<String, String> {
    let wrong = || format!("`{pattern}` is no pattern of `format`");
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let after = &rest[at..];
        if let Some(more) = after.strip_prefix("{{") {
            out.push('{');
            rest = more;
        } else if let Some(more) = after.strip_prefix("}}") {
            out.push('}');
            rest = more;
        } else {
            let inner = after.strip_prefix('{').ok_or_else(wrong)?;
            let (digits, more) = inner.split_once('}').ok_or_else(wrong)?;
            let place: usize = digits.parse().map_err(|_| wrong())?;
            out.push_str(&values.get(place).ok_or_else(wrong)?.shown());
            rest = more;
        }
    }
    out.push_str(rest);
    Ok(out)
}
