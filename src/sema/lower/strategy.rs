//! How new versions of an app replace old ones.

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::app::Placed;
use crate::ir::id::GateId;
use crate::ir::strategy::{Amount, BlueGreen, Canary, CanaryStep, Router, Strategy};
use crate::ir::units::{Duration, Percent};
use crate::sema::declare::spanned;
use crate::sema::lower::{Lower, missing};
use crate::syntax::tree::{Entry, Node};

/// What only some strategies take: the word, and whose it is.
const WORDS: &[(&str, &[&str])] = &[
    ("max-surge", &["rolling"]),
    ("max-unavailable", &["rolling"]),
    ("traffic", &["canary"]),
    ("weight", &["canary"]),
    ("pause", &["canary"]),
    ("analysis", &["canary", "blue-green"]),
    ("preview", &["blue-green"]),
    ("promote", &["blue-green"]),
    ("keep-old", &["blue-green"]),
];

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    /// The strategy of an environment: the one that names it, else the one that names none.
    pub(super) fn strategy(&mut self, app: &'n Node<'a>, environment: Option<&str>) -> Strategy {
        let named = |n: &Node<'_>| n.setting("env").and_then(|e| e.as_str()).map(str::to_owned);
        let all: Vec<&Node<'a>> = app.children().iter().filter(|c| c.name() == "strategy").collect();
        for node in &all {
            if let Some(name) = node.setting("env").and_then(spanned) {
                self.environment_named(&name);
            }
        }
        for wanted in [environment.map(str::to_owned), None] {
            let fitting: Vec<&&Node<'a>> = all.iter().filter(|n| named(n) == wanted).collect();
            if let [first, second, ..] = fitting.as_slice() {
                let whose = wanted.as_ref().map_or_else(|| "every environment".to_owned(), |w| format!("`{w}`"));
                self.diagnostics.push(
                    Diagnostic::error("strategy-twice", second.span, format!("{whose} gets two strategies"))
                        .label("a second one")
                        .related(first.span, "the first one")
                        .help("name an environment with `env=`, or remove one of them"),
                );
            }
            if let Some(found) = fitting.first() {
                return self.strategy_of(found);
            }
        }
        Strategy::Rolling { max_surge: Amount::Share(25), max_unavailable: Amount::Pods(0) }
    }

    /// A strategy for an environment that the app never reaches.
    pub(super) fn strategies_elsewhere(&mut self, app: &'n Node<'a>, places: &[Placed]) {
        for node in app.children().iter().filter(|c| c.name() == "strategy") {
            let Some(name) = node.setting("env").and_then(spanned) else { continue };
            let known = self.scope.environments.get(&name.value);
            if known.is_some_and(|at| places.iter().all(|p| p.environment.index() != at)) {
                self.diagnostics.push(
                    Diagnostic::warning("strategy-nowhere", name.span, format!("the app does not run in `{}`", name.value))
                        .label("nothing is replaced there")
                        .help("remove the strategy, or name the app there: environment NAME { app NAME {} }, or a deploy"),
                );
            }
        }
    }

    fn strategy_of(&mut self, node: &Node<'a>) -> Strategy {
        let kind = node.arg(0).and_then(|e| e.as_str()).unwrap_or_default();
        self.foreign_words(node, kind);
        match kind {
            "canary" => Strategy::Canary(self.canary(node)),
            "blue-green" => Strategy::BlueGreen(self.blue_green(node)),
            _ => self.rolling(node),
        }
    }

    fn foreign_words(&mut self, node: &Node<'a>, kind: &str) {
        let named = node.props().map(|(name, entry)| (name.to_owned(), entry.span));
        let named = named.chain(node.children().iter().map(|c| (c.name().to_owned(), c.span)));
        let named = named.chain(node.flag("preview").map(|s| ("preview".to_owned(), s)));
        for (name, span) in named.collect::<Vec<_>>() {
            let Some((_, owners)) = WORDS.iter().find(|(word, owners)| *word == name && !owners.contains(&kind)) else {
                continue;
            };
            self.diagnostics.push(
                Diagnostic::error("unknown-property", span, format!("strategy `{kind}` takes no `{name}`"))
                    .label("another strategy's")
                    .help(format!("`{name}` belongs to `{}`; remove it, or choose that strategy", owners.join("` and `"))),
            );
        }
    }

    fn rolling(&mut self, node: &Node<'a>) -> Strategy {
        let mut amount =
            |name: &str, default: Amount| node.setting(name).map_or(Some(default), |e| self.amount(e)).unwrap_or(default);
        let (max_surge, max_unavailable) = (amount("max-surge", Amount::Share(25)), amount("max-unavailable", Amount::Pods(0)));
        if max_surge.is_zero() && max_unavailable.is_zero() {
            self.diagnostics.push(
                Diagnostic::error(
                    "strategy-never-moves",
                    node.span,
                    "no pod may be added and none may be missing: nothing can be replaced",
                )
                .label("both are zero")
                .help("let one of max-surge and max-unavailable be at least 1"),
            );
        }
        Strategy::Rolling { max_surge, max_unavailable }
    }

    fn canary(&mut self, node: &Node<'a>) -> Canary {
        let router = self.prop_word(node, "traffic", Router::ALL);
        let mut steps = Vec::new();
        for child in node.children() {
            steps.extend(match child.name() {
                "weight" => child.arg(0).and_then(|e| self.weight(e)).map(CanaryStep::Weight),
                "pause" => child.arg(0).and_then(|e| self.unit(e, Duration::parse)).map(CanaryStep::Pause),
                "analysis" => Some(CanaryStep::Analysis(self.asked(child))),
                _ => None,
            });
        }
        if !steps.iter().any(|s| matches!(s, CanaryStep::Weight(_))) {
            self.diagnostics.push(missing(node.span, "a share of the requests", "weight \"10%\"; pause \"10m\""));
        }
        Canary { router, steps, span: node.span }
    }

    /// Whole percent, from 1 to 100.
    fn weight(&mut self, entry: &Entry<'_>) -> Option<Spanned<u32>> {
        let percent = self.unit(entry, Percent::parse)?;
        let whole = percent.value.value().whole().and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=100).contains(n));
        if whole.is_none() {
            self.diagnostics.push(
                Diagnostic::error("wrong-value-type", percent.span, format!("{} is no share that a canary gets", percent.value))
                    .label("not 1% to 100%, whole")
                    .help("routers split by whole percent: write such as \"5%\""),
            );
        }
        whole.map(|n| Spanned::new(n, percent.span))
    }

    fn blue_green(&mut self, node: &Node<'a>) -> BlueGreen {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        // A gate stands before or after the switch, as it runs.
        let mut promoted = false;
        for child in node.children() {
            match child.name() {
                "promote" => promoted = true,
                "analysis" if promoted => after.extend(self.asked(child)),
                "analysis" => before.extend(self.asked(child)),
                _ => {}
            }
        }
        let mut timed = |name: &str, seconds: u64, entry: Option<&Entry<'a>>| {
            let own = entry.and_then(|e| self.unit(e, Duration::parse));
            own.unwrap_or_else(|| Spanned::new(Duration::from_seconds(seconds), node.child(name).map_or(node.span, |c| c.span)))
        };
        BlueGreen {
            preview: node.flag("preview"),
            promote: timed("promote", 0, node.child("promote").and_then(|c| c.setting("after"))),
            keep_old: timed("keep-old", 600, node.child("keep-old").and_then(|c| c.arg(0))),
            before,
            after,
            span: node.span,
        }
    }

    fn asked(&mut self, node: &Node<'_>) -> Vec<Spanned<GateId>> {
        let names: Vec<Spanned<String>> = node.args().filter_map(spanned).collect();
        names.iter().filter_map(|n| self.scope.find_gate(n, self.diagnostics).map(|id| Spanned::new(id, n.span))).collect()
    }

    /// `2`, `"2"` or `"25%"`.
    fn amount(&mut self, entry: &Entry<'_>) -> Option<Amount> {
        let text = entry.as_text().into_owned();
        let found = match text.strip_suffix('%') {
            Some(share) => share.parse().ok().filter(|n| *n <= 100).map(Amount::Share),
            None => text.parse().ok().map(Amount::Pods),
        };
        if found.is_none() {
            self.diagnostics.push(
                Diagnostic::error(
                    "wrong-value-type",
                    entry.value_span,
                    format!("`{text}` is no number of pods and no share of them"),
                )
                .label("not understood")
                .help("write a whole number such as 1, or whole percent such as \"25%\""),
            );
        }
        found
    }
}
