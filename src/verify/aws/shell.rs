//! Scripts of the shell as commands: lists, groups, subshells, conditions and loops (POSIX, "Shell Command Language", 2.9). What goes beyond
//! that is kept as text.

use crate::verify::aws::words::{Token, tokens};

/// A command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Command {
    /// Words as they stand, and the here-documents that belong to them.
    Simple(Vec<String>, Vec<String>),
    Not(Box<Command>),
    And(Box<Command>, Box<Command>),
    Or(Box<Command>, Box<Command>),
    Pipe(Vec<Command>),
    /// `{ …; }`
    Group(Vec<Command>),
    /// `( … )`
    Subshell(Vec<Command>),
    /// Each condition with what it leads to, and what is left.
    If(Vec<(Vec<Command>, Vec<Command>)>, Vec<Command>),
    /// `for name in words`
    For(String, Vec<String>, Vec<Command>),
    /// `while` or `until`: how often it runs is not known.
    Loop(Vec<Command>, Vec<Command>),
    /// The word, and the patterns with what each leads to.
    Case(String, Vec<(Vec<String>, Vec<Command>)>),
    /// `name() { … }`
    Function,
    /// What is not understood.
    Opaque,
}

/// A command of a script, with its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) command: Command,
}

/// The commands of a script, one after another. From the first that is not understood the rest is one.
pub(super) fn commands(text: &str) -> Vec<Line> {
    let opaque = |text: &str| Line { text: text.trim().to_owned(), command: Command::Opaque };
    let Ok(tokens) = tokens(text) else { return vec![opaque(text)] };
    let mut parser = Parser { tokens: &tokens, at: 0 };
    let mut found = Vec::new();
    loop {
        parser.blank();
        let Some(start) = parser.place() else { return found };
        match parser.either() {
            Ok(command) if parser.ends() => {
                parser.documents();
                let end = parser.place().unwrap_or(text.len());
                found.push(Line { text: text[start..end].trim().trim_end_matches(';').to_owned(), command });
            }
            Ok(_) | Err(_) => {
                found.push(opaque(&text[start..]));
                return found;
            }
        }
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Parser<'_> {
    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(s, _)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(w, ..)) if w == word)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn any_word(&mut self) -> Result<String, String> {
        let Some(Token::Word(word, ..)) = self.tokens.get(self.at) else { return Err("a word is missing".to_owned()) };
        self.at += 1;
        Ok(word.clone())
    }

    /// Passes over ends of commands and of lines.
    fn blank(&mut self) {
        while self.sign("\n") || self.sign(";") || self.sign("&") || self.document() {}
    }

    fn document(&mut self) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Document(_)));
        self.at += usize::from(found);
        found
    }

    /// Passes over the here-documents of the line that ends here.
    fn documents(&mut self) {
        while let Some([Token::Sign("\n", _), Token::Document(_)]) = self.tokens.get(self.at..self.at + 2) {
            self.at += 2;
        }
    }

    fn ends(&self) -> bool {
        matches!(self.tokens.get(self.at), None | Some(Token::Sign("\n" | ";" | "&", _)))
    }

    /// Where the next piece begins in the text.
    fn place(&self) -> Option<usize> {
        self.tokens[self.at..].iter().find_map(|t| match t {
            Token::Word(_, from, _) | Token::Sign(_, from) => Some(*from),
            Token::Document(_) => None,
        })
    }

    /// Commands up to one of these words.
    fn until(&mut self, ends: &[&str]) -> Result<Vec<Command>, String> {
        let mut found = Vec::new();
        loop {
            self.blank();
            if ends.iter().any(|e| self.is_word(e)) {
                return Ok(found);
            }
            if matches!(self.tokens.get(self.at), None | Some(Token::Sign(";;" | ")", _))) {
                return if ends.contains(&")") || ends.contains(&";;") { Ok(found) } else { Err(format!("{ends:?} is missing")) };
            }
            found.push(self.either()?);
        }
    }

    /// `&&` and `||` bind alike, from the left.
    fn either(&mut self) -> Result<Command, String> {
        let mut left = self.pipe()?;
        loop {
            let and = self.sign("&&");
            if !and && !self.sign("||") {
                return Ok(left);
            }
            while self.sign("\n") {}
            let right = Box::new(self.pipe()?);
            left = if and { Command::And(Box::new(left), right) } else { Command::Or(Box::new(left), right) };
        }
    }

    fn pipe(&mut self) -> Result<Command, String> {
        if self.word("!") {
            return Ok(Command::Not(Box::new(self.pipe()?)));
        }
        let mut all = vec![self.one()?];
        while self.sign("|") {
            while self.sign("\n") {}
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Command::Pipe(all) })
    }

    fn one(&mut self) -> Result<Command, String> {
        let found = self.compound()?;
        let Some(found) = found else { return self.simple() };
        // What a compound command is read from or written to.
        while matches!(self.tokens.get(self.at), Some(Token::Word(w, ..)) if w.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(['<', '>']))
        {
            let bare = matches!(self.tokens.get(self.at), Some(Token::Word(w, ..)) if w.ends_with(['<', '>']));
            self.at += 1 + usize::from(bare);
        }
        Ok(found)
    }

    fn compound(&mut self) -> Result<Option<Command>, String> {
        if self.sign("(") {
            let inner = self.until(&[")"])?;
            return if self.sign(")") { Ok(Some(Command::Subshell(inner))) } else { Err("`)` is missing".to_owned()) };
        }
        if self.word("{") {
            let inner = self.until(&["}"])?;
            self.word("}");
            return Ok(Some(Command::Group(inner)));
        }
        if self.word("if") {
            return self.condition().map(Some);
        }
        if self.word("for") {
            let name = self.any_word()?;
            let mut words = Vec::new();
            if self.word("in") {
                while let Ok(word) = self.any_word() {
                    words.push(word);
                }
            }
            return Ok(Some(Command::For(name, words, self.body()?)));
        }
        if self.word("while") || self.word("until") {
            let condition = self.until(&["do"])?;
            return Ok(Some(Command::Loop(condition, self.body()?)));
        }
        if self.word("case") {
            return self.case().map(Some);
        }
        let named =
            matches!(self.tokens.get(self.at..self.at + 3), Some([Token::Word(..), Token::Sign("(", _), Token::Sign(")", _)]));
        if named {
            self.at += 3;
            self.blank();
            self.one()?;
            return Ok(Some(Command::Function));
        }
        Ok(None)
    }

    fn body(&mut self) -> Result<Vec<Command>, String> {
        self.blank();
        if !self.word("do") {
            return Err("`do` is missing".to_owned());
        }
        let inner = self.until(&["done"])?;
        self.word("done");
        Ok(inner)
    }

    fn condition(&mut self) -> Result<Command, String> {
        let mut arms = Vec::new();
        loop {
            let condition = self.until(&["then"])?;
            self.word("then");
            let inner = self.until(&["elif", "else", "fi"])?;
            arms.push((condition, inner));
            if self.word("elif") {
                continue;
            }
            let otherwise = if self.word("else") { self.until(&["fi"])? } else { Vec::new() };
            self.word("fi");
            return Ok(Command::If(arms, otherwise));
        }
    }

    fn case(&mut self) -> Result<Command, String> {
        let word = self.any_word()?;
        self.blank();
        if !self.word("in") {
            return Err("`in` is missing".to_owned());
        }
        let mut arms = Vec::new();
        loop {
            self.blank();
            if self.word("esac") {
                return Ok(Command::Case(word, arms));
            }
            self.sign("(");
            let mut patterns = vec![self.any_word()?];
            while self.sign("|") {
                patterns.push(self.any_word()?);
            }
            if !self.sign(")") {
                return Err("`)` is missing".to_owned());
            }
            let inner = self.until(&[";;", "esac"])?;
            self.sign(";;");
            arms.push((patterns, inner));
        }
    }

    fn simple(&mut self) -> Result<Command, String> {
        let mut words = Vec::new();
        while let Some(Token::Word(word, ..)) = self.tokens.get(self.at) {
            words.push(word.clone());
            self.at += 1;
        }
        if words.is_empty() {
            return Err(format!("{:?} begins no command", self.tokens.get(self.at)));
        }
        // A here-document begins on the next line, behind all that stands on this one.
        let wanted = words.iter().filter(|w| w.contains("<<") && !w.contains("<<<")).count();
        let documents =
            self.tokens[self.at..].iter().filter_map(|t| if let Token::Document(d) = t { Some(d.clone()) } else { None });
        Ok(Command::Simple(words, documents.take(wanted).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, commands};

    #[test]
    fn scripts_are_commands() {
        let script = "set -eu\nA=${B#x/} && export A\n{ [ \"$A\" = b ] || c; } || { echo \"no\"; exit 0; }\n(\n  d\n  e | f\n)\nif g; then h; elif i; then j; else k; fi\nfor l in 1 2; do m || break; done\ncase \"$n\" in\n  0) ;;\n  1 | 2) o; p ;;\n  *) (exit 1) ;;\nesac\nwhile read -r q; do r; done < s\nt() {\n  u\n}\ncat > v <<'W'\nx ( y\nW\nz";
        let found = commands(script);
        assert_eq!(found.len(), 11, "{found:#?}");
        assert!(found.iter().all(|l| l.command != Command::Opaque), "{found:#?}");
        assert_eq!(found[2].text, "{ [ \"$A\" = b ] || c; } || { echo \"no\"; exit 0; }");
        assert!(matches!(&found[2].command, Command::Or(_, right) if matches!(&**right, Command::Group(g) if g.len() == 2)));
        assert!(matches!(&found[6].command, Command::Case(_, arms) if arms.len() == 3 && arms[0].1.is_empty()));
        assert!(matches!(&found[9].command, Command::Simple(words, documents) if words[0] == "cat" && documents == &["x ( y"]));
        assert_eq!(found[9].text, "cat > v <<'W'\nx ( y\nW");
    }

    #[test]
    fn a_document_may_stand_before_what_follows_a_failure() {
        let found = commands("timeout 5 bash /dev/fd/3 3<<'STEP' || echo \"on\"\nmake )\nSTEP\nnext");
        assert_eq!(found.len(), 2, "{found:#?}");
        let Command::Or(left, _) = &found[0].command else { panic!("{found:#?}") };
        assert!(matches!(&**left, Command::Simple(_, documents) if documents == &["make )"]));
        assert!(found[0].text.contains("make )"));
    }

    #[test]
    fn what_is_not_understood_is_kept() {
        let found = commands("make\nfi oh ) no\nmore");
        assert_eq!(found.len(), 2, "{found:#?}");
        assert_eq!((&found[1].command, found[1].text.as_str()), (&Command::Opaque, "fi oh ) no\nmore"));
    }
}
