//! The tokens of a condition.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    String(String),
    Number(String),
    Symbol(&'static str),
}

const SYMBOLS: &[&str] = &["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", ","];

/// A token with its first byte and the one past its last.
pub(super) type Placed = (Token, usize, usize);

pub(super) fn lex(text: &str) -> Result<Vec<Placed>, (usize, String)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if c == '\'' || c == '"' {
            let close = rest[1..].find(c).ok_or((at, "this string is not closed".to_owned()))?;
            tokens.push((Token::String(rest[1..=close].to_owned()), at, at + close + 2));
            at += close + 2;
        } else if c.is_ascii_digit() || (c == '-' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) {
            let len =
                1 + rest[1..].find(|d: char| !(d.is_ascii_alphanumeric() || d == '.' || d == '%')).unwrap_or(rest.len() - 1);
            tokens.push((Token::Number(rest[..len].to_owned()), at, at + len));
            at += len;
        } else if c.is_ascii_alphabetic() || c == '_' {
            let len = rest.find(|d: char| !(d.is_ascii_alphanumeric() || matches!(d, '.' | '-' | '_'))).unwrap_or(rest.len());
            tokens.push((Token::Word(rest[..len].to_owned()), at, at + len));
            at += len;
        } else if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            tokens.push((Token::Symbol(symbol), at, at + symbol.len()));
            at += symbol.len();
        } else {
            let hint = match c {
                '=' => "`=` is no comparison; write `==`".to_owned(),
                '&' | '|' => format!("`{c}` is no operator; write `{c}{c}`"),
                '$' => "contexts stand in a condition without `${ }`: write commit.branch".to_owned(),
                _ => format!("`{c}` does not belong in a condition"),
            };
            return Err((at, hint));
        }
    }
    Ok(tokens)
}
