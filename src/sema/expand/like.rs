//! `environment production like=staging`: starts as a copy.

use std::collections::BTreeMap;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::source::SourceMap;
use crate::sema::expand::fill;
use crate::sema::expand::merge::{self, OWN};
use crate::sema::names;
use crate::syntax::shape::environment::ENVIRONMENT;
use crate::syntax::tree::Node;

/// An environment that is like itself.
const ENVIRONMENT_CYCLE: &str = "environment-cycle";

/// Puts the content of the environment named by `like=` below that of each environment.
pub(super) fn like(nodes: &mut [Node<'_>], sources: &SourceMap, diagnostics: &mut Diagnostics) {
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    for (position, node) in nodes.iter().enumerate().filter(|(_, n)| n.name() == "environment") {
        if let Some(name) = node.str_arg(0) {
            index.entry(name.value.to_owned()).or_insert(position);
        }
    }
    let mut done = vec![false; nodes.len()];
    for start in index.values().copied() {
        // The chain of copies from here to an environment that is finished; the last is merged first.
        let mut chain = vec![start];
        while let Some(at) = chain.last().copied().filter(|at| !done[*at]) {
            let Some(of) = nodes[at].prop("like").cloned() else { break };
            let Some(name) = of.spanned_str() else { break };
            let Some(base) = index.get(name.value).copied() else {
                diagnostics.push(names::unknown("environment", name.value, name.span, index.keys().map(String::as_str)));
                break;
            };
            if chain.contains(&base) {
                diagnostics.push(
                    Diagnostic::error(ENVIRONMENT_CYCLE, name.span, format!("`{}` is like itself", name.value))
                        .help("let one of them say everything it is"),
                );
                break;
            }
            chain.push(base);
        }
        for pair in chain.windows(2).rev() {
            let (node, base) = (pair[0], pair[1]);
            if !done[node] {
                copy(nodes, node, base, sources);
                done[node] = true;
            }
        }
        chain.iter().for_each(|at| done[*at] = true);
    }
    for node in nodes.iter_mut().filter(|n| n.name() == "environment") {
        node.entries.retain(|e| e.name.as_ref().is_none_or(|n| n.text != "like"));
    }
}

fn copy(nodes: &mut [Node<'_>], node: usize, base: usize, sources: &SourceMap) {
    let name = nodes[base].arg(0).map_or_else(String::new, |a| a.as_text().into_owned());
    let expansion = sources.expand(nodes[node].head(), format!("environment `{name}`, which this one is like"));
    let mut list = Vec::new();
    for mut child in nodes[base].children().to_vec() {
        fill::tag_all(&mut child, expansion);
        list.push((0, child));
    }
    list.extend(nodes[node].children.take().unwrap_or_default().into_iter().map(|n| (OWN, n)));
    let merged = merge::merge(list, Some(&ENVIRONMENT), &nodes[node]);
    nodes[node].children = Some(merged);
}
