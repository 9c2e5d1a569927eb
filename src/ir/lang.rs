//! The exact algebra of ref filters: regular languages over characters.
//!
//! A [`Lang`] is a set of strings. Equal sets are equal values, so sets can be compared, sorted and deduplicated at
//! the cost of comparing two small tables. The universe of refs is [`Lang::all`], which follows git's own rules: an answer
//! such as "this filter never matches" is about names that can exist.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

pub use crate::ir::automaton::TooComplex;
use crate::ir::automaton::{Automaton, Builder, DEAD, LAST, character, overlay, symbol};

/// Most states of a language that an operation builds, unless its operands together have more.
const MAX_STATES: usize = 4_096;

/// A regular set of strings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lang(Arc<Automaton>);

impl Lang {
    /// No string at all.
    pub fn empty() -> Self {
        Self(Arc::new(Automaton::nothing()))
    }

    /// Exactly one string; the same for `==` in a condition and for a glob without special characters.
    pub fn literal(text: &str) -> Self {
        Self(Arc::new(Automaton::literal(text)))
    }

    /// Every name that git accepts below `refs/heads/` or `refs/tags/` (git-check-ref-format): not empty; no control
    /// character, space, `~`, `^`, `:`, `?`, `*`, `[`, `\`; no `..`, `@{`, `//`; no part that begins with a dot or ends
    /// with `.lock`; no slash at either end; no dot at the end. This is the universe of [`Lang::complement`].
    pub fn all() -> Self {
        static ALL: OnceLock<Lang> = OnceLock::new();
        ALL.get_or_init(git_refs).clone()
    }

    /// Every path of a file below the root: parts that are not empty, divided by slashes, without control characters.
    pub fn paths() -> Self {
        static PATHS: OnceLock<Lang> = OnceLock::new();
        PATHS.get_or_init(file_paths).clone()
    }

    /// Every string, the empty one too: the universe of titles, messages and free inputs.
    pub fn text() -> Self {
        let everything = Automaton::explore((), 1, |(), out| out.push((0, LAST, ())), |()| true);
        Self::wrap(everything.unwrap_or_else(|TooComplex| Automaton::nothing()))
    }

    pub(super) fn wrap(automaton: Automaton) -> Self {
        Self(Arc::new(automaton))
    }

    pub(super) fn automaton(&self) -> &Automaton {
        &self.0
    }

    /// How many states the smallest automaton has: a measure of what an operation costs.
    pub fn states(&self) -> usize {
        self.0.len()
    }

    /// Whether a string is in the set.
    pub fn contains(&self, text: &str) -> bool {
        match self.0.run(text) {
            DEAD => false,
            state => self.0.accepts(state),
        }
    }

