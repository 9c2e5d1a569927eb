//! `when`: on what a stage depends, as a condition of a spec.

use crate::front::ledger::Fate;
use crate::front::logic::{Part, and, asked, not, or};

use super::text;
use super::tree::{Item, Value};
use super::work::Work;

/// Deepest nesting of parentheses in an expression.
const MAX_DEPTH: usize = 30;

/// The condition of a stage. What cannot be said stands in the spec as it was, so that `check` stops there.
pub(super) fn condition(work: &mut Work<'_>, item: &Item) -> Part {
    work.mark(item, Fate::Exact);
    item.items().iter().fold(Part::Known(true), |part, inner| and(part, one(work, inner)))
}

/// Why a condition stands in the spec as it was.
fn left(work: &mut Work<'_>, item: &Item, why: &str) -> Part {
    work.lose(item, why);
    let text: String = item.text.split_whitespace().collect::<Vec<_>>().join(" ");
    asked(format!("({text})"))
}

fn one(work: &mut Work<'_>, item: &Item) -> Part {
    work.mark(item, Fate::Exact);
    let all = |work: &mut Work<'_>, start: bool, join: fn(Part, Part) -> Part| {
        item.items().iter().fold(Part::Known(start), |part, inner| join(part, one(work, inner)))
    };
    match item.name.as_str() {
        "allOf" => all(work, true, and),
        "anyOf" => all(work, false, or),
        "not" => not(all(work, true, and)),
        "beforeAgent" | "beforeInput" | "beforeOptions" => {
            work.turn(item, "a job is left out before anything of it starts");
            Part::Known(true)
        }
        "branch" => pattern(work, item, "commit.branch", true),
        "tag" => pattern(work, item, "commit.tag", true),
        "buildingTag" => work.kind("tag"),
        "changeRequest" => {
            let mut part = work.kind("pull-request");
            for (key, context) in [("target", "pr.target"), ("branch", "pr.source"), ("title", "pr.title"), ("id", "pr.number")] {
                if let Some(value) = item.arg(key).and_then(Value::plain) {
                    part = and(part, compared(context, &value, item.arg("comparator").and_then(Value::plain).as_deref(), false));
                }
            }
            work.carry(item);
            if item.args.iter().any(|a| matches!(a.name.as_deref(), Some("author" | "authorEmail" | "url" | "fork"))) {
                return left(work, item, "a spec does not tell pull requests by that");
            }
            part
        }
        "triggeredBy" => {
            let cause = item.first().or_else(|| item.arg("cause")).and_then(Value::plain).unwrap_or_default();
            match cause.as_str() {
                "TimerTrigger" | "TimerTriggerCause" => work.kind("schedule"),
                "UserIdCause" if item.arg("detail").is_none() => work.kind("manual"),
                "SCMTrigger" | "BranchEventCause" => work.kind("push"),
                _ => left(work, item, "a spec has no such cause of a run"),
            }
        }
        "environment" => {
            let name = item.arg("name").and_then(Value::plain).unwrap_or_default();
            let value = item.arg("value").and_then(Value::plain).unwrap_or_default();
            work.carry(item);
            match (work.known.get(&name).cloned(), text::context(&name)) {
                (Some(known), _) => Part::Known(known == value),
                (None, Some(context)) => asked(format!("{context} == '{value}'")),
                (None, None) => match work.axes.get(&name) {
                    Some(axis) => asked(format!("matrix.{axis} == '{value}'")),
                    None => {
                        left(work, item, "the value of the variable is known in the run alone: say an `input` or a `variable`")
                    }
                },
            }
        }
        "equals" => {
            let (expected, actual) = (item.arg("expected").cloned(), item.arg("actual").cloned());
            match (expected.as_ref().and_then(operand_of), actual.as_ref().and_then(operand_of)) {
                (Some(a), Some(b)) => {
                    let code = format!("{b} == {a}");
                    work.carry(item);
                    expression(work, &code).unwrap_or_else(|why| left(work, item, &why))
                }
                _ => left(work, item, "what it compares is known in the run alone"),
            }
        }
        "expression" => {
            let code = item.items().iter().map(|i| i.text.as_str()).collect::<Vec<_>>().join("\n");
            let plain: String =
                code.lines().map(|l| l.split("//").next().unwrap_or_default().trim()).collect::<Vec<_>>().join(" ");
            let last = plain.rsplit("return ").next().unwrap_or(&plain).trim_end_matches(';').trim().to_owned();
            let one = plain.matches("return ").count() <= 1 && !plain.contains("if ") && !plain.contains("if(");
            let before = plain.split("return ").next().unwrap_or_default();
            let harmless =
                !plain.contains("return ") || before.split(';').all(|p| p.trim().is_empty() || p.trim().starts_with("echo"));
            let made = if one && harmless { expression(work, &last) } else { Err("it is a script of Jenkins".to_owned()) };
            match made {
                Ok(part) => {
                    work.carry(item);
                    part
                }
                Err(why) => left(work, item, &why),
            }
        }
        "changeset" | "changelog" => left(work, item, "say the files as `paths` of the events: a condition does not know them"),
        _ => left(work, item, "a spec has no such condition"),
    }
}

