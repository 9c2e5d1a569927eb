//! Containers on a server: what an environment says of them, and the steps of its deploys.

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::step::{Compose, ComposeAct, ComposeMigration, Script, Step, StepKind};
use crate::ir::text::{Context, EnvVar, Part, RunField, Text};
use crate::sema::declare::{name_of, spanned};
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, missing};
use crate::syntax::tree::{Entry, Node};

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    /// `compose version="…"` or `compose back` of a deploy.
    pub(super) fn compose_step(&mut self, node: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Step> {
        let version = node.setting("version").map(|e| self.text(e, place));
        match (version, node.flag("back")) {
            (Some(version), None) => {
                let version = EnvVar { name: Spanned::new("VERSION".to_owned(), version.span), value: version };
                self.containers(node, ComposeAct::Deploy, vec![version], place)
            }
            (None, Some(_)) => self.containers(node, ComposeAct::Back, Vec::new(), place),
            (Some(version), Some(_)) => {
                let message = "the version that comes back is the one before, whatever `version` says";
                self.diagnostics.push(
                    Diagnostic::error("unknown-property", version.span, message)
                        .label("said beside `back`")
                        .help("remove one of the two"),
                );
                None
            }
            (None, None) => {
                self.diagnostics.push(missing(node.span, "the version that starts", "version=\"${commit.sha}\""));
                None
            }
        }
    }

    /// What undoes the containers of a deploy.
    pub(super) fn compose_rollback(
        &mut self,
        node: &'n Node<'a>,
        deploy: &'n Node<'a>,
        place: &Place<'_, 'n, 'a>,
    ) -> Option<Step> {
        deploy.child("compose").filter(|c| c.flag("back").is_none())?;
        self.containers(node, ComposeAct::Undo, Vec::new(), place)
    }

    fn containers(
        &mut self,
        node: &'n Node<'a>,
        act: ComposeAct,
        mut env: Vec<EnvVar>,
        place: &Place<'_, 'n, 'a>,
    ) -> Option<Step> {
        let environment = self.environment_node(place.environment?)?;
        let Some(server) = environment.child("compose") else {
            let what = "where the environment's containers run";
            let name = name_of(environment).map_or_else(String::new, |n| n.value);
            let example =
                format!("environment {name} {{ compose \"compose.yml\" dir=\"/opt/shop\" host=… user=… key=… known-hosts=… }}");
            self.diagnostics.push(missing(node.span, what, &example));
            return None;
        };
        let mut ssh = self.remote(server, place)?;
        if act != ComposeAct::Back {
            let run = Context::Run(RunField::Id);
            let value = Text { parts: vec![Part::Context(Spanned::new(run, node.span))], span: node.span };
            env.push(EnvVar { name: Spanned::new("RUN".to_owned(), node.span), value });
        }
        ssh.env.extend(env);
        let mut line = |lower: &mut Self, entry: &Entry<'a>| {
            ssh.scripts.push(Script { lines: vec![lower.script(entry, place)] });
            ssh.scripts.len() - 1
        };
        let migrate = server.child("migrate").filter(|_| act == ComposeAct::Deploy).and_then(|migrate| {
            let service = migrate.arg(0).and_then(spanned)?.value;
            let command = migrate.arg(1)?.as_str()?.to_owned();
            Some(ComposeMigration { service, command, compatible: migrate.flag("compatible").is_some(), span: migrate.span })
        });
        let pipeline = self.scope.top.iter().find(|n| n.name() == "pipeline").and_then(name_of);
        let named = server.setting("name").and_then(spanned).map(|n| n.value);
        let names = [pipeline, name_of(environment)];
        ssh.compose = Some(Compose {
            act,
            file: name_of(server)?.value,
            dir: server.setting("dir").and_then(spanned)?.value,
            name: named.unwrap_or_else(|| names.into_iter().flatten().map(|n| n.value).collect::<Vec<_>>().join("-")),
            wait: self.time(server, "timeout", 300),
            migrate,
            health: server.setting("health").map(|e| line(self, e)),
            switch: server.setting("switch").map(|e| line(self, e)),
        });
        let title = match act {
            ComposeAct::Deploy => "Deliver the containers",
            ComposeAct::Undo | ComposeAct::Back => "Bring back the containers",
        };
        let mut step = self.plain(node, StepKind::Ssh(Box::new(ssh)));
        step.name = Some(Text::literal(title, node.span));
        Some(step)
    }
}
