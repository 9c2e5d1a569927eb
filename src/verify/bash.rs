//! The few scripts that decide about a run: steps that write `name=true` to the outputs of a job that others look at, and first steps that
//! refuse an event. Their tests are read as bash reads them; a script of another form decides nothing that is known.

use std::collections::BTreeSet;

use crate::verify::behaviour::{OPAQUE, is_told};
use crate::verify::regex::Regex;

/// What the names in a test stand for; `None` where only a run knows.
pub(super) trait Names {
    /// The value of a variable, empty if it has none.
    fn variable(&self, name: &str) -> Option<String>;
    /// The changed files; `None` where the vendor tells none.
    fn files(&self) -> Option<&[String]>;
    /// Whether a file is there, by its path as it stands in the test.
    fn exists(&self, _path: &str) -> Option<bool> {
        None
    }
}

/// A condition of bash.
#[derive(Debug)]
enum Test {
    Fixed(bool),
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Equal(String, String),
    /// `$A == b*`: without quotes the right side is a pattern, whose star takes a `/` too (Bash Reference Manual, "Conditional Constructs").
    Begins(String, String),
    Match(String, Regex),
    Filled(String),
    /// `[ -e path ]`
    Exists(String),
    /// `changed INCLUDE [EXCEPT]`
    Changed(Regex, Option<Regex>),
}

/// The outputs of a step, each with its condition and value.
#[derive(Debug)]
pub(super) struct Decisions(Vec<(String, String, Test)>);

impl Decisions {
    /// Reads a script of `if …; then echo "name=value" >> "$GITHUB_OUTPUT"; fi`; none if it writes no output so.
    pub(super) fn read(script: &str) -> Option<Self> {
        let mut found = Vec::new();
        let mut rest = script;
        while let Some(at) = rest.find("\n  echo \"").or_else(|| rest.find("; then echo \"")) {
            let (before, after) = rest.split_at(at);
            let line = after[after.find('"')? + 1..].split('\n').next()?;
            let end = line.find("\" >> \"$GITHUB_OUTPUT\"")?;
            let (name, value) = line[..end].split_once('=')?;
            let condition = before.rfind("\nif ").map(|i| &before[i + 4..]).or_else(|| before.strip_prefix("if "))?;
            let condition = condition.strip_suffix("; then").unwrap_or(condition);
            found.push((name.to_owned(), value.to_owned(), test(condition).ok()?));
            rest = &after[1 + after[1..].find('\n').unwrap_or(after.len() - 1)..];
        }
        (!found.is_empty()).then_some(Self(found))
    }

    /// The names of the outputs, each once.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.0.iter().map(|(name, ..)| name.as_str()).collect()
    }

    /// The value of an output: `Some("")` if nothing is written, `None` where only a run knows.
    pub(super) fn output(&self, name: &str, names: &dyn Names) -> Option<String> {
        let mut value = String::new();
        for (_, written, condition) in self.0.iter().filter(|(n, ..)| n == name) {
            if condition.holds(names)? {
                value.clone_from(written);
            }
        }
        Some(value)
    }
}

/// A first step that refuses an event.
#[derive(Debug)]
pub(super) struct Guard(Test);

impl Guard {
    /// Reads a script of `if ! …; then … exit 1 fi`; none if it has another form.
    pub(super) fn read(script: &str) -> Option<Self> {
        let body = script.trim().strip_prefix("if ! ")?;
        let (condition, rest) = body.split_once("; then\n")?;
        let refuses = rest.trim_end().ends_with("exit 1\nfi");
        if refuses { test(condition).ok().map(Self) } else { None }
    }

    /// Whether it lets an event through; `None` where only a run knows.
    pub(super) fn passes(&self, names: &dyn Names) -> Option<bool> {
        self.0.holds(names)
    }
}

/// Whether a test of the shell holds; `None` where only a run knows, or where it is no test that is known here.
pub(super) fn holds(text: &str, names: &dyn Names) -> Option<bool> {
    test(text).ok()?.holds(names)
}

