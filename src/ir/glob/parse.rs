//! From text to pieces.

use std::fmt;

use super::compile::compile;
use super::spell;
use super::{Glob, GlobPiece};
use crate::ir::automaton::{TooComplex, symbol};

/// Deepest nesting of braces.
const MAX_DEPTH: usize = 4;
/// Most patterns that the braces of one glob may stand for.
const MAX_EXPANSIONS: usize = 1_024;

/// Why a text is not a glob.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GlobError {
    /// Byte offset in the text at which to look.
    pub at: usize,
    /// What is wrong, without a full stop.
    pub message: String,
    /// The way out.
    pub help: String,
}

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for GlobError {}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    /// Where the text is no glob of this dialect, or one whose exact meaning is too large to compute.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let mut parser = Parser { text, at: 0 };
        if text.is_empty() {
            return Err(parser.error(0, "the pattern is empty", "write `\"**\"` for everything, or leave the filter out"));
        }
        if text.starts_with('!') {
            let help = "exclude with `except \"…\"`; a name that begins with `!` is written `[!]…`";
            return Err(parser.error(0, "`!` does not exclude here", help));
        }
        let pieces = parser.sequence(0, true)?;
        if let Some(stray) = parser.peek() {
            return Err(parser.stray(stray));
        }
        if expansions(&pieces) > MAX_EXPANSIONS {
            let help = "write several shorter patterns";
            return Err(parser.error(0, format!("the braces stand for more than {MAX_EXPANSIONS} patterns"), help));
        }
        // `**/` is any folders only where a name starts, and braces may hide whether one does.
        for written in spell::expand(&pieces) {
            let spelled = spell::spell(&written);
            if (Parser { text: &spelled, at: 0 }).sequence(0, true)? != written {
                let at = text.find('{').unwrap_or(0);
                let message = format!("the braces leave open what a `**` beside them means: one reading is `{spelled}`");
                return Err(parser.error(at, message, "write several patterns"));
            }
        }
        let glob = Self::of(text.to_owned(), pieces);
        if glob.is_literal().is_none() {
            // Bounded by the length of the text, so that no spec costs more than its size. Only a `*` before a long row of
            // `?`, classes or braces comes near it.
            let compiled = compile(&glob.pieces, 32 + 8 * text.len()).map_err(|TooComplex| {
                let at = text.find('*').unwrap_or(0);
                parser.error(at, "the pattern is too complex to compare exactly", "put fewer `?` and `[…]` behind a `*`")
            })?;
            let _ = glob.compiled.set(compiled);
        }
        Ok(glob)
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, at: usize, message: impl Into<String>, help: impl Into<String>) -> GlobError {
        GlobError { at, message: message.into(), help: help.into() }
    }

    fn stray(&self, c: char) -> GlobError {
        let opener = if c == '}' { '{' } else { '[' };
        self.error(self.at, format!("`{c}` without `{opener}`"), format!("a literal `{c}` is written `[{c}]`"))
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Pieces up to the end, a `}`, or a `,` inside braces. `fresh`: a name starts here.
    fn sequence(&mut self, depth: usize, fresh: bool) -> Result<Vec<GlobPiece>, GlobError> {
        let mut pieces: Vec<GlobPiece> = Vec::new();
        while let Some(c) = self.peek() {
            let at = self.at;
            match c {
                '}' => break,
                ',' if depth > 0 => break,
                ']' => return Err(self.stray(c)),
                '*' => {
                    let stars = self.stars()?;
                    pieces.push(self.folders(stars, starts_name(&pieces, fresh)));
                }
                '[' => match self.class()?.as_slice() {
                    [(one, last)] if one == last => literal(&mut pieces, *one),
                    ranges => pieces.push(GlobPiece::Class(ranges.to_vec())),
                },
                '{' if depth == MAX_DEPTH => {
                    let help = "write several patterns";
                    return Err(self.error(at, format!("braces are nested more than {MAX_DEPTH} deep"), help));
                }
                '{' => {
                    let fresh = starts_name(&pieces, fresh);
                    pieces.push(self.alternatives(depth + 1, fresh)?);
                }
                '?' => {
                    self.at += 1;
                    pieces.push(GlobPiece::OneChar);
                }
                _ if c.is_control() => {
                    return Err(self.error(at, "a control character in the pattern", "remove it: no ref and no path has one"));
                }
                _ => {
                    self.next();
                    if let ('\\', Some(next @ ('*' | '?' | '[' | ']' | '{' | '}'))) = (c, self.peek()) {
                        return Err(self.error(
                            at,
                            format!("a backslash does not escape `{next}` here"),
                            format!("a literal `{next}` is written `[{next}]`"),
                        ));
                    }
                    literal(&mut pieces, c);
                }
            }
        }
        Ok(pieces)
    }

    fn stars(&mut self) -> Result<GlobPiece, GlobError> {
        let at = self.at;
        while self.peek() == Some('*') {
            self.at += 1;
        }
        match self.at - at {
            1 => Ok(GlobPiece::AnyInSegment),
            2 => Ok(GlobPiece::AnyRun),
            _ => Err(self.error(at, "more than two stars in a row", "write `*` for a run without `/`, `**` for any run")),
        }
    }

    /// `**` as any folders, where a name starts and a slash follows.
    fn folders(&mut self, stars: GlobPiece, fresh: bool) -> GlobPiece {
        if stars != GlobPiece::AnyRun || !fresh || self.peek() != Some('/') {
            return stars;
        }
        self.at += 1;
        GlobPiece::AnyFolders
    }

    fn class(&mut self) -> Result<Vec<(char, char)>, GlobError> {
        let open = self.at;
        self.at += 1;
        let mut ranges: Vec<(char, char)> = Vec::new();
        loop {
            let at = self.at;
            let Some(c) = self.next() else {
                return Err(self.error(open, "`[` is never closed", "close it with `]`; a literal `[` is written `[[]`"));
            };
            // As in other dialects, a bracket that comes first is a member: `[]]`.
            if c == ']' && !ranges.is_empty() {
                break;
            }
            if ranges.is_empty() && matches!(c, '!' | '^') && self.peek() != Some(']') {
                let help = format!("list the characters that may stand here; put a literal `{c}` last");
                return Err(self.error(at, format!("`[{c}…]` does not negate here"), help));
            }
            let last = self.range_end(c)?;
            if c.is_control() || last.is_control() {
                return Err(self.error(at, "a control character in the pattern", "remove it: no ref and no path has one"));
            }
            if last < c {
                return Err(self.error(at, format!("the range `{c}-{last}` is empty"), format!("write `{last}-{c}`")));
            }
            if c <= '/' && '/' <= last {
                return Err(self.error(at, "`/` in a class", "write `/` outside of the brackets, or use `{…,…}`"));
            }
            ranges.push((c, last));
        }
        Ok(merge(ranges))
    }

    /// The last character of a range that begins with `c`; `c` itself if none is written.
    fn range_end(&mut self, c: char) -> Result<char, GlobError> {
        let rest = &self.text[self.at..];
        if !rest.starts_with('-') || rest.starts_with("-]") {
            return Ok(c);
        }
        self.at += 1;
        self.next().ok_or_else(|| self.error(self.at, "`[` is never closed", "close it with `]`"))
    }

    fn alternatives(&mut self, depth: usize, fresh: bool) -> Result<GlobPiece, GlobError> {
        let open = self.at;
        self.at += 1;
        let mut list = Vec::new();
        loop {
            list.push(self.sequence(depth, fresh)?);
            match self.next() {
                Some(',') => {}
                Some(_) => break,
                None => {
                    return Err(self.error(open, "`{` is never closed", "close it with `}`; a literal `{` is written `[{]`"));
                }
            }
        }
        match list.as_slice() {
            [_] => Err(self.error(open, "braces around one pattern", "write `{a,b}`, or leave the braces out")),
            _ => Ok(GlobPiece::Alternatives(list)),
        }
    }
}

