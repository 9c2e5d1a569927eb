//! Embeds every file below `targets/` into the binary, as one table of path and text.
#![allow(
    clippy::disallowed_methods,
    reason = "it runs before the compiler exists: cargo gives it its folders and takes its file"
)]

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("targets");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut rows = String::from("&[\n");
    let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(|e| e.expect("targets/ is readable"));
    for entry in files.filter(|e| e.file_type().is_file()) {
        let path = entry.path().strip_prefix(&root).expect("below targets/").to_string_lossy().replace('\\', "/");
        if path.ends_with(".rs") {
            continue;
        }
        writeln!(rows, "    ({path:?}, include_str!({:?})),", entry.path().display().to_string()).expect("a string takes it");
    }
    rows.push_str("]\n");
    let out = Path::new(&std::env::var("OUT_DIR").expect("cargo sets it")).join("targets.rs");
    std::fs::write(out, rows).expect("OUT_DIR is writable");
}
