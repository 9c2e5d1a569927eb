//! One configuration out of many: `include` of local files, `extends`, `!reference`, `default` (docs.gitlab.com, "CI/CD YAML syntax reference").

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::source::SourceMap;
use crate::base::span::SourceId;
use crate::front::Imported;
use crate::front::ledger::{Fate, KeyId, Ledger};
use crate::front::yaml::{self, Comments, Entry, Limits, Node, Value};

use super::truth;

/// GitLab's own limit on `extends`.
const MAX_EXTENDS: usize = 11;

/// Most files of one configuration: GitLab's limit is 150.
const MAX_FILES: usize = 150;

/// Keys of `default`, which may stand at the top, too.
pub(super) const DEFAULTS: &[&str] = &[
    "after_script",
    "artifacts",
    "before_script",
    "cache",
    "hooks",
    "id_tokens",
    "image",
    "interruptible",
    "retry",
    "services",
    "tags",
    "timeout",
];

/// What is read of the files.
pub(super) struct Whole {
    /// The top: all files laid over one another.
    pub(super) top: Vec<Entry>,
    /// Comments by file.
    pub(super) comments: Vec<(SourceId, Comments)>,
    /// Keys that a later one replaced.
    pub(super) replaced: Vec<KeyId>,
}

/// Reads a file with all local files that it includes.
pub(super) fn read(sources: &SourceMap, file: SourceId, root: &Path, imported: &mut Imported) -> Option<Whole> {
    let mut whole = Whole { top: Vec::new(), comments: Vec::new(), replaced: Vec::new() };
    let mut seen = vec![file];
    one(sources, file, root, imported, &mut whole, &mut seen, None).then_some(whole)
}

fn one(
    sources: &SourceMap,
    file: SourceId,
    root: &Path,
    imported: &mut Imported,
    whole: &mut Whole,
    seen: &mut Vec<SourceId>,
    given: Option<&Node>,
) -> bool {
    let limits = Limits { refuse_twice: false, documents: 2 };
    let (documents, comments, faults) = yaml::read(file, &sources.file(file).text, limits, &mut imported.ledger);
    let broken = faults.iter().any(|f| f.fatal);
    imported.faults.extend(faults);
    whole.comments.push((file, comments));
    if broken {
        return false;
    }
    let header = if documents.len() > 1 { documents.first().cloned() } else { None };
    if let Some(header) = &header {
        defaults(header, given, &mut imported.ledger);
    }
    let values = header.as_ref().map(|h| inputs(h, given)).unwrap_or_default();
    let Some(mut document) = documents.into_iter().next_back() else { return false };
    fill(&mut document, &values);
    let Value::Map(entries) = document.value else { return false };
    if let Some(include) = entries.iter().find(|e| e.key == "include") {
        imported.ledger.mark(include.id, Fate::Exact);
        let items = if include.value.is_list() { include.value.items().to_vec() } else { vec![include.value.clone()] };
        for item in items {
            include_one(sources, &item, include.id, root, imported, whole, seen);
        }
    }
    lay_over(&mut whole.top, entries.into_iter().filter(|e| e.key != "include").collect(), &mut whole.replaced);
    true
}

/// Says what becomes of the header of a file.
fn defaults(header: &Node, given: Option<&Node>, ledger: &mut Ledger) {
    let filled = Fate::Emulated("the value stands where the file reads it".to_owned());
    for spec in header.entries() {
        ledger.mark(spec.id, filled.clone());
        for group in spec.value.entries() {
            ledger.mark(group.id, filled.clone());
            for input in group.value.entries() {
                let known = input.value.get("default").is_some() || given.and_then(|g| g.get(&input.key)).is_some();
                let lost = Fate::Lost("the input has no value: put one in before the import".to_owned());
                input.mark_all(ledger, if known { &filled } else { &lost });
            }
        }
    }
}

/// The values of a file's inputs: what the include gives, or the defaults.
fn inputs(header: &Node, given: Option<&Node>) -> BTreeMap<String, Node> {
    let declared = header.get("spec").and_then(|s| s.get("inputs")).map(Node::entries).unwrap_or_default();
    let value = |input: &Entry| given.and_then(|g| g.get(&input.key)).or_else(|| input.value.get("default")).cloned();
    declared.iter().filter_map(|i| Some((i.key.clone(), value(i)?))).collect()
}

