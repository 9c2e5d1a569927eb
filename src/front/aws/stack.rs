//! A template of CloudFormation: its parameters, its functions, its conditions (docs.aws.amazon.com, "Intrinsic function reference").
//!
//! A value that only the account knows becomes a variable of the spec; parameters count with their defaults.

use std::collections::BTreeSet;

use crate::front::account::Account as _;
use crate::front::ledger::{Fate, KeyId};
use crate::front::name::variable_of;
use crate::front::yaml::{Entry, Node, Value};
use crate::target::frame;

use super::work::Work;

/// Deepest nesting of functions.
const MAX_DEPTH: usize = 20;

/// A template with what is asked of it.
pub(super) struct Stack {
    /// The document.
    pub(super) document: Node,
    /// Parameters and conditions that something carried reads.
    used: BTreeSet<KeyId>,
}

/// The function that a node is, with its argument.
fn function(node: &Node) -> Option<(String, Node)> {
    if let Some(tag) = &node.tag {
        let name = tag.trim_start_matches('!');
        let name = if matches!(name, "Ref" | "Condition") { name.to_owned() } else { format!("Fn::{name}") };
        return Some((name, Node { tag: None, ..node.clone() }));
    }
    match node.entries() {
        [one] if matches!(one.key.as_str(), "Ref" | "Condition") || one.key.starts_with("Fn::") => {
            Some((one.key.clone(), one.value.clone()))
        }
        _ => None,
    }
}

impl Stack {
    /// A template; `None` where a document is none.
    pub(super) fn of(document: Node) -> Option<Self> {
        document.get("Resources").filter(|r| r.is_map())?;
        Some(Self { document, used: BTreeSet::new() })
    }

    /// Resources of a type.
    pub(super) fn resources(&self, kind: &str) -> Vec<Entry> {
        let all = self.document.get("Resources").map(Node::entries).unwrap_or_default();
        all.iter().filter(|e| e.value.get("Type").and_then(Node::text) == Some(kind)).cloned().collect()
    }

    /// The resource that a value speaks of.
    pub(super) fn referred(&self, node: &Node) -> Option<Entry> {
        let (name, argument) = function(node)?;
        let id = match name.as_str() {
            "Ref" => argument.text()?.to_owned(),
            "Fn::GetAtt" => argument.texts()?.first()?.split('.').next()?.to_owned(),
            "Fn::Sub" => argument.text()?.strip_prefix("${")?.strip_suffix('}')?.split('.').next()?.to_owned(),
            _ => return None,
        };
        self.document.get("Resources")?.entry(&id).cloned()
    }

    /// The text of a value, with `${var.NAME}` for what only the account knows; `None` where it is no text, or cannot be worked out.
    pub(super) fn text(&mut self, work: &mut Work<'_>, node: &Node) -> Option<String> {
        self.text_at(work, node, 0)
    }

    /// The text of a value that no variable stands in.
    pub(super) fn literal(&mut self, work: &mut Work<'_>, node: &Node) -> Option<String> {
        // Asking must not declare variables that nothing reads.
        let before = work.declared.variables.clone();
        let text = self.text(work, node).filter(|t| !t.contains("${var."));
        if text.is_none() {
            work.declared.variables = before;
        }
        text
    }

