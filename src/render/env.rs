//! The template environment of a format: delimiters, strictness, limits, filters.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use crate::render::{header, layout, tree};

/// Instructions one rendering may take: about a hundred times what 10,000 jobs need, so only a template that never ends meets it.
const FUEL: u64 = 2_000_000_000;

/// The environment of YAML templates; `load` gives the text of a template by its name.
pub(super) fn yaml(load: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Environment<'static> {
    let mut env = Environment::new();
    // The delimiters are constants that minijinja takes; with its defaults no template of ours would render.
    let syntax = SyntaxConfig::builder()
        .variable_delimiters("{{{", "}}}")
        .block_delimiters("{{%", "%}}")
        .comment_delimiters("{{#", "#}}")
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .unwrap_or_default();
    env.set_syntax(syntax);
    env.set_loader(move |name| Ok(load(name)));
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    // What a macro or a block returns is YAML already and must not be quoted again.
    env.set_auto_escape_callback(|_| AutoEscape::Custom("yaml".into()));
    env.set_formatter(write_value);
    // These would let a template decide quoting or indentation, or hide a missing name.
    for name in ["safe", "escape", "e", "tojson", "indent", "urlencode", "default", "d", "pprint"] {
        env.remove_filter(name);
    }
    env.add_filter("block", block);
    env.add_filter("tree", |value: Value| tree::tree(&value).map(Value::from_safe_string));
    env.add_filter("comment", comment);
    env.add_filter("lines", lines);
    env
}

/// Prints a value where a template names it: text made by our own filters as it is, everything else as one quoted line.
fn write_value(out: &mut Output, _state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_safe()
        && let Some(text) = value.as_str()
    {
        return out.write_str(text).map_err(Error::from);
    }
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    out.write_str(&tree::line(value)?).map_err(Error::from)
}

fn block(value: Value) -> Result<Value, Error> {
    Ok(Value::from_safe_string(tree::text_block(text_of(&value, "block")?)))
}

fn comment(value: Value) -> Result<Value, Error> {
    let lines = header::comment_lines(text_of(&value, "comment")?);
    Ok(Value::from_safe_string(lines.join(layout::COMMENT_BREAK.encode_utf8(&mut [0; 4]))))
}

/// Lets comment lines through that were made in Rust; anything else is refused, so that this is no way around the quoting.
fn lines(value: Value) -> Result<Value, Error> {
    let text = text_of(&value, "lines")?;
    if text.lines().any(|line| !line.starts_with('#')) {
        return Err(Error::new(ErrorKind::InvalidOperation, "`lines` takes comment lines only"));
    }
    // The line the filter stands in has a newline of its own.
    Ok(Value::from_safe_string(text.trim_end_matches('\n').to_owned()))
}

fn text_of<'a>(value: &'a Value, filter: &str) -> Result<&'a str, Error> {
    value.as_str().ok_or_else(|| {
        Error::new(ErrorKind::InvalidOperation, format!("`{filter}` takes a string, not a value of kind {}", value.kind()))
    })
}

/// What went wrong, with the template and its line.
pub(super) fn explain(error: &Error) -> String {
    let mut text = format!("template {}", error.name().unwrap_or("?"));
    if let Some(line) = error.line() {
        text.push_str(&format!(", line {line}"));
    }
    text.push_str(&format!(": {}", error.kind()));
    if let Some(detail) = error.detail() {
        text.push_str(&format!(": {detail}"));
    }
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(&format!("; caused by {inner}"));
        cause = inner.source();
    }
    text
}
