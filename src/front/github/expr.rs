//! Expressions of GitHub: the text between `${{` and `}}`, or of an `if` (docs.github.com, "Evaluate expressions in workflows and actions").

/// Deepest nesting of parentheses and calls.
const MAX_DEPTH: usize = 40;

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Gh {
    /// `'main'`
    Text(String),
    /// `3`, as written.
    Number(String),
    /// `true`
    Truth(bool),
    /// `null`
    Null,
    /// `github.event.number`, in small letters as GitHub compares names; `*` for all items.
    Path(Vec<String>),
    /// `contains(a, b)`, the name in small letters.
    Call(String, Vec<Self>),
    /// `fromJSON(a).b`: a field of what a function gives.
    Field(Box<Self>, Vec<String>),
    /// `!a`
    Not(Box<Self>),
    /// `a == b`, `a && b`
    Both(&'static str, Box<Self>, Box<Self>),
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Text(String),
    Number(String),
    Word(String),
    Symbol(&'static str),
}

const SYMBOLS: &[&str] = &["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", ",", ".", "*"];

/// Operators from the weakest to the strongest.
const LEVELS: &[&[&str]] = &[&["||"], &["&&"], &["==", "!="], &["<", "<=", ">", ">="]];

/// Reads an expression; `None` where it is none.
pub(super) fn parse(text: &str) -> Option<Gh> {
    let mut reader = Reader { tokens: lex(text)?, at: 0, depth: 0 };
    let expr = reader.level(0)?;
    (reader.at == reader.tokens.len()).then_some(expr)
}

fn lex(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let len;
        if c == '\'' {
            let mut inner = String::new();
            let mut chars = rest.char_indices().skip(1).peekable();
            let end = loop {
                let (i, c) = chars.next()?;
                if c != '\'' {
                    inner.push(c);
                } else if chars.peek().is_some_and(|(_, n)| *n == '\'') {
                    chars.next();
                    inner.push('\'');
                } else {
                    break i + 1;
                }
            };
            tokens.push(Token::Text(inner));
            len = end;
        } else if c.is_ascii_digit() || (c == '-' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) {
            len = 1 + rest[1..].find(|d: char| !(d.is_ascii_alphanumeric() || d == '.')).unwrap_or(rest.len() - 1);
            tokens.push(Token::Number(rest[..len].to_owned()));
        } else if c.is_ascii_alphabetic() || c == '_' {
            len = rest.find(|d: char| !(d.is_ascii_alphanumeric() || matches!(d, '-' | '_'))).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..len].to_owned()));
        } else {
            let symbol = SYMBOLS.iter().find(|s| rest.starts_with(**s))?;
            len = symbol.len();
            tokens.push(Token::Symbol(symbol));
        }
        rest = rest[len..].trim_start();
    }
    Some(tokens)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn take(&mut self, symbol: &str) -> bool {
        let hit = matches!(self.tokens.get(self.at), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(hit);
        hit
    }

    fn level(&mut self, level: usize) -> Option<Gh> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = operators.iter().find(|o| self.take(o)) {
            let right = self.level(level + 1)?;
            left = Gh::Both(operator, Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Gh> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let expr = if self.take("!") { Gh::Not(Box::new(self.unary()?)) } else { self.primary()? };
        self.depth -= 1;
        Some(expr)
    }

    fn primary(&mut self) -> Option<Gh> {
        if self.take("(") {
            let inner = self.level(0)?;
            return self.take(")").then_some(inner);
        }
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        let word = match token {
            Token::Text(text) => return Some(Gh::Text(text)),
            Token::Number(text) => return Some(Gh::Number(text)),
            Token::Symbol(_) => return None,
            Token::Word(word) => word,
        };
        match word.as_str() {
            "true" => return Some(Gh::Truth(true)),
            "false" => return Some(Gh::Truth(false)),
            "null" => return Some(Gh::Null),
            _ => {}
        }
        if self.take("(") {
            let mut arguments = Vec::new();
            while !self.take(")") {
                if !arguments.is_empty() && !self.take(",") {
                    return None;
                }
                arguments.push(self.level(0)?);
            }
            let call = Gh::Call(word.to_ascii_lowercase(), arguments);
            let path = self.path(Vec::new())?;
            return Some(if path.is_empty() { call } else { Gh::Field(Box::new(call), path) });
        }
        self.path(vec![word]).map(Gh::Path)
    }

    /// The words of a path that come next.
    fn path(&mut self, mut path: Vec<String>) -> Option<Vec<String>> {
        loop {
            if self.take(".") {
                match self.tokens.get(self.at)?.clone() {
                    Token::Word(word) => path.push(word),
                    Token::Symbol("*") => path.push("*".to_owned()),
                    Token::Text(_) | Token::Number(_) | Token::Symbol(_) => return None,
                }
                self.at += 1;
            } else if self.take("[") {
                match self.tokens.get(self.at)?.clone() {
                    Token::Text(text) | Token::Number(text) => path.push(text),
                    Token::Word(_) | Token::Symbol(_) => return None,
                }
                self.at += 1;
                if !self.take("]") {
                    return None;
                }
            } else {
                return Some(path);
            }
        }
    }
}

/// A piece of text with expressions in it.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Piece<'t> {
    /// As it stands.
    Text(&'t str),
    /// What stands between `${{` and `}}`.
    Expr(&'t str),
}

/// The pieces of a text. What is not closed is text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("${{") {
        let Some(close) = closing(&rest[open + 3..]) else { break };
        if open > 0 {
            found.push(Piece::Text(&rest[..open]));
        }
        found.push(Piece::Expr(rest[open + 3..open + 3 + close].trim()));
        rest = &rest[open + 3 + close + 2..];
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

/// Where the `}}` stands that is in no string.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    for (i, b) in text.bytes().enumerate() {
        match b {
            b'\'' => quoted = !quoted,
            b'}' if !quoted && text[i..].starts_with("}}") => return Some(i),
            _ => {}
        }
    }
    None
}

