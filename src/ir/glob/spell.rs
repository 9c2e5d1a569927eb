//! From pieces to other texts: globs without braces, regular expressions, samples.

use super::GlobPiece;

/// Pieces without braces that together match the same strings.
pub(super) fn expand(pieces: &[GlobPiece]) -> Vec<Vec<GlobPiece>> {
    let mut found: Vec<Vec<GlobPiece>> = vec![Vec::new()];
    for piece in pieces {
        let tails: Vec<Vec<GlobPiece>> = match piece {
            GlobPiece::Alternatives(list) => list.iter().flat_map(|p| expand(p)).collect(),
            other => vec![vec![other.clone()]],
        };
        found = found.iter().flat_map(|head| tails.iter().map(move |tail| join(head, tail))).collect();
    }
    found
}

/// One sequence after another. Pieces that meet are spelt so that they stay what they are: two literals become one, and
/// stars that would run together are one `**` if either is.
pub(super) fn join(head: &[GlobPiece], tail: &[GlobPiece]) -> Vec<GlobPiece> {
    let mut joined = head.to_vec();
    for piece in tail {
        match (joined.last_mut(), piece) {
            (Some(GlobPiece::Literal(text)), GlobPiece::Literal(more)) => text.push_str(more),
            (Some(GlobPiece::AnyRun), GlobPiece::AnyInSegment | GlobPiece::AnyRun)
            | (Some(GlobPiece::AnyInSegment), GlobPiece::AnyInSegment) => {}
            (Some(last @ GlobPiece::AnyInSegment), GlobPiece::AnyRun) => *last = GlobPiece::AnyRun,
            _ => joined.push(piece.clone()),
        }
    }
    joined
}

/// The text of pieces without braces.
pub(super) fn spell(pieces: &[GlobPiece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            GlobPiece::Literal(text) => {
                for (i, c) in text.char_indices() {
                    match c {
                        '*' | '?' | '[' | ']' | '{' | '}' | ',' | '\\' => out.extend(['[', c, ']']),
                        '!' if i == 0 && out.is_empty() => out.push_str("[!]"),
                        _ => out.push(c),
                    }
                }
            }
            GlobPiece::AnyInSegment => out.push('*'),
            GlobPiece::AnyRun => out.push_str("**"),
            GlobPiece::AnyFolders => out.push_str("**/"),
            GlobPiece::OneChar => out.push('?'),
            GlobPiece::Class(ranges) => spell_class(ranges, &mut out),
            GlobPiece::Alternatives(list) => {
                let parts: Vec<String> = list.iter().map(|p| spell(p)).collect();
                out.push_str(&format!("{{{}}}", parts.join(",")));
            }
        }
    }
    out
}

fn spell_class(ranges: &[(char, char)], out: &mut String) {
    let singles: Vec<char> = ranges.iter().filter(|(a, b)| a == b).map(|(a, _)| *a).collect();
    out.push('[');
    // `]` can only come first; `!` and `^` not first; `-` only last.
    out.extend(singles.iter().filter(|c| **c == ']'));
    for (lo, hi) in ranges.iter().filter(|(a, b)| a != b) {
        out.extend([*lo, '-', *hi]);
    }
    for set in ["", "!^", "-"] {
        out.extend(singles.iter().filter(|c| match set {
            "" => !"]!^-".contains(**c),
            _ => set.contains(**c),
        }));
    }
    out.push(']');
}

/// Appends the body of a regular expression.
pub(super) fn regex(pieces: &[GlobPiece], out: &mut String) {
    let escaped = |c: char, special: &str, out: &mut String| {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    };
    for piece in pieces {
        match piece {
            GlobPiece::Literal(text) => text.chars().for_each(|c| escaped(c, r"\.+*?()|[]{}^$", out)),
            GlobPiece::AnyInSegment => out.push_str("[^/]*"),
            GlobPiece::AnyRun => out.push_str(".*"),
            GlobPiece::AnyFolders => out.push_str("(.*/)?"),
            GlobPiece::OneChar => out.push_str("[^/]"),
            GlobPiece::Class(ranges) => {
                out.push('[');
                for (lo, hi) in ranges {
                    escaped(*lo, r"\[]^-", out);
                    if lo != hi {
                        out.push('-');
                        escaped(*hi, r"\[]^-", out);
                    }
                }
                out.push(']');
            }
            GlobPiece::Alternatives(list) => {
                for (i, alternative) in list.iter().enumerate() {
                    out.push(if i == 0 { '(' } else { '|' });
                    regex(alternative, out);
                }
                out.push(')');
            }
        }
    }
}

/// Appends a string that matches.
pub(super) fn sample(pieces: &[GlobPiece], out: &mut String) {
    for piece in pieces {
        match piece {
            GlobPiece::Literal(text) => out.push_str(text),
            GlobPiece::AnyInSegment | GlobPiece::AnyRun | GlobPiece::OneChar => out.push('x'),
            GlobPiece::AnyFolders => out.push_str("x/"),
            GlobPiece::Class(ranges) => out.extend(ranges.first().map(|(lo, _)| *lo)),
            GlobPiece::Alternatives(list) => list.first().into_iter().for_each(|p| sample(p, out)),
        }
    }
}
