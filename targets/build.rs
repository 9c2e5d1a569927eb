//! Embeds the files below `targets/` that pipewright reads, and the pages of the rules, as tables of name and text.
#![allow(clippy::disallowed_methods, reason = "a build script reads, writes and asks cargo by the environment")]

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    let crate_root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let crate_root = Path::new(&crate_root);
    embed(&crate_root.join("targets"), "targets.rs", |path| {
        let is_for_people = [".rs", ".md", ".LICENSE"].iter().any(|ending| path.ends_with(ending));
        (!is_for_people).then(|| path.to_owned())
    });
    embed(&crate_root.join("lang-spec/rules"), "rules.rs", |path| path.strip_suffix(".md").map(str::to_owned));
}

/// Writes a table of all files below a folder that get a name, sorted by name.
fn embed(folder: &Path, table: &str, name: impl Fn(&str) -> Option<String>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries =
        walkdir::WalkDir::new(folder).into_iter().filter(|_| folder.is_dir()).map(|e| e.expect("the folder is readable"));
    let mut found = Vec::new();
    for entry in entries.filter(|e| e.file_type().is_file()) {
        let path = entry.path().strip_prefix(folder).expect("below the folder").to_string_lossy().replace('\\', "/");
        found.extend(name(&path).map(|name| (name, entry.path().display().to_string())));
    }
    found.sort();
    let mut rows = String::from("&[\n");
    for (name, source) in found {
        writeln!(rows, "    ({name:?}, include_str!({source:?})),").expect("a string takes it");
    }
    rows.push_str("]\n");
    let out = Path::new(&std::env::var("OUT_DIR").expect("cargo sets it")).join(table);
    // A table that stays as it is must not make cargo build the crate again.
    if std::fs::read_to_string(&out).ok().as_deref() != Some(&rows) {
        std::fs::write(out, rows).expect("OUT_DIR is writable");
    }
}
