//! `if` of GitHub as a condition of a spec.
//!
//! The status functions are taken out of it: they are `when`. What is left is said in contexts, or it is not carried.

use crate::front::ledger::Fate;
use crate::front::logic::{Part, and, not, or};

use super::context::Scope;
use super::declare::Declared;
use super::expr::{Gh, Piece, parse, pieces};

/// What an `if` means.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Condition {
    /// `failure` or `always`, where it is not the outcome that is meant without a word.
    pub(super) when: Option<&'static str>,
    /// The condition; none where it always holds.
    pub(super) text: Option<String>,
    /// Whether it never holds.
    pub(super) never: bool,
    /// What became of it.
    pub(super) fate: Fate,
}

/// Kinds of events by GitHub's word.
const EVENTS: &[(&str, &[&str])] = &[
    ("push", &["push", "tag"]),
    ("pull_request", &["pull-request"]),
    ("schedule", &["schedule"]),
    ("workflow_dispatch", &["manual"]),
    ("release", &["release"]),
];

/// Events of GitHub that a spec has no word for: what is imported never starts by them.
const FOREIGN: &[&str] = &[
    "pull_request_target",
    "merge_group",
    "issues",
    "issue_comment",
    "workflow_run",
    "workflow_call",
    "repository_dispatch",
    "pull_request_review",
    "check_run",
    "check_suite",
    "deployment",
    "create",
    "delete",
    "discussion",
    "fork",
    "label",
    "milestone",
    "page_build",
    "status",
    "watch",
];

/// The meaning of an `if`. What cannot be said stands in the spec as it was, so that `check` stops there.
pub(super) fn condition(source: &str, scope: &Scope, declared: &mut Declared) -> Condition {
    let trimmed = source.trim();
    let lost = |why: String| Condition {
        when: None,
        text: Some(trimmed.split_whitespace().collect::<Vec<_>>().join(" ")),
        never: false,
        fate: Fate::Lost(why),
    };
    let inner = match pieces(trimmed).as_slice() {
        [Piece::Expr(inner)] => (*inner).to_owned(),
        [Piece::Text(_)] => trimmed.to_owned(),
        _ => return lost("text around `${{ }}` makes the condition always true on GitHub".to_owned()),
    };
    let Some(expr) = parse(&inner) else { return lost("this is no expression that can be read".to_owned()) };
    let mut fate = Fate::Exact;
    let mut when = None;
    let mut parts = Vec::new();
    for conjunct in conjuncts(&expr) {
        match outcome(conjunct) {
            Some(Outcome::Success) => {}
            Some(Outcome::Failure) => when = Some("failure"),
            Some(Outcome::Always) => when = Some("always"),
            Some(Outcome::NotCancelled) => {
                when = Some("always");
                fate = Fate::Emulated("`always` also runs when the run is cancelled".to_owned());
            }
            None => parts.push(conjunct),
        }
    }
    let mut maker = Maker { scope, declared, why: String::new() };
    let mut made = Part::Known(true);
    for part in parts {
        match maker.truth(part) {
            Some(next) => made = and(made, next),
            None => return lost(maker.why),
        }
    }
    let (text, never) = match made {
        Part::Known(known) => (None, !known),
        Part::Text(text, _) => (Some(text), false),
    };
    Condition { when, text, never, fate }
}

enum Outcome {
    Success,
    Failure,
    Always,
    NotCancelled,
}

fn conjuncts(expr: &Gh) -> Vec<&Gh> {
    match expr {
        Gh::Both("&&", a, b) => conjuncts(a).into_iter().chain(conjuncts(b)).collect(),
        other => vec![other],
    }
}

fn outcome(expr: &Gh) -> Option<Outcome> {
    let name = |e: &Gh| if let Gh::Call(name, _) = e { name.clone() } else { String::new() };
    match expr {
        Gh::Not(inner) => (name(inner) == "cancelled").then_some(Outcome::NotCancelled),
        Gh::Both("||", a, b) => match (name(a).as_str(), name(b).as_str()) {
            ("success", "failure") | ("failure", "success") => Some(Outcome::NotCancelled),
            _ => None,
        },
        other => match name(other).as_str() {
            "success" => Some(Outcome::Success),
            "failure" => Some(Outcome::Failure),
            "always" => Some(Outcome::Always),
            _ => None,
        },
    }
}

