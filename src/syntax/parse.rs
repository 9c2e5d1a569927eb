//! The KDL 2.0 parser: tokens to a spanned tree, with every error that can be told apart in one run.
//!
//! Time is linear in the text: no token is read twice. Depth is bounded by [`MAX_DEPTH`]; what lies deeper is passed without recursion.

use std::borrow::Cow;

use crate::base::diag::Diagnostics;
use crate::base::span::{SourceId, Span};
use crate::syntax::habit;
use crate::syntax::hint::{self, Place};
use crate::syntax::lex::{Kind, Lexer, MAX_DEPTH, Token};
use crate::syntax::number;
use crate::syntax::report::Report;
use crate::syntax::string;
use crate::syntax::tree::{Document, Entry, Ident, Node, StringStyle, Value};

/// Reads a text. The document holds what could be read; it means nothing while the diagnostics have errors.
pub fn parse(source: SourceId, text: &str) -> (Document<'_>, Diagnostics) {
    let mut parser = Parser {
        text,
        lexer: Lexer::new(text),
        token: Token { kind: Kind::Eof, plain: true, start: 0, end: 0, flaw: None },
        before: Token { kind: Kind::Eof, plain: true, start: 0, end: 0, flaw: None },
        spaced: true,
        between: true,
        outside: true,
        breaks: 0,
        depth: 0,
        nodes: Vec::new(),
        entries: Vec::new(),
        comments: Vec::new(),
        report: Report::new(source, text),
    };
    parser.version();
    parser.advance();
    parser.nodes(None);
    (Document { nodes: parser.nodes }, parser.report.finish())
}

/// Reads a text and looks for habits of other languages in what is legal KDL: what a compilation starts with.
pub fn read(source: SourceId, text: &str) -> (Document<'_>, Diagnostics) {
    let (document, mut diagnostics) = parse(source, text);
    if !diagnostics.has_errors() {
        diagnostics.extend(habit::habits(&document, source, text));
    }
    (document, diagnostics)
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    token: Token,
    /// The token before `token`, spaces and comments aside.
    before: Token,
    /// Whether white space stands before `token`.
    spaced: bool,
    /// Whether the parser is between nodes, where comments belong to the node below.
    between: bool,
    /// Whether the parser is outside the line of a node.
    outside: bool,
    /// Line breaks since the last node or comment: two of them part a comment from the node below.
    breaks: usize,
    depth: usize,
    /// Finished nodes of all open blocks, each block's behind those of its parent.
    nodes: Vec<Node<'a>>,
    entries: Vec<Entry<'a>>,
    /// Comments that stand above the next node.
    comments: Vec<Cow<'a, str>>,
    report: Report<'a>,
}

impl<'a> Parser<'a> {
    /// Refuses a text that says it is KDL 1.
    fn version(&mut self) {
        let text = self.text.strip_prefix('\u{FEFF}').unwrap_or(self.text);
        let rest = text.strip_prefix("/-").map(str::trim_start).and_then(|r| r.strip_prefix("kdl-version"));
        if let Some(rest) = rest.filter(|r| r.trim_start_matches([' ', '\t']).starts_with('1')) {
            let at = self.text.len() - rest.trim_start_matches([' ', '\t']).len();
            self.report.push(hint::version(self.report.span(at, at + 1)));
        }
    }

    /// Goes to the next token that means something.
    fn advance(&mut self) {
        self.before = self.token;
        self.spaced = false;
        loop {
            self.spaced |= self.lexer.pass_blanks();
            let token = self.lexer.next_token();
            if let Some((_, at)) = token.flaw {
                self.report.push_at(at, |report| hint::flaw(report, &token, &self.before));
            }
            match token.kind {
                Kind::Spaces => self.spaced = true,
                Kind::Escline => {
                    self.spaced = true;
                    self.between |= self.outside;
                }
                Kind::BlockComment => {
                    self.spaced = true;
                    if self.between {
                        self.comment(token);
                    }
                }
                _ => {
                    self.token = token;
                    return;
                }
            }
        }
    }

    fn span(&self, start: u32, end: u32) -> Span {
        self.report.span(start as usize, end as usize)
    }

    /// Reports that the token does not belong here.
    fn unexpected(&mut self, place: Place) {
        if self.token.flaw.is_none() {
            self.report.push_at(self.token.start, |report| hint::unexpected(report, &self.token, &self.before, place));
        }
    }

    /// Keeps the lines of a comment for the node below.
    fn comment(&mut self, token: Token) {
        self.breaks = 0;
        let text = token.of(self.text);
        if token.kind == Kind::LineComment {
            let line = text.strip_prefix("//").unwrap_or(text);
            self.comments.push(Cow::Borrowed(line.strip_prefix(' ').unwrap_or(line).trim_end()));
            return;
        }
        let body = text.strip_prefix("/*").and_then(|t| t.strip_suffix("*/")).unwrap_or(text);
        for line in body.trim().lines() {
            let line = line.trim();
            self.comments.push(Cow::Borrowed(line.strip_prefix("* ").unwrap_or(line)));
        }
    }

