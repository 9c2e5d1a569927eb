//! What the goals of speed are held against: each line is a ratio to a reference measured in the same run, so a slow machine moves both.
//!
//! `cargo bench` prints all; `cargo bench -- P1 P4` those goals. No line fails: a goal that is not reached is to be read, not enforced.
//! `benches/instructions.sh` counts instructions with the other modes of this program, which are below in [`mode`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program that measures reads the clock, and ends where it cannot go on"
)]

mod clock;
mod texts;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clock::{Pair, cpu, paired, run, runs, taken};
use pipewright::base::diag::{Diagnostics, Severity};
use pipewright::base::source::SourceMap;
use pipewright::base::span::{SourceId, Span};
use pipewright::driver::{self, Options};
use pipewright::front::ledger::Ledger;
use pipewright::front::yaml::{self, Limits};
use pipewright::front::{Vendor, import};
use pipewright::render::Renderer;
use pipewright::sema::expand::expand;
use pipewright::sema::lower::lower;
use pipewright::syntax::check as shape;
use pipewright::syntax::check::actions::Actions;
use pipewright::syntax::parse;
use pipewright::syntax::settle::settle;
use pipewright::target::asset;

const BOTH: &[&str] = &["github", "gitlab"];
const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
const MEGABYTE: usize = 1 << 20;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|w| w != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if mode(&words) {
        return;
    }
    let goals: [(&str, fn()); 9] = [
        ("P1", parse_and_lower),
        ("P3", start),
        ("P4", many),
        ("P5", threads),
        ("P7", growth),
        ("P8", memory),
        ("P9", hostile),
        ("P10", diagnostics),
        ("import", take_over),
    ];
    for (goal, measure) in goals {
        if words.is_empty() || words.contains(&goal) {
            measure();
        }
    }
}

/// One thing done for another program; whether there was such a thing to do.
fn mode(words: &[&str]) -> bool {
    let read = |path: &str| fs::read_to_string(path).unwrap();
    match words {
        ["--write", folder] => write_all(Path::new(folder)),
        ["--nothing"] => {}
        ["--parse", path] => read_text(&read(path)),
        ["--kdl", path] => _ = black_box(kdl::KdlDocument::parse(&read(path))),
        ["--lower", path] => lower_text(&read(path)),
        ["--walk", folder] => walk(Path::new(folder)),
        ["--peak", words @ ..] => {
            let line = ["pipewright"].iter().chain(words).map(std::ffi::OsString::from);
            pipewright::cli::run(line);
            let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
            let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0 kB");
            println!("peak {}", peak.trim().trim_end_matches(" kB"));
        }
        _ => return false,
    }
    true
}

/// The files that `benches/instructions.sh` counts over.
fn write_all(folder: &Path) {
    let put = |name: String, text: &str| fs::write(folder.join(name), text).unwrap();
    for jobs in SIZES {
        put(format!("jobs-{jobs}.kdl"), &texts::spec(jobs, BOTH));
        put(format!("plain-{jobs}.kdl"), &texts::spec(jobs, &[]));
        put(format!("chain-{jobs}.kdl"), &texts::chain(jobs, BOTH));
        put(format!("fan-{jobs}.kdl"), &texts::fan(jobs, BOTH));
        put(format!("gates-{jobs}.kdl"), &texts::gates(jobs, BOTH));
        put(format!("mistakes-{jobs}.kdl"), &texts::mistakes(jobs, jobs, &[]).0);
    }
    for (name, bytes) in [("50k", 50 << 10), ("1m", MEGABYTE), ("10m", 10 * MEGABYTE)] {
        put(format!("size-{name}.kdl"), &texts::spec_of(bytes, &[]));
    }
    let (wrong, right) = texts::mistakes(megabyte_of_jobs(), 1_000, &["github"]);
    put("wrong.kdl".into(), &wrong);
    put("right.kdl".into(), &right);
    let jobs = texts::spec(megabyte_of_jobs(), &[]);
    put("first.kdl".into(), &jobs.replacen("timeout \"20m\"", "timeout 20m", 1));
    put("last.kdl".into(), &(jobs + "secret a=1\n"));
    put("empty.kdl".into(), "");
    for (name, text) in texts::hostile() {
        put(format!("hostile-{name}.kdl"), &text);
        put(format!("harmless-{name}.kdl"), &texts::spec_of(text.len(), &[]));
    }
}

/// About as many jobs as make a megabyte with the mistakes in them.
fn megabyte_of_jobs() -> usize {
    MEGABYTE / (texts::mistakes(2_000, 250, &[]).0.len() / 2_000)
}

