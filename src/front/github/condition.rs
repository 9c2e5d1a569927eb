//! `if` of GitHub as a condition of a spec.
//!
//! The status functions are taken out of it: they are `when`. What is left is said in contexts, or it is not carried.

mod call;
mod compare;
mod place;

use std::collections::BTreeSet;

use crate::front::ledger::Fate;
use crate::front::logic::{Part, and, asked};

use super::context::Scope;
use super::declare::Declared;
use super::expr::{Gh, Piece, parse, pieces};
use super::own;

pub(super) use place::system_of;

/// What an `if` means.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Condition {
    /// `failure` or `always`, where it is not the outcome that is meant without a word.
    pub(super) when: Option<&'static str>,
    /// The condition; none where it always holds.
    pub(super) text: Option<String>,
    /// Whether it never holds.
    pub(super) never: bool,
    /// The jobs that it reads in GitHub's own words.
    pub(super) reads: BTreeSet<String>,
    /// What became of it.
    pub(super) fate: Fate,
}

/// The meaning of an `if`. What cannot be said stands in the spec as it was, so that `check` stops there.
pub(super) fn condition(source: &str, scope: &Scope, declared: &mut Declared) -> Condition {
    let trimmed = source.trim();
    let lost = |why: String| Condition {
        when: None,
        text: Some(trimmed.split_whitespace().collect::<Vec<_>>().join(" ")),
        never: false,
        reads: BTreeSet::new(),
        fate: Fate::Lost(why),
    };
    let inner = match pieces(trimmed).as_slice() {
        [Piece::Expr(inner)] => (*inner).to_owned(),
        [Piece::Text(_)] => trimmed.to_owned(),
        _ => return lost("text around `${{ }}` makes the condition always true on GitHub".to_owned()),
    };
    let Some(expr) = parse(&inner) else { return lost("this is no expression that can be read".to_owned()) };
    let mut fate = Fate::Exact;
    let (mut parts, mut open) = (Vec::new(), None);
    for conjunct in conjuncts(&expr) {
        match statuses(conjunct) {
            Some(own) => open = Some(open.map_or(own, |known: Statuses| std::array::from_fn(|i| known[i] && own[i]))),
            None => parts.push(conjunct),
        }
    }
    let mut made = Part::Known(true);
    let mut when = None;
    match open {
        None | Some([true, false, false]) => {}
        Some([false, true, false]) => when = Some("failure"),
        Some([true, true, true]) => when = Some("always"),
        Some([true, true, false]) => {
            when = Some("always");
            fate = Fate::Emulated("`always` also runs when the run is cancelled".to_owned());
        }
        Some([false, false, false]) => made = Part::Known(false),
        Some(open) if scope.job.in_steps => {
            when = Some("always");
            let named = |wanted: bool| STATUSES.iter().zip(open).find(|(_, holds)| *holds == wanted).map_or("", |(name, _)| name);
            let is_one = open.iter().filter(|holds| **holds).count() == 1;
            let text = if is_one { format!("== '{}'", named(true)) } else { format!("!= '{}'", named(false)) };
            made = asked(format!("job.status {text}"));
        }
        Some(_) => return lost("a job of a spec runs after success, after a failure, or always".to_owned()),
    }
    let mut maker =
        Maker { scope, declared, why: String::new(), reads: BTreeSet::new(), is_own: false, is_told: false, is_always: false };
    for part in parts {
        match maker.truth(part) {
            Some(next) => made = and(made, next),
            None => return lost(maker.why),
        }
    }
    let (text, never) = match made {
        Part::Known(known) => (None, !known),
        left => (left.text(), false),
    };
    if maker.is_always {
        when = Some("always");
    }
    if maker.is_told {
        fate = fate.max(Fate::Emulated(own::TOLD.to_owned()));
    }
    if maker.is_own {
        fate = fate.max(Fate::Own(own::WHY.to_owned()));
    }
    Condition { when, text, never, reads: maker.reads, fate }
}

/// How a job may stand.
const STATUSES: [&str; 3] = ["success", "failure", "cancelled"];

/// Whether something holds for each of them.
type Statuses = [bool; 3];

fn conjuncts(expr: &Gh) -> Vec<&Gh> {
    match expr {
        Gh::Both("&&", a, b) => conjuncts(a).into_iter().chain(conjuncts(b)).collect(),
        other => vec![other],
    }
}

/// How a job stands where an expression holds that asks for nothing else (docs.github.com, "Status check functions").
fn statuses(expr: &Gh) -> Option<Statuses> {
    let both = |a: &Gh, b: &Gh, f: fn(bool, bool) -> bool| {
        let (a, b) = (statuses(a)?, statuses(b)?);
        Some(std::array::from_fn(|i| f(a[i], b[i])))
    };
    match expr {
        Gh::Call(name, _) if name == "always" => Some([true; 3]),
        Gh::Call(name, _) => STATUSES.contains(&name.as_str()).then(|| STATUSES.map(|status| status == name)),
        Gh::Not(inner) => Some(statuses(inner)?.map(|holds| !holds)),
        Gh::Both("&&", a, b) => both(a, b, |a, b| a && b),
        Gh::Both("||", a, b) => both(a, b, |a, b| a || b),
        _ => None,
    }
}