/// Whether a name starts behind these pieces.
fn starts_name(pieces: &[GlobPiece], fresh: bool) -> bool {
    match pieces.last() {
        None => fresh,
        Some(GlobPiece::Literal(text)) => text.ends_with('/'),
        Some(last) => *last == GlobPiece::AnyFolders,
    }
}

fn literal(pieces: &mut Vec<GlobPiece>, c: char) {
    match pieces.last_mut() {
        Some(GlobPiece::Literal(text)) => text.push(c),
        _ => pieces.push(GlobPiece::Literal(c.to_string())),
    }
}

/// Sorted ranges that neither touch nor overlap.
fn merge(mut ranges: Vec<(char, char)>) -> Vec<(char, char)> {
    ranges.sort_unstable();
    let mut found: Vec<(char, char)> = Vec::new();
    for (lo, hi) in ranges {
        match found.last_mut() {
            Some((_, end)) if symbol(lo) <= symbol(*end) + 1 => *end = hi.max(*end),
            _ => found.push((lo, hi)),
        }
    }
    found
}

/// How many globs without braces the pieces stand for; stops counting a little above the limit.
fn expansions(pieces: &[GlobPiece]) -> usize {
    pieces.iter().fold(1, |product: usize, piece| match piece {
        GlobPiece::Alternatives(list) => {
            product.saturating_mul(list.iter().fold(0, |sum: usize, p| sum.saturating_add(expansions(p))))
        }
        _ => product,
    })
}
