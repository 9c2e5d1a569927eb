//! KDL text to tokens. Every byte belongs to exactly one token, so that the formatter can work on the same tokens as the parser.
//!
//! The lexer never fails: a token that is not right carries a [`Flaw`], and the next token starts after it.

use crate::syntax::chars::{BLOCK, COMMENT, TEXT, WORD, continues, is_forbidden, is_newline, is_space};

/// Deepest nesting of `/*` comments and of children blocks.
pub const MAX_DEPTH: usize = 64;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Spaces and tabs.
    Spaces,
    /// One line break of any kind that KDL knows.
    Newline,
    /// `// …` without its line break.
    LineComment,
    /// `/* … */`
    BlockComment,
    /// A backslash that continues a line, with the line break and a comment before it.
    Escline,
    /// `/-`
    Slashdash,
    /// `{`
    Open,
    /// `}`
    Close,
    /// `;`
    Semicolon,
    /// `=`
    Equals,
    /// `(`
    ParenOpen,
    /// `)`
    ParenClose,
    /// A bare word: a string or a number.
    Word,
    /// A `#` with the word characters behind it.
    Keyword,
    /// `"…"`
    Quoted,
    /// `"""` block
    Block,
    /// `#"…"#`
    Raw,
    /// `#"""` block
    RawBlock,
    /// One character that no token starts with.
    Stray,
    /// The end of the text.
    Eof,
}

/// What is wrong with a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// A `"…"` or `#"…"#` string does not end on its line.
    UnclosedString,
    /// A block string does not end at all.
    UnclosedBlock,
    /// Text follows the opening `"""` on its line.
    TextAfterOpening,
    /// A `/*` comment does not end.
    UnclosedComment,
    /// `/*` comments are nested deeper than [`MAX_DEPTH`].
    CommentTooDeep,
    /// A code point that KDL forbids anywhere in a text.
    Forbidden(char),
    /// A backslash that does not stand at the end of a line.
    Backslash,
}

/// A piece of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Whether a string holds no backslash that means something.
    pub plain: bool,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// What is wrong with it, and at which byte.
    pub flaw: Option<(Flaw, u32)>,
}

impl Token {
    /// The token's characters.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether the token is a string in some form; a word may still turn out to be a number.
    pub fn is_string(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted | Kind::Block | Kind::Raw | Kind::RawBlock)
    }
}

