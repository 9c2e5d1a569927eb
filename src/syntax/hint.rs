//! What a syntax error says.
//!
//! Messages look at the text around the error: most come from KDL 1, YAML or HCL, and the help shows the text as it should be.

use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::syntax::chars;
use crate::syntax::lex::{Flaw, Kind, MAX_DEPTH, Token};
use crate::syntax::number;
use crate::syntax::report::{KDL_SYNTAX, Report};
use crate::syntax::string::Fault;

/// Blocks or comments nested too deep.
pub const KDL_TOO_DEEP: &str = "kdl-too-deep";
/// Something that KDL 1 wrote differently.
pub const KDL1_HABIT: &str = "kdl1-habit";
/// Something that YAML writes so.
pub const YAML_HABIT: &str = "yaml-habit";
/// A value that needs quotes.
pub const UNQUOTED_VALUE: &str = "unquoted-value";
/// Two nodes on a line with nothing between them.
pub const MISSING_SEMICOLON: &str = "missing-semicolon";

/// Where the parser stood when a token did not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Outside all blocks.
    Top,
    /// Where a node may start.
    Node,
    /// Where a value must stand.
    Value,
    /// An argument or property without white space before it.
    NoSpace,
    /// In `(…)`.
    Annotation,
    /// Where `)` must stand.
    AnnotationEnd,
    /// The `=` behind an annotated name.
    AnnotatedName,
    /// A number or keyword before `=`.
    PropertyName,
    /// Behind a block, on its line.
    AfterBlock,
    /// A second block of a node.
    SecondBlock,
}

/// The run of characters around a place, up to white space and marks that are surely no part of it.
fn run(text: &str, start: usize) -> (usize, &str) {
    let rest = text.get(start..).unwrap_or_default();
    let mut braces = 0i32;
    let end = rest
        .char_indices()
        .find(|(_, c)| {
            match c {
                '{' => braces += 1,
                '}' => braces -= 1,
                _ => {}
            }
            chars::is_space(*c) || chars::is_newline(*c) || *c == ';' || *c == '"' || braces < 0
        })
        .map_or(rest.len(), |(i, _)| i);
    (start + end, &rest[..end])
}

/// A word between the marks it needs.
pub fn quote(word: &str) -> String {
    if word.contains(['\\', '"']) { format!("#\"{word}\"#") } else { format!("\"{word}\"") }
}

/// An error for a bare word that needs quotes, from `start` on.
pub fn unquoted(report: &Report<'_>, start: usize, message: String) -> Diagnostic {
    let (end, word) = run(report.text, start);
    let span = report.span(start, end);
    let quoted = quote(word);
    Diagnostic::error(UNQUOTED_VALUE, span, message)
        .label("needs quotes")
        .help(format!("write {quoted}"))
        .fix(format!("quote `{word}`"), vec![(span, quoted)])
}

/// Whether a token stands first on its line.
fn first_on_line(text: &str, start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    before.chars().rev().find(|c| !chars::is_space(*c)).is_none_or(chars::is_newline)
}

/// `kdl-version 1` at the head of a text.
pub fn version(span: Span) -> Diagnostic {
    Diagnostic::error(KDL1_HABIT, span, "this text says that it is KDL 1; pipewright reads KDL 2")
        .help("remove the line, or write `/- kdl-version 2` and put a `#` before true, false, null and raw strings")
}

/// A block too deep.
pub fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(KDL_TOO_DEEP, span, format!("blocks are nested deeper than {MAX_DEPTH} levels; what is inside is not read"))
        .help("flatten the structure, or move parts into a `template`")
}

/// `/-` with nothing to comment out.
pub fn slashdash(report: &Report<'_>, token: &Token) -> Diagnostic {
    let span = report.span(token.start as usize, token.end as usize);
    Diagnostic::error(KDL_SYNTAX, span, "`/-` comments out the next node, value or block, but none follows")
        .help("remove the `/-`; a comment to the end of the line is `// …`")
}

