//! Every example means the same on every target that is read back.

use std::fs;
use std::path::Path;

use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::ir::Pipeline;
use pipewright::render::Renderer;
use pipewright::verify::equivalence::compare;

/// An example, compiled.
pub(super) struct Example {
    pub(super) name: String,
    pub(super) pipeline: Pipeline,
    /// Path and text.
    pub(super) files: Vec<(String, String)>,
}

/// All examples.
pub(super) fn examples() -> Vec<Example> {
    let renderer = Renderer::new();
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap();
    let mut folders: Vec<_> = entries.map(|e| e.unwrap().path()).filter(|f| f.join("pipeline.kdl").is_file()).collect();
    folders.sort();
    let example = |folder: &Path| {
        let sources = SourceMap::new();
        let spec = sources.read(&folder.join("pipeline.kdl"), "pipeline.kdl").unwrap();
        let options = Options { root: folder, spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
        let compiled = compile(&sources, spec, &options).unwrap();
        Example {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            pipeline: compiled.pipeline.unwrap(),
            files: compiled.outputs.into_iter().map(|o| (o.path, o.text)).collect(),
        }
    };
    folders.iter().map(|f| example(f)).collect()
}

#[test]
fn every_example_means_the_same_on_every_target() {
    let (mut wrong, mut runs, mut targets) = (Vec::new(), 0, 0);
    for example in examples() {
        let files: Vec<(&str, &str)> = example.files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
        let (differences, extent) = compare(&example.pipeline, &files);
        runs += extent.runs;
        targets += extent.targets;
        wrong.extend(differences.iter().map(|d| format!("{}: {}", example.name, d.shown())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(runs > 2000 && targets > 40, "{runs} runs, {targets} targets");
}
