//! Numbers: their shape and their value. The tree keeps the source text, since `3.10` is not `3.1` to a reader who means a version.

/// Whether a bare word starts like a number, so that it must be one: a digit, or a sign or point before a digit.
pub fn looks_like_number(word: &str) -> bool {
    match word.as_bytes() {
        [b'0'..=b'9', ..] => true,
        [b'+' | b'-', rest @ ..] | rest => matches!(rest, [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..]),
    }
}

/// Whether a word is a KDL number: decimal, `0x`, `0o` or `0b`.
pub fn is_number(word: &str) -> bool {
    let rest = word.strip_prefix(['+', '-']).unwrap_or(word);
    match rest.as_bytes() {
        [b'0', b'x', digits @ ..] => run(digits, |b| b.is_ascii_hexdigit()),
        [b'0', b'o', digits @ ..] => run(digits, |b| matches!(b, b'0'..=b'7')),
        [b'0', b'b', digits @ ..] => run(digits, |b| matches!(b, b'0' | b'1')),
        _ => {
            let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
                Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
                None => (rest, None),
            };
            let (integer, fraction) = match mantissa.split_once('.') {
                Some((integer, fraction)) => (integer, Some(fraction)),
                None => (mantissa, None),
            };
            let digits = |text: &str| run(text.as_bytes(), |b| b.is_ascii_digit());
            digits(integer) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
        }
    }
}

/// One digit, then digits and underscores.
fn run(digits: &[u8], digit: impl Fn(u8) -> bool) -> bool {
    match digits {
        [first, rest @ ..] => digit(*first) && rest.iter().all(|b| digit(*b) || *b == b'_'),
        [] => false,
    }
}

/// The value of a number that has no fraction and no exponent; `None` for others and beyond 128 bits.
pub fn integer(text: &str) -> Option<i128> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match rest.get(..2) {
        Some("0x") => (16, &rest[2..]),
        Some("0o") => (8, &rest[2..]),
        Some("0b") => (2, &rest[2..]),
        _ => (10, rest),
    };
    if !is_number(rest) {
        return None;
    }
    let value = i128::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    Some(if negative { -value } else { value })
}

/// The nearest binary fraction of a number; `None` for a text that is no number. Beyond its range it is infinite.
pub fn decimal(text: &str) -> Option<f64> {
    match text {
        "#inf" => return Some(f64::INFINITY),
        "#-inf" => return Some(f64::NEG_INFINITY),
        "#nan" => return Some(f64::NAN),
        _ => {}
    }
    match integer(text) {
        Some(value) => Some(value as f64),
        None if is_number(text) => text.replace('_', "").parse().ok(),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for word in ["0", "-1", "+1_000", "3.10", "1e9", "1.5E-3", "0x1F", "-0b1_0", "0o7_", "007"] {
            assert!(is_number(word), "{word}");
        }
        for word in ["", "-", "1.", ".5", "1._5", "0x", "0x_1", "0xg", "1.2.3", "5m", "5%", "1e", "0b2", "1e1e1", "²"] {
            assert!(!is_number(word), "{word}");
        }
    }

    #[test]
    fn values() {
        assert_eq!(integer("0x1F"), Some(31));
        assert_eq!(integer("-1_000"), Some(-1000));
        assert_eq!(integer("1.0"), None);
        assert_eq!(decimal("2.50"), Some(2.5));
        assert_eq!(decimal("0b11"), Some(3.0));
        assert_eq!(decimal("x"), None);
    }
}
