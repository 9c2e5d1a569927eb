//! Queries of Prometheus as words and signs.

use crate::ir::promql::SyntaxError;

/// A word or sign.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    /// A metric, label, function or keyword.
    Word(String),
    /// A number.
    Number(f64),
    /// A time, in seconds.
    Time(f64),
    /// A text, with its content.
    Text(String),
    /// `(`, `==`, …
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: &[&str] = &[
    "==", "!=", "=~", "!~", ">=", "<=", "=", ">", "<", "+", "-", "*", "/", "%", "^", "@", "(", ")", "{", "}", "[", "]", ",", ":",
];

/// Units of times, longer ones first, in seconds.
const UNITS: &[(&str, f64)] =
    &[("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0), ("w", 604_800.0), ("y", 31_536_000.0)];

/// The tokens of a query.
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut rest = query;
    let mut tokens = Vec::new();
    // In brackets a colon parts two times; elsewhere it belongs to a name.
    let mut brackets = 0u32;
    while let Some(c) = rest.chars().next() {
        if c.is_whitespace() {
            rest = &rest[c.len_utf8()..];
        } else if c == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if matches!(c, '"' | '\'' | '`') {
            let (text, after) = text(rest, c)?;
            tokens.push(Token::Text(text));
            rest = after;
        } else if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) {
            let (token, after) = number(rest)?;
            tokens.push(token);
            rest = after;
        } else if c.is_ascii_alphabetic() || c == '_' || (c == ':' && brackets == 0) {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == ':' && brackets == 0);
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
            match *sign {
                "[" => brackets += 1,
                "]" => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            return Err(SyntaxError { message: format!("`{c}` means nothing there") });
        }
    }
    Ok(tokens)
}

fn text(rest: &str, quote: char) -> Result<(String, &str), SyntaxError> {
    let mut content = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Ok((content, &rest[at + 1..]));
        }
        content.push(c);
        if c == '\\' && quote != '`' {
            content.extend(chars.next().map(|(_, escaped)| escaped));
        }
    }
    Err(SyntaxError { message: format!("the text that {quote} opens is not closed") })
}

/// A number, or a time such as `1h30m`.
fn number(rest: &str) -> Result<(Token, &str), SyntaxError> {
    let wrong = |text: &str| SyntaxError { message: format!("`{text}` is neither a number nor a time") };
    if let Some(hex) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
        let end = hex.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(hex.len());
        let value = u64::from_str_radix(&hex[..end], 16).map_err(|_| wrong(&rest[..end + 2]))?;
        return Ok((Token::Number(value as f64), &hex[end..]));
    }
    let mut end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_').unwrap_or(rest.len());
    if rest[..end].ends_with(['e', 'E']) && rest[..end - 1].parse::<f64>().is_ok() && rest[end..].starts_with(['+', '-']) {
        end += 1 + rest[end + 1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - end - 1);
    }
    let whole = &rest[..end];
    if let Ok(value) = whole.replace('_', "").parse::<f64>() {
        return Ok((Token::Number(value), &rest[end..]));
    }
    let (mut seconds, mut left) = (0.0, whole);
    while !left.is_empty() {
        let digits = left.find(|c: char| !c.is_ascii_digit()).unwrap_or(left.len());
        let (unit, factor) = UNITS.iter().find(|(unit, _)| left[digits..].starts_with(unit)).ok_or_else(|| wrong(whole))?;
        seconds += left[..digits].parse::<f64>().map_err(|_| wrong(whole))? * factor;
        left = &left[digits + unit.len()..];
    }
    Ok((Token::Time(seconds), &rest[end..]))
}
