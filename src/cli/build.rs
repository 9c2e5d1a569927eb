//! `pipewright build`, `build --check`, `build --stdout` and `diff`: one pipeline with four last steps.

use std::path::Path;

use crate::base::diag::{Diagnostic, Severity};
use crate::base::failure::{Exit, Failure};
use crate::cli::args::{Global, Making};
use crate::cli::console::{Console, Stream};
use crate::cli::many;
use crate::cli::report::Report;
use crate::cli::specs::{self, Spec};
use crate::drift;
use crate::drift::outputs::{self, Site};
use crate::drift::write;
use crate::driver::Compiled;
use crate::render::header::Header;

/// How much a comparison says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Says {
    /// What differs, how, and the command that mends it.
    Why,
    /// The diff alone, on the standard output.
    Diff,
}

/// Writes the files.
///
/// # Errors
/// As compiling and writing.
pub(super) fn write(global: &Global, making: &Making, console: &Console) -> Result<Exit, Failure> {
    each(global, making, console, |spec, compiled, report| {
        let site = site(spec, making)?;
        let leaving = outputs::orphans(&site, &compiled.places, &compiled.outputs);
        let done = write::apply(&site, &compiled.outputs, &leaving)?;
        let path = |path: &String| specs::as_written(&site.root.join(path));
        for written in &done.written {
            report.say(&format!("wrote {}\n", path(written)));
        }
        for removed in &done.removed {
            report.say(&format!("removed {}\n", path(removed)));
        }
        tell_copies(&site, compiled, report);
        report.verbose(&format!("{} files of {} were in step\n", done.unchanged, spec.shown));
        Ok(())
    })
}

/// Writes nothing and says what is not in step.
///
/// # Errors
/// As compiling.
pub(super) fn check(global: &Global, making: &Making, console: &Console, says: Says) -> Result<Exit, Failure> {
    each(global, making, console, |spec, compiled, report| {
        let site = site(spec, making)?;
        let leaving = outputs::orphans(&site, &compiled.places, &compiled.outputs);
        let drift = drift::compare(&site, &compiled.outputs, &leaving);
        report.drift(&site, &drift, &command(spec, making), says == Says::Diff);
        if says == Says::Why {
            tell_copies(&site, compiled, report);
        }
        Ok(())
    })
}

/// Prints the files, each below a line with its path unless there is one only.
///
/// # Errors
/// As compiling.
pub(super) fn print(global: &Global, making: &Making, console: &Console) -> Result<Exit, Failure> {
    each(global, making, console, |_, compiled, _| {
        for output in &compiled.outputs {
            if compiled.outputs.len() > 1 {
                console.out(&format!("# ---- {}\n", output.path));
            }
            console.out(&output.text);
        }
        Ok(())
    })
}

/// Compiles each spec; where no finding is an error, takes the last step.
fn each(
    global: &Global,
    making: &Making,
    console: &Console,
    mut last: impl FnMut(&Spec, &Compiled, &mut Report<'_>) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let mut report = Report::new(global, console, Stream::Error);
    let specs = specs::find(global, &making.which)?;
    if specs.len() > 1 && making.out.is_some() {
        return Err(Failure::Usage("--out takes the files of one spec: name the spec".to_owned()));
    }
    many::each(&specs, &making.target, making.which.jobs, |spec, sources, mut compiled| {
        report.verbose(&format!("compiled {}\n", spec.shown));
        // Notes are for whoever reads the spec with `check`; here they would stand in the way of what was written, or make a hook talk.
        let told: Vec<Diagnostic> =
            compiled.diagnostics.iter().filter(|d| d.severity != Severity::Note || global.verbose > 0).cloned().collect();
        report.add(&sources, &told);
        if compiled.diagnostics.iter().any(|d| d.severity == Severity::Error) {
            return Ok(());
        }
        compiled.outputs = outputs::with_manifest(compiled.outputs, &Header::new(&spec.name));
        last(spec, &compiled, &mut report)
    })?;
    Ok(report.finish())
}

/// A copy of a generated file is somebody's work: it stays, and whoever made it learns what it is taken for.
fn tell_copies(site: &Site<'_>, compiled: &Compiled, report: &mut Report<'_>) {
    for (copy, own) in outputs::copies(site, &compiled.places) {
        report.say(&format!("{copy} is a copy of {own} and left alone: take its first line out if it is yours, or delete it\n"));
    }
}

fn site<'a>(spec: &'a Spec, making: &'a Making) -> Result<Site<'a>, Failure> {
    let root: &Path = making.out.as_deref().unwrap_or(&spec.root);
    Site::open(root, &spec.root, &spec.name)
}

/// The command that brings the files of a spec in step.
fn command(spec: &Spec, making: &Making) -> String {
    let mut words = "pipewright build".to_owned();
    if spec.shown != "pipeline.kdl" {
        words.push_str(&format!(" --spec {}", spec.shown));
    }
    for target in &making.target {
        words.push_str(&format!(" --target {target}"));
    }
    if let Some(out) = &making.out {
        words.push_str(&format!(" --out {}", out.display()));
    }
    words
}
