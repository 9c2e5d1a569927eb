//! `pipewright test`: the tests of a spec, and which of them fail.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Severity};
use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::base::span::Span;
use crate::cli::args::{Global, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::report::Report;
use crate::cli::specs;
use crate::driver;

/// Runs the tests of each spec.
///
/// # Errors
/// As finding, reading and checking the specs.
pub(super) fn run(global: &Global, which: &Which, console: &Console) -> Result<Exit, Failure> {
    let mut report = Report::new(global, console, Stream::Error);
    for spec in specs::find(global, which)? {
        let sources = SourceMap::new();
        let id = spec.read(&sources)?;
        let (pipeline, diagnostics) = driver::model(&sources, id, &spec.root)?;
        // What else there is to say, `check` says.
        let faults: Vec<Diagnostic> = diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        report.add(&sources, &faults);
        let Some(pipeline) = pipeline else { continue };
        let failed: BTreeSet<Span> = faults.iter().flat_map(|d| &d.related).map(|r| r.span).collect();
        for test in &pipeline.tests {
            let word = if failed.contains(&test.title.span) { "failed" } else { "ok    " };
            report.say(&format!("{word}  {}\n", test.title.value));
        }
        if pipeline.tests.is_empty() {
            report.say(&format!(
                "{} has no tests; write one: test \"main is tested\" {{ event push main; expect runs test }}\n",
                spec.shown
            ));
        }
    }
    Ok(report.finish())
}
