//! Conditions of the language as `rules:if` and as tests of the shell.

use crate::back::gitlab::boolean::Formula;
use crate::back::gitlab::regex;
use crate::back::gitlab::value::{Place, input_text, kind_test, word};
use crate::back::variables::{self, Value, Variables};
use crate::base::failure::Failure;
use crate::base::span::Spanned;
use crate::ir::event::{EventKind, Input};
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal};
use crate::ir::text::{CommitField, Context, Part, RunField};

/// A condition on one kind of event, for `rules:if`.
pub(super) struct Rules<'p> {
    /// The job.
    pub(super) place: Place<'p>,
    /// The kind of event: it decides which contexts have a value.
    pub(super) kind: EventKind,
}

/// A side of a comparison.
enum Operand {
    /// Has no value on this kind of event.
    Undefined,
    /// Known now.
    Fixed(Literal),
    /// Known when the pipeline is made.
    Variable(String),
}

impl Rules<'_> {
    /// The formula of a condition, or of its opposite.
    ///
    /// # Errors
    /// For what GitLab cannot compare when it makes the pipeline; the plan refuses those before.
    pub(super) fn formula(&self, expr: &Expr, positive: bool) -> Result<Formula, Failure> {
        Ok(match &expr.kind {
            ExprKind::Literal(Literal::Bool(value)) => Formula::of(*value == positive),
            ExprKind::Literal(_) => return Err(beyond("a value that is no condition")),
            ExprKind::Not(inner) => self.formula(inner, !positive)?,
            ExprKind::And(a, b) if positive => self.formula(a, true)?.and(self.formula(b, true)?),
            ExprKind::And(a, b) => self.formula(a, false)?.or(self.formula(b, false)?),
            ExprKind::Or(a, b) if positive => self.formula(a, true)?.or(self.formula(b, true)?),
            ExprKind::Or(a, b) => self.formula(a, false)?.and(self.formula(b, false)?),
            ExprKind::Context(_) => match self.operand(expr)? {
                Operand::Undefined => Formula::of(!positive),
                Operand::Fixed(literal) => Formula::of((literal == Literal::Bool(true)) == positive),
                Operand::Variable(name) => Formula::Test(format!("${name} {} \"true\"", if positive { "==" } else { "!=" })),
            },
            ExprKind::Compare(how, a, b) => self.compare(*how, a, b, positive)?,
            ExprKind::Matches(inner, glob) => match self.operand(inner)? {
                Operand::Undefined => Formula::of(!positive),
                Operand::Fixed(literal) => Formula::of(glob.value.matches(&literal.shown()) == positive),
                Operand::Variable(name) => Formula::Test(regex::compare(&name, &[&glob.value], positive)),
            },
            ExprKind::In(inner, list) => match self.operand(inner)? {
                Operand::Undefined => Formula::of(!positive),
                Operand::Fixed(literal) => Formula::of(list.iter().any(|l| l.value == literal) == positive),
                Operand::Variable(name) => {
                    let texts: Vec<String> = list.iter().map(|l| l.value.shown()).collect();
                    Formula::Test(regex::one_of(&name, &texts, positive))
                }
            },
        })
    }

    fn compare(&self, how: Comparison, a: &Expr, b: &Expr, positive: bool) -> Result<Formula, Failure> {
        let (left, right) = (self.operand(a)?, self.operand(b)?);
        let equal = match how {
            Comparison::Equal => positive,
            Comparison::NotEqual => !positive,
            Comparison::Less | Comparison::AtMost | Comparison::More | Comparison::AtLeast => {
                return match (left, right) {
                    (Operand::Fixed(x), Operand::Fixed(y)) => Ok(Formula::of(ordered(how, &x, &y) == positive)),
                    (Operand::Undefined, _) | (_, Operand::Undefined) => Ok(Formula::of(!positive)),
                    _ => Err(beyond("a comparison of sizes")),
                };
            }
        };
        let sign = if equal { "==" } else { "!=" };
        Ok(match (left, right) {
            (Operand::Undefined, _) | (_, Operand::Undefined) => Formula::of(!equal),
            (Operand::Fixed(x), Operand::Fixed(y)) => Formula::of((x == y) == equal),
            (Operand::Variable(x), Operand::Variable(y)) => Formula::Test(format!("${x} {sign} ${y}")),
            (Operand::Variable(name), Operand::Fixed(literal)) | (Operand::Fixed(literal), Operand::Variable(name)) => {
                Formula::Test(regex::one_of(&name, &[literal.shown()], equal))
            }
        })
    }

    fn operand(&self, expr: &Expr) -> Result<Operand, Failure> {
        let context = match &expr.kind {
            ExprKind::Literal(literal) => return Ok(Operand::Fixed(literal.clone())),
            ExprKind::Context(context) => context,
            _ => return Err(beyond("a condition inside a comparison")),
        };
        if !is_given(context, self.kind) {
            return Ok(Operand::Undefined);
        }
        match context {
            Context::Run(RunField::Event) => Ok(Operand::Fixed(Literal::String(self.kind.word().to_owned()))),
            Context::Input(name) => Ok(self.input(name)),
            Context::Value(id) => {
                let value = self.place.plan.pipeline.values.get(id.index());
                let arm = value
                    .and_then(|v| v.arms.iter().find(|(k, _)| k.value == self.kind).map(|(_, t)| t).or(v.otherwise.as_ref()));
                match arm.map(|t| t.parts.as_slice()) {
                    None if value.is_none_or(|v| v.github.is_none()) => Ok(Operand::Undefined),
                    None | Some([]) => Ok(Operand::Fixed(Literal::String(String::new()))),
                    Some([Part::Literal(text)]) => Ok(Operand::Fixed(Literal::String(text.clone()))),
                    Some([Part::Context(inner)]) => {
                        self.operand(&Expr { kind: ExprKind::Context(inner.value.clone()), span: inner.span })
                    }
                    Some(_) => Err(beyond("a value made of several parts")),
                }
            }
            other => match self.place.value(other) {
                Value::Fixed(text) => Ok(Operand::Fixed(Literal::String(text))),
                Value::Variable(name) => Ok(Operand::Variable(name)),
                Value::Derived(..) => Err(beyond("a value that only a script can work out")),
            },
        }
    }

    /// Where nobody can give an input, it is its default.
    fn input(&self, name: &str) -> Operand {
        let found = self.place.workflow.workflow.inputs.iter().find(|i| i.name.value == name);
        match (found, self.kind) {
            (Some(_), EventKind::Manual) => Operand::Variable(variables::input(name)),
            (Some(Input { default: Some(default), .. }), _) => Operand::Fixed(match &default.value {
                crate::ir::event::InputValue::Bool(value) => Literal::Bool(*value),
                crate::ir::event::InputValue::Number(number) => Literal::Number(*number),
                text @ crate::ir::event::InputValue::String(_) => Literal::String(input_text(text)),
            }),
            _ => Operand::Undefined,
        }
    }
}

