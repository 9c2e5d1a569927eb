//! The official test cases of KDL 2.0, where they lie beside the project.

use std::path::Path;

use pipewright::base::source::{MAX_SPEC_BYTES, read_text};

use crate::syntax::plain::read;

/// Both folders of the suite.
fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/schemas/kdl-suite")
}

#[test]
fn every_official_case_is_read_as_expected() {
    let folder = folder();
    if !folder.is_dir() {
        println!("SKIPPED: the official KDL cases are not beside the project ({})", folder.display());
        return;
    }
    let mut wrong = Vec::new();
    let (mut refused, mut equal) = (0, 0);
    let mut names: Vec<_> =
        std::fs::read_dir(folder.join("input")).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
    names.sort();
    for name in names.iter().filter_map(|n| n.to_str()) {
        let text = read_text(&folder.join("input").join(name), MAX_SPEC_BYTES).expect("UTF-8");
        let found = read(&text);
        if name.ends_with("_fail.kdl") {
            refused += 1;
            if found.is_ok() {
                wrong.push(format!("{name} is accepted"));
            }
            continue;
        }
        equal += 1;
        let expected = read_text(&folder.join("expected_kdl").join(name), MAX_SPEC_BYTES).expect("UTF-8");
        let expected = read(&expected).expect("an expected text is right");
        match found {
            Err(error) => wrong.push(format!("{name} is refused: {error}")),
            Ok(nodes) if nodes != expected => wrong.push(format!("{name}: {nodes:?} is not {expected:?}")),
            Ok(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((refused, equal), (95, 241), "the suite has 336 cases");
}