    /// Nodes up to the end of the block that `open` begins, or of the text; they lie on `self.nodes`.
    fn nodes(&mut self, open: Option<Token>) {
        self.breaks = 0;
        loop {
            match self.token.kind {
                Kind::Newline => {
                    self.breaks += 1;
                    if self.breaks > 1 {
                        self.comments.clear();
                    }
                    self.between = true;
                    self.advance();
                }
                Kind::LineComment => {
                    if self.between {
                        self.comment(self.token);
                    }
                    self.breaks = 0;
                    self.advance();
                }
                Kind::Eof => {
                    if let Some(open) = open {
                        self.report.unclosed(open.start);
                    }
                    break;
                }
                Kind::Close if open.is_some() => break,
                Kind::Close => {
                    self.unexpected(Place::Top);
                    self.advance();
                }
                Kind::Semicolon => {
                    self.unexpected(Place::Node);
                    self.advance();
                }
                Kind::Slashdash => {
                    let slashdash = self.token;
                    self.between = false;
                    self.outside = false;
                    self.comments.clear();
                    self.advance();
                    self.pass_lines();
                    if matches!(self.token.kind, Kind::Eof | Kind::Close | Kind::Semicolon | Kind::Slashdash) {
                        self.report.push_at(slashdash.start, |report| hint::slashdash(report, &slashdash));
                        continue;
                    }
                    self.node();
                }
                _ => {
                    if let Some(node) = self.node() {
                        self.nodes.push(node);
                    }
                }
            }
        }
        self.comments.clear();
        self.between = false;
        self.outside = false;
    }

    /// Passes line breaks and comments, as they may follow a slashdash.
    fn pass_lines(&mut self) {
        while matches!(self.token.kind, Kind::Newline | Kind::LineComment) {
            self.advance();
        }
    }

