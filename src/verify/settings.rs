//! What a vendor has set against what the spec needs: JSON of one shape on both sides.

use serde_json::{Map, Value};

/// Lists of which nothing more may be there than is wanted: who may pass, and from where.
const CLOSED: &[&str] = &["reviewers", "refs", "deploy_access_levels", "bypass_actors"];
/// Figures of which more is stricter.
const AT_LEAST: &[&str] = &["approvals_required", "required_approvals", "required_approving_review_count"];
/// What the vendor itself may refuse: GitLab masks no value of several lines.
const LOOSE: &[&str] = &["masked"];
/// What tells two entries of a list apart.
const NAMES: &[&str] =
    &["name", "key", "environment_scope", "description", "type", "context", "group", "access_level", "actor_id"];

/// The differences that matter, a line each: `environments production, reviewers: example/devops is missing`. More than is wanted is fine
/// unless it opens a door; a wanted `null` asks for nothing but that the name is there.
pub fn compare(wanted: &Value, real: &Value) -> Vec<String> {
    let mut found = Vec::new();
    value("", wanted, real, &mut found);
    found
}

fn value(place: &str, wanted: &Value, real: &Value, found: &mut Vec<String>) {
    let key = place.rsplit([' ', ',']).next().unwrap_or_default();
    match (wanted, real) {
        (Value::Null, _) => {}
        _ if LOOSE.contains(&key) => {}
        (Value::Object(wanted), Value::Object(real)) => object(place, wanted, real, found),
        (Value::Array(wanted), Value::Array(real)) => list(place, key, wanted, real, found),
        (Value::Number(least), Value::Number(more)) if AT_LEAST.contains(&key) && more.as_f64() >= least.as_f64() => {}
        _ if wanted == real => {}
        _ => found.push(format!("{place}: is {}, should be {}", shown(real), shown(wanted))),
    }
}

fn object(place: &str, wanted: &Map<String, Value>, real: &Map<String, Value>, found: &mut Vec<String>) {
    for (key, wanted) in wanted {
        let place = if place.is_empty() { key.clone() } else { format!("{place}, {key}") };
        match real.get(key) {
            Some(real) => value(&place, wanted, real, found),
            None => found.push(format!("{place}: is not set")),
        }
    }
}

fn list(place: &str, key: &str, wanted: &[Value], real: &[Value], found: &mut Vec<String>) {
    for item in wanted {
        match real.iter().find(|r| name(r) == name(item)) {
            Some(real) => value(&format!("{place} {}", name(item)), item, real, found),
            None => found.push(format!("{place}: {} is missing", name(item))),
        }
    }
    for item in real.iter().filter(|_| CLOSED.contains(&key)) {
        if !wanted.iter().any(|w| name(w) == name(item)) {
            found.push(format!("{place}: {} should not be there", name(item)));
        }
    }
}

fn name(item: &Value) -> String {
    let Value::Object(map) = item else { return shown(item) };
    let parts: Vec<String> = NAMES.iter().filter_map(|n| map.get(*n)).map(shown).collect();
    parts.join(" ")
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::compare;

    #[test]
    fn a_door_that_is_too_open_is_told_and_a_stricter_one_is_not() {
        let wanted = json!({
            "environments": [{ "name": "production", "reviewers": ["a/b"], "settings": { "prevent_self_review": true }, "secrets": ["KEY"] }],
            "approval_rules": [{ "name": "main", "approvals_required": 1 }],
            "variables": { "REGION": null },
        });
        assert_eq!(compare(&wanted, &wanted), Vec::<String>::new());
        let strict = json!({
            "environments": [
                { "name": "production", "reviewers": ["a/b"], "settings": { "prevent_self_review": true, "wait": 5 }, "secrets": ["KEY", "MORE"] },
                { "name": "other" },
            ],
            "approval_rules": [{ "name": "main", "approvals_required": 2 }],
            "variables": { "REGION": "eu-west-1" },
        });
        assert_eq!(compare(&wanted, &strict), Vec::<String>::new());
        let open = json!({
            "environments": [{ "name": "production", "reviewers": ["a/c"], "settings": { "prevent_self_review": false }, "secrets": [] }],
            "approval_rules": [{ "name": "main", "approvals_required": 0 }],
            "variables": {},
        });
        assert_eq!(
            compare(&wanted, &open),
            [
                "environments production, reviewers: a/b is missing",
                "environments production, reviewers: a/c should not be there",
                "environments production, settings, prevent_self_review: is false, should be true",
                "environments production, secrets: KEY is missing",
                "approval_rules main, approvals_required: is 0, should be 1",
                "variables, REGION: is not set",
            ]
        );
        assert_eq!(compare(&wanted, &json!([])), [format!(": is [], should be {wanted}")]);
    }
}
