//! Whether a stage is entered: rules that look at variables of the run
//! (<https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-VariableCheck.html>). If all hold, the stage is entered; else
//! the result of the condition is done (<https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html>).

use crate::verify::aws::evaluate::Known;
use crate::verify::regex::Regex;
use crate::verify::yaml::Node;

/// The condition on the entry of a stage.
#[derive(Debug)]
pub(super) struct Condition {
    rules: Vec<Rule>,
    /// It is passed over where they do not hold; else the run fails.
    skips: bool,
}

#[derive(Debug)]
struct Rule {
    /// As `#{SourceVariables.BranchName}`.
    variable: String,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Is(String),
    IsNot(String),
    Contains(String),
    /// What matches the second is left out.
    Matches(Regex, Option<Regex>),
}

/// What a condition comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    Enter,
    Skip,
    Fail,
}

impl Condition {
    /// Reads `BeforeEntry`.
    ///
    /// # Errors
    /// What is not known here, with its line.
    pub(super) fn read(node: &Node) -> Result<Self, String> {
        let conditions = node.get("Conditions").map(Node::items).unwrap_or_default();
        let [condition] = conditions else { return Err(format!("line {}: one condition is expected", node.line)) };
        let skips = match condition.get("Result").and_then(Node::text) {
            Some("SKIP") => true,
            Some("FAIL") => false,
            other => return Err(format!("line {}: result {other:?} is not known here", condition.line)),
        };
        let rules = condition.get("Rules").map(Node::items).unwrap_or_default();
        let rules = rules.iter().map(Rule::read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { rules, skips })
    }

    /// What it comes to. Where only a run knows, `maybe` says whether the rules hold.
    ///
    /// # Errors
    /// A variable that the run does not have.
    pub(super) fn entry(&self, resolve: &dyn Fn(&str) -> Result<Known, String>, maybe: bool) -> Result<Entry, String> {
        let mut all = Some(true);
        for rule in &self.rules {
            let holds = resolve(&rule.variable)?.map(|value| rule.holds(&value));
            all = match (all, holds) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        Ok(match (all.unwrap_or(maybe), self.skips) {
            (true, _) => Entry::Enter,
            (false, true) => Entry::Skip,
            (false, false) => Entry::Fail,
        })
    }
}

impl Rule {
    fn read(node: &Node) -> Result<Self, String> {
        let fault = |e: String| format!("line {}: {e}", node.line);
        let text = |keys: &[&str]| node.path(keys).and_then(Node::text).unwrap_or_default().to_owned();
        let provider = text(&["RuleTypeId", "Provider"]);
        if provider != "VariableCheck" {
            return Err(fault(format!("rule `{provider}` is not known here")));
        }
        let value = text(&["Configuration", "Value"]);
        let test = match text(&["Configuration", "Operator"]).as_str() {
            "EQ" => Test::Is(value),
            "NE" => Test::IsNot(value),
            "CONTAINS" => Test::Contains(value),
            "MATCHES" => matches(&value).map_err(fault)?,
            other => return Err(fault(format!("operator `{other}` is not known here"))),
        };
        Ok(Self { variable: text(&["Configuration", "Variable"]), test })
    }

    fn holds(&self, value: &str) -> bool {
        match &self.test {
            Test::Is(text) => value == text,
            Test::IsNot(text) => value != text,
            Test::Contains(text) => value.contains(text),
            Test::Matches(regex, without) => regex.matches(value) && !without.as_ref().is_some_and(|w| w.matches(value)),
        }
    }
}

/// An expression of Java, of which a look ahead stands at the start only: `^(?!left out$)taken$`.
fn matches(text: &str) -> Result<Test, String> {
    let Some(rest) = text.strip_prefix("^(?!") else { return Ok(Test::Matches(Regex::new(text)?, None)) };
    let (mut depth, mut end) = (1, None);
    for (at, c) in rest.char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 {
            end = Some(at);
            break;
        }
    }
    let end = end.ok_or("a look ahead does not end")?;
    Ok(Test::Matches(Regex::new(&format!("^{}", &rest[end + 1..]))?, Some(Regex::new(&format!("^({})", &rest[..end]))?)))
}

#[cfg(test)]
mod tests {
    use super::{Rule, Test, matches};

    #[test]
    fn names_may_be_left_out() {
        for (expression, value, holds) in [
            ("^release/[^/]*$", "release/1", true),
            ("^release/[^/]*$", "release/1/2", false),
            ("^(?!main$).*$", "main", false),
            ("^(?!main$).*$", "mainly", true),
            ("^(?!(a|b)$)[a-c]$", "b", false),
            ("^(?!(a|b)$)[a-c]$", "c", true),
        ] {
            let rule = Rule { variable: String::new(), test: matches(expression).unwrap() };
            assert_eq!(rule.holds(value), holds, "{expression} {value}");
        }
        assert!(matches!(matches("x").unwrap(), Test::Matches(_, None)));
    }
}
