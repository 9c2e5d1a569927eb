//! Which files an upload takes, as a script finds them.

use super::expr::{Piece, pieces};

/// The paths of an input, a line each.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|l| !l.is_empty())
}

/// What is written down of a text, without its expressions.
pub(super) fn written(text: &str) -> String {
    pieces(text).into_iter().filter_map(|p| if let Piece::Text(text) = p { Some(text) } else { None }).collect()
}

/// Whether a script can collect the files of some paths. What is left out of them is left out of the whole root only.
pub(super) fn can_collect(paths: &str) -> bool {
    let all: Vec<&str> = lines(paths).collect();
    let fits = |path: &str| {
        let plain = written(path);
        let odd = plain.starts_with(['~', '!', '\\', '-']) || plain.contains([' ', '"', '\'', '`', '\\', ';', '(', '{']);
        !odd && (!plain.contains("**") || (plain == path && search(path).is_some()))
    };
    let whole = matches!(all.as_slice(), ["." | "./", rest @ ..] if rest.iter().all(|p| left_out(p).is_some()));
    whole || (!all.is_empty() && all.iter().all(|p| fits(p)))
}

/// The path of a line that leaves something out.
pub(super) fn left_out(line: &str) -> Option<&str> {
    let path = line.strip_prefix('!')?.trim_start_matches("./").trim_end_matches("/**").trim_end_matches('/');
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    (plain && !path.is_empty()).then_some(path)
}

/// A pattern with any number of folders in it as the folders and the test of `find`; none where its stars would take too much there.
pub(super) fn search(pattern: &str) -> Option<(String, String)> {
    let segments: Vec<&str> = pattern.trim_start_matches("./").split('/').collect();
    let at = segments.iter().position(|s| *s == "**")?;
    let top = if at == 0 { ".".to_owned() } else { segments[..at].join("/") };
    let rest = &segments[at + 1..];
    let test = match rest {
        [] | ["*"] => String::new(),
        [name] => format!(" -name '{name}'"),
        several => {
            let mut path = String::from("*");
            for (i, segment) in several.iter().enumerate() {
                let deep = i > 0 && several[i - 1] == "**";
                match (*segment, segment.contains('*')) {
                    // The star of `-path` takes slashes, too.
                    ("**", _) if several.get(i + 1).is_some_and(|next| next.starts_with('*')) && i + 2 == several.len() => {}
                    ("**", _) => return None,
                    (_, true) if !deep => return None,
                    _ => path.push_str(&format!("/{segment}")),
                }
            }
            format!(" -path '{path}'")
        }
    };
    Some((top, test))
}

/// The folder that paths have in common, and what is left of them behind it.
pub(super) fn common(paths: &[&str]) -> (String, Vec<String>) {
    let split: Vec<Vec<&str>> =
        paths.iter().map(|p| p.trim_start_matches("./").trim_end_matches('/').split('/').collect()).collect();
    let mut shared = 0;
    let fixed = |part: &str| !part.contains(['*', '?', '[']);
    while split.iter().all(|p| p.len() > shared + 1 && p[shared] == split[0][shared] && fixed(p[shared])) {
        shared += 1;
    }
    let root = split[0][..shared].join("/");
    let root = if root.is_empty() && shared > 0 { "/".to_owned() } else { root };
    (root, split.iter().map(|p| p[shared..].join("/")).collect())
}

#[cfg(test)]
mod tests {
    use super::{can_collect, common, search};

    #[test]
    fn patterns_of_many_folders_are_searched() {
        let found = |pattern: &str| search(pattern).map(|(top, test)| format!("{top}{test}"));
        assert_eq!(found("**/build/results/**/*.xml").as_deref(), Some(". -path '*/build/results/*.xml'"));
        assert_eq!(found("*/build/bin/**/*").as_deref(), Some("*/build/bin"));
        assert_eq!(found("target/**/*.jar").as_deref(), Some("target -name '*.jar'"));
        // `find` would take `a/b/c/d.xml` for the second, and `ab` for the third.
        assert_eq!([found("**/*/d.xml"), found("a/**/b/*/c"), found("**/a/**/b")], [None, None, None]);
        assert!(can_collect(".\n!venv/\n") && can_collect("/tmp/a.*") && !can_collect("dist\n!dist/x") && !can_collect("~/a"));
    }

    #[test]
    fn paths_share_the_folder_above_them() {
        assert_eq!(common(&["dist/a/*.tar", "dist/b"]), ("dist".to_owned(), vec!["a/*.tar".to_owned(), "b".to_owned()]));
        assert_eq!(common(&["/tmp/x.*"]), ("/tmp".to_owned(), vec!["x.*".to_owned()]));
        assert_eq!(common(&["*.log", "out/"]), (String::new(), vec!["*.log".to_owned(), "out".to_owned()]));
    }
}
