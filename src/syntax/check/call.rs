//! Calls of portable actions, held against what the spec declares of them.

use crate::base::diag::Diagnostic;
use crate::syntax::check::actions::ActionInput;
use crate::syntax::check::words::{self, listed};
use crate::syntax::check::{
    BAD_NAME, Checker, MISSING_ARGUMENT, MISSING_PROPERTY, REPEATED_PROPERTY, SURPLUS_ARGUMENT, UNKNOWN_NODE, UNKNOWN_PROPERTY,
    WRONG_VALUE_TYPE,
};
use crate::syntax::shape::{Setting, ValueType, job, step};
use crate::syntax::tree::{Entry, Node};

impl Checker<'_> {
    /// A call of a portable action: inputs by position and by name, and what every step takes.
    pub(super) fn call(&mut self, node: &Node<'_>, inputs: &[ActionInput]) {
        let name = node.name();
        let mut by_position = inputs.iter().filter(|i| i.argument);
        let mut given: Vec<&str> = Vec::new();
        for entry in node.args() {
            let Some(input) = by_position.next() else {
                let error =
                    Diagnostic::error(SURPLUS_ARGUMENT, entry.span, format!("the action `{name}` takes no further value"));
                let names = inputs.iter().filter(|i| !i.argument).map(|i| format!("{}=", i.name));
                self.found.push(error.help(format!("remove it, or name it: {}", listed(names))));
                break;
            };
            given.push(&input.name);
            self.input(input, entry);
        }
        let settings = || step::STEP_SETTINGS.iter();
        for (prop, entry) in node.props() {
            let span = entry.name.as_ref().map_or(entry.span, |n| n.span);
            if given.contains(&prop) {
                let error = Diagnostic::error(REPEATED_PROPERTY, entry.span, format!("`{prop}` is given twice"));
                self.found.push(error.help("keep one"));
            } else if let Some(input) = inputs.iter().find(|i| i.name == prop) {
                self.input(input, entry);
            } else if let Some(setting) = settings().find(|s| s.name == prop) {
                self.value(setting.ty, entry, prop);
            } else {
                let names: Vec<&str> = inputs.iter().map(|i| &*i.name).chain(settings().map(|s| s.name)).collect();
                let error = Diagnostic::error(UNKNOWN_PROPERTY, span, format!("the action `{name}` has no input `{prop}`"));
                self.found.push(words::suggest(error, prop, &names, "it has"));
            }
            given.push(prop);
        }
        for child in node.children() {
            let word = child.name();
            if given.contains(&word) {
                let error = Diagnostic::error(REPEATED_PROPERTY, child.span, format!("`{word}` is given twice"));
                self.found.push(error.help("keep one"));
            } else if let Some(input) = inputs.iter().find(|i| i.name == word) {
                given.push(word);
                self.setting_child(&Setting { ty: ValueType::Text, ..step::STEP_SETTINGS[0] }, child);
                child.args().for_each(|entry| self.input(input, entry));
            } else if let Some(setting) = settings().find(|s| s.name == word) {
                given.push(word);
                self.setting_child(setting, child);
            } else if word == "env" {
                self.node(&step::ENV, child);
            } else if step::STEP_FLAGS.iter().any(|f| f.name == word) {
                self.flag_child(child);
            } else {
                let names: Vec<&str> = inputs
                    .iter()
                    .map(|i| &*i.name)
                    .chain(settings().map(|s| s.name))
                    .chain(["env", "continue-on-error"])
                    .collect();
                let error = Diagnostic::error(UNKNOWN_NODE, child.name.span, format!("the action `{name}` has no `{word}`"));
                self.found.push(words::suggest(error, word, &names, "it takes"));
            }
        }
        let lacking = inputs.iter().filter(|i| i.required && !given.contains(&&*i.name));
        for input in lacking {
            let how = if input.argument { "a value".to_owned() } else { format!("`{}=…`", input.name) };
            let message = format!("the action `{name}` needs its input `{}`", input.name);
            let error = if input.argument {
                Diagnostic::error(MISSING_ARGUMENT, node.head(), message)
            } else {
                Diagnostic::error(MISSING_PROPERTY, node.head(), message)
            };
            self.found.push(error.help(format!("give it {how}")));
        }
    }

    fn input(&mut self, input: &ActionInput, entry: &Entry<'_>) {
        self.value(ValueType::Text, entry, &input.name);
        let text = entry.as_text();
        if input.options.is_empty() || text.contains("${") || input.options.iter().any(|o| *o == text) {
            return;
        }
        let options: Vec<&str> = input.options.iter().map(String::as_str).collect();
        let error = Diagnostic::error(WRONG_VALUE_TYPE, entry.value_span, format!("`{}` cannot be `{text}`", input.name));
        self.found.push(words::suggest(error, &text, &options, "it takes"));
    }

    /// An action that is called like a node would never be reached.
    pub(super) fn action_name(&mut self, node: &Node<'_>) {
        let Some(name) = node.str_arg(0) else { return };
        if job::DEPLOY.block_words().any(|w| w == name.value) {
            let error = Diagnostic::error(BAD_NAME, name.span, format!("`{}` is the name of a node", name.value));
            self.found.push(error.help("call the action something else"));
        }
    }
}
