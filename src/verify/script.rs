//! Scripts as a shell reads them, line by line: which lines share a shell, where each runs, with which variables, and what stops it.
//!
//! It follows what a script says about its own lines: directories, exports, options, subshells, conditions, here-documents that are scripts.
//! Commands are not looked into.

use std::rc::Rc;

use crate::verify::behaviour::{Act, Bit, Frame, Guard, Interpreter, Variables};

/// A shell that is fed with texts, one after another.
#[derive(Debug)]
pub(super) struct Shell {
    acts: Vec<Act>,
    frame: Rc<Frame>,
    /// What is open: subshells, conditions, scripts in here-documents.
    open: Vec<Scope>,
    /// A quotation that goes on in the next line.
    quote: Option<char>,
    /// An assignment that goes on in the next line, so far.
    unfinished: Option<String>,
    /// The ends of here-documents that begin with the next line; whether each is a script.
    here: Vec<(String, bool)>,
    /// The number of the shell that reads the next line.
    shell: usize,
    /// The number of the next new shell.
    next: usize,
    /// Whoever feeds it ends at the first text that fails, though the shell itself would go on.
    fed: bool,
}

#[derive(Debug)]
struct Scope {
    kind: Kind,
    frame: Rc<Frame>,
    shell: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Subshell,
    Condition,
    Document,
}

impl Shell {
    /// A shell that starts so. Numbers of shells begin with `number`.
    pub(super) fn new(frame: Frame, number: usize) -> Self {
        Self {
            acts: Vec::new(),
            frame: Rc::new(frame),
            open: Vec::new(),
            quote: None,
            unfinished: None,
            here: Vec::new(),
            shell: number,
            next: number + 1,
            fed: false,
        }
    }

    /// Reads a text that begins at a line of the file.
    pub(super) fn read(&mut self, text: &str, line: usize) {
        let open = self.open.len();
        for (i, raw) in text.lines().enumerate() {
            self.line(raw, line + i);
        }
        // Each text is whole: what is still open was misread.
        self.quote = None;
        self.unfinished = None;
        self.here.clear();
        while let Some(kind) = self.open.get(open..).and_then(|s| s.last()).map(|s| s.kind) {
            self.leave(kind);
        }
    }

    /// Whether a failure in the next text ends the work, with any command of a pipe, and whether the work is done before it. The shell has no
    /// options of its own, so a subshell has none either.
    pub(super) fn fed(&mut self, stops: bool, pipes: bool, after: bool) {
        self.fed = true;
        self.change(|f| (f.stops, f.pipes, f.after) = (stops, pipes, after));
    }

    /// Reads a script that stands in a file, in a shell of its own.
    pub(super) fn file(&mut self, text: &str, line: usize, start: impl FnOnce(&mut Frame)) {
        self.enter(Kind::Document, start);
        self.read(text, line);
        self.leave(Kind::Document);
    }

    /// What was read.
    pub(super) fn acts(self) -> Vec<Act> {
        self.acts
    }

    /// The number of the next new shell.
    pub(super) fn next(&self) -> usize {
        self.next
    }

    fn push(&mut self, text: &str, line: usize, quoted: bool) {
        let act =
            Act { line, text: text.to_owned(), quoted, with: Variables::new(), shell: self.shell, frame: Rc::clone(&self.frame) };
        self.acts.push(act);
    }

    fn change(&mut self, change: impl FnOnce(&mut Frame)) {
        let mut frame = (*self.frame).clone();
        change(&mut frame);
        self.frame = Rc::new(frame);
    }

    fn enter(&mut self, kind: Kind, change: impl FnOnce(&mut Frame)) {
        self.open.push(Scope { kind, frame: Rc::clone(&self.frame), shell: self.shell });
        if kind != Kind::Condition {
            self.shell = self.next;
            self.next += 1;
        }
        self.change(change);
    }

    fn leave(&mut self, kind: Kind) {
        let Some(at) = self.open.iter().rposition(|s| s.kind == kind) else { return };
        let Some(scope) = self.open.drain(at..).next() else { return };
        match kind {
            // The same shell goes on.
            Kind::Condition => self.change(|f| f.guards.clone_from(&scope.frame.guards)),
            Kind::Subshell | Kind::Document => (self.frame, self.shell) = (scope.frame, scope.shell),
        }
    }

    fn line(&mut self, raw: &str, line: usize) {
        let text = raw.trim();
        if let Some((end, script)) = self.here.first().cloned() {
            if text == end {
                self.here.remove(0);
                if script {
                    self.leave(Kind::Document);
                }
                return;
            }
            if !script {
                self.push(text, line, false);
                return;
            }
        }
        if self.quote.is_some() {
            self.push(text, line, self.quote == Some('"'));
            let documents = scan(raw, &mut self.quote);
            if let Some(mut whole) = self.unfinished.take() {
                whole.push('\n');
                whole.push_str(raw);
                match self.quote {
                    Some(_) => self.unfinished = Some(whole),
                    None => self.assign(whole.trim_start_matches("export "), true),
                }
            }
            self.documents(text, documents);
            return;
        }
        if text.is_empty() || text.starts_with('#') {
            return;
        }
        let documents = scan(raw, &mut self.quote);
        if text.starts_with(')') {
            self.leave(Kind::Subshell);
        }
        if text == "fi" || text.starts_with("fi ") || text.starts_with("fi;") {
            self.leave(Kind::Condition);
        }
        self.push(text, line, false);
        self.structure(text);
        self.documents(text, documents);
    }

