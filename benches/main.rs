//! What the goals of speed are held against: each line is a ratio to a reference measured in the same run, so a slow machine moves both.
//!
//! `cargo bench` prints all; `cargo bench -- parse start` those whose name contains a word. `cargo bench -- --spec 1000` prints the spec of a
//! thousand jobs that the lines are about, for other tools (`benches/instructions.sh`). No line fails: a goal that is not reached is to be read, not enforced.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program that measures reads the clock, and ends where it cannot go on"
)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Parser as _;
use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::cli::args::CommandLine;
use pipewright::driver::{self, Options};
use pipewright::render::Renderer;
use pipewright::syntax::parse;

/// No measurement of one size goes on for longer than this; what would is said to be left out.
const LONGEST: Duration = Duration::from_secs(40);

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|w| w != "--bench").collect();
    match words.first().map(String::as_str) {
        // The reference of `start`: the same command line, and nothing behind it.
        Some("--command-line") => {
            let _ = black_box(CommandLine::try_parse_from(words.iter().map(String::as_str).skip(1)));
            return;
        }
        Some("--spec") => {
            let jobs = words.get(1).and_then(|n| n.parse().ok()).unwrap_or(10);
            print!("{}", spec(jobs, &["github", "gitlab"]));
            return;
        }
        Some("--mistakes") => {
            print!("{}", mistakes(1_000));
            return;
        }
        _ => {}
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|w| name.contains(w.as_str()));
    for (name, run) in [
        ("parse", parsing as fn()),
        ("compile", compiling),
        ("start", starting),
        ("many", many),
        ("diagnostics", diagnosing),
        ("hostile", hostile),
    ] {
        if wanted(name) {
            println!("{name}");
            run();
        }
    }
}

/// A pipeline of chains of ten jobs with the usual inhabitants; a fifth of them is for one branch only.
fn spec(jobs: usize, targets: &[&str]) -> String {
    let mut out = String::from(
        "pipeline big {\n    language 1\n    default-branch main\n    runner linux\n    timeout \"20m\"\n}\nsecret TOKEN\n",
    );
    for target in targets {
        let _ = writeln!(out, "target {target}");
    }
    out.push_str("workflow ci {\n    on { push main; tag \"v*\"; pull-request main }\n");
    for i in 0..jobs {
        let _ = writeln!(out, "    job part-{i} {{");
        if i % 10 > 0 {
            let _ = writeln!(out, "        needs part-{}", i - 1);
        }
        if i % 10 > 7 {
            out.push_str("        only { push main }\n");
        }
        let _ = write!(
            out,
            "        env LEVEL=debug PART=\"{i}\"\n        run \"make part-{i}\" \"make check-{i} VERSION=${{commit.sha}}\"\n    }}\n"
        );
    }
    out.push_str("}\n");
    out
}

/// About a megabyte with as many mistakes, spread evenly.
fn mistakes(count: usize) -> String {
    let mut out = spec(8_000, &["github"]);
    let lines = out.lines().count();
    let mut wrong = String::with_capacity(out.len());
    for (i, line) in out.lines().enumerate() {
        let here = i % (lines / count).max(1) == 0 && line.trim_start().starts_with("run");
        wrong.push_str(if here { "        timeout 5m" } else { line });
        wrong.push('\n');
    }
    std::mem::swap(&mut out, &mut wrong);
    out
}

/// The shortest of several rounds, which disturbs least what others do on the machine.
fn shortest(mut round: impl FnMut()) -> Duration {
    let begin = Instant::now();
    let mut best = Duration::MAX;
    for i in 0..50 {
        let start = Instant::now();
        round();
        best = best.min(start.elapsed());
        if i >= 2 && begin.elapsed() > Duration::from_secs(2) {
            break;
        }
        if begin.elapsed() > LONGEST {
            break;
        }
    }
    best
}

fn line(what: &str, took: Duration, reference: Duration, to: &str) {
    let ratio = took.as_secs_f64() / reference.as_secs_f64();
    let ratio = if ratio < 0.1 { format!("1/{:.0}", 1.0 / ratio) } else { format!("{ratio:.2}") };
    println!("    {what:<44} {took:>12.1?}   {ratio:>7} of {to} ({reference:.1?})");
}

fn parsing() {
    for jobs in SIZES {
        let text = spec(jobs, &["github", "gitlab"]);
        let ours = shortest(|| {
            let sources = SourceMap::new();
            let id = sources.add("x", text.as_str());
            black_box(parse::parse(id, &sources.file(id).text));
        });
        let theirs = shortest(|| {
            let _ = black_box(kdl::KdlDocument::parse(&text));
        });
        line(&format!("{jobs} jobs, {} KB", text.len() / 1024), ours, theirs, "the kdl crate");
    }
}

