//! The first walk: which names are declared, and where. The second walk (`lower`) resolves against this.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::source::SourceMap;
use crate::base::span::{Span, Spanned};
use crate::ir::id::{GateId, JobId, WorkflowId};
use crate::sema::names::{Names, unknown};
use crate::syntax::tree::{Document, Entry, Node};

/// A job or deploy as declared.
#[derive(Debug)]
pub struct JobDecl<'n, 'a> {
    /// Its name.
    pub name: Spanned<String>,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its stage: position in the workflow's stages.
    pub stage: Option<usize>,
    /// Where it is described.
    pub node: &'n Node<'a>,
    /// Outputs that it declares.
    pub outputs: Vec<Spanned<String>>,
    /// Axes of its matrix.
    pub axes: Vec<String>,
    /// Its services, and whether each says its port.
    pub services: Vec<(String, bool)>,
    /// The gates that are measured in it.
    pub gates: Vec<GateId>,
}

/// A gate as declared.
#[derive(Debug)]
pub struct GateDecl<'n, 'a> {
    /// Its name.
    pub name: Spanned<String>,
    /// The job it is measured in.
    pub producer: Option<JobId>,
    /// Where it is described.
    pub node: &'n Node<'a>,
}

/// All that is declared.
#[derive(Debug)]
pub struct Scope<'n, 'a> {
    /// The texts, to find places inside strings.
    pub sources: SourcesRef<'n>,
    /// Top-level nodes in order.
    pub top: &'n [Node<'a>],
    /// People.
    pub teams: Names,
    /// Secrets, the environments' own included.
    pub secrets: Names,
    /// Variables.
    pub variables: Names,
    /// Registries.
    pub registries: Names,
    /// Runners of the spec's own.
    pub runners: Names,
    /// Values that depend on the event.
    pub values: Names,
    /// Channels.
    pub channels: Names,
    /// Environments.
    pub environments: Names,
    /// The nodes of the environments, in the order of their ids.
    pub environment_nodes: Vec<&'n Node<'a>>,
    /// Apps.
    pub apps: Names,
    /// Gates by name.
    pub gate_names: Names,
    /// Gates, in the order of their ids.
    pub gates: Vec<GateDecl<'n, 'a>>,
    /// Workflows.
    pub workflows: Names,
    /// The nodes of the workflows, in the order of their ids.
    pub workflow_nodes: Vec<&'n Node<'a>>,
    /// Stages, by workflow.
    pub stages: Vec<Names>,
    /// Jobs, in the order of their ids.
    pub jobs: Vec<JobDecl<'n, 'a>>,
    /// The jobs of a name, by workflow.
    job_ids: BTreeMap<String, BTreeMap<WorkflowId, JobId>>,
    /// Images that some job builds.
    pub images: Names,
    /// The jobs that build them.
    pub image_builders: Vec<Vec<JobId>>,
    /// Who publishes an artifact.
    pub artifacts: BTreeMap<(WorkflowId, String), (JobId, Span)>,
    /// Named sets of events.
    pub event_sets: BTreeMap<String, &'n Node<'a>>,
    /// Portable actions.
    pub actions: BTreeMap<String, &'n Node<'a>>,
    /// Names of the standard ones that the spec has not replaced.
    pub standard: BTreeSet<String>,
    /// Inputs of manual runs, by workflow: name and node.
    pub inputs: Vec<BTreeMap<String, &'n Node<'a>>>,
}

/// The source map, without its contents in debug output.
#[derive(Clone, Copy)]
pub struct SourcesRef<'n>(pub &'n SourceMap);

impl std::fmt::Debug for SourcesRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SourceMap")
    }
}

/// The string of an entry with its place.
pub fn spanned(entry: &Entry<'_>) -> Option<Spanned<String>> {
    entry.as_str().map(|s| Spanned::new(s.to_owned(), entry.value_span))
}

/// The first argument as a name.
pub fn name_of(node: &Node<'_>) -> Option<Spanned<String>> {
    node.arg(0).and_then(spanned)
}

/// Walks an expanded, shape-checked document once. `standard` holds the standard portable actions.
pub fn declare<'n, 'a>(
    sources: &'n SourceMap,
    document: &'n Document<'a>,
    standard: &'n Document<'a>,
    diagnostics: &mut Diagnostics,
) -> Scope<'n, 'a> {
    let mut scope = Scope {
        sources: SourcesRef(sources),
        top: &document.nodes,
        teams: Names::of("team"),
        secrets: Names::of("secret"),
        variables: Names::of("variable"),
        registries: Names::of("registry"),
        runners: Names::of("runner"),
        values: Names::of("value"),
        channels: Names::of("channel"),
        environments: Names::of("environment"),
        environment_nodes: Vec::new(),
        apps: Names::of("app"),
        gate_names: Names::of("gate"),
        gates: Vec::new(),
        workflows: Names::of("workflow"),
        workflow_nodes: Vec::new(),
        stages: Vec::new(),
        jobs: Vec::new(),
        job_ids: BTreeMap::new(),
        images: Names::of("image"),
        image_builders: Vec::new(),
        artifacts: BTreeMap::new(),
        event_sets: BTreeMap::new(),
        actions: standard.nodes.iter().filter(|n| n.name() == "action").filter_map(|n| Some((name_of(n)?.value, n))).collect(),
        standard: standard.nodes.iter().filter(|n| n.name() == "action").filter_map(|n| Some(name_of(n)?.value)).collect(),
        inputs: Vec::new(),
    };
    for node in &document.nodes {
        scope.top_level(node, diagnostics);
    }
    scope.environment_secrets(diagnostics);
    scope
}

