//! The steps that deliver apps, and the tools that they need.

use crate::ir::step::{AppAct, AppStep, Step, StepKind, Tool};
use crate::ir::units::Duration;
use crate::plan::build::every_step;
use crate::plan::script::{Shell, app};
use crate::plan::step::{Phase, PlannedKind, RunWhen};
use crate::plan::steps::Builder;

/// Beside the pauses and the start of the pods: for logins, downloads and the answers of the cluster.
const SLACK_SECONDS: u64 = 120;

impl Builder<'_> {
    /// What brings an app to the environment of the job, or back.
    pub(super) fn app(&mut self, step: &Step, act: &AppStep, phase: Phase, when: &RunWhen) {
        let Some(entered) = &self.job.environment else { return };
        let environment = self.pipeline.environment(entered.environment);
        // A strategy holds the step for as long as its pauses say; a share of the job's time might be less.
        let pauses = self
            .pipeline
            .app(act.app)
            .place(entered.environment)
            .map_or(0, |p| p.settings.strategy.seconds(&self.pipeline.gates));
        let limit = (pauses > 0 && act.act != AppAct::RollBack)
            .then(|| Duration::from_seconds((pauses + act.wait.seconds).div_ceil(60) * 60 + SLACK_SECONDS));
        let keeps = self.job.deploy.as_ref().is_some_and(|d| d.rollback.is_some());
        for (name, shell) in app::parts(self.pipeline, environment, act, keeps, step.span) {
            let made = self.script(&name, shell, phase, when.clone(), step.span);
            made.env = step.env.clone();
            made.timeout = limit;
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
