//! The phases of a buildspec as lines of one shell.
//!
//! CodeBuild runs all commands in one shell. When the build fails, `post_build` runs all the same, and so does a `finally`: a trap of the shell
//! does that everywhere, and sees the variables that the commands before it have set.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::script::{self, reads};
use crate::front::yaml::{Entry, Node};

use super::work::Work;

/// Phases in their order (docs.aws.amazon.com/codebuild, "Build specification reference").
const PHASES: &[&str] = &["install", "pre_build", "build", "post_build"];

/// Variables of CodeBuild that have a value in every run, by the context of a spec.
const CONTEXTS: &[(&str, &str)] = &[
    ("CODEBUILD_RESOLVED_SOURCE_VERSION", "commit.sha"),
    ("CODEBUILD_BUILD_ID", "run.id"),
    ("CODEBUILD_BUILD_NUMBER", "run.number"),
    ("CODEBUILD_BUILD_URL", "run.url"),
    ("CODEBUILD_SOURCE_REPO_URL", "repository.url"),
];

/// Variables that CodeBuild sets, beside its own prefix.
const AWS: &[&str] = &["AWS_REGION", "AWS_DEFAULT_REGION"];

/// What the phases come to.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Lines of one shell.
    pub(super) lines: Vec<String>,
    /// The languages.
    pub(super) toolchain: Option<Build>,
    /// Whether a docker daemon is asked for.
    pub(super) docker: bool,
    /// Further attempts.
    pub(super) retries: u32,
}

/// The commands of a phase and those behind them.
#[derive(Debug, Default)]
struct Phase {
    commands: Vec<String>,
    finally: Vec<String>,
    aborts: bool,
}

/// Reads the phases.
pub(super) fn phases(work: &mut Work<'_>, document: &Node, is_bash: bool) -> Made {
    let mut made = Made::default();
    let Some(entry) = work.open(document, "phases") else { return made };
    let mut read = Vec::new();
    for name in PHASES {
        let Some(own) = work.open(&entry.value, name) else {
            read.push(Phase::default());
            continue;
        };
        let mut phase = Phase::default();
        if let Some(commands) = work.open(&own.value, "commands") {
            phase.commands = lines(work, commands, is_bash);
        }
        if let Some(finally) = work.open(&own.value, "finally") {
            phase.finally = lines(work, finally, is_bash);
        }
        phase.aborts = on_failure(work, own, name, &mut made.retries);
        if let Some(user) = own.value.entry("run-as").filter(|e| e.value.text() != Some("root")) {
            work.lose(user, "a spec has no users of the machine");
        } else {
            let _ = work.open(&own.value, "run-as");
        }
        if let Some(versions) = work.open(&own.value, "runtime-versions") {
            runtimes(work, versions, &mut made);
        }
        read.push(phase);
    }
    for other in entry.value.entries().iter().filter(|e| !PHASES.contains(&e.key.as_str())) {
        work.lose(other, "CodeBuild has no such phase");
    }
    made.lines = shell(&read);
    made
}

/// `on-failure`: whether a failure ends the build at once.
fn on_failure(work: &mut Work<'_>, phase: &Entry, name: &str, retries: &mut u32) -> bool {
    let Some(entry) = work.open(&phase.value, "on-failure") else { return false };
    let word = entry.value.text().unwrap_or_default().to_ascii_uppercase();
    match word.as_str() {
        "ABORT" => true,
        "CONTINUE" if name == "build" || name == "post_build" => false,
        "CONTINUE" => {
            work.lose(entry, "the phases behind it run here only if it succeeds");
            false
        }
        _ => {
            let count = match word.strip_prefix("RETRY") {
                Some("") => Some(3),
                Some(rest) => rest.strip_prefix('-').and_then(|n| n.parse().ok()),
                None => None,
            };
            match count {
                Some(count) => {
                    work.turn(entry, "the whole job runs again after any failure");
                    *retries = (*retries).max(count);
                }
                None => work.lose(entry, "which failures are tried again is no word of a spec"),
            }
            false
        }
    }
}

