//! The syntax errors of one text: one a line, at most [`MAX_ERRORS`], so that one slip does not bury the rest.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{SourceId, Span};
use crate::syntax::hint;
use crate::syntax::lex::{Kind, Lexer};

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
        let start = diagnostic.span.start as usize;
        if self.line.contains(&start) {
            return;
        }
        let bytes = self.text.as_bytes();
        let end = bytes.iter().skip(start).position(|b| *b == b'\n').map_or(bytes.len() + 1, |i| start + i + 1);
        let begin = bytes
            .iter()
            .take(start)
            .skip(self.line.end.min(start))
            .rposition(|b| *b == b'\n')
            .map_or(self.line.end.min(start), |i| self.line.end.min(start) + i + 1);
        self.line = begin..end;
        self.add(diagnostic);
    }

    /// Adds what was found, if anything.
    pub fn extend(&mut self, found: Option<Diagnostic>) {
        if let Some(diagnostic) = found {
            self.push(diagnostic);
        }
    }

    fn add(&mut self, diagnostic: Diagnostic) {
        if self.list.len() < MAX_ERRORS {
            self.list.push(diagnostic);
        } else {
            self.beyond.get_or_insert((diagnostic.span, 0)).1 += 1;
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
        self.add(hint::unclosed(self.span(at, at + 1)));
    }

    /// All errors, with a last one for those beyond [`MAX_ERRORS`].
    pub fn finish(mut self) -> Diagnostics {
        if let Some((span, count)) = self.beyond {
            self.list.push(hint::beyond(span, count));
        }
        self.list
    }
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
