//! Real configurations, where they lie beside the repository: what share of their keys comes over, and how many files come over whole.
//!
//! The figures are printed as a table, and a floor for each keeps it from falling.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipewright::base::diag::{Diagnostic, Severity};
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::ledger::{Fate, Key, Tally};
use pipewright::front::{Imported, Told, Vendor, import};
use pipewright::render::Renderer;

use super::account::keys;
use super::imported;

/// What the files of a vendor came to.
#[derive(Default, Debug)]
struct Figures {
    files: usize,
    /// Files that cannot be read, or of which nothing can be said in a spec.
    stay: usize,
    /// Files that the spec keeps whole for their own vendor, and says nothing else of.
    kept: usize,
    keys: Tally,
    whole: usize,
    own: usize,
    other: usize,
    /// Builds that ended with a fault of pipewright itself.
    faults: Vec<String>,
}

/// What may not fall: keys carried exactly or in another way, these and the keys that the spec says for their own vendor alone, all of them and those
/// kept in its words, files without a loss, files whose import compiles for their
/// own vendor and for the other one; in percent.
struct Floors {
    carried: f64,
    said: f64,
    held: f64,
    whole: f64,
    own: f64,
    other: f64,
}

fn share(part: usize, of: usize) -> f64 {
    part as f64 * 100.0 / of.max(1) as f64
}

fn files(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    entries.filter(|e| e.file_type().is_file() && wanted(e.path())).map(|e| e.into_path()).collect()
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yml" || e == "yaml")
}

/// The capability that a refused loss names: what a person accepts by name, once it is read.
fn loss(diagnostic: &Diagnostic) -> Option<String> {
    let named = diagnostic.help.iter().find_map(|h| h.split("`accept ").nth(1))?;
    named.split_whitespace().nth(1).map(str::to_owned)
}

/// Whether a spec compiles for a target once every loss that can be accepted is accepted by name. The rules that stand against it are noted.
fn compiles(imported: &Imported, target: &str, renderer: &Renderer, notes: &mut Vec<String>) -> bool {
    let mut accepted = BTreeSet::new();
    loop {
        let mut spec = imported.spec("sample", "main", &[target]);
        if target == "codebuild" {
            // Nothing starts there by hand, and a buildspec says no other events: a person has said them.
            spec = spec.replace("        manual\n", "        push main\n");
        }
        spec.extend(accepted.iter().map(|l| format!("accept {target} {l} reason=\"measured\"\n")));
        let sources = SourceMap::new();
        let id = sources.add("pipeline.kdl", spec);
        let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer };
        let compiled = match compile(&sources, id, &options) {
            Ok(compiled) => compiled,
            Err(failure) => {
                notes.push(format!("internal\t{failure}"));
                return false;
            }
        };
        let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
        let before = accepted.len();
        accepted.extend(errors.iter().filter_map(|d| loss(d)));
        if accepted.len() == before {
            notes.extend(errors.iter().map(|d| format!("{}\t{}", d.rule, d.message)));
            return errors.is_empty();
        }
    }
}

/// Reasons with what each costs, the dearest first: names in back quotes are left out.
fn ranked(said: &[String], kind: &str, at: usize, once_a_file: bool) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for line in said {
        let cells: Vec<&str> = line.split('\t').collect();
        let Some(reason) = cells.get(at).filter(|_| cells[0] == kind) else { continue };
        let plain: String = reason.split('`').enumerate().map(|(i, part)| if i % 2 == 0 { part } else { "…" }).collect();
        if !once_a_file || seen.insert((cells[1].to_owned(), plain.clone())) {
            *counts.entry(plain).or_default() += 1;
        }
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    for (reason, count) in rows.iter().take(12) {
        println!("    {count:>6}  {reason}");
    }
}

/// The repository of a file: the first folder below that of the vendor.
fn repository(folder: &Path, path: &Path) -> PathBuf {
    folder.join(path.strip_prefix(folder).unwrap().components().next().unwrap())
}

/// What became of the keys of each file. The workflows of a repository are imported together, since they call one another.
fn accounts(folder: &Path, vendor: Vendor, paths: &[PathBuf]) -> BTreeMap<PathBuf, Vec<(String, Fate)>> {
    let mut together: BTreeMap<PathBuf, Vec<&PathBuf>> = BTreeMap::new();
    for path in paths {
        let group = if vendor == Vendor::Github { repository(folder, path) } else { path.clone() };
        together.entry(group).or_default().push(path);
    }
    let mut found = BTreeMap::new();
    for (_, paths) in together {
        let sources = SourceMap::new();
        // What is no text stays out of the figures.
        let read = |p: &PathBuf| sources.read(p, p.strip_prefix(folder).unwrap().to_string_lossy()).ok();
        let read = paths.iter().filter_map(|p| Some((*p, read(p)?)));
        let read: Vec<_> = read.collect();
        let ids: Vec<_> = read.iter().map(|(_, id)| *id).collect();
        let imported = import(&sources, &ids, vendor, &root(folder, vendor, paths[0]));
        for (path, id) in read {
            let own = |k: &&Key| k.span.source == id || vendor != Vendor::Github;
            let keys = imported.ledger.keys().iter().filter(own).map(|k| (k.path.clone(), k.fate()));
            found.insert(path.clone(), keys.collect());
        }
    }
    found
}