impl<'n, 'a> Scope<'n, 'a> {
    fn top_level(&mut self, node: &'n Node<'a>, diagnostics: &mut Diagnostics) {
        if node.name() == "secret" {
            node.args().filter_map(spanned).for_each(|name| {
                self.secrets.declare(name, diagnostics);
            });
            return;
        }
        let Some(name) = name_of(node) else { return };
        let names = match node.name() {
            "team" => &mut self.teams,
            "variable" => &mut self.variables,
            "registry" => &mut self.registries,
            "runner" => &mut self.runners,
            "value" => &mut self.values,
            "channel" => &mut self.channels,
            "environment" => {
                if self.environments.declare(name, diagnostics) == self.environment_nodes.len() {
                    self.environment_nodes.push(node);
                }
                return;
            }
            "app" => &mut self.apps,
            "gate" => return self.gate(name, None, node, diagnostics),
            "workflow" => return self.workflow(name, node, diagnostics),
            "events" => {
                self.event_sets.insert(name.value, node);
                return;
            }
            "action" => {
                self.standard.remove(&name.value);
                self.actions.insert(name.value, node);
                return;
            }
            _ => return,
        };
        names.declare(name, diagnostics);
    }

    /// Secrets that only an environment declares are names too.
    fn environment_secrets(&mut self, diagnostics: &mut Diagnostics) {
        for node in self.top.iter().filter(|n| n.name() == "environment") {
            for child in node.children().iter().filter(|c| c.name() == "secret") {
                for name in child.args().filter_map(spanned) {
                    if self.secrets.get(&name.value).is_none() {
                        self.secrets.declare(name, diagnostics);
                    }
                }
            }
        }
    }

    fn gate(&mut self, name: Spanned<String>, producer: Option<JobId>, node: &'n Node<'a>, diagnostics: &mut Diagnostics) {
        let position = self.gate_names.declare(name.clone(), diagnostics);
        if position == self.gates.len() {
            self.gates.push(GateDecl { name, producer, node });
            if let Some(job) = producer {
                self.jobs[job.index()].gates.push(GateId(position as u32));
            }
        }
    }

    fn workflow(&mut self, name: Spanned<String>, node: &'n Node<'a>, diagnostics: &mut Diagnostics) {
        let position = self.workflows.declare(name, diagnostics);
        if position < self.workflow_nodes.len() {
            return;
        }
        let workflow = WorkflowId(position as u32);
        self.workflow_nodes.push(node);
        self.stages.push(Names::of("stage"));
        let inputs = node.children().iter().filter(|c| c.name() == "on").flat_map(|on| on.children());
        let inputs = inputs.filter(|c| c.name() == "manual").flat_map(|m| m.children()).filter(|c| c.name() == "input");
        self.inputs.push(inputs.filter_map(|i| Some((name_of(i)?.value, i))).collect());
        let mut jobs = Names::of("job");
        for child in node.children() {
            match child.name() {
                "job" | "deploy" => self.job(&mut jobs, workflow, None, child, diagnostics),
                "stage" => {
                    let Some(name) = name_of(child) else { continue };
                    let stage = self.stages[position].declare(name, diagnostics);
                    for job in child.children().iter().filter(|c| matches!(c.name(), "job" | "deploy")) {
                        self.job(&mut jobs, workflow, Some(stage), job, diagnostics);
                    }
                }
                _ => {}
            }
        }
    }

