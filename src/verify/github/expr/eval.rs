//! What an expression gives.

use std::rc::Rc;

use crate::verify::behaviour::{OPAQUE, is_told};
use crate::verify::github::expr::function;
use crate::verify::github::expr::value::{Value, without_case};
use crate::verify::github::expr::{Expr, Operator};

/// Where an expression is read.
pub trait World {
    /// The value of a context, by its name in lower case.
    fn context(&self, name: &str) -> Value;
    /// What a status function says, by its name in lower case.
    fn status(&self, name: &str) -> bool;
}

/// The value of an expression.
///
/// # Errors
/// What an engine would stop at: JSON that is none, a pattern of `format` that is none.
pub fn eval(expr: &Expr, world: &dyn World) -> Result<Value, String> {
    let inner = |e: &Expr| eval(e, world);
    Ok(match expr {
        Expr::Literal(value) => value.clone(),
        Expr::Context(name) => world.context(name),
        Expr::Index(base, key) => match base.as_ref() {
            Expr::Star(_) => filtered(&inner(base)?, &inner(key)?),
            Expr::Index(..) if is_filtered(base) => filtered(&inner(base)?, &inner(key)?),
            _ => index(&inner(base)?, &inner(key)?),
        },
        Expr::Star(base) => {
            let value = inner(base)?;
            if is_filtered(base) { all_of_all(&value) } else { all(&value) }
        }
        Expr::Not(a) => inner(a)?.truth().map_or(Value::Unknown, |t| Value::Bool(!t)),
        Expr::And(a, b) => {
            let left = inner(a)?;
            match left.truth() {
                Some(false) => left,
                Some(true) => inner(b)?,
                None if inner(b)?.truth() == Some(false) => Value::Bool(false),
                None => Value::Unknown,
            }
        }
        Expr::Or(a, b) => {
            let left = inner(a)?;
            match left.truth() {
                Some(true) => left,
                Some(false) => inner(b)?,
                None if inner(b)?.truth() == Some(true) => Value::Bool(true),
                None => Value::Unknown,
            }
        }
        Expr::Compare(operator, a, b) => compare(*operator, &inner(a)?, &inner(b)?),
        Expr::Call(name, _) if super::STATUS_FUNCTIONS.contains(&name.as_str()) => Value::Bool(world.status(name)),
        Expr::Call(name, arguments) if name == "case" => {
            for pair in arguments.chunks(2) {
                match pair {
                    [condition, value] => match inner(condition)? {
                        Value::Bool(true) => return inner(value),
                        Value::Bool(false) => {}
                        Value::Unknown => return Ok(Value::Unknown),
                        _ => return Err("a predicate of `case` is no boolean".to_owned()),
                    },
                    [otherwise] => return inner(otherwise),
                    _ => {}
                }
            }
            Value::Null
        }
        Expr::Call(name, arguments) => {
            let values = arguments.iter().map(inner).collect::<Result<Vec<_>, _>>()?;
            let unknown = |v: &Value| match v {
                Value::String(text) => text.starts_with(OPAQUE),
                other => matches!(other, Value::Unknown),
            };
            if values.iter().any(unknown) {
                return Ok(Value::Unknown);
            }
            function::call(name, &values)?
        }
    })
}

/// Whether an expression gives what a `*` lets through, so that the next name is looked up in each.
fn is_filtered(expr: &Expr) -> bool {
    match expr {
        Expr::Star(_) => true,
        Expr::Index(base, _) => is_filtered(base),
        _ => false,
    }
}

fn index(base: &Value, key: &Value) -> Value {
    match (base, key) {
        (Value::Unknown, _) | (Value::Object(_) | Value::Array(_), Value::Unknown) => Value::Unknown,
        (Value::Object(object), key) if !key.is_collection() => object.get(&key.shown()),
        (Value::Array(items), key) if !key.is_collection() => {
            let at = key.number();
            let at = if at.is_nan() || at < 0.0 { None } else { Some(at.trunc() as usize) };
            at.and_then(|at| items.get(at)).cloned().unwrap_or(Value::Null)
        }
        _ => Value::Null,
    }
}

/// A name looked up in each item; items without it fall out.
fn filtered(base: &Value, key: &Value) -> Value {
    let Value::Array(items) = base else { return if matches!(base, Value::Unknown) { Value::Unknown } else { Value::Null } };
    let found = items.iter().filter_map(|item| match (item, key) {
        (Value::Object(object), key) if !key.is_collection() => {
            let name = key.shown();
            let has = object.open || object.rows.iter().any(|(k, _)| k.eq_ignore_ascii_case(&name));
            has.then(|| object.get(&name))
        }
        (Value::Array(list), key) if !key.is_collection() => {
            let at = key.number();
            if at.is_nan() || at < 0.0 { None } else { list.get(at.trunc() as usize).cloned() }
        }
        _ => None,
    });
    Value::Array(Rc::new(found.collect()))
}

fn all(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(Rc::clone(items)),
        Value::Object(object) if object.open => Value::Unknown,
        Value::Object(object) => Value::Array(Rc::new(object.rows.iter().map(|(_, v)| v.clone()).collect())),
        Value::Unknown => Value::Unknown,
        _ => Value::Array(Rc::new(Vec::new())),
    }
}

fn all_of_all(value: &Value) -> Value {
    let Value::Array(items) = value else { return all(value) };
    let mut found = Vec::new();
    for item in items.iter() {
        if let Value::Array(inner) = all(item) {
            found.extend(inner.iter().cloned());
        }
    }
    Value::Array(Rc::new(found))
}

/// Text is compared without regard to case; values of two kinds as numbers; lists and objects by identity.
fn compare(operator: Operator, left: &Value, right: &Value) -> Value {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (Value::Unknown, _) | (_, Value::Unknown) => return Value::Unknown,
        (Value::String(a), Value::String(b)) if !is_told(a, b) => return Value::Unknown,
        (Value::String(a), Value::String(b)) => Some(without_case(a).cmp(&without_case(b))),
        (Value::Array(a), Value::Array(b)) => Rc::ptr_eq(a, b).then_some(Ordering::Equal),
        (Value::Object(a), Value::Object(b)) => Rc::ptr_eq(a, b).then_some(Ordering::Equal),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (a, b) => a.number().partial_cmp(&b.number()),
    };
    Value::Bool(match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        Operator::Less => order == Some(Ordering::Less),
        Operator::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::More => order == Some(Ordering::Greater),
        Operator::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}

/// Whether two values are equal, as `==` has it.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    matches!(compare(Operator::Equal, left, right), Value::Bool(true))
}
