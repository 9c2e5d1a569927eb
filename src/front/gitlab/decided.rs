//! Variables that rules set, one for each kind of event: a `value` of the spec says which.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::{is_variable, slug};
use crate::front::node::node;
use crate::front::yaml::Node;

use super::truth;
use super::work::Work;

/// The variables of rules whose values the kind of event decides: name and value by kind. `usual` is what a variable has without a rule.
fn by_kind(
    rules: &[Node],
    kinds: &[&'static str],
    usual: &dyn Fn(&str) -> Option<String>,
) -> Vec<(String, Vec<(&'static str, String)>)> {
    // The rule that counts for each kind; for a kind for which none does, nothing is there that could read a variable.
    let mut counts: Vec<(&'static str, &Node)> = Vec::new();
    for kind in kinds {
        for rule in rules {
            match truth::takes(rule, kind) {
                Some(true) => {
                    counts.push((kind, rule));
                    break;
                }
                Some(false) => {}
                // Nobody knows before the run.
                None => return Vec::new(),
            }
        }
    }
    let runs = |rule: &Node| rule.get("when").and_then(Node::text) != Some("never");
    counts.retain(|(_, rule)| runs(rule));
    let mut names: Vec<String> = Vec::new();
    for (_, rule) in &counts {
        let own = rule.get("variables").map(Node::entries).unwrap_or_default();
        names.extend(own.iter().map(|e| e.key.clone()).filter(|n| is_variable(n) && !names.contains(n)).collect::<Vec<_>>());
    }
    let said = |rule: &Node, name: &str| match rule.get("variables").and_then(|v| v.get(name)) {
        Some(value) => value.text().map(str::to_owned),
        None => usual(name),
    };
    names
        .into_iter()
        .filter_map(|name| {
            let values: Option<Vec<_>> = counts.iter().map(|(kind, rule)| Some((*kind, said(rule, &name)?))).collect();
            let plain = values.filter(|all| all.iter().all(|(_, text)| !text.contains(['$', '\n'])));
            Some((name, plain?))
        })
        .collect()
}

/// A variable that the kind of event decides.
pub(super) struct Decided {
    /// What it is called.
    pub(super) name: String,
    /// The value of the spec that says it.
    pub(super) value: String,
    /// Its text for each kind of event.
    pub(super) texts: Vec<(&'static str, String)>,
}

/// Declares a value for each variable that the rules of a job, or of the whole pipeline, set by the kind of event.
/// A variable that is the same for all kinds is left to who asks.
pub(super) fn declare(
    work: &mut Work<'_>,
    rules: &[Node],
    owner: Option<&str>,
    usual: &dyn Fn(&str) -> Option<String>,
) -> Vec<Decided> {
    let kinds = work.kinds.clone();
    let mut made = Vec::new();
    for (name, values) in by_kind(rules, &kinds, usual) {
        if values.len() < 2 || values.iter().all(|(_, text)| *text == values[0].1) {
            continue;
        }
        let wanted = owner.map_or_else(|| slug(&name), |o| format!("{o}-{}", slug(&name)));
        let id = work.value_names.unique(&wanted);
        let arms = values.iter().map(|(kind, text)| node("on").arg(kind).arg(text));
        work.value_nodes.push(node("value").arg(&id).children(arms));
        let why = Fate::Emulated(format!("the value `{id}` says it for each kind of event"));
        for own in rules.iter().filter_map(|r| r.get("variables")?.entry(&name)) {
            work.mark(own, why.clone());
        }
        made.push(Decided { name, value: id, texts: values });
    }
    made
}
