//! Which specs a command works on, and their texts.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::base::failure::Failure;
use crate::base::source::{MAX_SPEC_BYTES, SourceMap};
use crate::base::span::SourceId;
use crate::cli::args::{Global, Which};

/// The name a spec is looked for under.
const NAME: &str = "pipeline.kdl";

/// Folders that hold no specs of their own, and may be large.
const SKIPPED: &[&str] = &[".git", "node_modules", "target"];

/// A spec to work on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Spec {
    /// The folder it lies in; what it writes is relative to it.
    pub(super) root: PathBuf,
    /// Its path below the root.
    pub(super) name: String,
    /// Its path as the user would write it.
    pub(super) shown: String,
    /// Where the text is; the standard input when there is none.
    pub(super) path: Option<PathBuf>,
}

impl Spec {
    fn file(path: &Path) -> Result<Self, Failure> {
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .ok_or_else(|| Failure::Usage(format!("{} is not the name of a spec; name a file such as {NAME}", path.display())))?;
        let root = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { root: root.to_owned(), name: name.to_owned(), shown: as_written(path), path: Some(path.to_owned()) })
    }

    /// Reads the text.
    ///
    /// # Errors
    /// `Io` when it cannot be read.
    pub(super) fn read(&self, sources: &SourceMap) -> Result<SourceId, Failure> {
        if let Some(path) = &self.path {
            return sources.read(path, self.shown.clone());
        }
        let text = standard_input()?;
        Ok(sources.add(self.shown.clone(), text))
    }
}

/// The files of a folder that end in one of some ways, in the order of their names; none where there is no such folder.
pub(super) fn files_in(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let entries = WalkDir::new(folder).max_depth(1).sort_by_file_name().into_iter().flatten();
    let fits = |path: &Path| path.extension().and_then(|e| e.to_str()).is_some_and(|e| endings.contains(&e));
    entries.filter(|e| e.file_type().is_file() && fits(e.path())).map(walkdir::DirEntry::into_path).collect()
}

/// A folder and those below it down to a depth, sorted by path; links are not followed.
pub(super) fn folders(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let entries = WalkDir::new(folder).max_depth(depth).sort_by_file_name().into_iter().flatten();
    entries.filter(|e| e.file_type().is_dir()).map(walkdir::DirEntry::into_path).collect()
}

/// The whole standard input as text.
///
/// # Errors
/// `Io` when it cannot be read, is too long, or is not UTF-8.
pub(super) fn standard_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(MAX_SPEC_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Failure::Io(format!("cannot read the standard input: {e}")))?;
    if bytes.len() as u64 > MAX_SPEC_BYTES {
        return Err(Failure::Io(format!("the standard input has more than {MAX_SPEC_BYTES} bytes, which is the limit")));
    }
    String::from_utf8(bytes).map_err(|e| Failure::Io(format!("the standard input is not UTF-8 text: {e}")))
}

/// The specs of a command line, in the order given, those of a folder sorted by path.
///
/// # Errors
/// `Usage` when there is none, with the way out.
pub(super) fn find(global: &Global, which: &Which) -> Result<Vec<Spec>, Failure> {
    let mut specs = choose(global, which)?;
    if global.format.is_of_repository() {
        for spec in &mut specs {
            if let Some(path) = spec.path.as_deref().and_then(in_repository) {
                spec.shown = path;
            }
        }
    }
    Ok(specs)
}

/// A path as the user would write it, forward slashes.
pub(super) fn as_written(path: &Path) -> String {
    let shown = path.display().to_string().replace('\\', "/");
    shown.strip_prefix("./").unwrap_or(&shown).to_owned()
}

/// A path from the root of the repository, as the vendors' reports want it; `None` outside a repository. The file itself need not exist.
pub(super) fn in_repository(path: &Path) -> Option<String> {
    let mut folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut missing = vec![path.file_name()?];
    while !folder.is_dir() {
        missing.push(folder.file_name()?);
        folder = folder.parent()?;
    }
    let mut full = folder.canonicalize().ok()?;
    let root = full.ancestors().find(|f| f.join(".git").exists())?.to_owned();
    full.extend(missing.into_iter().rev());
    Some(full.strip_prefix(root).ok()?.to_str()?.replace('\\', "/"))
}

fn choose(global: &Global, which: &Which) -> Result<Vec<Spec>, Failure> {
    if let Some(path) = &global.spec {
        return Ok(vec![if path.as_os_str() == "-" { stdin() } else { Spec::file(path)? }]);
    }
    if which.all {
        return below(Path::new("."));
    }
    if which.paths.is_empty() {
        return Ok(vec![Spec::file(&above()?)?]);
    }
    let mut found = Vec::new();
    for path in &which.paths {
        if path.as_os_str() == "-" {
            found.push(stdin());
        } else if path.is_dir() {
            found.extend(below(path)?);
        } else {
            found.push(Spec::file(path)?);
        }
    }
    Ok(found)
}

fn stdin() -> Spec {
    Spec { root: PathBuf::from("."), name: NAME.to_owned(), shown: "<stdin>".to_owned(), path: None }
}

/// The spec of the current folder, or of the nearest one above it up to the root of the repository.
fn above() -> Result<PathBuf, Failure> {
    let here = Path::new(".").canonicalize().map_err(|e| Failure::Io(format!("cannot read the current folder: {e}")))?;
    let mut up = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(NAME).is_file() {
            return Ok(up.join(NAME));
        }
        if folder.join(".git").exists() {
            break;
        }
        up.push("..");
    }
    Err(Failure::Usage(format!("there is no {NAME} here or above; name one with --spec, or write one with `pipewright init`")))
}

fn below(folder: &Path) -> Result<Vec<Spec>, Failure> {
    let skipped = |name: &std::ffi::OsStr| SKIPPED.iter().any(|s| name == *s);
    let entries =
        WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(|e| e.depth() == 0 || !skipped(e.file_name()));
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Failure::Io(format!("cannot look for specs: {e}")))?;
        if entry.file_type().is_file() && entry.file_name() == NAME {
            found.push(Spec::file(entry.path())?);
        }
    }
    if found.is_empty() {
        return Err(Failure::Usage(format!("there is no {NAME} below {}", folder.display())));
    }
    Ok(found)
}
