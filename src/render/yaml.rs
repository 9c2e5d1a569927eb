//! How a string is written in YAML so that every reader reads that string again.
//!
//! Readers differ: PyYAML, Psych and libyaml follow YAML 1.1 (`no`, `12:30`, `1_000` and `2020-01-01` are no strings), js-yaml and the vendors'
//! own parsers follow 1.2. A scalar is plain only where all of them agree; otherwise it is quoted.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Where a scalar stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Context {
    /// A key or value of a block mapping or an item of a block sequence.
    Block,
    /// Inside `[]` or `{}`.
    Flow,
}

/// A string as a one-line scalar in block context: plain where every reader agrees on it, else in single quotes, else in double quotes.
pub fn scalar(text: &str) -> Cow<'_, str> {
    write_scalar(text, Context::Block)
}

/// A string as a scalar inside `[]` or `{}`, where fewer characters may stand plain.
pub fn flow_scalar(text: &str) -> Cow<'_, str> {
    write_scalar(text, Context::Flow)
}

fn write_scalar(text: &str, context: Context) -> Cow<'_, str> {
    if is_plain(text, context) {
        Cow::Borrowed(text)
    } else if text.chars().any(must_escape) {
        Cow::Owned(double_quoted(text))
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', "''")))
    }
}

/// A text in double quotes on one line, every character that a reader might change or a reviewer might not see written as an escape.
pub fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if must_escape(c) => {
                let code = u32::from(c);
                // Writing into a String cannot fail.
                let _ = if code > 0xFFFF { write!(out, "\\U{code:08X}") } else { write!(out, "\\u{code:04X}") };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text as a literal block (`|` or `|-`), its lines without indentation, or `None` where a literal block cannot hold it so that every reader
/// agrees: control characters, CR, NEL and the other line breaks of YAML 1.1, blanks at the end of a line, several newlines at the end.
///
/// Several newlines at the end would need `|+`, whose meaning changes with the blank lines a template puts below it.
pub(super) fn literal(text: &str) -> Option<(&'static str, std::str::Lines<'_>)> {
    let holds = !text.ends_with("\n\n")
        && text.chars().any(|c| c != '\n')
        && !text.chars().any(|c| c != '\n' && c != '\t' && must_escape(c))
        && text.split('\n').all(|line| !line.ends_with([' ', '\t']));
    if !holds {
        return None;
    }
    // Readers find the indentation at the first line that has text; a blank there would be taken for indentation.
    let first = text.trim_start_matches('\n');
    let explicit = text.starts_with('\n') || first.starts_with([' ', '\t']);
    let mark = match (explicit, text.ends_with('\n')) {
        (false, true) => "|",
        (false, false) => "|-",
        (true, true) => "|2",
        (true, false) => "|2-",
    };
    Some((mark, text.lines()))
}

/// Characters that stand only as an escape in double quotes: those that some reader refuses, folds or takes for a line break, and those that
/// a reviewer cannot see (text direction, zero width).
pub(super) fn must_escape(c: char) -> bool {
    matches!(
        u32::from(c),
        0..=0x1F | 0x7F..=0x9F | 0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFDD0..=0xFDEF | 0xFEFF | 0xFFF0..=0xFFFB | 0xE0000..=0xE0FFF
    ) || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Whether all readers read the bare characters as this string.
fn is_plain(text: &str, context: Context) -> bool {
    let Some(first) = text.chars().next() else { return false };
    if matches!(
        first,
        '-' | '?'
            | ':'
            | ','
            | '['
            | ']'
            | '{'
            | '}'
            | '#'
            | '&'
            | '*'
            | '!'
            | '|'
            | '>'
            | '\''
            | '"'
            | '%'
            | '@'
            | '`'
            | '~'
            | '='
            | '<'
            | ' '
    ) {
        return false;
    }
    if text.ends_with([' ', ':']) || text.contains(": ") || text.contains(" #") {
        return false;
    }
    if context == Context::Flow && text.contains([',', '[', ']', '{', '}', ':', '#']) {
        return false;
    }
    if text.chars().any(|c| must_escape(c) || (c.is_whitespace() && c != ' ')) {
        return false;
    }
    !looks_numeric(text) && !is_word(text)
}

/// Whether some reader may take the text for a number, a time or a date. Wider than the readers' own rules, so that it covers all of them.
fn looks_numeric(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '.'))
        && text.chars().all(|c| c.is_ascii_hexdigit() || "xXoO_.,:+- tTzZiInN".contains(c))
}

/// Whether some reader takes the word for a boolean or null.
fn is_word(text: &str) -> bool {
    const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.len() <= 5 && WORDS.iter().any(|w| w.eq_ignore_ascii_case(text))
}
