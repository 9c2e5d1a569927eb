//! `pipewright doctor`: an export of a vendor's real settings against what the spec needs.

use std::path::Path;

use crate::base::failure::{Exit, Failure};
use crate::base::source::{MAX_SPEC_BYTES, read_text};
use crate::cli::args::{Global, Which};
use crate::cli::console::{Console, Stream};
use crate::cli::report::{Report, clean};
use crate::cli::{settings, specs};
use crate::verify::settings::compare;

/// Prints what differs, a line each.
///
/// # Errors
/// `Usage` for an export that is no JSON object, or a target that the spec does not have; otherwise as reading and compiling.
pub(super) fn run(global: &Global, target: &str, export: &Path, console: &Console) -> Result<Exit, Failure> {
    let text = if export.as_os_str() == "-" { specs::standard_input()? } else { read_text(export, MAX_SPEC_BYTES)? };
    let real: serde_json::Value = serde_json::from_str(&text).map_err(|e| {
        Failure::Usage(format!("{} is no export: {e}; make one with .pipewright/settings/{target}.sh export", export.display()))
    })?;
    if !real.is_object() {
        let message = format!("{} is no export of {target}: it holds no object", export.display());
        return Err(Failure::Usage(message));
    }
    let mut report = Report::new(global, console, Stream::Error);
    let mut differs = false;
    for spec in specs::find(global, &Which::default())? {
        for (_, settings) in settings::of(&spec, Some(target), &mut report)? {
            let wanted = serde_json::from_str(&settings.json.text).map_err(|e| Failure::Internal(e.to_string()))?;
            for line in compare(&wanted, &real) {
                differs = true;
                console.out(&clean::lines(&format!("{line}\n")));
            }
        }
    }
    if differs {
        console.error(&format!("{target} is not set as the spec needs it; run .pipewright/settings/{target}.sh apply\n"));
    }
    Ok(report.finish().max(if differs { Exit::Findings } else { Exit::Clean }))
}
