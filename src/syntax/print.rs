//! A document as text, for specs that pipewright writes itself.
//!
//! Written directly, since a printer is short and the formatter of the `kdl` crate spells values in another way (`3.10` becomes `3.1`, a block
//! string one line of `\n`).

use crate::syntax::chars::{is_forbidden, is_newline, is_space, is_word};
use crate::syntax::number;
use crate::syntax::string;
use crate::syntax::tree::{Document, Entry, Ident, Node, StringStyle, Value};

/// Widest line that holds a whole block, in bytes.
const WIDE: usize = 80;

/// Most nodes of a block that stands on one line.
const FEW: usize = 3;

/// The document as canonical KDL: a node a line, four spaces a level, comments above their node; a small block of a node without
/// values stands beside it. Read again it gives the same tree.
///
/// A string is written in its style where that can hold it. In [`StringStyle::Bare`] it is written bare if it can be, else as a block if it has
/// several lines, raw if it has quotes or backslashes, quoted if not. What no other style can hold is quoted with escapes.
pub fn print(document: &Document<'_>) -> String {
    let mut out = String::new();
    for node in &document.nodes {
        print_node(&mut out, node, 0);
    }
    out
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("    ", depth));
}

fn print_node(out: &mut String, node: &Node<'_>, depth: usize) {
    for comment in &node.comments {
        for line in string::lines(comment) {
            indent(out, depth);
            out.push_str(if line.is_empty() { "//" } else { "// " });
            out.extend(line.chars().map(|c| if is_forbidden(c) { char::REPLACEMENT_CHARACTER } else { c }));
            out.push('\n');
        }
    }
    indent(out, depth);
    let start = out.len();
    head(out, node, depth);
    match &node.children {
        None => {}
        Some(children) if children.is_empty() => out.push_str(" {}"),
        Some(children) if node.entries.is_empty() && beside(out, children, depth * 4 + out.len() - start) => {}
        Some(children) => {
            out.push_str(" {\n");
            for child in children {
                print_node(out, child, depth + 1);
            }
            indent(out, depth);
            out.push('}');
        }
    }
    out.push('\n');
}

/// The node without its block.
fn head(out: &mut String, node: &Node<'_>, depth: usize) {
    annotation(out, node.ty.as_ref());
    name(out, &node.name);
    for entry in &node.entries {
        out.push(' ');
        print_entry(out, entry, depth);
    }
}

/// Writes a block on the line of its node, which is `used` wide, if it is small enough.
fn beside(out: &mut String, children: &[Node<'_>], used: usize) -> bool {
    let Some(text) = on_one_line(children) else { return false };
    let fits = used + text.len() + 5 <= WIDE;
    if fits {
        out.push_str(&format!(" {{ {text} }}"));
    }
    fits
}

/// A few nodes without comments and without blocks of several lines; a block inside holds one node.
fn on_one_line(nodes: &[Node<'_>]) -> Option<String> {
    if nodes.len() > FEW || nodes.iter().any(|n| !n.comments.is_empty()) {
        return None;
    }
    let texts = nodes.iter().map(|node| {
        let mut text = String::new();
        head(&mut text, node, 0);
        match node.children.as_deref() {
            None => {}
            Some([]) => text.push_str(" {}"),
            Some([one]) if one.children.is_none() => {
                text.push_str(&format!(" {{ {} }}", on_one_line(std::slice::from_ref(one))?))
            }
            Some(_) => return None,
        }
        (!text.contains('\n')).then_some(text)
    });
    Some(texts.collect::<Option<Vec<_>>>()?.join("; "))
}

fn print_entry(out: &mut String, entry: &Entry<'_>, depth: usize) {
    if let Some(key) = &entry.name {
        name(out, key);
        out.push('=');
    }
    annotation(out, entry.ty.as_ref());
    match &entry.value {
        Value::String(text, style) => print_string(out, text, *style, depth),
        Value::Number(text) => out.push_str(text),
        Value::Bool(flag) => out.push_str(if *flag { "#true" } else { "#false" }),
        Value::Null => out.push_str("#null"),
    }
}

fn annotation(out: &mut String, ty: Option<&Ident<'_>>) {
    if let Some(ty) = ty {
        out.push('(');
        name(out, ty);
        out.push(')');
    }
}

fn name(out: &mut String, ident: &Ident<'_>) {
    if is_bare(&ident.text) {
        out.push_str(&ident.text);
    } else if is_plain(&ident.text) {
        quoted(out, &ident.text);
    } else {
        escaped(out, &ident.text);
    }
}

fn print_string(out: &mut String, text: &str, style: StringStyle, depth: usize) {
    if style == StringStyle::Bare && is_bare(text) {
        out.push_str(text);
        return;
    }
    let several = text.contains('\n');
    let marks = text.contains(['"', '\\']);
    match style {
        StringStyle::Bare | StringStyle::Block | StringStyle::RawBlock if several && fits_block(text) => {
            block(out, text, style == StringStyle::RawBlock, depth);
        }
        StringStyle::Raw | StringStyle::RawBlock if !several && fits_raw(text) => raw(out, text),
        _ if is_plain(text) => quoted(out, text),
        _ if marks && !several && fits_raw(text) => raw(out, text),
        _ => escaped(out, text),
    }
}

/// Whether a text can be a bare word and nothing about it looks like a slip.
pub fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(is_word)
        && !text.contains(['\'', '`', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{AB}', '\u{BB}'])
        && !text.ends_with([':', ',', '$'])
        && !number::looks_like_number(text)
        && !matches!(text, "true" | "false" | "null" | "inf" | "-inf" | "nan" | "-")
}

fn is_literal(c: char) -> bool {
    !is_newline(c) && !is_forbidden(c)
}

fn is_plain(text: &str) -> bool {
    text.chars().all(|c| is_literal(c) && !matches!(c, '"' | '\\'))
}

/// Whether a raw string can hold a text. One that starts with two quotes, or is one, would read as the start of a block.
fn fits_raw(text: &str) -> bool {
    text.chars().all(is_literal) && text != "\"" && !text.starts_with("\"\"")
}

/// Whether a block can hold a text: only line feeds, and no line of nothing but white space, which would come back empty.
fn fits_block(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || is_literal(c)) && text.split('\n').all(|l| l.is_empty() || !l.chars().all(is_space))
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// The marks that a raw string needs so that nothing inside it closes it.
fn hashes(text: &str) -> String {
    let longest = text.split('"').skip(1).map(|rest| rest.len() - rest.trim_start_matches('#').len()).max();
    "#".repeat(longest.map_or(1, |n| n + 1))
}

fn raw(out: &mut String, text: &str) {
    let hashes = hashes(text);
    out.push_str(&hashes);
    quoted(out, text);
    out.push_str(&hashes);
}

fn block(out: &mut String, text: &str, wish_raw: bool, depth: usize) {
    let marks = if wish_raw || text.contains('\\') || text.contains("\"\"\"") { hashes(text) } else { String::new() };
    out.push_str(&marks);
    out.push_str("\"\"\"\n");
    for line in text.split('\n') {
        if !line.is_empty() {
            indent(out, depth + 1);
            out.push_str(line);
        }
        out.push('\n');
    }
    indent(out, depth + 1);
    out.push_str("\"\"\"");
    out.push_str(&marks);
}

fn escaped(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{08}' => out.push_str("\\b"),
            '\u{0C}' => out.push_str("\\f"),
            c if is_literal(c) => out.push(c),
            c => out.push_str(&format!("\\u{{{:X}}}", u32::from(c))),
        }
    }
    out.push('"');
}