impl Test {
    fn holds(&self, names: &dyn Names) -> Option<bool> {
        match self {
            Self::Fixed(value) => Some(*value),
            Self::Not(a) => a.holds(names).map(|v| !v),
            Self::And(a, b) => match (a.holds(names), b.holds(names)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.holds(names), b.holds(names)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Equal(a, b) => {
                let (a, b) = (expanded(a, names)?, expanded(b, names)?);
                is_told(&a, &b).then(|| a == b)
            }
            Self::Begins(a, start) => told(expanded(a, names)?).map(|a| a.starts_with(start)),
            Self::Match(a, regex) => told(expanded(a, names)?).map(|a| regex.matches(&a)),
            Self::Filled(a) => Some(!expanded(a, names)?.is_empty()),
            Self::Exists(path) => names.exists(path),
            Self::Changed(include, except) => {
                let takes = |p: &String| include.matches(p) && !except.as_ref().is_some_and(|e| e.matches(p));
                Some(names.files().is_none_or(|files| files.iter().any(takes)))
            }
        }
    }
}

fn told(text: String) -> Option<String> {
    Some(text).filter(|t| !t.starts_with(OPAQUE))
}

/// A word with its variable replaced.
fn expanded(word: &str, names: &dyn Names) -> Option<String> {
    let Some(name) = word.strip_prefix('$') else { return Some(word.to_owned()) };
    names.variable(name.trim_start_matches('{').trim_end_matches('}'))
}

/// The words of a test, quotes removed; a quoted word cannot be a sign.
fn words(text: &str) -> Result<Vec<(String, bool)>, String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.peek().copied() {
        if c.is_whitespace() {
            chars.next();
        } else if c == ';' {
            chars.next();
            found.push((";".to_owned(), false));
        } else {
            let (mut word, mut quoted) = (String::new(), false);
            while let Some(c) = chars.peek().copied().filter(|c| !c.is_whitespace() && (*c != ';')) {
                chars.next();
                if c == '\'' || c == '"' {
                    quoted = true;
                    loop {
                        match chars.next() {
                            Some(inner) if inner == c => break,
                            Some(inner) => word.push(inner),
                            None => return Err("a quote does not end".to_owned()),
                        }
                    }
                } else if c == '\\' {
                    // Kept: only regular expressions have one.
                    word.push(c);
                    word.extend(chars.next());
                } else {
                    word.push(c);
                }
            }
            found.push((word, quoted));
        }
    }
    Ok(found)
}

fn test(text: &str) -> Result<Test, String> {
    let words = words(text)?;
    let mut parser = Parser { words: &words, at: 0 };
    let found = parser.list()?;
    if parser.at < words.len() { Err(format!("{:?} is too much", words[parser.at])) } else { Ok(found) }
}

struct Parser<'w> {
    words: &'w [(String, bool)],
    at: usize,
}