/// A token that is broken in itself; `before` is the one before it.
pub fn flaw(report: &Report<'_>, token: &Token, before: &Token) -> Diagnostic {
    let Some((flaw, at)) = token.flaw else {
        return Diagnostic::error(KDL_SYNTAX, report.span(token.start as usize, token.end as usize), "this cannot be read");
    };
    let at = at as usize;
    let start = token.start as usize;
    let line_end = |from: usize| {
        let rest = report.text.get(from..).unwrap_or_default();
        rest.find(chars::is_newline).map_or(report.text.len(), |i| from + i)
    };
    match flaw {
        Flaw::UnclosedString => {
            let error = Diagnostic::error(KDL_SYNTAX, report.span(at, line_end(at)), "this string does not end on its line");
            if token.of(report.text).trim_start_matches('#').len() == 1 {
                error.help("a text of several lines stands between `\"\"\"` lines:\nrun \"\"\"\n    first line\n    second line\n    \"\"\"")
            } else {
                error.help("write the closing `\"`; a text of several lines stands between two lines of `\"\"\"`")
            }
        }
        Flaw::UnclosedBlock => {
            let mark: String = token.of(report.text).chars().take_while(|c| matches!(c, '#' | '"')).collect();
            let hashes = mark.trim_end_matches('"');
            Diagnostic::error(KDL_SYNTAX, report.span(at, at + mark.len()), "this block string is never closed")
                .label("opened here")
                .help(format!("write `\"\"\"{hashes}` on a line of its own where the text ends"))
        }
        Flaw::TextAfterOpening => Diagnostic::error(KDL_SYNTAX, report.span(start, at), "a `\"\"\"` string starts on the next line")
            .label("text follows on this line")
            .help("break the line behind the opening `\"\"\"` and before the closing one, or use one `\"` on each side for a text of one line"),
        Flaw::UnclosedComment if before.kind == Kind::Word && before.end == token.start => {
            let word = before.of(report.text);
            unquoted(report, before.start as usize, format!("`/*` opens a comment, even behind a bare word such as `{word}`"))
        }
        Flaw::UnclosedComment => Diagnostic::error(KDL_SYNTAX, report.span(at, at + 2), "this comment is never closed")
            .label("opened here")
            .help("write `*/` where the comment ends; if it is meant as text (a path or a pattern), quote it: \"/*\""),
        Flaw::CommentTooDeep => {
            Diagnostic::error(KDL_TOO_DEEP, report.span(at, at + 2), format!("comments are nested deeper than {MAX_DEPTH} levels"))
                .help("every `/*` inside a comment needs its own `*/`: comment lines out with `//`")
        }
        Flaw::Forbidden(c) => forbidden(report.span(at, at + c.len_utf8()), c, token.kind),
        Flaw::Backslash => {
            let word = before.kind == Kind::Word && before.end == token.start;
            let start = if word { before.start as usize } else { start };
            unquoted(report, start, "a backslash outside a string continues the line, and nothing may follow it but a comment".into())
        }
    }
}

fn forbidden(span: Span, c: char, kind: Kind) -> Diagnostic {
    let code = u32::from(c);
    let what = match c {
        '\u{FEFF}' => "a byte order mark, which may only stand at the very start",
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            "an invisible mark that turns the direction of writing"
        }
        _ => "a control character",
    };
    let help = match kind {
        Kind::Quoted | Kind::Block if c != '\0' => format!("delete it; if it is meant, write `\\u{{{code:X}}}`"),
        _ => "delete it".to_owned(),
    };
    Diagnostic::error(KDL_SYNTAX, span, format!("the text holds U+{code:04X}, {what}"))
        .help(help)
        .fix("delete it", vec![(span, String::new())])
}

