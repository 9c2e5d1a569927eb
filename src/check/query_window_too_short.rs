//! A rate over less time than two fetches take.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::query;
use crate::ir::Pipeline;
use crate::ir::promql::Query;
use crate::ir::units::Duration;

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for asked in query::asked(pipeline) {
        let Some(tree) = asked.read() else { continue };
        tree.walk(&mut |part| {
            let Query::Call { function, args } = part else { return };
            // These compare the last figure in the window with an earlier one.
            let compares = matches!(function.as_str(), "rate" | "irate" | "increase" | "delta" | "idelta" | "deriv" | "changes");
            let Some(Query::Select(select)) = args.first().filter(|_| compares) else { return };
            let (Some(name), Some(range)) = (&select.metric, select.range) else { return };
            let Some((metrics, ..)) = query::declared(pipeline, name) else { return };
            let every = metrics.every.seconds;
            if range < (2 * every) as f64 {
                diagnostics.push(
                    Diagnostic::warning(
                        "query-window-too-short",
                        asked.query.query.span,
                        format!(
                            "gate `{}` looks {range} s back for a `{function}` of `{name}`, which is fetched every {}",
                            asked.gate.name.value, metrics.every
                        ),
                    )
                    .label("often holds fewer than two figures, and then answers nothing")
                    .related(metrics.span, "fetched here")
                    .help(format!("look at least four times as far back: [{}]", Duration::from_seconds(4 * every))),
                );
            }
        });
    }
}
