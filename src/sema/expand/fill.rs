//! `${const.X}`, `${param.x}` and `${each.x}` in names and values, and the marks of expansions on spans.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::source::SourceMap;
use crate::base::span::{ExpansionId, Span};
use crate::sema::expand::{EXPANSION_TOO_LARGE, MAX_FILLED};
use crate::sema::names;
use crate::syntax::tree::{Entry, Node, Value};

/// The contexts that are known at compile time.
const PREFIXES: &[&str] = &["const", "param", "each"];

/// The values of one context.
#[derive(Clone, Debug)]
pub(super) struct Values<'a> {
    kind: &'static str,
    prefix: &'static str,
    by_name: BTreeMap<String, Entry<'a>>,
    read: RefCell<BTreeSet<String>>,
    /// Bytes filled in so far; counted in the constants, which are known everywhere.
    filled: Cell<usize>,
}

impl<'a> Values<'a> {
    pub(super) fn new(kind: &'static str, prefix: &'static str) -> Self {
        Self { kind, prefix, by_name: BTreeMap::new(), read: RefCell::default(), filled: Cell::new(0) }
    }

    pub(super) fn set(&mut self, name: String, value: Entry<'a>) {
        self.by_name.insert(name, value);
    }

    pub(super) fn was_read(&self, name: &str) -> bool {
        self.read.borrow().contains(name)
    }
}

/// What was read: the context and the name.
pub(super) type Read = (&'static str, String);

/// Fills a node's name and entries.
pub(super) fn node<'a>(
    node: &mut Node<'a>,
    known: &[&Values<'a>],
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
    read: &mut Vec<Read>,
) {
    let mut filler = Filler { known, sources, diagnostics, read };
    filler.name(&mut node.name.text, node.name.span);
    for entry in &mut node.entries {
        if let Some(name) = &mut entry.name {
            filler.name(&mut name.text, name.span);
        }
        filler.value(entry);
    }
}

/// Fills one value.
pub(super) fn entry<'a>(entry: &mut Entry<'a>, known: &[&Values<'a>], sources: &SourceMap, diagnostics: &mut Diagnostics) {
    Filler { known, sources, diagnostics, read: &mut Vec::new() }.value(entry);
}

/// Marks a node's own spans as made by an expansion.
pub(super) fn tag(node: &mut Node<'_>, expansion: ExpansionId) {
    let mark = |span: &mut Span| {
        if span.expansion.0 == 0 {
            span.expansion = expansion;
        }
    };
    mark(&mut node.span);
    mark(&mut node.name.span);
    if let Some(ty) = &mut node.ty {
        mark(&mut ty.span);
    }
    for entry in &mut node.entries {
        mark(&mut entry.span);
        mark(&mut entry.value_span);
        for ident in entry.name.iter_mut().chain(&mut entry.ty) {
            mark(&mut ident.span);
        }
    }
}

/// Marks a node and all in it.
pub(super) fn tag_all(node: &mut Node<'_>, expansion: ExpansionId) {
    tag(node, expansion);
    node.children.iter_mut().flatten().for_each(|c| tag_all(c, expansion));
}

struct Filler<'f, 'a> {
    known: &'f [&'f Values<'a>],
    sources: &'f SourceMap,
    diagnostics: &'f mut Diagnostics,
    read: &'f mut Vec<Read>,
}

impl<'a> Filler<'_, 'a> {
    fn name(&mut self, text: &mut Cow<'a, str>, span: Span) {
        if let Some(filled) = self.text(text, span) {
            *text = Cow::Owned(filled);
        }
    }

    fn value(&mut self, entry: &mut Entry<'a>) {
        let Value::String(text, style) = &entry.value else { return };
        if !text.contains("${") {
            return;
        }
        let style = *style;
        // A value that is one reference as a whole keeps the type of what it refers to: a number stays a number, a secret a secret.
        if let Some((prefix, name)) = whole(text) {
            let found = self.find(prefix, name, entry.value_span).cloned();
            if let Some(found) = found {
                entry.value = match found.value {
                    Value::String(text, _) => Value::String(text, style),
                    other => other,
                };
                if entry.ty.is_none() {
                    entry.ty = found.ty;
                }
            }
            return;
        }
        if let Some(filled) = self.text(text, entry.value_span) {
            entry.value = Value::String(Cow::Owned(filled), style);
        }
    }

    /// The text with every reference replaced; `None` when there is none.
    fn text(&mut self, text: &str, span: Span) -> Option<String> {
        if !text.contains("${") {
            return None;
        }
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        let mut changed = false;
        while let Some(start) = rest.find("${") {
            let (before, from) = rest.split_at(start);
            filled.push_str(before);
            let end = from.find('}').map_or(from.len(), |e| e + 1);
            let (reference, after) = from.split_at(end);
            match whole(reference).and_then(|(prefix, name)| self.find(prefix, name, span).map(|e| e.as_text().into_owned())) {
                Some(value) => {
                    filled.push_str(&value);
                    changed = true;
                    rest = after;
                }
                None => {
                    filled.push_str("${");
                    rest = &from[2..];
                }
            }
        }
        filled.push_str(rest);
        changed.then_some(filled)
    }

    fn find(&mut self, prefix: &'static str, name: &str, span: Span) -> Option<&Entry<'a>> {
        let place = self.place(span, prefix, name);
        let Some(values) = self.known.iter().find(|v| v.prefix == prefix) else {
            let around = if prefix == "param" { "template" } else { "each" };
            self.diagnostics.push(
                Diagnostic::error("unknown-name", place, format!("`{prefix}.{name}` has a value only inside `{around}`"))
                    .help("a constant has a value everywhere: `const NAME \"…\"`, read as `${const.NAME}`"),
            );
            return None;
        };
        let found = values.by_name.get(name);
        if let (Some(counter), Some(found)) = (self.known.first().map(|v| &v.filled), found) {
            let before = counter.get();
            counter.set(before.saturating_add(found.as_text().len()));
            if counter.get() > MAX_FILLED {
                if before <= MAX_FILLED {
                    let message = format!("expansion fills in more than {MAX_FILLED} bytes of text");
                    self.diagnostics.push(Diagnostic::error(EXPANSION_TOO_LARGE, place, message).help("shorten the constants"));
                }
                return None;
            }
        }
        if found.is_none() {
            let known = values.by_name.keys().map(String::as_str);
            self.diagnostics.push(names::unknown(values.kind, name, place, known));
        } else {
            values.read.borrow_mut().insert(name.to_owned());
            self.read.push((prefix, name.to_owned()));
        }
        found
    }

    /// The reference itself, where it can be found in the source text.
    fn place(&self, span: Span, prefix: &str, name: &str) -> Span {
        let needle = format!("${{{prefix}.{name}}}");
        match self.sources.snippet(span).find(&needle) {
            Some(at) => span.within(at, at + needle.len()),
            None => span,
        }
    }
}

/// `${const.NAME}`: the context and the name.
fn whole(text: &str) -> Option<(&'static str, &str)> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    let (prefix, name) = inner.split_once('.')?;
    let prefix = PREFIXES.iter().find(|p| **p == prefix)?;
    (!name.is_empty() && !name.contains(['$', '{', '}'])).then_some((*prefix, name))
}
