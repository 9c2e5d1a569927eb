//! A value of Helm that only some environments of an app set: a template that reads it finds nothing in the others.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{Span, Spanned};
use crate::ir::Pipeline;
use crate::ir::app::App;
use crate::ir::raw::RawValue;

type Keys = Vec<(String, Span)>;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    pipeline.apps.iter().for_each(|app| of_app(pipeline, app, diagnostics));
}

fn of_app(pipeline: &Pipeline, app: &App, diagnostics: &mut Diagnostics) {
    let everywhere: BTreeSet<String> = keys(&app.base.values).into_iter().map(|(key, _)| key).collect();
    let places: Vec<(&str, Keys, Span)> = app
        .places
        .iter()
        .map(|p| {
            let environment = pipeline.environment(p.environment);
            (environment.name.value.as_str(), keys(&p.settings.values), environment.name.span)
        })
        .collect();
    let mut said = BTreeSet::new();
    for (setter, set, _) in &places {
        for (key, span) in set.iter().filter(|(key, _)| !everywhere.contains(key)) {
            for (name, _, environment) in places.iter().filter(|(_, own, _)| own.iter().all(|(k, _)| k != key)) {
                if !said.insert((key, name)) {
                    continue;
                }
                diagnostics.push(
                    Diagnostic::error(
                        "environment-lacks-value",
                        *environment,
                        format!("`{name}` does not set `{key}` of `{}`, and `{setter}` does", app.name.value),
                    )
                    .label("missing here")
                    .related(*span, "set here")
                    .help(format!(
                        "set it in every environment of the app, or once in the app: app {} {{ values {{ … }} }}",
                        app.name.value
                    )),
                );
            }
        }
    }
}

/// The keys of values that hold no further keys, as paths.
fn keys(values: &[(Spanned<String>, RawValue)]) -> Keys {
    let mut found = Vec::new();
    for (key, value) in values {
        leaves(&key.value, value, key.span, &mut found);
    }
    found
}

fn leaves(path: &str, value: &RawValue, span: Span, found: &mut Keys) {
    match value {
        RawValue::Map(pairs) if !pairs.is_empty() => {
            pairs.iter().for_each(|(key, value)| leaves(&format!("{path}.{key}"), value, span, found));
        }
        _ => found.push((path.to_owned(), span)),
    }
}