/// Whether an event of a kind gives a context a value.
pub(super) fn is_given(context: &Context, kind: EventKind) -> bool {
    match context {
        Context::Commit(CommitField::Branch) => matches!(kind, EventKind::Push | EventKind::Schedule | EventKind::Manual),
        Context::Commit(CommitField::Tag) => matches!(kind, EventKind::Tag | EventKind::Release),
        Context::Commit(CommitField::Ref) => kind != EventKind::PullRequest,
        Context::Pr(_) => kind == EventKind::PullRequest,
        _ => true,
    }
}

fn beyond(what: &str) -> Failure {
    Failure::Internal(format!("the plan for gitlab holds {what} in a condition that GitLab must decide before jobs run"))
}

fn ordered(how: Comparison, x: &Literal, y: &Literal) -> bool {
    let order = match (x, y) {
        (Literal::Number(x), Literal::Number(y)) => x.cmp(y),
        (Literal::Duration(x), Literal::Duration(y)) => x.cmp(y),
        _ => return false,
    };
    match how {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::More => order.is_gt(),
        Comparison::AtLeast => order.is_ge(),
    }
}

/// How tightly a shell test binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tie {
    Any,
    All,
    One,
}

/// A condition as a command that succeeds if it holds.
pub(super) fn shell(expr: &Expr, place: &Place<'_>) -> String {
    shell_part(expr, place, true).0
}

fn shell_part(expr: &Expr, place: &Place<'_>, positive: bool) -> (String, Tie) {
    match &expr.kind {
        ExprKind::Literal(Literal::Bool(value)) => ((*value == positive).to_string(), Tie::One),
        ExprKind::Literal(literal) => (word(&literal.shown()), Tie::One),
        ExprKind::Not(inner) => shell_part(inner, place, !positive),
        ExprKind::And(a, b) => both(expr_pair(a, b, place, positive), positive),
        ExprKind::Or(a, b) => both(expr_pair(a, b, place, positive), !positive),
        ExprKind::Context(_) => (test(&shell_word(expr, place), if positive { "=" } else { "!=" }, "true"), Tie::One),
        ExprKind::Compare(how, a, b) => compare(*how, a, b, place, positive),
        ExprKind::Matches(inner, glob) => {
            let left = shell_word(inner, place);
            if let Some(name) = glob.value.is_literal() {
                return (test(&left, if positive { "=" } else { "!=" }, &word(name)), Tie::One);
            }
            let not = if positive { "" } else { "! " };
            (format!("{not}printf '%s\\n' {left} | grep -Eq {}", word(&glob.value.to_regex())), Tie::One)
        }
        ExprKind::In(inner, list) => {
            let left = shell_word(inner, place);
            let sign = if positive { "=" } else { "!=" };
            let tests: Vec<String> = list.iter().map(|l: &Spanned<Literal>| test(&left, sign, &word(&l.value.shown()))).collect();
            let tie = if tests.len() == 1 {
                Tie::One
            } else if positive {
                Tie::Any
            } else {
                Tie::All
            };
            (tests.join(if positive { " || " } else { " && " }), tie)
        }
    }
}

