//! The steps that log in: to registries, to a cloud, to the cluster of an environment.

use crate::base::span::{Span, Spanned};
use crate::ir::environment::{AwsIdentity, RegistryKind};
use crate::ir::id::{RegistryId, TargetId};
use crate::ir::job::Purpose;
use crate::ir::text::{Context, Part, RunField, Text};
use crate::plan::registry;
use crate::plan::script::{Shell, login, watch};
use crate::plan::step::{Phase, PlannedKind, PlannedStep, RunWhen};
use crate::plan::steps::{Builder, generated};
use crate::target::pins;

impl Builder<'_> {
    pub(super) fn log_in(&mut self, registry: RegistryId, span: Span, phase: Phase) {
        if !self.logins.insert(registry) {
            return;
        }
        let Some(condition) = registry::login(self.pipeline, self.target, self.job, registry) else { return };
        let declared = &self.pipeline.registries[registry.index()];
        if let (RegistryKind::Ecr, Some(identity)) = (declared.kind, &declared.identity) {
            let from = self.steps.len();
            self.take_role(&identity.clone(), phase);
            for step in &mut self.steps[from..] {
                step.condition.clone_from(&condition);
            }
        }
        let name = Text::literal(format!("Log in to {}", declared.name.value), span);
        self.steps.push(PlannedStep {
            name: Some(name),
            condition,
            kind: PlannedKind::RegistryLogin(registry),
            ..generated("", Shell::plain("", span), phase, RunWhen::Success, self.job.shell.value, span)
        });
    }

    fn take_role(&mut self, identity: &AwsIdentity, phase: Phase) {
        match self.target {
            TargetId::Github => {
                let Some(action) = pins::latest("aws-actions/configure-aws-credentials") else { return };
                let word = |text: &str| Spanned::new(text.to_owned(), identity.span);
                let with = vec![(word("role-to-assume"), identity.role.clone()), (word("aws-region"), identity.region.clone())];
                let shell = Shell::plain("", identity.span);
                self.script("Take the role in AWS", shell, phase, RunWhen::Success, identity.span).kind =
                    PlannedKind::Uses { action, with };
            }
            TargetId::Gitlab => {
                self.script("Take the role in AWS", login::aws_role(identity), phase, RunWhen::Success, identity.span);
            }
            TargetId::Codebuild | TargetId::Codepipeline => {
                self.script("Take the role in AWS", login::aws_role_of_build(identity), phase, RunWhen::Success, identity.span);
            }
        }
    }

    pub(super) fn log_in_to_environment(&mut self) {
        let Some(entered) = &self.job.environment else { return };
        let environment = self.pipeline.environment(entered.environment);
        if let Some(identity) = environment.identity.clone() {
            self.take_role(&identity, Phase::Setup);
        }
        if let Some(shell) = environment.cluster.as_ref().and_then(login::cluster) {
            let span = environment.cluster.as_ref().map_or(entered.span, |c| c.span);
            let name = format!("Log in to the cluster of {}", environment.name.value);
            self.script(&name, shell, Phase::Setup, RunWhen::Success, span);
        }
        if entered.purpose != Purpose::Deploy {
            return;
        }
        for after in environment.after.iter().filter(|a| a.strict.is_some()) {
            let before = self.pipeline.environment(after.environment).name.value.clone();
            let script = match self.target {
                TargetId::Github => "promoted-github.sh",
                TargetId::Gitlab => "promoted-gitlab.sh",
                // Nothing there knows of earlier deployments: the table refuses it.
                TargetId::Codebuild | TargetId::Codepipeline => continue,
            };
            let mut shell = watch::promoted(script, &before, after.span);
            if self.target == TargetId::Github {
                let token = Part::Context(Spanned::new(Context::Run(RunField::Token), after.span));
                shell = shell.with("GH_TOKEN", Text { parts: vec![token], span: after.span });
            }
            self.script(&format!("Promotion from {before}"), shell, Phase::Guard, RunWhen::Success, after.span);
        }
    }
}
