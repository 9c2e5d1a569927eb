//! `pipewright events`: which jobs each event starts, as the reader of GitLab's file sees it; and `pipewright stories`, what playing them needs to know. Both are
//! hidden, for the comparison with the vendors' own tools in `.ci/`.

use crate::base::diag::Diagnostic;
use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::base::span::SourceId;
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
    print(global, &[target.to_owned()], driver::events, console)
}

/// Prints the lines of `verify::stories` for all targets, where no finding is an error.
///
/// # Errors
/// As [`run`].
pub(super) fn stories(global: &Global, console: &Console) -> Result<Exit, Failure> {
    print(global, &[], driver::stories, console)
}

/// A table of a spec, with the findings.
type Make = fn(&SourceMap, SourceId, &Options<'_>) -> Result<(String, Vec<Diagnostic>), Failure>;

fn print(global: &Global, targets: &[String], make: Make, console: &Console) -> Result<Exit, Failure> {
    let renderer = Renderer::new();
    let mut report = Report::new(global, console, Stream::Error);
    for spec in specs::find(global, &Which::default())? {
        let sources = SourceMap::new();
        let id = spec.read(&sources)?;
        let options = Options { root: &spec.root, spec: &spec.name, targets, today: Some(today()), renderer: &renderer };
        let (table, diagnostics) = make(&sources, id, &options)?;
        report.add(&sources, &diagnostics);
        console.out(&table);
    }
    Ok(report.finish())
}
