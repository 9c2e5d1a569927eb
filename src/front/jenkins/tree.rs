//! A declarative Jenkinsfile as a tree with places.

use crate::base::span::Span;
use crate::front::ledger::KeyId;

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Item {
    /// The word it begins with: a directive, a step, a variable that is set. Empty for code that is no such thing.
    pub(super) name: String,
    /// Its arguments.
    pub(super) args: Vec<Arg>,
    /// What stands in its braces.
    pub(super) body: Option<Vec<Item>>,
    /// The value of `name = value`.
    pub(super) value: Option<Value>,
    /// Its text.
    pub(super) text: String,
    /// Comments directly above it.
    pub(super) comments: Vec<String>,
    /// Where its first word stands.
    pub(super) span: Span,
    /// Its place in the account.
    pub(super) key: KeyId,
}

/// An argument.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Arg {
    /// `name:`
    pub(super) name: Option<String>,
    /// Its value.
    pub(super) value: Value,
    /// Its place in the account, where it has a name.
    pub(super) key: Option<KeyId>,
}

/// A value of Groovy, as far as a declarative pipeline needs it.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    /// Text with what is put into it.
    Text(Vec<Piece>),
    /// A number, a truth value, a name with dots.
    Word(String),
    /// `credentials('id')`
    Call(String, Vec<Arg>),
    /// `[a, b: c]`
    List(Vec<Arg>),
    /// Anything else, as it stands.
    Code(String),
}

/// A part of a text.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Piece {
    /// As it stands.
    Plain(String),
    /// `${…}`: code of Groovy.
    Code(String),
}

impl Item {
    /// The statements in its braces.
    pub(super) fn items(&self) -> &[Self] {
        self.body.as_deref().unwrap_or_default()
    }

    /// The statement of a name in its braces.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        self.items().iter().find(|i| i.name == name)
    }

    /// The value of an argument: by its name, or else the first one without a name.
    pub(super) fn arg(&self, name: &str) -> Option<&Value> {
        find(&self.args, name)
    }

    /// The first argument without a name.
    pub(super) fn first(&self) -> Option<&Value> {
        self.args.iter().find(|a| a.name.is_none()).map(|a| &a.value)
    }

    /// Calls `f` for every key of it and below it.
    pub(super) fn each_key(&self, f: &mut impl FnMut(KeyId)) {
        f(self.key);
        self.args.iter().for_each(|a| a.each_key(f));
        self.value.iter().for_each(|v| v.each_key(f));
        self.items().iter().for_each(|i| i.each_key(f));
    }
}

/// The value of a named argument.
pub(super) fn find<'a>(args: &'a [Arg], name: &str) -> Option<&'a Value> {
    args.iter().find(|a| a.name.as_deref() == Some(name)).map(|a| &a.value)
}

impl Arg {
    fn each_key(&self, f: &mut impl FnMut(KeyId)) {
        self.key.into_iter().for_each(&mut *f);
        self.value.each_key(f);
    }
}

impl Value {
    fn each_key(&self, f: &mut impl FnMut(KeyId)) {
        match self {
            Self::Call(_, args) | Self::List(args) => args.iter().for_each(|a| a.each_key(f)),
            Self::Text(_) | Self::Word(_) | Self::Code(_) => {}
        }
    }

    /// Text into which nothing is put.
    pub(super) fn plain(&self) -> Option<String> {
        match self {
            Self::Text(pieces) => pieces
                .iter()
                .map(|p| match p {
                    Piece::Plain(text) => Some(text.as_str()),
                    Piece::Code(_) => None,
                })
                .collect(),
            Self::Word(_) | Self::Call(..) | Self::List(_) | Self::Code(_) => None,
        }
    }

    /// A word or a text into which nothing is put.
    pub(super) fn word(&self) -> Option<String> {
        match self {
            Self::Word(word) => Some(word.clone()),
            other => other.plain(),
        }
    }

    /// Whether it is `true`.
    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Word(word) if word == "true")
    }

    /// The values of a list; itself where it is none.
    pub(super) fn list(&self) -> Vec<&Self> {
        match self {
            Self::List(args) => args.iter().map(|a| &a.value).collect(),
            other => vec![other],
        }
    }
}
