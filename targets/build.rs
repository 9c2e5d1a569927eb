//! Embeds every file below `targets/` that pipewright reads into the binary, as one table of path and text.
#![allow(
    clippy::disallowed_methods,
    reason = "it runs before the compiler exists: cargo gives it its folders and takes its file"
)]

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("targets");
    println!("cargo::rerun-if-changed={}", root.display());
    let files =
        walkdir::WalkDir::new(&root).into_iter().map(|e| e.expect("targets/ is readable")).filter(|e| e.file_type().is_file());
    let relative = |path: &Path| path.strip_prefix(&root).expect("below targets/").to_string_lossy().replace('\\', "/");
    let mut found: Vec<_> =
        files.map(|e| (relative(e.path()), e.path().display().to_string())).filter(|(p, _)| !is_for_people(p)).collect();
    found.sort();
    let mut rows = String::from("&[\n");
    for (path, source) in found {
        writeln!(rows, "    ({path:?}, include_str!({source:?})),").expect("a string takes it");
    }
    rows.push_str("]\n");
    let out = Path::new(&std::env::var("OUT_DIR").expect("cargo sets it")).join("targets.rs");
    std::fs::write(out, rows).expect("OUT_DIR is writable");
}

fn is_for_people(path: &str) -> bool {
    [".rs", ".md", ".LICENSE"].iter().any(|ending| path.ends_with(ending))
}
