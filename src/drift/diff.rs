//! Two texts side by side.

use std::borrow::Cow;
use std::time::Duration;

use similar::TextDiffConfig;

/// How alike two texts are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sameness {
    /// Byte for byte.
    Same,
    /// But for line endings and a byte order mark, as a checkout on Windows makes them.
    LineEndings,
    /// Not at all.
    Different,
}

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// After this a diff is given coarse instead of small. No output of a usual size comes near it.
const DEADLINE: Duration = Duration::from_secs(2);

/// How alike two texts are.
pub fn compare(old: &str, new: &str) -> Sameness {
    if old == new {
        Sameness::Same
    } else if normalised(old) == normalised(new) {
        Sameness::LineEndings
    } else {
        Sameness::Different
    }
}

/// A unified diff with the usual two header lines; line endings do not count.
pub fn unified(path: &str, old: &str, new: &str) -> String {
    let (before, after) =
        if old.is_empty() { ("/dev/null".to_owned(), format!("b/{path}")) } else { (format!("a/{path}"), format!("b/{path}")) };
    let (old, new) = (normalised(old), normalised(new));
    let diff = TextDiffConfig::default().timeout(DEADLINE).diff_lines(&*old, &*new);
    let mut text = diff.unified_diff().context_radius(CONTEXT).header(&before, &after).to_string();
    // The note on a missing last newline has none itself.
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn normalised(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::{Sameness, compare, unified};

    #[test]
    fn line_endings_are_told_from_changes() {
        assert_eq!(compare("a\nb\n", "a\nb\n"), Sameness::Same);
        assert_eq!(compare("\u{FEFF}a\r\nb\r\n", "a\nb\n"), Sameness::LineEndings);
        assert_eq!(compare("a\r\nc\r\n", "a\nb\n"), Sameness::Different);
    }

    #[test]
    fn a_diff_shows_the_changed_line_only() {
        let old = "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9\r\n";
        let text = unified("ci.yml", old, "1\n2\n3\n4\nfive\n6\n7\n8\n9\n");
        assert_eq!(text, "--- a/ci.yml\n+++ b/ci.yml\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
        assert!(unified("ci.yml", "x", "x\n").ends_with("at end of file\n+x\n"));
        assert!(unified("ci.yml", "x\n", "x").ends_with("at end of file\n"));
        assert_eq!(unified("ci.yml", "", "x\n"), "--- /dev/null\n+++ b/ci.yml\n@@ -0,0 +1 @@\n+x\n");
    }
}
