//! `pipewright fmt`: lays specs out.

use std::path::Path;

use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::cli::args::{Global, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::report::Report;
use crate::cli::report::clean;
use crate::cli::specs;
use crate::drift::diff;
use crate::drift::write;
use crate::syntax::fmt::format;

/// Runs the command. The standard input is printed; a file is replaced, or with `check` only compared.
///
/// # Errors
/// As finding, reading and writing the specs.
pub(super) fn run(global: &Global, which: &Which, check: bool, console: &Console) -> Result<Exit, Failure> {
    let mut report = Report::new(global, console, Stream::Error);
    let mut differs = false;
    for spec in specs::find(global, which)? {
        // A map for each spec: the formatter places its findings in the first text.
        let sources = SourceMap::new();
        let id = spec.read(&sources)?;
        let text = &sources.file(id).text;
        let laid_out = match format(text) {
            Ok(laid_out) => laid_out,
            Err(found) => {
                report.add(&sources, &found.finish());
                continue;
            }
        };
        let path = spec.path.as_deref();
        if path.is_none() && !check {
            console.out(&laid_out);
        } else if laid_out != *text && check {
            differs = true;
            console.quote(Stream::Out, &clean::lines(&diff::unified(&spec.shown, text, &laid_out)));
            console.error(&format!("{} is not laid out; run `pipewright fmt {0}`\n", clean::line(&spec.shown)));
        } else if laid_out != *text {
            write::replace(path.unwrap_or(Path::new(&spec.shown)), &laid_out)?;
            report.say(&format!("laid out {}\n", spec.shown));
        }
    }
    let exit = report.finish();
    Ok(if differs { exit.max(Exit::Findings) } else { exit })
}
