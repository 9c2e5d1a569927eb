//! What makes a job a deploy.

use crate::base::diag::Diagnostic;
use crate::ir::app::{App, Delivery};
use crate::ir::gate::Gate;
use crate::ir::id::EnvironmentId;
use crate::ir::job::{Deploy, Rollback};
use crate::ir::step::{Script, Step, StepKind};
use crate::ir::units::Duration;
use crate::sema::interpolate::Place;
use crate::sema::lower::Lower;
use crate::syntax::tree::Node;

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    pub(super) fn deploy(&mut self, node: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Deploy {
        let mut deploy = Deploy { smoke_tests: Vec::new(), monitor: self.gate_list(node, "monitor"), rollback: None };
        for child in node.children() {
            match child.name() {
                "smoke-test" => deploy.smoke_tests.extend(self.step(child, place)),
                "rollback" => deploy.rollback = self.rollback(child, node, place),
                _ => {}
            }
        }
        deploy
    }

    fn rollback(&mut self, node: &'n Node<'a>, deploy: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Rollback> {
        let mut steps = Vec::new();
        if node.args().next().is_some() {
            let script = Script { lines: node.args().map(|e| self.script(e, place)).collect() };
            steps.push(self.plain(node, StepKind::Run(script)));
        } else {
            // A command of one's own replaces what brings the apps back; a block alone comes behind it.
            steps = self.app_rollback(node, deploy);
            steps.extend(self.compose_rollback(node, deploy, place));
        }
        for child in node.children() {
            steps.extend(self.step(child, place));
        }
        self.give_env(node, place, &mut steps);
        if steps.is_empty() {
            self.diagnostics.push(
                Diagnostic::error("rollback-without-method", node.span, "this rollback does not say how")
                    .label("no command")
                    .help("write the command that brings back what ran before: rollback \"kubectl rollout undo deployment/api\""),
            );
            return None;
        }
        let timeout = node.setting("timeout").and_then(|e| self.unit(e, Duration::parse));
        Some(Rollback { steps, timeout, span: node.span })
    }

    /// The variables of a block of steps, given to each; a step's own win.
    pub(super) fn give_env(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>, steps: &mut [Step]) {
        let shared = self.env(node, place);
        for step in steps {
            let own: Vec<&str> = step.env.iter().map(|e| e.name.value.as_str()).collect();
            let more: Vec<_> = shared.iter().filter(|e| !own.contains(&e.name.value.as_str())).cloned().collect();
            step.env.splice(0..0, more);
        }
    }

    /// A step with nothing said about it.
    pub(super) fn plain(&self, node: &Node<'_>, kind: StepKind) -> Step {
        Step {
            name: None,
            kind,
            condition: None,
            when: crate::ir::step::Outcome::Success,
            continue_on_error: false,
            timeout: None,
            env: Vec::new(),
            dir: None,
            id: None,
            span: node.span,
        }
    }
}

/// Between two steps of a strategy: logins, downloads, the answers of the cluster.
const BETWEEN_SECONDS: u64 = 120;

/// What a deploy takes beside its own commands: the longest probe and the samples of the queries that watch it, and the pauses of the strategies by
/// which it brings apps.
pub(super) fn waits(
    deploy: &Deploy,
    steps: &[Step],
    environment: Option<EnvironmentId>,
    gates: &[Gate],
    (apps, delivery): (&[App], &Delivery),
) -> u64 {
    let monitors: u64 = deploy.monitor.iter().filter_map(|g| gates.get(g.value.index())).map(|g| g.kind.seconds()).sum();
    let strategies = steps.iter().filter_map(|s| {
        let StepKind::App(act) = &s.kind else { return None };
        let placed = apps.get(act.app.index())?.place(environment?)?;
        let strategy = &placed.settings.strategy;
        strategy.stepwise()?;
        // The pods of each step have their own time to start, and so have those of a way back; between two steps some time passes, too.
        let starts = delivery.starts(strategy);
        Some(delivery.seconds(strategy, gates) + (starts + 1) * act.wait.seconds + BETWEEN_SECONDS * (2 * starts + 3))
    });
    monitors + strategies.sum::<u64>()
}
