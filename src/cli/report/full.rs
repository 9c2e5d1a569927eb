//! Findings with the lines of the spec, drawn by miette.

use std::collections::BTreeMap;
use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};

use crate::base::diag::{Diagnostic, Severity};
use crate::base::source::{SourceFile, SourceMap};
use crate::base::span::{SourceId, Span};
use crate::cli::report::clean;

/// Columns of the drawing; the same on every terminal, so that texts can be compared.
const WIDTH: usize = 110;

/// The findings as text, a blank line behind each.
pub(super) fn render(sources: &SourceMap, diagnostics: &[&Diagnostic], colors: bool) -> String {
    let theme = if colors { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_context_lines(1)
        .with_links(false)
        .without_syntax_highlighting();
    let mut texts: BTreeMap<SourceId, Indexed<'_>> = BTreeMap::new();
    for span in diagnostics.iter().flat_map(|d| spans(sources, d)) {
        texts.entry(span.source).or_insert_with(|| Indexed::new(sources.file(span.source)));
    }
    let mut out = String::new();
    for diagnostic in diagnostics {
        let shown = Shown::new(sources, diagnostic, &texts);
        if handler.render_report(&mut out, &shown).is_err() {
            // The one way to get here is a span outside its text; the finding itself still counts.
            out.push_str(&clean::line(&diagnostic.message));
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

fn spans(sources: &SourceMap, diagnostic: &Diagnostic) -> Vec<Span> {
    let through = sources.expansions(diagnostic.span).into_iter().map(|e| e.at);
    [diagnostic.span].into_iter().chain(diagnostic.related.iter().map(|r| r.span)).chain(through).collect()
}

/// A text with the places of its lines. miette's own reader goes through the whole text for each label: 6 ms at the end of a megabyte.
#[derive(Debug)]
struct Indexed<'a> {
    name: String,
    text: std::borrow::Cow<'a, str>,
    starts: &'a [u32],
}

impl<'a> Indexed<'a> {
    fn new(file: &'a SourceFile) -> Self {
        Self { name: clean::line(&file.name), text: clean::same_length(&file.text), starts: file.line_starts() }
    }

    /// The line of an offset, from 0.
    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start as usize <= offset).max(1) - 1
    }

    /// The part of a span that is in the text.
    fn clamp(&self, span: Span) -> SourceSpan {
        let start = (span.start as usize).min(self.text.len());
        let end = (span.end as usize).clamp(start, self.text.len());
        (start, end - start).into()
    }
}

impl SourceCode for Indexed<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let end = span.offset() + span.len();
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first = self.line(span.offset()).saturating_sub(before);
        // An empty span, or one that ends behind a newline, ends in the line before.
        let last = self.line(end.saturating_sub(usize::from(!span.is_empty()))) + after;
        let from = self.starts.get(first).map_or(0, |s| *s as usize);
        let to = self.starts.get(last + 1).map_or(self.text.len(), |s| *s as usize);
        let data = &self.text.as_bytes()[from..to];
        // Without context it is the place that is asked for, to stand behind the name of the file.
        let column = if before == 0 { self.text.get(from..span.offset()).map_or(0, |t| t.chars().count()) } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data,
            (from, to - from).into(),
            first,
            column,
            last + 1 - first,
        )))
    }
}

/// One finding as miette wants it: labels in the main text, the places in other texts as findings of their own below it.
#[derive(Debug)]
struct Shown<'a> {
    message: String,
    severity: miette::Severity,
    help: Option<String>,
    text: Option<&'a Indexed<'a>>,
    labels: Vec<LabeledSpan>,
    others: Vec<Shown<'a>>,
}