/// The commands of a list, with contexts in place of what every vendor knows.
fn lines(work: &mut Work<'_>, entry: &Entry, is_bash: bool) -> Vec<String> {
    let Some(texts) = entry.value.texts() else {
        work.lose(entry, "commands are text");
        return vec!["echo 'these commands could not be read' >&2; exit 1".to_owned()];
    };
    let mut kept = Vec::new();
    let mut lines = Vec::new();
    for text in texts {
        let is_vendors = |name: &str| {
            let is = (name.starts_with("CODEBUILD_") && !matches!(name, "CODEBUILD_SRC_DIR" | "CODEBUILD_BUILD_SUCCEEDING"))
                || AWS.contains(&name);
            is && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let (text, own) = script::contexts(text.trim_end(), CONTEXTS, is_vendors);
        if own {
            kept.push(text.clone());
        }
        lines.push(text);
    }
    if !kept.is_empty() {
        work.mark(entry, Fate::Own("the commands read variables that CodeBuild sets".to_owned()));
    } else if lines.iter().any(|l| l.contains('\n') || l.replace("||", "").contains('|')) {
        work.turn(entry, "a line, or a part of a pipe, that fails inside of a command stops it here");
    } else if !is_bash {
        work.turn(entry, "bash runs them; CodeBuild takes the `sh` of its image");
    }
    lines
}

/// All phases as lines of one shell.
fn shell(phases: &[Phase]) -> Vec<String> {
    let mut lines = Vec::new();
    let empty = Phase::default();
    let phase = |at: usize| phases.get(at).unwrap_or(&empty);
    for early in [phase(0), phase(1)] {
        guarded(&mut lines, "finish", &early.finally, &early.commands, false);
    }
    let (build, post) = (phase(2), phase(3));
    let mut behind = build.finally.clone();
    let follows = !post.commands.is_empty() || !post.finally.is_empty();
    if build.aborts {
        guarded(&mut lines, "finish", &build.finally, &build.commands, false);
        guarded(&mut lines, "finish", &post.finally, &post.commands, false);
    } else if post.finally.is_empty() {
        behind.extend(post.commands.iter().cloned());
        let name = if follows { "post_build" } else { "finish" };
        // Commands that are nothing without those before them need no trap.
        guarded(&mut lines, name, &behind, &build.commands, true);
    } else {
        behind.push("trap finish EXIT".to_owned());
        behind.extend(post.commands.iter().cloned());
        lines.push(function("finish", &post.finally));
        guarded(&mut lines, "post_build", &behind, &build.commands, true);
    }
    if lines.iter().any(|l| reads(l, "CODEBUILD_SRC_DIR")) {
        lines.insert(0, "export CODEBUILD_SRC_DIR=\"$PWD\"".to_owned());
    }
    lines
}

/// Commands, and what runs behind them whether they fail or not; `to_end` where nothing follows.
fn guarded(lines: &mut Vec<String>, name: &str, behind: &[String], commands: &[String], to_end: bool) {
    if behind.is_empty() {
        lines.extend(commands.iter().cloned());
        return;
    }
    if commands.is_empty() {
        lines.extend(behind.iter().cloned());
        return;
    }
    lines.push(function(name, behind));
    lines.push(format!("trap {name} EXIT"));
    lines.extend(commands.iter().cloned());
    if !to_end {
        lines.push("trap - EXIT".to_owned());
        lines.push(name.to_owned());
    }
}

fn function(name: &str, body: &[String]) -> String {
    let mut text = format!("{name}() {{");
    if body.iter().any(|l| reads(l, "CODEBUILD_BUILD_SUCCEEDING")) {
        text.push_str("\n    CODEBUILD_BUILD_SUCCEEDING=$(($? == 0))");
    }
    // A here-document of several lines would not end where it is moved to the right.
    let moved = !body.iter().any(|l| l.contains("<<"));
    for line in body.iter().flat_map(|l| l.lines()) {
        text.push_str(if moved { "\n    " } else { "\n" });
        text.push_str(line);
    }
    text.push_str("\n}");
    text
}

/// `runtime-versions` as a toolchain.
fn runtimes(work: &mut Work<'_>, entry: &Entry, made: &mut Made) {
    let mut build = node("toolchain");
    for own in entry.value.entries() {
        work.mark(own, Fate::Exact);
        let language = match own.key.as_str() {
            "nodejs" => "node",
            "golang" => "go",
            other @ ("python" | "java" | "ruby" | "dotnet" | "php") => other,
            "docker" => {
                work.turn(own, "`docker` gives the job its daemon");
                made.docker = true;
                continue;
            }
            other => {
                work.lose(own, &format!("a spec has no toolchain `{other}`"));
                continue;
            }
        };
        let text = own.value.text().unwrap_or_default();
        let version = text.trim_start_matches("corretto").trim_start_matches("openjdk").trim_end_matches(".x");
        if !version.starts_with(|c: char| c.is_ascii_digit()) {
            work.lose(own, &format!("`{text}` is no version: say which"));
            continue;
        }
        build = build.prop(language, version);
    }
    if !build.is_bare() {
        made.toolchain = Some(build);
    }
}

#[cfg(test)]
mod tests {
    use super::{Phase, shell};

    fn phase(commands: &[&str], finally: &[&str]) -> Phase {
        let own = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect();
        Phase { commands: own(commands), finally: own(finally), aborts: false }
    }

    #[test]
    fn what_follows_the_build_runs_after_its_failure_too() {
        let none = Phase::default();
        let lines = shell(&[phase(&["a"], &[]), none, phase(&["b"], &[]), phase(&["c $CODEBUILD_BUILD_SUCCEEDING"], &[])]);
        assert_eq!(
            lines,
            [
                "a",
                "post_build() {\n    CODEBUILD_BUILD_SUCCEEDING=$(($? == 0))\n    c $CODEBUILD_BUILD_SUCCEEDING\n}",
                "trap post_build EXIT",
                "b"
            ]
        );
        let lines = shell(&[phase(&["cd $CODEBUILD_SRC_DIR"], &["x"]), phase(&["b"], &[])]);
        assert_eq!(
            lines,
            [
                "export CODEBUILD_SRC_DIR=\"$PWD\"",
                "finish() {\n    x\n}",
                "trap finish EXIT",
                "cd $CODEBUILD_SRC_DIR",
                "trap - EXIT",
                "finish",
                "b"
            ]
        );
    }
}
