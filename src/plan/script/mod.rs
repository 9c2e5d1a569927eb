//! Shell text for what a vendor has no words for: gates, messages, logins, remote commands.
//!
//! The scripts lie in `targets/scripts/`; a name between two `@` is filled in here with text that is safe in its place. They are POSIX shell, so
//! that they mean the same in `bash` and in the `sh` of a small image. A value that only the run knows reaches them through a variable.

pub mod app;
pub mod compose;
pub mod emulated;
pub mod findings;
pub mod login;
pub mod means;
pub mod measure;
pub mod message;
pub mod remote;
pub mod watch;
pub mod window;

use crate::base::span::Span;
use crate::ir::step::Script;
use crate::ir::text::{EnvVar, Text};
use crate::target::asset;

/// Shell text with the variables that it reads.
#[derive(Clone, PartialEq, Debug)]
pub struct Shell {
    /// The lines.
    pub script: Script,
    /// Its variables.
    pub env: Vec<EnvVar>,
    /// Whether it is one command, or one pipeline, that leaves nothing behind in its shell: its status is that of the whole.
    pub alone: bool,
    /// The line before it that brings a program which the job may lack.
    pub install: Option<String>,
}

impl Shell {
    /// A script without variables.
    pub fn plain(text: &str, span: Span) -> Self {
        Self {
            script: Script { lines: vec![Text::literal(text.trim_end(), span)] },
            env: Vec::new(),
            alone: false,
            install: None,
        }
    }

    /// A script of one command.
    pub fn alone(text: &str, span: Span) -> Self {
        Self { alone: true, ..Self::plain(text, span) }
    }

    /// Its lines, that of `install` first.
    pub fn lines(self) -> Vec<Text> {
        let span = self.script.lines.first().map(|l| l.span).unwrap_or_default();
        self.install.map(|line| Text::literal(line, span)).into_iter().chain(self.script.lines).collect()
    }

    /// Adds a variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: Text) -> Self {
        let span = value.span;
        self.env.push(EnvVar { name: crate::base::span::Spanned::new(name.into(), span), value });
        self
    }
}

/// A script of `targets/scripts/` with every `@name@` filled in.
pub fn fill(name: &str, values: &[(&str, &str)]) -> String {
    let mut text = part(name).to_owned();
    for (name, value) in values {
        text = text.replace(&format!("@{name}@"), value);
    }
    text
}

/// A file of `targets/scripts/`, without its last line end.
pub fn part(name: &str) -> &'static str {
    asset::text(&format!("scripts/{name}")).unwrap_or_default().trim_end()
}

/// A mark for the end of a here-document: this word, or one that no line of the text is.
pub fn end_mark(word: &str, text: &str) -> String {
    let mut mark = word.to_owned();
    while text.lines().any(|l| l == mark) {
        mark.push('_');
    }
    mark
}

/// A word of the shell that stands for exactly this text.
pub fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// A name for people inside a double-quoted string of a script: nothing in it is special there.
pub fn label(text: &str) -> String {
    text.chars().map(|c| if "\"\\$`'@".contains(c) || c.is_control() { '_' } else { c }).collect()
}

/// The name of a variable: `error-rate` gives `ERROR_RATE`.
pub fn variable(name: &str) -> String {
    let upper: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if upper.starts_with(|c: char| c.is_ascii_digit()) { format!("_{upper}") } else { upper }
}

/// A string of Python or JavaScript inside a single-quoted word of the shell.
pub fn inside(text: &str) -> String {
    let plain = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{}\"", plain.replace('\'', "'\\''"))
}

/// Whether a path is a glob of the language.
pub fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// Shell that prints the names of files, one a line: of a glob those that are there.
pub fn list_files(paths: &[String]) -> String {
    let one = |path: &String| {
        if is_glob(path) {
            let root = path.split(['*', '?', '[', '{']).next().and_then(|p| p.rsplit_once('/')).map_or(".", |(dir, _)| dir);
            format!("find {} -type f | sed 's/^\\.\\///' | grep -E {}", quote(root), quote(&glob_regex(path)))
        } else {
            format!("echo {}", quote(path))
        }
    };
    match paths {
        [only] => one(only),
        several => format!("{{ {}; }}", several.iter().map(one).collect::<Vec<_>>().join("; ")),
    }
}

