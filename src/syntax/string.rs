//! What a string in the text means: escapes, indentation of blocks, and the way back from the value to the text.

use std::borrow::Cow;

use crate::base::span::Span;
use crate::syntax::chars::{is_newline, is_space};
use crate::syntax::tree::{Entry, StringStyle, Value};

/// Why a string has no value. Offsets are bytes from the opening mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A backslash before something that is no escape.
    Escape(usize, usize),
    /// `\u{…}` that names no character, or NUL.
    CodePoint(usize, usize),
    /// The closing `"""` does not stand alone on its line.
    Closing(usize),
    /// A line of a block that does not start with the white space of the closing line.
    Indent(usize, usize),
}

/// Pairs of (offset in the value, offset in the source): from each on, value and source run side by side until the next.
type Map = Vec<(usize, usize)>;

/// The value of a string token (marks included) of a style.
///
/// # Errors
/// The first fault.
pub fn decode(token: &str, style: StringStyle) -> Result<Cow<'_, str>, Fault> {
    decode_mapped(token, style, &mut None)
}

fn decode_mapped<'a>(token: &'a str, style: StringStyle, map: &mut Option<Map>) -> Result<Cow<'a, str>, Fault> {
    let hashes = token.bytes().take_while(|b| *b == b'#').count();
    let quotes = match style {
        StringStyle::Bare => 0,
        StringStyle::Quoted | StringStyle::Raw => 1,
        StringStyle::Block | StringStyle::RawBlock => 3,
    };
    let (start, end) = match style {
        StringStyle::Bare => (0, token.len()),
        _ => (hashes + quotes, token.len().saturating_sub(hashes + quotes)),
    };
    let body = token.get(start..end).unwrap_or_default();
    match style {
        StringStyle::Bare | StringStyle::Raw => {
            mark(map, 0, start);
            Ok(Cow::Borrowed(body))
        }
        StringStyle::Quoted if !body.contains('\\') => {
            mark(map, 0, start);
            Ok(Cow::Borrowed(body))
        }
        StringStyle::Quoted => {
            let mut out = String::with_capacity(body.len());
            unescape(body, start, &mut out, map)?;
            Ok(Cow::Owned(out))
        }
        StringStyle::RawBlock => dedent(body, &[], start, false, map).map(Cow::Owned),
        StringStyle::Block if !body.contains('\\') => dedent(body, &[], start, false, map).map(Cow::Owned),
        StringStyle::Block => {
            // White space escapes go first, then the indentation, then the other escapes: the order the language gives.
            let (joined, cuts) = join_lines(body);
            dedent(&joined, &cuts, start, true, map).map(Cow::Owned)
        }
    }
}

fn mark(map: &mut Option<Map>, value: usize, source: usize) {
    if let Some(map) = map {
        map.push((value, source));
    }
}

/// Takes the white space escapes out of a block's body; tells where and how many bytes went, as (offset in the result, bytes so far).
fn join_lines(body: &str) -> (Cow<'_, str>, Vec<(usize, usize)>) {
    let mut out = String::new();
    let mut cuts = Vec::new();
    let mut kept = 0;
    let mut gone = 0;
    let mut from = 0;
    while let Some(found) = body[from..].find('\\') {
        let at = from + found;
        let rest = &body[at + 1..];
        let space = rest.len() - rest.trim_start_matches(|c| is_space(c) || is_newline(c)).len();
        if space == 0 {
            from = at + 1 + rest.chars().next().map_or(0, char::len_utf8);
            continue;
        }
        out.push_str(&body[kept..at]);
        kept = at + 1 + space;
        from = kept;
        gone += 1 + space;
        cuts.push((out.len(), gone));
    }
    if cuts.is_empty() {
        return (Cow::Borrowed(body), cuts);
    }
    out.push_str(&body[kept..]);
    (Cow::Owned(out), cuts)
}

/// Resolves the escapes of `body`, which stands at `base` in the token.
fn unescape(body: &str, base: usize, out: &mut String, map: &mut Option<Map>) -> Result<(), Fault> {
    let mut from = 0;
    mark(map, out.len(), base);
    while let Some(found) = body[from..].find('\\') {
        let at = from + found;
        out.push_str(&body[from..at]);
        mark(map, out.len(), base + at);
        let rest = &body[at + 1..];
        let first = rest.chars().next().ok_or(Fault::Escape(base + at, base + at + 1))?;
        let simple = match first {
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'b' => Some('\u{08}'),
            'f' => Some('\u{0C}'),
            's' => Some(' '),
            '"' | '\\' => Some(first),
            _ => None,
        };
        let used = match (simple, first) {
            (Some(c), _) => {
                out.push(c);
                1
            }
            (None, 'u') => {
                let (c, used) = code_point(rest, base + at)?;
                out.push(c);
                used
            }
            (None, c) if is_space(c) || is_newline(c) => {
                rest.len() - rest.trim_start_matches(|c| is_space(c) || is_newline(c)).len()
            }
            (None, c) => return Err(Fault::Escape(base + at, base + at + 1 + c.len_utf8())),
        };
        from = at + 1 + used;
        mark(map, out.len(), base + from);
    }
    out.push_str(&body[from..]);
    Ok(())
}

