//! The steps of gates: guarded before the work, measured behind it, watched after a deploy.

use std::collections::BTreeSet;

use crate::base::span::Spanned;
use crate::ir::Pipeline;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::gate::{Gate, GateKind};
use crate::ir::id::GateId;
use crate::ir::step::{Step, StepKind};
use crate::ir::text::{Context, GateField, Text};
use crate::plan::script::means::Means;
use crate::plan::script::{Shell, findings, measure, watch, window};
use crate::plan::step::{Phase, RunWhen};
use crate::plan::steps::{Builder, both};

impl Builder<'_> {
    pub(super) fn gates_that_are_read(&self) -> BTreeSet<GateId> {
        let texts =
            self.job.notify.iter().map(|n| &n.text).chain(self.job.steps.iter().flat_map(|s| s.env.iter().map(|e| &e.value)));
        let scripts = self.job.steps.iter().filter_map(|s| match &s.kind {
            StepKind::Run(script) => Some(&script.lines),
            _ => None,
        });
        texts
            .chain(scripts.flatten())
            .flat_map(Text::contexts)
            .filter_map(|c| match &c.value {
                Context::Gate { gate, field: GateField::Value } => Some(*gate),
                _ => None,
            })
            .collect()
    }

    /// Gates that run where they are required, unless the spec placed them as steps.
    pub(super) fn guards(&mut self) {
        for required in &self.job.requires {
            let gate = self.pipeline.gate(required.value);
            let placed = self.job.steps.iter().any(|s| matches!(s.kind, StepKind::Gate(g) if g == required.value));
            if !placed && gate.producers.is_empty() && !matches!(gate.kind, GateKind::Approval(_)) {
                self.gate(required.value, Phase::Guard, None);
            }
        }
    }

    /// Gates that this job measures; each has a step in it.
    pub(super) fn measures(&mut self, steps: &[Step]) {
        for step in steps.iter().filter(|s| is_measure(self.pipeline, s)) {
            if let StepKind::Gate(gate) = step.kind {
                self.gate(gate, Phase::Measure, step.condition.clone());
            }
        }
    }

    /// One gate as one step (a check: as its own steps). A gate runs once in a job.
    pub(super) fn gate(&mut self, id: GateId, phase: Phase, condition: Option<Expr>) {
        if !self.guarded.insert(id) {
            return;
        }
        let gate = self.pipeline.gate(id);
        let condition = both(condition, waiver(gate));
        if let GateKind::Check { steps } = &gate.kind {
            for step in steps {
                let from = self.steps.len();
                self.step(step, phase, &RunWhen::Success);
                for (i, made) in self.steps[from..].iter_mut().enumerate() {
                    made.condition = both(condition.clone(), made.condition.take());
                    made.continue_on_error |= gate.advisory.is_some();
                    made.gate = Some(id);
                    made.name.get_or_insert_with(|| gate_title(gate, i));
                }
            }
            return;
        }
        let export = self.gates_read.contains(&id);
        let Some(shell) = gate_shell(gate, self.means, export) else { return };
        let advisory = gate.advisory.is_some();
        let name = format!("gate-{}", gate.name.value);
        let title = gate_title(gate, 0);
        let made = self.script("", shell, phase, RunWhen::Success, gate.span);
        made.name = Some(title);
        made.condition = condition;
        made.continue_on_error = advisory;
        made.gate = Some(id);
        if export {
            made.id = Some(name);
            made.exports = vec!["value".to_owned()];
        }
    }

    /// Gates watched after a deploy: those that need no condition together in one step.
    pub(super) fn monitors(&mut self, monitor: &[Spanned<GateId>]) {
        let (mut joint, mut names) = (Vec::new(), Vec::new());
        for gate_id in monitor {
            let gate = self.pipeline.gate(gate_id.value);
            match gate_shell(gate, self.means, false) {
                Some(shell) if gate.waive.is_none() && gate.advisory.is_none() => {
                    names.push(gate.name.value.clone());
                    joint.push((gate.name.value.clone(), shell));
                }
                _ => self.gate(gate_id.value, Phase::Monitor, None),
            }
        }
        if let Some(first) = monitor.first().filter(|_| !joint.is_empty()) {
            let only = (monitor.len() == 1).then_some(first.value);
            let shell = watch::together(joint, first.span);
            self.script(&format!("Watch {}", names.join(", ")), shell, Phase::Monitor, RunWhen::Success, first.span).gate = only;
        }
    }
}

pub(super) fn gate_shell(gate: &Gate, means: Means, export: bool) -> Option<Shell> {
    let name = &gate.name.value;
    match &gate.kind {
        GateKind::Measure(m) => Some(measure::measure(name, m, means, export)),
        GateKind::Findings(f) => Some(findings::findings(name, f, means, gate.span)),
        GateKind::Junit { files } => Some(findings::junit(name, files, gate.span)),
        GateKind::Probe(p) => Some(watch::probe(name, p, gate.span)),
        GateKind::Query(q) => Some(watch::query(name, q, means, gate.span)),
        GateKind::Window(w) => Some(window::window(name, w, gate.span)),
        GateKind::Check { .. } | GateKind::Approval(_) => None,
    }
}

fn gate_title(gate: &Gate, part: usize) -> Text {
    let number = if part > 0 { format!(" ({})", part + 1) } else { String::new() };
    let word = if gate.advisory.is_some() { " (advisory)" } else { "" };
    Text::literal(format!("Gate {}{word}{number}", gate.name.value), gate.span)
}

/// The condition under which a gate is looked at: all but its waiver.
fn waiver(gate: &Gate) -> Option<Expr> {
    gate.waive.as_ref().map(|w| Expr { kind: ExprKind::Not(Box::new(w.condition.clone())), span: w.span })
}

pub(super) fn is_measure(pipeline: &Pipeline, step: &Step) -> bool {
    matches!(step.kind, StepKind::Gate(g) if !pipeline.gate(g).producers.is_empty())
}