struct Maker<'m> {
    scope: &'m Scope,
    declared: &'m mut Declared,
    why: String,
}

impl Maker<'_> {
    fn no(&mut self, why: impl Into<String>) -> Option<Part> {
        self.why = why.into();
        None
    }

    fn truth(&mut self, expr: &Gh) -> Option<Part> {
        match expr {
            Gh::Truth(known) => Some(Part::Known(*known)),
            Gh::Both("&&", a, b) => Some(and(self.truth(a)?, self.truth(b)?)),
            Gh::Both("||", a, b) => Some(or(self.truth(a)?, self.truth(b)?)),
            Gh::Not(inner) => self.truth(inner).map(not),
            Gh::Both(operator @ ("==" | "!="), a, b) => {
                let (a, b) = if matches!(**a, Gh::Text(_) | Gh::Truth(_) | Gh::Number(_)) { (b, a) } else { (a, b) };
                let made = self.equal(a, b)?;
                Some(if *operator == "!=" { not(made) } else { made })
            }
            Gh::Both(operator, ..) => self.no(format!("`{operator}` compares numbers, which contexts are not")),
            Gh::Call(name, arguments) => self.call(name, arguments),
            Gh::Path(path) => self.set(path),
            Gh::Text(_) | Gh::Number(_) | Gh::Null => self.no("a value stands where a condition is expected"),
        }
    }

    /// A context where GitHub asks whether it is anything.
    fn set(&mut self, path: &[String]) -> Option<Part> {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        if let ["inputs", name] | ["github", "event", "inputs", name] = words.as_slice()
            && let Some((ours, is_truth)) = self.scope.inputs.get(*name)
        {
            return Some(if *is_truth {
                Part::Text(format!("input.{ours}"), 3)
            } else {
                Part::Text(format!("input.{ours} != ''"), 2)
            });
        }
        if words.first() == Some(&"matrix") {
            let context = self.context(path)?;
            return Some(Part::Text(format!("{context} == 'true'"), 2));
        }
        if matches!(words.first(), Some(&("secrets" | "vars" | "env" | "needs" | "steps"))) {
            let context = self.context(path)?;
            return Some(Part::Text(format!("{context} != ''"), 2));
        }
        let shown = path.join(".");
        self.no(format!("no context of a spec is `{shown}`"))
    }

    fn context(&mut self, path: &[String]) -> Option<String> {
        let made = self.scope.context(path, self.declared);
        if made.is_none() {
            self.why = format!("no context of a spec is `{}`", path.join("."));
        }
        made
    }

    fn equal(&mut self, a: &Gh, b: &Gh) -> Option<Part> {
        let Gh::Path(path) = a else {
            return match (a, b) {
                (Gh::Text(a), Gh::Text(b)) => Some(Part::Known(a.eq_ignore_ascii_case(b))),
                _ => self.no("what is compared is no context"),
            };
        };
        let lower = path.join(".").to_ascii_lowercase();
        let wanted = match b {
            Gh::Text(text) | Gh::Number(text) => text.clone(),
            Gh::Truth(truth) => {
                let own = self.scope.inputs.get(path.last()?.as_str()).filter(|_| lower.contains("inputs."));
                if let Some((ours, true)) = own {
                    let part = Part::Text(format!("input.{ours}"), 3);
                    return Some(if *truth { part } else { not(part) });
                }
                truth.to_string()
            }
            Gh::Path(other) => {
                let (a, b) = (self.context(path)?, self.context(other)?);
                return Some(Part::Text(format!("{a} == {b}"), 2));
            }
            Gh::Null | Gh::Call(..) | Gh::Not(_) | Gh::Both(..) => return self.no("what is compared is no fixed value"),
        };
        let inputs = self.scope.inputs.get(path.last()?.as_str()).filter(|_| lower.contains("inputs."));
        if let Some((ours, true)) = inputs {
            let part = Part::Text(format!("input.{ours}"), 3);
            return match wanted.as_str() {
                "true" => Some(part),
                "false" => Some(not(part)),
                _ => self.no("an input that is true or false is compared with text"),
            };
        }
        match lower.as_str() {
            "github.event_name" => self.event(&wanted),
            "github.ref" => self.reference(&wanted),
            "github.ref_type" => {
                Some(Part::Text(format!("commit.{} matches '**'", if wanted == "tag" { "tag" } else { "branch" }), 2))
            }
            "runner.os" => self.system(&wanted),
            _ => {
                if let Some(known) = self.scope.constant(path) {
                    return Some(Part::Known(known.eq_ignore_ascii_case(&wanted)));
                }
                let context = self.context(path)?;
                let mut value = wanted;
                if let Some((axis, values)) = &self.scope.job.runner_axis
                    && context == format!("matrix.{axis}")
                {
                    value = values.get(&value).cloned().unwrap_or(value);
                }
                if value.contains('\'') {
                    return self.no("the text has a quote in it");
                }
                Some(Part::Text(format!("{context} == '{value}'"), 2))
            }
        }
    }

    fn event(&mut self, word: &str) -> Option<Part> {
        if FOREIGN.contains(&word) {
            return Some(Part::Known(false));
        }
        let Some((_, ours)) = EVENTS.iter().find(|(theirs, _)| *theirs == word) else {
            return self.no(format!("pipewright has no event `{word}`"));
        };
        // What starts the workflow decides where it leaves no choice.
        let kinds = &self.scope.kinds;
        let hits = kinds.iter().filter(|k| ours.contains(&k.as_str())).count();
        if !kinds.is_empty() && (hits == 0 || hits == kinds.len()) {
            return Some(Part::Known(hits > 0));
        }
        let ours: Vec<String> =
            ours.iter().filter(|o| kinds.is_empty() || kinds.iter().any(|k| k == *o)).map(|w| format!("'{w}'")).collect();
        Some(match ours.as_slice() {
            [one] => Part::Text(format!("run.event == {one}"), 2),
            several => Part::Text(format!("run.event in [{}]", several.join(", ")), 2),
        })
    }

    fn reference(&mut self, wanted: &str) -> Option<Part> {
        if wanted.contains('\'') {
            return self.no("the text has a quote in it");
        }
        if let Some(branch) = wanted.strip_prefix("refs/heads/") {
            return Some(Part::Text(format!("commit.branch == '{branch}'"), 2));
        }
        if let Some(tag) = wanted.strip_prefix("refs/tags/") {
            return Some(Part::Text(format!("commit.tag == '{tag}'"), 2));
        }
        self.no(format!("`{wanted}` is neither a branch nor a tag"))
    }

    fn system(&mut self, wanted: &str) -> Option<Part> {
        if let Some(own) = self.scope.job.system {
            return Some(Part::Known(own.eq_ignore_ascii_case(wanted)));
        }
        let Some((axis, values)) = &self.scope.job.runner_axis else { return self.no("the runner is not known") };
        let of_system: Vec<String> = values
            .iter()
            .filter(|(theirs, _)| system_of(theirs).is_some_and(|s| s.eq_ignore_ascii_case(wanted)))
            .map(|(_, ours)| format!("'{ours}'"))
            .collect();
        let mut unique = of_system;
        unique.sort();
        unique.dedup();
        Some(match unique.as_slice() {
            [] => Part::Known(false),
            [one] => Part::Text(format!("matrix.{axis} == {one}"), 2),
            several => Part::Text(format!("matrix.{axis} in [{}]", several.join(", ")), 2),
        })
    }

    fn call(&mut self, name: &str, arguments: &[Gh]) -> Option<Part> {
        if let ("contains", [Gh::Call(json, list), Gh::Path(path)]) = (name, arguments)
            && let ("fromjson", [Gh::Text(list)]) = (json.as_str(), list.as_slice())
        {
            return self.one_of(list, path);
        }
        let [subject, Gh::Text(wanted)] = arguments else {
            return self.no(format!("`{name}()` has no match in a spec"));
        };
        let Gh::Path(path) = subject else {
            // contains(fromJSON('["a", "b"]'), x) and its like.
            return self.no(format!("`{name}()` has no match in a spec"));
        };
        if path.iter().any(|w| w == "*") {
            return self.no("a list of the event has no match in a spec");
        }
        let lower = path.join(".").to_ascii_lowercase();
        let (context, rest) = match (lower.as_str(), name) {
            ("github.ref", "startswith") => {
                if let Some(rest) = wanted.strip_prefix("refs/heads/") {
                    ("commit.branch".to_owned(), rest)
                } else if let Some(rest) = wanted.strip_prefix("refs/tags/") {
                    ("commit.tag".to_owned(), rest)
                } else if wanted == "refs/pull/" {
                    return Some(Part::Text("run.event == 'pull-request'".to_owned(), 2));
                } else {
                    return self.no("only branches and tags have names in a spec");
                }
            }
            ("github.ref", _) => {
                ("commit.ref".to_owned(), wanted.trim_start_matches("refs/tags/").trim_start_matches("refs/heads/"))
            }
            ("github.event_name", "startswith") if wanted == "pull_request" => return self.event("pull_request"),
            _ => (self.context(path)?, wanted.as_str()),
        };
        if let Some((axis, _)) = &self.scope.job.runner_axis
            && context == format!("matrix.{axis}")
        {
            return self.runner(name, wanted);
        }
        if rest.contains(['*', '?', '[', ']', '{', '}', '\\', '\'']) {
            return self.no("the text has signs that a glob reads in its own way");
        }
        let glob = match name {
            "startswith" => format!("{rest}**"),
            "endswith" => format!("**{rest}"),
            "contains" => format!("**{rest}**"),
            _ => return self.no(format!("`{name}()` has no match in a spec")),
        };
        Some(Part::Text(format!("{context} matches '{glob}'"), 2))
    }

    /// `contains(fromJSON('["a", "b"]'), context)`
    fn one_of(&mut self, list: &str, path: &[String]) -> Option<Part> {
        let Ok(words) = serde_json::from_str::<Vec<String>>(list) else {
            return self.no("the list holds other things than text");
        };
        if words.iter().any(|w| w.contains('\'')) {
            return self.no("the text has a quote in it");
        }
        let path = Gh::Path(path.to_vec());
        let parts: Option<Vec<Part>> = words.iter().map(|w| self.equal(&path, &Gh::Text(w.clone()))).collect();
        parts.map(|p| p.into_iter().fold(Part::Known(false), or))
    }

    /// A question about the label of the runner, answered for each label that there is.
    fn runner(&mut self, name: &str, wanted: &str) -> Option<Part> {
        let Some((axis, values)) = &self.scope.job.runner_axis else { return self.no("the runner is not known") };
        let wanted = wanted.to_ascii_lowercase();
        let hits = |label: &str| match name {
            "startswith" => label.starts_with(&wanted),
            "endswith" => label.ends_with(&wanted),
            _ => label.contains(&wanted),
        };
        let mut found: Vec<String> =
            values.iter().filter(|(theirs, _)| hits(&theirs.to_ascii_lowercase())).map(|(_, ours)| format!("'{ours}'")).collect();
        found.sort();
        found.dedup();
        Some(match found.as_slice() {
            [] => Part::Known(false),
            [one] => Part::Text(format!("matrix.{axis} == {one}"), 2),
            several => Part::Text(format!("matrix.{axis} in [{}]", several.join(", ")), 2),
        })
    }
}

