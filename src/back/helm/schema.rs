//! `values.schema.json`: Helm holds the values against it on install, upgrade, lint and template. A spelling mistake in a hand-written `--set` is
//! refused; keys of the spec's own and of parent charts stay free.

use crate::back::helm::values::Key;
use crate::back::tree::{list, map, number, text};
use crate::ir::raw::RawValue;

/// The schema for the keys that a chart has.
pub(super) fn schema(keys: &[Key]) -> RawValue {
    let properties = map(keys.iter().map(|key| (key.name(), of(*key))));
    map([
        ("$schema", text("http://json-schema.org/draft-07/schema#")),
        ("type", text("object")),
        ("required", list([text(Key::Image.name()), text(Key::Replicas.name())])),
        ("properties", properties),
    ])
}

fn of(key: Key) -> RawValue {
    match key {
        Key::Image => object(
            &["repository"],
            [("repository", string()), ("tag", string()), ("digest", pattern("^(sha256:[0-9a-f]{64})?$"))],
        ),
        Key::Replicas => whole(0),
        Key::Autoscale => object(&["min", "max"], [("min", whole(1)), ("max", whole(1)), ("utilization", open(range(1, 1000)))]),
        Key::Ports => open(range(1, 65535)),
        Key::Resources => object(&[], [("requests", open(string())), ("limits", open(string()))]),
        Key::Health => object(
            &["path", "port"],
            [("path", pattern("^/")), ("port", string()), ("periodSeconds", whole(1)), ("startFailures", whole(1))],
        ),
        Key::Config => open(string()),
        Key::ExternalSecrets => {
            let reference = object(&["key"], [("key", string()), ("property", string())]);
            open(object(&["data"], [("refreshInterval", pattern("^([0-9]+[dhms])+$")), ("data", open(reference))]))
        }
        Key::Ingress => object(
            &["host", "port"],
            [
                ("host", string()),
                ("path", pattern("^/")),
                ("port", string()),
                ("className", string()),
                ("tlsSecret", string()),
                ("gateway", object(&["namespace", "name"], [("namespace", string()), ("name", string())])),
            ],
        ),
        Key::Migrate => object(&["command"], [("command", string()), ("activeDeadlineSeconds", whole(1))]),
        Key::User => whole(1),
        Key::WritableRoot => map([("type", text("boolean"))]),
        Key::Strategy => map([("type", text("object"))]),
        Key::Slots => object(
            &["kind"],
            [("kind", pattern("^(canary|colour)$")), ("router", string()), ("preview", map([("type", text("boolean"))]))],
        ),
        Key::Analysis => open(object(
            &["address", "query", "count", "successCondition"],
            [
                ("address", string()),
                ("query", string()),
                ("count", whole(1)),
                ("interval", pattern("^([0-9]+[hms])+$")),
                ("successCondition", string()),
                ("token", object(&["store", "key"], [("store", string()), ("key", string())])),
            ],
        )),
        Key::Metrics => object(
            &["path", "port", "interval"],
            [("path", pattern("^/")), ("port", string()), ("interval", pattern("^([0-9]+[dhms])+$"))],
        ),
        Key::Alerts => {
            let rule = object(
                &["alert", "expr"],
                [
                    ("alert", string()),
                    ("expr", string()),
                    ("for", pattern("^([0-9]+[dhms])+$")),
                    ("labels", open(string())),
                    ("annotations", open(string())),
                ],
            );
            map([("type", text("array")), ("items", rule)])
        }
    }
}

fn string() -> RawValue {
    map([("type", text("string"))])
}

fn pattern(regex: &str) -> RawValue {
    map([("type", text("string")), ("pattern", text(regex))])
}

fn whole(least: u64) -> RawValue {
    map([("type", text("integer")), ("minimum", number(least))])
}

fn range(least: u64, most: u64) -> RawValue {
    map([("type", text("integer")), ("minimum", number(least)), ("maximum", number(most))])
}

/// An object with these properties and no others.
fn object<const N: usize>(required: &[&str], properties: [(&str, RawValue); N]) -> RawValue {
    let mut pairs = vec![("type", text("object"))];
    if !required.is_empty() {
        pairs.push(("required", list(required.iter().map(|r| text(*r)))));
    }
    pairs.push(("properties", map(properties)));
    pairs.push(("additionalProperties", RawValue::Bool(false)));
    map(pairs)
}

/// An object of names that the spec chooses.
fn open(value: RawValue) -> RawValue {
    map([("type", text("object")), ("additionalProperties", value)])
}
