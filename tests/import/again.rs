//! There and back: what the examples compile to, imported and compiled again for the same vendor, does what the example says, by the readers of
//! `verify`. `AGAIN=name` prints what came of one example.

use std::path::{Path, PathBuf};

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Compiled, Options, compile};
use pipewright::front::{Told, Vendor, import};
use pipewright::render::Renderer;
use pipewright::verify::equivalence::compare;

/// The files of an output that an import of its vendor starts with; the others are named by these.
fn is_asked_for(vendor: Vendor, path: &str) -> bool {
    let top = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| !rest.contains('/'));
    match vendor {
        Vendor::Github => path.contains(".github/workflows/"),
        Vendor::Gitlab => path.ends_with(".gitlab-ci.yml"),
        Vendor::Codebuild => top(".codebuild/"),
        Vendor::Codepipeline => top(".codepipeline/"),
        Vendor::Jenkins => false,
    }
}

/// The name of the pipeline of a spec.
fn name_of(text: &str) -> &str {
    text.lines().find_map(|l| l.strip_prefix("pipeline ")).and_then(|l| l.split_whitespace().next()).unwrap_or_default()
}

/// What became of an example.
struct Came {
    /// What is wrong with it, a line each; nothing where it does the same.
    wrong: Vec<String>,
    compiles: bool,
}

fn there_and_back(vendor: Vendor, example: &Path, renderer: &Renderer) -> Option<Came> {
    let name = example.file_name()?.to_str()?;
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let targets = [vendor.word().to_owned()];
    let read = |text: &str, root: &Path| -> Result<Compiled, String> {
        let sources = SourceMap::new();
        let id = sources.add("pipeline.kdl", text);
        let options = Options { root, spec: "pipeline.kdl", targets: &targets, today: None, renderer };
        compile(&sources, id, &options).map_err(|f| f.to_string())
    };
    let text = std::fs::read_to_string(example.join("pipeline.kdl")).unwrap();
    let original = read(&text, example).unwrap();
    let mut paths: Vec<&str> = original.outputs.iter().map(|o| o.path.as_str()).filter(|p| is_asked_for(vendor, p)).collect();
    paths.sort_unstable();
    // A target may write below a folder of its own.
    let below = paths.first()?.split_once("standby/").map_or("", |_| "standby/");
    let sources = SourceMap::new();
    let shown = |path: &str| path.strip_prefix(below).unwrap_or(path).to_owned();
    let ids: Vec<_> = paths.iter().map(|p| sources.read(&golden.join(p), shown(p)).unwrap()).collect();
    let mut imported = import(&sources, &ids, vendor, &golden.join(below));
    imported.tell(&Told { repository: None, approvers: vec![(vendor.word().to_owned(), "example/approvers".to_owned())] });
    // What a person has accepted of the example is accepted of its import.
    let accepted = text.lines().filter(|l| l.starts_with(&format!("accept {}", vendor.word())));
    let accepted: String = accepted.map(|l| format!("{l}\n")).collect();
    // In the stores of AWS a secret is called after its pipeline: who imports one calls it as it was called.
    let called = if matches!(vendor, Vendor::Codebuild | Vendor::Codepipeline) { name_of(&text) } else { "again" };
    let spec = imported.spec(called, "main", &[vendor.word()]) + &accepted;
    if std::env::var("AGAIN").is_ok_and(|wanted| wanted == name) {
        println!("{spec}");
    }
    let again = match read(&spec, &golden) {
        Ok(again) => again,
        Err(failure) => return Some(Came { wrong: vec![failure], compiles: false }),
    };
    let errors = again.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let errors: Vec<String> = errors.map(|d| format!("{} [{}]", d.message, d.rule)).collect();
    if !errors.is_empty() {
        return Some(Came { wrong: errors, compiles: false });
    }
    let files: Vec<(String, &str)> = again.outputs.iter().map(|o| (format!("{below}{}", o.path), o.text.as_str())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let (found, extent) = compare(original.pipeline.as_ref()?, &files);
    assert!(extent.targets > 0 && extent.runs > 0, "{name} was not compared");
    let wrong =
        found.iter().map(|d| format!("{}, `{}` {}: the spec says {}, it is {}", d.point, d.job, d.when, d.wanted, d.found));
    Some(Came { wrong: wrong.collect(), compiles: true })
}

/// Holds the examples of a vendor against how many come back at all, and how many without a difference, at least.
#[track_caller]
fn hold(vendor: Vendor, compile: usize, same: usize) {
    let renderer = Renderer::new();
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|f| f.join("pipeline.kdl").is_file()).collect();
    folders.sort();
    let (mut all, mut compiling, mut equal) = (0, 0, 0);
    for example in &folders {
        let Some(came) = there_and_back(vendor, example, &renderer) else { continue };
        all += 1;
        compiling += usize::from(came.compiles);
        equal += usize::from(came.wrong.is_empty());
        if !came.wrong.is_empty() {
            println!("{} {}:", vendor.word(), example.file_name().unwrap().to_string_lossy());
            came.wrong.iter().for_each(|line| println!("    {line}"));
        }
    }
    println!("{}: {all} examples, {compiling} come back as a spec that compiles, {equal} without a difference", vendor.word());
    assert!(compiling >= compile && equal >= same, "{compiling} of {all} compile, {equal} are the same");
}

#[test]
fn workflows_of_github_come_back() {
    hold(Vendor::Github, 26, 20);
}

#[test]
fn configurations_of_gitlab_come_back() {
    hold(Vendor::Gitlab, 24, 17);
}

#[test]
fn projects_of_codebuild_come_back() {
    hold(Vendor::Codebuild, 1, 1);
}

#[test]
fn pipelines_of_codepipeline_come_back() {
    hold(Vendor::Codepipeline, 1, 0);
}
