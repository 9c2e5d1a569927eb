//! The text of a workflow file to its jobs.

use std::collections::BTreeMap;

use crate::ir::Pipeline;
use crate::ir::environment::Environment;
use crate::ir::gate::{GateKind, Via};
use crate::ir::id::{GateId, JobId};
use crate::verify::bash::{Decisions, Guard};
use crate::verify::github::context::{expression, masked};
use crate::verify::github::expr::Expr;
use crate::verify::github::trigger::Triggers;
use crate::verify::github::{Deciding, Github, Guarding, Job, Workflow, facts, work};
use crate::verify::yaml::{self, Node};

/// The action that asks by an issue.
const ISSUE: &str = "trstringer/manual-approval@";

/// The step that works out the values of the spec's own jobs; a spec calls none of its steps so.
const VALUES: &str = "values";

impl Github<'_> {
    pub(super) fn file(&mut self, path: &str, text: &str) -> Result<(), String> {
        let root = yaml::read(text)?;
        let on = root.get("on").ok_or("no `on`")?;
        let name = root.get("name").and_then(Node::text).unwrap_or(path).to_owned();
        let rows = root.get("jobs").map(Node::rows).unwrap_or_default();
        let mut jobs = Vec::new();
        let tried = self.pipeline.jobs.iter().any(|j| j.retry.is_some());
        for (id, node) in rows {
            let mut found = facts::job(path, &name, id, node, &root);
            found.acts = Some(work::acts(node, &root, tried));
            self.found.push(found);
            jobs.push(job(self.pipeline, id, node, self.found.len() - 1)?);
        }
        let ids: BTreeMap<&str, usize> = rows.iter().enumerate().map(|(at, (id, _))| (id.as_str(), at)).collect();
        for (at, (_, node)) in rows.iter().enumerate() {
            for need in node.get("needs").map(Node::texts).unwrap_or_default() {
                let found = ids.get(need.as_str()).copied();
                jobs[at].needs.push(found.ok_or_else(|| format!("line {}: there is no job `{need}`", node.line))?);
            }
        }
        let order = order(&jobs).ok_or("jobs wait for one another")?;
        for at in &order {
            let mut all: Vec<usize> = jobs[*at].needs.clone();
            jobs[*at].needs.iter().for_each(|n| all.extend(&jobs[*n].ancestors));
            all.sort_unstable();
            all.dedup();
            jobs[*at].ancestors = all;
        }
        self.workflows.push(Workflow { path: path.to_owned(), name, on: Triggers::read(on)?, jobs, order });
        Ok(())
    }

    /// Says which job of the spec each job is, and which approvals it asks for.
    pub(super) fn name_jobs(&mut self) {
        let pipeline = self.pipeline;
        for workflow in &mut self.workflows {
            let Some(of_spec) = pipeline.workflows.iter().find(|w| w.name.value == workflow.name) else { continue };
            for job in &mut workflow.jobs {
                let found = &mut self.found[job.at];
                let same = |name: &str| legal(name).eq_ignore_ascii_case(&job.id);
                let named: Option<JobId> = of_spec.jobs.iter().copied().find(|j| same(&pipeline.job(*j).name.value));
                found.job = named;
                if named.is_some() {
                    // What a script of the spec writes is known to nobody before it runs, whatever its form.
                    job.decisions.retain(|d| d.step == VALUES);
                }
                let native = |gate: &GateId| matches!(&pipeline.gate(*gate).kind, GateKind::Approval(approval) if approval.via == Via::Native);
                let entered: Option<&Environment> =
                    found.environment.as_ref().and_then(|name| pipeline.environments.iter().find(|e| e.name.value == *name));
                if let Some(environment) = entered {
                    // The reviewers stand in the settings of the environment: pipewright writes them there.
                    found.asks = environment.requires.iter().map(|g| g.value).filter(native).collect();
                    continue;
                }
                if named.is_some() {
                    continue;
                }
                for (at, gate) in pipeline.gates.iter().enumerate() {
                    let GateKind::Approval(approval) = &gate.kind else { continue };
                    let plain = legal(&gate.name.value);
                    let own = job.id == plain || (1..=approval.count.value).any(|i| job.id == format!("{plain}-{i}"));
                    let by_issue = found.texts.iter().any(|t| t.text.contains(ISSUE) && !t.soft);
                    let asks = found.environment.as_ref().is_some_and(|e| *e == gate.name.value || *e == job.id) || by_issue;
                    if own && asks {
                        found.asks.push(GateId(at as u32));
                    }
                }
            }
        }
    }
}

/// The characters that GitHub allows in the id of a job.
fn legal(name: &str) -> String {
    let id: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '-' }).collect();
    if id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') { id } else { format!("_{id}") }
}

/// The jobs, each behind those it needs.
fn order(jobs: &[Job]) -> Option<Vec<usize>> {
    let mut done = vec![false; jobs.len()];
    let mut found: Vec<usize> = Vec::new();
    while found.len() < jobs.len() {
        let before = found.len();
        for (at, job) in jobs.iter().enumerate() {
            if !done[at] && job.needs.iter().all(|n| done[*n]) {
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

fn job(pipeline: &Pipeline, id: &str, node: &Node, at: usize) -> Result<Job, String> {
    let condition = node.get("if").and_then(|n| Some((n.text()?, n.line)));
    let condition = condition.map(|(text, line)| expression(&masked(pipeline, text), line)).transpose()?;
    let mut outputs = Vec::new();
    for (name, value) in node.get("outputs").map(Node::rows).unwrap_or_default() {
        let path = value.text().and_then(|t| t.trim().strip_prefix("${{ steps.")?.strip_suffix(" }}"));
        if let Some((step, output)) = path.and_then(|p| p.split_once(".outputs.")) {
            outputs.push((name.clone(), step.to_owned(), output.to_owned()));
        }
    }
    let (mut decisions, mut guards) = (Vec::new(), Vec::new());
    let steps = node.get("steps").map(Node::items).unwrap_or_default();
    for step in steps {
        let Some(script) = step.get("run").and_then(Node::text) else { continue };
        let decided = step.get("id").and_then(Node::text).and_then(|id| Some((id, Decisions::read(script)?)));
        if let Some((id, found)) = decided {
            decisions.push(Deciding { step: id.to_owned(), env: variables(step), decisions: found });
        }
        let soft = step.get("continue-on-error").is_some() || step.get("if").is_some();
        if let Some(guard) = Guard::read(script).filter(|_| !soft) {
            guards.push(Guarding { env: variables(step), guard });
        }
    }
    Ok(Job { at, id: id.to_owned(), needs: Vec::new(), ancestors: Vec::new(), condition, outputs, decisions, guards })
}

/// The variables of a step that are one expression each.
fn variables(step: &Node) -> Vec<(String, Expr)> {
    let rows = step.get("env").map(Node::rows).unwrap_or_default();
    let whole = |text: &str| text.trim().starts_with("${{") && text.matches("${{").count() == 1 && text.trim().ends_with("}}");
    rows.iter().filter_map(|(name, n)| Some((name.clone(), expression(n.text().filter(|t| whole(t))?, n.line).ok()?))).collect()
}