impl Parser<'_> {
    fn sign(&mut self, sign: &str) -> bool {
        let found = self.words.get(self.at).is_some_and(|(w, quoted)| w == sign && !quoted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> Result<String, String> {
        let (word, _) = self.words.get(self.at).ok_or("a test ends too early")?;
        self.at += 1;
        Ok(word.clone())
    }

    /// Commands in bash bind `&&` and `||` alike, from the left.
    fn list(&mut self) -> Result<Test, String> {
        let mut left = self.command()?;
        loop {
            if self.sign("&&") {
                left = Test::And(Box::new(left), Box::new(self.command()?));
            } else if self.sign("||") {
                left = Test::Or(Box::new(left), Box::new(self.command()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn command(&mut self) -> Result<Test, String> {
        if self.sign("!") {
            return Ok(Test::Not(Box::new(self.command()?)));
        }
        if self.sign("{") {
            let inner = self.list()?;
            if !(self.sign(";") && self.sign("}")) {
                return Err("a group does not end".to_owned());
            }
            return Ok(inner);
        }
        if self.sign("[[") {
            let inner = self.either()?;
            return if self.sign("]]") { Ok(inner) } else { Err("`]]` is missing".to_owned()) };
        }
        if self.sign("[") {
            let inner = self.plain()?;
            return if self.sign("]") { Ok(inner) } else { Err("`]` is missing".to_owned()) };
        }
        match self.word()?.as_str() {
            // `printf '%s\n' "$A" | grep -Eq 'a.*'`
            "printf" => {
                let (_, left) = (self.word()?, self.word()?);
                let asks = self.sign("|") && self.sign("grep") && self.sign("-Eq");
                if asks { Ok(Test::Match(left, Regex::new(&self.word()?)?)) } else { Err("`printf` is no test".to_owned()) }
            }
            // `echo "$A" | grep -Eqx 'a|b'`
            "echo" => {
                let left = self.word()?;
                let asks = self.sign("|") && self.sign("grep") && self.sign("-Eqx");
                if asks {
                    Ok(Test::Match(left, Regex::new(&format!("^({})$", self.word()?))?))
                } else {
                    Err("`echo` is no test".to_owned())
                }
            }
            "true" => Ok(Test::Fixed(true)),
            "false" => Ok(Test::Fixed(false)),
            "changed" => {
                let include = Regex::new(&self.word()?)?;
                let except = self.words.get(self.at).filter(|(w, quoted)| *quoted || !matches!(w.as_str(), ";" | "&&" | "||"));
                let except = except.map(|(w, _)| Regex::new(w)).transpose()?;
                self.at += usize::from(except.is_some());
                Ok(Test::Changed(include, except))
            }
            other => Err(format!("command `{other}` is not known here")),
        }
    }

    fn either(&mut self) -> Result<Test, String> {
        let mut left = self.both()?;
        while self.sign("||") {
            left = Test::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Test, String> {
        let mut left = self.one()?;
        while self.sign("&&") {
            left = Test::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    /// What stands in single brackets, whose words are no patterns.
    fn plain(&mut self) -> Result<Test, String> {
        for (sign, made) in [("-n", Test::Filled as fn(String) -> Test), ("-e", Test::Exists)] {
            if self.sign(sign) {
                return Ok(made(self.word()?));
            }
        }
        if self.sign("-z") {
            return Ok(Test::Not(Box::new(Test::Filled(self.word()?))));
        }
        let left = self.word()?;
        if self.sign("=") {
            return Ok(Test::Equal(left, self.word()?));
        }
        if self.sign("!=") {
            return Ok(Test::Not(Box::new(Test::Equal(left, self.word()?))));
        }
        Err(format!("the test of `{left}` is not known here"))
    }

    fn equal(&mut self, left: String) -> Result<Test, String> {
        let quoted = self.words.get(self.at).is_some_and(|(_, quoted)| *quoted);
        let right = self.word()?;
        match right.strip_suffix('*') {
            _ if quoted => Ok(Test::Equal(left, right)),
            Some(start) if !start.contains(['*', '?', '[']) => Ok(Test::Begins(left, start.to_owned())),
            _ if right.contains(['*', '?', '[']) => Err(format!("the pattern `{right}` is not known here")),
            _ => Ok(Test::Equal(left, right)),
        }
    }

    fn one(&mut self) -> Result<Test, String> {
        if self.sign("!") {
            return Ok(Test::Not(Box::new(self.one()?)));
        }
        if self.sign("(") {
            let inner = self.either()?;
            return if self.sign(")") { Ok(inner) } else { Err("`)` is missing".to_owned()) };
        }
        if self.sign("-n") {
            return Ok(Test::Filled(self.word()?));
        }
        if self.sign("-z") {
            return Ok(Test::Not(Box::new(Test::Filled(self.word()?))));
        }
        let left = self.word()?;
        if self.sign("==") {
            return self.equal(left);
        }
        if self.sign("!=") {
            return Ok(Test::Not(Box::new(self.equal(left)?)));
        }
        if self.sign("=~") {
            return Ok(Test::Match(left, Regex::new(&self.word()?)?));
        }
        Err(format!("the test of `{left}` is not known here"))
    }
}