/// Files of GitLab are included from their own folder here, those of the others are named from the root of the repository.
fn root(folder: &Path, vendor: Vendor, path: &Path) -> PathBuf {
    match vendor {
        Vendor::Gitlab => path.parent().unwrap().to_owned(),
        Vendor::Github | Vendor::Codebuild | Vendor::Codepipeline | Vendor::Jenkins => repository(folder, path),
    }
}

/// What whoever imports a file says on the command line.
fn told() -> Told {
    let topic = "arn:aws:sns:eu-west-1:123456789012:approvers";
    let people = [("github", "team/approvers"), ("gitlab", "team/approvers"), ("codepipeline", topic)];
    let people = people.map(|(target, name)| (target.to_owned(), name.to_owned()));
    Told { repository: Some("team/sample".to_owned()), approvers: people.to_vec() }
}

fn measure(folder: &Path, vendor: Vendor, targets: [&str; 2], wanted: &dyn Fn(&Path) -> bool) -> Figures {
    let renderer = Renderer::new();
    let mut figures = Figures::default();
    let mut said = Vec::new();
    let paths = files(folder, wanted);
    let mut compiled: BTreeMap<&Path, [bool; 2]> = BTreeMap::new();
    let mut called = Vec::new();
    for (path, keys) in &accounts(folder, vendor, &paths) {
        let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        figures.files += 1;
        let mut own = Tally::default();
        for (key, fate) in keys {
            figures.keys.add(fate);
            own.add(fate);
            if let Fate::Lost(why) | Fate::Kept(why) | Fate::Own(why) = fate {
                said.push(format!("key\t{name}\t{key}\t{why}"));
            }
        }
        figures.whole += usize::from(own.lost == 0);
        let path = paths.iter().find(|p| *p == path).unwrap();
        let sources = SourceMap::new();
        let id = sources.read(path, name.clone()).unwrap();
        let mut imported = import(&sources, &[id], vendor, &root(folder, vendor, path));
        imported.tell(&told());
        if imported.is_empty() {
            called.push(path);
            continue;
        }
        figures.kept += usize::from(!imported.stays.is_empty());
        let mut both = [false; 2];
        for (i, target) in targets.iter().enumerate() {
            let mut notes = Vec::new();
            both[i] = compiles(&imported, target, &renderer, &mut notes);
            let faults = notes.iter().filter(|n| n.starts_with("internal\t"));
            figures.faults.extend(faults.map(|n| format!("{target}\t{name}\t{n}")));
            said.extend(notes.iter().map(|n| format!("{target}\t{name}\t{n}")));
        }
        compiled.insert(path, both);
    }
    // What others call compiles where all of them do.
    let mut stay = Vec::new();
    for path in called {
        let name = format!("./.github/workflows/{}", path.file_name().unwrap().to_str().unwrap());
        let calls = |other: &Path| std::fs::read_to_string(other).is_ok_and(|text| text.contains(&name));
        let callers = paths.iter().filter(|p| vendor == Vendor::Github && p.parent() == path.parent() && calls(p));
        let callers: Vec<Option<[bool; 2]>> = callers.map(|p| compiled.get(p.as_path()).copied()).collect();
        if callers.is_empty() {
            stay.push(path);
        } else {
            let all = |i: usize| callers.iter().all(|c| c.is_some_and(|c| c[i]));
            compiled.insert(path, [all(0), all(1)]);
        }
    }
    figures.stay = stay.len();
    figures.own = compiled.values().filter(|c| c[0]).count();
    figures.other = compiled.values().filter(|c| c[1]).count();
    println!("  what most keys are kept or lost for:");
    ranked(&said, "key", 3, false);
    for target in targets {
        println!("  rules that stand against most files on {target}:");
        ranked(&said, target, 2, true);
    }
    // For whoever looks for what to carry next: every key that did not come over, and every error.
    if let Some(path) = std::env::var_os("IMPORT_NOTES") {
        let path = Path::new(&path).with_extension(vendor.word());
        std::fs::write(path, said.join("\n")).unwrap();
    }
    figures
}

