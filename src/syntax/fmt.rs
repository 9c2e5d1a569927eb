//! The formatter: the author's tokens with regular indentation and spacing.
//!
//! It works on tokens, not on the tree: no value is ever spelled in another way, no comment is lost or moved to another line.

use crate::base::diag::Diagnostics;
use crate::base::span::SourceId;
use crate::syntax::chars::{is_newline, is_space};
use crate::syntax::lex::{Kind, Lexer, Token};
use crate::syntax::parse::parse;
use crate::syntax::string;

/// Spaces a level is indented by.
const INDENT: usize = 4;

/// Formats a text: four spaces a level, one space between values, at most one blank line, line feeds only. A block on one line stays there, a
/// block string keeps its value, and spaces that line up comments at the ends of lines stay.
///
/// # Errors
/// What [`parse`] finds: a text that cannot be read is not touched.
pub fn format(text: &str) -> Result<String, Diagnostics> {
    let (_, diagnostics) = parse(SourceId::default(), text);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let tokens = tokens(text);
    let mut writer = Writer { out: String::with_capacity(text.len() + text.len() / 8), ..Writer::default() };
    let blocks = blocks(&tokens, text);
    for (index, token) in tokens.iter().enumerate() {
        let behind = tokens.get(index + 1..).unwrap_or_default();
        writer.token(*token, token.of(text), blocks.get(index).copied().unwrap_or_default(), behind);
    }
    if !writer.line_empty {
        writer.out.push('\n');
    }
    Ok(writer.out)
}

fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(text);
    let mut list = Vec::new();
    loop {
        let token = lexer.next_token();
        if token.kind == Kind::Eof {
            return list;
        }
        list.push(token);
    }
}

/// How a block is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Layout {
    /// `{}`: it holds nothing, not even a comment.
    Empty,
    /// On one line, as the author wrote it.
    Line,
    /// A node a line.
    #[default]
    Lines,
}

/// For each brace the layout of its block; the other places mean nothing.
fn blocks(tokens: &[Token], text: &str) -> Vec<Layout> {
    let mut layouts = vec![Layout::Lines; tokens.len()];
    let mut open: Vec<(usize, Layout)> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open => {
                if let Some(outer) = open.last_mut()
                    && outer.1 == Layout::Empty
                {
                    outer.1 = Layout::Line;
                }
                open.push((index, Layout::Empty));
            }
            Kind::Close => {
                if let Some((start, layout)) = open.pop() {
                    // A break inside nothing but white space is no reason to keep the lines of an empty block.
                    let hollow = tokens[start + 1..index].iter().all(|t| matches!(t.kind, Kind::Spaces | Kind::Newline));
                    let layout = if hollow { Layout::Empty } else { layout };
                    layouts[start] = layout;
                    layouts[index] = layout;
                    if let Some(outer) = open.last_mut()
                        && layout == Layout::Lines
                    {
                        outer.1 = Layout::Lines;
                    }
                }
            }
            Kind::Spaces => {}
            _ => {
                if let Some(block) = open.last_mut() {
                    let breaks = matches!(token.kind, Kind::Newline | Kind::LineComment | Kind::Escline)
                        || matches!(token.kind, Kind::Block | Kind::RawBlock)
                        || token.kind == Kind::BlockComment && token.of(text).contains(is_newline);
                    block.1 = if breaks || block.1 == Layout::Lines { Layout::Lines } else { Layout::Line };
                }
            }
        }
    }
    layouts
}

struct Writer {
    out: String,
    depth: usize,
    line_empty: bool,
    /// Line breaks seen since the last token that was written.
    breaks: usize,
    /// The white space before the token: how many spaces, `Some(1)` for other white space.
    gap: Option<usize>,
    /// The last token that was written.
    last: Kind,
    /// A slashdash was written, and what it drops was not yet.
    dash: bool,
    /// The line continues the one above it.
    continued: bool,
    /// A block of lines was opened on this line.
    opened: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            out: String::new(),
            depth: 0,
            line_empty: true,
            breaks: 0,
            gap: None,
            last: Kind::Eof,
            dash: false,
            continued: false,
            opened: true,
        }
    }
}

