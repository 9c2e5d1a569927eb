//! One value for everything pipewright says about the user's files.
//!
//! A diagnostic is built here and printed elsewhere (`cli/report.rs`); a rule never prints.

use crate::base::span::Span;

/// How much a finding weighs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The spec is wrong, or means something a target cannot hold: nothing is written.
    Error,
    /// Very likely not what the author wants; outputs are written.
    Warning,
    /// A fact worth knowing: an output is stricter, slower or later than the spec asks.
    Note,
}

/// A second place that a finding speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Related {
    /// The place.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// A change of the source text that mends a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What the change does, in the imperative.
    pub title: String,
    /// Ranges and their new text, in order, not overlapping.
    pub edits: Vec<(Span, String)>,
}

/// One finding about the user's files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Kebab-case name of the rule: file, page, `explain` word and the word in an `accept`.
    pub rule: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// What is wrong, in the user's words, without a full stop.
    pub message: String,
    /// The place to look at first.
    pub span: Span,
    /// What to say at that place; may be empty.
    pub label: String,
    /// Other places.
    pub related: Vec<Related>,
    /// The way out: a command or an edit.
    pub help: Option<String>,
    /// The edit itself, where it is certain.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    fn new(severity: Severity, rule: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { rule, severity, message: message.into(), span, label: String::new(), related: Vec::new(), help: None, fix: None }
    }

    /// A finding that stops the build.
    pub fn error(rule: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, rule, span, message)
    }

    /// A finding that does not stop the build.
    pub fn warning(rule: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, rule, span, message)
    }

    /// A fact worth knowing.
    pub fn note(rule: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, rule, span, message)
    }

    /// What to say at the main place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push(Related { span, text: text.into() });
        self
    }

    /// The way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The edit that mends it.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, edits: Vec<(Span, String)>) -> Self {
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }
}

/// Findings as they come; [`Diagnostics::finish`] puts them in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No findings yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.list.extend(other);
    }

    /// Whether something stops the build.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many findings there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The findings so far.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Sorted by place, then weight, then rule; one finding a (rule, place, message).
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by(|a, b| (a.span, a.severity, a.rule, &a.message).cmp(&(b.span, b.severity, b.rule, &b.message)));
        self.list.dedup_by(|a, b| a.rule == b.rule && a.span == b.span && a.message == b.message);
        self.list
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// The nearest of `known` to `word`, if it is near enough to be a slip of the pen.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= (k.len().max(word.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}