fn hold(vendor: Vendor, figures: &Figures, floors: &Floors) {
    let Figures { files, keys, .. } = figures;
    let carried = keys.exact + keys.emulated;
    let rows = [
        ("keys carried", carried, keys.all(), floors.carried),
        ("keys carried, or said for it alone", carried + keys.own, keys.all(), floors.said),
        ("keys carried, said or kept", carried + keys.own + keys.kept, keys.all(), floors.held),
        ("files without a loss", figures.whole, *files, floors.whole),
        ("files that compile for their vendor", figures.own, *files, floors.own),
        ("files that compile for the other", figures.other, *files, floors.other),
    ];
    println!("{}: {files} files, {} stay as they are, {} keys", vendor.word(), figures.stay, keys.all());
    if figures.kept > 0 {
        println!("  {} of them the spec keeps whole for their own vendor: the other one goes without, by name", figures.kept);
    }
    let mut fallen = Vec::new();
    for (what, part, of, floor) in rows {
        println!("  {what:<40} {part:>6} of {of:>6} {:>6.1} % (at least {floor:.1} %)", share(part, of));
        if share(part, of) < floor {
            fallen.push(what);
        }
    }
    println!("  {:<40} {:>6}", "faults of pipewright itself", figures.faults.len());
    assert!(figures.faults.is_empty(), "{}", figures.faults.join("\n"));
    assert!(fallen.is_empty(), "below the floor: {fallen:?}");
}

/// The folder of real files, where it lies beside the repository.
fn corpus(vendor: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(vendor);
    if !folder.is_dir() {
        println!("skipped: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn real_workflows_of_github_come_over() {
    let Some(folder) = corpus("github") else { return };
    let figures = measure(&folder, Vendor::Github, ["github", "gitlab"], &is_yaml);
    hold(Vendor::Github, &figures, &Floors { carried: 84.6, said: 96.2, held: 99.7, whole: 92.2, own: 96.0, other: 70.1 });
}

#[test]
fn real_configurations_of_gitlab_come_over() {
    let Some(folder) = corpus("gitlab") else { return };
    let figures = measure(&folder, Vendor::Gitlab, ["gitlab", "github"], &|p| p.ends_with(".gitlab-ci.yml"));
    hold(Vendor::Gitlab, &figures, &Floors { carried: 90.0, said: 90.8, held: 92.2, whole: 70.0, own: 79.0, other: 77.5 });
}

#[test]
fn real_buildspecs_come_over() {
    let Some(folder) = corpus("codebuild") else { return };
    let figures = measure(&folder, Vendor::Codebuild, ["codebuild", "github"], &is_yaml);
    hold(Vendor::Codebuild, &figures, &Floors { carried: 98.0, said: 99.5, held: 99.5, whole: 92.5, own: 95.0, other: 99.5 });
}

#[test]
fn real_pipelines_of_aws_come_over() {
    let Some(folder) = corpus("codepipeline") else { return };
    // Schemas of the vendor's own resources lie there, too.
    let is_template = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        (is_yaml(path) || path.extension().is_some_and(|e| e == "json"))
            && text.contains("Resources")
            && !text.contains("typeName")
    };
    let figures = measure(&folder, Vendor::Codepipeline, ["codepipeline", "github"], &is_template);
    hold(Vendor::Codepipeline, &figures, &Floors { carried: 96.0, said: 96.0, held: 96.0, whole: 29.0, own: 99.5, other: 99.5 });
}

#[test]
fn real_declarative_jenkinsfiles_come_over() {
    let Some(folder) = corpus("jenkins") else { return };
    let is_declarative = |path: &Path| {
        std::fs::read_to_string(path).is_ok_and(|text| text.lines().any(|l| l.trim_start().starts_with("pipeline {")))
    };
    let figures = measure(&folder, Vendor::Jenkins, ["gitlab", "github"], &is_declarative);
    hold(Vendor::Jenkins, &figures, &Floors { carried: 86.0, said: 86.0, held: 86.0, whole: 50.0, own: 90.5, other: 90.5 });
}

#[test]
fn the_account_of_real_files_has_every_key() {
    let Some(folder) = corpus("github") else { return };
    let mut held = 0;
    for path in files(&folder, &is_yaml) {
        let text = std::fs::read_to_string(&path).unwrap();
        // The other reader writes aliases out, and takes one document.
        let Ok(value) = serde_yaml::from_str::<serde_yaml::Value>(&text) else { continue };
        if text.contains(": &") || text.contains("- &") {
            continue;
        }
        let (_, imported) = imported(Vendor::Github, &[("ci.yml", &text)]);
        assert_eq!(imported.ledger.keys().len(), keys(&value), "{}", path.display());
        held += 1;
    }
    assert!(held > 400, "{held}");
}
