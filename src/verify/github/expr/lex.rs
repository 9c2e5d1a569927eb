//! The words of an expression.

/// A word.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    /// A number, by its value.
    Number(f64),
    /// A string, quotes resolved.
    String(String),
    /// A name, constants among them.
    Name(String),
    /// `( ) [ ] . , * ! && || == != < <= > >=`
    Sign(&'static str),
}

const SIGNS: &[&str] = &["&&", "||", "==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ".", ",", "*", "!"];

/// The words of a text, with their ends in the text.
///
/// # Errors
/// What is no word.
pub(super) fn words(text: &str) -> Result<Vec<Token>, String> {
    let mut found: Vec<Token> = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' {
            let (string, length) = string(rest)?;
            found.push(Token::String(string));
            length
        } else if first.is_ascii_digit() || matches!(first, '+' | '-') || first == '.' && starts_number(&found, rest) {
            let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-._".contains(c))).unwrap_or(rest.len());
            let number = number(&rest[..length]).ok_or_else(|| format!("`{}` is no number", &rest[..length]))?;
            found.push(Token::Number(number));
            length
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
            found.push(Token::Name(rest[..length].to_owned()));
            length
        } else {
            let sign =
                SIGNS.iter().find(|s| rest.starts_with(**s)).ok_or_else(|| format!("`{first}` stands in no expression"))?;
            found.push(Token::Sign(sign));
            sign.len()
        };
        let after = &rest[length..];
        let is_word = matches!(found.last(), Some(Token::Name(_) | Token::Number(_) | Token::String(_)));
        if is_word
            && after.starts_with(|c: char| c.is_alphanumeric() || "_@#$%^&{}\\?~`\"'".contains(c) && !after.starts_with("&&"))
        {
            return Err(format!("`{after}` runs into the word before"));
        }
        rest = after.trim_start();
    }
    Ok(found)
}

/// A dot begins a number only where no value stands before it.
fn starts_number(found: &[Token], rest: &str) -> bool {
    let value_before = match found.last() {
        Some(Token::Sign(sign)) => matches!(*sign, ")" | "]" | "*"),
        Some(_) => true,
        None => false,
    };
    !value_before && rest[1..].starts_with(|c: char| c.is_ascii_digit())
}

fn string(text: &str) -> Result<(String, usize), String> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '\'' {
            out.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == '\'') {
            out.push('\'');
            chars.next();
        } else {
            return Ok((out, at + 1));
        }
    }
    Err("a string does not end".to_owned())
}

/// A number as JavaScript reads it: decimal, with an exponent, `0xff`, `0o17`; a sign before decimals and infinity only.
pub(super) fn number(text: &str) -> Option<f64> {
    let radix = |digits: &str, radix: u32| i64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with(['+', '-']));
    if let Some(hex) = text.strip_prefix("0x") {
        return radix(hex, 16).map(|n| n as f64);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return radix(octal, 8).map(|n| n as f64);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "Infinity" {
        return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    let plain = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    text.parse().ok().filter(|_| plain && unsigned.chars().any(|c| c.is_ascii_digit()))
}
