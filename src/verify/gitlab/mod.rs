//! What the file written for GitLab CI does, as GitLab reads it.
//!
//! Invariant: nothing here is shared with what writes it.

mod condition;
mod context;
mod facts;
mod happening;
mod rules;
mod run;
mod work;

use std::collections::BTreeMap;

use crate::ir::Pipeline;
use crate::ir::event::Event;
use crate::ir::gate::GateKind;
use crate::ir::id::{GateId, WorkflowId};
use crate::ir::text::Context;
use crate::verify::behaviour::{Bit, Found, Given, Reader, Started};
use crate::verify::gitlab::rules::{Rule, When};
use crate::verify::texts;
use crate::verify::yaml::{self, Node};

/// The keys at the top of the file that are no jobs (GitLab's documentation, "CI/CD YAML syntax reference").
const KEYWORDS: &[&str] = &[
    "after_script",
    "before_script",
    "cache",
    "default",
    "image",
    "include",
    "services",
    "spec",
    "stages",
    "variables",
    "workflow",
];

/// The stages of a file that names none.
const USUAL_STAGES: &[&str] = &["build", "test", "deploy"];

/// The pipeline of a project.
#[derive(Debug)]
pub struct Gitlab<'p> {
    pipeline: &'p Pipeline,
    /// `workflow: rules`; none lets every event start a pipeline.
    workflow: Option<Vec<Rule>>,
    /// Variables of the file, which a manual run may set otherwise.
    variables: Vec<(String, String)>,
    jobs: Vec<Job>,
    found: Vec<Found>,
    /// The places of the jobs by name.
    names: BTreeMap<String, usize>,
    /// The jobs, each behind those it waits for.
    order: Vec<usize>,
}

#[derive(Debug)]
struct Job {
    /// Position of its stage, `.pre` first and `.post` last.
    stage: usize,
    /// The jobs it needs, with whether each may be absent; none waits for the stages before.
    needs: Option<Vec<(String, bool)>>,
    rules: Option<Vec<Rule>>,
    when: When,
    /// `allow_failure` of the job: whether, and for which codes.
    allowed: Option<Vec<u8>>,
    refused: bool,
}