    /// Whether no string is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_nothing()
    }

    /// Whether both hold the same strings; the same as `==`.
    pub fn equals(&self, other: &Self) -> bool {
        self == other
    }

    /// What is in either set.
    ///
    /// # Errors
    /// When the answer would be too large.
    pub fn union(&self, other: &Self) -> Result<Self, TooComplex> {
        self.combine(other, self.limit(other), |a, b| a || b)
    }

    /// What is in one of the sets, however many.
    ///
    /// # Errors
    /// When the answer would be too large.
    pub fn union_all<'a>(languages: impl IntoIterator<Item = &'a Self>) -> Result<Self, TooComplex> {
        let mut layer: Vec<Self> = languages.into_iter().cloned().collect();
        // Halving keeps a list of n names at n log n; adding one by one would be quadratic.
        while layer.len() > 1 {
            layer = layer
                .chunks(2)
                .map(|pair| match pair {
                    [a, b] => a.union(b),
                    rest => Ok(rest.first().cloned().unwrap_or_else(Self::empty)),
                })
                .collect::<Result<_, _>>()?;
        }
        Ok(layer.pop().unwrap_or_else(Self::empty))
    }

    /// What is in both sets.
    ///
    /// # Errors
    /// When the answer would be too large.
    pub fn intersect(&self, other: &Self) -> Result<Self, TooComplex> {
        self.combine(other, self.limit(other), |a, b| a && b)
    }

    /// What is in this set and not in the other.
    ///
    /// # Errors
    /// When the answer would be too large.
    pub fn difference(&self, other: &Self) -> Result<Self, TooComplex> {
        self.combine(other, self.limit(other), |a, b| a && !b)
    }

    /// The refs that are not in the set: [`Lang::all`] without it.
    ///
    /// # Errors
    /// When the answer would be too large.
    pub fn complement(&self) -> Result<Self, TooComplex> {
        Self::all().difference(self)
    }

    /// What is also in a universe, which must have few states: the answer has at most as many as both multiplied.
    pub(super) fn restrict(&self, universe: &Self) -> Self {
        self.combine(universe, usize::MAX, |a, b| a && b).unwrap_or_else(|TooComplex| Self::empty())
    }

    fn limit(&self, other: &Self) -> usize {
        MAX_STATES.max(self.states() + other.states())
    }

    fn combine(&self, other: &Self, limit: usize, keep: fn(bool, bool) -> bool) -> Result<Self, TooComplex> {
        let (a, b) = (&*self.0, &*other.0);
        let accepts = |automaton: &Automaton, state: u32| state != DEAD && automaton.accepts(state);
        let (without_b, without_a) = (keep(true, false), keep(false, true));
        Automaton::explore(
            (0, 0),
            limit,
            |(x, y), out| {
                let steps = overlay(a.edges(*x), b.edges(*y)).into_iter();
                let live = steps.filter(|(_, _, x, y)| (*x != DEAD || without_a) && (*y != DEAD || without_b));
                out.extend(live.map(|(lo, hi, x, y)| (lo, hi, (x, y))));
            },
            |(x, y)| keep(accepts(a, *x), accepts(b, *y)),
        )
        .map(Self::wrap)
    }

    /// Whether every string of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self == other
            || self.walk(other, |x, y| {
                // Every state of a canonical automaton leads to acceptance, so a step that only this set has decides.
                x != DEAD && (y == DEAD || (self.0.accepts(x) && !other.0.accepts(y)))
            })
    }

    /// Whether a string is in both sets.
    pub fn intersects(&self, other: &Self) -> bool {
        !self.walk(other, |x, y| x != DEAD && y != DEAD && self.0.accepts(x) && other.0.accepts(y))
    }

    /// Visits the pairs of states that a common string reaches; false as soon as `stop` is true of one.
    fn walk(&self, other: &Self, stop: impl Fn(u32, u32) -> bool) -> bool {
        if self.is_empty() || other.is_empty() {
            return !stop(if self.is_empty() { DEAD } else { 0 }, if other.is_empty() { DEAD } else { 0 });
        }
        let mut seen = BTreeSet::from([(0, 0)]);
        let mut open = vec![(0, 0)];
        while let Some((x, y)) = open.pop() {
            if stop(x, y) {
                return false;
            }
            for (_, _, x, y) in overlay(self.0.edges(x), other.0.edges(y)) {
                if x == DEAD || y == DEAD {
                    if stop(x, y) {
                        return false;
                    }
                } else if seen.insert((x, y)) {
                    open.push((x, y));
                }
            }
        }
        true
    }

    /// A shortest string of the set that reads well; none if the set is empty. Of the shortest ones it is the first in
    /// the order of [`rank`]: letters before digits before signs.
    pub fn witness(&self) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let mut builder = Builder::new(0);
        let mut trail = Trail::default();
        while let Some(state) = builder.next() {
            let here = trail.next();
            if self.0.accepts(state) {
                return Some(trail.text(here));
            }
            let mut steps: Vec<_> = self.0.edges(state).iter().map(|e| (rank(e.lo, e.hi), e.to)).collect();
            steps.sort_unstable();
            for ((_, by), to) in steps {
                if builder.state(to).1 {
                    trail.push(here, by);
                }
            }
        }
        None
    }
}

impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.witness() {
            Some(text) => write!(f, "Lang({} states, e.g. {text:?})", self.states()),
            None => f.write_str("Lang(empty)"),
        }
    }
}

/// How each state was first reached, in the order of discovery.
#[derive(Default)]
pub(super) struct Trail {
    steps: Vec<(u32, u32)>,
    taken: u32,
}

impl Trail {
    /// The number of the state that is looked at next; 0 is the start.
    pub(super) fn next(&mut self) -> u32 {
        self.taken += 1;
        self.taken - 1
    }

    /// A new state, reached from `from` by a symbol.
    pub(super) fn push(&mut self, from: u32, by: u32) {
        self.steps.push((from, by));
    }

    /// The string by which a state was reached.
    pub(super) fn text(&self, mut state: u32) -> String {
        let mut found = Vec::new();
        while state != 0 {
            let (from, by) = self.steps[state as usize - 1];
            found.push(character(by));
            state = from;
        }
        found.iter().rev().collect()
    }
}

/// Characters from the most readable to the least.
const ORDER: &[u8] = b"xyzabcdefghijklmnopqrstuvw1234567890XYZABCDEFGHIJKLMNOPQRSTUVW-_./@+=,#%&!$'()<>;|\"`{}]";

/// Where each symbol of ASCII stands in [`ORDER`]; most ranges hold one symbol, and this is asked for each of them.
const PLACES: [u32; 128] = {
    let mut places = [u32::MAX; 128];
    let mut i = 0;
    while i < ORDER.len() {
        places[ORDER[i] as usize] = i as u32;
        i += 1;
    }
    places
};

fn first_of_order(lo: u32, hi: u32) -> Option<(u32, u32)> {
    let found = ORDER.iter().position(|b| (lo..=hi).contains(&u32::from(*b)));
    found.map(|place| (place as u32, u32::from(ORDER[place])))
}

/// The symbol of a range that reads best, with its place in the order of preference; smaller is better.
pub(super) fn rank(lo: u32, hi: u32) -> (u32, u32) {
    let place = |s: u32| PLACES.get(s as usize).copied().filter(|p| *p != u32::MAX).map(|p| (p, s));
    let liked = if hi - lo < 64 { (lo..=hi).filter_map(place).min() } else { first_of_order(lo, hi) };
    match liked {
        Some(best) => best,
        // Printable ASCII, then everything from the first letter above it, then what is left.
        None if lo <= 0x7E && hi >= 0x20 => (1_000, lo.max(0x20)),
        None if hi >= 0xC0 => (2_000, lo.max(0xC0)),
        None => (3_000, lo),
    }
}

/// What the name of a ref has just passed, as far as git's rules care.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ref {
    /// The beginning of a part.
    Begin,
    /// Something harmless.
    Middle,
    /// An `@`, after which `{` is not allowed.
    At,
    /// So many characters of `.lock`.
    Lock(usize),
}

impl Ref {
    fn after(self, c: char) -> Option<Self> {
        const LOCK: &str = ".lock";
        match (self, c) {
            (_, '\0'..=' ' | '\x7f' | '~' | '^' | ':' | '?' | '*' | '[' | '\\')
            | (Self::Begin | Self::Lock(1), '.')
            | (Self::Begin | Self::Lock(5), '/')
            | (Self::At, '{') => None,
            (_, '/') => Some(Self::Begin),
            (_, '@') => Some(Self::At),
            (_, '.') => Some(Self::Lock(1)),
            (Self::Lock(n), _) if LOCK.chars().nth(n) == Some(c) => Some(Self::Lock(n + 1)),
            _ => Some(Self::Middle),
        }
    }

