//! From a value back to its place in the text.

use pipewright::base::span::SourceId;
use pipewright::syntax::parse::parse;
use pipewright::syntax::string::{value_offset_to_span, value_range_to_span, whitespace_escapes};

/// The text that a part of the first argument's value was written as.
fn written<'a>(text: &'a str, part: &str) -> &'a str {
    let (document, found) = parse(SourceId(0), text);
    assert!(found.is_empty(), "{text:?}");
    let entry = document.nodes[0].arg(0).expect("an argument");
    let from = entry.as_str().expect("a string").find(part).expect("the part");
    let span = value_range_to_span(entry, text, from, from + part.len());
    &text[span.start as usize..span.end as usize]
}

#[test]
fn parts_of_values_are_found_where_they_were_written() {
    assert_eq!(written("a hello", "ell"), "ell");
    assert_eq!(written("a (t)\"hello\"", "ell"), "ell");
    assert_eq!(written("a \"x\\ty${b.c}\"", "${b.c}"), "${b.c}");
    assert_eq!(written("a \"x\\ty\"", "\t"), "\\t");
    assert_eq!(written("a \"x\\u{e9}y\"", "é"), "\\u{e9}");
    assert_eq!(written("a \"x\\   y\"", "y"), "y");
    assert_eq!(written("a ##\"x\\ty\"##", "\\ty"), "\\ty");
    assert_eq!(written("a \"\"\"\n    one\n      two\n    \"\"\"", "two"), "two");
    assert_eq!(written("a \"\"\"\r\n    one\r\n    two\r\n    \"\"\"", "two"), "two");
    assert_eq!(written("a \"\"\"\n    one\n    two\n    \"\"\"", "ne\ntw"), "ne\n    tw");
    assert_eq!(written("a #\"\"\"\n\n  ö\\d+ x\n  \"\"\"#", "\\d+"), "\\d+");
    assert_eq!(written("a \"\"\"\n    o\\tne \\\n        more\n    t\\\\wo\n    \"\"\"", "more"), "more");
    assert_eq!(written("a \"\"\"\n    o\\tne \\\n        more\n    t\\\\wo\n    \"\"\"", "\\wo"), "\\\\wo");
    assert_eq!(written("a \"\"\"\n    o\\tne \\\n        more\n    two\n    \"\"\"", "two"), "two");
}

#[test]
fn every_offset_lies_inside_its_value() {
    let text = "a \"\"\"\n    o\\tne \\\n        mö\\u{e9}re\n\n    t\\\\wo\n    \"\"\"";
    let (document, _) = parse(SourceId(0), text);
    let entry = document.nodes[0].arg(0).expect("an argument");
    let value = entry.as_str().expect("a string");
    let mut last = 0;
    for (offset, c) in value.char_indices() {
        let span = value_offset_to_span(entry, text, offset);
        assert!(span.start >= last && span.end > span.start && span.end <= entry.value_span.end, "{offset} {c:?}");
        let written = &text[span.start as usize..span.end as usize];
        assert!(written.starts_with('\\') || written.starts_with(c), "{c:?} was written {written:?}");
        last = span.start;
    }
    let behind = value_offset_to_span(entry, text, value.len() + 10);
    assert!(behind.end <= entry.value_span.end);
}

#[test]
fn a_backslash_before_white_space_is_found() {
    let text = "a \"x \\   y\\\\ z\\n\" ##\"b\\ c\"## \"\"\"\n    d \\\n    e\n    \"\"\" f";
    let (document, found) = parse(SourceId(0), text);
    assert!(found.is_empty());
    let places: Vec<Vec<&str>> = document.nodes[0]
        .args()
        .map(|e| whitespace_escapes(e, text).iter().map(|s| &text[s.start as usize..s.end as usize]).collect())
        .collect();
    assert_eq!(places, [vec!["\\   "], vec![], vec!["\\\n    "], vec![]]);
}

#[test]
fn comments_above_a_node_are_kept() {
    let text =
        "// far\n\n// one\n/* two\n * three */\na b // behind\n// four\nc { // beside\n    // five\n    d\n    // last\n}\ne\n";
    let (document, found) = parse(SourceId(0), text);
    assert!(found.is_empty());
    assert_eq!(document.nodes[0].comments, ["one", "two", "three"]);
    assert_eq!(document.nodes[1].comments, ["four"]);
    assert_eq!(document.nodes[1].children()[0].comments, ["five"]);
    assert!(document.nodes[2].comments.is_empty());
}

#[test]
fn spans_cover_what_they_name() {
    let text = "\u{FEFF}(t)ä x=(u)\"1 2\" { b } // c\n";
    let (document, _) = parse(SourceId(0), text);
    let at = |s: pipewright::base::span::Span| &text[s.start as usize..s.end as usize];
    let node = &document.nodes[0];
    assert_eq!(at(node.span), "(t)ä x=(u)\"1 2\" { b }");
    assert_eq!(at(node.name.span), "ä");
    assert_eq!(at(node.ty.as_ref().expect("a type").span), "t");
    assert_eq!(at(node.entries[0].span), "x=(u)\"1 2\"");
    assert_eq!(at(node.entries[0].value_span), "\"1 2\"");
}
