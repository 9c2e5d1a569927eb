//! `app shop { … }` in an environment: the app's own settings, changed by what stands there.

use std::collections::BTreeMap;

use crate::base::diag::Diagnostics;
use crate::sema::expand::merge::{self, OWN};
use crate::sema::names;
use crate::syntax::shape::app::ENVIRONMENT_APP;
use crate::syntax::tree::Node;

/// What an app says once for all environments, or says about one by name.
const OF_THE_APP: &[&str] = &["via", "strategy", "values"];

/// Puts the settings of each app below those that an environment gives it.
pub(super) fn complete(nodes: &mut [Node<'_>], diagnostics: &mut Diagnostics) {
    let mut apps: BTreeMap<String, usize> = BTreeMap::new();
    for (position, node) in nodes.iter().enumerate().filter(|(_, n)| n.name() == "app") {
        if let Some(name) = node.str_arg(0) {
            apps.entry(name.value.to_owned()).or_insert(position);
        }
    }
    for at in 0..nodes.len() {
        if nodes[at].name() != "environment" {
            continue;
        }
        let Some(mut children) = nodes[at].children.take() else { continue };
        for child in children.iter_mut().filter(|c| c.name() == "app") {
            let Some(name) = child.str_arg(0) else { continue };
            let Some(base) = apps.get(name.value).copied() else {
                diagnostics.push(names::unknown("app", name.value, name.span, apps.keys().map(String::as_str)));
                continue;
            };
            let own = child.children.take().unwrap_or_default();
            let below = nodes[base].children().iter().filter(|c| !OF_THE_APP.contains(&c.name())).cloned();
            let list = below.map(|n| (0, n)).chain(own.into_iter().map(|n| (OWN, n))).collect();
            child.children = Some(merge::merge(list, Some(&ENVIRONMENT_APP), child));
        }
        nodes[at].children = Some(children);
    }
}
