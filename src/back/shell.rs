//! Scripts with contexts in them, as text of a shell: a context becomes a variable, and stands in double quotes wherever the shell would
//! otherwise split or expand its value.

use crate::ir::text::{Context, Part, Text};

/// What stands in a script for a context.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Splice {
    /// Fixed text.
    Literal(String),
    /// An expansion that double quotes keep in one piece: `${GITHUB_SHA::7}`, `$(cat file)`.
    Expand(String),
}

/// Where the reader of a script stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Quote {
    None,
    Single,
    Double,
    Comment,
    /// In the body of a here-document; `true` if the shell expands it.
    Here(bool),
}

/// Puts lines together, one below the other, with every context replaced by what `splice` gives for it.
///
/// A value in a bare word gets double quotes around the word where that changes nothing else (`app:${commit.sha}` gives `"app:${GITHUB_SHA}"`),
/// around itself otherwise; one in single quotes leaves them for its length. In a here-document it stands as it is.
pub fn script(lines: &[Text], splice: &mut dyn FnMut(&Context) -> Splice) -> String {
    let mut writer = Writer { out: String::new(), quote: Quote::None, word: 0, plain: true, open: false, here: None };
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            writer.text("\n");
        }
        for part in &line.parts {
            match part {
                Part::Literal(text) => writer.text(text),
                Part::Context(context) => match splice(&context.value) {
                    Splice::Literal(text) => writer.fixed(&text),
                    Splice::Expand(text) => writer.expand(&text),
                },
            }
        }
    }
    writer.close();
    writer.out
}