fn expr_pair(a: &Expr, b: &Expr, place: &Place<'_>, positive: bool) -> [(String, Tie); 2] {
    [shell_part(a, place, positive), shell_part(b, place, positive)]
}

/// The shell gives `&&` and `||` one rank: a mixture needs braces.
fn both(parts: [(String, Tie); 2], all: bool) -> (String, Tie) {
    let tie = if all { Tie::All } else { Tie::Any };
    let texts = parts.map(|(text, inner)| if inner == Tie::One || inner == tie { text } else { format!("{{ {text}; }}") });
    (texts.join(if all { " && " } else { " || " }), tie)
}

fn compare(how: Comparison, a: &Expr, b: &Expr, place: &Place<'_>, positive: bool) -> (String, Tie) {
    if let Some(found) = event_test(how, a, b, place, positive) {
        return found;
    }
    let (left, right) = (shell_word(a, place), shell_word(b, place));
    let sign = how.sign();
    match how {
        Comparison::Equal | Comparison::NotEqual => {
            let equal = (how == Comparison::Equal) == positive;
            (test(&left, if equal { "=" } else { "!=" }, &right), Tie::One)
        }
        Comparison::Less | Comparison::AtMost | Comparison::More | Comparison::AtLeast => {
            let not = if positive { "" } else { "! " };
            (format!("{not}awk -v a={left} -v b={right} 'BEGIN {{ exit !(a + 0 {sign} b + 0) }}'"), Tie::One)
        }
    }
}

/// `run.event == 'tag'` by GitLab's own variables.
fn event_test(how: Comparison, a: &Expr, b: &Expr, place: &Place<'_>, positive: bool) -> Option<(String, Tie)> {
    let equal = match how {
        Comparison::Equal => positive,
        Comparison::NotEqual => !positive,
        _ => return None,
    };
    let (ExprKind::Context(Context::Run(RunField::Event)), ExprKind::Literal(Literal::String(word))) = (&a.kind, &b.kind) else {
        return None;
    };
    // Any other word is the name of an event that GitLab lacks.
    let kind = EventKind::parse(word).unwrap_or(EventKind::Raw);
    let kinds = place.kinds();
    if kinds.len() == 1 || !kinds.contains(&kind) {
        return Some((((kinds.contains(&kind)) == equal).to_string(), Tie::One));
    }
    let sign = if equal { "=" } else { "!=" };
    let source = "\"$CI_PIPELINE_SOURCE\"";
    Some(match kind {
        EventKind::PullRequest => (test(source, sign, "merge_request_event"), Tie::One),
        EventKind::Schedule => (test(source, sign, "schedule"), Tie::One),
        EventKind::Tag | EventKind::Release if !kinds.contains(&EventKind::Manual) => {
            (format!("[ {} \"$CI_COMMIT_TAG\" ]", if equal { "-n" } else { "-z" }), Tie::One)
        }
        EventKind::Push if !kinds.contains(&EventKind::Tag) && !kinds.contains(&EventKind::Release) => {
            (test(source, sign, "push"), Tie::One)
        }
        EventKind::Push | EventKind::Tag | EventKind::Release | EventKind::Manual | EventKind::Raw => {
            let test = kind_test(kind, &kinds);
            let tie = if kind == EventKind::Manual { Tie::One } else { Tie::All };
            if equal { (test, tie) } else { (format!("! {{ {test}; }}"), Tie::One) }
        }
    })
}

fn test(left: &str, sign: &str, right: &str) -> String {
    format!("[ {left} {sign} {right} ]")
}

/// A side of a comparison as a word of the shell.
fn shell_word(expr: &Expr, place: &Place<'_>) -> String {
    match &expr.kind {
        ExprKind::Literal(literal) => word(&literal.shown()),
        ExprKind::Context(context) => match place.value(context) {
            Value::Fixed(text) => word(&text),
            Value::Variable(name) | Value::Derived(name, _) => format!("\"${name}\""),
        },
        _ => "''".to_owned(),
    }
}
