//! `pipewright verify`: whether the files that lie there mean what the spec says, by reading them as their vendors do.

use crate::base::failure::{Exit, Failure};
use crate::cli::args::{Global, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::many;
use crate::cli::report::Report;
use crate::cli::specs;
use crate::verify::equivalence;

/// Reads the files of each spec and compares.
///
/// # Errors
/// As finding, reading and compiling the specs.
pub(super) fn run(global: &Global, which: &Which, console: &Console) -> Result<Exit, Failure> {
    let mut report = Report::new(global, console, Stream::Error);
    let mut exit = Exit::Clean;
    let specs = specs::find(global, which)?;
    many::each(&specs, &[], which.jobs, |spec, sources, compiled| {
        let errors = compiled.diagnostics.iter().filter(|d| d.severity == crate::base::diag::Severity::Error);
        report.add(&sources, &errors.cloned().collect::<Vec<_>>());
        let Some(pipeline) = compiled.pipeline.filter(|_| !compiled.outputs.is_empty()) else { return Ok(()) };
        let mut ids = Vec::new();
        for output in &compiled.outputs {
            let path = spec.root.join(&output.path);
            if path.is_file() {
                ids.push(sources.read(&path, output.path.clone())?);
            } else {
                exit = Exit::Findings;
                console.out(&format!("{}: {} is not there; run `pipewright build`\n", spec.shown, output.path));
            }
        }
        let texts: Vec<(&str, &str)> =
            ids.iter().map(|id| sources.file(*id)).map(|f| (f.name.as_str(), f.text.as_str())).collect();
        let (differences, extent) = equivalence::compare(&pipeline, &texts);
        for difference in &differences {
            exit = Exit::Findings;
            console.quote(Stream::Out, &format!("{}: {}\n", spec.shown, difference.shown()));
        }
        report.say(&format!(
            "{}: {} in {} runs of {} events, {} targets read back; with up to {} failing jobs at a time in runs of up to {} jobs, with any in runs of up to {}\n",
            spec.shown,
            match differences.len() {
                0 => "no difference".to_owned(),
                1 => "1 difference".to_owned(),
                n => format!("{n} differences"),
            },
            extent.runs,
            extent.events,
            extent.targets,
            2,
            extent.pairs,
            extent.sets,
        ));
        Ok(())
    })?;
    let reported = report.finish();
    Ok(if exit == Exit::Clean { reported } else { exit })
}
