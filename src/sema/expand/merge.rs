//! How nodes of templates and nodes of their user become one block.

use std::collections::BTreeMap;

use crate::syntax::shape::{Many, Shape};
use crate::syntax::tree::Node;

/// The rank of what a node says itself.
pub(super) const OWN: usize = usize::MAX;

/// A node with its rank: the higher one wins.
pub(super) type Ranked<'a> = (usize, Node<'a>);

/// One block from nodes of several ranks. `owner` is the node around: a setting that it gives as a property wins too.
pub(super) fn merge<'a>(list: Vec<Ranked<'a>>, shape: Option<&'static Shape>, owner: &Node<'a>) -> Vec<Node<'a>> {
    let plain = list.iter().all(|(rank, _)| *rank == OWN);
    let Some(shape) = shape.filter(|_| !plain) else {
        return list.into_iter().map(|(_, node)| node).collect();
    };
    let mut best: BTreeMap<String, usize> = BTreeMap::new();
    let mut variables: BTreeMap<String, usize> = BTreeMap::new();
    for (rank, node) in &list {
        if let Some(key) = key(shape, node) {
            let entry = best.entry(key).or_insert(*rank);
            *entry = (*entry).max(*rank);
        } else if node.name() == "env" {
            for (name, _) in node.props() {
                let entry = variables.entry(name.to_owned()).or_insert(*rank);
                *entry = (*entry).max(*rank);
            }
        }
    }
    let mut merged = Vec::with_capacity(list.len());
    for (rank, mut node) in list {
        if let Some(key) = key(shape, &node) {
            let given = shape.setting(node.name()).is_some() && owner.prop(node.name()).is_some();
            if best.get(&key) == Some(&rank) && !(given && rank != OWN) {
                merged.push(node);
            }
            continue;
        }
        if node.name() == "env" && rank != OWN {
            node.entries.retain(|e| e.name.as_ref().is_none_or(|n| variables.get(&*n.text) == Some(&rank)));
            if node.entries.is_empty() {
                continue;
            }
        }
        merged.push(node);
    }
    merged
}

/// What tells two nodes apart of which only one may stay; `None` for lists.
fn key(shape: &'static Shape, node: &Node<'_>) -> Option<String> {
    let name = node.name();
    match shape.child(name).map(|c| c.many) {
        Some(Many::List) => None,
        Some(Many::Keyed) => Some(format!("{name} {}", node.arg(0).map_or("".into(), |a| a.as_text()))),
        Some(Many::Once | Many::Required) => Some(name.to_owned()),
        None => (!shape.is_list(name)).then(|| name.to_owned()),
    }
}
