//! A source file with its comments and literals blanked, so that a rule reads code only.

/// `text` with every comment, string and character replaced by spaces. Lines and columns stay where they were.
pub(crate) fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if !part_of_a_word(bytes, at) => raw_end(bytes, at).unwrap_or(at + 1),
            b'\'' => char_end(bytes, at),
            _ => at + 1,
        };
        if end > at + 1 {
            out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
        at = end;
    }
    // Only whole tokens were blanked, so what is left is the text's own UTF-8.
    String::from_utf8(out).unwrap()
}

/// The part above the unit tests. They come last in a file, so what follows their attribute is theirs.
pub(crate) fn without_tests(code: &str) -> &str {
    code.find("\n#[cfg(test)]\nmod ").map_or(code, |at| &code[..=at])
}

/// Where `word` stands in `code` as a whole path head: not as a part of a longer word or path.
pub(crate) fn heads<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].bytes().next_back();
        !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':')
    })
}

/// The 1-based number of the line that holds the byte `at`.
pub(crate) fn line(text: &str, at: usize) -> usize {
    text[..at].bytes().filter(|byte| *byte == b'\n').count() + 1
}

fn part_of_a_word(bytes: &[u8], at: usize) -> bool {
    // `br"…"` starts a raw string too, so a lone `b` before the `r` is no word.
    let before = |back: usize| at.checked_sub(back).map(|i| bytes[i]).filter(|b| b.is_ascii_alphanumeric() || *b == b'_');
    before(1).is_some_and(|byte| byte != b'b' || before(2).is_some())
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a raw string whose `r` stands at `start`; nothing when no raw string starts there.
fn raw_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..].iter().take_while(|byte| **byte == b'#').count();
    let open = start + 1 + hashes;
    (bytes.get(open) == Some(&b'"')).then_some(())?;
    let closing = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let found = bytes[open + 1..].windows(closing.len()).position(|window| window == closing);
    Some(found.map_or(bytes.len(), |length| open + 1 + length + closing.len()))
}

/// The end of the character at `start`, or just past the quote when it begins a lifetime.
fn char_end(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start + 1..];
    if rest.first() == Some(&b'\\') {
        // The escape's own character is skipped: it may be the quote.
        return rest.iter().skip(2).position(|byte| *byte == b'\'').map_or(bytes.len(), |length| start + length + 4);
    }
    let width = std::str::from_utf8(&rest[..rest.len().min(4)])
        .or_else(|error| std::str::from_utf8(&rest[..error.valid_up_to()]))
        .ok()
        .and_then(|text| text.chars().next())
        .map_or(1, char::len_utf8);
    if rest.get(width) == Some(&b'\'') { start + width + 2 } else { start + 1 }
}

#[test]
fn comments_and_literals_are_blanked_and_code_stays() {
    let cases = [
        ("a // crate::x\nb", "a b"),
        ("a /* /* x */ y */ b", "a b"),
        (r#"f("crate::x \" y", 1)"#, "f( , 1)"),
        ("f(r#\"a \" b\"#, 1)", "f( , 1)"),
        ("f(br\"a\\\", 1)", "f(b , 1)"),
        ("fn f<'a>(c: &'a str) { c == '\"' || c == '\\'' || c == 'é' }", "fn f<'a>(c: &'a str) { c == || c == || c == }"),
        ("for x in y { bar }", "for x in y { bar }"),
    ];
    for (text, expected) in cases {
        let blanked = blanked(text);
        assert_eq!(blanked.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{text}");
        assert_eq!(blanked.len(), text.len(), "{text}");
    }
}
