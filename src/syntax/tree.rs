//! The spanned tree of a KDL document. It borrows from the source text; text made by an expansion is owned.

use std::borrow::Cow;

use crate::base::span::Span;

/// A name of a node, property or type annotation.
#[derive(Clone, PartialEq, Debug)]
pub struct Ident<'a> {
    /// The name, escapes resolved.
    pub text: Cow<'a, str>,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// How a string was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StringStyle {
    /// `main`
    Bare,
    /// `"main"`
    Quoted,
    /// `#"main"#`
    Raw,
    /// `"""` block
    Block,
    /// `#"""` block
    RawBlock,
}

/// A value of an argument or property.
#[derive(Clone, PartialEq, Debug)]
pub enum Value<'a> {
    /// A string, escapes resolved and indentation removed.
    String(Cow<'a, str>, StringStyle),
    /// A number, as its source text: `3.10`, `0x1F`, `1_000`, `#inf`.
    Number(Cow<'a, str>),
    /// `#true` or `#false`
    Bool(bool),
    /// `#null`
    Null,
}

/// An argument (no name) or a property.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry<'a> {
    /// The name of a property.
    pub name: Option<Ident<'a>>,
    /// The type annotation, as in `(secret)TOKEN`.
    pub ty: Option<Ident<'a>>,
    /// The value.
    pub value: Value<'a>,
    /// Where the value stands, without name and annotation.
    pub value_span: Span,
    /// Where the whole entry stands.
    pub span: Span,
}

/// A node with its entries and children.
#[derive(Clone, PartialEq, Debug)]
pub struct Node<'a> {
    /// The type annotation.
    pub ty: Option<Ident<'a>>,
    /// The name.
    pub name: Ident<'a>,
    /// Arguments and properties in the order written. A repeated property stands here twice: the checker reports it.
    pub entries: Vec<Entry<'a>>,
    /// The children block; `None` when there is none, so that `node {}` can be told from `node`.
    pub children: Option<Vec<Node<'a>>>,
    /// `//` and `/* */` comments that stand directly above the node, without their marks, a line each.
    pub comments: Vec<Cow<'a, str>>,
    /// From the annotation or name to the end of the last entry or the closing brace.
    pub span: Span,
}

/// A document: the nodes of one file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Document<'a> {
    /// Top-level nodes.
    pub nodes: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    /// The name as text.
    pub fn name(&self) -> &str {
        &self.name.text
    }

    /// The arguments in order.
    pub fn args(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter().filter(|e| e.name.is_none())
    }

    /// The argument at a position, from 0.
    pub fn arg(&self, index: usize) -> Option<&Entry<'a>> {
        self.args().nth(index)
    }

    /// The properties in order.
    pub fn props(&self) -> impl Iterator<Item = (&str, &Entry<'a>)> {
        self.entries.iter().filter_map(|e| e.name.as_ref().map(|n| (&*n.text, e)))
    }

    /// The last property of a name.
    pub fn prop(&self, name: &str) -> Option<&Entry<'a>> {
        self.entries.iter().rev().find(|e| e.name.as_ref().is_some_and(|n| n.text == name))
    }

    /// The children, none where there is no block.
    pub fn children(&self) -> &[Node<'a>] {
        self.children.as_deref().unwrap_or_default()
    }

    /// The first child of a name.
    pub fn child(&self, name: &str) -> Option<&Node<'a>> {
        self.children().iter().find(|c| c.name.text == name)
    }
}

impl Entry<'_> {
    /// The string, if the value is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text, _) => Some(text),
            Value::Number(_) | Value::Bool(_) | Value::Null => None,
        }
    }
}