/// A condition that is being made, with the reason where it cannot be.
struct Maker<'m> {
    scope: &'m Scope,
    declared: &'m mut Declared,
    why: String,
    /// Jobs that are read in GitHub's own words.
    reads: BTreeSet<String>,
    /// Whether a part is a value in GitHub's own words.
    is_own: bool,
    /// Whether it reads what commands write to a file elsewhere.
    is_told: bool,
    /// Whether a part asks for every outcome.
    is_always: bool,
}

impl Maker<'_> {
    fn no(&mut self, why: impl Into<String>) -> Option<Part> {
        self.why = why.into();
        None
    }

    /// A part that only GitHub can work out, as a comparison of a value.
    fn own(&mut self, expr: &Gh) -> Option<Part> {
        let is_text = |path: &[String]| path.first().is_some_and(|r| r == "steps" || r == "needs") && path.len() > 1;
        let (asked, end) = match expr {
            Gh::Path(path) if is_text(path) => (expr.clone(), "!= ''".to_owned()),
            Gh::Both(operator @ ("==" | "!="), a, b) => match (&**a, &**b) {
                (Gh::Path(path), Gh::Text(text)) | (Gh::Text(text), Gh::Path(path)) if is_text(path) && !text.contains('\'') => {
                    (Gh::Path(path.clone()), format!("{operator} '{text}'"))
                }
                _ => (expr.clone(), "== 'true'".to_owned()),
            },
            Gh::Call(..) | Gh::Both(..) => (expr.clone(), "== 'true'".to_owned()),
            // What is asked is whether it is anything.
            _ => (Gh::Not(Box::new(Gh::Not(Box::new(expr.clone())))), "== 'true'".to_owned()),
        };
        let (name, jobs) = own::value(&asked, self.scope, self.declared)?;
        self.reads.extend(jobs);
        if own::is_told(&asked, self.scope) {
            self.is_told = true;
        } else {
            self.is_own = true;
        }
        Some(Part::Text(format!("value.{name} {end}"), 2))
    }

    fn context(&mut self, path: &[String]) -> Option<String> {
        let made = self.scope.context(path, self.declared);
        if made.is_none() {
            self.why = format!("no context of a spec is `{}`", path.join("."));
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::condition;
    use crate::front::github::context::Scope;
    use crate::front::github::declare::Declared;
    use crate::front::ledger::Fate;

    fn said(text: &str) -> String {
        said_in(&Scope::default(), text)
    }

    fn said_in(scope: &Scope, text: &str) -> String {
        let made = condition(text, scope, &mut Declared::default());
        let when = made.when.map(|w| format!("when={w} ")).unwrap_or_default();
        let lost = if matches!(made.fate, Fate::Lost(_)) { "lost " } else { "" };
        format!("{lost}{when}{}", made.text.unwrap_or_else(|| if made.never { "never".into() } else { "always".into() }))
    }

    #[test]
    fn conditions_are_said_in_contexts() {
        assert_eq!(said("github.ref == 'refs/heads/main'"), "commit.branch == 'main'");
        assert_eq!(
            said("${{ startsWith(github.ref, 'refs/tags/v') && github.event_name == 'push' }}"),
            "commit.tag matches 'v**' && run.event in ['push', 'tag']"
        );
        assert_eq!(
            said("failure() && (github.actor == 'a' || github.event_name != 'pull_request')"),
            "when=failure run.actor == 'a' || run.event != 'pull-request'"
        );
        assert_eq!(said("contains(fromJSON('[\"a\", \"b\"]'), github.actor)"), "run.actor in ['a', 'b']");
        assert_eq!(said("!cancelled()"), "when=always always");
        assert_eq!(said("always() && !cancelled()"), "when=always always");
        assert_eq!(said("failure() && success()"), "never");
        assert_eq!(said("failure() || cancelled()"), "lost failure() || cancelled()");
        assert_eq!(said("!(github.event_name == 'push')"), "!(run.event in ['push', 'tag'])");
        assert_eq!(said("github.event_name == 'issues'"), "never");
        assert_eq!(said("secrets.TOKEN != ''"), "secret.TOKEN != ''");
        assert_eq!(said("github.event.pull_request.draft == false"), "value.github-event-pull-request-draft-false == 'true'");
        assert_eq!(said("x ${{ true }}"), "lost x ${{ true }}");
    }

    #[test]
    fn a_step_knows_how_its_job_stands() {
        let mut scope = Scope::default();
        scope.job.in_steps = true;
        let said = |text| said_in(&scope, text);
        assert_eq!(said("failure() || cancelled()"), "when=always job.status != 'success'");
        assert_eq!(said("cancelled() && github.actor == 'a'"), "when=always job.status == 'cancelled' && run.actor == 'a'");
        assert_eq!(said("!failure()"), "when=always job.status != 'failure'");
        assert_eq!(said("!(success() || cancelled())"), "when=failure always");
    }
}
