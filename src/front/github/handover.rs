//! Which artifacts the jobs of a workflow hand to one another, looked through before they are converted: what a download asks for decides on how
//! the files are laid out where they are uploaded.

use std::collections::{BTreeMap, BTreeSet};

use crate::front::name::{Names, slug};
use crate::front::yaml::{Entry, Node};

use super::collect::{can_collect, lines, written};
use super::condition::{Condition, condition, system_of};
use super::expr::{Piece, pieces};
use super::work::Work;

/// An upload that a spec can say.
#[derive(Clone, Debug)]
pub(super) struct Artifact {
    /// The name in the spec.
    pub(super) name: String,
    /// The name at the vendor, as written.
    pub(super) theirs: String,
    /// The directory that the files come out of.
    pub(super) root: String,
    /// The paths as the spec says them; none where only a script finds the files.
    pub(super) paths: Option<Vec<String>>,
    /// Whether the files are collected in [`Artifact::folder`], by the name that each cell gives them.
    pub(super) is_staged: bool,
    /// Whether a script of the job can collect them.
    can_be_staged: bool,
    /// Whether a condition decides on the upload.
    is_conditional: bool,
    /// Whether GitHub knows it by the same name afterwards, so that a step in its words finds it, too.
    is_same: bool,
    /// The job, by its id at the vendor.
    job: String,
}

impl Artifact {
    /// Where the files are collected, below the root: there each cell has a folder by the vendor's name.
    pub(super) fn folder(&self) -> String {
        format!(".artifacts/{}", self.name)
    }
}

/// The inputs of a download.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// `name`
    pub(super) name: Option<String>,
    /// `pattern`
    pub(super) pattern: Option<String>,
    /// Whether all files come into one folder.
    pub(super) merges: bool,
    path: Option<String>,
}

impl Asked {
    /// What a step asks for.
    pub(super) fn of(work: &Work<'_, '_>, with: Option<&Node>) -> Self {
        let input = |key: &str| with.and_then(|w| w.get(key)).and_then(Node::text).map(|t| work.fixed(t));
        let merges = input("merge-multiple").as_deref() == Some("true");
        Self { name: input("name"), pattern: input("pattern"), merges, path: input("path") }
    }
}

/// What a step downloads.
#[derive(Clone, Debug)]
struct Wish {
    job: String,
    asked: Asked,
    is_conditional: bool,
    /// Where the files are laid, below the root or on the machine; none where only GitHub knows.
    path: Option<String>,
    /// Whether a script of the job can copy files.
    can_copy: bool,
}

/// The artifacts of a workflow.
#[derive(Default, Debug)]
pub(super) struct Artifacts {
    known: Vec<Artifact>,
    /// Names of uploads that stay GitHub's own, with their jobs.
    others: Vec<(String, String)>,
    wishes: Vec<Wish>,
    needs: BTreeMap<String, Vec<String>>,
    /// Jobs that a condition may leave out, and jobs that run whatever came of those before.
    left_out: BTreeSet<String>,
    unminding: BTreeSet<String>,
    names: Names,
}

/// What is one value for all jobs of a run: two artifacts of a run never differ by it.
const OF_RUN: &[&str] = &[
    "github.sha",
    "github.run_id",
    "github.run_number",
    "github.run_attempt",
    "github.ref_name",
    "github.event.",
    "inputs.",
    "github.head_ref",
];

/// What a script can read beside.
const OF_JOB: &[&str] = &["matrix.", "github.workspace", "runner.temp", "runner.os"];

/// A path below the root, as a spec wants it.
pub(super) fn below(path: &str) -> Option<String> {
    let path = path.trim().trim_start_matches("./");
    // The whole root holds what no artifact may: the history, and files that begin with a dot.
    let bad = matches!(path, "" | ".")
        || path.starts_with(['/', '~', '!', '\\'])
        || path.contains("..")
        || path.contains("${")
        || path.contains(':');
    (!bad).then(|| path.to_owned())
}

/// The directory that the files of an artifact are relative to: see `back/github/data.rs`.
fn root(paths: &[String]) -> String {
    let dirs = paths.iter().map(|p| {
        let fixed: Vec<&str> = p.split('/').take_while(|part| !part.contains(['*', '?', '['])).collect();
        let file = fixed.len() == p.split('/').count() && !p.ends_with('/') && fixed.last().is_some_and(|l| l.contains('.'));
        let keep = if file { fixed.len() - 1 } else { fixed.len() };
        fixed[..keep].iter().filter(|p| !p.is_empty()).map(|p| (*p).to_owned()).collect::<Vec<_>>()
    });
    let common = dirs.reduce(|a, b| a.into_iter().zip(b).take_while(|(x, y)| x == y).map(|(x, _)| x).collect());
    common.unwrap_or_default().join("/")
}

