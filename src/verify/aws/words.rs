//! Scripts of the shell as words and signs (POSIX, "Shell Command Language", 2.3): quotes, substitutions and here-documents stay whole.

/// A piece of a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token {
    /// A word as it stands, with its quotes; and where it begins and ends.
    Word(String, usize, usize),
    /// `&&`, `||`, `|`, `;`, `;;`, `&`, `(`, `)` or the end of a line; and where it begins.
    Sign(&'static str, usize),
    /// The text of a here-document, without the lines around it.
    Document(String),
}

const SIGNS: &[&str] = &["&&", "||", ";;", "|", ";", "&", "(", ")"];

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    found: Vec<Token>,
    /// The words that end the here-documents which begin on the next line.
    open: Vec<String>,
}

/// The pieces of a script.
///
/// # Errors
/// A quote or a bracket that does not end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut lexer = Lexer { text, at: 0, found: Vec::new(), open: Vec::new() };
    while lexer.step()? {}
    Ok(lexer.found)
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn step(&mut self) -> Result<bool, String> {
        let Some(c) = self.rest().chars().next() else { return Ok(false) };
        match c {
            ' ' | '\t' | '\r' => self.at += 1,
            '\\' if self.rest().starts_with("\\\n") => self.at += 2,
            '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
            '\n' => {
                self.found.push(Token::Sign("\n", self.at));
                self.at += 1;
                for end in std::mem::take(&mut self.open) {
                    self.document(&end);
                }
            }
            _ => match SIGNS.iter().find(|s| self.rest().starts_with(**s)) {
                Some(sign) => {
                    self.found.push(Token::Sign(sign, self.at));
                    self.at += sign.len();
                }
                None => self.word()?,
            },
        }
        Ok(true)
    }

    /// The lines of a here-document up to the one that ends it.
    fn document(&mut self, end: &str) {
        let mut lines = Vec::new();
        while !self.rest().is_empty() {
            let line = self.rest().split('\n').next().unwrap_or_default().to_owned();
            self.at = (self.at + line.len() + 1).min(self.text.len());
            if line == end {
                break;
            }
            lines.push(line);
        }
        self.found.push(Token::Document(lines.join("\n")));
        self.found.push(Token::Sign("\n", self.at));
    }

    fn word(&mut self) -> Result<(), String> {
        let start = self.at;
        if self.rest().starts_with("[[") {
            let end = self.rest().find("]]").ok_or("`[[` does not end")?;
            self.at += end + 2;
        }
        while let Some(c) = self.rest().chars().next() {
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '|' | ')' => break,
                // `2>&1` and `&>` are parts of a word; `&&` and `&` are not.
                '&' if !self.text[start..self.at].ends_with(['>', '<']) => break,
                '(' => {
                    let before = &self.text[start..self.at];
                    if before.is_empty() || !before.ends_with(['=', '<', '>']) {
                        break;
                    }
                    self.at = past(self.text, self.at)?;
                }
                '<' if self.rest().starts_with("<<") && !self.rest().starts_with("<<<") => {
                    self.at += 2;
                    self.heredoc()?;
                }
                '\'' | '"' | '`' | '$' | '\\' => self.at = past(self.text, self.at)?,
                other => self.at += other.len_utf8(),
            }
        }
        if self.at == start {
            return Err(format!("`{}` is not known here", self.rest().chars().next().unwrap_or_default()));
        }
        self.found.push(Token::Word(self.text[start..self.at].to_owned(), start, self.at));
        Ok(())
    }

    /// Behind `<<`: the word that ends the document.
    fn heredoc(&mut self) -> Result<(), String> {
        let rest = self.rest().trim_start_matches([' ', '-']);
        self.at = self.text.len() - rest.len();
        let start = self.at;
        while let Some(c) = self.rest().chars().next().filter(|c| !c.is_whitespace() && !";|&)".contains(*c)) {
            self.at += c.len_utf8();
        }
        let word: String = self.text[start..self.at].chars().filter(|c| !"'\"\\".contains(*c)).collect();
        if word.is_empty() {
            return Err("a here-document has no end".to_owned());
        }
        self.open.push(word);
        Ok(())
    }
}

/// The place behind a quote, a substitution or a bracket that begins here.
fn past(text: &str, from: usize) -> Result<usize, String> {
    let bytes = text.as_bytes();
    let fault = || format!("`{}` does not end", text[from..].chars().next().unwrap_or_default());
    match bytes.get(from) {
        Some(b'\\') => Ok((from + 1 + text[from + 1..].chars().next().map_or(0, char::len_utf8)).min(text.len())),
        Some(b'\'') => text[from + 1..].find('\'').map(|i| from + i + 2).ok_or_else(fault),
        Some(b'`') => text[from + 1..].find('`').map(|i| from + i + 2).ok_or_else(fault),
        Some(b'"') => {
            let mut at = from + 1;
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'"' => return Ok(at + 1),
                    b'\\' | b'$' | b'`' => at = past(text, at)?,
                    _ => at += 1,
                }
            }
            Err(fault())
        }
        Some(b'$') if matches!(bytes.get(from + 1), Some(b'(' | b'{')) => past(text, from + 1),
        Some(b'$') if bytes.get(from + 1) == Some(&b'\'') => past(text, from + 1),
        Some(b'$') => Ok(from + 1),
        Some(open @ (b'(' | b'{')) => {
            let close = if *open == b'(' { b')' } else { b'}' };
            let mut at = from + 1;
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b if *b == close => return Ok(at + 1),
                    b'\'' if *open == b'{' => at += 1,
                    b'\'' | b'"' | b'\\' | b'$' | b'`' | b'(' => at = past(text, at)?,
                    _ => at += 1,
                }
            }
            Err(fault())
        }
        _ => Err(fault()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};

    fn shown(text: &str) -> Vec<String> {
        let show = |t: Token| match t {
            Token::Word(word, ..) => word,
            Token::Sign("\n", _) => "/".to_owned(),
            Token::Sign(sign, _) => sign.to_owned(),
            Token::Document(text) => format!("<{text}>"),
        };
        tokens(text).unwrap().into_iter().map(show).collect()
    }

    #[test]
    fn quotes_and_documents_stay_whole() {
        for (text, words) in [
            ("a 'b c' \"d $(e \"f\") g\"", vec!["a", "'b c'", "\"d $(e \"f\") g\""]),
            ("a&&b||c|d;e", vec!["a", "&&", "b", "||", "c", "|", "d", ";", "e"]),
            ("x=${A#branch/} # no\ny", vec!["x=${A#branch/}", "/", "y"]),
            ("a 2>&1 >/dev/null &", vec!["a", "2>&1", ">/dev/null", "&"]),
            ("cat > f <<'E'\nx y\n z'\nE\nb", vec!["cat", ">", "f", "<<'E'", "/", "<x y\n z'>", "/", "b"]),
            ("(a) ; b=(1 2) <(c d)", vec!["(", "a", ")", ";", "b=(1 2)", "<(c d)"]),
            ("$((1 + 2)) $? ${A:-${B%x}}", vec!["$((1 + 2))", "$?", "${A:-${B%x}}"]),
            ("[[ a =~ (b|c) ]] && d", vec!["[[ a =~ (b|c) ]]", "&&", "d"]),
        ] {
            assert_eq!(shown(text), words, "{text}");
        }
        assert!(tokens("a 'b").is_err() && tokens("$(a").is_err());
    }
}