    fn text_at(&mut self, work: &mut Work<'_>, node: &Node, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        let Some((name, argument)) = function(node) else { return node.text().map(str::to_owned) };
        node.entries().iter().for_each(|e| work.mark(e, Fate::Exact));
        match name.as_str() {
            "Ref" => self.reference(work, argument.text()?),
            "Fn::GetAtt" => {
                let name = argument.texts()?.join(".");
                Some(given(work, &name))
            }
            "Fn::ImportValue" => {
                let name = self.text_at(work, &argument, depth + 1)?;
                let plain: String = name.split("${var.").map(|p| p.split_once('}').map_or(p, |(_, rest)| rest)).collect();
                Some(given(work, &plain))
            }
            "Fn::Sub" => self.sub(work, &argument, depth),
            "Fn::Join" => {
                let [separator, list] = argument.items() else { return None };
                let parts: Option<Vec<String>> = list.items().iter().map(|i| self.text_at(work, i, depth + 1)).collect();
                Some(parts?.join(separator.text().unwrap_or_default()))
            }
            "Fn::Select" => {
                let [index, list] = argument.items() else { return None };
                let index: usize = self.text_at(work, index, depth + 1)?.parse().ok()?;
                let item = list.items().get(index)?.clone();
                self.text_at(work, &item, depth + 1)
            }
            "Fn::FindInMap" => {
                let [map, first, second] = argument.items() else { return None };
                let mut words = Vec::new();
                for word in [map, first, second] {
                    words.push(self.text_at(work, word, depth + 1)?);
                }
                let found = self.document.get("Mappings")?.get(&words[0])?.get(&words[1])?.get(&words[2])?.clone();
                self.text_at(work, &found, depth + 1)
            }
            "Fn::If" => {
                let chosen = self.chosen(work, &argument, depth)?;
                self.text_at(work, &chosen, depth + 1)
            }
            _ => None,
        }
    }

    fn reference(&mut self, work: &mut Work<'_>, name: &str) -> Option<String> {
        match name {
            "AWS::NoValue" => return None,
            "AWS::Partition" => return Some("aws".to_owned()),
            "AWS::URLSuffix" => return Some("amazonaws.com".to_owned()),
            "AWS::Region" => return Some(given(work, "AWS_REGION")),
            "AWS::AccountId" => return Some(given(work, "AWS_ACCOUNT_ID")),
            _ => {}
        }
        let parameter = self.document.get("Parameters").and_then(|p| p.entry(name)).cloned();
        match parameter {
            Some(entry) => {
                self.used.insert(entry.id);
                // Its default is the name of a parameter of the Systems Manager, which holds the value.
                if entry.value.get("Type").and_then(Node::text).is_some_and(|t| t.starts_with("AWS::SSM::Parameter::Value")) {
                    let said = entry.value.get("Description").and_then(Node::text);
                    let ours = said.and_then(frame::variable_of);
                    return Some(given(work, ours.unwrap_or(name)));
                }
                let secret = entry.value.get("NoEcho").is_some_and(|n| n.text() == Some("true"));
                match entry.value.get("Default").and_then(Node::text).filter(|_| !secret) {
                    Some(default) => Some(default.to_owned()),
                    None => Some(given(work, name)),
                }
            }
            None => Some(given(work, name.trim_start_matches("AWS::"))),
        }
    }

