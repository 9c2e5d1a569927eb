//! `pipewright audit`: many repositories at once, and how much of each would come over. Nothing is written.

use std::path::{Path, PathBuf};

use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::cli::args::Auditing;
use crate::cli::console::{Console, Stream};
use crate::cli::import::files_of;
use crate::cli::report::audit::{self, Repository};
use crate::cli::specs;
use crate::front::{Vendor, import};

/// How deep below the folder a repository is looked for: `host/owner/name`.
const DEPTH: usize = 3;

/// Runs the command. A file that cannot be read is told, and never stops the others.
///
/// # Errors
/// `Usage` when the folder is not there, or no repository of it has configuration of a vendor.
pub(super) fn run(what: &Auditing, console: &Console) -> Result<Exit, Failure> {
    if !what.folder.is_dir() {
        return Err(Failure::Usage(format!("{} is no folder", what.folder.display())));
    }
    let mut found: Vec<Repository> = Vec::new();
    let mut done: Vec<PathBuf> = Vec::new();
    for folder in specs::folders(&what.folder, DEPTH) {
        let hidden = folder != what.folder
            && folder.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.') || n == "node_modules");
        if hidden || done.iter().any(|d| folder.starts_with(d)) {
            continue;
        }
        let repository = audited(&folder);
        if !repository.is_empty() || folder.join(".git").exists() {
            done.push(folder);
        }
        found.extend(repository);
    }
    if found.is_empty() {
        let message = format!("no repository below {} has configuration that can be read", what.folder.display());
        return Err(Failure::Usage(message));
    }
    console.quote(Stream::Out, &audit::text(&found, what.report));
    Ok(Exit::Clean)
}

/// The configuration of a repository, by vendor.
fn audited(folder: &Path) -> Vec<Repository> {
    let mut found = Vec::new();
    for (_, vendor) in Vendor::ALL {
        let Ok(paths) = files_of(folder, *vendor) else { continue };
        if paths.is_empty() {
            continue;
        }
        let sources = SourceMap::new();
        let mut ids = Vec::new();
        let mut refused = Vec::new();
        for path in &paths {
            let name = path.strip_prefix(folder).unwrap_or(path);
            match sources.read(path, specs::as_written(name)) {
                Ok(id) => ids.push(id),
                Err(failure) => refused.push(failure.to_string()),
            }
        }
        let imported = import(&sources, &ids, *vendor, folder);
        let inventory = imported.inventory(&sources);
        let faults = imported.faults.iter().filter(|f| f.fatal).map(|fault| {
            let (file, line, column) = crate::front::place(&sources, fault.span);
            format!("{file}:{line}:{column}: {}", fault.message)
        });
        found.push(Repository {
            folder: specs::as_written(folder),
            vendor: *vendor,
            files: paths.len(),
            faults: refused.into_iter().chain(faults).collect(),
            stays: imported.stays.iter().map(|s| format!("{}: {}", sources.file(s.file).name, s.why)).collect(),
            tally: crate::front::ledger::Ledger::tally(imported.ledger.keys()),
            inventory,
        });
    }
    found
}
