//! Which characters are what in KDL: white space, line breaks, the forbidden ones, those of a bare word.

/// Continues a bare word.
pub const WORD: u8 = 1;
/// Continues a string or comment of one line.
pub const TEXT: u8 = 2;
/// Continues a block string.
pub const BLOCK: u8 = 4;
/// Continues a `/*` comment.
pub const COMMENT: u8 = 8;

/// Per byte: which runs it continues without a closer look. Lead bytes of non-ASCII characters that may be white space, line breaks or
/// forbidden (U+0085, U+00A0, U+1680, U+2000…, U+3000, U+FEFF) are looked at; all other bytes above 0x7F continue everything.
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        let byte = b as u8;
        table[b] = match byte {
            b'\n' => BLOCK | COMMENT,
            b'\r' | 0x0B | 0x0C => BLOCK | COMMENT,
            0..=0x08 | 0x0E..=0x1F | 0x7F | 0xE2 | 0xEF => 0,
            b'\t' | b' ' => TEXT | BLOCK | COMMENT,
            b'"' | b'\\' => COMMENT,
            b'(' | b')' | b'{' | b'}' | b';' | b'[' | b']' | b'#' | b'=' => TEXT | BLOCK | COMMENT,
            b'/' => TEXT | BLOCK,
            b'*' => WORD | TEXT | BLOCK,
            0xC2 => BLOCK | COMMENT,
            0xE1 | 0xE3 => TEXT | BLOCK | COMMENT,
            _ => WORD | TEXT | BLOCK | COMMENT,
        };
        b += 1;
    }
    table
};

/// Whether a byte continues a run without a closer look.
pub fn continues(byte: u8, run: u8) -> bool {
    CLASS[usize::from(byte)] & run != 0
}

/// White space that is no line break.
pub fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// A line break; CR LF together are one.
pub fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{0B}' | '\u{0C}' | '\u{2028}' | '\u{2029}')
}

/// A code point that may stand nowhere in a text: controls, direction marks, a late byte order mark.
pub fn is_forbidden(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{08}'
            | '\u{0E}'..='\u{1F}'
            | '\u{7F}'
            | '\u{200E}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}'
    )
}

/// A character that a bare word may hold.
pub fn is_word(c: char) -> bool {
    !is_space(c)
        && !is_newline(c)
        && !is_forbidden(c)
        && !matches!(c, '\\' | '/' | '(' | ')' | '{' | '}' | ';' | '[' | ']' | '"' | '#' | '=')
}
