//! The values of GitHub's expressions, and how one becomes another.

use std::rc::Rc;

use crate::verify::github::expr::lex::number;

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, and what is not there.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text.
    String(String),
    /// A list; two are equal only if they are one.
    Array(Rc<Vec<Value>>),
    /// Names and values, names without regard to case; two are equal only if they are one.
    Object(Rc<Object>),
    /// What only a run knows.
    Unknown,
}

/// Names and values, in order.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// What is in it.
    pub rows: Vec<(String, Value)>,
    /// Whether a name that is not in it may have a value that only a run knows.
    pub open: bool,
}

impl Value {
    /// Text.
    pub fn text(text: &str) -> Self {
        Self::String(text.to_owned())
    }

    /// Names and values; `open` as in [`Object::open`].
    pub fn object(rows: Vec<(String, Self)>, open: bool) -> Self {
        Self::Object(Rc::new(Object { rows, open }))
    }

    /// Whether it counts as true; `None` where only a run knows.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Bool(value) => Some(*value),
            Self::Number(value) => Some(*value != 0.0 && !value.is_nan()),
            Self::String(text) => Some(!text.is_empty()),
            Self::Array(_) | Self::Object(_) => Some(true),
            Self::Unknown => None,
        }
    }

    /// As a number, to be compared.
    pub fn number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(value) => *value,
            Self::String(text) => {
                let text = text.trim();
                if text.is_empty() { 0.0 } else { number(text).unwrap_or(f64::NAN) }
            }
            Self::Array(_) | Self::Object(_) | Self::Unknown => f64::NAN,
        }
    }

    /// As text.
    pub fn shown(&self) -> String {
        match self {
            Self::Null | Self::Unknown => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => shown_number(*value),
            Self::String(text) => text.clone(),
            Self::Array(_) => "Array".to_owned(),
            Self::Object(_) => "Object".to_owned(),
        }
    }

    /// Whether it is a list or an object, which no text equals.
    pub fn is_collection(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// The value of a JSON document.
    pub fn of_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(value) => Self::Number(value.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(text) => Self::text(text),
            serde_json::Value::Array(items) => Self::Array(Rc::new(items.iter().map(Self::of_json).collect())),
            serde_json::Value::Object(rows) => {
                Self::object(rows.iter().map(|(k, v)| (k.clone(), Self::of_json(v))).collect(), false)
            }
        }
    }

    /// As a JSON document.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null | Self::Unknown => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(value) if value.fract() == 0.0 && value.abs() < 1e15 => (*value as i64).into(),
            Self::Number(value) => (*value).into(),
            Self::String(text) => text.as_str().into(),
            Self::Array(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(object) => object.rows.iter().map(|(k, v)| (k.clone(), v.to_json())).collect(),
        }
    }
}

/// Text in capitals, letter by letter, as .NET compares it: a letter whose capital is several letters, or of another alphabet, stays.
pub fn without_case(text: &str) -> String {
    let capital = |c: char| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(one), None) if one.is_ascii() == c.is_ascii() => one,
            _ => c,
        }
    };
    text.chars().map(capital).collect()
}

/// A number with at most 15 digits, as .NET's format `G15` has it.
fn shown_number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() };
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let short: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    short.to_string()
}

impl Object {
    /// The value of a name; null where it has none.
    pub fn get(&self, name: &str) -> Value {
        let found = self.rows.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
        found.unwrap_or(if self.open { Value::Unknown } else { Value::Null })
    }
}
