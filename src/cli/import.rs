//! `pipewright import`: existing configuration in, a spec out, and an account of every key.

use std::path::{Path, PathBuf};

use crate::base::failure::{Exit, Failure};
use crate::base::source::SourceMap;
use crate::cli::args::{Global, Importing};
use crate::cli::console::{Console, Stream};
use crate::cli::init;
use crate::cli::report::account;
use crate::cli::specs;
use crate::drift::write;
use crate::front::ledger::Ledger;
use crate::front::{Told, Vendor, import};

/// Runs the command.
///
/// # Errors
/// `Usage` when nothing is found to import, or the spec is there already; `Io` when the system refuses.
pub(super) fn run(global: &Global, what: &Importing, console: &Console) -> Result<Exit, Failure> {
    let here = PathBuf::from(".");
    let paths = if what.paths.is_empty() { std::slice::from_ref(&here) } else { &what.paths };
    let vendor = match what.from {
        Some(from) => from.vendor(),
        None => detect(paths)?,
    };
    let targets: Vec<&str> = match vendor.target() {
        _ if !what.to.is_empty() => what.to.iter().map(String::as_str).collect(),
        Some(own) => vec![own],
        None => return Err(Failure::Usage(format!("{} is no target: say where to, with `--to github`", vendor.title()))),
    };
    let sources = SourceMap::new();
    let mut files = Vec::new();
    let mut refused = Vec::new();
    for path in paths {
        for file in files_of(path, vendor)? {
            match sources.read(&file, specs::as_written(&file)) {
                Ok(id) => files.push(id),
                Err(failure) => refused.push(failure),
            }
        }
    }
    if files.is_empty() {
        return Err(refused.pop().unwrap_or_else(|| nothing(paths)));
    }
    for failure in &refused {
        console.error(&format!("pipewright: {failure}\n"));
    }
    let root = root_of(&paths[0]);
    let mut imported = import(&sources, &files, vendor, &root);
    let repository = what.repository.clone().or_else(|| init::repository(&root));
    imported.tell(&Told { repository, approvers: what.approvers.clone() });
    let spec = imported.spec(&init::name_of(&root), &init::default_branch(&root), &targets);
    let report = account::text(&sources, &imported, what.report, vendor, global.verbose > 0);
    let broken = imported.faults.iter().any(|f| f.fatal);
    if imported.is_empty() {
        console.quote(if what.stdout { Stream::Error } else { Stream::Out }, &report);
        console.error("pipewright: nothing came over, so no spec is written\n");
        return Ok(Exit::Findings);
    }
    if what.stdout {
        console.out(&spec);
        console.quote(Stream::Error, &report);
    } else {
        let named = what.out.as_deref().or(global.spec.as_deref()).filter(|path| *path != Path::new("-"));
        let out = named.unwrap_or(Path::new("pipeline.kdl"));
        write::create(out, &spec)?;
        console.quote(Stream::Out, &report);
        if !global.quiet {
            let text = format!("wrote {}: read it, then run `pipewright check`\n", out.display());
            console.error(&text);
        }
    }
    let lost = Ledger::tally(imported.ledger.keys()).lost > 0;
    Ok(if broken || !refused.is_empty() || (what.strict && lost) { Exit::Findings } else { Exit::Clean })
}

/// The vendor whose files lie there.
fn detect(paths: &[PathBuf]) -> Result<Vendor, Failure> {
    let mut found: Vec<Vendor> = Vec::new();
    for (_, vendor) in Vendor::ALL {
        let is_there = |path: &PathBuf| files_of(path, *vendor).is_ok_and(|files| files.iter().any(|f| is_of(f, *vendor)));
        if paths.iter().any(is_there) {
            found.push(*vendor);
        }
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(nothing(paths)),
        several => {
            let words: Vec<String> = several.iter().map(|v| format!("`--from {}`", v.word())).collect();
            Err(Failure::Usage(format!("files of several vendors are here: say which with {}", words.join(" or "))))
        }
    }
}

/// Whether a path is one of a vendor's own.
fn is_of(file: &Path, vendor: Vendor) -> bool {
    let shown = specs::as_written(file);
    vendor.places().iter().any(|place| shown.contains(place))
}

fn nothing(paths: &[PathBuf]) -> Failure {
    let shown: Vec<String> = paths.iter().map(|p| specs::as_written(p)).collect();
    Failure::Usage(format!(
        "nothing to import in {}: name a file, with `--from` if it lies at an unusual place",
        shown.join(", ")
    ))
}

/// The files of a path: itself, or those at the vendor's places in a folder, in the order of their names.
pub(super) fn files_of(path: &Path, vendor: Vendor) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return if path.exists() {
            Ok(vec![path.to_owned()])
        } else {
            Err(Failure::Usage(format!("{} is not there", path.display())))
        };
    }
    let own = specs::as_written(path);
    let mut files = Vec::new();
    for place in vendor.places() {
        let place = if own.ends_with(place) { path.to_owned() } else { path.join(place) };
        if place.is_file() {
            files.push(place);
            continue;
        }
        files.extend(specs::files_in(&place, &["yml", "yaml", "json"]));
    }
    Ok(files)
}

/// The folder that a path speaks of: the repository's root where the path lies in the vendor's folder.
fn root_of(path: &Path) -> PathBuf {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = if full.is_dir() { full.as_path() } else { full.parent().unwrap_or(&full) };
    let above =
        folder.ancestors().find(|a| a.join(".git").exists() || a.join(".github").is_dir() || a.join(".gitlab-ci.yml").is_file());
    above.unwrap_or(folder).to_owned()
}