/// Whether every expression of a text is among these.
fn reads_only(text: &str, known: &dyn Fn(&str) -> bool) -> bool {
    pieces(text).into_iter().all(|p| match p {
        Piece::Text(_) => true,
        Piece::Expr(inner) => known(inner),
    })
}

fn is_of_run(inner: &str) -> bool {
    OF_RUN.iter().any(|w| inner.starts_with(w))
}

/// A part of a name: a character, or anything.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    One(char),
    Any,
}

/// The parts of a name; `*` of a pattern is anything.
fn parts(text: &str, is_pattern: bool) -> Vec<Part> {
    let mut found = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => {
                found.extend(text.chars().map(|c| if is_pattern && matches!(c, '*' | '?') { Part::Any } else { Part::One(c) }));
            }
            Piece::Expr(_) => found.push(Part::Any),
        }
    }
    found
}

/// Whether some name fits both.
fn meet(a: &[Part], b: &[Part]) -> bool {
    match (a, b) {
        ([], rest) | (rest, []) => rest.iter().all(|p| *p == Part::Any),
        ([Part::Any, later @ ..], [_, others @ ..]) if meet(later, b) || meet(a, others) => true,
        ([_, others @ ..], [Part::Any, later @ ..]) => meet(a, later) || meet(others, b),
        ([Part::One(x), a @ ..], [Part::One(y), b @ ..]) => x == y && meet(a, b),
        _ => false,
    }
}

impl Wish {
    /// Whether an artifact of this name may be what is asked for.
    fn may_be(&self, theirs: &str) -> bool {
        let asked = match (&self.asked.name, &self.asked.pattern) {
            (Some(name), _) => parts(name, false),
            (None, Some(pattern)) => parts(pattern, true),
            (None, None) => vec![Part::Any],
        };
        meet(&asked, &parts(theirs, false))
    }

    /// Whether a download by name asks for an artifact by the very words that name it for the whole run.
    fn says(&self, theirs: &str) -> bool {
        self.asked.name.as_deref() == Some(theirs) && reads_only(theirs, &is_of_run)
    }
}

/// Whether bash, or a shell like it, runs the scripts of a job.
fn has_shell(job: &Node) -> bool {
    let unsaid = job.get("defaults").and_then(|d| d.get("run")?.get("shell")?.text());
    let windows = job.get("runs-on").and_then(Node::text).is_some_and(|r| r.starts_with("windows"));
    let scripts = job.get("steps").map(Node::items).unwrap_or_default().iter().filter(|s| s.get("run").is_some());
    let shells: Vec<&str> = scripts
        .map(|s| s.get("shell").and_then(Node::text).or(unsaid).unwrap_or(if windows { "pwsh" } else { "bash" }))
        .collect();
    shells.iter().all(|s| s.starts_with("bash") || *s == "sh") && !(windows && shells.is_empty())
}

/// The steps of a job that use an action, with their inputs.
fn uses<'n>(job: &'n Node, action: &str) -> Vec<(&'n Node, Option<&'n Node>)> {
    let steps = job.get("steps").map(Node::items).unwrap_or_default().iter();
    let is = |step: &&Node| {
        step.get("uses").and_then(Node::text).is_some_and(|u| u.to_ascii_lowercase().split('@').next() == Some(action))
    };
    steps.filter(is).map(|step| (step, step.get("with"))).collect()
}

/// Inputs of an upload that a spec knows.
pub(super) const UPLOAD: &[&str] =
    &["name", "path", "if-no-files-found", "retention-days", "include-hidden-files", "compression-level", "overwrite"];

/// Inputs of a download that a spec knows.
pub(super) const DOWNLOAD: &[&str] = &["name", "path", "pattern", "merge-multiple"];

fn only(with: Option<&Node>, keys: &[&str]) -> bool {
    with.is_none_or(|w| w.entries().iter().all(|e| keys.contains(&e.key.as_str())))
}