impl Gh {
    /// Calls `f` for every path in it.
    pub(super) fn each_path<'e>(&'e self, f: &mut impl FnMut(&'e [String])) {
        match self {
            Self::Text(_) | Self::Number(_) | Self::Truth(_) | Self::Null => {}
            Self::Path(path) => f(path),
            Self::Call(_, arguments) => arguments.iter().for_each(|a| a.each_path(f)),
            Self::Not(inner) | Self::Field(inner, _) => inner.each_path(f),
            Self::Both(_, a, b) => {
                a.each_path(f);
                b.each_path(f);
            }
        }
    }

    /// The path in small letters.
    pub(super) fn path(&self) -> Option<String> {
        match self {
            Self::Path(words) => Some(words.join(".").to_ascii_lowercase()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gh, Piece, parse, pieces};

    #[test]
    fn precedence_and_strings() {
        let Some(Gh::Both("||", _, right)) = parse("a.b || c == 'it''s' && !d") else { panic!("no or") };
        let Gh::Both("&&", left, _) = *right else { panic!("no and") };
        assert_eq!(*left, Gh::Both("==", Box::new(Gh::Path(vec!["c".into()])), Box::new(Gh::Text("it's".into()))));
        assert_eq!(
            parse("contains(a.*.b, 'x')").and_then(|g| if let Gh::Call(n, _) = g { Some(n) } else { None }).unwrap(),
            "contains"
        );
        assert_eq!(parse("a[0]['b']"), Some(Gh::Path(vec!["a".into(), "0".into(), "b".into()])));
        for bad in ["a ||", "(a", "'x", "a b", "$x", "f(a b)"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse(&"(".repeat(500)), None);
    }

    #[test]
    fn expressions_stand_in_text() {
        assert_eq!(pieces("a ${{ b }} c"), [Piece::Text("a "), Piece::Expr("b"), Piece::Text(" c")]);
        assert_eq!(pieces("${{ format('}}', x) }}"), [Piece::Expr("format('}}', x)")]);
        assert_eq!(pieces("${{ open"), [Piece::Text("${{ open")]);
    }
}
