//! `pipewright events`: which jobs each event starts, as the model says; hidden, for the comparison with a vendor's own tools in `.ci/`.

use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::cli::args::{Global, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::day::today;
use crate::cli::report::Report;
use crate::cli::specs;
use crate::driver::{self, Options};
use crate::render::Renderer;

/// Prints the table of one target, `event<TAB>job` a line, where no finding is an error.
///
/// # Errors
/// As finding, reading and compiling the spec.
pub(super) fn run(global: &Global, target: &str, console: &Console) -> Result<Exit, Failure> {
    let renderer = Renderer::new();
    let targets = [target.to_owned()];
    let mut report = Report::new(global, console, Stream::Error);
    for spec in specs::find(global, &Which::default())? {
        let sources = SourceMap::new();
        let id = spec.read(&sources)?;
        let options =
            Options { root: &spec.root, spec: &spec.name, targets: &targets, today: Some(today()), renderer: &renderer };
        let (table, diagnostics) = driver::events(&sources, id, &options)?;
        report.add(&sources, &diagnostics);
        console.out(&table);
    }
    Ok(report.finish())
}
