//! Nodes of a spec, built from values.

use std::borrow::Cow;

use crate::base::span::Span;
use crate::syntax::tree::{Entry, Ident, Node, StringStyle, Value};

/// A node that is being built.
#[derive(Clone, Debug)]
pub struct Build(pub Node<'static>);

/// A node without anything.
pub fn node(name: &str) -> Build {
    Build(Node { ty: None, name: ident(name), entries: Vec::new(), children: None, comments: Vec::new(), span: Span::default() })
}

/// The step `run` with these lines, which share a shell: beside the name where they are few and short.
pub fn run<T: AsRef<str>>(lines: &[T]) -> Build {
    let length: usize = lines.iter().map(|l| l.as_ref().len()).sum();
    let short = lines.len() <= 3 && lines.iter().all(|l| !l.as_ref().contains('\n')) && length < 100;
    if short {
        return node("run").args(lines);
    }
    let joined: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
    node("run").arg(&joined.join("\n"))
}

fn ident(text: &str) -> Ident<'static> {
    Ident { text: Cow::Owned(text.to_owned()), span: Span::default() }
}

/// A value as text. `${secret.NAME}` alone is written `(secret)NAME`, and a variable likewise.
fn entry(name: Option<&str>, text: &str) -> Entry<'static> {
    let alone = |kind: &str| {
        let inner = text.strip_prefix("${")?.strip_prefix(kind)?.strip_prefix('.')?.strip_suffix('}')?;
        inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then(|| inner.to_owned())
    };
    let typed = ["secret", "var"].into_iter().find_map(|k| Some((k, alone(k)?)));
    let (ty, text) = typed.map_or((None, text.to_owned()), |(k, inner)| (Some(ident(k)), inner));
    plain(name, ty, Value::String(Cow::Owned(text), StringStyle::Bare))
}

fn plain(name: Option<&str>, ty: Option<Ident<'static>>, value: Value<'static>) -> Entry<'static> {
    Entry { name: name.map(ident), ty, value, value_span: Span::default(), span: Span::default() }
}

impl Build {
    /// Adds an argument.
    pub fn arg(mut self, text: &str) -> Self {
        self.0.entries.push(entry(None, text));
        self
    }

    /// Adds arguments.
    pub fn args<T: AsRef<str>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        texts.into_iter().fold(self, |node, text| node.arg(text.as_ref()))
    }

    /// Adds a property.
    pub fn prop(mut self, name: &str, text: &str) -> Self {
        self.0.entries.push(entry(Some(name), text));
        self
    }

    /// Adds a property where there is a value.
    pub fn maybe(self, name: &str, text: Option<impl AsRef<str>>) -> Self {
        match text {
            Some(text) => self.prop(name, text.as_ref()),
            None => self,
        }
    }

    /// Adds a property that is a number or a truth value, as its text says.
    pub fn value(mut self, name: &str, text: &str) -> Self {
        let value = match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::Number(Cow::Owned(text.to_owned())),
        };
        self.0.entries.push(plain(Some(name), None, value));
        self
    }

    /// Adds an argument that is a truth value.
    pub fn truth(mut self, truth: bool) -> Self {
        self.0.entries.push(plain(None, None, Value::Bool(truth)));
        self
    }

    /// Adds an argument that is a number.
    pub fn number(mut self, text: &str) -> Self {
        self.0.entries.push(plain(None, None, Value::Number(Cow::Owned(text.to_owned()))));
        self
    }

    /// Adds a child.
    pub fn child(mut self, child: Self) -> Self {
        self.push(child);
        self
    }

    /// Adds a child.
    pub fn push(&mut self, child: Self) {
        self.0.children.get_or_insert_with(Vec::new).push(child.0);
    }

    /// Adds children.
    pub fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().for_each(|c| self.push(c));
        self
    }

    /// Adds a child if something holds.
    pub fn child_if(self, holds: bool, child: impl FnOnce() -> Self) -> Self {
        if holds { self.child(child()) } else { self }
    }

    /// Adds comments above the node, a line each.
    pub fn comments<T: Into<String>>(mut self, lines: impl IntoIterator<Item = T>) -> Self {
        self.0.comments.extend(lines.into_iter().map(|l| Cow::Owned(l.into())));
        self
    }

    /// Whether the node has nothing but its name.
    pub fn is_bare(&self) -> bool {
        self.0.entries.is_empty() && self.0.children.is_none()
    }
}