impl<'p> Gitlab<'p> {
    /// Reads the file.
    ///
    /// # Errors
    /// What cannot be understood, with its line.
    pub fn read(pipeline: &'p Pipeline, path: &str, text: &str) -> Result<Self, String> {
        let fault = |e: String| format!("{path}: {e}");
        let root = yaml::read(text).map_err(fault)?;
        let empty = Vec::new();
        let named: Vec<String> = root.get("stages").map_or(empty, Node::texts);
        let usual = || USUAL_STAGES.iter().map(|s| (*s).to_owned()).collect();
        let mut stages: Vec<String> = if named.is_empty() { usual() } else { named };
        stages.insert(0, ".pre".to_owned());
        stages.push(".post".to_owned());
        let workflow = root.path(&["workflow", "rules"]).map(Rule::all).transpose().map_err(fault)?;
        let mut gitlab = Self {
            pipeline,
            workflow,
            variables: root.get("variables").map(variables).unwrap_or_default(),
            jobs: Vec::new(),
            found: Vec::new(),
            names: BTreeMap::new(),
            order: Vec::new(),
        };
        for (name, node) in root.rows() {
            if KEYWORDS.contains(&name.as_str()) || name.starts_with('.') {
                continue;
            }
            let node = extended(node, &root, 0).map_err(fault)?;
            gitlab.jobs.push(job(&node, &stages).map_err(fault)?);
            gitlab.found.push(facts::job(pipeline, path, name, &node, &root));
        }
        gitlab.names = gitlab.found.iter().enumerate().map(|(at, f)| (f.id.clone(), at)).collect();
        gitlab.order = gitlab.ordered().ok_or_else(|| fault("jobs wait for one another".to_owned()))?;
        gitlab.name_jobs();
        Ok(gitlab)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// The jobs that a job waits for, if all are there.
    fn waits_for(&self, at: usize) -> Vec<usize> {
        match &self.jobs[at].needs {
            Some(needs) => needs.iter().filter_map(|(name, _)| self.place(name)).collect(),
            None => (0..self.jobs.len()).filter(|o| self.jobs[*o].stage < self.jobs[at].stage).collect(),
        }
    }

    fn ordered(&self) -> Option<Vec<usize>> {
        let waits: Vec<Vec<usize>> = (0..self.jobs.len()).map(|j| self.waits_for(j)).collect();
        let mut found: Vec<usize> = Vec::new();
        let mut done = vec![false; self.jobs.len()];
        while found.len() < self.jobs.len() {
            let before = found.len();
            for at in 0..self.jobs.len() {
                if !done[at] && waits[at].iter().all(|n| done[*n]) {
                    done[at] = true;
                    found.push(at);
                }
            }
            if found.len() == before {
                return None;
            }
        }
        Some(found)
    }

    /// Says which job of the spec each job is, and which approvals it asks for.
    fn name_jobs(&mut self) {
        let pipeline = self.pipeline;
        let place = |name: &str| self.names.get(name).copied();
        // A keyword cannot be a job's name, so ` job` stands behind it; of two jobs of one name the later has its workflow before it.
        for (index, workflow) in pipeline.workflows.iter().enumerate() {
            for id in pipeline.workflow(WorkflowId(index as u32)).jobs.iter().copied() {
                let name = &pipeline.job(id).name.value;
                let qualified = place(&format!("{}:{name}", workflow.name.value));
                let at = qualified.or_else(|| place(name)).or_else(|| place(&format!("{name} job")));
                if let Some(at) = at.filter(|at| self.found[*at].job.is_none()) {
                    self.found[at].job = Some(id);
                }
            }
        }
        for (at, gate) in pipeline.gates.iter().enumerate() {
            let GateKind::Approval(_) = &gate.kind else { continue };
            // Of several rounds each has its number behind it.
            let named = |id: &str| id == gate.name.value || id.ends_with(&format!(":{}", gate.name.value));
            let round = |id: &str| id.rsplit_once('-').is_some_and(|(id, n)| n.parse::<u32>().is_ok() && named(id));
            let asks = |id: &str| named(id) || round(id);
            for (found, job) in self.found.iter_mut().zip(&self.jobs).filter(|(f, _)| f.job.is_none() && asks(&f.id)) {
                if job.is_manual() {
                    found.asks.push(GateId(at as u32));
                }
            }
        }
    }
}

impl Job {
    fn is_manual(&self) -> bool {
        self.when == When::Manual || self.rules.iter().flatten().any(|r| r.when == Some(When::Manual))
    }
}

/// A job with all that it `extends`: names are merged, lists and texts replaced (at most 11 levels, says GitLab's documentation).
fn extended(node: &Node, root: &Node, depth: usize) -> Result<Node, String> {
    let mut merged: Option<Node> = None;
    for name in node.get("extends").map(Node::texts).unwrap_or_default() {
        let base =
            root.get(&name).filter(|_| depth < 11).ok_or_else(|| format!("line {}: nothing to extend: `{name}`", node.line))?;
        let base = extended(base, root, depth + 1)?;
        merged = Some(match merged {
            Some(before) => before.under(&base),
            None => base,
        });
    }
    Ok(merged.map_or_else(|| node.clone(), |base| base.under(node)))
}

/// Variables with their values, plain or with a description.
fn variables(node: &Node) -> Vec<(String, String)> {
    let value = |n: &Node| n.get("value").or(Some(n)).and_then(Node::text).map(str::to_owned);
    node.rows().iter().filter_map(|(name, n)| Some((name.clone(), value(n)?))).collect()
}

fn job(node: &Node, stages: &[String]) -> Result<Job, String> {
    let stage = node.get("stage").and_then(Node::text).unwrap_or("test");
    let stage =
        stages.iter().position(|s| s == stage).ok_or_else(|| format!("line {}: there is no stage `{stage}`", node.line))?;
    let needs = node.get("needs").map(|needs| {
        let of = |n: &Node| match n.get("job") {
            Some(job) => Some((job.text()?.to_owned(), n.get("optional").is_some_and(Node::is_true))),
            None => n.text().map(|name| (name.to_owned(), false)),
        };
        needs.items().iter().filter_map(of).collect()
    });
    let allow = node.get("allow_failure");
    let codes = allow.and_then(|a| a.get("exit_codes")).map(Node::texts);
    let codes: Option<Vec<u8>> = codes.map(|c| c.iter().filter_map(|c| c.parse().ok()).collect());
    let when = node.get("when").and_then(Node::text).map(When::read).transpose()?.unwrap_or(When::OnSuccess);
    // A button outside `rules` holds nothing up, unless it says so.
    let optional = when == When::Manual && allow.is_none();
    let allowed = if allow.is_some_and(Node::is_true) || optional { Some(Vec::new()) } else { codes };
    Ok(Job {
        stage,
        needs,
        rules: node.get("rules").map(Rule::all).transpose()?,
        when,
        allowed,
        refused: allow.is_some_and(Node::is_false),
    })
}

impl Reader for Gitlab<'_> {
    fn word(&self) -> &'static str {
        "gitlab"
    }

    fn found(&self) -> &[Found] {
        &self.found
    }

    fn start<'r>(&'r self, event: &Event) -> Result<Box<dyn Started + 'r>, String> {
        Ok(Box::new(run::Run::new(self, event)?))
    }

    fn means(&self, at: usize, symbol: &str, context: &Context) -> bool {
        context::means(self, at, symbol, context)
    }

    fn spellings(&self, _: usize, context: &Context) -> Vec<Vec<Bit>> {
        context::spellings(context)
    }

    fn hands_over(&self, from: usize, to: usize, given: Given<'_>) -> bool {
        let giver = &self.found[from];
        let variable = match given {
            Given::Output(name) => format!("{name}={}_{}", texts::upper(&giver.id), texts::upper(name)),
            Given::Image(name) => format!("IMAGE_{}", texts::upper(name)),
        };
        giver.outputs.contains(&variable) && self.found[to].downloads.contains(&giver.id)
    }
}