/// The character of `u{…}`; also how many bytes that takes. `at` is the place of the backslash.
fn code_point(rest: &str, at: usize) -> Result<(char, usize), Fault> {
    let digits = rest.strip_prefix("u{").and_then(|r| r.split_once('}')).map(|(digits, _)| digits);
    let Some(digits) = digits.filter(|d| (1..=6).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_hexdigit())) else {
        let end = rest.char_indices().find(|(_, c)| !c.is_ascii_alphanumeric() && *c != '{').map_or(rest.len(), |(i, _)| i);
        return Err(Fault::Escape(at, at + 1 + end));
    };
    let used = digits.len() + 3;
    match u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
        Some(c) if c != '\0' => Ok((c, used)),
        _ => Err(Fault::CodePoint(at, at + 1 + used)),
    }
}

/// Removes the first and last line break and the indentation of a block's body; `cuts` are those of [`join_lines`], `base` is the place of
/// the body in the token.
fn dedent(body: &str, cuts: &[(usize, usize)], base: usize, escapes: bool, map: &mut Option<Map>) -> Result<String, Fault> {
    let mut cut = 0;
    let mut source = |offset: usize| {
        while cuts.get(cut).is_some_and(|(at, _)| *at <= offset) {
            cut += 1;
        }
        base + offset + cut.checked_sub(1).and_then(|i| cuts.get(i)).map_or(0, |(_, gone)| *gone)
    };
    let last = body.char_indices().rev().find(|(_, c)| is_newline(*c)).map_or(0, |(i, c)| i + c.len_utf8());
    let prefix = &body[last..];
    if last == 0 || !prefix.chars().all(is_space) {
        return Err(Fault::Closing(source(body.len())));
    }
    let lines = Lines { rest: body, at: 0 };
    let mut out = String::with_capacity(body.len());
    let mut first = true;
    for (start, line) in lines.skip(1) {
        if start == last {
            break;
        }
        if !first {
            out.push('\n');
        }
        first = false;
        let stripped = line.strip_prefix(prefix);
        let text = match stripped {
            Some(text) if !text.chars().all(is_space) => text,
            _ if line.chars().all(is_space) => "",
            Some(text) => text,
            None => return Err(Fault::Indent(source(start), source(start + line.len()))),
        };
        let at = source(start + line.len() - text.len());
        if escapes {
            unescape_line(text, start + line.len() - text.len(), cuts, &mut source, &mut out, map)?;
        } else {
            mark(map, out.len(), at);
            out.push_str(text);
        }
    }
    Ok(out)
}

/// Like [`unescape`] for a line whose source may have gaps where white space escapes were.
fn unescape_line(
    text: &str,
    start: usize,
    cuts: &[(usize, usize)],
    source: &mut impl FnMut(usize) -> usize,
    out: &mut String,
    map: &mut Option<Map>,
) -> Result<(), Fault> {
    let mut from = 0;
    while from < text.len() {
        let escape = text[from..].find('\\').map_or(text.len(), |i| if i == 0 { escape_end(text, from) } else { from + i });
        let next = cuts.partition_point(|(at, _)| *at <= start + from);
        let end = cuts.get(next).map_or(escape, |(at, _)| escape.min(at - start));
        unescape(&text[from..end], source(start + from), out, map)?;
        from = end;
    }
    Ok(())
}

/// Where the escape that starts at `at` ends, and the plain text behind it begins.
fn escape_end(text: &str, at: usize) -> usize {
    let rest = &text[at + 1..];
    let used = match rest.chars().next() {
        Some('u') => rest.find('}').map_or(rest.len(), |i| i + 1),
        Some(c) => c.len_utf8(),
        None => 0,
    };
    at + 1 + used
}

/// The lines of a text without their breaks, for every kind of break that KDL knows.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    Lines { rest: text, at: 0 }.map(|(_, line)| line)
}

/// Whether a string token has a backslash before white space.
pub fn joins_lines(token: &str) -> bool {
    token.starts_with('"') && !joined_at(token).is_empty()
}

/// Lines of a text with their offsets, for every kind of line break that KDL knows.
struct Lines<'a> {
    rest: &'a str,
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at > self.rest.len() {
            return None;
        }
        let start = self.at;
        let rest = &self.rest[start..];
        // Most texts hold only plain line breaks: look for the bytes that can begin one, then at the character.
        let mut from = 0;
        let found = loop {
            let Some(i) = rest.as_bytes()[from..].iter().position(|b| matches!(b, b'\n' | b'\r' | 0x0B | 0x0C | 0xC2 | 0xE2))
            else {
                break None;
            };
            let at = from + i;
            match rest[at..].chars().next().filter(|c| is_newline(*c)) {
                Some(c) => break Some((at, c)),
                None => from = at + 1,
            }
        };
        let Some((end, c)) = found else {
            self.at = self.rest.len() + 1;
            return Some((start, rest));
        };
        let len = if c == '\r' && rest[end + 1..].starts_with('\n') { 2 } else { c.len_utf8() };
        self.at = start + end + len;
        Some((start, &rest[..end]))
    }
}

