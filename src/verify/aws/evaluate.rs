//! What a script of the shell comes to, as far as it can be known: the scripts that decide whether a build does its work, and whether its
//! failure counts.

use std::collections::BTreeMap;

use crate::verify::aws::shell::Command;
use crate::verify::behaviour::OPAQUE;
use crate::verify::regex::Regex;

/// What is known of a variable that is set: its value, or that only a run knows it.
pub(super) type Known = Option<String>;

/// A shell.
pub(super) struct Shell<'f> {
    /// The variables that are set.
    pub(super) variables: BTreeMap<String, Known>,
    /// How a program ends that is not known here: its code, none where only a run knows.
    pub(super) program: &'f dyn Fn(&[String]) -> Option<i32>,
    /// Variables that were read and are not set: a shell with `-u` ends there.
    pub(super) unset: Vec<String>,
    /// More variables are set than are known.
    pub(super) open: bool,
}

/// How a command ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// With this code; none where only a run knows.
    Code(Option<i32>),
    /// The script ends with it.
    Exit(Option<i32>),
    /// The loop around it ends.
    Break,
}

impl End {
    /// Whether it went well; none where only a run knows.
    pub(super) fn well(self) -> Option<bool> {
        match self {
            Self::Code(code) | Self::Exit(code) => code.map(|c| c == 0),
            Self::Break => Some(true),
        }
    }
}

impl<'f> Shell<'f> {
    pub(super) fn new(variables: BTreeMap<String, Known>, program: &'f dyn Fn(&[String]) -> Option<i32>) -> Self {
        Self { variables, program, unset: Vec::new(), open: false }
    }

    /// Runs commands one after another.
    pub(super) fn all(&mut self, commands: &[Command]) -> End {
        let mut last = End::Code(Some(0));
        for command in commands {
            last = self.run(command);
            if !matches!(last, End::Code(_)) {
                return last;
            }
            self.note(last);
        }
        last
    }

    fn note(&mut self, end: End) {
        if let End::Code(code) = end {
            self.variables.insert("?".to_owned(), code.map(|c| c.to_string()));
        }
    }

    /// Runs one command.
    pub(super) fn run(&mut self, command: &Command) -> End {
        let end = self.one(command);
        self.note(end);
        end
    }

    fn one(&mut self, command: &Command) -> End {
        match command {
            Command::Simple(words, _) => self.simple(words),
            Command::Not(inner) => match self.run(inner) {
                End::Code(code) => End::Code(code.map(|c| i32::from(c == 0))),
                other => other,
            },
            Command::And(a, b) => self.both(a, b, true),
            Command::Or(a, b) => self.both(a, b, false),
            Command::Pipe(parts) => End::Code(self.pipe(parts)),
            Command::Group(inner) => self.all(inner),
            Command::Subshell(inner) => {
                let kept = self.variables.clone();
                let end = self.all(inner);
                self.variables = kept;
                match end {
                    End::Exit(code) | End::Code(code) => End::Code(code),
                    End::Break => End::Code(Some(0)),
                }
            }
            Command::If(arms, otherwise) => {
                for (condition, inner) in arms {
                    match self.all(condition) {
                        End::Code(Some(0)) => return self.all(inner),
                        End::Code(Some(_)) => {}
                        End::Code(None) => return End::Code(None),
                        other => return other,
                    }
                }
                self.all(otherwise)
            }
            Command::For(name, words, inner) => {
                let mut last = End::Code(Some(0));
                for word in words {
                    let value = self.expand(word);
                    self.variables.insert(name.clone(), value);
                    last = self.all(inner);
                    match last {
                        End::Code(_) => {}
                        End::Break => return End::Code(Some(0)),
                        End::Exit(_) => return last,
                    }
                }
                last
            }
            Command::Case(word, arms) => {
                let Some(value) = self.expand(word) else { return End::Code(None) };
                let taken = arms.iter().find(|(patterns, _)| patterns.iter().any(|p| matches(p, &value)));
                taken.map_or(End::Code(Some(0)), |(_, inner)| self.all(inner))
            }
            Command::Function => End::Code(Some(0)),
            Command::Loop(..) | Command::Opaque => End::Code(None),
        }
    }

    fn both(&mut self, a: &Command, b: &Command, and: bool) -> End {
        let first = match self.run(a) {
            End::Code(code) => code,
            other => return other,
        };
        match first {
            Some(code) if (code == 0) == and => self.run(b),
            Some(_) => End::Code(first),
            None => match self.run(b) {
                End::Code(Some(code)) if (code == 0) != and => End::Code(Some(code)),
                _ => End::Code(None),
            },
        }
    }