    /// One node with its terminator; `None` if it has no name.
    fn node(&mut self) -> Option<Node<'a>> {
        self.between = false;
        self.outside = false;
        let comments = std::mem::take(&mut self.comments);
        let start = self.token.start;
        let ty = self.annotation();
        let name = self.name();
        let mark = self.entries.len();
        let children = self.rest_of_node();
        let span = self.span(start, self.before.end);
        self.terminator();
        let entries = self.entries.split_off(mark);
        name.map(|name| Node { ty, name, entries, children, comments, span })
    }

    fn name(&mut self) -> Option<Ident<'a>> {
        if self.token.is_string() {
            let (text, _) = self.string(Place::Node);
            return Some(Ident { text, span: self.take() });
        }
        self.unexpected(Place::Node);
        self.recover();
        None
    }

    /// The span of the token; goes to the next one.
    fn take(&mut self) -> Span {
        let span = self.span(self.token.start, self.token.end);
        self.advance();
        span
    }

    /// Entries and children, up to what ends the node.
    fn rest_of_node(&mut self) -> Option<Vec<Node<'a>>> {
        let mut children = None;
        let mut closed = false;
        loop {
            let mut dropped = false;
            if self.token.kind == Kind::Slashdash {
                let slashdash = self.token;
                dropped = true;
                self.advance();
                self.pass_lines();
                if matches!(self.token.kind, Kind::Eof | Kind::Close | Kind::Semicolon | Kind::Slashdash) {
                    self.report.push_at(slashdash.start, |report| hint::slashdash(report, &slashdash));
                    continue;
                }
            }
            match self.token.kind {
                Kind::Newline | Kind::LineComment | Kind::Semicolon | Kind::Eof | Kind::Close => return children,
                Kind::Open => {
                    if children.is_some() && !dropped {
                        self.unexpected(Place::SecondBlock);
                    }
                    closed = true;
                    let block = self.block();
                    if !dropped {
                        children = Some(block);
                    }
                }
                _ if closed => {
                    self.unexpected(Place::AfterBlock);
                    return children;
                }
                _ => {
                    if !self.spaced && !dropped {
                        self.unexpected(Place::NoSpace);
                    }
                    let mark = self.entries.len();
                    self.entry();
                    if dropped {
                        self.entries.truncate(mark);
                    }
                }
            }
        }
    }

    fn terminator(&mut self) {
        self.outside = true;
        self.breaks = usize::from(self.token.kind == Kind::Newline);
        match self.token.kind {
            Kind::Newline => {
                self.between = true;
                self.advance();
            }
            Kind::LineComment | Kind::Semicolon => self.advance(),
            _ => {}
        }
    }

    /// A children block. Deeper than allowed, its content is passed over.
    fn block(&mut self) -> Vec<Node<'a>> {
        let open = self.token;
        if self.depth == MAX_DEPTH {
            self.report.push(hint::too_deep(self.span(open.start, open.end)));
            self.pass_block();
            return Vec::new();
        }
        self.depth += 1;
        let mark = self.nodes.len();
        self.outside = true;
        self.advance();
        self.nodes(Some(open));
        self.depth -= 1;
        if self.token.kind == Kind::Close {
            self.advance();
        }
        self.nodes.split_off(mark)
    }

    fn pass_block(&mut self) {
        let mut depth = 0usize;
        loop {
            match self.token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                Kind::Eof => {
                    self.report.mute_unclosed();
                    return;
                }
                _ => {}
            }
            self.advance();
            if depth == 0 {
                return;
            }
        }
    }

    /// Passes the rest of a node that cannot be read, up to what ends it or its block.
    fn recover(&mut self) {
        while !matches!(
            self.token.kind,
            Kind::Newline | Kind::LineComment | Kind::Semicolon | Kind::Eof | Kind::Close | Kind::Open
        ) {
            self.advance();
        }
    }

    /// `(name)`, if there is one.
    fn annotation(&mut self) -> Option<Ident<'a>> {
        if self.token.kind != Kind::ParenOpen {
            return None;
        }
        self.advance();
        if !self.token.is_string() {
            self.unexpected(Place::Annotation);
            if self.token.kind == Kind::ParenClose {
                self.advance();
            }
            return None;
        }
        let (text, _) = self.string(Place::Annotation);
        let ident = Ident { text, span: self.take() };
        if self.token.kind == Kind::ParenClose {
            self.advance();
        } else {
            self.unexpected(Place::AnnotationEnd);
        }
        Some(ident)
    }

    /// An argument or a property; pushed to `self.entries` if it could be read.
    fn entry(&mut self) {
        let start = self.token.start;
        let ty = self.annotation();
        let first = self.token;
        let Some((value, value_span)) = self.value() else {
            return;
        };
        if self.token.kind != Kind::Equals {
            let span = Span { start, ..value_span };
            self.entries.push(Entry { name: None, ty, value, value_span, span });
            return;
        }
        let name = match value {
            Value::String(text, _) if ty.is_none() => Some(Ident { text, span: value_span }),
            Value::String(..) => {
                self.unexpected(Place::AnnotatedName);
                None
            }
            Value::Number(_) | Value::Bool(_) | Value::Null => {
                self.report.push(hint::unexpected(&self.report, &first, &self.before, Place::PropertyName));
                None
            }
        };
        self.advance();
        let ty = self.annotation().or(ty);
        let Some((value, value_span)) = self.value() else {
            return;
        };
        let span = Span { start, ..value_span };
        self.entries.push(Entry { name, ty, value, value_span, span });
    }

    /// A value. What is none is reported and passed.
    fn value(&mut self) -> Option<(Value<'a>, Span)> {
        let token = self.token;
        if token.kind == Kind::Keyword {
            let value = match token.of(self.text) {
                "#true" => Value::Bool(true),
                "#false" => Value::Bool(false),
                "#null" => Value::Null,
                number @ ("#inf" | "#-inf" | "#nan") => Value::Number(Cow::Borrowed(number)),
                _ => {
                    self.unexpected(Place::Value);
                    Value::Null
                }
            };
            return Some((value, self.take()));
        }
        if token.is_string() {
            let word = token.of(self.text);
            if token.kind == Kind::Word && number::looks_like_number(word) && number::is_number(word) {
                return Some((Value::Number(Cow::Borrowed(word)), self.take()));
            }
            let (text, style) = self.string(Place::Value);
            return Some((Value::String(text, style), self.take()));
        }
        self.unexpected(Place::Value);
        if matches!(token.kind, Kind::Equals | Kind::ParenClose | Kind::Stray) {
            self.recover();
        }
        None
    }

    /// The value of a string token, which stays the current one.
    fn string(&mut self, place: Place) -> (Cow<'a, str>, StringStyle) {
        let token = self.token;
        let text = token.of(self.text);
        let style = match token.kind {
            Kind::Quoted => StringStyle::Quoted,
            Kind::Raw => StringStyle::Raw,
            Kind::Block => StringStyle::Block,
            Kind::RawBlock => StringStyle::RawBlock,
            _ => StringStyle::Bare,
        };
        if style == StringStyle::Bare {
            let keyword = matches!(text, "true" | "false" | "null" | "inf" | "-inf" | "nan");
            if keyword || number::looks_like_number(text) {
                self.unexpected(place);
            }
            return (Cow::Borrowed(text), style);
        }
        if style == StringStyle::Quoted && token.plain && token.flaw.is_none() {
            return (Cow::Borrowed(text.get(1..text.len() - 1).unwrap_or_default()), style);
        }
        if token.flaw.is_some() {
            return (Cow::Borrowed(""), style);
        }
        match string::decode(text, style) {
            Ok(value) => (value, style),
            Err(fault) => {
                self.report.push(hint::fault(&self.report, &token, fault));
                (Cow::Borrowed(""), style)
            }
        }
    }
}
