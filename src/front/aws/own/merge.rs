//! The starts of a workflow as one workflow: each is a batch or a pipeline of its own there, with the jobs that its event has.

use std::collections::BTreeMap;

use crate::front::node::{Build, node};
use crate::syntax::print::print;
use crate::syntax::tree::{Document, Node};

/// When a job is there in one start.
#[derive(Clone, Debug, PartialEq)]
struct There {
    /// The word of the start.
    word: String,
    /// Clauses that its stage asks for, and its condition.
    only: Vec<Node<'static>>,
    condition: Option<String>,
}

/// A job of all starts that have it.
struct Job {
    name: String,
    /// Without what tells the starts apart.
    body: Build,
    needs: Vec<String>,
    starts: Vec<There>,
    /// The values of its axes, a list for each cell.
    cells: Vec<Vec<(String, String)>>,
}

/// The jobs of a stage; of none where the workflow has none.
struct Stage {
    name: Option<String>,
    jobs: Vec<Job>,
}

fn first(node: &Node<'_>) -> Option<String> {
    node.arg(0).and_then(|e| e.as_str()).map(str::to_owned)
}

fn shown(node: &Node<'static>) -> String {
    print(&Document { nodes: vec![node.clone()] })
}

/// Gives a node another first argument.
fn rename(node: &mut Node<'static>, name: &str) {
    if let Some(entry) = node.entries.first_mut() {
        *entry = self::node("name").arg(name).0.entries.remove(0);
    }
}

/// Takes the children of a name out of a node.
fn take(node: &mut Node<'static>, name: &str) -> Vec<Node<'static>> {
    let Some(children) = &mut node.children else { return Vec::new() };
    let (taken, left) = std::mem::take(children).into_iter().partition(|c| c.name() == name);
    *children = left;
    taken
}

/// The workflow of its starts; none where they do not agree on a job. `names` has the job of a build.
pub(super) fn workflow(name: &str, starts: &[(String, Build)], names: &BTreeMap<String, String>) -> Option<Build> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut on: Vec<Node<'static>> = Vec::new();
    let mut queued = false;
    for (word, build) in starts {
        let mut at = 0;
        for child in build.0.children() {
            match child.name() {
                "on" => {
                    // A pipeline can be started by hand; the spec says so where it is meant.
                    let clauses = child.children().iter().filter(|c| c.name() != "manual" || word == "manual");
                    for clause in clauses {
                        let mut clause = clause.clone();
                        if let (Some(name), "schedule") = (word.strip_prefix("schedule-"), clause.name()) {
                            rename(&mut clause, name);
                        }
                        if !on.iter().any(|known| shown(known) == shown(&clause)) {
                            on.push(clause);
                        }
                    }
                }
                "concurrency" => queued = true,
                "stage" => {
                    let title = first(child);
                    at = place(&mut stages, title, at);
                    let only: Vec<Node<'static>> =
                        child.children().iter().filter(|c| c.name() == "only").flat_map(|c| c.children().to_vec()).collect();
                    for job in child.children().iter().filter(|c| c.name() != "only") {
                        add(&mut stages[at], job, word, &only, names)?;
                    }
                    at += 1;
                }
                "job" => {
                    at = place(&mut stages, None, 0);
                    add(&mut stages[at], child, word, &[], names)?;
                }
                _ => return None,
            }
        }
    }
    if on.is_empty() {
        return None;
    }
    let words: Vec<&str> = starts.iter().map(|(w, _)| w.as_str()).collect();
    let mut made = node("workflow").arg(name).child(node("on").children(on.into_iter().map(Build)));
    // Every run waits for its turn: where a job deploys, that is the one which has it.
    let deploys = |job: &Job| super::says(&job.body.0, "touch /tmp/step-");
    if queued && stages.iter().flat_map(|s| &s.jobs).any(deploys) {
        for job in stages.iter_mut().flat_map(|s| &mut s.jobs).filter(|j| deploys(j)) {
            job.body.push(node("concurrency").prop("per", "workflow").prop("queue", "all"));
        }
    } else if queued {
        made.push(node("concurrency").prop("per", "workflow").prop("queue", "all"));
    }
    for stage in stages {
        let jobs: Option<Vec<Build>> = stage.jobs.into_iter().map(|job| job.made(&words)).collect();
        match stage.name {
            Some(title) => made.push(node("stage").arg(&title).children(jobs?)),
            None => made = made.children(jobs?),
        }
    }
    Some(made)
}

/// The place of a stage, where a new one stands behind the one before it.
fn place(stages: &mut Vec<Stage>, name: Option<String>, at: usize) -> usize {
    if let Some(known) = stages.iter().position(|s| s.name == name) {
        return known;
    }
    let at = at.min(stages.len());
    stages.insert(at, Stage { name, jobs: Vec::new() });
    at
}