    /// `printf '%s\n' WORD | grep -Eq REGEX` asks whether a word matches; of any other pipe only the run knows.
    fn pipe(&mut self, parts: &[Command]) -> Option<i32> {
        let [Command::Simple(printf, _), Command::Simple(grep, _)] = parts else { return None };
        let [printf_word, format, word] = printf.as_slice() else { return None };
        let [grep_word, options, regex] = grep.as_slice() else { return None };
        if printf_word != "printf" || format != "'%s\\n'" || grep_word != "grep" {
            return None;
        }
        let (text, regex) = (self.expand(word), self.expand(regex)?);
        let regex = match options.as_str() {
            "-Eq" => Regex::new(&regex).ok()?,
            "-Eqx" => Regex::new(&format!("^({regex})$")).ok()?,
            _ => return None,
        };
        Some(i32::from(!regex.matches(&text?)))
    }

    fn simple(&mut self, words: &[String]) -> End {
        let assigned = words.iter().take_while(|w| assignment(w).is_some()).count();
        if assigned == words.len() {
            for (name, value) in words.iter().filter_map(|w| assignment(w)) {
                let value = self.expand(value);
                self.variables.insert(name.to_owned(), value);
            }
            return End::Code(Some(0));
        }
        let words = &words[assigned..];
        let ends = |code: i32| End::Code(Some(code));
        match words[0].as_str() {
            "true" | ":" | "echo" | "touch" | "set" | "rm" | "printf" => ends(0),
            "false" => ends(1),
            "break" => End::Break,
            "export" => {
                for (name, value) in words[1..].iter().filter_map(|w| assignment(w)) {
                    let value = self.expand(value);
                    self.variables.insert(name.to_owned(), value);
                }
                ends(0)
            }
            "exit" => {
                let code = words.get(1).map_or(Some("0".to_owned()), |w| self.expand(w));
                End::Exit(code.and_then(|c| c.parse().ok()))
            }
            "[" => {
                let words: Vec<Known> = words[1..].iter().map(|w| self.expand(w)).collect();
                End::Code(test(&words).map(|holds| i32::from(!holds)))
            }
            _ => End::Code((self.program)(words)),
        }
    }

    /// A word as its program sees it; none where only a run knows.
    pub(super) fn expand(&mut self, word: &str) -> Known {
        let mut out = String::new();
        let mut known = true;
        self.append(word, &mut out, &mut known);
        known.then_some(out).filter(|text| !text.starts_with(OPAQUE))
    }

