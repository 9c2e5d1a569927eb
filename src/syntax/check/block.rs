//! What stands in a block: nodes, settings written as nodes, flags and calls; what stands twice, and what lacks.

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, did_you_mean};
use crate::base::span::Span;
use crate::syntax::check::words::{self, listed, quoted};
use crate::syntax::check::{
    Checker, FLAG_TAKES_NO_VALUE, MISSING_ARGUMENT, MISSING_NODE, REPEATED_NODE, SURPLUS_ARGUMENT, UNKNOWN_NODE, UNKNOWN_PROPERTY,
};
use crate::syntax::hint;
use crate::syntax::shape::{self, Many, Place, Setting, Shape};
use crate::syntax::tree::Node;

impl Checker<'_> {
    pub(super) fn block(&mut self, shape: &'static Shape, children: &[Node<'_>], owner: &str, place: Span) {
        for child in children {
            let name = child.name();
            if let Some(row) = shape.child(name) {
                self.node(row.shape, child);
            } else if let Some(setting) = shape.setting(name).filter(|s| s.place != Place::Property) {
                self.setting_child(setting, child);
            } else if shape.flag(name).is_some() {
                self.flag_child(child);
            } else if let Some(inputs) = self.actions.inputs(name).filter(|_| shape.calls) {
                self.call(child, inputs);
            } else {
                self.unknown(shape, child, owner);
            }
        }
        self.repeated(shape, children);
        self.missing(shape, children, owner, place);
    }

    pub(super) fn setting_child(&mut self, setting: &Setting, child: &Node<'_>) {
        let name = child.name();
        if let Some((_, entry)) = child.props().next() {
            let error = Diagnostic::error(UNKNOWN_PROPERTY, entry.span, format!("`{name}` has no properties"));
            self.found.push(error.help("it takes values, by position"));
        }
        if let Some(inner) = child.children().first() {
            let error = Diagnostic::error(UNKNOWN_NODE, inner.span, format!("`{name}` takes no block"));
            self.found.push(error.help(format!("write its value behind it: `{name} …`")));
        }
        if child.args().next().is_none() {
            let error = Diagnostic::error(MISSING_ARGUMENT, child.span, format!("`{name}` needs a value: {}", setting.doc));
            self.found.push(error.help(format!("write `{name} {}`", words::sample(setting.ty))));
        }
        for (index, entry) in child.args().enumerate() {
            if index == 0 || setting.list {
                self.value(setting.ty, entry, name);
                continue;
            }
            let text = entry.as_text();
            let error = if shape::is_node_word(&text) {
                Diagnostic::error(
                    hint::MISSING_SEMICOLON,
                    entry.span,
                    format!("`{name}` takes one value; `{text}` looks like a node of its own"),
                )
                .help(format!("put a `;` before `{text}`, or start a new line"))
            } else {
                Diagnostic::error(SURPLUS_ARGUMENT, entry.span, format!("`{name}` takes one value; this one is too many"))
                    .help("remove it")
            };
            self.found.push(error);
            break;
        }
    }

    pub(super) fn flag_child(&mut self, child: &Node<'_>) {
        let name = child.name();
        if let Some(entry) = child.entries.first() {
            let error = Diagnostic::error(FLAG_TAKES_NO_VALUE, entry.span, format!("`{name}` is a flag and takes no value"));
            let help = match entry.as_bool() {
                Some(false) => format!("leave `{name}` out"),
                _ if shape::is_node_word(&entry.as_text()) => format!("write `{name}; {}`", entry.as_text()),
                _ => format!("write `{name}` alone"),
            };
            self.found.push(error.help(help));
        } else if let Some(inner) = child.children().first() {
            let error = Diagnostic::error(FLAG_TAKES_NO_VALUE, inner.span, format!("`{name}` is a flag and takes no block"));
            self.found.push(error.help(format!("write `{name}` alone")));
        }
    }

    fn unknown(&mut self, shape: &'static Shape, child: &Node<'_>, owner: &str) {
        let name = child.name();
        let span = child.name.span;
        if let Some(bare) = name.strip_suffix(':') {
            self.found.push(
                Diagnostic::error(hint::YAML_HABIT, span, "a name takes no colon in KDL")
                    .help(format!("write `{bare} …`, and its content between `{{` and `}}`"))
                    .fix("remove the colon", vec![(span, bare.to_owned())]),
            );
            return;
        }
        if shape.setting(name).is_some() {
            let error =
                Diagnostic::error(UNKNOWN_NODE, span, format!("`{name}` is a property of {owner}, not a node in its block"));
            self.found.push(error.help(format!("write {name}=… behind the name of {owner}")));
            return;
        }
        let mut words: Vec<&str> = shape.block_words().collect();
        if words.is_empty() {
            let error = Diagnostic::error(UNKNOWN_NODE, span, format!("{owner} takes no block"));
            self.found.push(error.help("remove it"));
            return;
        }
        if shape.calls {
            words.extend(self.actions.names());
        }
        let error = Diagnostic::error(UNKNOWN_NODE, span, format!("`{name}` may not stand in {owner}"));
        let near = did_you_mean(name, words.iter().copied());
        let homes = shape::homes(name);
        self.found.push(match near {
            Some(_) => words::suggest(error, name, &words, "here may stand"),
            None if !homes.is_empty() => error.help(format!("it stands in {}", listed(homes.iter().map(|h| quoted(h))))),
            None if shape.calls => error.help(format!("declare it as `action {name} {{ … }}`, or write the commands with `run`")),
            None => words::suggest(error, name, &words, "here may stand"),
        });
    }

    fn repeated(&mut self, shape: &'static Shape, children: &[Node<'_>]) {
        let mut seen: BTreeMap<(&str, String), Span> = BTreeMap::new();
        for child in children {
            let name = child.name();
            let key = match shape.child(name).map(|c| c.many) {
                Some(Many::List) => continue,
                Some(Many::Keyed) => child.arg(0).map_or_else(String::new, |a| a.as_text().into_owned()),
                Some(Many::Once | Many::Required) => String::new(),
                None if shape.setting(name).is_some_and(|s| !s.list) || shape.flag(name).is_some() => String::new(),
                None => continue,
            };
            let what = if key.is_empty() { format!("`{name}`") } else { format!("`{name} {key}`") };
            match seen.get(&(name, key.clone())) {
                Some(first) => self.found.push(
                    Diagnostic::error(REPEATED_NODE, child.head(), format!("{what} stands twice"))
                        .related(*first, "first here")
                        .help("keep one of them"),
                ),
                None => {
                    seen.insert((name, key), child.head());
                }
            }
        }
    }

    fn missing(&mut self, shape: &'static Shape, children: &[Node<'_>], owner: &str, place: Span) {
        let needed = shape.every_child().filter(|c| c.many == Many::Required).map(|c| c.shape);
        for lacking in needed.filter(|s| !children.iter().any(|c| c.name() == s.name)) {
            self.found.push(
                Diagnostic::error(MISSING_NODE, place, format!("{owner} needs `{}`", lacking.name))
                    .help(format!("add `{}`", lacking.example)),
            );
        }
    }
}
