//! The shortest expression that is true for exactly the classes of events it should be true for.

use crate::ir::bits::BitSet;

use super::expr::Gh;
use super::leaf::Leaf;

/// Literals of a term; three tell apart what real filters ask (event, prefix, suffix).
const MAX_LITERALS: usize = 3;

/// With more questions than this, terms have two literals at most: the number of triples grows with the third power.
const MAX_FOR_TRIPLES: usize = 60;

/// What the search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// It is true everywhere: no expression is needed.
    Always,
    /// It is true nowhere.
    Never,
    /// This expression is exact; `loose` says whether GitHub, which ignores case, answers otherwise for some name.
    Exactly {
        /// The expression.
        gh: Gh,
        /// Whether a name that differs in case only gets another answer.
        loose: bool,
    },
    /// No expression of these questions is exact.
    Nothing,
}

/// A conjunction of literals.
struct Term {
    gh: Gh,
    exact: BitSet,
    loose: BitSet,
    cost: usize,
}

/// Searches an expression over `leaves` that is true exactly on `wanted`, of all points.
pub(super) fn search(leaves: &[Leaf], wanted: &BitSet) -> Found {
    let all = BitSet::full(wanted.len());
    if wanted.is_empty() {
        return Found::Never;
    }
    if *wanted == all {
        return Found::Always;
    }
    let literals = literals(leaves);
    let unwanted = all.difference(wanted);
    let straight = cover(&literals, wanted);
    // `a != x && b != y`: the opposite of a cover of what is not wanted.
    let turned = cover(&literals, &unwanted).map(|terms| {
        let loose = union(&terms, wanted.len());
        let gh = Gh::all(terms.into_iter().map(|t| negated(t.gh)));
        (gh, all.difference(&loose))
    });
    let straight = straight.map(|terms| {
        let loose = union(&terms, wanted.len());
        (Gh::any(terms.into_iter().map(|t| t.gh)), loose)
    });
    let best =
        [straight, turned].into_iter().flatten().filter_map(|(gh, loose)| Some((gh?, loose))).min_by_key(|(gh, _)| cost(gh));
    match best {
        Some((gh, loose)) => Found::Exactly { gh, loose: loose != *wanted },
        None => Found::Nothing,
    }
}

/// `!(a && b)` as `!a || !b`.
fn negated(gh: Gh) -> Gh {
    match gh {
        Gh::And(parts) => {
            let parts: Vec<Gh> = parts.into_iter().map(Gh::negate).collect();
            Gh::any(parts.clone()).unwrap_or(Gh::And(parts))
        }
        other => other.negate(),
    }
}

fn union(terms: &[Term], len: usize) -> BitSet {
    let mut found = BitSet::new(len);
    terms.iter().for_each(|t| found.union_with(&t.loose));
    found
}

/// Every question and its opposite, each answer set once: the cheapest way to ask it.
fn literals(leaves: &[Leaf]) -> Vec<Term> {
    let mut found: Vec<Term> = Vec::new();
    for leaf in leaves.iter().flat_map(|l| [l.clone(), l.negate()]) {
        let cost = cost(&leaf.gh);
        if leaf.exact.is_empty() {
            continue;
        }
        match found.iter_mut().find(|t| t.exact == leaf.exact && t.loose == leaf.loose) {
            Some(known) if known.cost <= cost => {}
            Some(known) => *known = Term { gh: leaf.gh, exact: leaf.exact, loose: leaf.loose, cost },
            None => found.push(Term { gh: leaf.gh, exact: leaf.exact, loose: leaf.loose, cost }),
        }
    }
    found
}

/// Terms that hold nowhere outside of `wanted` and together everywhere in it.
fn cover(literals: &[Term], wanted: &BitSet) -> Option<Vec<Term>> {
    let mut terms: Vec<Term> = Vec::new();
    let most = if literals.len() <= MAX_FOR_TRIPLES { MAX_LITERALS } else { 2 };
    let mut open: Vec<(Vec<usize>, BitSet)> = vec![(Vec::new(), BitSet::full(wanted.len()))];
    for _ in 0..most {
        let mut longer = Vec::new();
        for (chosen, held) in &open {
            for next in chosen.last().map_or(0, |l| l + 1)..literals.len() {
                let mut both = held.clone();
                both.intersect_with(&literals[next].exact);
                if !both.intersects(wanted) || both == *held {
                    continue;
                }
                let mut chosen = chosen.clone();
                chosen.push(next);
                if both.is_subset(wanted) {
                    terms.extend(term(literals, &chosen, both));
                } else {
                    longer.push((chosen, both));
                }
            }
        }
        open = longer;
    }
    choose(terms, wanted)
}

fn term(literals: &[Term], chosen: &[usize], exact: BitSet) -> Option<Term> {
    let mut loose = BitSet::full(exact.len());
    chosen.iter().for_each(|i| loose.intersect_with(&literals[*i].loose));
    let gh = Gh::all(chosen.iter().map(|i| literals[*i].gh.clone()))?;
    let cost = cost(&gh);
    Some(Term { gh, exact, loose, cost })
}

/// Greedily, the fewest characters for each class that is not covered yet; then without those that turned out to be superfluous.
fn choose(terms: Vec<Term>, wanted: &BitSet) -> Option<Vec<Term>> {
    let mut rest = wanted.clone();
    let mut chosen: Vec<usize> = Vec::new();
    let gain = |rest: &BitSet, term: &Term| {
        let mut new = rest.clone();
        new.intersect_with(&term.exact);
        new.count()
    };
    // One term that covers everything is better than a cheaper start that needs company.
    if let Some(whole) = (0..terms.len()).filter(|i| terms[*i].exact == *wanted).min_by_key(|i| terms[*i].cost) {
        chosen.push(whole);
        rest = BitSet::new(wanted.len());
    }
    while !rest.is_empty() {
        let best = (0..terms.len())
            .filter(|i| gain(&rest, &terms[*i]) > 0)
            .min_by_key(|i| (terms[*i].cost * 1000 / gain(&rest, &terms[*i]), terms[*i].cost))?;
        rest = rest.difference(&terms[best].exact);
        chosen.push(best);
    }
    for i in (0..chosen.len()).rev() {
        let mut others = BitSet::new(wanted.len());
        chosen.iter().filter(|c| **c != chosen[i]).for_each(|c| others.union_with(&terms[*c].exact));
        if chosen.len() > 1 && wanted.is_subset(&others) {
            chosen.remove(i);
        }
    }
    chosen.sort_unstable();
    let mut terms: Vec<Option<Term>> = terms.into_iter().map(Some).collect();
    Some(chosen.into_iter().filter_map(|i| terms[i].take()).collect())
}

/// What a reader pays: characters, and a little for each negation.
fn cost(gh: &Gh) -> usize {
    fn negations(gh: &Gh) -> usize {
        match gh {
            // Said of a pull request by a detail of it: right, and harder to read than the event's name.
            Gh::Atom(text) => 15 * usize::from(text.contains("github.base_ref") || text.contains("github.head_ref")),
            Gh::Compare(left, sign, _) => {
                let detail = ["github.base_ref", "github.head_ref", "github.event.action"].contains(&left.as_str());
                10 * usize::from(*sign == "!=") + 15 * usize::from(detail)
            }
            Gh::Not(inner) => 10 + negations(inner),
            Gh::And(parts) | Gh::Or(parts) => parts.iter().map(negations).sum(),
        }
    }
    gh.to_string().len() + negations(gh)
}
