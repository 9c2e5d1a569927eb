//! Habits of other languages that are legal KDL and still not meant: `key: value`, `- item`, `'text'`, `${name}` and `https://…` without quotes.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{SourceId, Span};
use crate::syntax::hint::{self, UNQUOTED_VALUE, YAML_HABIT};
use crate::syntax::report::Report;
use crate::syntax::tree::{Document, Node, StringStyle, Value};

/// Looks through the bare words of a document, which was read from `text`. One finding a line, and no more than the parser gives.
pub fn habits(document: &Document<'_>, source: SourceId, text: &str) -> Diagnostics {
    let mut report = Report::new(source, text);
    for node in &document.nodes {
        look(&mut report, node);
    }
    report.finish()
}

fn look(report: &mut Report<'_>, node: &Node<'_>) {
    let name = word(report, node.name.span).filter(|_| !report.follows(node.name.span.start));
    if let Some(name) = name {
        let finding = word_habit(report, node.name.span, name).or_else(|| name_habit(node, name));
        report.extend(finding);
    }
    for entry in &node.entries {
        if report.follows(entry.span.start) {
            continue;
        }
        if let Some(key) = entry.name.as_ref()
            && let Some(text) = word(report, key.span)
        {
            report.extend(word_habit(report, key.span, text));
        }
        if matches!(entry.value, Value::String(_, StringStyle::Bare)) {
            let text = word(report, entry.value_span);
            report.extend(
                text.and_then(|text| word_habit(report, entry.value_span, text).or_else(|| value_habit(entry.value_span, text))),
            );
        }
    }
    for child in node.children() {
        look(report, child);
    }
}

/// The characters of a span, if they are a bare word.
fn word<'a>(report: &Report<'a>, span: Span) -> Option<&'a str> {
    report.text.get(span.start as usize..span.end as usize).filter(|word| !word.starts_with(['"', '#']))
}

fn name_habit(node: &Node<'_>, name: &str) -> Option<Diagnostic> {
    let span = node.name.span;
    if name == "-" {
        return Some(
            Diagnostic::error(YAML_HABIT, span, "a list item of YAML: a `-` is read as the name of a node")
                .help("write the items as values, `needs lint test`, or give each its own node, `run \"make\"`"),
        );
    }
    let key = name.strip_suffix(':').filter(|key| !key.is_empty())?;
    let colon = span.within(key.len(), name.len());
    Some(
        Diagnostic::error(YAML_HABIT, span, format!("a node takes its values without `:`; this one is named `{name}`"))
            .help(format!("write `{key}` and the values behind it, or a block: `{key} {{ … }}`"))
            .fix("remove the `:`", vec![(colon, String::new())]),
    )
}

fn value_habit(span: Span, text: &str) -> Option<Diagnostic> {
    if let Some(rest) = text.strip_suffix(',') {
        let comma = span.within(rest.len(), text.len());
        let help = if rest.is_empty() {
            "remove it".to_owned()
        } else {
            format!("write {rest}; a text that ends in a comma needs quotes")
        };
        return Some(
            Diagnostic::error(YAML_HABIT, span, "values stand one after another without `,`")
                .help(help)
                .fix("remove the `,`", vec![(comma, String::new())]),
        );
    }
    let key = text.strip_suffix(':').filter(|key| !key.is_empty())?;
    Some(
        Diagnostic::error(YAML_HABIT, span, format!("`{text}` is read as a text that ends in `:`"))
            .help(format!("a property is `{key}=value`; text needs quotes: \"{text}\"")),
    )
}

/// What may be wrong with any bare word: the marks that stand around it.
fn word_habit(report: &Report<'_>, span: Span, text: &str) -> Option<Diagnostic> {
    let end = span.end as usize;
    let rest = report.text.as_bytes().get(end..).unwrap_or_default();
    if let [b'/', second @ (b'/' | b'*'), ..] = rest {
        let message = format!("`/{}` opens a comment, even behind a bare word such as `{text}`", char::from(*second));
        return Some(hint::unquoted(report, span.start as usize, message));
    }
    if rest.first() == Some(&b'{') && text.ends_with('$') {
        return Some(hint::unquoted(report, span.start as usize, format!("`{{` opens a block, even behind `{text}`")));
    }
    // The lead bytes of the marks below: nearly every word has none of them.
    if !text.bytes().any(|b| matches!(b, b'\'' | b'`' | 0xC2 | 0xE2)) {
        return None;
    }
    let marks = ['\'', '`', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{AB}', '\u{BB}'];
    let opens = text.starts_with(marks);
    if !opens && !text.contains(marks) {
        return None;
    }
    let inner = text.trim_matches(marks);
    if opens && text.ends_with(marks) && text.chars().count() > 1 {
        let quoted = hint::quote(inner);
        return Some(
            Diagnostic::error(
                UNQUOTED_VALUE,
                span,
                format!("only `\"` quotes a text: here the marks are part of the word {text}"),
            )
            .help(format!("write {quoted}"))
            .fix("use double quotes", vec![(span, quoted)]),
        );
    }
    let message = format!("only `\"` quotes a text: here the mark is part of the word {text}");
    let help = format!("put the whole text between `\"`; the word as it is would be {}", hint::quote(text));
    let finding =
        if opens { Diagnostic::error(UNQUOTED_VALUE, span, message) } else { Diagnostic::warning(UNQUOTED_VALUE, span, message) };
    Some(finding.help(help))
}
