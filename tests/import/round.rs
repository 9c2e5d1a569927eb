//! Round trip: what the examples compile to, imported again, has the same workflows, events, jobs and edges.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::{Vendor, import};
use pipewright::ir::Pipeline;
use pipewright::ir::event::ClauseKind;
use pipewright::render::Renderer;

fn meaning(sources: &SourceMap, id: pipewright::base::span::SourceId, root: &Path, renderer: &Renderer) -> Option<Pipeline> {
    let options = Options { root, spec: "pipeline.kdl", targets: &[], today: None, renderer };
    compile(sources, id, &options).unwrap().pipeline
}

/// The kinds of events of each workflow.
fn kinds(pipeline: &Pipeline) -> BTreeMap<String, BTreeSet<&'static str>> {
    let word = |kind: &ClauseKind| match kind {
        ClauseKind::Push { .. } | ClauseKind::Branch { .. } => "push",
        ClauseKind::Tag { .. } => "tag",
        ClauseKind::PullRequest { .. } => "pull-request",
        ClauseKind::Schedule { .. } => "schedule",
        ClauseKind::Manual { .. } => "manual",
        ClauseKind::Release { .. } => "release",
    };
    pipeline.workflows.iter().map(|w| (w.name.value.clone(), w.on.clauses.iter().map(|c| word(&c.kind)).collect())).collect()
}

/// Jobs by their full names, with the jobs that each waits for.
fn edges(pipeline: &Pipeline) -> BTreeMap<String, BTreeSet<String>> {
    let name = |i: usize| {
        format!("{}.{}", pipeline.workflows[pipeline.jobs[i].workflow.index()].name.value, pipeline.jobs[i].name.value)
    };
    (0..pipeline.jobs.len()).map(|i| (name(i), pipeline.jobs[i].needs.iter().map(|n| name(n.job.index())).collect())).collect()
}

fn workflows(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder.join(".github/workflows")) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    found.sort();
    found
}

#[test]
fn examples_come_back_from_their_workflows() {
    let renderer = Renderer::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = std::fs::read_dir(root.join("examples")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    let (mut examples, mut jobs, mut wrong) = (0, 0, Vec::new());
    for example in folders.iter().filter(|f| f.join("pipeline.kdl").is_file()) {
        let name = example.file_name().unwrap().to_str().unwrap();
        let files = workflows(&root.join("golden").join(name));
        if files.is_empty() {
            continue;
        }
        let sources = SourceMap::new();
        let id = sources.read(&example.join("pipeline.kdl"), "pipeline.kdl").unwrap();
        let original = meaning(&sources, id, example, &renderer).unwrap();
        let sources = SourceMap::new();
        let ids: Vec<_> = files.iter().map(|f| sources.read(f, f.file_name().unwrap().to_str().unwrap()).unwrap()).collect();
        let spec = import(&sources, &ids, Vendor::Github, root).spec("again", "main", &["github"]);
        let sources = SourceMap::new();
        let id = sources.add("pipeline.kdl", spec);
        let Some(again) = meaning(&sources, id, root, &renderer) else {
            wrong.push(format!("{name}: the import is no spec"));
            continue;
        };
        let (theirs, own) = (kinds(&again), kinds(&original));
        for (workflow, wanted) in own.iter().filter(|(w, _)| theirs.contains_key(*w)) {
            if theirs[workflow] != *wanted {
                wrong.push(format!("{name}: {workflow} has {:?}, not {wanted:?}", theirs[workflow]));
            }
        }
        let (theirs, own) = (edges(&again), edges(&original));
        for (job, wanted) in own.iter().filter(|(j, _)| kinds(&again).contains_key(j.split('.').next().unwrap())) {
            jobs += 1;
            match theirs.get(job) {
                // The compiler adds jobs, and waits for them: approvals, routes.
                Some(needs) if wanted.is_subset(needs) => {}
                Some(needs) => wrong.push(format!("{name}: {job} waits for {needs:?}, not {wanted:?}")),
                None => wrong.push(format!("{name}: {job} is gone")),
            }
        }
        examples += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(examples > 10 && jobs > 50, "{examples} examples, {jobs} jobs");
}