impl Artifacts {
    /// Enters what a job uploads and downloads. The scope is that of the job.
    pub(super) fn enter(&mut self, work: &mut Work<'_, '_>, job: &Entry, needs: Vec<String>) {
        self.needs.insert(job.key.clone(), needs);
        let has_shell = has_shell(&job.value);
        for (step, with) in uses(&job.value, "actions/upload-artifact") {
            let input = |key: &str| with.and_then(|w| w.get(key)).and_then(Node::text);
            let name = work.fixed(input("name").unwrap_or("artifact"));
            let path = input("path").map(|t| work.fixed(t)).unwrap_or_default();
            let is_conditional = is_conditional(work, step);
            let scope = &work.scope.job;
            let known = |inner: &str| {
                let written = inner.strip_prefix("steps.").and_then(|s| s.split_once(".outputs."));
                let written = written.is_some_and(|(s, o)| scope.steps.contains_key(&(s.to_owned(), o.to_owned())));
                written || is_of_run(inner) || OF_JOB.iter().any(|w| inner.starts_with(w))
            };
            let read = reads_only(&name, &known) && reads_only(&path, &known);
            let can_be_staged = has_shell && read && can_collect(&path);
            let paths: Option<Vec<String>> = lines(&path).map(below).collect();
            let direct = paths.is_some() && !is_conditional;
            let fits = only(with, UPLOAD) && step.get("timeout-minutes").is_none() && (direct || can_be_staged);
            if let Some(at) = self.known.iter().position(|a| a.theirs == name) {
                // Two uploads of one name: which one counts is GitHub's to say.
                let first = self.known.remove(at);
                self.others.extend([(first.job, first.theirs), (job.key.clone(), name)]);
                continue;
            }
            if !fits || self.others.iter().any(|(_, theirs)| *theirs == name) {
                self.others.push((job.key.clone(), name));
                continue;
            }
            let words = written(&name);
            let words = words.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let ours = self.names.unique(&slug(if words.is_empty() { &job.key } else { words }));
            let has_cells = job.value.get("strategy").is_some();
            self.known.push(Artifact {
                is_same: ours == name && direct && !has_cells,
                name: ours,
                theirs: name,
                root: root(paths.as_deref().unwrap_or_default()),
                paths,
                is_staged: !direct,
                can_be_staged,
                is_conditional,
                job: job.key.clone(),
            });
        }
        for (step, with) in uses(&job.value, "actions/download-artifact") {
            if only(with, DOWNLOAD) {
                let asked = Asked::of(work, with);
                let path = asked.path.as_ref().map_or(Some(String::new()), |p| folder(p, is_linux(&job.value)));
                let is_conditional = is_conditional(work, step);
                self.wishes.push(Wish { job: job.key.clone(), asked, is_conditional, path, can_copy: has_shell });
            }
        }
    }

    /// Decides which artifacts are carried, and how, once all jobs are entered.
    pub(super) fn settle(&mut self, conditions: &BTreeMap<String, Condition>) {
        for (job, condition) in conditions {
            if condition.text.is_some() || condition.never {
                self.left_out.insert(job.clone());
            }
            if condition.when.is_some() {
                self.unminding.insert(job.clone());
            }
        }
        loop {
            let meant = |w: &Wish, a: &Artifact| w.may_be(&a.theirs) && !a.is_same;
            let refused = self.wishes.iter().find(|w| self.found(w).is_none() && self.known.iter().any(|a| meant(w, a)));
            let Some(wish) = refused.cloned() else { break };
            // Who asks for them in GitHub's way finds them in GitHub's way.
            let (gone, kept) = std::mem::take(&mut self.known).into_iter().partition(|a| meant(&wish, a));
            self.known = kept;
            self.others.extend(Vec::into_iter(gone).map(|a: Artifact| (a.job, a.theirs)));
        }
        let staged: BTreeSet<String> = self
            .wishes
            .iter()
            .filter_map(|w| Some((w, self.found(w)?)))
            .filter(|(w, found)| w.is_conditional || found.iter().any(|a| !self.is_direct(w, a)))
            .flat_map(|(_, found)| found.into_iter().map(|a| a.name.clone()))
            .collect();
        self.known.iter_mut().for_each(|a| a.is_staged |= staged.contains(&a.name));
    }

    /// Whether the files lie for a wish where the upload left them.
    fn is_direct(&self, wish: &Wish, artifact: &Artifact) -> bool {
        let lies = wish.path.as_ref() == Some(&artifact.root)
            || artifact.paths.iter().flatten().all(|p| !p.contains("**") && !p.contains(' '));
        !artifact.is_staged && lies && (wish.says(&artifact.theirs) || (wish.asked.name.is_none() && wish.asked.merges))
    }