    fn may_end(self) -> bool {
        !matches!(self, Self::Begin | Self::Lock(1 | 5))
    }
}

fn git_refs() -> Lang {
    let step = |state: &Ref, out: &mut Vec<(u32, u32, Ref)>| {
        // Git's rules name characters of ASCII only; those above it behave like a letter.
        let known = ('\0'..='\x7f').map(|c| (symbol(c), symbol(c), state.after(c)));
        let rest = (0x80, LAST, Some(Ref::Middle));
        out.extend(known.chain([rest]).filter_map(|(lo, hi, to)| to.map(|to| (lo, hi, to))));
    };
    Lang::wrap(Automaton::explore(Ref::Begin, 16, step, |s| s.may_end()).unwrap_or_else(|TooComplex| Automaton::nothing()))
}

fn file_paths() -> Lang {
    let slash = symbol('/');
    let step = |begin: &bool, out: &mut Vec<(u32, u32, bool)>| {
        out.push((0x20, slash - 1, false));
        if !begin {
            out.push((slash, slash, true));
        }
        out.extend([(slash + 1, 0x7E, false), (0x80, LAST, false)]);
    };
    Lang::wrap(Automaton::explore(true, 4, step, |begin| !begin).unwrap_or_else(|TooComplex| Automaton::nothing()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Lang, rank};
    use crate::ir::automaton::symbol;
    use crate::ir::glob::{Glob, glob_text, name};

    fn lang(glob: &str) -> Lang {
        Glob::parse(glob).unwrap().lang()
    }

    #[test]
    fn all_is_what_git_accepts() {
        for good in
            ["main", "a", "feature/x", "v1.2.3", "a.lock.b", "a@", "@", "x.lockx", "a.loc", "é/ü", "a./b", "a.l.o", "#1", "-x"]
        {
            assert!(Lang::all().contains(good), "{good}");
        }
        for bad in [
            "", "/", "a/", "/a", "a//b", ".a", "a/.b", "a..b", "a.", "a.lock", "a.lock/b", "a@{b", "a b", "a~", "a^", "a:b",
            "a?", "a*", "a[", "a\\b", "a\u{7f}", "a\nb", "a.l.lock", ".lock",
        ] {
            assert!(!Lang::all().contains(bad), "{bad}");
        }
        assert!(Lang::paths().contains("docs/my file.md") && !Lang::paths().contains("docs/") && !Lang::paths().contains(""));
        assert!(Lang::text().contains("") && Lang::text().contains("a\nb"));
        assert!(Lang::all().is_subset(&Lang::paths()) && Lang::paths().is_subset(&Lang::text()));
        assert_eq!(Lang::all().complement().unwrap(), Lang::empty());
    }

    #[test]
    fn inclusion_is_about_names_that_can_exist() {
        assert_eq!(lang("**"), Lang::all());
        assert!(lang("feature/*").is_subset(&lang("feature/**")));
        assert!(!lang("feature/**").is_subset(&lang("feature/*")));
        assert!(!lang("phase-*/**").contains("phase-2"));
        assert_eq!(lang("{a,b}/**"), lang("a/**").union(&lang("b/**")).unwrap());
        assert_eq!(lang("*").union(&lang("*/**")).unwrap(), Lang::all());
        assert!(lang("feature/").is_empty(), "no ref ends with a slash");
        assert!(lang("a b").is_empty() && lang("**.lock").is_empty() && lang("**..*").is_empty());
        assert!(!lang("v*.*.*").is_subset(&lang("v[0-9]*")));
        assert!(lang("v*.*.*").contains("vx.y.z") && lang("v*.*.*").contains("v1.2.3-rc.1"));
    }

    #[test]
    fn witnesses_are_shortest_and_readable() {
        let shown = |l: &Lang| l.witness().unwrap_or_default();
        assert_eq!(shown(&Lang::all()), "x");
        assert_eq!(shown(&lang("feature/**")), "feature/x");
        assert_eq!(shown(&lang("feature/**").difference(&lang("feature/*")).unwrap()), "feature/x/x");
        assert_eq!(shown(&lang("main")), "main");
        assert_eq!(shown(&lang("release/[0-9]*")), "release/1");
        assert_eq!(shown(&Lang::all().difference(&lang("x")).unwrap()), "y");
        assert_eq!(shown(&lang("?").difference(&lang("[a-zA-Z0-9]")).unwrap()), "-");
        assert_eq!(Lang::empty().witness(), None);
        assert_eq!(Lang::literal("").witness().as_deref(), Some(""));
    }

    #[test]
    fn rank_prefers_letters_and_stays_in_its_range() {
        for (lo, hi, best) in
            [('\0', '\u{10ffff}', 'x'), ('0', '9', '1'), ('A', 'W', 'A'), (' ', ' ', ' '), ('é', 'ü', 'é'), ('\0', '\t', '\0')]
        {
            assert_eq!(rank(symbol(lo), symbol(hi)).1, symbol(best), "{lo:?}-{hi:?}");
        }
    }

    #[test]
    fn unions_of_many_names_are_exact() {
        let names: Vec<Lang> = (0..2_000).map(|i| Lang::literal(&format!("service-{i}/main"))).collect();
        let all = Lang::union_all(&names).unwrap();
        assert!(names.iter().all(|n| n.is_subset(&all)));
        assert!(all.contains("service-1999/main") && !all.contains("service-2000/main"));
        assert_eq!(Lang::union_all([]).unwrap(), Lang::empty());
    }

    #[test]
    fn growth_without_end_is_refused() {
        let mut all = Lang::all();
        let refused = ('a'..='z').any(|c| match lang(&format!("**{c}**")).intersect(&all) {
            Ok(next) => {
                all = next;
                false
            }
            Err(_) => true,
        });
        assert!(refused);
    }

    #[test]
    fn a_long_literal_is_cheap() {
        let long = "x".repeat(60_000);
        let lang = Glob::parse(&long).unwrap().lang();
        assert!(lang.contains(&long) && lang.witness() == Some(long));
    }

    proptest! {
        #[test]
        fn algebra_laws(a in glob_text(), b in glob_text(), c in glob_text(), text in name()) {
            let (a, b, c) = (lang(&a), lang(&b), lang(&c));
            let union = a.union(&b).unwrap();
            let both = a.intersect(&b).unwrap();
            let less = a.difference(&b).unwrap();
            prop_assert_eq!(union.contains(&text), a.contains(&text) || b.contains(&text));
            prop_assert_eq!(both.contains(&text), a.contains(&text) && b.contains(&text));
            prop_assert_eq!(less.contains(&text), a.contains(&text) && !b.contains(&text));
            prop_assert_eq!(&union, &b.union(&a).unwrap());
            prop_assert_eq!(&both, &b.intersect(&a).unwrap());
            prop_assert_eq!(union.complement().unwrap(), a.complement().unwrap().intersect(&b.complement().unwrap()).unwrap());
            prop_assert_eq!(a.complement().unwrap().complement().unwrap(), a.clone());
            prop_assert_eq!(&less.union(&both).unwrap(), &a);
            prop_assert_eq!(
                a.intersect(&b.union(&c).unwrap()).unwrap(),
                both.union(&a.intersect(&c).unwrap()).unwrap()
            );
            prop_assert_eq!(a.is_subset(&b), less.is_empty());
            prop_assert_eq!(a.intersects(&b), !both.is_empty());
            prop_assert!(both.is_subset(&a) && a.is_subset(&union));
            for set in [&a, &union, &both, &less] {
                match set.witness() {
                    Some(text) => prop_assert!(set.contains(&text)),
                    None => prop_assert!(set.is_empty()),
                }
            }
        }
    }
}
