//! Declared names and the words for them.

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::base::span::{Span, Spanned};

/// The names of one kind of thing, in the order they were declared.
#[derive(Debug, Default)]
pub struct Names {
    /// What they name, for messages: `gate`.
    pub kind: &'static str,
    list: Vec<Spanned<String>>,
    index: BTreeMap<String, usize>,
}

impl Names {
    /// No names of a kind.
    pub fn of(kind: &'static str) -> Self {
        Self { kind, list: Vec::new(), index: BTreeMap::new() }
    }

    /// Adds a name and gives its position. A second one of the same name is an error; its position is the first one's.
    pub fn declare(&mut self, name: Spanned<String>, diagnostics: &mut Diagnostics) -> usize {
        if let Some(&first) = self.index.get(&name.value) {
            diagnostics.push(
                Diagnostic::error("duplicate-name", name.span, format!("{} `{}` is declared twice", self.kind, name.value))
                    .label("declared again here")
                    .related(self.list[first].span, "first declared here")
                    .help("rename or remove one of them"),
            );
            return first;
        }
        let position = self.list.len();
        self.index.insert(name.value.clone(), position);
        self.list.push(name);
        position
    }

    /// The position of a name, without a word if there is none.
    pub fn get(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The position of a name; an error if there is none.
    pub fn find(&self, name: &str, span: Span, diagnostics: &mut Diagnostics) -> Option<usize> {
        let found = self.get(name);
        if found.is_none() {
            diagnostics.push(unknown(self.kind, name, span, self.list.iter().map(|n| n.value.as_str())));
        }
        found
    }

    /// All names in order.
    pub fn iter(&self) -> impl Iterator<Item = &Spanned<String>> + Clone {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// "There is no such thing", with what there is.
pub fn unknown<'k>(kind: &str, name: &str, span: Span, known: impl Iterator<Item = &'k str> + Clone) -> Diagnostic {
    let base = Diagnostic::error("unknown-name", span, format!("there is no {kind} `{name}`"));
    if let Some(near) = did_you_mean(name, known.clone()) {
        return base.label(format!("did you mean `{near}`?")).help(format!("write `{near}`, or declare {kind} `{name}`"));
    }
    let mut list: Vec<&str> = known.collect();
    let more = list.len().saturating_sub(12);
    list.truncate(12);
    let known = match (list.is_empty(), more) {
        (true, _) => format!("no {kind} is declared"),
        (false, 0) => format!("declared: {}", list.join(", ")),
        (false, more) => format!("declared: {} and {more} more", list.join(", ")),
    };
    base.label("not declared").help(format!("{known}; declare {kind} `{name}` or use one that is declared"))
}
