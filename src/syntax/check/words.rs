//! Words for findings: lists, suggestions, samples.

use crate::base::diag::{Diagnostic, did_you_mean};
use crate::syntax::shape::ValueType;

/// A name in backticks; the top of the file as it is.
pub(super) fn quoted(name: &str) -> String {
    if name.contains(' ') { name.to_owned() } else { format!("`{name}`") }
}

/// Words in a row, at most 40 of them.
pub(super) fn listed(words: impl IntoIterator<Item = String>) -> String {
    let mut words: Vec<String> = words.into_iter().collect();
    if words.len() > 40 {
        words.truncate(40);
        words.push("…".to_owned());
    }
    words.join(", ")
}

/// Adds the nearest of the known words, or all of them.
pub(super) fn suggest(error: Diagnostic, word: &str, known: &[&str], lead: &str) -> Diagnostic {
    match did_you_mean(word, known.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => error.help("remove it"),
        None => error.help(format!("{lead}: {}", listed(known.iter().map(|w| (*w).to_owned())))),
    }
}

/// A value as it could stand there.
pub(super) fn sample(ty: ValueType) -> &'static str {
    match ty {
        ValueType::Text | ValueType::String | ValueType::Any => "\"…\"",
        ValueType::Name | ValueType::Reference(_) => "name",
        ValueType::Variable => "NAME",
        ValueType::Version => "\"3.12\"",
        ValueType::Duration => "\"10m\"",
        ValueType::Limit => "\"80%\"",
        ValueType::Number => "1.5",
        ValueType::Count => "3",
        ValueType::Port => "8080",
        ValueType::Bool => "#true",
        ValueType::Glob => "\"release/*\"",
        ValueType::Path => "\"dir/file\"",
        ValueType::Url => "\"https://…\"",
        ValueType::Cron => "\"0 3 * * *\"",
        ValueType::Image => "\"alpine:3.22\"",
        ValueType::Expr => "\"commit.branch == 'main'\"",
        ValueType::Secret => "(secret)NAME",
        ValueType::Word(words) => match words.first() {
            Some(word) => word,
            None => "word",
        },
    }
}
