//! The steps that deliver apps, and the tools that they need.

use crate::base::span::Spanned;
use crate::ir::gate::GateKind;
use crate::ir::id::GateId;
use crate::ir::step::{AppStep, Step, StepKind, Tool};
use crate::ir::text::Text;
use crate::ir::units::Duration;
use crate::ir::walk::every_step;
use crate::plan::script::app::Piece;
use crate::plan::script::{Shell, app, watch};
use crate::plan::step::{Phase, PlannedKind, RunWhen};
use crate::plan::steps::Builder;
use crate::plan::steps::gates::gate_shell;

/// Beside the pauses and the start of the pods: for logins, downloads and the answers of the cluster.
const SLACK_SECONDS: u64 = 120;

fn limit(seconds: u64) -> Duration {
    Duration::from_seconds(seconds.div_ceil(60) * 60 + SLACK_SECONDS)
}

/// Whether a step has a use for a variable of its delivery: the version stands in some steps of a strategy only.
fn reads(kind: &PlannedKind, name: &str) -> bool {
    let PlannedKind::Run(script) = kind else { return true };
    let read = format!("${name}");
    !["VERSION", "IMAGE"].contains(&name)
        || script.lines.iter().filter_map(|l| l.as_literal()).any(|l| l.contains(&read) || l.contains(&format!("${{{name}")))
}

impl Builder<'_> {
    /// What brings an app to the environment of the job, or back.
    pub(super) fn app(&mut self, step: &Step, act: &AppStep, phase: Phase, when: &RunWhen) {
        let Some(entered) = &self.job.environment else { return };
        let environment = self.pipeline.environment(entered.environment);
        let keeps = self.job.deploy.as_ref().is_some_and(|d| d.rollback.is_some());
        for piece in app::pieces(self.pipeline, environment, act, keeps, step.span) {
            match piece {
                Piece::Step(name, shell, seconds) => {
                    let made = self.script(&name, shell, phase, when.clone(), step.span);
                    made.env = step.env.iter().filter(|v| reads(&made.kind, &v.name.value)).cloned().collect();
                    made.timeout = seconds.map(limit);
                }
                Piece::Gates(gates, first) => self.analysis(&gates, &first, phase),
                Piece::Last(name, shell, seconds) => self.last.push((name, shell, seconds.map(limit), step.span)),
            }
        }
    }

    /// Gates between the steps of a strategy, which may be asked again behind a later one.
    fn analysis(&mut self, asked: &[Spanned<GateId>], first: &str, phase: Phase) {
        let (mut joint, mut names) = (Vec::new(), Vec::new());
        for asked in asked {
            let gate = self.pipeline.gate(asked.value);
            if let GateKind::Check { steps } = &gate.kind {
                for step in steps {
                    self.step(step, phase, &RunWhen::Success);
                }
            } else if let Some(shell) = gate_shell(gate, self.means, false) {
                names.push(gate.name.value.clone());
                joint.push((gate.name.value.clone(), shell));
            }
        }
        let Some(place) = asked.first().filter(|_| !joint.is_empty()) else { return };
        let mut shell = watch::together(joint, place.span);
        shell.script.lines.insert(0, Text::literal(first, place.span));
        let seconds = asked.iter().map(|g| self.pipeline.gate(g.value).kind.seconds()).max().unwrap_or(0);
        let title = format!("Gate {}", names.join(", "));
        self.script(&title, shell, phase, RunWhen::Success, place.span).timeout = Some(limit(seconds));
    }

    /// What strategies still do when everything else of the deploy has gone well.
    pub(super) fn last(&mut self) {
        for (name, shell, limit, span) in std::mem::take(&mut self.last) {
            self.script(&name, shell, Phase::Finally, RunWhen::Success, span).timeout = limit;
        }
    }

    /// Tools that the delivery of apps needs and the job does not bring: an image of its own is expected to hold them.
    pub(super) fn app_tools(&mut self) {
        if self.job.image.is_some() {
            return;
        }
        let Some(entered) = &self.job.environment else { return };
        let named: Vec<&str> = every_step(self.job)
            .filter_map(|s| if let StepKind::Tools(tools) = &s.kind { Some(tools) } else { None })
            .flatten()
            .map(|t| t.name.value.as_str())
            .collect();
        let mut wanted: Vec<Tool> = Vec::new();
        for step in &self.job.steps {
            let StepKind::App(act) = &step.kind else { continue };
            for tool in app::tools(self.pipeline, self.pipeline.app(act.app), entered.environment, step.span) {
                let name = tool.name.value.as_str();
                if !named.contains(&name) && wanted.iter().all(|w| w.name.value != name) {
                    wanted.push(tool);
                }
            }
        }
        if let Some(first) = wanted.first() {
            let span = first.name.span;
            let shell = Shell::plain("", span);
            self.script("", shell, Phase::Setup, RunWhen::Success, span).kind = PlannedKind::Tools(wanted);
        }
    }
}
