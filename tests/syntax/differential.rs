//! A second opinion: random documents mean to us what they mean to the `kdl` crate.
//!
//! Where that crate is known to be wrong, the generator does not go: it refuses `"x"/-y` without a space before the slashdash (we always write
//! one), refuses `/-a;` with its
//! semicolon (ours end with a line break), accepts U+007F and `#"""x"""#` on one line (we write neither), and keeps no integer beyond 128 bits (we write shorter ones).

use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};
use pipewright::base::span::SourceId;
use proptest::prelude::*;

use crate::syntax::plain::{Plain, exact, read};

fn plain(node: &KdlNode) -> Plain {
    let ty = |ty: Option<&kdl::KdlIdentifier>| ty.map(|t| t.value().to_owned());
    let mut props: Vec<(String, Option<String>, String)> = Vec::new();
    let mut args = Vec::new();
    for entry in node.entries() {
        match entry.name() {
            Some(name) => {
                props.retain(|(n, _, _)| n != name.value());
                props.push((name.value().to_owned(), ty(entry.ty()), value(entry)));
            }
            None => args.push((ty(entry.ty()), value(entry))),
        }
    }
    props.sort();
    let children = node.children().map(|c| c.nodes().iter().map(plain).collect()).unwrap_or_default();
    Plain { ty: ty(node.ty()), name: node.name().value().to_owned(), args, props, children }
}

fn value(entry: &KdlEntry) -> String {
    match entry.value() {
        KdlValue::String(text) => format!("{text:?}"),
        KdlValue::Integer(number) => exact(&number.to_string()),
        KdlValue::Float(number) if number.is_infinite() => if *number > 0.0 { "#inf" } else { "#-inf" }.into(),
        KdlValue::Float(number) if number.is_nan() => "#nan".into(),
        KdlValue::Float(number) => exact(&format!("{number:e}")),
        KdlValue::Bool(flag) => format!("#{flag}"),
        KdlValue::Null => "#null".into(),
    }
}

fn pick(choices: &'static [&'static str]) -> BoxedStrategy<String> {
    proptest::sample::select(choices).prop_map(str::to_owned).boxed()
}

/// Pieces one after another.
fn join(pieces: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    pieces.prop_map(|p| p.concat()).boxed()
}

fn many(piece: BoxedStrategy<String>, most: usize) -> BoxedStrategy<String> {
    proptest::collection::vec(piece, 0..=most).prop_map(|p| p.concat()).boxed()
}

fn space() -> BoxedStrategy<String> {
    pick(&[
        " ",
        "  ",
        "\t",
        " /* c */ ",
        "/* a /* b */ * */",
        "\u{A0}",
        " \\\n    ",
        " \\ // c { \" \r\n ",
        " \\/* c */\n",
        "\u{3000}",
    ])
}

fn spaces() -> BoxedStrategy<String> {
    prop_oneof![3 => pick(&[""]), 1 => space()].boxed()
}

/// Between nodes.
fn lines() -> BoxedStrategy<String> {
    many(pick(&["\n", "\r\n", " ", "\t", "// c }\n", "/* c\n { */", "\u{85}", "\u{2028}", "\u{C}", "\\\n", "\\ // c\n"]), 3)
}

fn string() -> BoxedStrategy<String> {
    let word = "[a-zé_名😀][a-z0-9_.:,$%<>|&'?!@*~^+-]{0,6}"
        .prop_filter("a keyword needs quotes", |w| !matches!(&**w, "true" | "false" | "null" | "inf" | "nan"));
    let odd = pick(&["-", "+", "--", "-a", "-.a", ".", "..", ".a", "+-1", "~", "true-ish", "<<", "*"]);
    let piece = pick(&[
        "a",
        "b c",
        "\\n",
        "\\\"",
        "\\\\",
        "\\s",
        "\\t",
        "\\u{e9}",
        "\\u{1F600}",
        "\\ \n  ",
        "\\\t",
        "#",
        "//",
        "/*",
        "'",
        "{",
        "é",
        "\\b\\f\\r",
    ]);
    let quoted = many(piece, 4).prop_map(|body| format!("\"{body}\""));
    let raw_piece = pick(&["a", "\\", "\\n", " ", "é", "#", "\"x", "//", "/-"]);
    let raw = many(raw_piece, 4)
        .prop_map(|body| format!("##\"{body}\"##"))
        .prop_filter("three quotes open a block", |s| !s.starts_with("##\"\"\"") || s.len() < 6);
    prop_oneof![4 => word, 1 => odd, 2 => quoted, 1 => raw, 1 => block()].boxed()
}

