//! `pipewright check`: what is wrong with a spec.

use crate::base::failure::{Exit, Failure};
use crate::cli::args::{Global, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::many;
use crate::cli::report::Report;
use crate::cli::specs;

/// Runs the command.
///
/// # Errors
/// As finding, reading and compiling the specs.
pub(super) fn run(global: &Global, which: &Which, console: &Console) -> Result<Exit, Failure> {
    let mut report = Report::new(global, console, Stream::Out);
    let specs = specs::find(global, which)?;
    many::each(&specs, &[], which.jobs, |spec, sources, compiled| {
        report.verbose(&format!("checked {}\n", spec.shown));
        report.add(&sources, &compiled.diagnostics);
        Ok(())
    })?;
    Ok(report.finish())
}