/// `branch 'release/*'`
fn pattern(work: &mut Work<'_>, item: &Item, context: &str, glob: bool) -> Part {
    work.carry(item);
    let value = item.first().or_else(|| item.arg("pattern")).and_then(Value::plain);
    let comparator = item.arg("comparator").and_then(Value::plain);
    match (value, comparator.as_deref()) {
        (Some(value), Some("REGEXP")) => match simple_pattern(&value) {
            Some(glob) => compared(context, &glob, None, true),
            None => left(work, item, "the pattern says more than a glob of a spec can"),
        },
        (Some(value), comparator) if !value.contains('\'') => compared(context, &value, comparator, glob),
        _ => left(work, item, "what it compares is known in the run alone"),
    }
}

/// A pattern of whole names as a glob, where it is that simple.
fn simple_pattern(pattern: &str) -> Option<String> {
    let inner = pattern.trim_start_matches('^').trim_end_matches('$').replace("\\.", "\u{1}").replace(".*", "\u{2}");
    let alternatives = inner.strip_prefix('(').and_then(|i| i.strip_suffix(')')).filter(|i| !i.contains(['(', ')']));
    let inner = alternatives.map_or_else(|| inner.clone(), |a| format!("{{{}}}", a.replace('|', ",")));
    let bad = inner.contains(['+', '?', '[', ']', '(', ')', '|', '^', '$', '\\', '*', '.', '\'']);
    (!bad).then(|| inner.replace('\u{1}', ".").replace('\u{2}', "**"))
}

fn compared(context: &str, value: &str, comparator: Option<&str>, glob: bool) -> Part {
    let is_pattern = value.contains(['*', '?', '{', '[']) && (glob || comparator == Some("GLOB")) && comparator != Some("EQUALS");
    // `*` of Jenkins takes no slash, as the one of a spec.
    asked(if is_pattern { format!("{context} matches '{value}'") } else { format!("{context} == '{value}'") })
}

/// A value as an operand of an expression.
fn operand_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(_) => value.plain().filter(|t| !t.contains('\'')).map(|t| format!("'{t}'")),
        Value::Word(word) => Some(word.clone()),
        Value::Code(code) => Some(code.clone()),
        Value::Call(..) | Value::List(_) => None,
    }
}

/// An expression of Groovy that compares what a spec knows.
fn expression(work: &Work<'_>, code: &str) -> Result<Part, String> {
    let mut reader = Reader { work, rest: code.trim(), depth: 0 };
    let part = reader.or()?;
    if reader.rest.is_empty() { Ok(part) } else { Err("it is a script of Jenkins".to_owned()) }
}

