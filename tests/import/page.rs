//! The page on import: each input on it gives the spec that stands below it.

use std::path::Path;

use pipewright::front::Vendor;

use super::imported;

#[test]
fn examples_of_the_page_are_what_import_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("lang-spec/import.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut made = page.clone();
    let mut examples = 0;
    for (word, vendor) in Vendor::ALL {
        let form = if *vendor == Vendor::Jenkins { "groovy" } else { "yaml" };
        for rest in page.split(&format!("```{form} {word}\n")).skip(1) {
            let (input, rest) = rest.split_once("```\n").unwrap();
            let (between, rest) = rest.split_once("```kdl\n").unwrap();
            let (old, _) = rest.split_once("```").unwrap();
            let place = vendor.places()[0];
            let name = if place.contains('/') { "ci.yml" } else { place };
            // Nothing starts on CodeBuild by hand, and more a buildspec does not say: its example goes to another vendor.
            let target = if matches!(vendor, Vendor::Codebuild | Vendor::Jenkins) { "github" } else { word };
            let spec = imported(*vendor, &[(name, input)]).1.spec("sample", "main", &[target]);
            let whole = |spec: &str| format!("{input}```\n{between}```kdl\n{spec}```");
            made = made.replace(&whole(old), &whole(&spec));
            examples += 1;
        }
    }
    assert!(examples >= Vendor::ALL.len());
    if std::env::var_os("UPDATE_SPEC").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(made == page, "UPDATE_SPEC=1 cargo test page writes the examples of lang-spec/import.md anew");
}
