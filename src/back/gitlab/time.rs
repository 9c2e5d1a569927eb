//! Times as GitLab spells them.

/// A time in GitLab's words: `1 hour 30 minutes`.
pub(super) fn words(seconds: u64) -> String {
    let units = [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let mut rest = seconds;
    let mut out: Vec<String> = Vec::new();
    for (unit, size) in units {
        // "1 week" reads better than "7 days", "2 weeks 2 days" worse than "16 days".
        let count = if unit == "week" && !rest.is_multiple_of(size) { 0 } else { rest / size };
        if count > 0 {
            out.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
            rest -= count * size;
        }
    }
    out.join(" ")
}

/// A time for the runner: `15m`.
pub(super) fn short(seconds: u64) -> String {
    if seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn times_are_written_in_words() {
        let cases = [
            (90, "1 minute 30 seconds"),
            (1200, "20 minutes"),
            (5400, "1 hour 30 minutes"),
            (604_800, "1 week"),
            (1_382_400, "16 days"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(words(seconds), expected);
        }
    }
}
