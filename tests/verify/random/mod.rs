//! Random specs mean the same on every target, whatever is permuted, added or laid out anew.
//!
//! `PIPEWRIGHT_RANDOM=10000` tries so many, `PIPEWRIGHT_RANDOM_SEED=7` others. What fails is shrunk and shown as a spec.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::render::Renderer;
use pipewright::syntax::fmt::format;
use pipewright::verify::equivalence::compare;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use home::Home;
use spec::Spec;

mod features;
mod home;
mod job;
mod spec;

/// Pairs of jobs, counted in each event, up to which `build` itself compares.
const COMPARED: usize = 400_000;

/// One spec of so many is also laid out anew, permuted, and given a further job: that costs three times as much as the spec itself.
const CHANGED: usize = 4;

/// Path and text.
type Files = Vec<(String, String)>;

/// The rules that refused a spec, or what is wrong with it and the text that shows it.
type Tried = Result<Vec<String>, (String, String)>;

enum Came {
    /// The rules that refused it.
    Refused(Vec<String>),
    Written(Files),
    /// What went wrong.
    Wrong(String),
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn compiled(text: &str, home: Home, renderer: &Renderer) -> Came {
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", text);
    let options = Options { root: Path::new("/nowhere"), spec: "pipeline.kdl", targets: &[], today: None, renderer };
    let compiled = match catch_unwind(AssertUnwindSafe(|| compile(&sources, id, &options))) {
        Ok(Ok(compiled)) => compiled,
        Ok(Err(failure)) => return Came::Wrong(failure.to_string()),
        Err(_) => return Came::Wrong("a panic".to_owned()),
    };
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let errors: Vec<String> = errors.map(|d| format!("{}: {}", d.rule, d.message)).collect();
    if !errors.is_empty() {
        return Came::Refused(errors);
    }
    let files: Files = compiled.outputs.into_iter().map(|o| (o.path, o.text)).collect();
    let texts: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let Some(pipeline) = compiled.pipeline else { return Came::Wrong("no meaning and no error".to_owned()) };
    let paths: Vec<&str> = files.iter().map(|(p, _)| p.as_str()).collect();
    if home.written(&paths) != pipeline.targets.len() {
        return Came::Wrong("a vendor has no files".to_owned());
    }
    // What is written has been compared, unless there is too much of it.
    let compared = pipeline.jobs.len().pow(2) * pipeline.events.len() <= COMPARED;
    let differences = if compared { Vec::new() } else { compare(&pipeline, &texts).0 };
    match differences.first() {
        Some(difference) => Came::Wrong(difference.shown()),
        None => Came::Written(files),
    }
}

/// What is wrong with a spec, in words and with the text that shows it; or the rules that refused it. `changed`: also what changes nothing is tried.
fn tried(spec: &Spec, home: Home, changed: bool, renderer: &Renderer) -> Tried {
    let parts = home.of(spec).parts(home);
    let text = Spec::text(&parts, home);
    let files = match compiled(&text, home, renderer) {
        Came::Refused(rules) => return Ok(rules),
        Came::Wrong(fault) => return Err((fault, text)),
        Came::Written(files) => files,
    };
    if !changed {
        return Ok(Vec::new());
    }
    let laid_out = format(&text).map_err(|_| ("`fmt` refuses what `build` takes".to_owned(), text.clone()))?;
    let again = |text: &str, what: &str| match compiled(text, home, renderer) {
        Came::Written(files) => Ok(files),
        Came::Refused(rules) => Err((format!("{what}: {}", rules.join("; ")), text.to_owned())),
        Came::Wrong(fault) => Err((format!("{what}: {fault}"), text.to_owned())),
    };
    let fault = |what: &str, file: &str| Err((format!("{what} changes {file}"), text.clone()));
    if let Some(((path, _), _)) = files.iter().zip(again(&laid_out, "`fmt`")?).find(|(a, b)| **a != *b) {
        return fault("`fmt`", path);
    }
    // Of several workflows that are started by hand GitLab offers the first, and the first job that asks names the question.
    let ranked = text.matches("manual").count() > 1 || text.contains("approval");
    let backwards: Vec<String> = parts.iter().rev().cloned().collect();
    let mut permuted = again(&Spec::text(&backwards, home), "another order")?;
    permuted.sort();
    let mut sorted = files.clone();
    sorted.sort();
    if let Some(((path, _), _)) =
        sorted.iter().zip(&permuted).find(|(a, b)| a.0 != b.0 || (!ranked && sorted_lines(&a.1) != sorted_lines(&b.1)))
    {
        return fault("another order", path);
    }
    if let Some(more) = Spec::with_unrelated(&parts) {
        let with = again(&Spec::text(&more, home), "an unrelated job")?;
        for (path, text) in &files {
            let other = with.iter().find(|(p, _)| p == path).map_or("", |(_, t)| t);
            let of = |text| if home == Home::Hosts { jobs(text) } else { build(path, text) };
            let (before, after) = (of(text), of(other));
            if let Some((name, _)) = before.iter().find(|(name, lines)| after.get(*name) != Some(lines)) {
                return fault("an unrelated job", &format!("`{name}` of {path}"));
            }
        }
    }
    Ok(Vec::new())
}

fn sorted_lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
    lines.sort_unstable();
    lines
}