    fn sub(&mut self, work: &mut Work<'_>, argument: &Node, depth: usize) -> Option<String> {
        let (text, own) = match argument.items() {
            [text, own] => (text.text()?.to_owned(), Some(own.clone())),
            _ => (argument.text()?.to_owned(), None),
        };
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("${") {
            out.push_str(&rest[..at]);
            let end = rest[at..].find('}')? + at;
            let name = rest[at + 2..end].trim();
            if let Some(plain) = name.strip_prefix('!') {
                out.push_str(&format!("${{{plain}}}"));
            } else if let Some(entry) = own.as_ref().and_then(|o| o.entry(name)).cloned() {
                work.mark(&entry, Fate::Exact);
                out.push_str(&self.text_at(work, &entry.value, depth + 1)?);
            } else if name.contains('.') {
                out.push_str(&given(work, name));
            } else {
                out.push_str(&self.reference(work, name)?);
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Some(out)
    }

    /// The branch that `Fn::If` takes with the defaults of the parameters; the first one where nothing tells.
    fn chosen(&mut self, work: &mut Work<'_>, argument: &Node, depth: usize) -> Option<Node> {
        let [condition, yes, no] = argument.items() else { return None };
        let holds = self.condition(work, condition.text()?, depth).unwrap_or(true);
        let (taken, left) = if holds { (yes, no) } else { (no, yes) };
        left.each_entry(&mut |e| {
            if !work.ledger.is_marked(e.id) {
                work.ledger.mark(e.id, Fate::Emulated("with the parameters of the stack as they are it is not there".to_owned()));
            }
        });
        Some(taken.clone())
    }

    fn condition(&mut self, work: &mut Work<'_>, name: &str, depth: usize) -> Option<bool> {
        let entry = self.document.get("Conditions")?.entry(name)?.clone();
        self.used.insert(entry.id);
        self.holds(work, &entry.value, depth + 1)
    }

    fn holds(&mut self, work: &mut Work<'_>, node: &Node, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (name, argument) = function(node)?;
        match name.as_str() {
            "Condition" => self.condition(work, argument.text()?, depth),
            "Fn::Equals" => {
                let [a, b] = argument.items() else { return None };
                Some(self.literal(work, a)? == self.literal(work, b)?)
            }
            "Fn::Not" => self.holds(work, argument.items().first()?, depth + 1).map(|h| !h),
            "Fn::And" | "Fn::Or" => {
                let parts: Option<Vec<bool>> = argument.items().iter().map(|i| self.holds(work, i, depth + 1)).collect();
                let parts = parts?;
                Some(if name == "Fn::And" { parts.iter().all(|h| *h) } else { parts.iter().any(|h| *h) })
            }
            _ => None,
        }
    }

    /// A node with the `Fn::If` at its top decided; `None` for what is not there.
    pub(super) fn there(&mut self, work: &mut Work<'_>, node: &Node) -> Option<Node> {
        let mut node = node.clone();
        for depth in 0..MAX_DEPTH {
            match function(&node) {
                Some((name, argument)) if name == "Fn::If" => {
                    node.entries().iter().for_each(|e| work.mark(e, Fate::Exact));
                    node = self.chosen(work, &argument, depth)?;
                }
                Some((name, argument)) if name == "Ref" && argument.text() == Some("AWS::NoValue") => {
                    node.entries().iter().for_each(|e| work.mark(e, Fate::Exact));
                    return None;
                }
                _ => return Some(node),
            }
        }
        None
    }

    /// The items of a list, those of `Fn::If` decided.
    pub(super) fn items(&mut self, work: &mut Work<'_>, node: &Node) -> Vec<Node> {
        let Some(list) = self.there(work, node) else { return Vec::new() };
        list.items().iter().filter_map(|i| self.there(work, i)).collect()
    }

    /// Says of all keys that nothing was said of what they are: parameters that were read, and what no pipeline is made of.
    pub(super) fn rest(&self, work: &mut Work<'_>) {
        let stays = Fate::Beside("the stack's own: it stays there as it is".to_owned());
        let read = Fate::Emulated("its value stands where it is read".to_owned());
        for section in self.document.entries() {
            for entry in section.value.entries() {
                if self.used.contains(&entry.id) {
                    entry.mark_all(&mut work.ledger, &read);
                }
            }
            let is_marked = section.value.entries().iter().any(|e| self.used.contains(&e.id));
            work.ledger.mark(section.id, if section.key == "Resources" || is_marked { Fate::Exact } else { stays.clone() });
            if section.key == "Resources" {
                section.value.entries().iter().filter(|e| !work.ledger.is_marked(e.id)).collect::<Vec<_>>().iter().for_each(
                    |e| {
                        e.mark_all(&mut work.ledger, &stays);
                    },
                );
            } else {
                section.mark_all(&mut work.ledger, &stays);
            }
        }
    }
}

/// A value that only the account knows, as a variable of the spec.
fn given(work: &mut Work<'_>, name: &str) -> String {
    let name = variable_of(name);
    work.declared.variables.entry(name.clone()).or_insert(None);
    format!("${{var.{name}}}")
}

/// A node that holds a text alone, for what reads nodes.
pub(super) fn scalar(text: &str, like: &Node) -> Node {
    Node { value: Value::Scalar { text: text.to_owned(), plain: false }, span: like.span, tag: None }
}
