//! The text of a Jenkinsfile to a tree: the statements of the declarative syntax, and everything else as code with its place
//! (jenkins.io, "Pipeline Syntax"). Bounded in depth; nothing is run.

use crate::base::span::{SourceId, Span};
use crate::front::ledger::Ledger;
use crate::front::yaml::Fault;

use super::tree::{Arg, Item, Piece, Value};

/// Deepest nesting of braces and brackets.
const MAX_DEPTH: usize = 48;

/// Words that begin code, not a step.
const CODE: &[&str] = &[
    "def", "if", "for", "while", "try", "return", "switch", "throw", "import", "package", "else", "catch", "finally", "final",
    "new", "class", "void", "assert", "do",
];

/// The statements of a file.
///
/// # Errors
/// A fault with its place where braces or texts are not closed, or nest too deep.
pub(super) fn read(source: SourceId, text: &str, ledger: &mut Ledger) -> Result<Vec<Item>, Fault> {
    let mut reader = Reader { source, text, at: 0, ledger };
    if text.starts_with("#!") {
        reader.line();
    }
    reader.body("", 0, false)
}

struct Reader<'t, 'l> {
    source: SourceId,
    text: &'t str,
    at: usize,
    ledger: &'l mut Ledger,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$')
}

impl<'t> Reader<'t, '_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn starts(&self, with: &str) -> bool {
        self.text[self.at..].starts_with(with)
    }

    fn fault(&self, at: usize, message: &str) -> Fault {
        let end = (at + 1..=self.text.len()).find(|e| self.text.is_char_boundary(*e)).unwrap_or(at);
        let span = Span::new(self.source, at, end);
        let help = "correct the file, and import it again".to_owned();
        Fault { span, message: message.to_owned(), help, fatal: true }
    }

    fn line(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let line = rest.lines().next().unwrap_or_default();
        self.at += line.len();
        line
    }

    /// Skips blanks and comments; the comments that stand directly above what follows are kept.
    fn blanks(&mut self, lines: bool) -> Result<Vec<String>, Fault> {
        let mut comments = Vec::new();
        let mut empty = 0;
        while let Some(c) = self.peek() {
            if self.starts("//") {
                comments.push(self.line().trim_start_matches('/').trim().to_owned());
                empty = 0;
            } else if self.starts("/*") {
                let end = self.text[self.at..].find("*/").ok_or_else(|| self.fault(self.at, "this comment is not closed"))?;
                let body = &self.text[self.at + 2..self.at + end];
                let of_line = |l: &str| l.trim().trim_start_matches('*').trim().to_owned();
                comments.extend(body.lines().map(of_line).filter(|l| !l.is_empty()));
                self.at += end + 2;
                empty = 0;
            } else if c == '\n' && !lines {
                break;
            } else if c.is_whitespace() || (lines && c == ';') {
                if c == '\n' {
                    empty += 1;
                    if empty > 1 {
                        comments.clear();
                    }
                }
                self.at += c.len_utf8();
            } else {
                break;
            }
        }
        Ok(comments)
    }

    fn body(&mut self, path: &str, depth: usize, closes: bool) -> Result<Vec<Item>, Fault> {
        let open = self.at;
        if depth > MAX_DEPTH {
            return Err(self.fault(open, &format!("braces are nested more than {MAX_DEPTH} deep")));
        }
        let mut items = Vec::new();
        loop {
            let comments = self.blanks(true)?;
            match self.peek() {
                None if closes => return Err(self.fault(open.saturating_sub(1), "this brace is not closed")),
                None => return Ok(items),
                Some('}') if closes => {
                    self.at += 1;
                    return Ok(items);
                }
                Some('}' | ')' | ']') => return Err(self.fault(self.at, "nothing is open here that this could close")),
                Some(_) => items.push(self.statement(path, depth, comments)?),
            }
        }
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while let Some(c) = self.peek()
            && (is_word(c) || (c == '.' && self.text[self.at + 1..].starts_with(|n: char| is_word(n))))
        {
            self.at += c.len_utf8();
        }
        self.text[start..self.at].to_owned()
    }

    fn statement(&mut self, path: &str, depth: usize, comments: Vec<String>) -> Result<Item, Fault> {
        let start = self.at;
        let name = self.word();
        let below = |part: &str| if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") };
        let span = Span::new(self.source, start, self.at.max(start + 1).min(self.text.len()));
        let mark = self.ledger.len();
        let mut item = Item {
            key: self.ledger.enter(span, below(&name)),
            name,
            args: Vec::new(),
            body: None,
            value: None,
            text: String::new(),
            comments,
            span,
        };
        let own = below(&item.name);
        if !item.name.is_empty() && !CODE.contains(&item.name.as_str()) && self.rest(&mut item, &own, depth)? {
            item.text = self.text[start..self.at].trim_end().to_owned();
            return Ok(item);
        }
        // It is no statement of the declarative syntax: nothing that was read of it counts.
        self.ledger.truncate(mark);
        self.at = start;
        self.code(depth)?;
        let text = self.text[start..self.at].trim_end().to_owned();
        let span = Span::new(self.source, start, start + text.len());
        let key = self.ledger.enter(span, below("code"));
        Ok(Item { name: String::new(), args: Vec::new(), body: None, value: None, text, span, key, ..item })
    }

    /// What follows the first word; false where it is code.
    fn rest(&mut self, item: &mut Item, path: &str, depth: usize) -> Result<bool, Fault> {
        self.blanks(false)?;
        match self.peek() {
            Some('=') if !self.starts("==") => {
                self.at += 1;
                self.blanks(false)?;
                item.value = Some(self.value(path, depth + 1, "\n;}")?);
                return Ok(true);
            }
            Some('(') => {
                self.at += 1;
                item.args = self.arguments(path, depth + 1, Some(')'))?;
                self.blanks(false)?;
            }
            Some('{') | None => {}
            Some('\n' | ';' | '}') => return Ok(true),
            Some(c) if is_word(c) || matches!(c, '\'' | '"' | '[') => {
                item.args = self.arguments(path, depth + 1, None)?;
            }
            Some(_) => return Ok(false),
        }
        match self.peek() {
            Some('{') => {
                self.at += 1;
                let named = match item.args.first().and_then(|a| a.value.plain()) {
                    Some(title) => format!("{path}({})", title.lines().next().unwrap_or_default()),
                    None => path.to_owned(),
                };
                item.body = Some(if item.name == "expression" {
                    self.raw(&named, depth + 1)?
                } else {
                    self.body(&named, depth + 1, true)?
                });
                self.blanks(false)?;
                // The next statement may begin on the line of the brace.
                Ok(self.peek().is_none_or(|c| matches!(c, '\n' | ';' | '}') || is_word(c)))
            }
            None | Some('\n' | ';' | '}') => Ok(true),
            Some(_) => Ok(false),
        }
    }

    /// What stands in braces as one piece of code.
    fn raw(&mut self, path: &str, depth: usize) -> Result<Vec<Item>, Fault> {
        self.blanks(true)?;
        let start = self.at;
        while self.peek() != Some('}') {
            if self.peek().is_none() {
                return Err(self.fault(start.saturating_sub(1), "this brace is not closed"));
            }
            self.code(depth)?;
            self.blanks(true)?;
        }
        let text = self.text[start..self.at].trim_end().to_owned();
        self.at += 1;
        let span = Span::new(self.source, start, start + text.len());
        let key = self.ledger.enter(span, format!("{path}.code"));
        let item = Item { name: String::new(), args: Vec::new(), body: None, value: None, text, comments: Vec::new(), span, key };
        Ok(vec![item])
    }

    /// Arguments up to a bracket, or to the end of the statement.
    fn arguments(&mut self, path: &str, depth: usize, close: Option<char>) -> Result<Vec<Arg>, Fault> {
        let open = self.at;
        if depth > MAX_DEPTH {
            return Err(self.fault(open, &format!("brackets are nested more than {MAX_DEPTH} deep")));
        }
        let mut args = Vec::new();
        let stop = if close.is_some() { "" } else { "\n;}{" };
        loop {
            self.blanks(close.is_some() || !args.is_empty())?;
            match self.peek() {
                None if close.is_some() => return Err(self.fault(open.saturating_sub(1), "this bracket is not closed")),
                None => return Ok(args),
                found if found == close => {
                    self.at += 1;
                    return Ok(args);
                }
                Some(':') if close == Some(']') => {
                    // `[:]`, a map without anything.
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            args.push(self.argument(path, depth, stop)?);
            self.blanks(close.is_some())?;
            match self.peek() {
                Some(',') => self.at += 1,
                found if found == close && close.is_some() => {}
                _ if close.is_none() => return Ok(args),
                _ => return Err(self.fault(self.at, "a comma or the end of the bracket is expected here")),
            }
        }
    }

    fn argument(&mut self, path: &str, depth: usize, stop: &str) -> Result<Arg, Fault> {
        let start = self.at;
        let name = match self.peek() {
            Some('\'' | '"') => self.string()?.plain(),
            _ => Some(self.word()).filter(|w| !w.is_empty()),
        };
        let end = self.at;
        self.blanks(false)?;
        if let Some(name) = name
            && self.starts(":")
            && !self.starts("::")
        {
            self.at += 1;
            self.blanks(true)?;
            let path = format!("{path}.{}", name.lines().next().unwrap_or_default());
            let key = self.ledger.enter(Span::new(self.source, start, end), path.clone());
            return Ok(Arg { name: Some(name), value: self.value(&path, depth, stop)?, key: Some(key) });
        }
        self.at = start;
        Ok(Arg { name: None, value: self.value(path, depth, stop)?, key: None })
    }

    /// A value; `stop` are the characters that end it beside a comma and a closing bracket.
    fn value(&mut self, path: &str, depth: usize, stop: &str) -> Result<Value, Fault> {
        let start = self.at;
        let mark = self.ledger.len();
        let made = match self.peek() {
            Some('\'' | '"') => self.string()?,
            Some('/') if !self.starts("//") && !self.starts("/*") => self.slashy()?,
            Some('[') => {
                self.at += 1;
                Value::List(self.arguments(path, depth + 1, Some(']'))?)
            }
            Some(c) if is_word(c) => {
                let word = self.word();
                if self.peek() == Some('(') && !CODE.contains(&word.as_str()) {
                    self.at += 1;
                    Value::Call(word, self.arguments(path, depth + 1, Some(')'))?)
                } else {
                    Value::Word(word)
                }
            }
            _ => Value::Code(String::new()),
        };
        let end = self.at;
        self.blanks(stop.is_empty())?;
        let ends = |c: char| matches!(c, ',' | ')' | ']') || stop.contains(c);
        if !matches!(made, Value::Code(_)) && self.peek().is_none_or(ends) {
            self.at = end;
            return Ok(made);
        }
        // An operator or a method follows: it is code up to where the value ends.
        self.ledger.truncate(mark);
        self.at = start;
        while let Some(c) = self.peek()
            && !ends(c)
        {
            self.step(depth)?;
        }
        Ok(Value::Code(self.text[start..self.at].trim().to_owned()))
    }

    /// Skips one character of code, or all of a text, a comment, or what stands in brackets.
    fn step(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault(self.at, &format!("brackets are nested more than {MAX_DEPTH} deep")));
        }
        match self.peek() {
            Some('\'' | '"') => self.string().map(|_| ()),
            Some('/') if self.starts("//") => {
                self.line();
                Ok(())
            }
            Some('/') if self.starts("/*") => self.blanks(false).map(|_| ()),
            Some(open @ ('(' | '[' | '{')) => {
                let (start, close) = (self.at, [')', ']', '}']["([{".find(open).unwrap_or_default()]);
                self.at += 1;
                while self.peek() != Some(close) {
                    match self.peek() {
                        None => return Err(self.fault(start, "this bracket is not closed")),
                        Some(')' | ']' | '}') => return Err(self.fault(self.at, "this closes another bracket than the open one")),
                        Some(_) => self.step(depth + 1)?,
                    }
                }
                self.at += 1;
                Ok(())
            }
            Some(c) => {
                self.at += c.len_utf8();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Skips a statement of code, with the branches that belong to it.
    fn code(&mut self, depth: usize) -> Result<(), Fault> {
        let start = self.at;
        loop {
            match self.peek() {
                None | Some('}' | ')' | ']') => {
                    // A bracket that nothing opened is told by who called.
                    if self.at == start && self.peek().is_some() {
                        return Err(self.fault(start, "nothing is open here that this could close"));
                    }
                    return Ok(());
                }
                Some('\n' | ';') => {
                    let end = self.at;
                    let before = self.text[start..end].trim_end();
                    let goes_on = before.ends_with(['=', ',', '+', '&', '|', '?', ':', '.', '(']);
                    self.blanks(true)?;
                    let follows = ["else", "catch", "finally", ".", "&&", "||", "?", ":"].iter().any(|w| self.starts(w));
                    if !goes_on && !follows {
                        self.at = end;
                        return Ok(());
                    }
                }
                Some(_) => self.step(depth)?,
            }
        }
    }

    /// `/…/`, whose backslashes stand for themselves.
    fn slashy(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let rest = &self.text[start + 1..];
        let mut end = None;
        let mut before = ' ';
        for (at, c) in rest.char_indices() {
            if c == '\n' {
                break;
            }
            if c == '/' && before != '\\' {
                end = Some(at);
                break;
            }
            before = c;
        }
        let end = end.ok_or_else(|| self.fault(start, "this text is not closed"))?;
        self.at = start + 1 + end + 1;
        Ok(Value::Text(vec![Piece::Plain(rest[..end].replace("\\/", "/"))]))
    }

    /// A text in quotes, single or triple; double quotes put values in.
    fn string(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let quote = if self.starts("\"") { '"' } else { '\'' };
        let triple = self.text[start..].starts_with(&quote.to_string().repeat(3));
        let close = quote.to_string().repeat(if triple { 3 } else { 1 });
        self.at += close.len();
        let mut pieces = Vec::new();
        let mut plain = String::new();
        loop {
            if self.starts(&close) {
                self.at += close.len();
                break;
            }
            match self.peek() {
                None => return Err(self.fault(start, "this text is not closed")),
                Some('\n') if !triple => return Err(self.fault(start, "this text is not closed on its line")),
                Some('\\') => {
                    self.at += 1;
                    let Some(c) = self.peek() else { continue };
                    self.at += c.len_utf8();
                    match c {
                        'n' => plain.push('\n'),
                        't' => plain.push('\t'),
                        'r' => plain.push('\r'),
                        '\n' => {}
                        c => plain.push(c),
                    }
                }
                Some('$') if quote == '"' && self.starts("${") => {
                    self.at += 1;
                    let open = self.at;
                    self.step(0)?;
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                    pieces.push(Piece::Code(self.text[open + 1..self.at - 1].trim().to_owned()));
                }
                Some('$')
                    if quote == '"' && self.text[self.at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') =>
                {
                    self.at += 1;
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                    pieces.push(Piece::Code(self.word()));
                }
                Some(c) => {
                    plain.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        pieces.push(Piece::Plain(plain));
        pieces.retain(|p| !matches!(p, Piece::Plain(text) if text.is_empty()));
        Ok(Value::Text(pieces))
    }
}
