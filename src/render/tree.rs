//! Template values as YAML: one line (`[a, b]`, `{k: v}`) or block style.

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

use crate::render::layout::BREAK;
use crate::render::yaml;

/// A value in block style: what stands behind the key, and the lines below it, relative to the key's indentation plus one step.
struct Block {
    head: Option<String>,
    lines: Vec<String>,
}

impl Block {
    fn inline(head: String) -> Self {
        Self { head: Some(head), lines: Vec::new() }
    }
}

/// A value on one line: a scalar, or flow style for a sequence or mapping.
///
/// # Errors
/// For undefined and null values, functions and other things that no vendor file holds.
pub(super) fn line(value: &Value) -> Result<String, Error> {
    one_line(value, false)
}

/// A value in block style, with [`BREAK`] between its lines, to stand behind `key: ` or `- `.
///
/// # Errors
/// As [`line`].
pub(super) fn tree(value: &Value) -> Result<String, Error> {
    let block = block_of(value)?;
    let mut out = block.head.unwrap_or_default();
    for line in block.lines {
        out.push(BREAK);
        out.push_str(&line);
    }
    Ok(out)
}

/// A text in the form that is best to read: plain, a literal block, or quoted.
pub(super) fn text_block(text: &str) -> String {
    let block = text_lines(text);
    let mut out = block.head.unwrap_or_default();
    for line in block.lines {
        out.push(BREAK);
        out.push_str(&line);
    }
    out
}

fn text_lines(text: &str) -> Block {
    let short = yaml::scalar(text);
    // A script with quotes of its own is easier to read in a block than with each of them doubled.
    let plain_enough = !text.contains('\n') && (short == text || !text.contains(['\'', '"']));
    if plain_enough {
        return Block::inline(short.into_owned());
    }
    match yaml::literal(text) {
        Some((mark, lines)) => Block { head: Some(mark.to_owned()), lines: lines.map(str::to_owned).collect() },
        None => Block::inline(short.into_owned()),
    }
}

fn block_of(value: &Value) -> Result<Block, Error> {
    match value.kind() {
        ValueKind::String => Ok(match value.as_str() {
            Some(text) if text.contains('\n') => text_lines(text),
            Some(text) => Block::inline(yaml::scalar(text).into_owned()),
            None => return Err(refused(value)),
        }),
        ValueKind::Map => {
            let mut lines = Vec::new();
            for key in value.try_iter()? {
                let block = block_of(&value.get_item(&key)?)?;
                let key = one_line(&key, false)?;
                lines.push(match block.head {
                    Some(head) => format!("{key}: {head}"),
                    None => format!("{key}:"),
                });
                lines.extend(block.lines.iter().map(|line| indented(line)));
            }
            Ok(if lines.is_empty() { Block::inline("{}".to_owned()) } else { Block { head: None, lines } })
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let mut lines = Vec::new();
            for item in value.try_iter()? {
                let block = block_of(&item)?;
                let mut below = block.lines.iter();
                match block.head.as_ref().or_else(|| below.next()) {
                    Some(first) => lines.push(format!("- {first}")),
                    None => return Err(refused(&item)),
                }
                lines.extend(below.map(|line| indented(line)));
            }
            Ok(if lines.is_empty() { Block::inline("[]".to_owned()) } else { Block { head: None, lines } })
        }
        ValueKind::Undefined
        | ValueKind::None
        | ValueKind::Bool
        | ValueKind::Number
        | ValueKind::Bytes
        | ValueKind::Plain
        | ValueKind::Invalid => Ok(Block::inline(one_line(value, false)?)),
        _ => Err(refused(value)),
    }
}

fn indented(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("  {line}") }
}

fn one_line(value: &Value, flow: bool) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String => {
            let text = value.as_str().ok_or_else(|| refused(value))?;
            Ok(if flow { yaml::flow_scalar(text) } else { yaml::scalar(text) }.into_owned())
        }
        // minijinja shows `True`, as Python does.
        ValueKind::Bool => Ok(value.is_true().to_string()),
        ValueKind::Number => {
            let text = value.to_string();
            if text.ends_with(|c: char| c.is_ascii_digit()) { Ok(text) } else { Err(refused(value)) }
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?.map(|item| one_line(&item, true)).collect::<Result<Vec<_>, _>>()?;
            Ok(format!("[{}]", items.join(", ")))
        }
        ValueKind::Map => {
            let mut rows = Vec::new();
            for key in value.try_iter()? {
                rows.push(format!("{}: {}", one_line(&key, true)?, one_line(&value.get_item(&key)?, true)?));
            }
            Ok(format!("{{{}}}", rows.join(", ")))
        }
        ValueKind::Undefined | ValueKind::None | ValueKind::Bytes | ValueKind::Plain | ValueKind::Invalid => Err(refused(value)),
        _ => Err(refused(value)),
    }
}

fn refused(value: &Value) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("a template prints a value of kind {}, which YAML output never holds", value.kind()),
    )
}
