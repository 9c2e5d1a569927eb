//! Round trip: what the examples compile to, imported again, has the same workflows, events, jobs and edges, and each job
//! its limit, cells, services, artifacts and variables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::ledger::Fate;
use pipewright::front::{Vendor, import};
use pipewright::ir::Pipeline;
use pipewright::ir::event::ClauseKind;
use pipewright::ir::job::Job;
use pipewright::render::Renderer;
use pipewright::verify::equivalence;

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
        ClauseKind::Raw(_) => "raw",
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

/// What a job is beside its edges.
struct Traits {
    /// Its limit in minutes, as GitHub counts; none where its keys of GitHub say it.
    minutes: u64,
    cells: usize,
    services: Vec<String>,
    /// Whether its failure is forgiven whatever its code is: single codes are emulated.
    forgiven: bool,
    artifacts: BTreeSet<String>,
    variables: BTreeSet<String>,
}

impl Traits {
    fn of(job: &Job) -> Self {
        Self {
            minutes: if job.is_githubs_own() { 0 } else { job.timeout.value.seconds.div_ceil(60) },
            cells: job.matrix.as_ref().map_or(0, |m| m.cells.len()),
            services: job.services.iter().map(|s| s.name.value.clone()).collect(),
            forgiven: job.allow_failure.as_ref().is_some_and(|a| a.exit_codes.is_empty()),
            artifacts: job.produces.iter().map(|p| p.name.value.clone()).collect(),
            variables: job.env.iter().map(|e| e.name.value.clone()).collect(),
        }
    }

    /// In what another job is not this one. The compiler adds files of reports, and variables of environments.
    fn missed(&self, other: &Self) -> Vec<&'static str> {
        let all = [
            ("the limit", self.minutes == other.minutes),
            ("the cells", self.cells == other.cells),
            ("the services", self.services == other.services),
            ("its forgiveness", self.forgiven == other.forgiven),
            ("an artifact", self.artifacts.is_subset(&other.artifacts)),
            ("a variable", self.variables.is_subset(&other.variables)),
        ];
        all.into_iter().filter(|(_, same)| !same).map(|(what, _)| what).collect()
    }
}

fn traits(pipeline: &Pipeline) -> BTreeMap<String, Traits> {
    let name = |job: &Job| format!("{}.{}", pipeline.workflow(job.workflow).name.value, job.name.value);
    pipeline.jobs.iter().map(|job| (name(job), Traits::of(job))).collect()
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
        let (theirs, own) = (traits(&again), traits(&original));
        for (job, wanted) in &own {
            let Some(found) = theirs.get(job) else { continue };
            wrong.extend(wanted.missed(found).iter().map(|what| format!("{name}: {job} has another one: {what}")));
        }
        examples += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(examples > 10 && jobs > 50, "{examples} examples, {jobs} jobs");
}

/// The file with its workflow, jobs and steps called as the spec calls them: what is shown is no part of what a run does.
fn named(text: &str, workflow: &str) -> String {
    let own =
        text.lines().filter(|line| !line.starts_with("name:") && !line.starts_with("    name:") && !line.starts_with("  name:"));
    let made = format!("name: {workflow}\n{}\n", own.collect::<Vec<_>>().join("\n"))
        .replace("$default-branch", "main")
        .replace("$cron-weekly", "17 4 * * 1")
        .replace("$cron-daily", "17 4 * * *")
        // The token of the run has two names.
        .replace("secrets.GITHUB_TOKEN", "github.token");
    // The handle of a step has dashes.
    let handles = text.lines().filter_map(|l| l.trim().trim_start_matches("- ").strip_prefix("id:")).map(str::trim);
    handles.filter(|id| id.contains('_')).fold(made, |made, id| {
        let ours = id.replace('_', "-");
        made.replace(&format!("steps.{id}."), &format!("steps.{ours}.")).replace(&format!("id: {id}"), &format!("id: {ours}"))
    })
}

/// Whether the readers of `verify` find in the original file what the imported spec says: point, job and what differs, for each difference.
fn differences(path: &Path, root: &Path, renderer: &Renderer) -> Option<Vec<(u8, String)>> {
    let sources = SourceMap::new();
    let id = sources.read(path, path.to_string_lossy()).ok()?;
    let imported = import(&sources, &[id], Vendor::Github, root);
    let whole = imported.ledger.keys().iter().all(|k| matches!(k.fate(), Fate::Exact | Fate::Emulated(_)));
    if !whole || imported.is_empty() {
        return None;
    }
    let spec = imported.spec("again", "main", &["github"]);
    let texts = SourceMap::new();
    let id = texts.add("pipeline.kdl", spec);
    let options = Options { root, spec: "pipeline.kdl", targets: &[], today: None, renderer };
    let compiled = compile(&texts, id, &options).ok()?;
    if compiled.diagnostics.iter().any(|d| d.severity == Severity::Error) {
        return None;
    }
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let workflow = &compiled.pipeline.as_ref()?.workflows.first()?.name.value;
    let shown = format!(".github/workflows/{workflow}.yml");
    let text = named(&std::fs::read_to_string(path).unwrap(), workflow);
    let (found, _) = equivalence::compare(compiled.pipeline.as_ref()?, &[(shown.as_str(), text.as_str())]);
    Some(found.into_iter().map(|d| (d.point, format!("{stem}: {}: spec {} / file {}", d.job, d.wanted, d.found))).collect())
}

/// What an import says on purpose, and the account or the page of imports tells: a token that may less, the vendor's own limit written down, a
/// pipe that hides no failure, a token for the steps that push, environments that one run enters at a time, expressions that became variables of the step.
const TOLD: &[&str] = &[
    "its token has",
    "it can prove who it is",
    "only the vendor's own limit stops it",
    "fails with any command of a pipe",
    "it waits for other runs in its environment",
    "${…}",
    "${{",
    // A step that pushes gets the token that the clone kept there.
    "GIT_CONFIG_",
    // An artifact is laid into another folder.
    "cp -R ",
];

#[test]
fn real_files_do_what_their_imports_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/github");
    if !folder.is_dir() {
        println!("skipped: there is no {}", folder.display());
        return;
    }
    let renderer = Renderer::new();
    let mut points: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    let (mut files, mut same) = (0, 0);
    for entry in walkdir::WalkDir::new(&folder).sort_by_file_name().into_iter().map(Result::unwrap) {
        let path = entry.path();
        if !entry.file_type().is_file() || !path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
            continue;
        }
        let root = folder.join(path.strip_prefix(&folder).unwrap().components().next().unwrap());
        let Some(mut found) = differences(path, &root, &renderer) else { continue };
        found.retain(|(_, text)| !TOLD.iter().any(|t| text.contains(t)));
        files += 1;
        same += usize::from(found.is_empty());
        found.into_iter().for_each(|(point, text)| points.entry(point).or_default().push(text));
    }
    println!("{files} files that come over whole, {same} of them without a difference");
    for (point, texts) in &points {
        println!("  point {point}:");
        texts.iter().for_each(|t| println!("    {t}"));
    }
    // What is left has another name here: a runner of a matrix, a job; or is a program that a step of the spec brings in another way.
    assert!(files >= 100 && same * 100 >= files * 79, "{same} of {files}");
}
