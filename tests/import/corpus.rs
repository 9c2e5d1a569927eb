//! Real configurations, where they lie beside the repository: what share of their keys comes over, and how many files come over whole.
//!
//! The figures are printed as a table, and a floor for each keeps it from falling.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipewright::base::diag::{Diagnostic, Severity};
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::ledger::{Fate, Ledger, Tally};
use pipewright::front::{Imported, Vendor, import};
use pipewright::render::Renderer;

use super::account::keys;
use super::imported;

/// What the files of a vendor came to.
#[derive(Default, Debug)]
struct Figures {
    files: usize,
    /// Files that cannot be read, or of which nothing can be said in a spec.
    stay: usize,
    keys: Tally,
    whole: usize,
    own: usize,
    other: usize,
}

/// What may not fall: keys carried exactly or in another way, keys carried or kept, files without a loss, files whose import compiles for their
/// own vendor and for the other one; in percent.
struct Floors {
    carried: f64,
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

fn measure(folder: &Path, vendor: Vendor, targets: [&str; 2], wanted: &dyn Fn(&Path) -> bool) -> Figures {
    let renderer = Renderer::new();
    let mut figures = Figures::default();
    let mut said = Vec::new();
    for path in files(folder, wanted) {
        let sources = SourceMap::new();
        let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        let Ok(id) = sources.read(&path, name.clone()) else { continue };
        // Files of GitLab are included from their own folder here, buildspecs are named from the root of the repository.
        let root = match vendor {
            Vendor::Github | Vendor::Gitlab => path.parent().unwrap().to_owned(),
            Vendor::Codebuild | Vendor::Codepipeline | Vendor::Jenkins => {
                folder.join(path.strip_prefix(folder).unwrap().components().next().unwrap())
            }
        };
        let imported = import(&sources, &[id], vendor, &root);
        let tally = Ledger::tally(imported.ledger.keys());
        figures.files += 1;
        for key in imported.ledger.keys() {
            figures.keys.add(&key.fate());
            if let Fate::Lost(why) | Fate::Kept(why) = key.fate() {
                said.push(format!("key\t{name}\t{}\t{why}", key.path));
            }
        }
        if imported.is_empty() {
            figures.stay += 1;
            continue;
        }
        figures.whole += usize::from(tally.lost == 0);
        for (i, target) in targets.iter().enumerate() {
            let mut notes = Vec::new();
            let compiles = compiles(&imported, target, &renderer, &mut notes);
            said.extend(notes.iter().map(|n| format!("{target}\t{name}\t{n}")));
            *[&mut figures.own, &mut figures.other][i] += usize::from(compiles);
        }
    }
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
        ("keys carried or kept", carried + keys.kept, keys.all(), floors.held),
        ("files without a loss", figures.whole, *files, floors.whole),
        ("files that compile for their vendor", figures.own, *files, floors.own),
        ("files that compile for the other", figures.other, *files, floors.other),
    ];
    println!("{}: {files} files, {} stay as they are, {} keys", vendor.word(), figures.stay, keys.all());
    let mut fallen = Vec::new();
    for (what, part, of, floor) in rows {
        println!("  {what:<40} {part:>6} of {of:>6} {:>6.1} % (at least {floor:.1} %)", share(part, of));
        if share(part, of) < floor {
            fallen.push(what);
        }
    }
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
    hold(Vendor::Github, &figures, &Floors { carried: 71.5, held: 82.0, whole: 37.0, own: 46.0, other: 27.0 });
}

#[test]
fn real_configurations_of_gitlab_come_over() {
    let Some(folder) = corpus("gitlab") else { return };
    let figures = measure(&folder, Vendor::Gitlab, ["gitlab", "github"], &|p| p.ends_with(".gitlab-ci.yml"));
    hold(Vendor::Gitlab, &figures, &Floors { carried: 75.5, held: 77.5, whole: 52.5, own: 67.0, other: 70.0 });
}

#[test]
fn real_buildspecs_come_over() {
    let Some(folder) = corpus("codebuild") else { return };
    let figures = measure(&folder, Vendor::Codebuild, ["codebuild", "github"], &is_yaml);
    hold(Vendor::Codebuild, &figures, &Floors { carried: 98.0, held: 99.5, whole: 92.5, own: 95.0, other: 99.5 });
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
    hold(Vendor::Codepipeline, &figures, &Floors { carried: 69.5, held: 69.5, whole: 0.0, own: 22.0, other: 74.0 });
}

#[test]
fn real_declarative_jenkinsfiles_come_over() {
    let Some(folder) = corpus("jenkins") else { return };
    let is_declarative = |path: &Path| {
        std::fs::read_to_string(path).is_ok_and(|text| text.lines().any(|l| l.trim_start().starts_with("pipeline {")))
    };
    let figures = measure(&folder, Vendor::Jenkins, ["gitlab", "github"], &is_declarative);
    hold(Vendor::Jenkins, &figures, &Floors { carried: 86.0, held: 86.0, whole: 50.0, own: 86.0, other: 86.0 });
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