impl<'a> Shown<'a> {
    fn new(sources: &SourceMap, diagnostic: &'a Diagnostic, texts: &'a BTreeMap<SourceId, Indexed<'a>>) -> Self {
        let text = texts.get(&diagnostic.span.source);
        let mut labels = Vec::new();
        let mut others = Vec::new();
        if let Some(text) = text {
            let label = Some(diagnostic.label.as_str()).filter(|label| !label.is_empty()).map(clean::line);
            labels.push(LabeledSpan::new_primary_with_span(label, text.clamp(diagnostic.span)));
        }
        let related = diagnostic.related.iter().map(|r| (r.span, r.text.clone()));
        let through = sources.expansions(diagnostic.span).into_iter().map(|e| (e.at, format!("in this use of {}", e.what)));
        for (span, said) in related.chain(through) {
            let Some(other) = texts.get(&span.source) else { continue };
            let label = LabeledSpan::new_with_span(Some(clean::line(&said)), other.clamp(span));
            if span.source == diagnostic.span.source {
                labels.push(label);
            } else {
                let label = LabeledSpan::new_with_span(None, other.clamp(span));
                let severity = miette::Severity::Advice;
                others.push(Self {
                    message: clean::line(&said),

                    severity,
                    help: None,
                    text: Some(other),
                    labels: vec![label],
                    others: Vec::new(),
                });
            }
        }
        let severity = match diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        };
        let help = diagnostic.help.as_deref().map(clean::lines);
        Self {
            message: clean::line(&format!("{} [{}]", diagnostic.message, diagnostic.rule)),
            severity,
            help,
            text,
            labels,
            others,
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display + 'b>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.map(|text| text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn miette::Diagnostic> + 'b>> {
        if self.others.is_empty() {
            None
        } else {
            Some(Box::new(self.others.iter().map(|other| other as &dyn miette::Diagnostic)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::base::diag::Diagnostic;
    use crate::base::source::SourceMap;
    use crate::base::span::Span;

    #[test]
    fn other_files_and_uses_of_templates_are_shown() {
        let sources = SourceMap::new();
        let main = sources.add("pipeline.kdl", "job a {\n    template node\n}\n");
        let shared = sources.add("ci/shared.kdl", "template node {\n    tool nood\n}\n");
        let place = |source, text: &str| {
            let at = sources.file(source).text.find(text).expect("it is there");
            Span::new(source, at, at + text.len())
        };
        let used = sources.expand(place(main, "template node"), "template `node`");
        let span = Span { expansion: used, ..place(shared, "nood") };
        let finding = Diagnostic::warning("unknown-tool", span, "no tool is called `nood`\u{1b}[0m")
            .label("here")
            .related(place(main, "job a"), "the job that uses it")
            .help("write `node`");
        let text = render(&sources, &[&finding], false);
        insta::assert_snapshot!(text, @r"
          ⚠ no tool is called `nood`?[0m [unknown-tool]
           ╭─[ci/shared.kdl:2:10]
         1 │ template node {
         2 │     tool nood
           ·          ──┬─
           ·            ╰── here
         3 │ }
           ╰────
          help: write `node`

        Advice: 
          ☞ the job that uses it
           ╭─[pipeline.kdl:1:1]
         1 │ job a {
           · ─────
         2 │     template node
           ╰────

        Advice: 
          ☞ in this use of template `node`
           ╭─[pipeline.kdl:2:5]
         1 │ job a {
         2 │     template node
           ·     ─────────────
         3 │ }
           ╰────
        ");
        assert!(render(&sources, &[&finding], true).contains('\u{1b}'));
    }

    #[test]
    fn no_place_is_too_odd_to_be_shown() {
        let sources = SourceMap::new();
        let id = sources.add("x", "a\r\nb\té\n\nlast");
        let length = sources.file(id).text.len();
        for start in 0..length + 3 {
            for end in start..length + 3 {
                let text = render(&sources, &[&Diagnostic::error("r", Span::new(id, start, end), "m").label("l")], false);
                assert!(text.contains("m [r]") && text.contains("[x:"), "{start}..{end}: {text}");
            }
        }
        let empty = sources.add("e", "");
        assert!(render(&sources, &[&Diagnostic::error("r", Span::new(empty, 0, 0), "m")], false).contains("m [r]"));
    }
}