/// Cuts a text into tokens.
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    /// A comment ran to the end of the text once: a second one that does so is not given back to be read again.
    comment_ran_out: bool,
    flaw: Option<(Flaw, u32)>,
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning, behind a byte order mark.
    pub fn new(text: &'a str) -> Self {
        let pos = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        Self { text, bytes: text.as_bytes(), pos, comment_ran_out: false, flaw: None }
    }

    /// Passes spaces and tabs without a token for them; tells whether there were any. For a reader that does not keep white space.
    pub fn pass_blanks(&mut self) -> bool {
        let start = self.pos;
        while matches!(self.at(self.pos), b' ' | b'\t') {
            self.pos += 1;
        }
        self.pos > start
    }

    /// The next token; [`Kind::Eof`] for ever at the end.
    pub fn next_token(&mut self) -> Token {
        let start = self.pos;
        let Some(&byte) = self.bytes.get(start) else {
            return self.token(Kind::Eof, start, true);
        };
        match byte {
            b' ' | b'\t' => self.spaces(start),
            b'\n' | 0x0B | 0x0C => self.single(Kind::Newline),
            b'\r' => {
                self.pos += if self.at(start + 1) == b'\n' { 2 } else { 1 };
                self.token(Kind::Newline, start, true)
            }
            b'{' => self.single(Kind::Open),
            b'}' => self.single(Kind::Close),
            b';' => self.single(Kind::Semicolon),
            b'=' => self.single(Kind::Equals),
            b'(' => self.single(Kind::ParenOpen),
            b')' => self.single(Kind::ParenClose),
            b'[' | b']' => self.single(Kind::Stray),
            b'"' => self.quoted(start),
            b'#' => self.hash(start),
            b'/' => self.slash(start),
            b'\\' => self.escline(start),
            _ if continues(byte, WORD) => self.word(start, Kind::Word),
            _ => self.other(start),
        }
    }

    fn at(&self, index: usize) -> u8 {
        self.bytes.get(index).copied().unwrap_or(0)
    }

    fn char_at(&self, index: usize) -> Option<char> {
        self.text.get(index..)?.chars().next()
    }

    fn token(&mut self, kind: Kind, start: usize, plain: bool) -> Token {
        Token { kind, plain, start: start as u32, end: self.pos as u32, flaw: self.flaw.take() }
    }

    fn single(&mut self, kind: Kind) -> Token {
        let start = self.pos;
        self.pos += 1;
        Token { kind, plain: true, start: start as u32, end: self.pos as u32, flaw: None }
    }

    /// Notes the first flaw of a token.
    fn flawed(&mut self, flaw: Flaw, at: usize) {
        self.flaw.get_or_insert((flaw, at as u32));
    }

    fn skip(&mut self, run: u8) {
        while self.pos < self.bytes.len() && continues(self.bytes[self.pos], run) {
            self.pos += 1;
        }
    }

    fn spaces(&mut self, start: usize) -> Token {
        self.skip_spaces();
        Token { kind: Kind::Spaces, plain: true, start: start as u32, end: self.pos as u32, flaw: None }
    }

    fn skip_spaces(&mut self) {
        loop {
            while matches!(self.at(self.pos), b' ' | b'\t') {
                self.pos += 1;
            }
            match self.at(self.pos) {
                0x80.. => match self.char_at(self.pos) {
                    Some(c) if is_space(c) => self.pos += c.len_utf8(),
                    _ => return,
                },
                _ => return,
            }
        }
    }

    /// A character that the byte table does not settle.
    fn other(&mut self, start: usize) -> Token {
        let Some(c) = self.char_at(start) else {
            return self.single(Kind::Stray);
        };
        if is_space(c) {
            return self.spaces(start);
        }
        if is_newline(c) {
            self.pos += c.len_utf8();
            return self.token(Kind::Newline, start, true);
        }
        if is_forbidden(c) {
            self.pos += c.len_utf8();
            self.flawed(Flaw::Forbidden(c), start);
            return self.token(Kind::Stray, start, true);
        }
        self.word(start, Kind::Word)
    }

    fn word(&mut self, start: usize, kind: Kind) -> Token {
        loop {
            self.skip(WORD);
            match self.at(self.pos) {
                0x80.. => match self.char_at(self.pos) {
                    Some(c) if is_space(c) || is_newline(c) || is_forbidden(c) => break,
                    Some(c) => self.pos += c.len_utf8(),
                    None => break,
                },
                _ => break,
            }
        }
        Token { kind, plain: true, start: start as u32, end: self.pos as u32, flaw: None }
    }

    /// Passes one character that the byte table stopped at inside a string or comment; forbidden ones are noted.
    fn pass(&mut self) {
        let at = self.pos;
        match self.char_at(at) {
            Some(c) => {
                if is_forbidden(c) {
                    self.flawed(Flaw::Forbidden(c), at);
                }
                self.pos += c.len_utf8();
            }
            None => self.pos += 1,
        }
    }

    fn newline_here(&self) -> bool {
        match self.at(self.pos) {
            b'\n' | b'\r' | 0x0B | 0x0C => true,
            0xC2 | 0xE2 => self.char_at(self.pos).is_some_and(is_newline),
            _ => false,
        }
    }

    fn quoted(&mut self, start: usize) -> Token {
        if self.at(start + 1) == b'"' && self.at(start + 2) == b'"' {
            return self.block(start, 0);
        }
        self.pos += 1;
        let mut plain = true;
        loop {
            self.skip(TEXT);
            match self.bytes.get(self.pos) {
                Some(b'"') => {
                    self.pos += 1;
                    break;
                }
                Some(b'\\') => {
                    plain = false;
                    self.pos += 1;
                    self.escaped();
                }
                Some(_) if !self.newline_here() => self.pass(),
                _ => {
                    self.flawed(Flaw::UnclosedString, start);
                    break;
                }
            }
        }
        self.token(Kind::Quoted, start, plain)
    }

    /// Passes what follows a backslash in a string: all white space there is, or one character.
    fn escaped(&mut self) {
        let mut any = false;
        while let Some(c) = self.char_at(self.pos).filter(|c| is_space(*c) || is_newline(*c)) {
            any = true;
            self.pos += c.len_utf8();
        }
        if !any && matches!(self.at(self.pos), b'"' | b'\\') {
            self.pos += 1;
        }
    }

    /// A block string from its opening quotes (behind `hashes` marks) to its closing ones.
    fn block(&mut self, start: usize, hashes: usize) -> Token {
        self.pos = start + hashes + 3;
        let opening = self.pos;
        let mut plain = true;
        let inline = !self.newline_here();
        loop {
            self.skip(BLOCK);
            match self.bytes.get(self.pos) {
                Some(b'"')
                    if self.at(self.pos + 1) == b'"' && self.at(self.pos + 2) == b'"' && self.hashes(self.pos + 3, hashes) =>
                {
                    self.pos += 3 + hashes;
                    break;
                }
                Some(b'"') => self.pos += 1,
                Some(b'\\') => {
                    self.pos += 1;
                    if hashes == 0 {
                        plain = false;
                        self.escaped();
                    }
                }
                Some(_) => self.pass(),
                None => {
                    self.flawed(Flaw::UnclosedBlock, start);
                    break;
                }
            }
        }
        if inline {
            self.flaw = Some((Flaw::TextAfterOpening, opening as u32));
        }
        self.token(if hashes == 0 { Kind::Block } else { Kind::RawBlock }, start, plain)
    }

    fn hashes(&self, from: usize, count: usize) -> bool {
        self.bytes.get(from..from + count).is_some_and(|run| run.iter().all(|b| *b == b'#'))
    }

    fn hash(&mut self, start: usize) -> Token {
        let mut quote = start;
        while self.at(quote) == b'#' {
            quote += 1;
        }
        let hashes = quote - start;
        if self.at(quote) != b'"' {
            self.pos = quote;
            return self.word(start, Kind::Keyword);
        }
        if self.at(quote + 1) == b'"' && self.at(quote + 2) == b'"' {
            return self.block(start, hashes);
        }
        self.pos = quote + 1;
        loop {
            self.skip(TEXT);
            match self.bytes.get(self.pos) {
                Some(b'"') => {
                    self.pos += 1;
                    if self.hashes(self.pos, hashes) {
                        self.pos += hashes;
                        break;
                    }
                }
                Some(b'\\') => self.pos += 1,
                Some(_) if !self.newline_here() => self.pass(),
                _ => {
                    self.flawed(Flaw::UnclosedString, start);
                    break;
                }
            }
        }
        self.token(Kind::Raw, start, true)
    }

    fn slash(&mut self, start: usize) -> Token {
        match self.at(start + 1) {
            b'/' => {
                self.pos += 2;
                self.line_comment();
                self.token(Kind::LineComment, start, true)
            }
            b'*' => self.block_comment(start),
            b'-' => {
                self.pos += 2;
                self.token(Kind::Slashdash, start, true)
            }
            _ => self.single(Kind::Stray),
        }
    }

    fn line_comment(&mut self) {
        loop {
            self.skip(TEXT);
            if self.pos >= self.bytes.len() || self.newline_here() {
                return;
            }
            self.pass();
        }
    }

    fn block_comment(&mut self, start: usize) -> Token {
        let mut depth = 1usize;
        self.pos += 2;
        while depth > 0 {
            self.skip(COMMENT);
            match (self.at(self.pos), self.at(self.pos + 1)) {
                (b'*', b'/') => {
                    depth -= 1;
                    self.pos += 2;
                }
                (b'/', b'*') => {
                    depth += 1;
                    if depth == MAX_DEPTH + 1 {
                        self.flawed(Flaw::CommentTooDeep, self.pos);
                    }
                    self.pos += 2;
                }
                (b'*' | b'/', _) => self.pos += 1,
                _ if self.pos < self.bytes.len() => self.pass(),
                _ => {
                    // What follows the opening is read once more as text, so that one `feature/*` does not hide the rest of the file.
                    if self.flaw.is_none() {
                        self.flawed(Flaw::UnclosedComment, start);
                        if !self.comment_ran_out {
                            self.pos = start + 2;
                        }
                    }
                    self.comment_ran_out = true;
                    break;
                }
            }
        }
        self.token(Kind::BlockComment, start, true)
    }

    fn escline(&mut self, start: usize) -> Token {
        self.pos += 1;
        loop {
            self.skip_spaces();
            match (self.at(self.pos), self.at(self.pos + 1)) {
                (b'/', b'*') => {
                    let comment = self.block_comment(self.pos);
                    self.flaw = comment.flaw;
                    if self.flaw.is_some() {
                        break;
                    }
                }
                (b'/', b'/') => {
                    self.line_comment();
                    self.line_break();
                    break;
                }
                _ if self.line_break() || self.pos >= self.bytes.len() => break,
                _ => {
                    self.pos = start + 1;
                    self.flawed(Flaw::Backslash, start);
                    return self.token(Kind::Stray, start, true);
                }
            }
        }
        self.token(Kind::Escline, start, true)
    }

    /// Passes one line break, if there is one.
    fn line_break(&mut self) -> bool {
        if !self.newline_here() {
            return false;
        }
        let len = match self.at(self.pos) {
            b'\r' if self.at(self.pos + 1) == b'\n' => 2,
            0xC2 => 2,
            0xE2 => 3,
            _ => 1,
        };
        self.pos += len;
        true
    }
}
