//! The formatter: what it changes, and what it must not.

use pipewright::base::span::SourceId;
use pipewright::syntax::fmt::format;
use pipewright::syntax::lex::{Kind, Lexer};
use pipewright::syntax::parse::parse;
use pipewright::syntax::tree::{Node, Value};
use proptest::prelude::*;

use crate::syntax::differential::document;

/// A text before and after.
const FORMATTED: &[(&str, &str)] = &[
    ("", ""),
    ("\n\n", ""),
    ("a", "a\n"),
    ("\u{FEFF}a  b\tc", "a b c\n"),
    ("a\r\nb\r\n", "a\nb\n"),
    ("a\n\n\n\nb\n\n", "a\n\nb\n"),
    ("  a {\n  b\n      c { d; e ;}\n\n\n  }\n", "a {\n    b\n    c { d; e }\n}\n"),
    ("a{b}", "a { b }\n"),
    ("a {\n}\nb { }\n", "a {}\nb {}\n"),
    ("a { b\nc }", "a {\n    b\n    c\n}\n"),
    ("a { // why\n\n  b\n}", "a { // why\n    b\n}\n"),
    ("a { b { c\n} }", "a {\n    b {\n        c\n    }\n}\n"),
    ("a; b;\nc;", "a; b\nc\n"),
    ("a b = 1 c= ( t ) 2 (u) d", "a b=1 c=(t)2 (u)d\n"),
    ("a   // one\nbb  // two\nc// three\nd // four\n", "a   // one\nbb  // two\nc// three\nd // four\n"),
    ("// x  \n\n\n// y\na\n", "// x\n\n// y\na\n"),
    ("a {\n// first\nb\n// last\n}", "a {\n    // first\n    b\n    // last\n}\n"),
    ("/*  x\n  y */\na /* z */ b", "/*  x\n  y */\na /* z */ b\n"),
    ("/-a\n/-  b c\nd /-e /- f", "/-a\n/- b c\nd /-e /- f\n"),
    ("a \\\nb \\ // why\n  c", "a \\\n    b \\ // why\n    c\n"),
    ("a 0x1F 1_000 3.10 1e999 #\"b\"# \"\\u{41}\"", "a 0x1F 1_000 3.10 1e999 #\"b\"# \"\\u{41}\"\n"),
    ("a {\nrun \"\"\"\n one\n\n   two\n \"\"\"\n}", "a {\n    run \"\"\"\n        one\n\n          two\n        \"\"\"\n}\n"),
    ("run #\"\"\"\n\t\tone\n\t\t\ttwo  \n\t\t\"\"\"#", "run #\"\"\"\n    one\n    \ttwo  \n    \"\"\"#\n"),
    ("run \"\"\"\n  one \\\ntwo\n  \"\"\"", "run \"\"\"\n  one \\\ntwo\n  \"\"\"\n"),
    ("a { run \"\"\"\n  x\n  \"\"\" }", "a {\n    run \"\"\"\n        x\n        \"\"\"\n}\n"),
];

#[test]
fn texts_are_laid_out_like_this() {
    for (before, after) in FORMATTED {
        assert_eq!(format(before).expect("legal KDL"), *after, "{before:?}");
        assert_eq!(format(after).expect("legal KDL"), *after, "{after:?} again");
    }
}

#[test]
fn a_text_with_errors_is_not_touched() {
    assert_eq!(format("a {\n5m b\n").expect_err("an error").len(), 2);
}

/// What a tree says, without its places.
fn said(nodes: &[Node<'_>]) -> String {
    let mut out = String::new();
    for node in nodes {
        out += &format!("{:?} {:?} {:?}", node.comments, node.ty.as_ref().map(|t| &t.text), node.name.text);
        for entry in &node.entries {
            let (name, ty) = (entry.name.as_ref().map(|n| &n.text), entry.ty.as_ref().map(|t| &t.text));
            let value = match &entry.value {
                Value::String(text, style) => format!("{text:?} {style:?}"),
                other => format!("{other:?}"),
            };
            out += &format!(" {name:?} {ty:?} {value}");
        }
        out += &format!(" {{ {:?} {} }}\n", node.children.is_some(), said(node.children()));
    }
    out
}

/// All comments of a text, also those behind a backslash, sorted.
fn comments(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lexer = Lexer::new(text);
    loop {
        let token = lexer.next_token();
        match token.kind {
            Kind::Eof => break,
            Kind::LineComment | Kind::BlockComment => found.push(token.of(text).trim_end().to_owned()),
            Kind::Escline => found.extend(comments(&token.of(text)[1..])),
            _ => {}
        }
    }
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_formatter_changes_layout_only(text in document()) {
        let once = format(&text).expect("legal KDL");
        let (before, found) = parse(SourceId(0), &text);
        prop_assert!(found.is_empty());
        let (after, found) = parse(SourceId(0), &once);
        prop_assert!(found.is_empty(), "{:?} became {:?}: {:?}", text, once, found);
        prop_assert_eq!(said(&before.nodes), said(&after.nodes), "{:?} became {:?}", text, once);
        prop_assert_eq!(comments(&text), comments(&once), "{:?} became {:?}", text, once);
        prop_assert_eq!(format(&once).expect("legal KDL"), once.clone(), "from {:?}", text);
    }
}