/// A string that has no value.
pub fn fault(report: &Report<'_>, token: &Token, fault: Fault) -> Diagnostic {
    let base = token.start as usize;
    let span = |from: usize, to: usize| report.span(base + from, base + to);
    let snippet = |from: usize, to: usize| report.text.get(base + from..base + to).unwrap_or_default();
    match fault {
        Fault::Escape(from, to) => {
            let found = snippet(from, to);
            let error = Diagnostic::error(KDL_SYNTAX, span(from, to), format!("`{found}` is no escape of KDL"));
            if found.starts_with("\\u") {
                return error.help("write the code point in braces, one to six hexadecimal digits: `\\u{E9}`");
            }
            let raw = token.of(report.text);
            let raw = if raw.len() <= 60 && !raw.contains("\\\"") && !raw.contains('\n') {
                format!("`#{raw}#`")
            } else {
                "`#\"…\"#`".to_owned()
            };
            error.help(format!("double the backslash (`\\{found}`), or make the string raw: {raw}"))
        }
        Fault::CodePoint(from, to) => {
            let found = snippet(from, to);
            Diagnostic::error(KDL_SYNTAX, span(from, to), format!("`{found}` names no character that a text may hold"))
                .help("U+0000, U+D800 to U+DFFF and all above U+10FFFF are refused: remove it")
        }
        Fault::Closing(at) => {
            Diagnostic::error(KDL_SYNTAX, span(at, at + 3), "the closing `\"\"\"` must stand alone on its line")
                .help("break the line before it; the white space before it is taken from the start of every line")
        }
        Fault::Indent(from, to) => Diagnostic::error(
            KDL_SYNTAX,
            span(from, to.max(from + 1)),
            "this line is indented less than the closing `\"\"\"`, or with other white space",
        )
        .help("indent it like the closing line, in the same mix of spaces and tabs, or move the closing `\"\"\"` to the left"),
    }
}

/// A token that does not fit where it stands; `before` is the one before it.
pub fn unexpected(report: &Report<'_>, token: &Token, before: &Token, place: Place) -> Diagnostic {
    let text = report.text;
    let (start, end) = (token.start as usize, token.end as usize);
    let span = report.span(start, end);
    let word = token.of(text);
    let glued = before.end == token.start && before.kind == Kind::Word;
    let syntax = |message: &str| Diagnostic::error(KDL_SYNTAX, span, message);
    if glued && before.of(text) == "r" && matches!(token.kind, Kind::Quoted | Kind::Raw | Kind::Block | Kind::RawBlock) {
        let raw = if word.starts_with('#') { word.to_owned() } else { format!("#{word}#") };
        let span = report.span(before.start as usize, end);
        let shown = if raw.len() <= 60 && !raw.contains('\n') { raw.clone() } else { "#\"…\"#".into() };
        return Diagnostic::error(KDL1_HABIT, span, "in KDL 2 a raw string starts with `#`, without an `r`")
            .help(format!("write {shown}"))
            .fix("write it as a KDL 2 raw string", vec![(span, raw)]);
    }
    let splits_word = glued
        && match token.kind {
            Kind::Keyword | Kind::ParenOpen | Kind::ParenClose => place == Place::NoSpace,
            Kind::Stray => true,
            _ => false,
        };
    if splits_word || token.kind == Kind::Stray && place != Place::Node && !matches!(word, "[" | "]") {
        let from = if glued { before.start as usize } else { start };
        return unquoted(report, from, format!("`{}` cannot stand in a bare word", word.chars().next().unwrap_or('/')));
    }
    match (place, token.kind) {
        (Place::PropertyName, _) => syntax("a number or keyword cannot name a property")
            .help(format!("quote it: \"{word}\"=…"))
            .fix("quote it", vec![(span, quote(word))]),
        (Place::AnnotatedName, _) => {
            syntax("an annotation belongs before the value of a property, not before its name").help("write `name=(secret)VALUE`")
        }
        (_, Kind::Keyword) => keyword(report, token, place),
        (_, Kind::Word) if place != Place::NoSpace && place != Place::AfterBlock && place != Place::AnnotationEnd => {
            bare(report, token, place)
        }
        (_, Kind::Stray) if matches!(word, "[" | "]") => Diagnostic::error(YAML_HABIT, span, "KDL has no lists in brackets")
            .help("write the values one after another, as in `needs lint test`; text with brackets needs quotes"),
        (Place::Top, _) => syntax("this `}` closes nothing")
            .help("remove it, or add the `{` it belongs to")
            .fix("remove it", vec![(span, String::new())]),
        (Place::Node, Kind::Semicolon) => {
            syntax("there is no node before this `;`").help("remove it").fix("remove it", vec![(span, String::new())])
        }
        (Place::Node, Kind::Open) if before.kind == Kind::Open && before.end == token.start => braces(report, token),
        (Place::Node, Kind::Open) => syntax("a block needs a node name before it on the same line")
            .help("write the `{` on the line of its node: `job test {`"),
        (_, Kind::Equals) => equals(report, token, before, place),
        (Place::Node, Kind::Stray) => unquoted(report, start, format!("a node name cannot start with `{word}`")),
        (Place::Node, _) => syntax("a node name must stand here").help("a node is a name with values behind it: `run \"make\"`"),
        (Place::NoSpace, _) => syntax("white space is missing before this value")
            .help("put a space between values, or quote the whole if it is one value")
            .fix("add a space", vec![(report.span(start, start), " ".into())]),
        (Place::AfterBlock, _) if before.end == token.start && word_start(text, before.start as usize).1.contains("${") => {
            unquoted(report, word_start(text, before.start as usize).0, "text with braces needs quotes".into())
        }
        (Place::AfterBlock, Kind::Word | Kind::Quoted | Kind::ParenOpen) => {
            let semicolon = report.span(before.end as usize, before.end as usize);
            Diagnostic::error(MISSING_SEMICOLON, span, "two nodes on one line need a `;` between them")
                .label("a new node starts here")
                .help(format!(
                    "write `}}; {}`, or start a new line; values stand before the block of their node",
                    run(text, start).1
                ))
                .fix("add the `;`", vec![(semicolon, ";".into())])
        }
        (Place::AfterBlock, _) => {
            syntax("a node ends with its block; values stand before the block").help("move the value before the `{`")
        }
        (Place::SecondBlock, _) => syntax("a node has one block").help("put everything into one `{ … }`"),
        (Place::AnnotationEnd, _) => {
            syntax("the `)` of an annotation is missing").help("an annotation is one name: `(secret)TOKEN`")
        }
        (Place::Annotation, _) => syntax("an annotation needs a name").help("as in `(secret)TOKEN` or `(var)REGION`"),
        (Place::Value, _) if before.kind == Kind::Equals => Diagnostic::error(
            KDL_SYNTAX,
            report.span(before.start as usize, before.end as usize),
            "a value is missing behind this `=`",
        )
        .help("write the value directly behind it; an empty text is \"\""),
        (Place::Value, _) => {
            syntax("a value must stand here").help("text with characters such as ( ) { } [ ] / \\ \" # ; = needs quotes")
        }
    }
}

