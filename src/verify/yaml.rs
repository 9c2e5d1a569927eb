//! YAML with the line of every value, as its readers need it.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// A value and where it starts.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub content: Content,
    /// Its line in the text, from 1.
    pub line: usize,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text; `plain` if it stood without quotes, so that `true` and `null` have their meaning.
    Scalar {
        /// The text.
        text: String,
        /// Whether it stood without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// Names and values, in order.
    Map(Vec<(String, Node)>),
}

/// Reads the last document of a text.
///
/// # Errors
/// The parser's words, or a form that no output has (anchors, keys that are no text).
pub fn read(text: &str) -> Result<Node, String> {
    let mut root = None;
    let mut open: Vec<(Node, Option<String>)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| e.to_string())?;
        let line = span.start.line();
        let done = match event {
            Event::Scalar(value, style, ..) => {
                Some(Node { content: Content::Scalar { text: value.to_string(), plain: style == ScalarStyle::Plain }, line })
            }
            Event::SequenceStart(..) => {
                open.push((Node { content: Content::List(Vec::new()), line }, None));
                None
            }
            Event::MappingStart(..) => {
                open.push((Node { content: Content::Map(Vec::new()), line }, None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|(node, _)| node),
            Event::Alias(_) => return Err(format!("line {line}: an alias")),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => None,
        };
        let Some(node) = done else { continue };
        match open.last_mut() {
            None => root = Some(node),
            Some((Node { content: Content::List(items), .. }, _)) => items.push(node),
            Some((Node { content: Content::Map(rows), .. }, key)) => match (key.take(), node) {
                (Some(name), node) => rows.push((name, node)),
                (None, Node { content: Content::Scalar { text, .. }, .. }) => *key = Some(text),
                (None, node) => return Err(format!("line {}: a key that is no text", node.line)),
            },
            Some(_) => return Err(format!("line {line}: text with parts")),
        }
    }
    root.ok_or_else(|| "no document".to_owned())
}

impl Node {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.rows().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The value at the end of several keys.
    pub fn path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The names and values of a map; none of anything else.
    pub fn rows(&self) -> &[(String, Self)] {
        if let Content::Map(rows) = &self.content { rows } else { &[] }
    }

    /// The items of a list; anything else is its own only item.
    pub fn items(&self) -> &[Self] {
        if let Content::List(items) = &self.content { items } else { std::slice::from_ref(self) }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        if let Content::Scalar { text, .. } = &self.content { Some(text) } else { None }
    }

    /// The texts of a list, or of one scalar.
    pub fn texts(&self) -> Vec<String> {
        self.items().iter().filter_map(Self::text).map(str::to_owned).collect()
    }

    /// Whether it is a plain `true`.
    pub fn is_true(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain: true } if text == "true")
    }

    /// Whether it is a plain `false`.
    pub fn is_false(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain: true } if text == "false")
    }

    /// This value with another over it: names are merged, anything else is replaced. The line is the other's.
    #[must_use]
    pub fn under(&self, over: &Self) -> Self {
        let (Content::Map(below), Content::Map(above)) = (&self.content, &over.content) else { return over.clone() };
        let mut rows = below.clone();
        for (name, node) in above {
            match rows.iter_mut().find(|(n, _)| n == name) {
                Some((_, known)) => *known = known.under(node),
                None => rows.push((name.clone(), node.clone())),
            }
        }
        Self { content: Content::Map(rows), line: over.line }
    }

    /// Calls `f` for every scalar in it, keys left out.
    pub fn scalars<'n>(&'n self, f: &mut impl FnMut(&'n str)) {
        match &self.content {
            Content::Scalar { text, .. } => f(text),
            Content::List(items) => items.iter().for_each(|i| i.scalars(f)),
            Content::Map(rows) => rows.iter().for_each(|(_, v)| v.scalars(f)),
        }
    }
}