struct Reader<'r, 'w> {
    work: &'r Work<'w>,
    rest: &'r str,
    depth: usize,
}

impl Reader<'_, '_> {
    fn take(&mut self, symbol: &str) -> bool {
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn or(&mut self) -> Result<Part, String> {
        let mut part = self.and()?;
        while self.take("||") {
            part = or(part, self.and()?);
        }
        Ok(part)
    }

    fn and(&mut self) -> Result<Part, String> {
        let mut part = self.one()?;
        while self.take("&&") {
            part = and(part, self.one()?);
        }
        Ok(part)
    }

    fn one(&mut self) -> Result<Part, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deep".to_owned());
        }
        let made = if !self.rest.starts_with("!=") && self.take("!") {
            not(self.one()?)
        } else if self.take("(") {
            let part = self.or()?;
            if !self.take(")") {
                return Err("it is a script of Jenkins".to_owned());
            }
            part
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(made)
    }

    fn comparison(&mut self) -> Result<Part, String> {
        let a = self.operand()?;
        for operator in ["==", "!="] {
            if self.take(operator) {
                let b = self.operand()?;
                let part = match (&a, &b) {
                    (Operand::Text(a), Operand::Text(b)) => Part::Known(a == b),
                    (Operand::Context(c, true), Operand::Text(t)) | (Operand::Text(t), Operand::Context(c, true)) => {
                        let is = Part::Text(c.clone(), 3);
                        if t == "true" { is } else { not(is) }
                    }
                    (Operand::Context(c, _), Operand::Text(t)) | (Operand::Text(t), Operand::Context(c, _)) => {
                        asked(format!("{c} == '{t}'"))
                    }
                    (Operand::Context(a, _), Operand::Context(b, _)) => asked(format!("{a} == {b}")),
                };
                return Ok(if operator == "!=" { not(part) } else { part });
            }
        }
        match a {
            Operand::Text(text) => Ok(Part::Known(text == "true")),
            Operand::Context(context, true) => Ok(Part::Text(context, 3)),
            Operand::Context(context, false) => Ok(asked(format!("{context} != ''"))),
        }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let refused = || "what it compares is known in the run alone".to_owned();
        for quote in ['\'', '"'] {
            if let Some(inner) = self.rest.strip_prefix(quote) {
                let end = inner.find(quote).ok_or_else(refused)?;
                let text = inner[..end].to_owned();
                if text.contains(['$', '\'', '\\']) {
                    return Err(refused());
                }
                self.rest = inner[end + 1..].trim_start();
                return Ok(Operand::Text(text));
            }
        }
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() || rest.starts_with('(') {
            return Err(refused());
        }
        self.rest = rest.trim_start();
        if matches!(word, "true" | "false") || word.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Operand::Text(word.to_owned()));
        }
        if let Some((input, truth)) = word.strip_prefix("params.").and_then(|p| self.work.inputs.get(p)) {
            return Ok(Operand::Context(format!("input.{input}"), *truth));
        }
        let name = word.strip_prefix("env.").unwrap_or(word);
        if let Some(known) = self.work.known.get(name) {
            return Ok(Operand::Text(known.clone()));
        }
        if let Some(axis) = self.work.axes.get(name) {
            return Ok(Operand::Context(format!("matrix.{axis}"), false));
        }
        text::context(name).map(|c| Operand::Context(c.to_owned(), false)).ok_or_else(refused)
    }
}

enum Operand {
    Text(String),
    /// A context, and whether it is a truth value.
    Context(String, bool),
}

#[cfg(test)]
mod tests {
    use super::simple_pattern;

    #[test]
    fn simple_patterns_are_globs() {
        assert_eq!(simple_pattern("release/.*").as_deref(), Some("release/**"));
        assert_eq!(simple_pattern("^(main|develop)$").as_deref(), Some("{main,develop}"));
        assert_eq!(simple_pattern(r"v\d+"), None);
    }
}