    fn documents(&mut self, text: &str, documents: Vec<String>) {
        for (at, end) in documents.into_iter().enumerate() {
            let started = started(text);
            if let Some(started) = &started {
                self.enter(Kind::Document, |f| {
                    f.interpreter = Some(started.interpreter);
                    (f.stops, f.pipes, f.limit, f.soft) =
                        (started.stops, started.pipes, started.limit.or(f.limit), f.soft || started.soft);
                });
            }
            // One within a script that is a here-document itself ends before that does.
            self.here.insert(at, (end, started.is_some()));
        }
    }

    /// What a line changes for those behind it.
    fn structure(&mut self, text: &str) {
        if text == "(" {
            let first = self.fed && self.open.iter().all(|s| s.kind == Kind::Condition);
            self.enter(Kind::Subshell, |f| {
                f.soft |= !f.stops;
                (f.stops, f.pipes) = (f.stops && !first, f.pipes && !first);
            });
            return;
        }
        let condition = |text: &str| text.strip_suffix("; then").map(str::to_owned);
        if let Some(test) = text.strip_prefix("if ").and_then(condition) {
            self.enter(Kind::Condition, |f| f.guards.push(Guard::Test(test)));
            return;
        }
        if text == "else" || text.starts_with("elif ") {
            self.change(|f| {
                f.guards.pop();
                f.guards.push(Guard::Open);
            });
            return;
        }
        match self.quote {
            None => self.statement(text),
            Some(_) if text.starts_with("export ") => self.unfinished = Some(text.to_owned()),
            Some(_) => {}
        }
    }

    fn statement(&mut self, text: &str) {
        let words = text.split_whitespace().collect::<Vec<_>>();
        match words.as_slice() {
            ["cd", ..] => self.enter_directory(text[3..].split(" && ").next().unwrap_or_default().trim()),
            ["export", ..] => self.assign(text.strip_prefix("export ").unwrap_or_default().trim(), true),
            ["unset", names @ ..] => self.change(|f| names.iter().for_each(|n| _ = f.env.remove(*n))),
            ["set", options @ ..] => self.change(|f| set(f, options)),
            [first, ..] if first.contains('=') => self.assign(text, false),
            // What a condition on one line sets has several values.
            ["if", ..] => {
                let set = words.iter().filter_map(|w| w.split_once('=')).map(|(name, _)| name);
                self.change(|f| set.for_each(|name| _ = f.env.remove(name)));
            }
            _ => {}
        }
    }

    fn enter_directory(&mut self, word: &str) {
        let Some(bits) = bits(word) else { return self.change(|f| f.dir = None) };
        self.change(|f| {
            f.dir = match bits.as_slice() {
                [] => Some(String::new()),
                [Bit::Symbol(root)] if is_root(root) => Some(String::new()),
                [Bit::Symbol(root), Bit::Text(rest)] if is_root(root) => Some(below("", rest)),
                [Bit::Text(dir)] if !dir.starts_with(['/', '~']) => f.dir.as_ref().map(|d| below(d, dir)),
                _ => None,
            }
        });
    }

    /// `NAME=word`, alone on its line. One within a condition has several values, so it stands for itself.
    fn assign(&mut self, text: &str, exported: bool) {
        let Some((name, word)) = text.split_once('=') else { return };
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            return;
        }
        let value = bits(word).filter(|_| exported || self.open.iter().all(|s| s.kind != Kind::Condition));
        self.change(|f| match value {
            // What is put together from variables of the script is known by those.
            Some(value) => _ = f.env.insert(name.to_owned(), resolved(&value, &f.env)),
            None => _ = f.env.remove(name),
        });
    }
}

/// A value with the variables of a script in it replaced, where they are known.
pub(super) fn resolved(value: &[Bit], env: &Variables) -> Vec<Bit> {
    let known = |bit: &Bit| match bit {
        Bit::Symbol(name) => env.get(name).cloned().unwrap_or_else(|| vec![bit.clone()]),
        Bit::Text(_) => vec![bit.clone()],
    };
    value.iter().flat_map(known).collect()
}

fn is_root(name: &str) -> bool {
    matches!(name, "CI_PROJECT_DIR" | "GITHUB_WORKSPACE" | "CODEBUILD_SRC_DIR")
}