struct Writer {
    out: String,
    quote: Quote,
    /// Where the word began, in `out`; behind the `=` of an assignment.
    word: usize,
    /// The word so far needs no quotes and may stand in them.
    plain: bool,
    /// The quotes around the word are ours and still open.
    open: bool,
    /// A here-document that begins with the next line: its end, and whether the shell expands it.
    here: Option<(String, bool)>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        let chars: Vec<char> = text.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            at += self.step(&chars[at..]);
        }
    }

    /// Copies one character, or two where the first escapes the second.
    fn step(&mut self, rest: &[char]) -> usize {
        let c = rest[0];
        match self.quote {
            Quote::Single => {
                self.out.push(c);
                if c == '\'' {
                    self.quote = Quote::None;
                }
            }
            Quote::Double => {
                self.out.push(c);
                if c == '\\' && rest.len() > 1 {
                    self.out.push(rest[1]);
                    return 2;
                }
                if c == '"' {
                    self.quote = Quote::None;
                }
            }
            Quote::Comment => {
                self.out.push(c);
                if c == '\n' {
                    self.begin_line();
                }
            }
            Quote::Here(_) => {
                self.out.push(c);
                if c == '\n' {
                    self.end_of_here();
                }
            }
            Quote::None => return self.bare(rest),
        }
        1
    }

    fn bare(&mut self, rest: &[char]) -> usize {
        let c = rest[0];
        if is_plain(c) {
            self.out.push(c);
            // `NAME=` stays outside of quotes, or it would be no assignment.
            if c == '=' && !self.open && is_name(&self.out[self.word..self.out.len() - 1]) {
                self.word = self.out.len();
            }
            return 1;
        }
        self.close();
        if rest.starts_with(&['<', '<', '<']) {
            // A here-string is a word like others. Taken whole: its last two signs alone would begin a here-document.
            self.out.push_str("<<<");
            self.begin_word();
            return 3;
        }
        if rest.starts_with(&['<', '<']) && !self.in_arithmetic() {
            return self.here_document(rest);
        }
        let at_word_start = self.out.len() == self.word;
        self.out.push(c);
        match c {
            '\'' => (self.quote, self.plain) = (Quote::Single, false),
            '"' => (self.quote, self.plain) = (Quote::Double, false),
            '\\' if rest.len() > 1 => {
                self.out.push(rest[1]);
                self.plain = false;
                return 2;
            }
            '#' if at_word_start => self.quote = Quote::Comment,
            '\n' => self.begin_line(),
            ' ' | '\t' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => self.begin_word(),
            _ => self.plain = false,
        }
        1
    }

    fn here_document(&mut self, rest: &[char]) -> usize {
        let mut at = 2 + usize::from(rest.get(2) == Some(&'-'));
        while rest.get(at) == Some(&' ') {
            at += 1;
        }
        let start = at;
        while rest.get(at).is_some_and(|c| is_plain(*c) || "'\"\\".contains(*c)) {
            at += 1;
        }
        let word: String = rest[start..at].iter().collect();
        let end: String = word.chars().filter(|c| !"'\"\\".contains(*c)).collect();
        if !end.is_empty() {
            self.here = Some((end.clone(), end == word));
        }
        self.out.extend(&rest[..at]);
        self.begin_word();
        at
    }

    /// Whether an expression of numbers is open on this line, in which `<<` shifts.
    fn in_arithmetic(&self) -> bool {
        let line = self.out.rsplit('\n').next().unwrap_or_default();
        line.matches("((").count() > line.matches("))").count()
    }

    fn begin_word(&mut self) {
        (self.word, self.plain) = (self.out.len(), true);
    }

    fn begin_line(&mut self) {
        self.quote = self.here.as_ref().map_or(Quote::None, |(_, expands)| Quote::Here(*expands));
        self.begin_word();
    }

    fn end_of_here(&mut self) {
        let last = self.out.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
        if self.here.as_ref().is_some_and(|(end, _)| last.trim_start_matches('\t') == end) {
            self.here = None;
            self.quote = Quote::None;
        }
        self.begin_word();
    }

    /// Ends the quotes that were opened for a value.
    fn close(&mut self) {
        if self.open {
            self.out.push('"');
            self.open = false;
            self.plain = false;
        }
    }

    fn expand(&mut self, text: &str) {
        match self.quote {
            Quote::Double | Quote::Comment | Quote::Here(_) => self.out.push_str(text),
            Quote::Single => self.out.push_str(&format!("'\"{text}\"'")),
            Quote::None if self.open => self.out.push_str(text),
            Quote::None => {
                let from = if self.plain { self.word } else { self.out.len() };
                self.out.insert(from, '"');
                self.out.push_str(text);
                self.open = true;
            }
        }
    }

    fn fixed(&mut self, text: &str) {
        match self.quote {
            Quote::Double => {
                for c in text.chars() {
                    if "\\\"$`".contains(c) {
                        self.out.push('\\');
                    }
                    self.out.push(c);
                }
            }
            Quote::Single => self.out.push_str(&text.replace('\'', "'\\''")),
            Quote::Comment | Quote::Here(_) => self.out.push_str(text),
            Quote::None if text.chars().all(is_plain) && !text.is_empty() => self.out.push_str(text),
            Quote::None => {
                self.close();
                self.out.push_str(&single_quoted(text));
                self.plain = false;
            }
        }
    }
}