/// Where the run of characters without white space that ends at `end` begins, and that run.
fn word_start(text: &str, end: usize) -> (usize, &str) {
    let head = text.get(..end).unwrap_or_default();
    let start = head.trim_end_matches(|c| !chars::is_space(c) && !chars::is_newline(c)).len();
    (start, &head[start..])
}

/// `{{`: an expression of a vendor or of a template language that is not in a string.
fn braces(report: &Report<'_>, token: &Token) -> Diagnostic {
    let (start, _) = word_start(report.text, token.start as usize - 1);
    let rest = report.text.get(start..).unwrap_or_default();
    let line = rest.split(chars::is_newline).next().unwrap_or_default();
    let message = "text with braces needs quotes";
    match line.find("}}") {
        Some(end) => {
            let span = report.span(start, start + end + 2);
            let quoted = quote(&line[..end + 2]);
            Diagnostic::error(UNQUOTED_VALUE, span, message).help(format!("write {quoted}")).fix("quote it", vec![(span, quoted)])
        }
        None => Diagnostic::error(UNQUOTED_VALUE, report.span(start, token.end as usize), message).help("write \"${{ … }}\""),
    }
}

fn keyword(report: &Report<'_>, token: &Token, place: Place) -> Diagnostic {
    let (start, end) = (token.start as usize, token.end as usize);
    let word = token.of(report.text);
    let bare = word.trim_start_matches('#');
    let comment = bare.is_empty() || place == Place::Node && !matches!(bare, "true" | "false" | "null" | "inf" | "nan" | "-inf");
    if comment && (place != Place::Node || first_on_line(report.text, start)) || bare.starts_with('!') {
        let hashes = report.span(start, end - bare.len());
        let rest = report.text.get(start..).unwrap_or_default();
        let line = rest.split(chars::is_newline).next().unwrap_or_default().trim_start_matches('#').trim();
        return Diagnostic::error(YAML_HABIT, hashes, "a comment starts with `//`, not with `#`")
            .help(format!("write `// {}`", line.chars().take(60).collect::<String>()))
            .fix("write `//`", vec![(hashes, "//".into())]);
    }
    let span = report.span(start, end);
    if place == Place::Node {
        return Diagnostic::error(KDL_SYNTAX, span, format!("`{word}` is a value and cannot start a node"))
            .help(format!("put a node name before it; if it is a name, quote it: {}", quote(word)));
    }
    let lower = bare.to_ascii_lowercase();
    if matches!(&*lower, "true" | "false" | "null" | "inf" | "-inf" | "nan") {
        return Diagnostic::error(KDL_SYNTAX, span, format!("`{word}` is no value of KDL"))
            .help(format!("write #{lower}"))
            .fix("write it in small letters", vec![(span, format!("#{lower}"))]);
    }
    unquoted(
        report,
        start,
        format!("`{word}` is no value of KDL: behind a `#` stands true, false, null, inf, -inf, nan or a raw string"),
    )
}

