//! Values of any shape, in the order they were written: for YAML and JSON alike.

use serde::{Serialize, Serializer};

use crate::ir::raw::RawValue;

/// A value as the spec writes it, or as a back end puts it together.
pub(in crate::back) struct Tree(pub(in crate::back) RawValue);

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            RawValue::Null => serializer.serialize_none(),
            RawValue::Bool(value) => serializer.serialize_bool(*value),
            RawValue::Number(text) => match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(whole), _) => serializer.serialize_i64(whole),
                (_, Ok(number)) => serializer.serialize_f64(number),
                _ => serializer.serialize_str(text),
            },
            RawValue::String(text) => serializer.serialize_str(text),
            RawValue::List(items) => serializer.collect_seq(items.iter().cloned().map(Tree)),
            RawValue::Map(pairs) => serializer.collect_map(pairs.iter().map(|(k, v)| (k, Tree(v.clone())))),
        }
    }
}

/// A text.
pub(in crate::back) fn text(value: impl Into<String>) -> RawValue {
    RawValue::String(value.into())
}

/// A whole number.
pub(in crate::back) fn number(value: impl Into<u64>) -> RawValue {
    RawValue::Number(value.into().to_string())
}

/// A map from pairs, in their order.
pub(in crate::back) fn map<K: Into<String>>(pairs: impl IntoIterator<Item = (K, RawValue)>) -> RawValue {
    RawValue::Map(pairs.into_iter().map(|(k, v)| (k.into(), v)).collect())
}

/// A list.
pub(in crate::back) fn list(items: impl IntoIterator<Item = RawValue>) -> RawValue {
    RawValue::List(items.into_iter().collect())
}
