//! One form for what may be written in two: a single setting written as a child becomes the property that it could have been.
//!
//! It runs on a checked tree, so that what reads the tree next has one place to look at and cannot pass over the other.

use crate::syntax::check::actions::Actions;
use crate::syntax::shape::{Place, Shape, step, top};
use crate::syntax::tree::{Document, Entry, Node};

/// Settles all nodes of a checked document.
pub fn settle(document: &mut Document<'_>, actions: &Actions) {
    block(&mut document.nodes, &top::FILE, actions);
}

fn block(nodes: &mut [Node<'_>], shape: &'static Shape, actions: &Actions) {
    for node in nodes {
        if let Some(child) = shape.child(node.name()) {
            let single = |name: &str| child.shape.setting(name).is_some_and(|s| s.place == Place::Either && !s.list);
            if !child.shape.foreign {
                lift(node, &single);
                block(node.children.as_deref_mut().unwrap_or_default(), child.shape, actions);
            }
        } else if let Some(inputs) = actions.inputs(node.name()).filter(|_| shape.calls) {
            lift(node, &|name| inputs.iter().any(|i| i.name == name) || step::STEP_SETTINGS.iter().any(|s| s.name == name));
        }
    }
}

/// Turns the children that are single settings into properties.
fn lift(node: &mut Node<'_>, single: &dyn Fn(&str) -> bool) {
    let Some(children) = node.children.take() else { return };
    let mut kept = Vec::with_capacity(children.len());
    for mut child in children {
        let lone = child.entries.len() == 1 && child.entries.iter().all(|e| e.name.is_none());
        if !lone || !single(child.name()) {
            kept.push(child);
            continue;
        }
        node.entries.extend(child.entries.pop().map(|value| Entry { name: Some(child.name), ..value }));
    }
    node.children = Some(kept);
}

#[cfg(test)]
mod tests {
    use super::settle;
    use crate::base::span::SourceId;
    use crate::syntax::check::actions::Actions;
    use crate::syntax::parse::parse;

    #[test]
    fn single_settings_become_properties_and_lists_stay() {
        let text = "action a { input x; for github { run y } }\n\
                    workflow w { job j { timeout \"5m\"; run \"a\" { if \"b\"; line \"c\"; env D=1 }; notify t { on failure }; a { x 1 } } }";
        let (mut document, _) = parse(SourceId(0), text);
        let mut actions = Actions::default();
        actions.declare(&document);
        settle(&mut document, &actions);
        let job = &document.nodes[1].children()[0];
        let names: Vec<Vec<&str>> = job.children().iter().map(|c| c.children().iter().map(|n| n.name()).collect()).collect();
        assert_eq!(names, [vec![], vec!["line", "env"], vec!["on"], vec![]]);
        assert_eq!(job.child("timeout").and_then(|c| c.arg(0)).and_then(|e| e.as_str()), Some("5m"));
        assert_eq!(job.child("run").and_then(|c| c.prop("if")).and_then(|e| e.as_str()), Some("b"));
        assert!(job.child("a").is_some_and(|c| c.prop("x").is_some()));
    }
}
