//! Regular expressions, as far as outputs use them, and the vendors' patterns of names and files, which become such expressions.
//!
//! One small engine for RE2 (GitLab) and POSIX (bash): alternatives, groups, classes, `* + ?`, anchors. It looks at sets of positions,
//! so no pattern is slow.

use std::collections::BTreeSet;

/// A regular expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Regex(Part);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    /// One of these characters, or none of them.
    Class(Vec<(char, char)>, bool),
    Start,
    End,
    Row(Vec<Part>),
    Either(Vec<Part>),
    /// So many times at least; at most once more than that, or without end.
    Repeat(Box<Part>, usize, bool),
}

impl Regex {
    /// Reads an expression.
    ///
    /// # Errors
    /// What it uses that is not known here.
    pub fn new(text: &str) -> Result<Self, String> {
        let chars: Vec<char> = text.chars().collect();
        let mut reader = Reader { chars: &chars, at: 0 };
        let part = reader.either()?;
        if reader.at < chars.len() {
            return Err(format!("`{text}`: `{}` is too much", chars[reader.at]));
        }
        Ok(Self(part))
    }

    /// The expression of a pattern of GitHub's filters of names and files; `!` in front is the caller's.
    ///
    /// # Errors
    /// As [`Regex::new`].
    pub fn github(pattern: &str) -> Result<Self, String> {
        let mut out = String::from("^(");
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            let length = if rest.starts_with("**/") {
                out.push_str("(.*/)?");
                3
            } else if rest.starts_with("**") {
                out.push_str(".*");
                2
            } else {
                match c {
                    '*' => out.push_str("[^/]*"),
                    // These two repeat what stands before them.
                    '?' | '+' => out.push(c),
                    '[' | ']' | '-' => out.push(c),
                    '\\' => {
                        let next = rest.chars().nth(1).ok_or("a pattern ends in a backslash")?;
                        out.push_str(&escaped(next));
                        rest = &rest[1 + next.len_utf8()..];
                        continue;
                    }
                    other => out.push_str(&escaped(other)),
                }
                c.len_utf8()
            };
            rest = &rest[length..];
        }
        out.push_str(")$");
        Self::new(&out)
    }

    /// The expression of a pattern of GitLab's `changes`, which Ruby's `fnmatch` reads with `FNM_PATHNAME`, `FNM_DOTMATCH` and `FNM_EXTGLOB`.
    ///
    /// # Errors
    /// As [`Regex::new`].
    pub fn fnmatch(pattern: &str) -> Result<Self, String> {
        let mut out = String::from("^(");
        let mut rest = pattern;
        let mut braces = 0;
        while let Some(c) = rest.chars().next() {
            let length = if rest.starts_with("**/") && (out.ends_with('/') || out == "^(") {
                out.push_str("(.*/)?");
                3
            } else {
                match c {
                    '*' => out.push_str("[^/]*"),
                    '?' => out.push_str("[^/]"),
                    '{' => {
                        braces += 1;
                        out.push('(');
                    }
                    '}' if braces > 0 => {
                        braces -= 1;
                        out.push(')');
                    }
                    ',' if braces > 0 => out.push('|'),
                    '[' | ']' | '-' => out.push(c),
                    '\\' => {
                        let next = rest.chars().nth(1).ok_or("a pattern ends in a backslash")?;
                        out.push_str(&escaped(next));
                        rest = &rest[1 + next.len_utf8()..];
                        continue;
                    }
                    other => out.push_str(&escaped(other)),
                }
                c.len_utf8()
            };
            rest = &rest[length..];
        }
        out.push_str(")$");
        Self::new(&out)
    }

    /// Whether some part of a text matches.
    pub fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let all: BTreeSet<usize> = (0..=chars.len()).collect();
        !self.0.after(&chars, &all).is_empty()
    }
}

fn escaped(c: char) -> String {
    if "\\^$.|?*+()[]{}/".contains(c) { format!("\\{c}") } else { c.to_string() }
}

impl Part {
    /// Where a match can end that starts at one of these places.
    fn after(&self, text: &[char], from: &BTreeSet<usize>) -> BTreeSet<usize> {
        match self {
            Self::Class(ranges, without) => {
                let takes = |c: char| ranges.iter().any(|(a, b)| *a <= c && c <= *b) != *without;
                from.iter().filter(|i| text.get(**i).is_some_and(|c| takes(*c))).map(|i| i + 1).collect()
            }
            Self::Start => from.iter().copied().filter(|i| *i == 0).collect(),
            Self::End => from.iter().copied().filter(|i| *i == text.len()).collect(),
            Self::Row(parts) => parts.iter().fold(from.clone(), |places, part| part.after(text, &places)),
            Self::Either(parts) => parts.iter().flat_map(|part| part.after(text, from)).collect(),
            Self::Repeat(part, least, endless) => {
                let mut places = (0..*least).fold(from.clone(), |places, _| part.after(text, &places));
                if !endless {
                    let more = part.after(text, &places);
                    places.extend(more);
                    return places;
                }
                let mut open = places.clone();
                while !open.is_empty() {
                    open = part.after(text, &open).difference(&places).copied().collect();
                    places.extend(&open);
                }
                places
            }
        }
    }
}