fn compile(text: &str, renderer: &Renderer) -> usize {
    let sources = SourceMap::new();
    let id = sources.add("pipeline.kdl", text);
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer };
    let compiled = driver::compile(&sources, id, &options).unwrap();
    let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    compiled.outputs.len()
}

fn compiling() {
    for (what, targets) in [
        ("check, no target", &[][..]),
        ("one target, github", &["github"]),
        ("one target, gitlab", &["gitlab"]),
        ("whole build, both", &["github", "gitlab"]),
    ] {
        let mut before: Option<(usize, Duration)> = None;
        for jobs in SIZES {
            if let Some((smaller, took)) = before
                && took * (jobs / smaller) as u32 * 4 > LONGEST
            {
                println!("    {what}, {jobs} jobs: left out, {smaller} take {took:.1?}");
                break;
            }
            let text = spec(jobs, targets);
            let renderer = Renderer::new();
            let took = shortest(|| {
                black_box(compile(&text, &renderer));
            });
            let per = |jobs: usize, took: Duration| Duration::from_secs_f64(took.as_secs_f64() / jobs as f64);
            match before {
                Some((smaller, less)) => line(
                    &format!("{what}, {jobs} jobs, per job"),
                    per(jobs, took),
                    per(smaller, less),
                    &format!("a job of {smaller}"),
                ),
                None => println!("    {what}, {jobs} jobs: {took:.1?}"),
            }
            before = Some((jobs, took));
        }
    }
}

/// The binary, run to its end without a word, in a folder.
fn run(folder: &Path, words: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
    let status = command.args(words).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(status.status().unwrap().code().is_some(), "{words:?}");
}

fn starting() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pipeline.kdl"), spec(4, &["github", "gitlab"])).unwrap();
    let reference = |words: &[&str]| {
        shortest(|| {
            let exe = std::env::current_exe().unwrap();
            let mut command = Command::new(exe);
            command.arg("--command-line").arg("pipewright").args(words).stdout(Stdio::null()).stderr(Stdio::null());
            black_box(command.status().unwrap());
        })
    };
    for words in [&["--version"][..], &["--help"], &["check"], &["build", "--check"]] {
        let took = shortest(|| run(folder.path(), words));
        line(&words.join(" "), took, reference(words), "reading that command line");
    }
}

fn many() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..1_000 {
        let below = folder.path().join(format!("services/service-{i}"));
        fs::create_dir_all(&below).unwrap();
        fs::write(below.join("pipeline.kdl"), spec(4, &["github", "gitlab"])).unwrap();
    }
    let begin = Instant::now();
    run(folder.path(), &["build", "--all"]);
    println!("    first build of 1000 specs: {:.1?}", begin.elapsed());
    let reference = shortest(|| {
        let entries = walkdir::WalkDir::new(folder.path()).into_iter().filter_map(Result::ok);
        for entry in entries.filter(|e| e.file_type().is_file()) {
            black_box(fs::read(entry.path()).unwrap());
        }
    });
    for words in [&["check", "--all"][..], &["build", "--all", "--check"]] {
        let took = shortest(|| run(folder.path(), words));
        line(&format!("{}, 1000 specs", words.join(" ")), took, reference, "walking and reading the files");
    }
}

fn diagnosing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let wrong = mistakes(1_000);
    fs::write(path.join("wrong.kdl"), &wrong).unwrap();
    // What is compared is reading and saying: the clean text is read to the same depth.
    fs::write(path.join("right.kdl"), wrong.replace("timeout 5m", "timeout \"5m\"")).unwrap();
    let reference = shortest(|| run(path, &["fmt", "--check", "right.kdl"]));
    for format in ["full", "concise", "json", "sarif", "github", "gitlab"] {
        let took = shortest(|| run(path, &["check", "wrong.kdl", "--format", format]));
        line(&format!("1000 mistakes in {} KB, {format}", wrong.len() / 1024), took, reference, "laying the clean text out");
    }
}

fn hostile() {
    for (what, text) in [
        ("100,000 blocks deep", "a {".repeat(100_000)),
        ("60 dropped blocks deep", "/-{".repeat(60)),
        ("400 KB of stars in a comment", format!("/*{}", "* ".repeat(200_000))),
        ("a raw string without end", format!("a #\"{}", "x\n".repeat(300_000))),
        ("200,000 lines `a =`", "a =\n".repeat(200_000)),
    ] {
        let harmless = "node \"value\" key=1\n".repeat(text.len() / 19 + 1);
        let read = |text: &str| {
            let sources = SourceMap::new();
            let id = sources.add("x", text);
            black_box(parse::read(id, &sources.file(id).text));
        };
        let took = shortest(|| read(&text));
        line(what, took, shortest(|| read(&harmless)), "harmless text of that size");
    }
}
