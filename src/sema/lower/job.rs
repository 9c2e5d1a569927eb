//! Jobs and deploys.

use std::collections::BTreeSet;

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::app::{App, Delivery};
use crate::ir::bits::BitSet;
use crate::ir::environment::Environment;
use crate::ir::gate::Gate;
use crate::ir::id::{EnvironmentId, GateId};
use crate::ir::job::{
    AllowFailure, Artifact, Consume, EnvironmentUse, Job, Matrix, Mode, Purpose, Ready, Report, ReportKind, Runner, Service,
    Shell, Workflow,
};
use crate::ir::step::{Checkout, Outcome, Permission, Step, StepKind};
use crate::ir::text::EnvVar;
use crate::ir::units::Duration;
use crate::sema::declare::{JobDecl, axes, name_of, spanned};
use crate::sema::filter::filter;
use crate::sema::interpolate::Place;
use crate::sema::lower::deploy::waits;
use crate::sema::lower::{DEFAULT_TIMEOUT_SECONDS, Lower, missing};
use crate::syntax::tree::{Node, Value};

/// Most cells that any vendor runs for one job (GitHub: 256 jobs a matrix); checked before they are made.
const MAX_CELLS: usize = 256;

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    pub(super) fn jobs(
        &mut self,
        gates: &[Gate],
        environments: &[Environment],
        apps: (&[App], &Delivery),
        workflows: &[Workflow],
    ) -> Vec<Job> {
        (0..self.scope.jobs.len()).map(|i| self.job(i, gates, environments, apps, workflows)).collect()
    }

    fn job(
        &mut self,
        index: usize,
        gates: &[Gate],
        environments: &[Environment],
        apps: (&[App], &Delivery),
        workflows: &[Workflow],
    ) -> Job {
        let decl: &JobDecl<'n, 'a> = &self.scope.jobs[index];
        let node = decl.node;
        let environment = self.environment_use(node);
        let used = environment.as_ref().map(|e| e.environment);
        let place = Place { workflow: Some(decl.workflow), job: Some(decl), environment: used, ..Place::default() };
        let deploy = (node.name() == "deploy").then(|| self.deploy(node, &place));
        let when = node.setting("when").and_then(spanned);
        let steps = self.job_steps(index, node, &place);
        let timeout = self.timeout(node, deploy.as_ref().map_or(0, |d| waits(d, &steps, used, gates, apps)));
        Job {
            name: decl.name.clone(),
            workflow: decl.workflow,
            stage: decl.stage,
            needs: Vec::new(),
            needs_stages: Vec::new(),
            starts_at_once: false,
            when: Spanned::new(
                when.as_ref().and_then(|w| self.word(w, "outcome", Outcome::ALL)).unwrap_or(Outcome::Success),
                when.map_or(node.span, |w| w.span),
            ),
            only: node.child("only").map(|c| filter(self.scope, c, self.diagnostics)),
            condition: self.condition_below(node, &place),
            present: BitSet::new(0),
            possible: BitSet::new(0),
            runner: self.runner(node, decl, &place),
            image: node
                .child("image")
                .and_then(|c| c.arg(0))
                .map(|e| self.text(e, &place))
                .or_else(|| self.defaults.image.clone()),
            no_entrypoint: node.flag("no-entrypoint"),
            docker: node.flag("docker"),
            services: self.services(node, &place),
            env: self.job_env(node, &place),
            matrix: node.child("matrix").and_then(|c| self.matrix(c)),
            steps,
            produces: self.produces(node),
            consumes: self.consumes(node, decl),
            outputs: decl.outputs.clone(),
            reports: self.reports(node),
            requires: self.required(decl, environment.as_ref(), environments, &workflows[decl.workflow.index()]),
            permissions: self.permissions(node),
            timeout,
            // `retry 0` takes back what the workflow says.
            retry: node.setting("retry").and_then(|e| self.count(e)).or(self.defaults.retry).filter(|r| r.value > 0),
            allow_failure: node.child("allow-failure").map(|c| self.allow_failure(c)),
            concurrency: node.child("concurrency").and_then(|c| self.concurrency(c, Mode::QueueAll, &place)),
            shell: node
                .child("shell")
                .and_then(|c| self.shell(c))
                .or(self.defaults.shell)
                .unwrap_or(Spanned::new(Shell::Bash, node.span)),
            working_directory: node.setting("working-directory").and_then(|e| self.path(e)),
            notify: self.notifications(node, &place),
            raw: self.raws(node),
            comments: node.comments.iter().map(ToString::to_string).collect(),
            span: node.span,
            environment,
            deploy,
        }
    }

    fn environment_use(&mut self, node: &Node<'a>) -> Option<EnvironmentUse> {
        let child = node.child("environment");
        let name = node.setting("to").and_then(spanned).or_else(|| child.and_then(name_of));
        let Some(name) = name else {
            if node.name() == "deploy" {
                self.diagnostics.push(missing(node.span, "the environment of this deploy", "to=staging"));
            }
            return None;
        };
        let environment: EnvironmentId = self.environment_named(&name)?;
        let purpose = child
            .and_then(|c| self.prop_word(c, "purpose", Purpose::ALL))
            .or_else(|| self.prop_word(node, "purpose", Purpose::ALL));
        let declared = self.scope.environment_nodes[environment.index()];
        let purpose = purpose.or_else(|| self.prop_word(declared, "purpose", Purpose::ALL));
        Some(EnvironmentUse { environment, purpose: purpose.map_or(Purpose::Deploy, |p| p.value), span: name.span })
    }

    /// A deploy's default grows by what its monitors and strategies take; a limit of the spec's own is left to a rule.
    fn timeout(&mut self, node: &Node<'a>, waits: u64) -> Spanned<Duration> {
        if let Some(own) = node.setting("timeout").and_then(|e| self.unit(e, Duration::parse)) {
            return own;
        }
        let seconds = self.defaults.timeout.map_or(DEFAULT_TIMEOUT_SECONDS, |t| t.seconds);
        Spanned::new(Duration::from_seconds(seconds + waits), self.defaults.timeout.map_or(node.span, |t| t.span))
    }

    fn job_env(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Vec<EnvVar> {
        let own = self.env(node, place);
        let inherited = self.defaults.env.iter().filter(|d| own.iter().all(|o| o.name.value != d.name.value)).cloned();
        inherited.chain(own.iter().cloned()).collect()
    }

    fn job_steps(&mut self, index: usize, node: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Vec<Step> {
        let mut steps = Vec::new();
        let is_none = |n: &Node<'_>| n.name() == "checkout" && n.arg(0).and_then(|e| e.as_str()) == Some("none");
        for child in node.children().iter().filter(|c| !is_none(c) && !matches!(c.name(), "smoke-test" | "notify")) {
            steps.extend(self.step(child, place));
        }
        for gate in self.scope.jobs[index].gates.iter().copied() {
            let mut step = self.plain(self.scope.gates[gate.index()].node, StepKind::Gate(gate));
            step.span = self.scope.gates[gate.index()].name.span;
            steps.push(step);
        }
        for child in node.children().iter().filter(|c| c.name() == "finally") {
            let finals = self.steps(child.children(), place);
            steps.extend(finals.into_iter().map(|mut s| {
                if s.when == Outcome::Success {
                    s.when = Outcome::Always;
                }
                s
            }));
        }
        let explicit = node.children().iter().any(|c| c.name() == "checkout");
        if !explicit {
            let checkout = StepKind::Checkout(Checkout::default());
            steps.insert(0, self.plain(node, checkout));
        }
        steps
    }

    fn runner(&mut self, node: &Node<'a>, decl: &JobDecl<'n, 'a>, place: &Place<'_, 'n, 'a>) -> Runner {
        let name = node.setting("runner").and_then(spanned).or_else(|| self.defaults.runner.clone());
        let Some(name) = name else { return Runner::Named(Spanned::new("linux".to_owned(), node.span)) };
        if let Some(axis) = name.value.strip_prefix("${matrix.").and_then(|r| r.strip_suffix('}')) {
            if !decl.axes.iter().any(|a| a == axis) {
                let known = decl.axes.iter().map(String::as_str);
                self.diagnostics.push(crate::sema::names::unknown("matrix axis", axis, name.span, known));
            }
            return Runner::Axis(Spanned::new(axis.to_owned(), name.span));
        }
        if let Some(entry) = node.setting("runner").filter(|e| e.ty.is_some() || name.value.contains("${")) {
            return Runner::Label(self.text(entry, place));
        }
        let standard = ["linux", "linux-arm", "windows", "macos"];
        if !standard.contains(&name.value.as_str()) && self.scope.runners.get(&name.value).is_none() {
            let known = standard.into_iter().chain(self.scope.runners.iter().map(|n| n.value.as_str()));
            self.diagnostics.push(crate::sema::names::unknown("runner", &name.value, name.span, known));
        }
        Runner::Named(name)
    }

    fn services(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Vec<Service> {
        let mut services: Vec<Service> = Vec::new();
        for child in node.children().iter().filter(|c| c.name() == "service") {
            let Some(name) = name_of(child) else { continue };
            let Some(image) = self.prop_text(child, "image", place) else {
                self.diagnostics.push(missing(
                    child.span,
                    &format!("the image of service `{}`", name.value),
                    "image=\"postgres:16\"",
                ));
                continue;
            };
            let port = child.setting("port").and_then(|e| self.count(e));
            let port = port.and_then(|p| u16::try_from(p.value).ok().filter(|n| *n > 0).map(|n| Spanned::new(n, p.span)));
            let ready = child.child("ready").and_then(|r| {
                let command = name_of(r)?;
                let mut time = |prop: &str, default: u64| {
                    r.prop(prop).and_then(|e| self.unit(e, Duration::parse)).map_or(Duration::from_seconds(default), |d| d.value)
                };
                let (every, timeout) = (time("every", 10), time("timeout", 5));
                Some(Ready {
                    command,
                    every,
                    timeout,
                    retries: r.setting("retries").and_then(|e| self.count(e)).map_or(5, |n| n.value),
                })
            });
            services.push(Service { name, image, port, env: self.env(child, place), ready });
        }
        services
    }

    fn matrix(&mut self, node: &Node<'a>) -> Option<Matrix> {
        let names = axes(node);
        let children = |name: &'static str| node.children().iter().filter(move |c| c.name() == name);
        let value = |entry: &crate::syntax::tree::Entry<'_>| match &entry.value {
            Value::String(text, _) | Value::Number(text) => text.to_string(),
            Value::Bool(b) => b.to_string(),
            Value::Null => String::new(),
        };
        let mut cells: Vec<Vec<Option<String>>> = vec![vec![None; names.len()]];
        let mut count = 1usize;
        for axis in children("axis") {
            count = count.saturating_mul(axis.args().count().saturating_sub(1));
        }
        if count > MAX_CELLS {
            self.diagnostics.push(
                Diagnostic::error(
                    "matrix-too-large",
                    node.span,
                    format!("this matrix has {count} cells before exclusions; {MAX_CELLS} is the most"),
                )
                .label("too many cells")
                .help("leave out values, or split the job"),
            );
            return None;
        }
        let mut is_axis = false;
        for axis in children("axis") {
            let Some(at) = name_of(axis).and_then(|n| names.iter().position(|a| *a == n.value)) else { continue };
            is_axis = true;
            let values: Vec<String> = axis.args().skip(1).map(value).collect();
            let expand = |cell: &Vec<Option<String>>| {
                let cell = cell.clone();
                values.clone().into_iter().map(move |v| {
                    let mut next = cell.clone();
                    next[at] = Some(v);
                    next
                })
            };
            cells = cells.iter().flat_map(expand).collect();
        }
        if !is_axis {
            cells.clear();
        }
        let row = |n: &Node<'_>| -> Vec<(usize, String)> {
            n.props().filter_map(|(name, e)| Some((names.iter().position(|a| a == name)?, value(e)))).collect()
        };
        for exclude in children("exclude") {
            let wanted = row(exclude);
            let before = cells.len();
            for (name, entry) in exclude.props() {
                if !names.iter().any(|a| a == name) {
                    self.diagnostics.push(crate::sema::names::unknown(
                        "matrix axis",
                        name,
                        entry.span,
                        names.iter().map(String::as_str),
                    ));
                }
            }
            cells.retain(|cell| wanted.is_empty() || !wanted.iter().all(|(i, v)| cell[*i].as_ref() == Some(v)));
            if cells.len() == before {
                let d = Diagnostic::warning("matrix-exclude-matches-nothing", exclude.span, "this matches no cell");
                self.diagnostics.push(d.label("excludes nothing").help("remove it, or correct the values"));
            }
        }
        // Unlike GitHub's, an `include` always adds a cell: one meaning on every vendor.
        for include in children("include") {
            let mut cell = vec![None; names.len()];
            for (i, v) in row(include) {
                cell[i] = Some(v);
            }
            cells.push(cell);
        }
        if cells.is_empty() {
            self.diagnostics.push(
                Diagnostic::error("matrix-empty", node.span, "this matrix has no cell")
                    .label("nothing to run")
                    .help("add `axis NAME value value`"),
            );
            return None;
        }
        let spans: Vec<Spanned<String>> = names.into_iter().map(|n| Spanned::new(n, node.span)).collect();
        Some(Matrix {
            axes: spans,
            cells,
            max_parallel: node.setting("max-parallel").and_then(|e| self.count(e)),
            fail_fast: node.flag("fail-fast"),
            span: node.span,
        })
    }

    fn produces(&mut self, node: &Node<'a>) -> Vec<Artifact> {
        let mut list = Vec::new();
        for child in node.children().iter().filter(|c| c.name() == "produces") {
            let Some(name) = name_of(child) else { continue };
            let paths = self.paths(child.args().skip(1).cloned());
            if child.arg(1).is_none() {
                self.diagnostics.push(missing(child.span, &format!("the files of artifact `{}`", name.value), "\"dist/\""));
                continue;
            }
            let keep = child.setting("keep").and_then(|e| self.unit(e, Duration::parse));
            list.push(Artifact { name, paths, keep, when: self.when_of(child), span: child.span });
        }
        list
    }

    fn when_of(&mut self, node: &Node<'a>) -> Outcome {
        self.prop_word(node, "when", Outcome::ALL).map_or(Outcome::Success, |w| w.value)
    }

    fn consumes(&mut self, node: &Node<'a>, decl: &JobDecl<'n, 'a>) -> Vec<Consume> {
        let names = node.values("consumes").into_iter().filter_map(spanned);
        let mut list = Vec::new();
        for name in names {
            if let Some((producer, _)) = self.scope.artifacts.get(&(decl.workflow, name.value.clone())) {
                list.push(Consume { name, producer: *producer });
                continue;
            }
            let known = self.scope.artifacts.keys().filter(|(w, _)| *w == decl.workflow).map(|(_, n)| n.as_str());
            self.diagnostics.push(crate::sema::names::unknown("artifact in this workflow", &name.value, name.span, known));
        }
        list
    }

    fn reports(&mut self, node: &Node<'a>) -> Vec<Report> {
        let mut list = Vec::new();
        for child in node.children().iter().filter(|c| c.name() == "report") {
            let Some(word) = name_of(child) else { continue };
            let Some(kind) = self.word(&word, "kind of report", ReportKind::ALL) else { continue };
            let paths = self.paths(child.args().skip(1).cloned());
            // A report of a failed run is worth most, so that is what it means unless said otherwise.
            let when = self.prop_word(child, "when", Outcome::ALL).map_or(Outcome::Always, |w| w.value);
            list.push(Report {
                kind: Spanned::new(kind, word.span),
                paths,
                format: child.setting("format").and_then(spanned),
                when,
                span: child.span,
            });
        }
        list
    }

    /// Gates of the job, its stage and workflow, and of the environment it deploys to.
    fn required(
        &mut self,
        decl: &JobDecl<'n, 'a>,
        used: Option<&EnvironmentUse>,
        environments: &[Environment],
        workflow: &Workflow,
    ) -> Vec<Spanned<GateId>> {
        let mut list = self.gate_list(decl.node, "requires");
        list.extend(decl.stage.and_then(|s| workflow.stages.get(s)).into_iter().flat_map(|s| s.requires.iter().copied()));
        list.extend(workflow.requires.iter().copied());
        if let Some(used) = used.filter(|u| u.purpose == Purpose::Deploy) {
            list.extend(environments.get(used.environment.index()).into_iter().flat_map(|e| e.requires.iter().copied()));
        }
        let mut seen = BTreeSet::new();
        list.retain(|g| seen.insert(g.value));
        list
    }

    fn permissions(&mut self, node: &Node<'a>) -> BTreeSet<Permission> {
        let words = node.values("permissions").into_iter().filter_map(spanned);
        let words: Vec<Spanned<String>> = words.collect();
        words.iter().filter_map(|w| self.word(w, "permission", Permission::ALL)).collect()
    }

    fn allow_failure(&mut self, node: &Node<'a>) -> AllowFailure {
        let codes = node.values("exit-codes").into_iter();
        let entries: Vec<_> = codes.cloned().collect();
        let exit_codes = entries.iter().filter_map(|e| self.count(e)).filter_map(|n| u8::try_from(n.value).ok()).collect();
        AllowFailure { exit_codes, span: node.span }
    }
}
