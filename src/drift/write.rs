//! The only writer of files.
//!
//! Everything is looked at before anything is touched; all texts are on the disk, beside their places, before the first one takes its place. A
//! run that is stopped leaves each file old or new, never half.
#![allow(clippy::disallowed_methods, reason = "this is the one writer")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::base::failure::Failure;
use crate::base::source::read_text;
use crate::drift::outputs::{MAX_BYTES, Site};
use crate::drift::place::{self, Found};
use crate::render::Output;

/// What a run did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Paths that got a new text or mode, in the order of the outputs.
    pub written: Vec<String>,
    /// How many files were as they should be.
    pub unchanged: usize,
    /// Orphans that were removed.
    pub removed: Vec<String>,
}

/// Writes the outputs and removes the orphans.
///
/// # Errors
/// `Usage` for a path that may not be written, two paths that are one on some disk, a link on the way, or a file that pipewright did not write:
/// nothing is touched then. `Io` for a refusal of the system, with what was written before it.
pub fn apply(site: &Site<'_>, outputs: &[Output], orphans: &[String]) -> Result<Written, Failure> {
    refuse_collisions(outputs)?;
    let mut changes = Vec::new();
    for output in outputs {
        if differs(site, output)? {
            changes.push(output);
        }
    }
    let leaving = orphans.iter().map(|path| removable(site, path)).collect::<Result<Vec<_>, _>>()?;
    let mut staged = Vec::new();
    for output in &changes {
        staged.push(stage(site.root, output)?);
    }
    let mut done = Written { unchanged: outputs.len() - changes.len(), ..Written::default() };
    for (output, (file, to)) in changes.iter().zip(staged) {
        file.persist(&to).map_err(|e| partly(&output.path, &e.error, &done))?;
        done.written.push(output.path.clone());
    }
    for path in leaving.into_iter().flatten() {
        fs::remove_file(site.root.join(path)).map_err(|e| partly(path, &e, &done))?;
        done.removed.push(path.to_owned());
    }
    Ok(done)
}

/// Writes one text to a file that the user named, such as a page or a new spec; refuses to replace one.
///
/// # Errors
/// `Usage` when something stands there, `Io` when the system refuses.
pub fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let shown = path.display();
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Usage(format!("{shown} is there already: move it away first")),
        _ => Failure::Io(format!("cannot write {shown}: {e}")),
    })?;
    file.write_all(text.as_bytes()).map_err(|e| Failure::Io(format!("cannot write {shown}: {e}")))
}

/// Replaces the text of a file of the user, such as a spec that `fmt` lays out; keeps its mode, follows no link.
///
/// # Errors
/// `Usage` when it is no regular file, `Io` when the system refuses; the old text is whole then.
pub fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let refused = |e: std::io::Error| Failure::Io(format!("cannot write {}: {e}", path.display()));
    let meta = fs::symlink_metadata(path).map_err(refused)?;
    if !meta.is_file() {
        return Err(Failure::Usage(format!("{} is not a regular file; name the file itself", path.display())));
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".pipewright-").tempfile_in(folder).map_err(refused)?;
    file.write_all(text.as_bytes()).map_err(refused)?;
    fs::set_permissions(file.path(), meta.permissions()).map_err(refused)?;
    file.persist(path).map(|_| ()).map_err(|e| refused(e.error))
}

/// Two outputs that are one file on a disk that ignores case, or a file where the other needs a folder.
fn refuse_collisions(outputs: &[Output]) -> Result<(), Failure> {
    let mut folded: Vec<(String, &str)> = outputs.iter().map(|o| (o.path.to_lowercase(), o.path.as_str())).collect();
    folded.sort();
    for pair in folded.windows(2) {
        let [(a, first), (b, second)] = pair else { continue };
        if a == b {
            return Err(Failure::Usage(format!(
                "{first} and {second} are the same file on a disk that ignores case: rename what one of them is made from"
            )));
        }
    }
    for (folded_path, path) in &folded {
        let folders = folded_path.match_indices('/').map(|(at, _)| &folded_path[..at]);
        for folder in folders {
            if let Ok(at) = folded.binary_search_by(|(known, _)| known.as_str().cmp(folder)) {
                return Err(Failure::Usage(format!(
                    "{} would be a file, and the folder of {path}: rename what one of them is made from",
                    folded[at].1
                )));
            }
        }
    }
    Ok(())
}

/// Whether a file must be written; refuses when something stands there that is not ours.
fn differs(site: &Site<'_>, output: &Output) -> Result<bool, Failure> {
    let path = &output.path;
    let executable = match place::inspect(site.root, path).map_err(|why| Failure::Usage(format!("cannot write {path}: {why}")))? {
        Found::Nothing => return Ok(true),
        Found::File { executable } => executable,
    };
    let way_out = "move it away, or delete it if the spec says all that it does, and run the command again";
    let on_disk = read_text(&site.root.join(path), MAX_BYTES).map_err(|why| {
        Failure::Usage(format!("{path} was not written by pipewright and is never replaced ({why}): {way_out}"))
    })?;
    if on_disk == output.text {
        return Ok(executable.is_some_and(|is| is != output.executable));
    }
    site.claim(path, &on_disk).map_err(|why| Failure::Usage(format!("{path} {why} and is never replaced: {way_out}")))?;
    Ok(true)
}

/// The path of an orphan that may be removed; `None` when it is gone already.
fn removable<'a>(site: &Site<'_>, path: &'a str) -> Result<Option<&'a str>, Failure> {
    match place::inspect(site.root, path).map_err(|why| Failure::Usage(format!("cannot remove {path}: {why}")))? {
        Found::Nothing => return Ok(None),
        Found::File { .. } => {}
    }
    let text = read_text(&site.root.join(path), MAX_BYTES).unwrap_or_default();
    site.claim(path, &text).map_err(|why| Failure::Usage(format!("{path} {why} and is never removed")))?;
    Ok(Some(path))
}

/// Puts the text into a new file beside its place. Nothing waits for the disk: the text can be made again, and a rename is never seen half done.
fn stage(root: &Path, output: &Output) -> Result<(NamedTempFile, PathBuf), Failure> {
    let to = root.join(&output.path);
    let refused = |e: std::io::Error| Failure::Io(format!("cannot write {}: {e}; nothing was changed", output.path));
    let folder = to.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(refused)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".pipewright-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(if output.executable { 0o777 } else { 0o666 }));
    let mut file = builder.tempfile_in(folder).map_err(refused)?;
    file.write_all(output.text.as_bytes()).map_err(refused)?;
    #[cfg(unix)]
    if let Ok(meta) = fs::symlink_metadata(&to) {
        use std::os::unix::fs::PermissionsExt as _;
        // Whoever may read it may execute it; all else stays as the user set it.
        let mode = meta.permissions().mode();
        let mode = if output.executable { mode | ((mode & 0o444) >> 2) } else { mode & !0o111 };
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).map_err(refused)?;
    }
    Ok((file, to))
}

fn partly(path: &str, error: &std::io::Error, done: &Written) -> Failure {
    let before = done.written.len() + done.removed.len();
    Failure::Io(format!(
        "cannot write {path}: {error}; {before} files before it are done: mend the cause and run the command again"
    ))
}
