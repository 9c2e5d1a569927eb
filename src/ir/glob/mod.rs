//! The one dialect of globs for branches, tags and paths.
//!
//! `*` is any run without `/`, `**` any run, `**/` at the start of a name any folders or none, `?` one character except `/`, `[abc]` and `[a-z]` one of these characters,
//! `{a,b}` one of these patterns. Nothing else is special: `+`, `@`, `!` and `\` stand for themselves. A special
//! character is written in brackets: `[*]`, `[?]`, `[[]`, `[]]`, `[{]`, `[}]`, and `[,]` inside braces.
//!
//! What other dialects read differently is refused where a reader could be misled: a leading `!`, a class that begins
//! with `!` or `^`, a backslash before a special character, three stars.

use std::cmp::Ordering;
use std::fmt;
use std::sync::OnceLock;

use crate::ir::automaton::TooComplex;
use crate::ir::lang::Lang;

mod compile;
mod parse;
mod spell;

pub use parse::GlobError;

/// A part of a glob.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum GlobPiece {
    /// These characters; never empty, and never next to another literal.
    Literal(String),
    /// `*`: any run of characters other than `/`, the empty one too.
    AnyInSegment,
    /// `**`: any run of characters, the empty one too.
    AnyRun,
    /// `**/` where a name starts: any folders with their slashes, or none. GitHub's `docs/**/*.md` takes `docs/README.md`
    /// ([cheat sheet](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#patterns-to-match-file-paths)),
    /// and so does Ruby's `fnmatch`, which GitLab asks.
    AnyFolders,
    /// `?`: one character other than `/`.
    OneChar,
    /// `[a-z_]`: one character of these ranges, first and last included; sorted, apart from each other, without `/`.
    Class(Vec<(char, char)>),
    /// `{a,b}`: one of these patterns; at least two.
    Alternatives(Vec<Vec<GlobPiece>>),
}

/// A pattern for branches, tags or paths. Ordered and compared by its text.
#[derive(Clone)]
pub struct Glob {
    text: String,
    pieces: Vec<GlobPiece>,
    compiled: OnceLock<Lang>,
}

