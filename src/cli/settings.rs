//! `pipewright settings`: what a vendor keeps outside its files.

use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::cli::args::{Global, SettingsForm, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::day::today;
use crate::cli::report::Report;
use crate::cli::specs::{self, Spec};
use crate::driver::{self, Options};
use crate::render::Renderer;

/// Prints one form, for one target or all.
///
/// # Errors
/// `Usage` for a target that the spec does not have; otherwise as finding, reading and compiling the spec.
pub(super) fn run(global: &Global, target: Option<&str>, form: SettingsForm, console: &Console) -> Result<Exit, Failure> {
    let mut report = Report::new(global, console, Stream::Error);
    for spec in specs::find(global, &Which::default())? {
        for (_, settings) in of(&spec, target, &mut report)? {
            let output = match form {
                SettingsForm::Checklist => settings.checklist,
                SettingsForm::Json => settings.json,
                SettingsForm::Script => settings.script,
            };
            console.out(&output.text);
        }
    }
    Ok(report.finish())
}

/// The settings of a spec, for one target or all; the findings go to the report.
///
/// # Errors
/// As [`run`].
pub(super) fn of(spec: &Spec, target: Option<&str>, report: &mut Report<'_>) -> Result<Vec<driver::OfTarget>, Failure> {
    let renderer = Renderer::new();
    let targets: Vec<String> = target.map(str::to_owned).into_iter().collect();
    let sources = SourceMap::new();
    let id = spec.read(&sources)?;
    let options = Options { root: &spec.root, spec: &spec.name, targets: &targets, today: Some(today()), renderer: &renderer };
    let (made, diagnostics) = driver::settings(&sources, id, &options)?;
    report.add(&sources, &diagnostics);
    let refused = diagnostics.iter().any(|d| d.severity == crate::base::diag::Severity::Error);
    if let (Some(target), [], false) = (target, made.as_slice(), refused) {
        return Err(Failure::Usage(format!("{} has no `target {target}` with settings outside its files", spec.shown)));
    }
    Ok(made)
}
