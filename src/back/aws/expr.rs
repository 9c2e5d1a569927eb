//! Conditions of the language as tests of the shell.

use crate::back::aws::place::Place;
use crate::back::shell::single_quoted;
use crate::back::variables::{Value, Variables};
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal};
use crate::ir::text::{Context, RunField};

/// How tightly a test binds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tie {
    Any,
    All,
    One,
}

/// A condition as a command that succeeds if it holds.
pub(super) fn test(expr: &Expr, place: &Place<'_>) -> String {
    part(expr, place, true).0
}

/// The same, to stand beside others behind `&&`.
pub(super) fn operand(expr: &Expr, place: &Place<'_>) -> String {
    match part(expr, place, true) {
        (text, Tie::Any) => format!("{{ {text}; }}"),
        (text, Tie::All | Tie::One) => text,
    }
}

fn part(expr: &Expr, place: &Place<'_>, positive: bool) -> (String, Tie) {
    let (is, is_not) = if positive { ("=", "!=") } else { ("!=", "=") };
    match &expr.kind {
        ExprKind::Literal(Literal::Bool(value)) => ((*value == positive).to_string(), Tie::One),
        ExprKind::Literal(literal) => (single_quoted(&literal.shown()), Tie::One),
        ExprKind::Not(inner) => part(inner, place, !positive),
        ExprKind::And(a, b) => both([part(a, place, positive), part(b, place, positive)], positive),
        ExprKind::Or(a, b) => both([part(a, place, positive), part(b, place, positive)], !positive),
        ExprKind::Context(_) => (format!("[ {} {is} true ]", word(expr, place)), Tie::One),
        ExprKind::Compare(how @ (Comparison::Equal | Comparison::NotEqual), a, b) => {
            let sign = if *how == Comparison::Equal { is } else { is_not };
            if let Some(known) = event(a, b, place) {
                return ((known == (sign == "=")).to_string(), Tie::One);
            }
            (format!("[ {} {sign} {} ]", word(a, place), word(b, place)), Tie::One)
        }
        ExprKind::Compare(how, a, b) => {
            let sign = how.sign();
            let not = if positive { "" } else { "! " };
            let (a, b) = (word(a, place), word(b, place));
            (format!("{not}awk -v a={a} -v b={b} 'BEGIN {{ exit !(a + 0 {sign} b + 0) }}'"), Tie::One)
        }
        ExprKind::Matches(inner, glob) => {
            let left = word(inner, place);
            if let Some(name) = glob.value.is_literal() {
                return (format!("[ {left} {is} {} ]", single_quoted(name)), Tie::One);
            }
            let not = if positive { "" } else { "! " };
            let test = format!("{not}printf '%s\\n' {left} | grep -Eq {}", single_quoted(&glob.value.to_regex()));
            // A name that the event has not is empty, and is like nothing.
            match (glob.value.matches(""), positive) {
                (false, _) => (test, Tie::One),
                (true, true) => (format!("[ -n {left} ] && {test}"), Tie::All),
                (true, false) => (format!("[ -z {left} ] || {test}"), Tie::Any),
            }
        }
        ExprKind::In(inner, list) => {
            let left = word(inner, place);
            let tests: Vec<String> =
                list.iter().map(|l| format!("[ {left} {is} {} ]", single_quoted(&l.value.shown()))).collect();
            let tie = match tests.len() {
                1 => Tie::One,
                _ if positive => Tie::Any,
                _ => Tie::All,
            };
            (tests.join(if positive { " || " } else { " && " }), tie)
        }
    }
}

/// Whether the job's only kind of event is the one that is asked for.
fn event(a: &Expr, b: &Expr, place: &Place<'_>) -> Option<bool> {
    let (ExprKind::Context(Context::Run(RunField::Event)), ExprKind::Literal(Literal::String(asked))) = (&a.kind, &b.kind) else {
        return None;
    };
    match place.value(&Context::Run(RunField::Event)) {
        Value::Fixed(kind) => Some(kind == *asked),
        Value::Variable(_) | Value::Derived(..) => None,
    }
}

/// The shell gives `&&` and `||` one rank: a mixture needs braces.
fn both(parts: [(String, Tie); 2], all: bool) -> (String, Tie) {
    let tie = if all { Tie::All } else { Tie::Any };
    let texts = parts.map(|(text, inner)| if inner == Tie::One || inner == tie { text } else { format!("{{ {text}; }}") });
    (texts.join(if all { " && " } else { " || " }), tie)
}

/// A side of a comparison as a word of the shell. A variable that no event sets is empty there, and equals nothing that a spec can name.
fn word(expr: &Expr, place: &Place<'_>) -> String {
    match &expr.kind {
        ExprKind::Literal(literal) => single_quoted(&literal.shown()),
        ExprKind::Context(context) => match place.value(context) {
            Value::Fixed(text) => single_quoted(&text),
            Value::Variable(name) | Value::Derived(name, _) => format!("\"${{{name}:-}}\""),
        },
        _ => "''".to_owned(),
    }
}