/// The extended regular expression of a glob, anchored.
pub fn glob_regex(glob: &str) -> String {
    let mut regex = String::from("^");
    let mut chars = glob.chars().peekable();
    let mut depth = 0u32;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                // `**/` also stands for no directory at all.
                if chars.peek() == Some(&'/') && (regex == "^" || regex.ends_with('/')) {
                    chars.next();
                    regex.push_str("(.*/)?");
                } else {
                    regex.push_str(".*");
                }
            }
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '{' => {
                depth += 1;
                regex.push('(');
            }
            '}' if depth > 0 => {
                depth -= 1;
                regex.push(')');
            }
            ',' if depth > 0 => regex.push('|'),
            '[' | ']' | '-' | '/' => regex.push(c),
            c if c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii() => regex.push(c),
            c => {
                regex.push('\\');
                regex.push(c);
            }
        }
    }
    regex.push('$');
    regex
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests read and write the disk around the compiler")]

    use std::path::Path;
    use std::process::Command;

    use super::{end_mark, glob_regex, list_files, quote, variable};

    #[test]
    fn a_here_document_ends_where_no_line_of_it_does() {
        assert_eq!(end_mark("STEP", "make STEP\n STEP"), "STEP");
        let inner = "cat <<'STEP'\nin\nSTEP\nSTEP_";
        let mark = end_mark("STEP", inner);
        let (said, ended) = run_in(SH, Path::new("."), &format!("cat <<'{mark}'\n{inner}\n{mark}\necho behind"), &[]);
        assert_eq!((said.trim_end(), ended), (format!("{inner}\nbehind").as_str(), true));
    }

    /// Runs a script in a directory with both shells; they must agree. What it printed, and whether it succeeded.
    pub(crate) fn run(dir: &Path, script: &str, env: &[(&str, &str)]) -> (String, bool) {
        let bash = run_in(&["bash", "-euo", "pipefail"], dir, script, env);
        assert_eq!(bash, run_in(SH, dir, script, env), "bash and sh differ on\n{script}");
        bash
    }

    /// The shell without `pipefail`: what fails there fails in the other.
    pub(crate) const SH: &[&str] = &["sh", "-eu"];

    /// Runs a script in a directory with a shell.
    pub(crate) fn run_in(shell: &[&str], dir: &Path, script: &str, env: &[(&str, &str)]) -> (String, bool) {
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).args(["-c", script]).current_dir(dir).envs(env.iter().copied());
        let output = command.output().expect("the tests need bash and sh");
        (String::from_utf8_lossy(&output.stdout).trim_end().to_owned(), output.status.success())
    }

    /// The text of a script without contexts.
    pub(crate) fn whole(shell: super::Shell) -> String {
        let lines = shell.lines();
        lines.iter().map(|l| l.as_literal().expect("no contexts")).collect::<Vec<_>>().join("\n")
    }

    /// A directory with these files.
    pub(crate) fn files(list: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in list {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn words_are_quoted_where_they_must() {
        assert_eq!(quote("a/b-c.xml"), "a/b-c.xml");
        assert_eq!(quote("it's $x"), r"'it'\''s $x'");
        assert_eq!(quote(""), "''");
        assert_eq!(variable("error-rate.2"), "ERROR_RATE_2");
        assert_eq!(variable("2x"), "_2X");
    }

    #[test]
    fn a_glob_finds_what_the_language_says() {
        let dir = files(&[("t/a.xml", "A"), ("t/sub/b.xml", "B"), ("t/c.txt", "C"), ("t/d e.xml", "D")]);
        let of = |globs: &[&str]| {
            let globs: Vec<String> = globs.iter().map(|g| (*g).to_owned()).collect();
            let (said, ok) = run(dir.path(), &list_files(&globs), &[]);
            let mut names: Vec<&str> = said.lines().collect();
            names.sort_unstable();
            (names.join(" "), ok)
        };
        assert_eq!(of(&["t/*.xml"]).0, "t/a.xml t/d e.xml");
        assert_eq!(of(&["**/*.xml"]).0, "t/a.xml t/d e.xml t/sub/b.xml");
        assert_eq!(of(&["t/{a,c}.*"]).0, "t/a.xml t/c.txt");
        assert_eq!(of(&["t/c.txt", "t/a.*"]), ("t/a.xml t/c.txt".to_owned(), true));
        assert!(!of(&["t/*.json"]).1 && !of(&["none/*.xml"]).1);
        assert_eq!(glob_regex("a.b+c"), r"^a\.b\+c$");
    }
}
