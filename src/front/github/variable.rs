//! Variables of a step whose value is the first of several that is not empty: `${{ vars.A || 'b' }}`.

use crate::front::ledger::Fate;
use crate::front::yaml::Entry;

use super::expr::{Gh, Piece, parse, pieces};
use super::step;
use super::work::Work;

/// Contexts whose values are text: of a truth or a number GitHub looks at more than whether it is empty.
const TEXTS: &[&str] = &["secrets", "vars", "github", "needs", "steps"];

/// Variables of a step. Of `a || b` the first that is not empty counts, which bash finds out where it runs the step, by lines before the script:
/// GitHub takes an empty text for false, and `${A:-…}` for none.
pub(super) fn of_step(work: &mut Work<'_, '_>, entry: &Entry, in_bash: bool, before: &mut Vec<String>) -> Vec<(String, String)> {
    let mut pairs = step::env(work, entry);
    for own in entry.value.entries().iter().filter(|_| in_bash) {
        let source = own.value.text().map(pieces).unwrap_or_default();
        let [Piece::Expr(inner)] = source.as_slice() else { continue };
        let Some(expr) = parse(inner) else { continue };
        let mut parts = Vec::new();
        alternatives(&expr, &mut parts);
        let values: Option<Vec<String>> = parts.iter().map(|part| value(work, part)).collect();
        let (Some(values), Some(at)) = (values, pairs.iter().position(|(name, _)| *name == own.key)) else { continue };
        let [first, rest @ ..] = values.as_slice() else { continue };
        let names: Vec<String> = (2..rest.len() + 2).map(|i| format!("{}_{i}", own.key)).collect();
        if rest.is_empty() || pairs.iter().any(|(known, _)| names.contains(known)) {
            continue;
        }
        pairs[at].1.clone_from(first);
        for (name, value) in names.into_iter().zip(rest) {
            before.push(format!("export {0}=\"${{{0}:-${name}}}\"", own.key));
            pairs.push((name, value.clone()));
        }
        work.ledger.reset(own.id, Fate::Emulated("the script takes the first of them that is not empty".to_owned()));
    }
    pairs
}

fn alternatives<'e>(expr: &'e Gh, found: &mut Vec<&'e Gh>) {
    match expr {
        Gh::Both("||", a, b) => {
            alternatives(a, found);
            alternatives(b, found);
        }
        other => found.push(other),
    }
}

/// One of several values: a context of a spec, or a text.
fn value(work: &mut Work<'_, '_>, expr: &Gh) -> Option<String> {
    match expr {
        Gh::Text(text) | Gh::Number(text) => Some(text.clone()),
        Gh::Path(path) if path.first().is_some_and(|root| TEXTS.contains(&root.to_ascii_lowercase().as_str())) => {
            work.scope.context(path, work.declared).map(|c| format!("${{{c}}}"))
        }
        _ => None,
    }
}
