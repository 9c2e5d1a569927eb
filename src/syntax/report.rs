//! The syntax errors of one text: one a line, at most [`MAX_ERRORS`], so that one slip does not bury the rest.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{SourceId, Span};
use crate::syntax::lex::{Kind, Lexer};

/// A text that is no KDL.
pub const KDL_SYNTAX: &str = "kdl-syntax";

/// Most syntax errors that one text is given; then one line tells how many more there are.
pub const MAX_ERRORS: usize = 100;

/// The errors so far, and the text they are about.
#[derive(Debug)]
pub struct Report<'a> {
    source: SourceId,
    /// The text.
    pub text: &'a str,
    list: Diagnostics,
    /// The line of the last error: an error that starts in it follows from that one.
    line: std::ops::Range<usize>,
    beyond: Option<(Span, usize)>,
    unclosed: bool,
}

impl<'a> Report<'a> {
    /// No errors yet.
    pub fn new(source: SourceId, text: &'a str) -> Self {
        Self { source, text, list: Diagnostics::new(), line: 0..0, beyond: None, unclosed: false }
    }

    /// A range of the text.
    pub fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    /// Adds an error, unless its line has one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.enter(diagnostic.span.start as usize) {
            self.list.push(diagnostic);
        }
    }

    /// Like [`Report::push`] for an error at a byte; it is put into words only if it will be shown.
    pub fn push_at(&mut self, at: u32, words: impl FnOnce(&Self) -> Diagnostic) {
        if self.enter(at as usize) {
            let diagnostic = words(self);
            self.list.push(diagnostic);
        }
    }

    /// Whether an error at a byte follows from one on its line.
    pub fn follows(&self, at: u32) -> bool {
        self.line.contains(&(at as usize))
    }

    /// Whether an error at a byte is shown; counts those that are too many.
    fn enter(&mut self, at: usize) -> bool {
        if self.line.contains(&at) {
            return false;
        }
        let bytes = self.text.as_bytes();
        let from = self.line.end.min(at);
        let begin = bytes.iter().take(at).skip(from).rposition(|b| *b == b'\n').map_or(from, |i| from + i + 1);
        let end = bytes.iter().skip(at).position(|b| *b == b'\n').map_or(bytes.len() + 1, |i| at + i + 1);
        self.line = begin..end;
        if self.list.len() >= MAX_ERRORS {
            let span = self.span(at, at);
            self.beyond.get_or_insert((span, 0)).1 += 1;
            return false;
        }
        true
    }

    /// Adds what was found, if anything.
    pub fn extend(&mut self, found: Option<Diagnostic>) {
        if let Some(diagnostic) = found {
            self.push(diagnostic);
        }
    }

    /// Says no more about blocks that are not closed.
    pub fn mute_unclosed(&mut self) {
        self.unclosed = true;
    }

    /// The text ended inside the block that starts at byte `open`, the innermost one. Said once, at the block that the indentation speaks of.
    pub fn unclosed(&mut self, open: u32) {
        if std::mem::replace(&mut self.unclosed, true) {
            return;
        }
        let at = misplaced(self.text).unwrap_or(open) as usize;
        // Its line lies behind the last error, so it is neither folded nor counted with the others.
        self.list.push(unclosed(self.span(at, at + 1)));
    }

    /// All errors, with a last one for those beyond [`MAX_ERRORS`].
    pub fn finish(mut self) -> Diagnostics {
        if let Some((span, count)) = self.beyond {
            self.list.push(beyond(span, count));
        }
        self.list
    }
}

/// A block without end.
fn unclosed(span: Span) -> Diagnostic {
    Diagnostic::error(KDL_SYNTAX, span, "this `{` is never closed")
        .label("opened here")
        .help("write the missing `}` where the block ends")
}

/// Errors that are not shown.
fn beyond(span: Span, count: usize) -> Diagnostic {
    let lines = if count == 1 { "line has a syntax error" } else { "lines have syntax errors" };
    Diagnostic::error(KDL_SYNTAX, span, format!("{count} more {lines}; the first of them is here"))
        .help("mend the errors above first: these may follow from them")
}

/// The first `{` whose `}` stands first on its line and further out than the line of the `{`: most likely that `}` closes an outer block.
fn misplaced(text: &str) -> Option<u32> {
    let mut lexer = Lexer::new(text);
    let mut open: Vec<(u32, usize)> = Vec::new();
    let mut indent = 0;
    let mut line_start = true;
    loop {
        let token = lexer.next_token();
        match token.kind {
            Kind::Eof => return None,
            Kind::Newline => {
                indent = 0;
                line_start = true;
                continue;
            }
            Kind::Spaces if line_start => {
                indent = (token.end - token.start) as usize;
                continue;
            }
            Kind::Open => open.push((token.start, indent)),
            Kind::Close => {
                let (at, outer) = open.pop()?;
                if line_start && indent < outer {
                    return Some(at);
                }
            }
            _ => {}
        }
        line_start = false;
    }
}
