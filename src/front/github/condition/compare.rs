//! What a condition asks: truth, and equality of a context with a fixed value.

use crate::front::github::expr::Gh;
use crate::front::logic::{Part, and, not, or};

use super::Maker;

impl Maker<'_> {
    pub(super) fn truth(&mut self, expr: &Gh) -> Option<Part> {
        match expr {
            Gh::Truth(known) => Some(Part::Known(*known)),
            Gh::Both("&&", a, b) => Some(and(self.truth(a)?, self.truth(b)?)),
            Gh::Both("||", a, b) => Some(or(self.truth(a)?, self.truth(b)?)),
            Gh::Not(inner) => self.truth(inner).map(not),
            _ => self.leaf(expr).or_else(|| self.own(expr)),
        }
    }

    fn leaf(&mut self, expr: &Gh) -> Option<Part> {
        match expr {
            Gh::Truth(_) | Gh::Both("&&" | "||", ..) | Gh::Not(_) => None,
            Gh::Both(operator @ ("==" | "!="), a, b) => {
                let (a, b) = if matches!(**a, Gh::Text(_) | Gh::Truth(_) | Gh::Number(_)) { (b, a) } else { (a, b) };
                let made = self.equal(a, b)?;
                Some(if *operator == "!=" { not(made) } else { made })
            }
            Gh::Both(operator, ..) => self.no(format!("`{operator}` compares numbers, which contexts are not")),
            // Among alternatives it lets everything through, and GitHub asks for no outcome beside it.
            Gh::Call(name, _) if name == "always" => {
                self.is_always = true;
                Some(Part::Known(true))
            }
            Gh::Call(name, arguments) => self.call(name, arguments),
            Gh::Path(path) => self.set(path),
            Gh::Field(..) => self.no("a field of what a function gives has no match in a spec"),
            Gh::Text(text) => Some(Part::Known(!text.is_empty())),
            Gh::Number(number) => Some(Part::Known(number != "0")),
            Gh::Null => Some(Part::Known(false)),
        }
    }

    /// A context where GitHub asks whether it is anything.
    pub(super) fn set(&mut self, path: &[String]) -> Option<Part> {
        if self.scope.is_unset(path) {
            return Some(Part::Known(false));
        }
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        if let ["inputs", name] | ["github", "event", "inputs", name] = words.as_slice()
            && !self.scope.is_called()
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

    pub(super) fn equal(&mut self, a: &Gh, b: &Gh) -> Option<Part> {
        let Gh::Path(path) = a else {
            return match (a, b) {
                (Gh::Text(a), Gh::Text(b)) => Some(Part::Known(a.eq_ignore_ascii_case(b))),
                (Gh::Truth(a), Gh::Truth(b)) => Some(Part::Known(a == b)),
                _ => self.no("what is compared is no context"),
            };
        };
        if self.scope.is_unset(path) {
            // Nothing is the number 0 where it is compared with something else (docs.github.com, "Evaluate expressions").
            return match b {
                Gh::Text(text) => Some(Part::Known(text.is_empty())),
                Gh::Truth(truth) => Some(Part::Known(!truth)),
                Gh::Number(number) => Some(Part::Known(number == "0")),
                Gh::Null => Some(Part::Known(true)),
                _ => self.no("what is compared is no fixed value"),
            };
        }
        let lower = path.join(".").to_ascii_lowercase();
        let wanted = match b {
            Gh::Text(text) | Gh::Number(text) => text.clone(),
            Gh::Truth(truth) => {
                let own =
                    self.scope.inputs.get(path.last()?.as_str()).filter(|_| lower.contains("inputs.") && !self.scope.is_called());
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
            Gh::Null | Gh::Call(..) | Gh::Field(..) | Gh::Not(_) | Gh::Both(..) => {
                return self.no("what is compared is no fixed value");
            }
        };
        let inputs =
            self.scope.inputs.get(path.last()?.as_str()).filter(|_| lower.contains("inputs.") && !self.scope.is_called());
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
            "github.ref_type" if self.scope.has_unknown_ref() => {
                self.no("only the run knows the branch of an event of GitHub's own")
            }
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
                let is_number = ["run.attempt", "run.number", "pr.number"].contains(&context.as_str());
                if is_number && value.parse::<u32>().is_ok_and(|n| n.to_string() == value) {
                    return Some(Part::Text(format!("{context} == {value}"), 2));
                }
                Some(Part::Text(format!("{context} == '{value}'"), 2))
            }
        }
    }
}