fn line(goal: &str, what: &str, value: f64, bound: f64, reference: &str) {
    let value = if value < 0.1 { format!("1/{:.0}", 1.0 / value) } else { format!("{value:.2}") };
    let bound = if bound < 0.1 { format!("1/{:.0}", 1.0 / bound) } else { format!("{bound}") };
    println!("{goal:<4} {what:<58} {value:>8} of {reference}; the goal is {bound}");
}

fn shown(goal: &str, what: &str, pair: Pair, bound: f64, reference: &str) {
    line(goal, &format!("{what} ({:.1?})", pair.ours), pair.ratio(), bound, reference);
}

fn read_text(text: &str) {
    let sources = SourceMap::new();
    let id = sources.add("x", text);
    black_box(parse::read(id, &sources.file(id).text));
}

/// Text to meaning, as the driver does it, without the rules that are not about reading.
fn lower_text(text: &str) {
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", text);
    let mut found = Diagnostics::new();
    let (document, syntax) = parse::read(id, &sources.file(id).text);
    found.extend(syntax);
    let mut document = expand(document, &sources, None, &mut found);
    let (standard, _) = parse::parse(SourceId(1), asset::text("actions.kdl").unwrap());
    let mut actions = Actions::default();
    actions.declare(&standard);
    actions.declare(&document);
    found.extend(shape::check(&document, &actions, Span::new(id, text.len(), text.len())));
    settle(&mut document, &actions);
    let pipeline = lower(&sources, &document, &standard, &mut found);
    assert!(pipeline.is_some() && !found.has_errors());
    black_box(pipeline);
}

fn parse_and_lower() {
    let text = texts::spec_of(MEGABYTE, &[]);
    let theirs = || cpu(|| _ = black_box(kdl::KdlDocument::parse(&text)));
    shown("P1", "read 1 MB", paired(|| cpu(|| read_text(&text)), theirs), 0.05, "the kdl crate's parse");
    shown("P1", "read and lower 1 MB", paired(|| cpu(|| lower_text(&text)), theirs), 0.05, "the kdl crate's parse");
}

fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_pipewright"))
}

/// The newest program of `benches/command_line.rs` beside this one.
fn command_line() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let files = fs::read_dir(own.parent().unwrap()).unwrap().map(|e| e.unwrap().path());
    let named = |p: &PathBuf| {
        let name = p.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("command_line-") && p.extension().is_none_or(|e| e == "exe")
    };
    files.filter(named).max_by_key(|p| fs::metadata(p).unwrap().modified().unwrap()).expect("`cargo bench` builds it")
}

fn start() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pipeline.kdl"), texts::spec(6, BOTH)).unwrap();
    let (binary, reference) = (binary(), command_line());
    for (words, bound) in [(&["--version"][..], 1.15), (&["--help"], 1.15), (&["check"], 2.0), (&["build", "--stdout"], 2.0)] {
        let pair = paired(|| runs(60, &binary, folder.path(), words), || runs(60, &reference, folder.path(), words));
        let one = Pair { ours: pair.ours / 60, reference: pair.reference / 60 };
        shown("P3", &words.join(" "), one, bound, "reading that command line alone");
    }
}

/// Folders with a small spec each, and what comes out of it.
fn services(folder: &Path, count: usize) {
    for i in 0..count {
        let below = folder.join(format!("services/service-{i}"));
        fs::create_dir_all(&below).unwrap();
        fs::write(below.join("pipeline.kdl"), texts::spec(6, BOTH)).unwrap();
    }
    run(&binary(), folder, &["build", "--all", "--quiet"]);
}

fn walk(folder: &Path) {
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    for entry in entries.filter(|e| e.file_type().is_file()) {
        black_box(fs::read(entry.path()).unwrap());
    }
}

fn many() {
    let folder = tempfile::tempdir().unwrap();
    services(folder.path(), 1_000);
    let (binary, own) = (binary(), std::env::current_exe().unwrap());
    for words in [&["check", "--all"][..], &["build", "--all", "--check"]] {
        let reference = || runs(4, &own, folder.path(), &["--walk", "."]) / 4;
        let pair = paired(|| runs(1, &binary, folder.path(), words), reference);
        shown("P4", &format!("{}, 1,000 specs", words.join(" ")), pair, 4.0, "walking and reading the files");
    }
}

fn threads() {
    let folder = tempfile::tempdir().unwrap();
    services(folder.path(), 1_000);
    let binary = binary();
    let with = |jobs: &'static str| {
        let (binary, folder) = (&binary, folder.path());
        move || taken(|| run(binary, folder, &["check", "--all", "--jobs", jobs]))
    };
    shown("P5", "check --all, 1,000 specs, two threads", paired(with("2"), with("1")), 0.62, "one thread, by the clock");
}

fn compile(text: &str, renderer: &Renderer) {
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", text);
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer };
    let compiled = driver::compile(&sources, id, &options).unwrap();
    let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    black_box(compiled);
}

