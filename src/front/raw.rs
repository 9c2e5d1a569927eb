//! Keys of a vendor as a block of `raw`.

use crate::front::node::{Build, node};
use crate::front::yaml::{Node, Value};

/// YAML as a block of `raw`: children are a map, children called `-` a list.
pub(crate) fn said(key: &str, value: &Node) -> Build {
    match &value.value {
        Value::Scalar { .. } if value.is_null() => node(key),
        Value::Scalar { text, plain } => {
            let number =
                text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<i64>().is_ok_and(|n| n.to_string() == *text);
            match value.truth() {
                Some(truth) => node(key).truth(truth),
                None if *plain && number => node(key).number(text),
                None => node(key).arg(text),
            }
        }
        Value::List(items) => node(key).children(items.iter().map(|i| said("-", i))),
        Value::Map(entries) => node(key).children(entries.iter().map(|e| said(&e.key, &e.value))),
    }
}
