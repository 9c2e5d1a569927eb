//! Which files below a root are pipewright's: found by their marker, or listed in the manifest.

use std::path::Path;

use walkdir::WalkDir;

use crate::base::failure::Failure;
use crate::base::source::read_text;
use crate::drift::place::{self, Found};
use crate::render::Output;
use crate::render::header::{self, Header, Marker};

/// Largest file that is read for a comparison, in bytes; no output comes near it.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// The folder of the manifests.
const FOLDER: &str = ".pipewright";

/// The manifest of a spec: it lists the files of formats that have no comments, and so no marker.
pub fn manifest_path(spec: &str) -> String {
    match spec {
        "pipeline.kdl" => format!("{FOLDER}/outputs"),
        other => format!("{FOLDER}/outputs-{}", other.trim_end_matches(".kdl").replace('/', "-")),
    }
}

/// Adds the manifest to the outputs when there is something to list.
pub fn with_manifest(mut outputs: Vec<Output>, header: &Header) -> Vec<Output> {
    let listed: Vec<&str> = outputs.iter().filter(|o| !o.marked).map(|o| o.path.as_str()).collect();
    if !listed.is_empty() {
        let header = Header { losses: Vec::new(), ..header.clone() };
        let mut text = format!("{}# Files without comments that it wrote, a path each.\n{}\n", header.text(), listed.join("\n"));
        let path = manifest_path(&header.spec);
        header::stamp(&mut text, &path);
        outputs.push(Output::new(path, text));
    }
    outputs
}

/// Where the outputs of one spec go, and what is known to be its own there.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// The folder that the paths of the outputs start at.
    pub root: &'a Path,
    /// The folder that the paths of specs in markers start at; the root, unless the outputs go elsewhere.
    pub specs: &'a Path,
    /// The spec, as the markers of its outputs name it.
    pub spec: &'a str,
    /// Paths that the manifest on disk lists.
    pub listed: Vec<String>,
}

impl<'a> Site<'a> {
    /// Looks at the manifest below `root`.
    ///
    /// # Errors
    /// `Io` when it is there and cannot be read.
    pub fn open(root: &'a Path, specs: &'a Path, spec: &'a str) -> Result<Self, Failure> {
        Ok(Self { root, specs, spec, listed: listed(root, spec)? })
    }

    /// A path for the head of a diff: with the folder of the root, so that the diffs of several roots can be told apart.
    pub(super) fn label(&self, path: &str) -> String {
        let root = self.root.to_string_lossy().replace('\\', "/");
        let below = root.trim_start_matches("./").trim_end_matches('/');
        if self.root.is_absolute() || below.is_empty() || below == "." { path.to_owned() } else { format!("{below}/{path}") }
    }

    /// Whether a text on disk is ours to replace: it has our marker with this path and no other spec that is still there claims it, or the
    /// manifest lists it.
    ///
    /// # Errors
    /// In words, to stand behind the path.
    pub(super) fn claim(&self, path: &str, on_disk: &str) -> Result<(), String> {
        match header::marker(on_disk) {
            Some(marker) if self.is_live(&marker.spec) => Err(format!("is written from {}, too", marker.spec)),
            Some(Marker { path: Some(own), .. }) if own != path => Err(format!("is a copy of {own}, continued by hand perhaps")),
            Some(_) => Ok(()),
            None if self.listed.iter().any(|known| known == path) => Ok(()),
            None => Err("was not written by pipewright".to_owned()),
        }
    }

    /// Whether another spec than ours is still there.
    fn is_live(&self, spec: &str) -> bool {
        spec != self.spec && place::legal(spec).is_ok() && self.specs.join(spec).is_file()
    }
}

/// The files that the manifest on disk lists; none when there is no manifest of ours.
///
/// # Errors
/// `Io` when it is there and cannot be read.
fn listed(root: &Path, spec: &str) -> Result<Vec<String>, Failure> {
    let path = manifest_path(spec);
    if !matches!(place::inspect(root, &path), Ok(Found::File { .. })) {
        return Ok(Vec::new());
    }
    let text = read_text(&root.join(&path), MAX_BYTES)?;
    if header::marker(&text).is_none() {
        return Ok(Vec::new());
    }
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| place::legal(line).is_ok() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect())
}

/// Files that a spec once wrote and does not write any more, sorted: below the places of the targets, those with the marker of this spec or of
/// one that is gone, and those that the manifest lists.
///
/// A place is `folder/name`, `folder/*.ending`, or `folder/**` for everything below a folder.
pub fn orphans(site: &Site<'_>, places: &[&str], outputs: &[Output]) -> Vec<String> {
    let root = site.root;
    let manifest = manifest_path(site.spec);
    let mut found: Vec<String> =
        places.iter().flat_map(|place| files(root, place)).chain([manifest.clone()]).filter(|path| is_of(site, path)).collect();
    found.extend(site.listed.iter().filter(|path| matches!(place::inspect(root, path), Ok(Found::File { .. }))).cloned());
    found.sort();
    found.dedup();
    // The manifest goes last: while one of its files is left, it is the only proof that the file is ours.
    if let Some(at) = found.iter().position(|path| *path == manifest) {
        let manifest = found.remove(at);
        found.push(manifest);
    }
    found.retain(|path| !outputs.iter().any(|o| o.path == *path));
    found
}

/// Files below the places of the targets that carry the marker of another file: copies, which are left alone. Each with what it is a copy of.
pub fn copies(site: &Site<'_>, places: &[&str]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = places
        .iter()
        .flat_map(|place| files(site.root, place))
        .filter_map(|path| {
            let marker = marker_of(site, &path).filter(|m| !site.is_live(&m.spec))?;
            let own = marker.path.filter(|own| *own != path)?;
            Some((path, own))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The regular files of a place, with their paths below the root; no link is followed.
fn files(root: &Path, place: &str) -> Vec<String> {
    let (folder, name) = place.rsplit_once('/').unwrap_or(("", place));
    let (depth, ending) = match name.strip_prefix('*') {
        Some("*") => (usize::MAX, ""),
        Some(ending) => (1, ending),
        None => return vec![place.to_owned()],
    };
    let start = root.join(folder);
    if !folder.is_empty() && place::inspect_folder(root, folder).is_err() {
        return Vec::new();
    }
    let entries = WalkDir::new(&start).min_depth(1).max_depth(depth).into_iter().filter_map(Result::ok);
    entries
        .filter(|entry| entry.file_type().is_file() && entry.file_name().to_str().is_some_and(|name| name.ends_with(ending)))
        .filter_map(|entry| Some(entry.path().strip_prefix(root).ok()?.to_str()?.replace('\\', "/")))
        .collect()
}

/// Whether a file has the marker of this spec, or of one that is gone.
fn is_of(site: &Site<'_>, path: &str) -> bool {
    marker_of(site, path).is_some_and(|marker| !site.is_live(&marker.spec) && marker.path.is_none_or(|own| own == path))
}

fn marker_of(site: &Site<'_>, path: &str) -> Option<Marker> {
    if !matches!(place::inspect(site.root, path), Ok(Found::File { .. })) {
        return None;
    }
    header::marker(&read_text(&site.root.join(path), MAX_BYTES).ok()?)
}
