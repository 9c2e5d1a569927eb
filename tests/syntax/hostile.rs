//! Texts made to break a reader: each ends in a diagnostic, with the stack of a small thread, and in time linear to its size.

use pipewright::base::diag::Diagnostic;
use pipewright::base::span::SourceId;
use pipewright::syntax::lex::{Kind, Lexer};
use pipewright::syntax::parse::read;
use pipewright::syntax::report::MAX_ERRORS;

/// Name and text.
fn texts() -> Vec<(&'static str, String)> {
    let long = 200_000;
    vec![
        ("blocks in blocks", "a {".repeat(100_000)),
        ("blocks in blocks, on lines", "a {\n".repeat(100_000)),
        ("dropped blocks in blocks", "/- a {".repeat(100_000)),
        ("blocks without names", "{".repeat(100_000)),
        ("dropped children", format!("a {}", "/-{ a ".repeat(60)) + &"}".repeat(59)),
        ("dropped children without end", "a /-{".repeat(100_000)),
        ("comments in comments", "/*".repeat(long)),
        ("stars in a comment", format!("/* {}", "* x ".repeat(100_000))),
        ("slashes in a comment", format!("/*{}", "/ *".repeat(100_000))),
        ("a comment on each line", "a b/*\n".repeat(long)),
        ("a raw string without end", format!("a #\"\"\"\n{}", "x\"\"\" ".repeat(100_000))),
        ("hashes without end", format!("a {}\"", "#".repeat(long)) + &format!("\"{} ", "#".repeat(999)).repeat(400)),
        ("a raw string on one line", format!("a #\"{}", "x\"".repeat(300_000))),
        ("a string on each line", "a \"b\n".repeat(long)),
        ("quotes", "\"".repeat(600_001)),
        ("a value is missing on each line", "a =\n".repeat(long)),
        ("a closing brace on each line", "}\n".repeat(long)),
        ("closing braces", "}".repeat(long)),
        ("semicolons", ";".repeat(long)),
        ("backslashes", "a \\".repeat(long)),
        ("escapes without braces", format!("a \"{}\"", "\\u{".repeat(long))),
        ("a block with a bad escape on each line", format!("a \"\"\"\n{}\"\"\"", "\\d\n".repeat(long))),
        ("brackets", "a [".repeat(long)),
        ("parentheses", "(".repeat(long)),
        ("dashes", "/-".repeat(long)),
        ("items of YAML", "- a: b,\n".repeat(long)),
        ("controls", "\u{1}".repeat(long)),
        ("comments that continue a line", "\\ /* x */".repeat(50_000)),
    ]
}

#[test]
fn hostile_texts_end_in_diagnostics() {
    for (name, text) in texts() {
        let small = std::thread::Builder::new().stack_size(2 << 20);
        let found: Vec<Diagnostic> =
            small.spawn(move || read(SourceId(0), &text).1.into_iter().collect()).expect("a thread").join().expect("no panic");
        assert!(!found.is_empty(), "{name} is accepted");
        assert!(found.len() <= MAX_ERRORS + 2, "{name}: {} findings", found.len());
        assert!(
            found.iter().all(|f| f.help.is_some() && f.message.len() < 400),
            "{name}: a finding without help or of endless length"
        );
    }
}

/// The parser takes each token once. The lexer reads a byte at most a few times: only what follows a comment without end, and a backslash
/// that continues no line, is read again; so tokens and the bytes they cover measure the work.
#[test]
fn the_lexer_covers_each_byte_once() {
    for (name, text) in texts() {
        let mut lexer = Lexer::new(&text);
        let (mut end, mut count) = (0, 0);
        loop {
            let token = lexer.next_token();
            if token.kind == Kind::Eof {
                break;
            }
            assert_eq!(token.start, end, "{name}: a gap or an overlap");
            assert!(token.end > token.start, "{name}: an empty token");
            end = token.end;
            count += 1;
        }
        assert_eq!(end as usize, text.len(), "{name}");
        assert!(count <= text.len(), "{name}");
    }
}

#[test]
fn depth_is_allowed_up_to_its_bound() {
    let nested = |depth: usize| "a {\n".repeat(depth) + &"}\n".repeat(depth);
    assert!(read(SourceId(0), &nested(64)).1.is_empty());
    let found: Vec<_> = read(SourceId(0), &nested(65)).1.into_iter().collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rule, found[0].span.start), ("kdl-too-deep", 64 * 4 + 2));
    let comments = |depth: usize| "/*".repeat(depth) + &"*/".repeat(depth) + "a";
    assert!(read(SourceId(0), &comments(64)).1.is_empty());
    let found: Vec<_> = read(SourceId(0), &comments(65)).1.into_iter().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rule, "kdl-too-deep");
}

#[test]
fn dropped_blocks_are_read_once_each() {
    let text = format!("a {}{}", "/-{ a ".repeat(60), "}".repeat(60));
    assert!(read(SourceId(0), &text).1.is_empty());
}

#[test]
fn what_is_not_shown_is_counted() {
    let found: Vec<_> = read(SourceId(0), &"}\n".repeat(250)).1.into_iter().collect();
    assert_eq!(found.len(), MAX_ERRORS + 1);
    assert!(found[MAX_ERRORS].message.starts_with("150 more"), "{}", found[MAX_ERRORS].message);
}