/// A directory below another, without `.` and empty parts.
pub(super) fn below(base: &str, dir: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(dir.split('/')) {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The options of `set`, or those behind the name of a shell.
pub(super) fn set(frame: &mut Frame, options: &[&str]) {
    let mut options = options.iter().peekable();
    while let Some(option) = options.next() {
        let on = option.starts_with('-');
        let Some(letters) = option.strip_prefix(['-', '+']).filter(|l| !l.starts_with('-')) else { continue };
        for letter in letters.chars() {
            match letter {
                'e' => frame.stops = on,
                'o' => match options.peek() {
                    Some(&&"pipefail") => frame.pipes = on,
                    Some(&&"errexit") => frame.stops = on,
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

struct Started {
    interpreter: Interpreter,
    stops: bool,
    pipes: bool,
    limit: Option<u64>,
    soft: bool,
}

/// `timeout 180 bash -eo pipefail /dev/fd/3 3<<'STEP'`: a script in a here-document, which may be stopped after some seconds.
fn started(text: &str) -> Option<Started> {
    let (limit, rest) = match text.strip_prefix("timeout ") {
        Some(rest) => rest.split_once(' ').and_then(|(seconds, rest)| Some((Some(seconds.parse().ok()?), rest)))?,
        None => (None, text),
    };
    let (call, behind) = rest.split_once(" /dev/fd/3 3<<")?;
    let mut words = call.split_whitespace();
    let interpreter = match words.next()? {
        "bash" => Interpreter::Bash,
        "sh" => Interpreter::Sh,
        _ => return None,
    };
    let mut frame = Frame::default();
    set(&mut frame, &words.collect::<Vec<_>>());
    Some(Started { interpreter, stops: frame.stops, pipes: frame.pipes, limit, soft: behind.contains(" || ") })
}

impl Default for Frame {
    /// A shell at the root that nothing stops.
    fn default() -> Self {
        Self {
            interpreter: None,
            stops: false,
            pipes: false,
            dir: Some(String::new()),
            env: Variables::new(),
            soft: false,
            limit: None,
            attempts: 1,
            after: false,
            guards: Vec::new(),
        }
    }
}

/// Goes over a line: which quotation is open behind it, and the ends of the here-documents that begin in it.
fn scan(line: &str, quote: &mut Option<char>) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        match (*quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => *quote = None,
            (Some('"') | None, '\\') => at += 1,
            (Some(_), _) => {}
            (None, '\'' | '"') => *quote = Some(c),
            (None, '#') if at == 0 || chars[at - 1].is_whitespace() => break,
            (None, '<') if chars.get(at + 1) == Some(&'<') => {
                if chars.get(at + 2) == Some(&'<') {
                    at += 2;
                } else {
                    let rest: String = chars[at + 2..].iter().collect();
                    let rest = rest.trim_start_matches('-').trim_start();
                    let word = |c: char| c.is_ascii_alphanumeric() || "_-.'\"\\".contains(c);
                    let end: String = rest.chars().take_while(|c| word(*c)).filter(|c| !"'\"\\".contains(*c)).collect();
                    at += 1;
                    if !end.is_empty() {
                        // The quotes around the word are even.
                        at = chars.len() - rest.chars().count() + rest.chars().take_while(|c| word(*c)).count() - 1;
                        found.push(end);
                    }
                }
            }
            (None, _) => {}
        }
        at += 1;
    }
    found
}

/// A word of a shell as parts; none for one that runs a command or does something else with a variable.
pub(super) fn bits(word: &str) -> Option<Vec<Bit>> {
    let mut found: Vec<Bit> = Vec::new();
    let mut quote: Option<char> = None;
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (Some('"') | None, '\\') => {
                let next = rest[1..].chars().next()?;
                taken += next.len_utf8();
                text(&mut found, next);
            }
            (Some('"') | None, '$') => match reference(rest) {
                Some((name, length)) => {
                    found.push(Bit::Symbol(name.to_owned()));
                    taken = length;
                }
                None if rest[1..].starts_with(['(', '{']) => return None,
                None => text(&mut found, c),
            },
            (Some('"') | None, '`') => return None,
            (None, ' ' | '\t' | ';' | '&' | '|') => return None,
            (_, c) => text(&mut found, c),
        }
        rest = &rest[taken..];
    }
    quote.is_none().then_some(found)
}

fn text(bits: &mut Vec<Bit>, c: char) {
    match bits.last_mut() {
        Some(Bit::Text(known)) => known.push(c),
        _ => bits.push(Bit::Text(c.to_string())),
    }
}

/// The variable that a text begins with, as `$A`, `${A}`, `${A::7}` (whose name is `A::7`), `${env:A}` or `$env:A`, and how long it is.
pub(super) fn reference(text: &str) -> Option<(&str, usize)> {
    let rest = text.strip_prefix('$')?;
    let plain = |s: &str| s.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    if let Some(inner) = rest.strip_prefix('{') {
        let end = inner.find('}')?;
        let name = inner[..end].strip_prefix("env:").unwrap_or(&inner[..end]);
        let cut = name.strip_suffix("::7").unwrap_or(name);
        return (!cut.is_empty() && plain(cut) == cut.len()).then_some((name, end + 3));
    }
    let (skipped, rest) = rest.strip_prefix("env:").map_or((1, rest), |r| (5, r));
    let length = plain(rest);
    let is_name = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    is_name.then(|| (&rest[..length], skipped + length))
}
