//! Sets of names as the comparisons of `rules:if`: `==` for a name, a regular expression (RE2, unanchored unless said) for the rest.

use crate::base::span::Spanned;
use crate::ir::event::Pattern;
use crate::ir::glob::{Glob, GlobPiece};

/// A glob between slashes, anchored only where something else could stand: `/^release\/[^\/]*$/`, `/^release\//`.
pub(super) fn any_of(globs: &[&Glob]) -> String {
    let bodies: Vec<String> = globs.iter().map(|g| body(g)).collect();
    let [inner] = bodies.as_slice() else { return format!("/^({})$/", bodies.join("|")) };
    let (start, head) = inner.strip_prefix(".*").map_or(("^", inner.as_str()), |rest| ("", rest));
    let (end, middle) = head.strip_suffix(".*").map_or(("$", head), |rest| ("", rest));
    // GitLab refuses an expression of one character, which `**a` would leave.
    if middle.len() + start.len() + end.len() > 1 { format!("/{start}{middle}{end}/") } else { format!("/^{inner}$/") }
}

/// The expression without its anchors. `/` would end it, and GitLab takes `@` only by its number.
fn body(glob: &Glob) -> String {
    let whole = glob.to_regex();
    let inner = whole.strip_prefix('^').and_then(|r| r.strip_suffix('$')).unwrap_or(&whole);
    inner.replace('/', "\\/").replace('@', "\\x40")
}

/// Whether a glob takes every name.
pub(super) fn is_everything(glob: &Glob) -> bool {
    matches!(glob.pieces(), [GlobPiece::AnyRun])
}

/// One comparison of a variable with some globs.
pub(super) fn compare(variable: &str, globs: &[&Glob], positive: bool) -> String {
    if let [one] = globs
        && let Some(name) = one.is_literal()
        && !name.contains(['"', '\\'])
    {
        return format!("${variable} {} \"{name}\"", if positive { "==" } else { "!=" });
    }
    format!("${variable} {} {}", if positive { "=~" } else { "!~" }, any_of(globs))
}

/// The comparisons that together say that a variable is in a set; the bare variable says that it has a value at all.
pub(super) fn tests(variable: &str, pattern: &Pattern) -> Vec<String> {
    let mut tests = Vec::new();
    let include = globs(&pattern.include);
    if include.is_empty() || include.iter().any(|g| is_everything(g)) {
        tests.push(format!("${variable}"));
    } else {
        tests.push(compare(variable, &include, true));
    }
    let except = globs(&pattern.except);
    if !except.is_empty() {
        tests.push(compare(variable, &except, false));
    }
    tests
}

/// One comparison of a variable with fixed texts.
pub(super) fn one_of(variable: &str, texts: &[String], positive: bool) -> String {
    if let [text] = texts
        && !text.contains(['"', '\\'])
    {
        return format!("${variable} {} \"{text}\"", if positive { "==" } else { "!=" });
    }
    let escaped: Vec<String> = texts.iter().map(|t| escape(t)).collect();
    format!("${variable} {} /^({})$/", if positive { "=~" } else { "!~" }, escaped.join("|"))
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '@' => out.push_str("\\x40"),
            c if "\\.+*?()|[]{}^$/".contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

fn globs(list: &[Spanned<Glob>]) -> Vec<&Glob> {
    list.iter().map(|g| &g.value).collect()
}

#[cfg(test)]
mod tests {
    use super::{Glob, any_of, compare};

    fn glob(text: &str) -> Glob {
        Glob::parse(text).unwrap()
    }

    #[test]
    fn globs_become_expressions_that_are_anchored_where_it_matters() {
        let cases = [
            ("main", "/^main$/"),
            ("release/*", r"/^release\/[^\/]*$/"),
            ("release/**", r"/^release\//"),
            ("**/hotfix", r"/^(.*\/)?hotfix$/"),
            ("**fix**", "/fix/"),
            ("**a**", "/^.*a.*$/"),
            ("v*.*.*", r"/^v[^\/]*\.[^\/]*\.[^\/]*$/"),
            ("v[0-9].?", r"/^v[0-9]\.[^\/]$/"),
            ("a@b+c", r"/^a\x40b\+c$/"),
        ];
        for (text, expected) in cases {
            assert_eq!(any_of(&[&glob(text)]), expected, "{text}");
        }
        assert_eq!(any_of(&[&glob("main"), &glob("release/*")]), r"/^(main|release\/[^\/]*)$/");
    }

    #[test]
    fn a_single_name_is_compared_and_not_matched() {
        assert_eq!(compare("CI_COMMIT_BRANCH", &[&glob("main")], true), r#"$CI_COMMIT_BRANCH == "main""#);
        assert_eq!(compare("CI_COMMIT_BRANCH", &[&glob("wip/**")], false), r"$CI_COMMIT_BRANCH !~ /^wip\//");
    }
}
