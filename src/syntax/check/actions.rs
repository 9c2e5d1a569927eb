//! The portable actions that a spec declares.

use std::collections::BTreeMap;

use crate::syntax::tree::Document;

/// An input of a portable action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionInput {
    /// Its name.
    pub name: String,
    /// Whether a call must give it: it has no default.
    pub required: bool,
    /// Whether it is given by position.
    pub argument: bool,
    /// The only values it takes; any when empty.
    pub options: Vec<String>,
}

/// The portable actions that a spec may call.
#[derive(Clone, Debug, Default)]
pub struct Actions {
    by_name: BTreeMap<String, Vec<ActionInput>>,
}

impl Actions {
    /// Adds the `action` nodes at the top of a document. A later one replaces an earlier one of its name.
    pub fn declare(&mut self, document: &Document<'_>) {
        for node in document.nodes.iter().filter(|n| n.name() == "action") {
            let Some(name) = node.str_arg(0) else { continue };
            let inputs = node.all("input").filter_map(|input| {
                Some(ActionInput {
                    name: input.str_arg(0)?.value.to_owned(),
                    required: input.setting("default").is_none(),
                    argument: input.flag("argument").is_some(),
                    options: input.values("option").iter().map(|e| e.as_text().into_owned()).collect(),
                })
            });
            self.by_name.insert(name.value.to_owned(), inputs.collect());
        }
    }

    /// The inputs of an action.
    pub fn inputs(&self, name: &str) -> Option<&[ActionInput]> {
        self.by_name.get(name).map(Vec::as_slice)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}
