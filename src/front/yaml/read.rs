//! Events of a YAML text to a tree, bounded in depth and size.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use crate::base::span::{SourceId, Span};
use crate::front::ledger::Ledger;
use crate::front::yaml::{Comments, Entry, Node, Value};

/// Deepest nesting of lists and maps, aliases counted; far above any configuration.
const MAX_DEPTH: usize = 64;

/// Most values of a file with its aliases written out; the largest real file known has some ten thousand.
const MAX_NODES: usize = 400_000;

/// What a vendor's reader does with a key that stands twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Whether a key that stands twice makes the file unreadable; otherwise the last one counts.
    pub refuse_twice: bool,
    /// How many documents the vendor reads.
    pub documents: usize,
}

/// Why a file, or a part of it, cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Where.
    pub span: Span,
    /// What is wrong, in the user's words.
    pub message: String,
    /// The way out.
    pub help: String,
    /// Whether nothing of the file was read.
    pub fatal: bool,
}

/// The documents of a text with its comments; what is wrong with it is told beside.
pub fn read(source: SourceId, text: &str, limits: Limits, ledger: &mut Ledger) -> (Vec<Node>, Comments, Vec<Fault>) {
    let text = text.strip_prefix('\u{FEFF}').map_or(text, |_| text);
    let mut reader = Reader {
        source,
        text,
        bytes: byte_offsets(text),
        limits,
        ledger,
        anchors: BTreeMap::new(),
        open: Vec::new(),
        blocks: Vec::new(),
        nodes: 0,
        faults: Vec::new(),
    };
    let documents = match reader.documents() {
        Ok(documents) => documents,
        Err(fault) => {
            reader.faults.push(fault);
            Vec::new()
        }
    };
    let Reader { blocks, faults, .. } = reader;
    let comments = Comments::of(text, |line| blocks.iter().any(|(from, to)| (*from..*to).contains(&line)));
    (documents, comments, faults)
}

/// Byte offsets of characters; empty where both are the same.
fn byte_offsets(text: &str) -> Vec<u32> {
    if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(i, _)| i as u32).collect() }
}

struct Reader<'t, 'l> {
    source: SourceId,
    text: &'t str,
    bytes: Vec<u32>,
    limits: Limits,
    ledger: &'l mut Ledger,
    anchors: BTreeMap<usize, Node>,
    /// Anchors whose values are being read: an alias to one of them has no end.
    open: Vec<usize>,
    /// First lines and ends of block scalars.
    blocks: Vec<(usize, usize)>,
    nodes: usize,
    faults: Vec<Fault>,
}

type Events<'t> = Parser<'t, saphyr_parser::StrInput<'t>>;
type Placed<'t> = (Event<'t>, saphyr_parser::Span);