impl Glob {
    fn of(text: String, pieces: Vec<GlobPiece>) -> Self {
        Self { text, pieces, compiled: OnceLock::new() }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its parts in order.
    pub fn pieces(&self) -> &[GlobPiece] {
        &self.pieces
    }

    /// The one string it matches, if it has no special part. `[*]` is the string `*`.
    pub fn is_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [GlobPiece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it matches a whole string.
    pub fn matches(&self, text: &str) -> bool {
        self.is_literal().map_or_else(|| self.strings().contains(text), |own| own == text)
    }

    /// The names of branches or tags that it matches: within [`Lang::all`].
    pub fn lang(&self) -> Lang {
        self.within(&Lang::all())
    }

    /// The files that it matches: within [`Lang::paths`].
    pub fn path_lang(&self) -> Lang {
        self.within(&Lang::paths())
    }

    /// Every string that it matches, whether or not a ref or a file can have that name.
    pub fn strings(&self) -> &Lang {
        self.compiled.get_or_init(|| compile::compile(&self.pieces, usize::MAX).unwrap_or_else(|TooComplex| Lang::empty()))
    }

    fn within(&self, universe: &Lang) -> Lang {
        self.strings().restrict(universe)
    }

    /// A regular expression in RE2's syntax that matches the same strings, with its anchors: `^release/[^/]*$`. Slashes
    /// are not escaped; who puts it between slashes does that.
    pub fn to_regex(&self) -> String {
        let mut out = String::from("^");
        spell::regex(&self.pieces, &mut out);
        out.push('$');
        out
    }

    /// The globs without braces that together match the same strings, in the order written; `{,a}` gives no empty glob.
    pub fn expand_braces(&self) -> Vec<Self> {
        if !self.pieces.iter().any(|p| matches!(p, GlobPiece::Alternatives(_))) {
            return vec![self.clone()];
        }
        let mut found: Vec<Self> = Vec::new();
        for pieces in spell::expand(&self.pieces) {
            let text = spell::spell(&pieces);
            if !text.is_empty() && !found.iter().any(|g| g.text == text) {
                found.push(Self::of(text, pieces));
            }
        }
        found
    }

    /// The globs without any folders (`**/` where a name starts) that together match the same strings: `a/x` and `a/**/x` for `a/**/x`. For
    /// vendors of which it is not known whether their `**/` takes no folder, too.
    pub fn expand_folders(&self) -> Vec<Self> {
        let mut found: Vec<Vec<GlobPiece>> = vec![Vec::new()];
        for piece in &self.pieces {
            let tails = match piece {
                GlobPiece::AnyFolders => vec![vec![], vec![GlobPiece::AnyRun, GlobPiece::Literal("/".into())]],
                other => vec![vec![other.clone()]],
            };
            found = found.iter().flat_map(|head| tails.iter().map(move |tail| spell::join(head, tail))).collect();
        }
        found.into_iter().map(|pieces| Self::of(spell::spell(&pieces), pieces)).filter(|g| !g.text.is_empty()).collect()
    }

    /// A string that it matches and that looks like a name, for messages: `release/x` for `release/**`.
    pub fn sample(&self) -> String {
        let mut out = String::new();
        spell::sample(&self.pieces, &mut out);
        out
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Glob({:?})", self.text)
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl PartialOrd for Glob {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Glob {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

#[cfg(test)]
pub(in crate::ir) use tests::{glob_text, name};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::{Glob, GlobPiece};
    use crate::ir::lang::Lang;

    /// Globs of a small alphabet, so that they often meet.
    pub(in crate::ir) fn glob_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            6 => select(vec!["a", "b", "/", "v", "."]),
            2 => Just("*"),
            1 => Just("**"),
            1 => Just("?"),
            1 => select(vec!["[ab]", "[a-c]", "[*]", "[]]"]),
            1 => select(vec!["{a,b}", "{,a}", "{a/b,*}", "{a,{b,?/**}}"]),
        ];
        proptest::collection::vec(piece, 1..7)
            .prop_map(|pieces| pieces.concat().replace("***", "**").replace("***", "**"))
            .prop_filter("is a glob", |text| Glob::parse(text).is_ok())
    }

    /// Names of the same alphabet.
    pub(in crate::ir) fn name() -> impl Strategy<Value = String> {
        "[abcv/.*\\]]{0,8}"
    }

    /// The meaning of pieces as one would say it, by trying everything.
    fn simple(pieces: &[GlobPiece], text: &[char]) -> bool {
        let Some((piece, rest)) = pieces.split_first() else {
            return text.is_empty();
        };
        match piece {
            GlobPiece::Literal(own) => {
                let own: Vec<char> = own.chars().collect();
                text.starts_with(&own) && simple(rest, &text[own.len()..])
            }
            GlobPiece::AnyFolders => {
                simple(rest, text) || (1..=text.len()).any(|n| text[n - 1] == '/' && simple(rest, &text[n..]))
            }
            GlobPiece::AnyRun => (0..=text.len()).any(|n| simple(rest, &text[n..])),
            GlobPiece::AnyInSegment => {
                (0..=text.len()).take_while(|n| !text[..*n].contains(&'/')).any(|n| simple(rest, &text[n..]))
            }
            GlobPiece::OneChar => text.first().is_some_and(|c| *c != '/') && simple(rest, &text[1..]),
            GlobPiece::Class(ranges) => {
                text.first().is_some_and(|c| ranges.iter().any(|(a, b)| a <= c && c <= b)) && simple(rest, &text[1..])
            }
            GlobPiece::Alternatives(list) => list.iter().any(|one| {
                let whole: Vec<GlobPiece> = one.iter().chain(rest).cloned().collect();
                simple(&whole, text)
            }),
        }
    }

    fn refused(text: &str) -> (usize, String) {
        let error = Glob::parse(text).unwrap_err();
        assert!(!error.help.is_empty());
        (error.at, error.message)
    }

    #[test]
    fn literals_keep_their_text() {
        for (text, literal) in [
            ("main", "main"),
            ("[*]", "*"),
            ("a[?]b", "a?b"),
            ("a+b@c!d", "a+b@c!d"),
            ("[!]x", "!x"),
            ("[]]", "]"),
            ("a,b", "a,b"),
        ] {
            assert_eq!(Glob::parse(text).unwrap().is_literal(), Some(literal));
        }
        assert_eq!(Glob::parse("a*").unwrap().is_literal(), None);
    }

    #[test]
    fn special_characters_match_as_documented() {
        let cases = [
            ("feature/*", &["feature/a", "feature/"][..], &["feature/a/b", "feature", "xfeature/a"][..]),
            ("feature/**", &["feature/a/b", "feature/"], &["feature"]),
            ("**", &["", "a", "a/b"], &[]),
            ("v?", &["v1", "vx"], &["v", "v12", "v/"]),
            ("v[0-9].[0-9x]", &["v1.2", "v1.x"], &["v1.y", "va.1"]),
            ("{a,b}/c{,d}", &["a/c", "b/cd"], &["c/c", "a/d"]),
            ("{a,{b,c{d,e}}}", &["a", "b", "cd", "ce"], &["c"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("[a!^]", &["a", "!", "^"], &["b"]),
            ("docs/**/*.md", &["docs/b.md", "docs/a/b.md", "docs/a/b/c.md"], &["b.md", "xdocs/b.md"]),
            ("**/README.md", &["README.md", "a/README.md", "a/b/README.md"], &["aREADME.md"]),
            ("{**/,src/**/}x", &["x", "a/x", "src/x", "src/a/x"], &["ax"]),
            ("a**/b", &["a/b", "ax/b", "a/x/b"], &["ab"]),
        ];
        for (glob, yes, no) in cases {
            let glob = Glob::parse(glob).unwrap();
            yes.iter().for_each(|t| assert!(glob.matches(t), "{glob} matches {t}"));
            no.iter().for_each(|t| assert!(!glob.matches(t), "{glob} does not match {t}"));
        }
    }

    #[test]
    fn what_misleads_is_refused_where_it_stands() {
        assert_eq!(refused(""), (0, "the pattern is empty".into()));
        assert_eq!(refused("!main"), (0, "`!` does not exclude here".into()));
        assert_eq!(refused("a[b"), (1, "`[` is never closed".into()));
        assert_eq!(refused("a[]"), (1, "`[` is never closed".into()));
        assert_eq!(refused("é{b,c"), (2, "`{` is never closed".into()));
        assert_eq!(refused("a]"), (1, "`]` without `[`".into()));
        assert_eq!(refused("a}b"), (1, "`}` without `{`".into()));
        assert_eq!(refused("{a}"), (0, "braces around one pattern".into()));
        for (glob, read) in [("{a/,b}**/c", "a/**/c"), ("{a,**}/c", "**/c"), ("x/**{/c,d}", "x/**/c"), ("*{**/c,d}", "**/c")] {
            assert!(refused(glob).1.ends_with(&format!("one reading is `{read}`")), "{glob}: {}", refused(glob).1);
        }
        assert_eq!(refused("a***"), (1, "more than two stars in a row".into()));
        assert_eq!(refused("[!a]"), (1, "`[!…]` does not negate here".into()));
        assert_eq!(refused("[^a]"), (1, "`[^…]` does not negate here".into()));
        assert_eq!(refused("[z-a]"), (1, "the range `z-a` is empty".into()));
        assert_eq!(refused("[a/]"), (2, "`/` in a class".into()));
        assert_eq!(refused("[.-9]"), (1, "`/` in a class".into()));
        assert_eq!(refused("v\\*"), (1, "a backslash does not escape `*` here".into()));
        assert_eq!(refused("a\tb"), (1, "a control character in the pattern".into()));
        assert_eq!(refused("{{{{{a,b},c},d},e},f}").0, 4);
        assert_eq!(refused(&"{a,b}".repeat(11)).0, 0);
    }

    #[test]
    fn explosion_is_refused_quickly() {
        let row = format!("**a{}", "?".repeat(200));
        assert_eq!(refused(&row), (0, "the pattern is too complex to compare exactly".into()));
        assert!(Glob::parse("**/[0-9][0-9][0-9][0-9]-*").is_ok());
        assert!(Glob::parse("*a*b*c*d*e*f*g*h*i*j*").is_ok());
    }

    #[test]
    fn regexes_are_anchored_and_escaped() {
        let regex = |text: &str| Glob::parse(text).unwrap().to_regex();
        assert_eq!(regex("release/*"), "^release/[^/]*$");
        assert_eq!(regex("v*.*.*"), r"^v[^/]*\.[^/]*\.[^/]*$");
        assert_eq!(regex("**/[a-c_]{x,y+}?"), r"^(.*/)?[_a-c](x|y\+)[^/]$");
        assert_eq!(regex("[]^-]"), r"^[\-\]-\^]$");
    }

    #[test]
    fn braces_expand_in_order() {
        let expand =
            |text: &str| Glob::parse(text).unwrap().expand_braces().iter().map(|g| g.text().to_owned()).collect::<Vec<_>>();
        assert_eq!(expand("main"), ["main"]);
        assert_eq!(expand("{a,b}/{c,d*}"), ["a/c", "a/d*", "b/c", "b/d*"]);
        assert_eq!(expand("{,x}"), ["x"]);
        assert_eq!(expand("{a,{b,c}}[*]"), ["a[*]", "b[*]", "c[*]"]);
        assert_eq!(expand("*{*,x}"), ["*", "*x"]);
        assert_eq!(expand("{!a,a}"), ["[!]a", "a"]);
    }

    #[test]
    fn any_folders_are_written_out_as_none_and_some() {
        let expand =
            |text: &str| Glob::parse(text).unwrap().expand_folders().iter().map(|g| g.text().to_owned()).collect::<Vec<_>>();
        assert_eq!(expand("main"), ["main"]);
        assert_eq!(expand("docs/**/*.md"), ["docs/*.md", "docs/**/*.md"]);
        assert_eq!(expand("**/a/**/b"), ["a/b", "a/**/b", "**/a/b", "**/a/**/b"]);
    }

    #[test]
    fn samples_read_like_names() {
        let sample = |text: &str| Glob::parse(text).unwrap().sample();
        assert_eq!(
            (sample("v*.*.*"), sample("release/**"), sample("v[0-9].{x,y}")),
            ("vx.x.x".into(), "release/x".into(), "v0.x".into())
        );
    }

    proptest! {
        #[test]
        fn agrees_with_a_simple_matcher(glob in glob_text(), text in name()) {
            let glob = Glob::parse(&glob).unwrap();
            let chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(glob.matches(&text), simple(glob.pieces(), &chars));
            let sample: Vec<char> = glob.sample().chars().collect();
            prop_assert!(simple(glob.pieces(), &sample));
        }

        #[test]
        fn expansions_mean_the_same(glob in glob_text()) {
            let glob = Glob::parse(&glob).unwrap();
            let parts = glob.expand_braces();
            for part in &parts {
                let again = Glob::parse(part.text()).unwrap();
                prop_assert_eq!(again.strings(), part.strings());
                prop_assert_eq!(again.pieces(), part.pieces());
            }
            let langs: Vec<Lang> = parts.iter().map(Glob::lang).collect();
            prop_assert_eq!(Lang::union_all(&langs).unwrap(), glob.lang());
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = Glob::parse(&text);
        }
    }
}
