//! Keys of a vendor as a spec writes them.

use crate::ir::raw::RawValue;
use crate::syntax::tree::{Entry, Node, Value};

/// KDL to YAML: children are a map (or a list, if each is called `-`), several arguments a list, one argument a value.
pub(super) fn raw_value(node: &Node<'_>) -> RawValue {
    let mut map: Vec<(String, RawValue)> = node.props().map(|(name, entry)| (name.to_owned(), raw_entry(entry))).collect();
    if node.children.is_some() && map.is_empty() && !node.children().is_empty() && node.children().iter().all(|c| c.name() == "-")
    {
        return RawValue::List(node.children().iter().map(raw_value).collect());
    }
    map.extend(node.children().iter().map(|c| (c.name().to_owned(), raw_value(c))));
    let args: Vec<&Entry<'_>> = node.args().collect();
    match (args.as_slice(), map.is_empty()) {
        ([], true) if node.children.is_some() => RawValue::Map(Vec::new()),
        ([], true) => RawValue::Null,
        ([], false) => RawValue::Map(map),
        ([one], _) => raw_entry(one),
        (several, _) => RawValue::List(several.iter().map(|e| raw_entry(e)).collect()),
    }
}

fn raw_entry(entry: &Entry<'_>) -> RawValue {
    let is_variable = entry.ty.as_ref().is_some_and(|ty| ty.text == "var");
    match &entry.value {
        Value::String(name, _) if is_variable => RawValue::String(format!("${{var.{name}}}")),
        Value::String(text, _) => RawValue::String(text.to_string()),
        Value::Number(text) => RawValue::Number(text.to_string()),
        Value::Bool(value) => RawValue::Bool(*value),
        Value::Null => RawValue::Null,
    }
}