impl<'t> Reader<'t, '_> {
    fn documents(&mut self) -> Result<Vec<Node>, Fault> {
        let mut events = Parser::new_from_str(self.text);
        let mut documents = Vec::new();
        loop {
            let (event, span) = self.next(&mut events)?;
            match event {
                Event::StreamEnd => return Ok(documents),
                Event::DocumentStart(_) if documents.len() == self.limits.documents => {
                    let message = match documents.len() {
                        1 => "a second document begins here".to_owned(),
                        n => format!("document {} begins here", n + 1),
                    };
                    return Err(self.fault(span, message, "leave one document in the file: the vendor reads no more"));
                }
                Event::Scalar(..) | Event::MappingStart(..) | Event::SequenceStart(..) | Event::Alias(_) => {
                    let node = self.node((event, span), &mut events, "", 0)?;
                    documents.push(node);
                }
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::SequenceEnd
                | Event::MappingEnd => {}
            }
        }
    }

    fn next(&mut self, events: &mut Events<'t>) -> Result<Placed<'t>, Fault> {
        match events.next() {
            Some(Ok(placed)) => Ok(placed),
            Some(Err(error)) => {
                let at = self.offset(error.marker().index());
                let span = Span::new(self.source, at, (at + 1).min(self.text.len()));
                let message = format!("this is no YAML: {}", error.info());
                let placeholder = self.text.contains("{%") || self.text.contains("{{ ") && !self.text.contains("${{");
                let help = if placeholder {
                    "the file looks like a template: import what comes out of it"
                } else {
                    "correct the file, and import it again"
                };
                Err(Fault { span, message, help: help.to_owned(), fatal: true })
            }
            None => Ok((Event::StreamEnd, saphyr_parser::Span::default())),
        }
    }

    fn node(&mut self, (event, span): Placed<'t>, events: &mut Events<'t>, path: &str, depth: usize) -> Result<Node, Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault(span, format!("values are nested more than {MAX_DEPTH} deep"), "flatten the file"));
        }
        self.count(1, span)?;
        let place = self.span(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    self.blocks.push((span.start.line() + 1, span.end.line().max(span.start.line() + 1)));
                }
                let value = Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                Ok(self.keep(anchor, Node { value, span: place, tag: own_tag(tag) }))
            }
            Event::Alias(anchor) => {
                if self.open.contains(&anchor) {
                    return Err(self.fault(span, "this alias stands inside of what it names".to_owned(), "write the value out"));
                }
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.fault(span, "no anchor has this name".to_owned(), "name the anchor before it is used"));
                };
                let (size, deep) = measure(&node);
                self.count(size, span)?;
                if depth + deep > MAX_DEPTH {
                    return Err(self.fault(span, format!("values are nested more than {MAX_DEPTH} deep"), "flatten the file"));
                }
                Ok(node)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open.push(anchor);
                let mut items = Vec::new();
                loop {
                    let next = self.next(events)?;
                    if matches!(next.0, Event::SequenceEnd | Event::StreamEnd) {
                        break;
                    }
                    items.push(self.node(next, events, &format!("{path}[{}]", items.len()), depth + 1)?);
                }
                self.open.pop();
                Ok(self.keep(anchor, Node { value: Value::List(items), span: place, tag: own_tag(tag) }))
            }
            Event::MappingStart(anchor, tag) => {
                self.open.push(anchor);
                let entries = self.entries(events, path, depth)?;
                self.open.pop();
                Ok(self.keep(anchor, Node { value: Value::Map(entries), span: place, tag: own_tag(tag) }))
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => Err(self.fault(span, "a value is missing here".to_owned(), "correct the file")),
        }
    }

    fn entries(&mut self, events: &mut Events<'t>, path: &str, depth: usize) -> Result<Vec<Entry>, Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next(events)?;
            let key = match event {
                Event::MappingEnd | Event::StreamEnd => break,
                Event::Scalar(ref text, ..) => text.to_string(),
                Event::Alias(anchor) => match self.anchors.get(&anchor).and_then(Node::text) {
                    Some(text) => text.to_owned(),
                    None => return Err(self.fault(span, "a key is no text".to_owned(), "write a word as key")),
                },
                _ => {
                    let help = "write a word as key; `{{ … }}` of a template needs quotes";
                    return Err(self.fault(span, "a key is a list or a map".to_owned(), help));
                }
            };
            if let Event::Scalar(text, _, anchor, _) = event
                && anchor != 0
            {
                let value = Value::Scalar { text: text.into_owned(), plain: true };
                self.keep(anchor, Node { value, span: self.span(span), tag: None });
            }
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let place = self.span(span);
            let id = self.ledger.enter(place, path.clone());
            let next = self.next(events)?;
            let value = self.node(next, events, &path, depth + 1)?;
            if key == "<<" {
                self.ledger.mark(id, crate::front::ledger::Fate::Exact);
                let maps = if value.is_list() { value.items().to_vec() } else { vec![value] };
                // Of several maps the first one that has a key gives it.
                for entry in maps.iter().flat_map(Node::entries) {
                    if merged.iter().all(|m| m.key != entry.key) {
                        merged.push(entry.clone());
                    }
                }
                continue;
            }
            if let Some(at) = entries.iter().position(|e| e.key == key) {
                let message = format!("`{key}` stands twice in this map");
                let mut fault = self.fault(span, message, "keep one of them");
                fault.fatal = self.limits.refuse_twice;
                if fault.fatal {
                    return Err(fault);
                }
                fault.help = "the last one counts here, as in most readers of YAML; keep one of them".to_owned();
                self.faults.push(fault);
                let old = entries.remove(at);
                let reason = crate::front::ledger::Fate::Lost("the key stands again further down".to_owned());
                old.mark_all(self.ledger, &reason);
            }
            entries.push(Entry { key, span: place, id, value });
        }
        merged.retain(|m| entries.iter().all(|e| e.key != m.key));
        entries.extend(merged);
        Ok(entries)
    }

    fn keep(&mut self, anchor: usize, node: Node) -> Node {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn count(&mut self, more: usize, span: saphyr_parser::Span) -> Result<(), Fault> {
        self.nodes += more;
        if self.nodes > MAX_NODES {
            let message = format!("with its aliases written out the file has more than {MAX_NODES} values");
            return Err(self.fault(span, message, "split the file, or write less of it by aliases"));
        }
        Ok(())
    }

    fn fault(&self, span: saphyr_parser::Span, message: String, help: &str) -> Fault {
        Fault { span: self.span(span), message, help: help.to_owned(), fatal: true }
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        Span::new(self.source, self.offset(span.start.index()), self.offset(span.end.index()))
    }

    fn offset(&self, character: usize) -> usize {
        if self.bytes.is_empty() {
            return character.min(self.text.len());
        }
        self.bytes.get(character).map_or(self.text.len(), |b| *b as usize)
    }
}

/// How many values a node has, and how deep they lie.
fn measure(node: &Node) -> (usize, usize) {
    let below = |nodes: &mut dyn Iterator<Item = &Node>| {
        nodes.map(measure).fold((1, 1), |(size, deep), (s, d)| (size + s, deep.max(d + 1)))
    };
    match &node.value {
        Value::Scalar { .. } => (1, 1),
        Value::List(items) => below(&mut items.iter()),
        Value::Map(entries) => below(&mut entries.iter().map(|e| &e.value)),
    }
}

/// A tag of the vendor: the core ones (`!!str`) say what the text says.
fn own_tag(tag: Option<Cow<'_, Tag>>) -> Option<String> {
    tag.filter(|t| t.handle == "!").map(|t| format!("!{}", t.suffix))
}
