//! `pipewright test`: the tests of a spec, asked of the spec and of what is written for each target, and which of them fail where.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Severity};
use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::base::span::{SourceId, Span};
use crate::cli::args::{Global, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::day::today;
use crate::cli::report::Report;
use crate::cli::specs::{self, Spec};
use crate::driver::{self, Options};
use crate::render::Renderer;
use crate::verify::expected::{self, Unmet};

/// Runs the tests of each spec.
///
/// # Errors
/// As finding, reading and checking the specs.
pub(super) fn run(global: &Global, which: &Which, console: &Console) -> Result<Exit, Failure> {
    let mut report = Report::new(global, console, Stream::Error);
    let (mut exit, renderer) = (Exit::Clean, Renderer::new());
    for spec in specs::find(global, which)? {
        let sources = SourceMap::new();
        let id = spec.read(&sources)?;
        let (pipeline, diagnostics) = driver::model(&sources, id, &spec.root)?;
        // What else there is to say, `check` says.
        let faults: Vec<Diagnostic> = diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        report.add(&sources, &faults);
        let Some(pipeline) = pipeline else { continue };
        let mut failed: BTreeSet<Span> = faults.iter().flat_map(|d| &d.related).map(|r| r.span).collect();
        let (targets, unmet) = if faults.is_empty() && !pipeline.tests.is_empty() {
            asked(&spec, &sources, id, &renderer)?
        } else {
            (0, Vec::new())
        };
        failed.extend(unmet.iter().map(|u| u.title));
        for test in &pipeline.tests {
            let word = if failed.contains(&test.title.span) { "failed" } else { "ok    " };
            report.say(&format!("{word}  {}\n", test.title.value));
            for fault in unmet.iter().filter(|u| u.title == test.title.span) {
                exit = Exit::Findings;
                console.quote(Stream::Out, &format!("        {}\n", fault.shown()));
            }
        }
        if targets > 0 {
            report.say(&format!("{}: asked of the spec and of what is written for {targets} targets\n", spec.shown));
        }
        if pipeline.tests.is_empty() {
            report.say(&format!(
                "{} has no tests; write one: test \"main is tested\" {{ event push main; expect runs test }}\n",
                spec.shown
            ));
        }
    }
    let reported = report.finish();
    Ok(if exit == Exit::Clean { reported } else { exit })
}

/// The tests asked of what would be written: of how many targets, and what is not so there.
fn asked(spec: &Spec, sources: &SourceMap, id: SourceId, renderer: &Renderer) -> Result<(usize, Vec<Unmet>), Failure> {
    let options = Options { root: &spec.root, spec: &spec.name, targets: &[], today: Some(today()), renderer };
    let compiled = driver::compile(sources, id, &options)?;
    let Some(pipeline) = compiled.pipeline else { return Ok((0, Vec::new())) };
    let texts: Vec<(&str, &str)> = compiled.outputs.iter().map(|o| (o.path.as_str(), o.text.as_str())).collect();
    Ok(expected::unmet(&pipeline, &texts))
}
