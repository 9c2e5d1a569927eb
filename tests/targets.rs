//! The page of the capability matrix is what the tables say.

use std::fs;
use std::path::Path;

#[test]
fn the_matrix_of_capabilities_is_written_down() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("lang-spec/targets.md");
    let expected = pipewright::target::table::matrix().unwrap();
    if std::env::var_os("UPDATE_SPEC").is_some() {
        fs::create_dir_all(page.parent().unwrap()).unwrap();
        fs::write(&page, &expected).unwrap();
    }
    let written = fs::read_to_string(&page).unwrap_or_default();
    assert!(written == expected, "lang-spec/targets.md differs from targets/*/capabilities.kdl: run UPDATE_SPEC=1 cargo test");
}
