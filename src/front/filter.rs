//! Conditions that ask for nothing but events, as clauses of `on` and `only`: shorter than the comparisons they come from.

use std::collections::BTreeSet;

use crate::front::logic::{Part, and};
use crate::front::node::{Build, node};

/// The most alternatives of a condition that are told apart.
const MOST: usize = 24;

/// One kind of event, with the names it asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    kind: &'static str,
    /// Branches, tags, or the targets of pull requests; all where none is named.
    include: Vec<String>,
    /// Names left out.
    except: Vec<String>,
    /// Branches that pull requests come from.
    heads: Vec<String>,
}

impl Clause {
    /// The clause in `only`, for changes of these files where any are named.
    pub fn build(&self, paths: &[String]) -> Build {
        let mut build = node(self.kind);
        if self.kind == "manual" {
            match self.named().as_slice() {
                [one] => build = build.prop("branch", one),
                several => build = build.child_if(!several.is_empty(), || node("branch").args(several)),
            }
        } else {
            build = build.args(self.named());
        }
        let changes = !paths.is_empty() && matches!(self.kind, "push" | "pull-request");
        build
            .child_if(!self.except.is_empty(), || node("except").args(&self.except))
            .child_if(!self.heads.is_empty(), || node("head").args(&self.heads))
            .child_if(changes, || node("paths").args(paths))
    }

    /// The names that it takes, an alternative each.
    fn named(&self) -> Vec<&str> {
        self.include.iter().map(String::as_str).flat_map(alternatives_of).collect()
    }

    /// The kind of event.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Whether it takes every event of its kind.
    fn is_all(&self) -> bool {
        self.include.is_empty() && self.except.is_empty() && self.heads.is_empty()
    }
}