    fn append(&mut self, word: &str, out: &mut String, known: &mut bool) {
        let mut rest = word;
        let mut quoted = false;
        while let Some(c) = rest.chars().next() {
            let length = match c {
                '\'' if !quoted => {
                    let end = rest[1..].find('\'').unwrap_or(rest.len() - 1);
                    out.push_str(&rest[1..=end]);
                    end + 2
                }
                '"' => {
                    quoted = !quoted;
                    1
                }
                '\\' => {
                    let next = rest[1..].chars().next();
                    out.extend(next);
                    1 + next.map_or(0, char::len_utf8)
                }
                '`' => {
                    *known = false;
                    rest.len()
                }
                '$' => self.variable(rest, out, known),
                other => {
                    out.push(other);
                    other.len_utf8()
                }
            };
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// What stands behind a `$`; how much of the text it is.
    fn variable(&mut self, rest: &str, out: &mut String, known: &mut bool) -> usize {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if rest.starts_with("$(") {
            *known = false;
            return rest.len();
        }
        let (inner, length) = if rest.starts_with("${") {
            let mut depth = 0;
            let end = rest.char_indices().find(|(_, c)| {
                depth += i32::from(*c == '{') - i32::from(*c == '}');
                *c == '}' && depth == 0
            });
            let Some((end, _)) = end else {
                *known = false;
                return rest.len();
            };
            (&rest[2..end], end + 1)
        } else if rest.starts_with("$?") {
            ("?", 2)
        } else {
            let length = rest[1..].find(|c| !part(c)).unwrap_or(rest.len() - 1);
            (&rest[1..=length], length + 1)
        };
        let end = if inner.starts_with('?') { 1 } else { inner.find(|c| !part(c)).unwrap_or(inner.len()) };
        let (name, how) = inner.split_at(end);
        let value = self.look(name);
        match (how, value) {
            (_, _) if name.is_empty() => *known = false,
            (_, Some(None)) => *known = false,
            ("", Some(Some(value))) => out.push_str(&value),
            (how, value) if how.starts_with(":-") => match value.flatten().filter(|v| !v.is_empty()) {
                Some(value) => out.push_str(&value),
                None => self.append(&how[2..], out, known),
            },
            (_, None) => {
                self.unset.push(name.to_owned());
                *known = false;
            }
            (how, Some(Some(value))) => match cut(how, &value) {
                Some(text) => out.push_str(text),
                None => *known = false,
            },
        }
        length
    }

    /// A variable; CodeBuild sets many of its own (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>),
    /// of which those of a webhook are there only where one started the build.
    fn look(&self, name: &str) -> Option<Known> {
        let known = self.variables.get(name).cloned();
        let own = name.starts_with("CODEBUILD_") && !name.starts_with("CODEBUILD_WEBHOOK_");
        known.or_else(|| (own || self.open || ["HOME", "PATH", "PWD", "TMPDIR", "AWS_REGION"].contains(&name)).then_some(None))
    }
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let legal = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (legal && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, value))
}

/// `[ … ]` with its words expanded, the closing one among them.
fn test(words: &[Known]) -> Option<bool> {
    let (close, words) = words.split_last()?;
    if close.as_deref() != Some("]") {
        return None;
    }
    match words {
        [a, sign, b] => match sign.as_deref()? {
            "=" | "==" => Some(a.as_ref()? == b.as_ref()?),
            "!=" => Some(a.as_ref()? != b.as_ref()?),
            _ => None,
        },
        [sign, a] => match sign.as_deref()? {
            "-n" => Some(!a.as_ref()?.is_empty()),
            "-z" => Some(a.as_ref()?.is_empty()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a pattern of `case` or of a cut takes a whole text: letters and stars, and nothing else.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: String = pattern.chars().filter(|c| !"'\"".contains(*c)).collect();
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
}

/// `#pattern`, `##pattern`, `%pattern` or `%%pattern`; none for anything else.
fn cut<'v>(how: &str, value: &'v str) -> Option<&'v str> {
    let places = || (0..=value.len()).filter(|at| value.is_char_boundary(*at));
    let (front, pattern) = match (how.strip_prefix('#'), how.strip_prefix('%')) {
        (Some(pattern), _) => (true, pattern),
        (_, Some(pattern)) => (false, pattern),
        _ => return None,
    };
    let (longest, pattern) = match pattern.strip_prefix(if front { '#' } else { '%' }) {
        Some(pattern) => (true, pattern),
        None => (false, pattern),
    };
    let part = |at: usize| if front { &value[..at] } else { &value[at..] };
    let mut found = places().filter(|at| matches(pattern, part(*at)));
    // The shortest front is the first place, the shortest end the last.
    let at = if front == longest { found.next_back() } else { found.next() };
    Some(at.map_or(value, |at| if front { &value[at..] } else { &value[..at] }))
}

#[cfg(test)]
mod tests {
    use super::{End, Shell};
    use crate::verify::aws::shell::commands;

    fn end(script: &str) -> End {
        let variables = [("A", Some("branch/main")), ("EMPTY", Some("")), ("LATER", None)];
        let variables = variables.map(|(n, v)| (n.to_owned(), v.map(str::to_owned)));
        let lines: Vec<_> = commands(script).into_iter().map(|l| l.command).collect();
        let program = |words: &[String]| (words[0] == "bad").then_some(3);
        let mut shell = Shell::new(variables.into_iter().collect(), &program);
        shell.all(&lines)
    }

    #[test]
    fn scripts_come_to_what_the_shell_says() {
        for (script, code) in [
            ("[ \"$A\" = branch/main ]", Some(0)),
            ("[ \"${A#branch/}\" = main ] && [ \"${A%/*}\" = branch ] && [ \"${A##*/}\" = main ]", Some(0)),
            ("[ \"${EMPTY:-x}\" = x ] && [ \"${NONE:-}\" = '' ]", Some(0)),
            ("[ \"$LATER\" = x ]", None),
            ("false && [ \"$LATER\" = x ]", Some(1)),
            ("{ [ \"$LATER\" = x ] && false; }", Some(1)),
            ("[ \"$LATER\" = x ] || true", Some(0)),
            ("printf '%s\\n' \"$A\" | grep -Eq '^branch/(main|x)$'", Some(0)),
            ("! printf '%s\\n' \"$A\" | grep -Eq '^x'", Some(0)),
            ("bad || { echo on; touch f; }", Some(0)),
            ("bad || (exit 2)", Some(2)),
            ("code=0\nbad || code=$?\ncase \"$code\" in\n  0) ;;\n  3 | 4) echo on ;;\n  *) (exit \"$code\") ;;\nesac", Some(0)),
            ("code=0\nbad || code=$?\ncase \"$code\" in\n  4) echo on ;;\n  *) (exit \"$code\") ;;\nesac", Some(3)),
            (
                "for i in 1 2; do\n  code=0\n  bad || code=$?\n  [ \"$code\" != 0 ] || break\ndone\n(exit \"$code\") || { echo on; }",
                Some(0),
            ),
            ("for i in 1 2; do\n  code=0\n  bad || code=$?\n  [ \"$code\" != 0 ] || break\ndone\n(exit \"$code\")", Some(3)),
            ("if [ \"$A\" = x ]; then false; elif true; then true; fi", Some(0)),
            ("other", None),
        ] {
            assert_eq!(end(script), End::Code(code), "{script}");
        }
        assert_eq!(end("echo a\nexit 0\nfalse"), End::Exit(Some(0)));
    }

    #[test]
    fn a_variable_that_nothing_sets_is_told() {
        let program = |_: &[String]| None;
        let mut shell = Shell::new([].into(), &program);
        let lines = commands("[ \"$NONE\" = x ]");
        assert_eq!(shell.run(&lines[0].command), End::Code(None));
        assert_eq!(shell.unset, ["NONE"]);
    }
}