fn block() -> BoxedStrategy<String> {
    let indent = pick(&["", "  ", "\t", "    "]);
    let line = pick(&["", "a", "  b", "\"c\"", "\\n", "d\\\\", "e \\s", "{ f", "//", " \t", "g\"\""]);
    let newline = pick(&["\n", "\r\n"]);
    (indent, proptest::collection::vec(line, 0..4), newline, 0usize..3)
        .prop_map(|(indent, lines, newline, hashes)| {
            let hashes = "#".repeat(hashes);
            let body: String =
                lines.iter().map(|l| if l.is_empty() { newline.clone() } else { format!("{indent}{l}{newline}") }).collect();
            format!("{hashes}\"\"\"{newline}{body}{indent}\"\"\"{hashes}")
        })
        .boxed()
}

fn number() -> BoxedStrategy<String> {
    let decimal = "[+-]?[0-9][0-9_]{0,8}(\\.[0-9][0-9_]{0,4})?([eE][+-]?[0-9]{1,2})?";
    prop_oneof![3 => decimal, 1 => "[+-]?0x[0-9a-fA-F][0-9a-fA-F_]{0,8}", 1 => "[+-]?0o[0-7][0-7_]{0,6}", 1 => "[+-]?0b[01][01_]{0,8}"].boxed()
}

fn annotation() -> BoxedStrategy<String> {
    prop_oneof![4 => pick(&[""]), 1 => join(vec![pick(&["("]), spaces(), string(), spaces(), pick(&[")"]), spaces()])].boxed()
}

fn any_value() -> BoxedStrategy<String> {
    let keyword = pick(&["#true", "#false", "#null", "#inf", "#-inf", "#nan"]);
    join(vec![annotation(), prop_oneof![3 => string(), 2 => number(), 1 => keyword].boxed()])
}

fn dropped() -> BoxedStrategy<String> {
    prop_oneof![6 => pick(&[""]), 1 => pick(&["/-", "/- ", "/-\n", "/- // c\n ", "/-/* c */"])].boxed()
}

fn entry() -> BoxedStrategy<String> {
    let property = join(vec![string(), spaces(), pick(&["="]), spaces(), any_value()]);
    join(vec![space(), dropped(), prop_oneof![2 => any_value(), 1 => property].boxed()])
}

fn header() -> BoxedStrategy<String> {
    join(vec![annotation(), string(), many(entry(), 4)])
}

fn nodes() -> BoxedStrategy<String> {
    let end = pick(&["\n", ";", "\r\n", " // c\n", "\u{2029}"]);
    let finish = |node: BoxedStrategy<String>, end: BoxedStrategy<String>| {
        (dropped(), node, end).prop_map(|(dropped, node, end)| {
            let end = if dropped.is_empty() || end != ";" { &end } else { "\n" };
            format!("{dropped}{node}{end}")
        })
    };
    let leaf = finish(header(), end.clone()).boxed();
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let body = (lines(), proptest::collection::vec((inner, lines()), 0..4))
            .prop_map(|(first, rest)| first + &rest.into_iter().map(|(node, lines)| node + &lines).collect::<String>());
        let block = body.prop_map(|body| format!("{{{body}}}"));
        let blocks =
            (many(pick(&[" /-{ x }", " /-\n{ y 1; }"]), 1), block).prop_map(|(before, block)| format!("{before} {block}"));
        finish(join(vec![header(), blocks.boxed(), spaces()]), end.clone())
    })
    .boxed()
}

/// Random documents as text, in every spelling that the language has.
pub(crate) fn document() -> BoxedStrategy<String> {
    let start = prop_oneof![9 => pick(&[""]), 1 => pick(&["\u{FEFF}", "/- kdl-version 2\n"])].boxed();
    (start, lines(), proptest::collection::vec((nodes(), lines()), 0..4))
        .prop_map(|(start, first, rest)| {
            start + &first + &rest.into_iter().map(|(node, lines)| node + &lines).collect::<String>()
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_documents_mean_the_same_to_both(text in document()) {
        let ours = read(&text);
        let theirs = KdlDocument::parse_v2(&text).map(|d| d.nodes().iter().map(plain).collect::<Vec<_>>());
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            (ours, theirs) => prop_assert!(false, "ours: {:?}\ntheirs: {:?}", ours, theirs.map_err(|e| e.diagnostics)),
        }
    }

    #[test]
    fn any_text_is_read_without_panic_and_with_spans_inside(text in "[a-c0-9 \t\n\r;{}()=\"#/*\\\\\\-\\[é\u{FEFF}\u{85}.:true]{0,40}") {
        let (_, found) = pipewright::syntax::parse::read(SourceId(0), &text);
        for finding in found.iter() {
            let (start, end) = (finding.span.start as usize, finding.span.end as usize);
            prop_assert!(start <= end && start <= text.len(), "{:?}", finding);
            prop_assert!(text.is_char_boundary(start) && text.is_char_boundary(end.min(text.len())), "{:?}", finding);
            prop_assert!(finding.help.is_some());
        }
    }
}
