//! The printer: what it writes reads as the tree it was given.

use std::borrow::Cow;

use pipewright::base::span::{SourceId, Span};
use pipewright::syntax::parse::{parse, read};
use pipewright::syntax::print::print;
use pipewright::syntax::tree::{Document, Entry, Ident, Node, StringStyle, Value};
use proptest::prelude::*;

use crate::syntax::differential::document;
use crate::syntax::plain::node;

fn tree<'a>(name: &'a str, value: &'a str, style: StringStyle) -> Document<'a> {
    let ident = |text: &'a str| Ident { text: Cow::Borrowed(text), span: Span::default() };
    let entry = |name: Option<&'a str>| Entry {
        name: name.map(ident),
        ty: None,
        value: Value::String(Cow::Borrowed(value), style),
        value_span: Span::default(),
        span: Span::default(),
    };
    let leaf = |children| Node {
        ty: Some(ident(name)),
        name: ident(name),
        entries: vec![entry(None), entry(Some(name))],
        children,
        comments: vec![Cow::Borrowed("why")],
        span: Span::default(),
    };
    Document { nodes: vec![leaf(Some(vec![leaf(None), leaf(Some(Vec::new()))]))] }
}

const STYLES: [StringStyle; 5] =
    [StringStyle::Bare, StringStyle::Quoted, StringStyle::Raw, StringStyle::Block, StringStyle::RawBlock];

#[test]
fn strings_are_written_as_plainly_as_they_can_be() {
    let written = [
        ("main", "main"),
        ("npm ci", "\"npm ci\""),
        ("", "\"\""),
        ("5m", "\"5m\""),
        ("true", "\"true\""),
        ("feature/*", "\"feature/*\""),
        ("key:", "\"key:\""),
        ("a\"b\\c", "#\"a\"b\\c\"#"),
        ("a\"#b", "##\"a\"#b\"##"),
        ("\"", "\"\\\"\""),
        ("a\nb", "\"\"\"\n    a\n    b\n    \"\"\""),
        ("a\\\nb", "#\"\"\"\n    a\\\n    b\n    \"\"\"#"),
        ("a\n \nb", "\"a\\n \\nb\""),
        ("a\r\nb\u{202E}", "\"a\\r\\nb\\u{202E}\""),
    ];
    for (value, expected) in written {
        let mut document = tree("a", value, StringStyle::Bare);
        document.nodes[0].children = None;
        document.nodes[0].ty = None;
        document.nodes[0].entries.truncate(1);
        assert_eq!(print(&document), format!("// why\na {expected}\n"), "{value:?}");
    }
}

#[test]
fn a_printed_document_is_also_formatted() {
    let text = print(&tree("job", "one\n  two\n", StringStyle::Bare));
    assert_eq!(pipewright::syntax::fmt::format(&text).expect("legal KDL"), text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_comes_back(name in "\\PC{0,6}|[a-c0-9\"\\\\#\\n\\r \\t/{}=;.+:\u{202E}\u{85}-]{0,8}", value in "[ab\"\\\\#\\n\\r \\t'\u{85}\u{FEFF}é-]{0,12}|\\PC{0,8}") {
        for style in STYLES {
            let document = tree(&name, &value, style);
            let text = print(&document);
            let (again, found) = read(SourceId(0), &text);
            prop_assert!(found.is_empty(), "{:?}: {:?}", text, found);
            prop_assert_eq!(again.nodes.iter().map(node).collect::<Vec<_>>(), document.nodes.iter().map(node).collect::<Vec<_>>(), "{}", text);
            prop_assert_eq!(&again.nodes[0].comments, &document.nodes[0].comments);
            prop_assert_eq!(again.nodes[0].children()[1].children.is_some(), true);
        }
    }

    #[test]
    fn a_document_that_was_read_comes_back(text in document()) {
        let (document, _) = parse(SourceId(0), &text);
        let printed = print(&document);
        let (again, found) = parse(SourceId(0), &printed);
        prop_assert!(found.is_empty(), "{:?}: {:?}", printed, found);
        prop_assert_eq!(again.nodes.iter().map(node).collect::<Vec<_>>(), document.nodes.iter().map(node).collect::<Vec<_>>(), "{}", printed);
        prop_assert_eq!(print(&again), printed.clone(), "from {:?}", text);
    }
}
