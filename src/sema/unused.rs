//! Event sets and actions that a spec declares and never uses: they are put in place here, so no later room sees them.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::ExpansionId;
use crate::syntax::tree::{Document, Node};

/// Says which ones.
pub(super) fn review(document: &Document<'_>, diagnostics: &mut Diagnostics) {
    for node in &document.nodes {
        let (kind, used): (&str, fn(&Node<'_>, &str) -> bool) = match node.name() {
            "events" => ("the event set", names_events),
            "action" => ("the action", |node, name| node.name() == name),
            _ => continue,
        };
        let Some(name) = node.str_arg(0).filter(|n| n.span.expansion == ExpansionId(0)) else { continue };
        let mut others = document.nodes.iter().filter(|n| !std::ptr::eq(*n, node));
        if !others.any(|n| within(n, &|inner| used(inner, name.value))) {
            let message = format!("{kind} `{}` is declared and never used", name.value);
            let found = Diagnostic::warning("unused-declaration", name.span, message);
            diagnostics.push(found.label("nothing uses it").help("use it, or remove it"));
        }
    }
}

/// Whether a node takes the events of a named set; a set may take in another one.
fn names_events(node: &Node<'_>, name: &str) -> bool {
    let takes = match node.name() {
        "on" | "only" | "allow" => 0,
        "events" => 1,
        _ => return false,
    };
    node.args().skip(takes).any(|a| a.as_text() == name)
}

fn within(node: &Node<'_>, is: &dyn Fn(&Node<'_>) -> bool) -> bool {
    is(node) || node.children().iter().any(|child| within(child, is))
}
