//! Reading a node whose shape has been checked: what a setting or flag says, however it was written.

use std::borrow::Cow;

use crate::base::span::{Span, Spanned};
use crate::syntax::number;
use crate::syntax::tree::{Entry, Node, Value};

/// What an annotation makes of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// `(secret)NAME`
    Secret,
    /// `(var)NAME`
    Variable,
}

impl<'a> Node<'a> {
    /// The children of a name, in order.
    pub fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Node<'a>> + 'n {
        self.children().iter().filter(move |c| c.name.text == name)
    }

    /// The text of the argument at a position, if it is a string.
    pub fn str_arg(&self, index: usize) -> Option<Spanned<&str>> {
        self.arg(index).and_then(Entry::spanned_str)
    }

    /// The value of a setting: the property, or the first argument of the child of that name.
    pub fn setting(&self, name: &str) -> Option<&Entry<'a>> {
        self.prop(name).or_else(|| self.children().iter().rev().find(|c| c.name.text == name).and_then(|c| c.arg(0)))
    }

    /// The text of a setting, if it is a string.
    pub fn str_setting(&self, name: &str) -> Option<Spanned<&str>> {
        self.setting(name).and_then(Entry::spanned_str)
    }

    /// The values of a list: the property, then all arguments of all children of that name.
    pub fn values(&self, name: &str) -> Vec<&Entry<'a>> {
        let children = self.children().iter().filter(|c| c.name.text == name);
        self.prop(name).into_iter().chain(children.flat_map(Node::args)).collect()
    }

    /// The texts of a list of names, paths or globs.
    pub fn strings(&self, name: &str) -> Vec<Spanned<&str>> {
        self.values(name).into_iter().filter_map(Entry::spanned_str).collect()
    }

    /// Where a flag stands: as a word among the arguments, or as a child of its own.
    pub fn flag(&self, name: &str) -> Option<Span> {
        let word = self.args().find(|a| a.is_word(name)).map(|a| a.span);
        word.or_else(|| self.children().iter().find(|c| c.name.text == name && c.entries.is_empty()).map(|c| c.span))
    }

    /// The arguments that are none of these flags.
    pub fn args_without(&self, flags: &[&str]) -> Vec<&Entry<'a>> {
        self.args().filter(|a| !flags.iter().any(|f| a.is_word(f))).collect()
    }

    /// The texts of all arguments that are strings.
    pub fn str_args(&self) -> Vec<Spanned<&str>> {
        self.args().filter_map(Entry::spanned_str).collect()
    }

    /// The properties that are none of these settings: those whose names are the user's.
    pub fn open_props(&self, settings: &[&str]) -> Vec<(Spanned<&str>, &Entry<'a>)> {
        let named = self.entries.iter().filter_map(|e| e.name.as_ref().map(|n| (Spanned::new(&*n.text, n.span), e)));
        named.filter(|(n, _)| !settings.contains(&n.value)).collect()
    }

    /// The name, the arguments and the properties, without the block: what to mark when the node as a whole is meant.
    pub fn head(&self) -> Span {
        self.entries.last().map_or(self.name.span, |e| self.name.span.to(e.span))
    }
}

impl Entry<'_> {
    /// Whether it is this word, written bare: how a flag stands among the arguments.
    pub fn is_word(&self, word: &str) -> bool {
        use crate::syntax::tree::StringStyle::Bare;
        self.name.is_none() && matches!(&self.value, Value::String(text, Bare) if text == word)
    }

    /// The string with its place, if the value is one.
    pub fn spanned_str(&self) -> Option<Spanned<&str>> {
        self.as_str().map(|s| Spanned::new(s, self.value_span))
    }

    /// The value as text, the way it is written: strings, numbers, truth values.
    pub fn as_text(&self) -> Cow<'_, str> {
        match &self.value {
            Value::String(text, _) | Value::Number(text) => Cow::Borrowed(text),
            Value::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Value::Null => Cow::Borrowed(""),
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            Value::String(..) | Value::Number(_) | Value::Null => None,
        }
    }

    /// The number as written, if it is one.
    pub fn as_number(&self) -> Option<&str> {
        match &self.value {
            Value::Number(text) => Some(text),
            Value::String(..) | Value::Bool(_) | Value::Null => None,
        }
    }

    /// The whole number, if it is one and not negative.
    pub fn as_count(&self) -> Option<u64> {
        self.as_number().and_then(number::integer).and_then(|n| u64::try_from(n).ok())
    }

    /// What `(secret)` or `(var)` makes of the value; `None` without an annotation.
    pub fn source(&self) -> Option<Source> {
        match &*self.ty.as_ref()?.text {
            "secret" => Some(Source::Secret),
            "var" => Some(Source::Variable),
            _ => None,
        }
    }
}
