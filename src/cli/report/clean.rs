//! Makes text of the user's files safe to print: no control of the terminal, no change of direction, no secret.

use std::borrow::Cow;

/// Starts of tokens that give access, with the vendor's own marks.
const TOKENS: &[&str] = &[
    "AIza",
    "AKIA",
    "ASIA",
    "dckr_pat_",
    "eyJ",
    "gho_",
    "ghp_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "glrt-",
    "hvs.",
    "npm_",
    "pypi-",
    "rk_live_",
    "SG.",
    "sk_live_",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
];

/// Characters of such a token that stay to be seen.
const SEEN: usize = 4;

/// A token is at least this long; `AKIA` alone is a word.
const SHORTEST: usize = 16;

/// A text whose every character keeps its bytes' places: what would act on the terminal or hide is replaced, what looks like a secret is masked.
pub(in crate::cli) fn same_length(text: &str) -> Cow<'_, str> {
    let masked = mask(text);
    if !masked.chars().any(|c| acts(c) && c != '\n') {
        return masked;
    }
    let mut out = String::with_capacity(masked.len());
    let mut chars = masked.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => out.push(c),
            '\r' if chars.peek() == Some(&'\n') => out.push(' '),
            c if !acts(c) => out.push(c),
            c if c.len_utf8() == 3 => out.push('\u{FFFD}'),
            c => out.extend(std::iter::repeat_n('?', c.len_utf8())),
        }
    }
    Cow::Owned(out)
}

/// A text of several lines for the terminal, such as a diff.
pub(in crate::cli) fn lines(text: &str) -> String {
    same_length(text).into_owned()
}

/// A text for one line: as [`same_length`], newlines shown as blanks.
pub(in crate::cli) fn line(text: &str) -> String {
    same_length(text).replace('\n', " ")
}

/// Masks what looks like a secret; for machines, whose formats escape the rest.
pub(in crate::cli) fn mask(text: &str) -> Cow<'_, str> {
    let mut masked: Vec<(usize, usize)> = Vec::new();
    for token in TOKENS {
        for (at, _) in text.match_indices(token) {
            let before = text[..at].chars().next_back();
            let end =
                at + text[at..].find(|c: char| !(c.is_ascii_alphanumeric() || "_-./+=".contains(c))).unwrap_or(text.len() - at);
            if end - at >= SHORTEST && !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                masked.push((at + SEEN, end));
            }
        }
    }
    for (at, _) in text.match_indices("-----BEGIN ") {
        let Some(head) = text[at..].lines().next().filter(|head| head.contains("PRIVATE KEY")) else { continue };
        let from = at + head.find("KEY-----").map_or(head.len(), |k| k + "KEY-----".len());
        let to = text[from..].find("-----END").map_or(text.len(), |end| from + end);
        masked.push((from, to));
    }
    if masked.is_empty() {
        return Cow::Borrowed(text);
    }
    masked.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (from, to) in masked {
        let from = from.max(at);
        if from < to {
            out.push_str(&text[at..from]);
            out.extend(text[from..to].chars().flat_map(|c| {
                std::iter::repeat_n(if c.is_whitespace() { c } else { '*' }, if c.is_whitespace() { 1 } else { c.len_utf8() })
            }));
            at = to;
        }
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

/// Whether a character moves the cursor, changes the direction of text, or cannot be seen.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(u32::from(c), 0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE0FFF)
}

#[cfg(test)]
mod tests {
    use super::{mask, same_length};

    #[test]
    fn nothing_acts_on_the_terminal_and_every_byte_keeps_its_place() {
        let text = "a\u{1b}]8;;x\u{7}b\u{202e}c\u{85}d\u{200b}e\r\nf\rg\u{e0001}h\u{61c}é日\t\u{feff}";
        let clean = same_length(text);
        assert_eq!(clean.len(), text.len());
        assert_eq!(clean, "a?]8;;x?b\u{FFFD}c??d\u{FFFD}e \nf?g????h??é日\t\u{FFFD}");
        assert!(matches!(same_length("plain\n"), std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn secrets_are_masked_and_words_are_not() {
        // Put together here, so that no scanner of secrets takes this file for a leak.
        for start in ["ghp_", "AKIA", "glpat-", "xoxb-"] {
            let token = format!("{start}{}", "Ab1".repeat(8));
            let text = format!("env TOKEN=\"{token}\" x");
            let masked = mask(&text);
            assert_eq!(masked.len(), text.len());
            assert!(masked.contains(&token[..4]) && !masked.contains(&token[..7]) && masked.ends_with("\" x"), "{masked}");
        }
        let key = format!("-----BEGIN RSA PRIVATE {}-----\nabc\ndef\n-----END RSA PRIVATE KEY-----", "KEY");
        assert_eq!(mask(&key), key.replace("abc", "***").replace("def", "***"));
        for word in ["AKIA", "npm_config", "eyJ", "my-ghp_thing-of-no-worth", "pypi-publish"] {
            assert_eq!(mask(word), word);
        }
    }
}