fn bare(report: &Report<'_>, token: &Token, place: Place) -> Diagnostic {
    let (start, end) = (token.start as usize, token.end as usize);
    let span = report.span(start, end);
    let word = token.of(report.text);
    if matches!(word, "true" | "false" | "null" | "inf" | "-inf" | "nan") {
        let error = Diagnostic::error(KDL1_HABIT, span, format!("`{word}` is a keyword and takes a `#` in KDL 2"));
        if place != Place::Value {
            return error.help(format!("as a name it needs quotes: \"{word}\"")).fix("quote it", vec![(span, quote(word))]);
        }
        return error
            .help(format!("write #{word}; if it is meant as text, \"{word}\""))
            .fix("write the keyword", vec![(span, format!("#{word}"))]);
    }
    if number::is_number(word) {
        return Diagnostic::error(KDL_SYNTAX, span, format!("the number {word} cannot stand for a name"))
            .help(format!("quote it: \"{word}\""))
            .fix("quote it", vec![(span, quote(word))]);
    }
    let digits = word.trim_start_matches(['+', '-']);
    if digits.starts_with('.') && number::is_number(&format!("0{digits}")) {
        let whole = word.replacen('.', "0.", 1);
        return Diagnostic::error(UNQUOTED_VALUE, span, format!("the number {word} lacks the digit before its point"))
            .help(format!("write {whole}"))
            .fix("add the digit", vec![(span, whole)]);
    }
    unquoted(report, start, format!("`{word}` starts like a number but is none"))
}

fn equals(report: &Report<'_>, token: &Token, before: &Token, place: Place) -> Diagnostic {
    let (start, end) = (token.start as usize, token.end as usize);
    let text = report.text;
    if place == Place::Value && before.is_string() || place == Place::NoSpace {
        let name = before.of(text);
        let rest = text.get(end..).unwrap_or_default().trim_start_matches(chars::is_space);
        let (_, value) = run(rest, 0);
        let shown = if value.is_empty() { "value" } else { value };
        let head = text.get(..before.start as usize).unwrap_or_default().trim_end_matches(chars::is_space);
        if head.chars().next_back().is_none_or(|c| chars::is_newline(c) || matches!(c, '{' | '}' | ';' | '\u{FEFF}')) {
            return Diagnostic::error(KDL_SYNTAX, report.span(start, end), "a node takes its values without `=`")
                .help(format!("write `{name} {shown}`"))
                .fix("remove the `=`", vec![(report.span(start, end), " ".into())]);
        }
    }
    Diagnostic::error(
        KDL_SYNTAX,
        report.span(start, end),
        "`=` joins the name and the value of a property; here it joins nothing",
    )
    .help("write `name=value` behind the name of a node, or quote the `=` if it is text")
}
