//! The steps that deliver apps, and the tools that they need.

use crate::ir::app::AppStep;
use crate::ir::step::{Step, StepKind, Tool};
use crate::plan::build::every_step;
use crate::plan::script::{Shell, app};
use crate::plan::step::{Phase, PlannedKind, RunWhen};
use crate::plan::steps::Builder;

impl Builder<'_> {
    /// What brings an app to the environment of the job, or back.
    pub(super) fn app(&mut self, step: &Step, act: &AppStep, phase: Phase, when: &RunWhen) {
        let Some(entered) = &self.job.environment else { return };
        let environment = self.pipeline.environment(entered.environment);
        let keeps = self.job.deploy.as_ref().is_some_and(|d| d.rollback.is_some());
        for (name, shell) in app::parts(self.pipeline, environment, act, keeps, step.span) {
            let made = self.script(&name, shell, phase, when.clone(), step.span);
            made.env = step.env.clone();
        }
    }

    /// Tools that the delivery of apps needs and the job does not bring: an image of its own is expected to hold them.
    pub(super) fn app_tools(&mut self) {
        if self.job.image.is_some() {
            return;
        }
        let named: Vec<&str> = every_step(self.job)
            .filter_map(|s| if let StepKind::Tools(tools) = &s.kind { Some(tools) } else { None })
            .flatten()
            .map(|t| t.name.value.as_str())
            .collect();
        let mut wanted: Vec<Tool> = Vec::new();
        for step in &self.job.steps {
            let StepKind::App(act) = &step.kind else { continue };
            for tool in app::tools(self.pipeline.app(act.app).via.value, step.span) {
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
