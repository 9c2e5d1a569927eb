//! The files below `targets/`, without pages and licences, embedded by `targets/build.rs`.

/// Path below `targets/` and text, sorted by path.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/targets.rs"));

/// The text of a file, by its path below `targets/`, such as `github/schema.json`.
pub fn text(path: &str) -> Option<&'static str> {
    FILES.binary_search_by(|(known, _)| (*known).cmp(path)).ok().map(|i| FILES[i].1)
}

/// All embedded files with their paths below `targets/`, sorted by path.
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_is_found_by_its_path() {
        assert!(super::files().count() > 0);
        for (path, text) in super::files() {
            assert_eq!(super::text(path), Some(text), "{path}: the table is not sorted by path");
        }
        assert_eq!(super::text("github/none"), None);
    }
}
