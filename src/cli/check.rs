//! `pipewright check`: what is wrong with a spec.

use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::cli::args::{Global, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::day::today;
use crate::cli::report::Report;
use crate::cli::specs;
use crate::driver::{self, Options};
use crate::render::Renderer;

/// Runs the command.
///
/// # Errors
/// As finding, reading and compiling the specs.
pub(super) fn run(global: &Global, which: &Which, console: &Console) -> Result<Exit, Failure> {
    let renderer = Renderer::new();
    let mut report = Report::new(global, console, Stream::Out);
    for spec in specs::find(global, which)? {
        let sources = SourceMap::new();
        let id = spec.read(&sources)?;
        report.verbose(&format!("checking {}\n", spec.shown));
        let options = Options { root: &spec.root, spec: &spec.name, targets: &[], today: Some(today()), renderer: &renderer };
        let compiled = driver::compile(&sources, id, &options)?;
        report.add(&sources, &compiled.diagnostics);
    }
    Ok(report.finish())
}