    /// The artifacts that a wish takes; none where only GitHub finds them.
    fn found(&self, wish: &Wish) -> Option<Vec<&Artifact>> {
        let behind = self.behind(&wish.job);
        let all: Vec<&Artifact> = self.known.iter().filter(|a| wish.may_be(&a.theirs)).collect();
        let found: Vec<&Artifact> = if wish.asked.name.is_some() {
            let said: Vec<&Artifact> = all.iter().copied().filter(|a| wish.says(&a.theirs)).collect();
            if said.is_empty() { all } else { said }
        } else {
            all.into_iter().filter(|a| behind.contains(&a.job)).collect()
        };
        let said = found.iter().any(|a| wish.says(&a.theirs));
        let own = self.others.iter().any(|(job, theirs)| match &wish.asked.name {
            Some(name) if said => theirs == name,
            Some(_) => wish.may_be(theirs),
            None => wish.may_be(theirs) && behind.contains(job),
        });
        let pattern = wish.asked.pattern.as_deref().unwrap_or_default();
        let plain = !pattern.contains(['{', '!', '(', '"', '\'', '\\', '$', ' ']) || pattern.contains("${{");
        let fits = |a: &&Artifact| {
            let direct = self.is_direct(wish, a) && !wish.is_conditional;
            // Who runs in any case would wait for a job that is not there.
            let may_miss = || {
                let mut all = self.behind(&a.job);
                all.insert(a.job.clone());
                self.unminding.contains(&wish.job) && all.iter().any(|job| self.left_out.contains(job))
            };
            let is_there = a.job != wish.job && wish.path.is_some() && !may_miss();
            is_there && !a.is_conditional && (direct || (a.can_be_staged && wish.can_copy))
        };
        let one = wish.asked.name.is_none() || found.len() == 1;
        (!found.is_empty() && !own && one && plain && found.iter().all(fits)).then_some(found)
    }

    /// The jobs that a job waits for.
    fn behind(&self, job: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![job.to_owned()];
        while let Some(job) = open.pop() {
            for need in self.needs.get(&job).into_iter().flatten() {
                if found.insert(need.clone()) {
                    open.push(need.clone());
                }
            }
        }
        found
    }

    /// What an upload of a job is in the spec.
    pub(super) fn upload(&self, job: &str, theirs: &str) -> Option<&Artifact> {
        self.known.iter().find(|a| a.job == job && a.theirs == theirs)
    }

    /// What a download of a job takes, and where it lays the files.
    pub(super) fn download(&self, job: &str, asked: &Asked) -> Option<(Vec<&Artifact>, String)> {
        let wish = self.wishes.iter().find(|w| w.job == job && w.asked == *asked)?;
        Some((self.found(wish)?, wish.path.clone()?))
    }
}

/// Whether the runner of a job is one of Linux.
fn is_linux(job: &Node) -> bool {
    let runner = job.get("runs-on").map(|r| r.get("labels").unwrap_or(r)).and_then(Node::texts).unwrap_or_default();
    runner.iter().any(|label| system_of(label) == Some("Linux"))
}

/// Where files are laid: nothing for the root itself; none where only GitHub knows.
fn folder(path: &str, on_linux: bool) -> Option<String> {
    let path = if on_linux { path.replace("${{ runner.temp }}", "/tmp") } else { path.to_owned() };
    let path = path.trim().trim_start_matches("./").trim_end_matches('/');
    let outside = on_linux && path.starts_with('/') && !path.contains(['$', '"', '`', '\\', ' ']);
    match path {
        "" | "." | "${{ github.workspace }}" => Some(String::new()),
        path if outside => Some(path.to_owned()),
        path => below(path),
    }
}

/// Whether a condition decides on a step beside how things went.
fn is_conditional(work: &mut Work<'_, '_>, step: &Node) -> bool {
    let source = step.get("if").and_then(Node::text);
    source.is_some_and(|source| {
        let made = condition(source, &work.scope, work.declared);
        made.text.is_some() || made.never
    })
}

#[cfg(test)]
mod tests {
    use super::{meet, parts};

    #[test]
    fn names_meet_where_one_name_fits_both() {
        let fits = |pattern: &str, name: &str| meet(&parts(pattern, true), &parts(name, false));
        assert!(fits("x-*", "x-${{ matrix.os }}") && fits("*-${{ github.sha }}", "${{ matrix.name }}-${{ github.sha }}"));
        assert!(fits("a-linux-1", "a-${{ matrix.os }}-1") && fits("**", "a"));
        assert!(!fits("a-*", "b-${{ matrix.os }}") && !fits("a-linux", "a-${{ matrix.os }}-1") && !fits("a", "ab"));
    }
}