struct Reader<'c> {
    chars: &'c [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Result<char, String> {
        let c = self.peek().ok_or("an expression ends too early")?;
        self.at += 1;
        Ok(c)
    }

    fn either(&mut self) -> Result<Part, String> {
        let mut parts = vec![self.row()?];
        while self.peek() == Some('|') {
            self.at += 1;
            parts.push(self.row()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Part::Either(parts) })
    }

    fn row(&mut self) -> Result<Part, String> {
        let mut parts = Vec::new();
        while let Some(c) = self.peek().filter(|c| !matches!(c, '|' | ')')) {
            self.at += 1;
            let mut part = match c {
                '^' => Part::Start,
                '$' => Part::End,
                '.' => Part::Class(Vec::new(), true),
                '(' => {
                    if self.chars[self.at..].starts_with(&['?', ':']) {
                        self.at += 2;
                    }
                    let inner = self.either()?;
                    if self.next()? != ')' {
                        return Err("a group does not end".to_owned());
                    }
                    inner
                }
                '[' => self.class()?,
                '\\' => self.escape()?,
                '{' | '*' | '+' | '?' => return Err(format!("`{c}` has nothing to repeat, or is not known here")),
                c => Part::Class(vec![(c, c)], false),
            };
            while let Some(mark @ ('*' | '+' | '?')) = self.peek() {
                self.at += 1;
                part = Part::Repeat(Box::new(part), usize::from(mark == '+'), mark != '?');
            }
            parts.push(part);
        }
        Ok(Part::Row(parts))
    }

    fn class(&mut self) -> Result<Part, String> {
        let without = self.peek() == Some('^');
        self.at += usize::from(without);
        let mut ranges = Vec::new();
        let first = self.at;
        loop {
            let mut low = self.next()?;
            if low == ']' && self.at > first + 1 {
                return Ok(Part::Class(ranges, without));
            }
            if low == '\\' {
                low = self.next()?;
            }
            let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']');
            if is_range {
                self.at += 1;
                ranges.push((low, self.next()?));
            } else {
                ranges.push((low, low));
            }
        }
    }

    fn escape(&mut self) -> Result<Part, String> {
        let digits = vec![('0', '9')];
        Ok(match self.next()? {
            'd' => Part::Class(digits, false),
            'w' => Part::Class([digits, vec![('a', 'z'), ('A', 'Z'), ('_', '_')]].concat(), false),
            's' => Part::Class(vec![(' ', ' '), ('\t', '\r')], false),
            'x' => {
                let hex: String = [self.next()?, self.next()?].iter().collect();
                let code = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32).ok_or("no character")?;
                Part::Class(vec![(code, code)], false)
            }
            c if c.is_ascii_alphanumeric() => return Err(format!("`\\{c}` is not known here")),
            c => Part::Class(vec![(c, c)], false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Regex;

    #[test]
    fn expressions_find_what_they_say() {
        for (expression, text, found) in [
            ("^(main|develop)$", "main", true),
            ("^(main|develop)$", "maine", false),
            ("^release\\/[^\\/]*$", "release/1", true),
            ("^release\\/[^\\/]*$", "release/1/2", false),
            ("^v\\d+\\.\\d+$", "v1.22", true),
            ("^v[^/]*\\.[^/]*$", "v1", false),
            ("feature", "my-feature-x", true),
            ("^a\\x40b$", "a@b", true),
            ("^(a|b)*c?$", "abba", true),
            ("^[]a-c]+$", "]b", true),
            ("^[^]a]$", "a", false),
        ] {
            assert_eq!(Regex::new(expression).unwrap().matches(text), found, "{expression} {text}");
        }
        assert!(Regex::new("a{2}").is_err() && Regex::new("(a").is_err() && Regex::new("*").is_err());
    }

    #[test]
    fn patterns_are_those_of_their_vendor() {
        for (pattern, name, github, ruby) in [
            ("services/**", "services/a/b.c", true, false),
            ("services/**/*", "services/a/b.c", true, true),
            ("services/**/*", "services/a", true, true),
            ("*.md", "docs/a.md", false, false),
            ("**/*.md", "a.md", true, true),
            ("**/*.md", "docs/a.md", true, true),
            ("v[0-9].*", "v1.x", true, true),
            ("ab?c", "ac", true, false),
            ("ab?c", "abxc", false, true),
            ("{a,b}.c", "b.c", false, true),
        ] {
            assert_eq!(Regex::github(pattern).unwrap().matches(name), github, "GitHub: {pattern} {name}");
            assert_eq!(Regex::fnmatch(pattern).unwrap().matches(name), ruby, "Ruby: {pattern} {name}");
        }
    }
}