impl Writer {
    fn token(&mut self, token: Token, text: &str, layout: Layout, behind: &[Token]) {
        match token.kind {
            Kind::Eof => return,
            Kind::Spaces => {
                self.gap = Some(if text.bytes().all(|b| b == b' ') { text.len() } else { 1 });
                return;
            }
            Kind::Newline => self.newline(),
            Kind::LineComment => self.comment(text.trim_end_matches(is_space)),
            Kind::BlockComment => self.comment(text),
            Kind::Escline => self.escline(text),
            Kind::Slashdash => {
                self.put(text, true);
                self.dash = true;
            }
            Kind::Open => {
                self.put(text, true);
                self.opened = layout == Layout::Lines;
                self.depth += usize::from(layout == Layout::Lines);
            }
            Kind::Close => {
                if layout == Layout::Lines {
                    self.depth = self.depth.saturating_sub(1);
                    self.breaks = usize::from(!self.line_empty);
                    self.opened = false;
                    self.continued = false;
                } else {
                    self.breaks = 0;
                }
                self.put(text, layout != Layout::Empty);
            }
            Kind::Semicolon => {
                let next = behind.iter().map(|t| t.kind).find(|k| !matches!(k, Kind::Spaces | Kind::BlockComment));
                if matches!(next, None | Some(Kind::Newline | Kind::LineComment | Kind::Close)) {
                    return;
                }
                self.put(text, false);
            }
            Kind::Equals | Kind::ParenClose => self.put(text, false),
            Kind::Block | Kind::RawBlock => {
                let block = self.block(text);
                self.put(&block, true);
            }
            Kind::ParenOpen | Kind::Word | Kind::Keyword | Kind::Quoted | Kind::Raw | Kind::Stray => self.put(text, true),
        }
        if token.kind != Kind::Newline {
            self.last = token.kind;
        }
        self.gap = None;
    }

    fn newline(&mut self) {
        if self.dash && self.last != Kind::LineComment {
            return;
        }
        if self.continued && self.line_empty {
            self.out.push('\n');
            self.continued = false;
            return;
        }
        self.breaks += 1;
    }

    /// Writes the line breaks that are due and the indentation; tells whether the line was begun by that.
    fn begin(&mut self) -> bool {
        if self.opened && !self.out.is_empty() {
            self.breaks = 1;
        }
        let most = match (self.out.is_empty() || self.opened, self.line_empty) {
            (true, true) => 0,
            (false, false) => 2,
            _ => 1,
        };
        for _ in 0..self.breaks.min(most) {
            self.out.push('\n');
            self.line_empty = true;
        }
        if self.breaks > 0 {
            self.continued = false;
        }
        self.breaks = 0;
        self.opened = false;
        if self.line_empty {
            let levels = self.depth + usize::from(self.continued);
            self.out.extend(std::iter::repeat_n(' ', levels * INDENT));
        }
        std::mem::replace(&mut self.line_empty, false)
    }

    fn put(&mut self, text: &str, spaced: bool) {
        let begun = self.begin();
        let tight = match self.last {
            Kind::ParenOpen | Kind::ParenClose | Kind::Equals => true,
            Kind::Slashdash => self.gap.is_none(),
            _ => false,
        };
        if !begun && spaced && !tight {
            self.out.push(' ');
        }
        self.out.push_str(text);
        self.dash = false;
    }

    /// A comment stays on the line of what stands before it, and as far from it as it was.
    fn comment(&mut self, text: &str) {
        let dash = self.dash;
        if self.opened && self.breaks == 0 && !self.out.is_empty() {
            self.opened = false;
            self.gapped(text);
            self.opened = true;
        } else if self.breaks == 0 && !self.line_empty {
            self.gapped(text);
        } else {
            self.begin();
            self.out.push_str(text);
        }
        self.dash = dash;
    }

    fn gapped(&mut self, text: &str) {
        let gap = match (self.gap, self.last) {
            (Some(gap), _) if text.starts_with("//") => gap,
            (None, Kind::Word | Kind::ParenOpen | Kind::Equals | Kind::Slashdash) => 0,
            _ => 1,
        };
        self.out.extend(std::iter::repeat_n(' ', gap));
        self.out.push_str(text);
    }

    /// A backslash that continues the line, with the comments behind it.
    fn escline(&mut self, text: &str) {
        let dash = self.dash;
        let begun = self.begin();
        if !begun {
            self.out.push(' ');
        }
        self.out.push('\\');
        let comments = text.strip_prefix('\\').unwrap_or(text);
        for token in tokens(comments) {
            if matches!(token.kind, Kind::LineComment | Kind::BlockComment) {
                self.out.push(' ');
                self.out.push_str(token.of(comments).trim_end_matches(is_space));
            }
        }
        self.out.push('\n');
        self.line_empty = true;
        self.continued = true;
        self.dash = dash;
    }

    /// A block string with the indentation of its new place. One whose lines are joined by backslashes stays as it is.
    fn block(&self, text: &str) -> String {
        let mut lines: Vec<&str> = string::lines(text).collect();
        let (Some(last), false) = (lines.pop(), string::joins_lines(text)) else {
            return text.to_owned();
        };
        let old = &last[..last.len() - last.trim_start_matches(is_space).len()];
        let new = " ".repeat((self.depth + 1) * INDENT);
        let mut out = String::with_capacity(text.len() + lines.len() * INDENT);
        for (index, line) in lines.iter().enumerate() {
            if index == 0 {
                out.push_str(line);
            } else if !line.chars().all(is_space) {
                out.push_str(&new);
                out.push_str(line.strip_prefix(old).unwrap_or(line));
            }
            out.push('\n');
        }
        out.push_str(&new);
        out.push_str(last.strip_prefix(old).unwrap_or(last));
        out
    }
}
