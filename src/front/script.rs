//! Scripts of a vendor: its variables as contexts of a spec.

/// Text with contexts in place of the variables of a table, and whether others are left that the vendor sets.
pub fn contexts(text: &str, table: &[(&str, &str)], is_vendors: impl Fn(&str) -> bool) -> (String, bool) {
    let mut out = String::new();
    let mut own = false;
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, len) = match after.strip_prefix('{') {
            Some(inner) => match inner.find('}') {
                Some(end) => (&inner[..end], end + 3),
                None => ("", 1),
            },
            None => {
                let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
                (&after[..end], end + 1)
            }
        };
        match table.iter().find(|(v, _)| *v == name) {
            Some((_, context)) => out.push_str(&format!("${{{context}}}")),
            None => {
                own |= is_vendors(name);
                out.push_str(&rest[at..at + len]);
            }
        }
        rest = &rest[at + len..];
    }
    out.push_str(rest);
    (out, own)
}

/// Whether a text reads a variable of the shell.
pub fn reads(text: &str, variable: &str) -> bool {
    text.match_indices(variable).any(|(at, _)| {
        let before = text[..at].ends_with('$') || text[..at].ends_with("${");
        let after = text[at + variable.len()..].chars().next();
        before && after.is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::{contexts, reads};

    #[test]
    fn variables_that_are_the_same_everywhere_are_contexts() {
        let table = [("SHA", "commit.sha"), ("ID", "run.id")];
        let made = |text| contexts(text, &table, |n| n.starts_with("CI_"));
        assert_eq!(made("a $SHA ${ID}x $HOME $"), ("a ${commit.sha} ${run.id}x $HOME $".to_owned(), false));
        assert_eq!(made("$CI_JOB_TOKEN ${A:-b}"), ("$CI_JOB_TOKEN ${A:-b}".to_owned(), true));
        assert!(reads("cd ${SRC}/x", "SRC") && reads("$SRC", "SRC") && !reads("$SRCS SRC", "SRC"));
    }
}