/// Adds a job of a start; none where another start has it otherwise.
fn add(
    stage: &mut Stage,
    job: &Node<'static>,
    word: &str,
    only: &[Node<'static>],
    names: &BTreeMap<String, String>,
) -> Option<()> {
    if !matches!(job.name(), "job" | "deploy") {
        return None;
    }
    let mut body = job.clone();
    let theirs = first(job)?;
    let own = names.get(&theirs).cloned().unwrap_or_else(|| theirs.clone());
    rename(&mut body, &own);
    body.comments.clear();
    let mut needs: Vec<String> = Vec::new();
    for need in take(&mut body, "needs").iter().flat_map(|n| &n.entries).filter_map(|e| e.as_str()) {
        let ours = names.get(need).map_or(need, String::as_str);
        if !needs.iter().any(|n| n == ours) {
            needs.push(ours.to_owned());
        }
    }
    let condition = take(&mut body, "if").first().and_then(first);
    let cell: Vec<(String, String)> = take(&mut body, "matrix")
        .iter()
        .flat_map(|m| m.children().to_vec())
        .filter_map(|axis| Some((first(&axis)?, axis.arg(1)?.as_str()?.to_owned())))
        .collect();
    let there = There { word: word.to_owned(), only: only.to_vec(), condition };
    let Some(known) = stage.jobs.iter_mut().find(|j| j.name == own) else {
        stage.jobs.push(Job { name: own, body: Build(body), needs, starts: vec![there], cells: vec![cell] });
        return Some(());
    };
    if shown(&known.body.0) != shown(&body) {
        return None;
    }
    for need in needs {
        if !known.needs.contains(&need) {
            known.needs.push(need);
        }
    }
    if !known.cells.contains(&cell) {
        known.cells.push(cell);
    }
    if !known.starts.contains(&there) {
        known.starts.push(there);
    }
    Some(())
}

impl Job {
    /// The job with what is said of all its starts, of which the workflow has these.
    fn made(mut self, words: &[&str]) -> Option<Build> {
        let mut head: Vec<Build> = Vec::new();
        if !self.needs.is_empty() {
            head.push(node("needs").args(&self.needs));
        }
        let all = words.iter().all(|w| self.starts.iter().any(|s| s.word == *w));
        let free = self.starts.iter().all(|s| s.only.is_empty() && s.condition.is_none());
        match self.starts.as_slice() {
            _ if all && free => {}
            // The only one says it by itself.
            [only] if all => {
                if !only.only.is_empty() {
                    head.push(node("only").children(only.only.iter().cloned().map(Build)));
                }
                head.extend(only.condition.as_ref().map(|c| node("if").arg(c)));
            }
            starts => {
                if starts.iter().any(|s| s.condition.is_some()) {
                    return None;
                }
                head.push(node("only").children(starts.iter().flat_map(There::clauses)));
            }
        }
        if let Some(matrix) = matrix(&self.cells)? {
            head.push(matrix);
        }
        if self.starts.iter().any(|s| s.word == "pull-request") {
            pushed(&mut self.body.0);
        }
        let children = self.body.0.children.take().unwrap_or_default();
        Some(self.body.children(head).children(children.into_iter().map(Build)))
    }
}

impl There {
    /// The clauses of `only` for this start.
    fn clauses(&self) -> Vec<Build> {
        let kind = match self.word.strip_prefix("schedule-") {
            Some(name) => node("schedule").arg(name),
            None => node(&self.word),
        };
        if self.only.is_empty() {
            return vec![kind];
        }
        // A branch is that of this start.
        let own = |clause: &Node<'static>| {
            let mut made = clause.clone();
            if made.name() == "branch" {
                made.name = node(&self.word).0.name;
            }
            Build(made)
        };
        self.only.iter().filter(|c| c.name() == "branch" || c.name() == self.word).map(own).collect()
    }
}

/// The axes of all cells; none in it for a job without any. Cells that are not every combination have no match here.
fn matrix(cells: &[Vec<(String, String)>]) -> Option<Option<Build>> {
    let Some(one) = cells.first().filter(|c| !c.is_empty()) else { return Some(None) };
    let mut axes: Vec<(String, Vec<String>)> = one.iter().map(|(name, _)| (name.clone(), Vec::new())).collect();
    for cell in cells {
        for ((name, values), (theirs, value)) in axes.iter_mut().zip(cell) {
            if name != theirs || cell.len() != one.len() {
                return None;
            }
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
    }
    let every = axes.iter().map(|(_, values)| values.len()).product::<usize>() == cells.len();
    let axis = |(name, values): &(String, Vec<String>)| node("axis").arg(name).args(values);
    every.then(|| Some(node("matrix").children(axes.iter().map(axis))))
}

/// An image that is pushed whatever the event is, where one of them is a pull request.
fn pushed(job: &mut Node<'static>) {
    for step in job.children.iter_mut().flatten().filter(|s| s.name() == "docker-build") {
        let says = step.children().iter().any(|c| c.name() == "push");
        let kept = step.entries.iter().any(|e| e.name.as_ref().is_some_and(|n| n.text == "registry"));
        if kept && !says {
            step.children.get_or_insert_default().push(node("push").truth(true).0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{shown, workflow};
    use crate::front::node::{Build, node};

    fn job(name: &str, cell: Option<&str>) -> Build {
        let job = node("job").arg(name);
        let job = match cell {
            Some(value) => job.child(node("matrix").child(node("axis").arg("node").arg(value))),
            None => job,
        };
        job.child(node("run").arg("make"))
    }

    fn start(kind: &str, jobs: Vec<Build>) -> (String, Build) {
        (kind.to_owned(), node("workflow").arg("x").child(node("on").child(node(kind))).children(jobs))
    }

    #[test]
    fn starts_are_one_workflow() {
        let names: BTreeMap<String, String> =
            [("versions-1", "versions"), ("versions-2", "versions")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        let cells = || vec![job("versions-1", Some("1")), job("versions-2", Some("2"))];
        let push = start("push", [cells(), vec![job("unit", None)]].concat());
        let made = workflow("ci", &[push.clone(), start("tag", cells())], &names).unwrap();
        let text = shown(&made.0);
        for line in ["push", "tag", "axis node \"1\" \"2\"", "only { push }"] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert_eq!(text.matches("job ").count(), 2, "{text}");
        let other = start("tag", vec![node("job").arg("unit").child(node("run").arg("other"))]);
        assert!(workflow("ci", &[push, other], &names).is_none());
    }
}
