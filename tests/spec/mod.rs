//! `lang-spec/` cannot lie: its tables are generated, and every example in it and in the README is compiled.

mod blocks;
mod pages;
mod tables;

use std::path::{Path, PathBuf};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages of `lang-spec/` and the README, sorted.
fn markdown() -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(root().join("lang-spec")).sort_by_file_name().into_iter();
    let pages = walk.map(|e| e.unwrap().into_path()).filter(|p| p.extension().is_some_and(|e| e == "md"));
    std::iter::once(root().join("README.md")).filter(|p| p.exists()).chain(pages).collect()
}

/// Whether pages are to be written instead of held against the tables.
fn update() -> bool {
    std::env::var_os("UPDATE_SPEC").is_some()
}