/// What of a condition is about events alone: its clauses, and the rest. No clause: nothing of it is, or every event passes it. `kinds` are the
/// kinds of events that there are.
pub fn split(part: &Part, kinds: &[&'static str]) -> (Vec<Clause>, Part) {
    if let Some(found) = clauses(part, kinds) {
        let all = kinds.iter().all(|k| found.iter().any(|c| c.kind == *k && c.is_all()));
        return match (found.is_empty(), all) {
            (true, _) => (Vec::new(), part.clone()),
            (_, true) => (Vec::new(), Part::Known(true)),
            (false, false) => (found, Part::Known(true)),
        };
    }
    let Part::All(parts) = part else { return (Vec::new(), part.clone()) };
    let (events, rest): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(|p| clauses(p, kinds).is_some());
    let whole = |parts: Vec<&Part>| parts.into_iter().cloned().fold(Part::Known(true), and);
    match clauses(&whole(events), kinds) {
        Some(found) if !found.is_empty() => (found, whole(rest)),
        _ => (Vec::new(), part.clone()),
    }
}

/// The alternatives of a glob that is nothing else.
fn alternatives_of(name: &str) -> Vec<&str> {
    let inner = name.strip_prefix('{').and_then(|n| n.strip_suffix('}')).filter(|inner| !inner.contains(['{', '[']));
    // An empty alternative is no name of its own.
    let names = inner.map(|inner| inner.split(',').collect::<Vec<_>>()).filter(|names| names.iter().all(|n| !n.is_empty()));
    names.unwrap_or_else(|| vec![name])
}

/// A clause for each kind of event.
pub fn all(kinds: &[&'static str]) -> Vec<Clause> {
    kinds.iter().map(|kind| Clause { kind, include: Vec::new(), except: Vec::new(), heads: Vec::new() }).collect()
}

/// The clauses for `on`; none where the condition asks for more than events, or for what only a filter can say.
pub fn trigger(part: &Part, kinds: &[&'static str]) -> Option<Vec<Clause>> {
    clauses(part, kinds).filter(|found| !found.is_empty() && found.iter().all(|c| c.kind != "branch" && c.kind != "schedule"))
}

/// What a comparison asks of an event.
#[derive(Clone)]
enum Asked {
    Kinds(Vec<String>),
    Name(Of, String),
}

/// Whose name it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Branch,
    Tag,
    Target,
    Head,
}

impl Of {
    fn is_of(self, kind: &str) -> bool {
        match self {
            Self::Branch => matches!(kind, "push" | "manual" | "schedule"),
            Self::Tag => matches!(kind, "tag" | "release"),
            Self::Target | Self::Head => kind == "pull-request",
        }
    }
}

/// A comparison, and whether it stands as it is or turned round.
type Atom = (Asked, bool);

fn clauses(part: &Part, kinds: &[&'static str]) -> Option<Vec<Clause>> {
    let mut found: Vec<Clause> = Vec::new();
    for conjunct in alternatives(part, true)? {
        for clause in of_conjunct(&conjunct, kinds)? {
            let known = found.iter_mut().find(|c| {
                c.kind == clause.kind
                    && (c.is_all()
                        || (c.except == clause.except
                            && c.heads == clause.heads
                            && !clause.include.is_empty()
                            && !c.include.is_empty()))
            });
            match known {
                Some(known) if known.is_all() => {}
                Some(known) => {
                    known.include.extend(clause.include.into_iter().filter(|n| !known.include.contains(n)).collect::<Vec<_>>())
                }
                None => {
                    if clause.is_all() {
                        found.retain(|c| c.kind != clause.kind);
                    }
                    found.push(clause);
                }
            }
        }
    }
    branches(&mut found, kinds)?;
    found.sort_by_key(|c| {
        ["push", "branch", "tag", "pull-request", "release", "schedule", "manual"].iter().position(|k| *k == c.kind)
    });
    Some(found)
}

/// Says once what several kinds of events ask of their branch. A schedule has no other way to ask for it.
fn branches(found: &mut Vec<Clause>, kinds: &[&'static str]) -> Option<()> {
    let with: Vec<&str> = kinds.iter().copied().filter(|k| Of::Branch.is_of(k)).collect();
    let first: Vec<Clause> = found.iter().filter(|c| Of::Branch.is_of(c.kind) && !c.is_all()).cloned().collect();
    for clause in first {
        let same = |c: &Clause| Of::Branch.is_of(c.kind) && c.include == clause.include && c.except == clause.except;
        let shared: BTreeSet<&str> = found.iter().filter(|c| same(c)).map(|c| c.kind).collect();
        if with.len() > 1 && shared.len() == with.len() {
            found.retain(|c| !same(c));
            let include = if clause.include.is_empty() { vec!["**".to_owned()] } else { clause.include };
            found.push(Clause { kind: "branch", include, ..clause });
        }
    }
    // A run by hand names its branches, and a schedule none.
    let bad = |c: &Clause| (c.kind == "manual" && !c.except.is_empty()) || (c.kind == "schedule" && !c.is_all());
    (!found.iter().any(bad)).then_some(())
}

fn of_conjunct(atoms: &[Atom], kinds: &[&'static str]) -> Option<Vec<Clause>> {
    let mut found = Vec::new();
    'kinds: for kind in kinds {
        let mut clause = Clause { kind, include: Vec::new(), except: Vec::new(), heads: Vec::new() };
        for (asked, positive) in atoms {
            match asked {
                Asked::Kinds(named) if named.iter().any(|n| n == kind) != *positive => continue 'kinds,
                Asked::Kinds(_) => {}
                // Without the value nothing is equal to it.
                Asked::Name(of, _) if !of.is_of(kind) && *positive => continue 'kinds,
                Asked::Name(of, _) if !of.is_of(kind) => {}
                Asked::Name(_, glob) if glob == "**" && *positive => {}
                Asked::Name(_, glob) if glob == "**" => continue 'kinds,
                Asked::Name(Of::Head, _) if !*positive => return None,
                Asked::Name(of, glob) => {
                    let list = match (*of == Of::Head, positive) {
                        (true, _) => &mut clause.heads,
                        (false, true) => &mut clause.include,
                        (false, false) => &mut clause.except,
                    };
                    // Two names that must both fit are no list.
                    if *positive && !list.is_empty() && !list.contains(glob) {
                        return None;
                    }
                    if !list.contains(glob) {
                        list.push(glob.clone());
                    }
                }
            }
        }
        found.push(clause);
    }
    Some(found)
}

/// The condition as alternatives of comparisons that hold together; none where one of them is about something else.
fn alternatives(part: &Part, positive: bool) -> Option<Vec<Vec<Atom>>> {
    match (part, positive) {
        (Part::Known(known), _) => Some(if *known == positive { vec![Vec::new()] } else { Vec::new() }),
        (Part::Not(inner), _) => alternatives(inner, !positive),
        (Part::Text(text, _), _) => {
            let (asked, holds) = comparison(text)?;
            Some(vec![vec![(asked, holds == positive)]])
        }
        (Part::Any(parts), true) | (Part::All(parts), false) => {
            let all = parts.iter().map(|p| alternatives(p, positive)).collect::<Option<Vec<_>>>()?.concat();
            (all.len() <= MOST).then_some(all)
        }
        (Part::All(parts), true) | (Part::Any(parts), false) => {
            parts.iter().try_fold(vec![Vec::new()], |made: Vec<Vec<Atom>>, part| {
                let next = alternatives(part, positive)?;
                let both: Vec<Vec<Atom>> =
                    made.iter().flat_map(|m| next.iter().map(|n| [m.as_slice(), n.as_slice()].concat())).collect();
                (both.len() <= MOST).then_some(both)
            })
        }
    }
}

/// What a comparison asks, and whether it says so or the opposite.
fn comparison(text: &str) -> Option<Atom> {
    let (left, rest) = text.split_once(' ')?;
    let (operator, right) = rest.split_once(' ')?;
    let word = |t: &str| Some(t.strip_prefix('\'')?.strip_suffix('\'')?.to_owned()).filter(|t| !t.contains('\''));
    if left == "run.event" {
        return match operator {
            "==" | "!=" => Some((Asked::Kinds(vec![word(right)?]), operator == "==")),
            "in" => {
                let list = right.strip_prefix('[')?.strip_suffix(']')?;
                Some((Asked::Kinds(list.split(", ").map(word).collect::<Option<_>>()?), true))
            }
            _ => None,
        };
    }
    let of = match left {
        "commit.branch" => Of::Branch,
        "commit.tag" => Of::Tag,
        "pr.target" => Of::Target,
        "pr.source" => Of::Head,
        _ => return None,
    };
    let name = word(right)?;
    let is_plain = !name.is_empty() && !name.contains(['*', '?', '[', ']', '{', '}']);
    match operator {
        "==" | "!=" if is_plain => Some((Asked::Name(of, name), operator == "==")),
        "matches" => Some((Asked::Name(of, name), true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::front::logic::{Part, and, asked, not, or};
    use crate::front::node::node;
    use crate::syntax::print::print;
    use crate::syntax::tree::Document;

    const KINDS: &[&str] = &["push", "tag", "pull-request", "manual"];

    fn shown(part: &Part) -> (String, Option<String>) {
        let (clauses, rest) = split(part, KINDS);
        let only = node("only").children(clauses.iter().map(|c| c.build(&[])));
        let text = print(&Document { nodes: vec![only.0] });
        let inside = text.trim().trim_start_matches("only").trim_start_matches(" { ").trim_end_matches(" }");
        (inside.to_owned(), rest.text())
    }

    #[test]
    fn alternatives_are_names() {
        assert_eq!(shown(&asked("commit.branch matches '{main,release/**}'")).0, "branch main \"release/**\"");
        assert_eq!(shown(&asked("commit.tag matches 'v{1,2}'")).0, "tag \"v{1,2}\"");
        assert_eq!(shown(&asked("commit.tag matches '{v,}'")).0, "tag \"{v,}\"");
    }

    #[test]
    fn conditions_about_events_are_clauses() {
        let push = asked("run.event in ['push', 'tag']");
        let main = asked("commit.branch == 'main'");
        let tag = asked("commit.tag matches 'v*'");
        let request = and(asked("run.event == 'pull-request'"), asked("pr.target == 'main'"));
        let all = or(or(and(push.clone(), main.clone()), and(push.clone(), tag.clone())), request);
        assert_eq!(shown(&all), ("push main; tag v*; pull-request main".to_owned(), None));
        assert_eq!(shown(&main).0, "branch main");
        assert_eq!(shown(&not(main.clone())), ("branch ** { except main }; tag; pull-request".to_owned(), None));
        let level = asked("var.LEVEL == 'high'");
        assert_eq!(shown(&and(main.clone(), level.clone())), ("branch main".to_owned(), level.text()));
        let either = or(main.clone(), level.clone());
        assert_eq!(shown(&either), (String::new(), either.text()));
        assert_eq!(shown(&or(push.clone(), not(push))), (String::new(), None));
        let star = asked("commit.branch == 'a*'");
        assert_eq!(shown(&star), (String::new(), star.text()));
        let two = and(asked("commit.branch matches 'a*'"), asked("commit.branch matches '*b'"));
        assert_eq!(shown(&two), (String::new(), two.text()));
        let heads = and(asked("pr.source matches 'hotfix/*'"), asked("pr.target == 'main'"));
        assert_eq!(shown(&heads).0, "pull-request main { head \"hotfix/*\"");
    }
}