/// The blocks of a YAML file that a job of the spec heads, by that line.
fn jobs(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let (mut found, mut at, mut rules): (BTreeMap<&str, Vec<&str>>, _, _) = (BTreeMap::new(), None, false);
    for line in text.lines() {
        let name = line.trim_start();
        let depth = line.len() - name.len();
        if depth == 0 || (depth == 2 && !name.starts_with('-')) {
            let own = name.strip_suffix(':').filter(|n| Spec::is_job(n));
            // On GitLab a job stands at the margin and its keys two blanks in; on GitHub a job is two blanks in.
            if own.is_some() || depth == 0 || at.is_some_and(|(_, d)| d == 2) {
                at = own.map(|n| (n, depth));
            }
        }
        // Rules that two jobs share are written once, above both.
        // A job that a newer pipeline may cancel makes all others say that they are not to be.
        if depth == 2 && name.starts_with("interruptible:") {
            continue;
        }
        let shares = depth == 2 && (name.starts_with("rules:") || name.starts_with("extends:"));
        rules = shares || (rules && depth > 2);
        if let Some((name, _)) = at.filter(|(_, d)| !line.is_empty() && (!rules || *d != 0)) {
            found.entry(name).or_default().push(line);
        }
    }
    found
}

/// The lines of a file that is all one job's, as a buildspec is.
fn build<'t>(path: &'t str, text: &'t str) -> BTreeMap<&'t str, Vec<&'t str>> {
    let name = path.rsplit('/').next().and_then(|f| f.strip_suffix(".yml")).filter(|n| Spec::is_job(n));
    name.map(|n| (n, text.lines().collect())).into_iter().collect()
}

/// The smallest spec on the way down from this one that fails in the same manner.
fn smallest(
    tree: &mut impl ValueTree<Value = Spec>,
    first: (String, String),
    tried: &dyn Fn(&Spec) -> Tried,
) -> (String, String) {
    let (mut last, mut steps) = (first, 0);
    let manner = kind(&last.0);
    let mut moved = tree.simplify();
    while moved && steps < 400 {
        steps += 1;
        moved = match tried(&tree.current()) {
            Err(found) if kind(&found.0) == manner => {
                last = found;
                tree.simplify()
            }
            _ => tree.complicate(),
        };
    }
    last
}

/// The text without the declarations that the fault does not need; as it is where the fault lies between two texts.
fn pruned(text: String, manner: &str, home: Home, renderer: &Renderer) -> String {
    let same = |text: &str| matches!(compiled(text, home, renderer), Came::Wrong(fault) if kind(&fault) == manner);
    if !same(&text) {
        return text;
    }
    let mut lines: Vec<&str> = text.lines().collect();
    for at in (1..lines.len()).rev() {
        let whole = !lines[at].starts_with([' ', '}']) && !lines[at].ends_with('{');
        let without: Vec<&str> = lines.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, l)| *l).collect();
        if whole && same(&without.join("\n")) {
            lines = without;
        }
    }
    lines.join("\n")
}

/// What two faults of one kind have in common: the words without names and numbers.
fn kind(fault: &str) -> String {
    let mut plain: String = fault.split('`').step_by(2).collect();
    let words = plain.split(' ').filter(|w| !w.trim_start_matches('(').starts_with('.'));
    plain = words.collect::<Vec<_>>().join(" ");
    plain.retain(|c| !c.is_ascii_digit());
    plain
}

/// Builds so many random specs for a home, and shows those that fail.
fn random(home: Home) {
    let (wanted, seed) = (number("PIPEWRIGHT_RANDOM", 30), number("PIPEWRIGHT_RANDOM_SEED", 0));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let (strategy, renderer) = (spec::spec(), Renderer::new());
    let (mut refused, mut rules) = (0, BTreeMap::<String, usize>::new());
    let mut wrong: BTreeMap<String, (usize, String, String)> = BTreeMap::new();
    for at in 0..wanted {
        let tried = |spec: &Spec| tried(spec, home, at % CHANGED == 0, &renderer);
        let mut tree = strategy.new_tree(&mut runner).unwrap();
        match tried(&tree.current()) {
            Ok(found) => {
                refused += usize::from(!found.is_empty());
                for rule in found {
                    *rules.entry(kind(&rule)).or_default() += 1;
                }
            }
            Err(found) => {
                let same = wrong.entry(kind(&found.0)).or_default();
                same.0 += 1;
                if same.0 == 1 {
                    let (fault, text) = smallest(&mut tree, found, &tried);
                    (same.1, same.2) = (fault.clone(), pruned(text, &kind(&fault), home, &renderer));
                }
            }
        }
    }
    println!("{wanted} random specs of seed {seed} for {home:?}: {refused} refused, by {rules:#?}");
    let shown: Vec<String> = wrong.values().map(|(n, fault, text)| format!("{n} times: {fault}\n{text}")).collect();
    assert!(wrong.is_empty(), "{}", shown.join("\n"));
    assert!(refused * 2 < wanted, "{refused} of {wanted} refused, by {rules:#?}");
}

#[test]
fn random_specs_mean_the_same_on_both_hosts() {
    random(Home::Hosts);
}

#[test]
fn random_specs_mean_the_same_on_codebuild() {
    random(Home::Codebuild);
}

#[test]
fn random_specs_mean_the_same_on_codepipeline() {
    random(Home::Codepipeline);
}