fn growth() {
    let read: fn(&str, &Renderer) = |text, _| read_text(text);
    let whole: fn(&str, &Renderer) = |text, renderer| compile(text, renderer);
    for (what, targets, work) in [
        ("parse", BOTH, read),
        ("check, no target", &[], whole),
        ("one target, github", &["github"], whole),
        ("one target, gitlab", &["gitlab"], whole),
        ("whole build, both", BOTH, whole),
    ] {
        for size in SIZES.windows(2) {
            let (less, more) = (texts::spec(size[0], targets), texts::spec(size[1], targets));
            let renderer = Renderer::new();
            let round = |text: &str| cpu(|| work(text, &renderer));
            // Ten rounds of the smaller, so that both sides take alike.
            let pair = paired(|| round(&more), || (0..10).map(|_| round(&less)).sum());
            let exponent = 1.0 + pair.ratio().log10();
            let per = Duration::from_secs_f64(pair.ours.as_secs_f64() / size[1] as f64);
            line(
                "P7",
                &format!("{what}, {} jobs ({per:.1?} a job): exponent", size[1]),
                exponent,
                1.06,
                &format!("{} jobs", size[0]),
            );
        }
    }
}

/// The most memory that a command held, in bytes: it runs inside another copy of this program.
fn peak(folder: &Path, words: &[&str]) -> f64 {
    let out = Command::new(std::env::current_exe().unwrap()).arg("--peak").args(words).current_dir(folder).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let kilobytes = text.lines().rev().find_map(|l| l.strip_prefix("peak ")?.parse::<f64>().ok());
    kilobytes.expect("a peak is printed") * 1024.0
}

fn memory() {
    let folder = tempfile::tempdir().unwrap();
    let text = texts::spec_of(10 * MEGABYTE, &[]);
    fs::write(folder.path().join("big.kdl"), &text).unwrap();
    fs::write(folder.path().join("empty.kdl"), "").unwrap();
    let taken = peak(folder.path(), &["check", "--quiet", "big.kdl"]) - 16.0 * MEGABYTE as f64;
    line("P8", "check of a 10 MB spec, peak less 16 MB", taken / text.len() as f64, 8.0, "the text");
    let taken = peak(folder.path(), &["fmt", "--check", "big.kdl"]) - 16.0 * MEGABYTE as f64;
    line("P8", "fmt --check of a 10 MB spec, peak less 16 MB", taken / text.len() as f64, 8.0, "the text");
    let (few, lots) = (folder.path().join("few"), folder.path().join("lots"));
    services(&few, 100);
    services(&lots, 10_000);
    let ratio = peak(&lots, &["check", "--all", "--quiet"]) / peak(&few, &["check", "--all", "--quiet"]);
    line("P8", "check of 10,000 specs, peak", ratio, 1.3, "100 specs");
}

fn hostile() {
    for (what, text) in texts::hostile() {
        let harmless = texts::spec_of(text.len(), &[]);
        let pair = paired(|| cpu(|| read_text(&text)), || cpu(|| read_text(&harmless)));
        shown("P9", &format!("{what}, {} KB", text.len() / 1024), pair, 3.0, "a spec of that size");
    }
}

fn diagnostics() {
    let folder = tempfile::tempdir().unwrap();
    let (wrong, right) = texts::mistakes(megabyte_of_jobs(), 1_000, &["github"]);
    fs::write(folder.path().join("wrong.kdl"), &wrong).unwrap();
    fs::write(folder.path().join("right.kdl"), right).unwrap();
    let binary = binary();
    for (format, bound) in [("full", 3.0), ("concise", 3.0), ("json", 1.5), ("sarif", 1.5), ("github", 3.0), ("gitlab", 3.0)] {
        let check = |file: &'static str| runs(1, &binary, folder.path(), &["check", file, "--format", format]);
        let pair = paired(|| check("wrong.kdl"), || check("right.kdl"));
        shown("P10", &format!("1,000 mistakes in {} KB, {format}", wrong.len() / 1024), pair, bound, "the clean text");
    }
}

/// An import beside the reading of its YAML.
fn take_over() {
    let text = texts::workflow();
    let sources = SourceMap::new();
    let id = sources.add("ci.yml", text.as_str());
    let limits = Limits { refuse_twice: true, documents: 1 };
    let reading = || cpu(|| _ = black_box(yaml::read(id, &text, limits, &mut Ledger::default())));
    let whole =
        || cpu(|| _ = black_box(import(&sources, &[id], Vendor::Github, Path::new(".")).spec("large", "main", &["github"])));
    let what = format!("a workflow of {} lines", text.lines().count());
    shown("import", &what, paired(whole, reading), 10.0, "reading its YAML");
}