/// A text that a shell reads as itself.
pub fn single_quoted(text: &str) -> String {
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Lines between an opening and a closing one, indented where that changes nothing.
pub fn enclosed(open: &str, inner: &[String], close: &str) -> String {
    let mut out = open.to_owned();
    for text in inner {
        let indent = can_be_indented(text);
        for line in text.lines() {
            out.push('\n');
            if indent && !line.is_empty() {
                out.push_str("  ");
            }
            out.push_str(line);
        }
    }
    format!("{out}\n{close}")
}

/// Blanks at the start of a line belong to the text in a here-document and in a quotation that goes over several lines.
fn can_be_indented(text: &str) -> bool {
    let even = |line: &str, quote: char| line.matches(quote).count().is_multiple_of(2);
    !text.contains("<<") && (!text.contains('\n') || text.lines().all(|line| even(line, '\'') && even(line, '"')))
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c)
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A pattern for the shell to expand; what else it would expand has a backslash.
pub(in crate::back) fn globbed(path: &str) -> String {
    let mut out = String::new();
    for c in path.chars() {
        if !c.is_alphanumeric() && !"/._-*?[]!^".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::base::span::{Span, Spanned};
    use crate::ir::text::{CommitField, Context, Part, Text};

    use super::{Splice, enclosed, script};

    /// `@` stands for a context.
    fn shown(text: &str) -> String {
        let at = Spanned::new(Context::Commit(CommitField::Sha), Span::default());
        let mut parts = Vec::new();
        for (i, piece) in text.split('@').enumerate() {
            if i > 0 {
                parts.push(Part::Context(at.clone()));
            }
            if !piece.is_empty() {
                parts.push(Part::Literal(piece.to_owned()));
            }
        }
        script(&[Text { parts, span: Span::default() }], &mut |_| Splice::Expand("${X}".into()))
    }

    #[test]
    fn a_value_is_never_split() {
        for (text, expected) in [
            ("echo @", "echo \"${X}\""),
            ("docker push app:@ now", "docker push \"app:${X}\" now"),
            ("docker push app:@-@/z", "docker push \"app:${X}-${X}/z\""),
            ("V=@ cmd", "V=\"${X}\" cmd"),
            ("export V=a@b", "export V=\"a${X}b\""),
            ("cmd --tag=@", "cmd \"--tag=${X}\""),
            ("echo \"a @ b\" @", "echo \"a ${X} b\" \"${X}\""),
            ("echo 'a @ b'", "echo 'a '\"${X}\"' b'"),
            ("echo \"it's\" @", "echo \"it's\" \"${X}\""),
            ("# it's @\necho @", "# it's ${X}\necho \"${X}\""),
            ("echo $A@", "echo $A\"${X}\""),
            ("cat <<EOF\nit's @\nEOF\necho @", "cat <<EOF\nit's ${X}\nEOF\necho \"${X}\""),
            ("cat <<< @", "cat <<< \"${X}\""),
            ("jq . <<< '@'\necho @", "jq . <<< ''\"${X}\"''\necho \"${X}\""),
            ("jq . <<<'a @' b", "jq . <<<'a '\"${X}\"'' b"),
            ("echo $((1 << 4)) @\necho @", "echo $((1 << 4)) \"${X}\"\necho \"${X}\""),
            ("test @ = a && run @;", "test \"${X}\" = a && run \"${X}\";"),
            ("echo \\'@", "echo \\'\"${X}\""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn fixed_text_stays_fixed() {
        let at = Spanned::new(Context::JobName, Span::default());
        let line = |before: &str, after: &str| Text {
            parts: vec![Part::Literal(before.into()), Part::Context(at.clone()), Part::Literal(after.into())],
            span: Span::default(),
        };
        let mut splice = |_: &Context| Splice::Literal("a $b".into());
        assert_eq!(script(&[line("echo ", " c")], &mut splice), "echo 'a $b' c");
        assert_eq!(script(&[line("echo \"", "\" c")], &mut splice), "echo \"a \\$b\" c");
        let mut splice = |_: &Context| Splice::Literal("ghcr.io/x".into());
        assert_eq!(script(&[line("push ", "/c")], &mut splice), "push ghcr.io/x/c");
    }

    #[test]
    fn lines_are_indented_unless_that_would_change_them() {
        assert_eq!(enclosed("(", &["cd api".into(), "make".into()], ")"), "(\n  cd api\n  make\n)");
        let document = "cat <<EOF\na\nEOF".to_owned();
        assert_eq!(enclosed("(", std::slice::from_ref(&document), ")"), format!("(\n{document}\n)"));
        assert_eq!(enclosed("(", &["echo 'a\nb'".into()], ")"), "(\necho 'a\nb'\n)");
    }
}