/// The system behind a label of GitHub's runners.
pub(super) fn system_of(label: &str) -> Option<&'static str> {
    let starts = |word: &str| label.starts_with(word);
    match label {
        _ if starts("ubuntu") || starts("linux") => Some("Linux"),
        _ if starts("windows") => Some("Windows"),
        _ if starts("macos") => Some("macOS"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::condition;
    use crate::front::github::context::Scope;
    use crate::front::github::declare::Declared;
    use crate::front::ledger::Fate;

    fn said(text: &str) -> String {
        let made = condition(text, &Scope::default(), &mut Declared::default());
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
        assert_eq!(said("contains(fromJSON('[\"a\", \"b\"]'), github.actor)"), "run.actor == 'a' || run.actor == 'b'");
        assert_eq!(said("!cancelled()"), "when=always always");
        assert_eq!(said("!(github.event_name == 'push')"), "!(run.event in ['push', 'tag'])");
        assert_eq!(said("github.event_name == 'issues'"), "never");
        assert_eq!(said("secrets.TOKEN != ''"), "secret.TOKEN != ''");
        assert_eq!(said("github.event.pull_request.draft == false"), "lost github.event.pull_request.draft == false");
        assert_eq!(said("x ${{ true }}"), "lost x ${{ true }}");
    }
}