/// The place in the source of byte `offset` of an entry's string value, one character wide; the whole value where there is no way back
/// (a number, or a text that an expansion has changed).
pub fn value_offset_to_span(entry: &Entry<'_>, source_text: &str, offset: usize) -> Span {
    value_range_to_span(entry, source_text, offset, offset)
}

/// The place in the source of the bytes `from..to` of an entry's string value; at least one character wide.
pub fn value_range_to_span(entry: &Entry<'_>, source_text: &str, from: usize, to: usize) -> Span {
    let whole = entry.value_span;
    let Value::String(value, style) = &entry.value else {
        return whole;
    };
    let token = source_text.get(whole.start as usize..whole.end as usize).unwrap_or_default();
    let mut map = Some(Map::new());
    if !decode_mapped(token, *style, &mut map).is_ok_and(|decoded| decoded == *value) {
        return whole;
    }
    let map = map.unwrap_or_default();
    let escapes = matches!(style, StringStyle::Quoted | StringStyle::Block);
    let start = to_source(&map, from, token, escapes);
    let end = if to > from { to_source(&map, to - 1, token, escapes) } else { start };
    whole.within(start, end + character_at(token, end, *style))
}

fn to_source(map: &Map, offset: usize, token: &str, escapes: bool) -> usize {
    let next = map.partition_point(|(value, _)| *value <= offset);
    let (value, source) = next.checked_sub(1).and_then(|i| map.get(i)).copied().unwrap_or((0, 0));
    if escapes && token.as_bytes().get(source) == Some(&b'\\') {
        return source;
    }
    let at = (source + offset - value).min(token.len());
    (0..=at).rev().find(|i| token.is_char_boundary(*i)).unwrap_or(0)
}

/// How many bytes the character or escape at a place of the source takes.
fn character_at(token: &str, at: usize, style: StringStyle) -> usize {
    let rest = token.get(at..).unwrap_or_default();
    match rest.chars().next() {
        Some('\\') if matches!(style, StringStyle::Quoted | StringStyle::Block) => escape_end(rest, 0),
        Some(c) => c.len_utf8(),
        None => 0,
    }
}

/// The places where a quoted or block string holds a backslash before white space: KDL drops both, which is seldom meant in a script.
pub fn whitespace_escapes(entry: &Entry<'_>, source_text: &str) -> Vec<Span> {
    let whole = entry.value_span;
    if !matches!(&entry.value, Value::String(_, StringStyle::Quoted | StringStyle::Block)) {
        return Vec::new();
    }
    let token = source_text.get(whole.start as usize..whole.end as usize).unwrap_or_default();
    joined_at(token).into_iter().map(|(from, to)| whole.within(from, to)).collect()
}

/// Where a token has backslashes before white space, each with that white space.
fn joined_at(token: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = token.get(from..).and_then(|rest| rest.find('\\')).map(|i| from + i) {
        let rest = &token[at + 1..];
        let space = rest.len() - rest.trim_start_matches(|c| is_space(c) || is_newline(c)).len();
        if space > 0 {
            found.push((at, at + 1 + space));
        }
        from = at + 1 + if space > 0 { space } else { rest.chars().next().map_or(0, char::len_utf8) };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(token: &str, style: StringStyle) -> String {
        decode(token, style).map(Cow::into_owned).unwrap_or_else(|fault| format!("{fault:?}"))
    }

    #[test]
    fn blocks_lose_their_indentation() {
        let style = StringStyle::Block;
        assert_eq!(value("\"\"\"\n    a\n\n      b\n    \"\"\"", style), "a\n\n  b");
        assert_eq!(value("\"\"\"\n\"\"\"", style), "");
        assert_eq!(value("\"\"\"\r\n a\r\n b\r\n \"\"\"", style), "a\nb");
        assert_eq!(value("\"\"\"\n  foo \\\nbar\n  baz\n  \\   \"\"\"", style), "foo bar\nbaz");
        assert_eq!(value("\"\"\"\n  a\n b\n  \"\"\"", style), "Indent(8, 10)");
        assert_eq!(value("\"\"\"\n  a\"\"\"", style), "Closing(7)");
        assert_eq!(value("\"\"\"\n  \\s \n  \"\"\"", style), "  ");
    }

    #[test]
    fn escapes_are_resolved_or_named() {
        let style = StringStyle::Quoted;
        assert_eq!(value(r#""a\n\u{e9}\"\\ \s""#, style), "a\né\"\\  ");
        assert_eq!(value("\"a \\   b\"", style), "a b");
        assert_eq!(value(r#""\d""#, style), "Escape(1, 3)");
        assert_eq!(value(r#""\u{0}""#, style), "CodePoint(1, 6)");
        assert_eq!(value(r#""\u{D800}""#, style), "CodePoint(1, 9)");
        assert_eq!(value(r#""\u{0000041}""#, style), "Escape(1, 11)");
    }
}