    fn job(
        &mut self,
        names: &mut Names,
        workflow: WorkflowId,
        stage: Option<usize>,
        node: &'n Node<'a>,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(name) = name_of(node) else { return };
        let before = names.len();
        if names.declare(name.clone(), diagnostics) < before {
            return;
        }
        let id = JobId(self.jobs.len() as u32);
        self.job_ids.entry(name.value.clone()).or_default().insert(workflow, id);
        let mut decl = JobDecl {
            name,
            workflow,
            stage,
            node,
            outputs: Vec::new(),
            axes: Vec::new(),
            services: Vec::new(),
            gates: Vec::new(),
        };
        for child in node.children() {
            match child.name() {
                "output" => decl.outputs.extend(child.args().filter_map(spanned)),
                "service" => decl.services.extend(name_of(child).map(|n| (n.value, child.setting("port").is_some()))),
                "matrix" => decl.axes = axes(child),
                "produces" => {
                    if let Some(artifact) = name_of(child) {
                        self.artifact(workflow, id, artifact, diagnostics);
                    }
                }
                "report" => {
                    if let Some(kind) = name_of(child) {
                        let artifact = Spanned::new(format!("{}-{}", decl.name.value, kind.value), kind.span);
                        self.artifact(workflow, id, artifact, diagnostics);
                    }
                }
                _ => {}
            }
        }
        self.jobs.push(decl);
        for child in node.children().iter().filter(|c| c.name() == "gate") {
            if let Some(name) = name_of(child) {
                self.gate(name, Some(id), child, diagnostics);
            }
        }
        self.built_images(node, id, diagnostics);
    }

    fn built_images(&mut self, node: &'n Node<'a>, job: JobId, diagnostics: &mut Diagnostics) {
        for child in node.children() {
            if child.name() == "docker-build" {
                let Some(name) = name_of(child) else { continue };
                let position = match self.images.get(&name.value) {
                    Some(position) => position,
                    None => self.images.declare(name, diagnostics),
                };
                if position == self.image_builders.len() {
                    self.image_builders.push(Vec::new());
                }
                if self.image_builders[position].last() != Some(&job) {
                    self.image_builders[position].push(job);
                }
            } else if child.name() == "finally" {
                self.built_images(child, job, diagnostics);
            }
        }
    }

    fn artifact(&mut self, workflow: WorkflowId, job: JobId, name: Spanned<String>, diagnostics: &mut Diagnostics) {
        let key = (workflow, name.value.clone());
        if let Some((_, first)) = self.artifacts.get(&key) {
            diagnostics.push(
                Diagnostic::error("artifact-not-unique", name.span, format!("artifact `{}` is published twice", name.value))
                    .label("published again here")
                    .related(*first, "first published here")
                    .help("give each artifact of a workflow its own name"),
            );
            return;
        }
        self.artifacts.insert(key, (job, name.span));
    }

    /// The job of a short name in a workflow.
    pub fn job_of(&self, workflow: WorkflowId, name: &str) -> Option<JobId> {
        self.job_ids.get(name)?.get(&workflow).copied()
    }

    /// The job of a name: short inside its workflow, `workflow.job` anywhere, short elsewhere if only one workflow has it.
    pub fn find_job(&self, name: &str, span: Span, within: Option<WorkflowId>, diagnostics: &mut Diagnostics) -> Option<JobId> {
        if let Some(found) = within.and_then(|w| self.job_of(w, name)) {
            return Some(found);
        }
        if let Some((workflow, job)) = name.split_once('.')
            && let Some(w) = self.workflows.get(workflow)
        {
            if let Some(found) = self.job_of(WorkflowId(w as u32), job) {
                return Some(found);
            }
            let known = self.jobs.iter().filter(|j| j.workflow.index() == w).map(|j| j.name.value.as_str());
            diagnostics.push(unknown("job", job, span, known));
            return None;
        }
        let elsewhere: Vec<JobId> = self.job_ids.get(name).into_iter().flat_map(BTreeMap::values).copied().collect();
        match elsewhere.as_slice() {
            [one] => Some(*one),
            [] => {
                let known = self.jobs.iter().filter(|j| within.is_none_or(|w| w == j.workflow)).map(|j| j.name.value.as_str());
                diagnostics.push(unknown("job", name, span, known));
                None
            }
            several => {
                let full: Vec<String> = several.iter().map(|id| self.full_name(*id)).collect();
                diagnostics.push(
                    Diagnostic::error("ambiguous-name", span, format!("`{name}` is a job of several workflows"))
                        .label("which one?")
                        .help(format!("write one of {}", full.join(", "))),
                );
                None
            }
        }
    }

    /// `workflow.job`
    pub fn full_name(&self, id: JobId) -> String {
        let job = &self.jobs[id.index()];
        let workflow = self.workflows.iter().nth(job.workflow.index()).map_or("", |w| w.value.as_str());
        format!("{workflow}.{}", job.name.value)
    }

    /// The gate of a name.
    pub fn find_gate(&self, name: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<GateId> {
        self.gate_names.find(&name.value, name.span, diagnostics).map(|i| GateId(i as u32))
    }
}

/// The axes of a matrix, those that only an `include` names last.
pub fn axes(matrix: &Node<'_>) -> Vec<String> {
    let mut axes: Vec<String> =
        matrix.children().iter().filter(|c| c.name() == "axis").filter_map(|c| Some(name_of(c)?.value)).collect();
    for include in matrix.children().iter().filter(|c| c.name() == "include") {
        for (name, _) in include.props() {
            if !axes.iter().any(|a| a == name) {
                axes.push(name.to_owned());
            }
        }
    }
    axes
}