/// Puts the values of inputs into a document: `$[[ inputs.name ]]`, without functions behind it.
fn fill(node: &mut Node, values: &BTreeMap<String, Node>) {
    if values.is_empty() {
        return;
    }
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|i| fill(i, values)),
        Value::Map(entries) => entries.iter_mut().for_each(|e| {
            if let Some(key) = filled(&e.key, values) {
                e.key = key;
            }
            fill(&mut e.value, values);
        }),
        Value::Scalar { text, .. } => {
            let alone =
                text.strip_prefix("$[[").and_then(|t| t.strip_suffix("]]")).and_then(|t| t.trim().strip_prefix("inputs."));
            if let Some(value) = alone.and_then(|name| values.get(name)) {
                node.value = value.value.clone();
            } else if let Some(made) = filled(text, values) {
                *text = made;
            }
        }
    }
}

/// A text with its inputs filled in; `None` where it has none.
fn filled(text: &str, values: &BTreeMap<String, Node>) -> Option<String> {
    if !text.contains("$[[") {
        return None;
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("$[[") {
        let end = rest[at..].find("]]").map(|e| at + e + 2)?;
        let name = rest[at + 3..end - 2].trim().strip_prefix("inputs.");
        out.push_str(&rest[..at]);
        match name.and_then(|n| values.get(n)).and_then(Node::text) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[at..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    Some(out)
}

/// Whether the rules of an `include` take the file for every event, or for none; none where the run decides.
fn is_included(rules: &Node) -> Option<bool> {
    let of = |kind: &str| {
        for rule in rules.items() {
            if truth::takes(rule, kind)? {
                return Some(rule.get("when").and_then(Node::text) != Some("never"));
            }
        }
        Some(false)
    };
    let all: Vec<bool> = ["push", "tag", "pull-request", "manual"].into_iter().map(of).collect::<Option<_>>()?;
    let first = *all.first()?;
    all.iter().all(|one| *one == first).then_some(first)
}

fn include_one(
    sources: &SourceMap,
    item: &Node,
    key: KeyId,
    root: &Path,
    imported: &mut Imported,
    whole: &mut Whole,
    seen: &mut Vec<SourceId>,
) {
    let entry = item.entry("local");
    let path = entry.map_or_else(|| item.text(), |e| e.value.text());
    let id = entry.map_or(key, |e| e.id);
    let Some(path) = path.filter(|p| !p.contains("://")) else {
        let why = Fate::Lost("only files of the repository itself are read".to_owned());
        imported.ledger.mark(key, why.clone());
        return item.each_entry(&mut |e| imported.ledger.mark(e.id, why.clone()));
    };
    let wanted = item.get("rules").and_then(is_included);
    if wanted == Some(false) {
        let why = Fate::Emulated("no rule of it ever includes the file".to_owned());
        imported.ledger.mark(id, why.clone());
        return item.each_entry(&mut |e| imported.ledger.mark(e.id, why.clone()));
    }
    imported.ledger.mark(id, Fate::Exact);
    let name = path.trim_start_matches('/');
    let plain = !name.contains(['*', '$', '\\']) && name.split('/').all(|part| part != "..");
    let known = sources.iter().find(|(_, f)| f.name == name || f.name.ends_with(&format!("/{name}"))).map(|(id, _)| id);
    let found = known.or_else(|| plain.then(|| sources.read(&root.join(name), name).ok()).flatten());
    match found {
        Some(file) if seen.contains(&file) => {}
        Some(_) if seen.len() >= MAX_FILES => {
            imported.ledger.mark(id, Fate::Lost(format!("a configuration has at most {MAX_FILES} files")));
        }
        Some(file) => {
            seen.push(file);
            if !one(sources, file, root, imported, whole, seen, item.get("inputs")) {
                imported.ledger.mark(id, Fate::Lost("the file cannot be read".to_owned()));
            }
        }
        None => imported.ledger.mark(id, Fate::Lost(format!("there is no file `{name}` below the root"))),
    }
    for other in item.entries().iter().filter(|e| e.key != "local") {
        if other.key == "inputs" {
            other.mark_all(&mut imported.ledger, &Fate::Emulated("the values stand where the file reads them".to_owned()));
            continue;
        }
        let fate = if other.key == "rules" && wanted == Some(true) {
            Fate::Emulated("its rules always include the file".to_owned())
        } else {
            Fate::Lost("the file is always included".to_owned())
        };
        other.mark_all(&mut imported.ledger, &fate);
    }
}

/// Lays entries over others: maps are merged, everything else is replaced.
pub(super) fn lay_over(below: &mut Vec<Entry>, above: Vec<Entry>, replaced: &mut Vec<KeyId>) {
    for entry in above {
        let Some(own) = below.iter_mut().find(|e| e.key == entry.key) else {
            below.push(entry);
            continue;
        };
        if own.id == entry.id {
            continue;
        }
        if let (Value::Map(lower), true) = (&own.value.value, entry.value.is_map()) {
            let mut merged = lower.clone();
            let upper = entry.value.entries().to_vec();
            lay_over(&mut merged, upper, replaced);
            replaced.push(own.id);
            *own = Entry { value: Node { value: Value::Map(merged), ..entry.value.clone() }, ..entry };
        } else {
            replaced.push(own.id);
            own.value.each_entry(&mut |e| replaced.push(e.id));
            *own = entry;
        }
    }
}

impl Whole {
    /// A job with what it extends, references put in.
    pub(super) fn job(&mut self, entry: &Entry, ledger: &mut Ledger) -> Vec<Entry> {
        let mut made = self.extended(entry, ledger, 0);
        for own in &mut made {
            own.value = self.referenced(&own.value, ledger, 0);
        }
        made
    }

    fn extended(&mut self, entry: &Entry, ledger: &mut Ledger, depth: usize) -> Vec<Entry> {
        let mut made = Vec::new();
        let own = entry.value.entries().to_vec();
        if let Some(extends) = own.iter().find(|e| e.key == "extends") {
            ledger.mark(extends.id, Fate::Exact);
            for name in extends.value.texts().unwrap_or_default() {
                let parent = self.top.iter().find(|e| e.key == name).cloned();
                match parent.filter(|_| depth < MAX_EXTENDS) {
                    Some(parent) => {
                        ledger.mark(parent.id, Fate::Exact);
                        let entries = self.extended(&parent, ledger, depth + 1);
                        lay_over(&mut made, entries, &mut self.replaced);
                    }
                    None => ledger.mark(extends.id, Fate::Lost(format!("`{name}` is not among the files of the repository"))),
                }
            }
        }
        lay_over(&mut made, own.into_iter().filter(|e| e.key != "extends").collect(), &mut self.replaced);
        made
    }

    /// A value with its `!reference`s replaced by what they name; in a list the items of what is named.
    pub(super) fn referenced(&self, node: &Node, ledger: &mut Ledger, depth: usize) -> Node {
        if depth > MAX_EXTENDS {
            return node.clone();
        }
        if node.tag.as_deref() == Some("!reference") {
            let path = node.texts().unwrap_or_default();
            return match self.named(&path, ledger) {
                Some(found) => self.referenced(&found, ledger, depth + 1),
                None => Node { tag: Some("!lost".to_owned()), ..node.clone() },
            };
        }
        let value = match &node.value {
            Value::Scalar { .. } => node.value.clone(),
            Value::List(items) => {
                let mut all = Vec::new();
                for item in items {
                    let made = self.referenced(item, ledger, depth);
                    if item.tag.as_deref() == Some("!reference") && made.is_list() && made.tag.is_none() {
                        all.extend(made.items().to_vec());
                    } else {
                        all.push(made);
                    }
                }
                Value::List(all)
            }
            Value::Map(entries) => Value::Map(
                entries.iter().map(|e| Entry { value: self.referenced(&e.value, ledger, depth), ..e.clone() }).collect(),
            ),
        };
        Node { value, ..node.clone() }
    }

    fn named(&self, path: &[&str], ledger: &mut Ledger) -> Option<Node> {
        let (first, rest) = path.split_first()?;
        let mut entry = self.top.iter().find(|e| e.key == *first)?;
        ledger.mark(entry.id, Fate::Exact);
        for word in rest {
            entry = entry.value.entry(word)?;
            ledger.mark(entry.id, Fate::Exact);
        }
        Some(entry.value.clone())
    }
}
