//! What a deploy does with an app.

use crate::base::span::Spanned;
use crate::ir::id::{AppId, ImageId};
use crate::ir::step::{AppAct, AppStep, Step, StepKind};
use crate::ir::text::{Context, EnvVar, Part, Text};
use crate::sema::declare::{name_of, spanned};
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, missing};
use crate::syntax::tree::Node;

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    /// `app shop version="…"` of a deploy.
    pub(super) fn app_step(&mut self, node: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Step> {
        let name = name_of(node)?;
        let app = AppId(self.scope.apps.find(&name.value, name.span, self.diagnostics)? as u32);
        let version = self.prop_text(node, "version", place).or_else(|| node.setting("version").map(|e| self.text(e, place)));
        let variable = |name: &str, value: Text| EnvVar { name: Spanned::new(name.to_owned(), value.span), value };
        let (act, env) = match version {
            Some(version) => (AppAct::Tag, variable("VERSION", version)),
            None => {
                let declared =
                    self.scope.top.iter().find(|n| n.name() == "app" && name_of(n).is_some_and(|x| x.value == name.value));
                let image = declared.and_then(|n| n.setting("image")).and_then(spanned);
                let built = image.as_ref().and_then(|i| self.scope.images.get(&i.value));
                let Some(at) = built else {
                    self.diagnostics.push(missing(
                        node.span,
                        &format!("the version of `{}`, whose image no `docker-build` of this spec makes,", name.value),
                        "version=\"${commit.sha}\"",
                    ));
                    return None;
                };
                let context = Part::Context(Spanned::new(Context::Image(ImageId(at as u32)), node.span));
                (AppAct::Digest, variable("IMAGE", Text { parts: vec![context], span: node.span }))
            }
        };
        let wait = self.time(node, "timeout", 300);
        let mut step = self.plain(node, StepKind::App(AppStep { app, act, wait }));
        step.env = std::iter::once(env).chain(self.tokens(app)).collect();
        Some(step)
    }

    /// The steps that bring back what each app of a deploy was, the last one first.
    pub(super) fn app_rollback(&mut self, node: &'n Node<'a>, deploy: &'n Node<'a>) -> Vec<Step> {
        let nodes: Vec<&'n Node<'a>> = deploy.children().iter().filter(|c| c.name() == "app").collect();
        let mut steps = Vec::new();
        for child in nodes.into_iter().rev() {
            let Some(at) = name_of(child).and_then(|n| self.scope.apps.get(&n.value)) else { continue };
            let app = AppId(at as u32);
            let wait = self.time(child, "timeout", 300);
            let mut step = self.plain(node, StepKind::App(AppStep { app, act: AppAct::RollBack, wait }));
            step.env = self.tokens(app);
            steps.push(step);
        }
        steps
    }

    /// What a deploy needs to speak to Argo CD and to its repository.
    fn tokens(&mut self, app: AppId) -> Vec<EnvVar> {
        let targets: Vec<&'n Node<'a>> = self.scope.top.iter().filter(|n| n.name() == "target").collect();
        let Some(target) = targets.into_iter().find(|n| n.arg(0).and_then(|e| e.as_str()) == Some("argocd")) else {
            return Vec::new();
        };
        let nodes = self.scope.top.iter().filter(|n| n.name() == "app");
        let declared =
            nodes.filter_map(|n| Some((name_of(n)?.value, n))).find(|(n, _)| self.scope.apps.get(n) == Some(app.index()));
        let via = declared.and_then(|(_, n)| n.setting("via")).and_then(|e| e.as_str()).unwrap_or("argocd");
        if via != "argocd" {
            return Vec::new();
        }
        let place = Place::default();
        let names = [("ARGOCD_SERVER", "server"), ("ARGOCD_AUTH_TOKEN", "token"), ("INFRA_TOKEN", "push-token")];
        let mut env = Vec::new();
        for (variable, setting) in names {
            let Some(entry) = target.setting(setting) else {
                self.diagnostics.push(missing(
                    target.span,
                    &format!("`{setting}`, which deploys by Argo CD need,"),
                    "server=\"argocd.example.com\" token=(secret)ARGOCD_TOKEN push-token=(secret)INFRA_TOKEN",
                ));
                continue;
            };
            env.push(EnvVar { name: Spanned::new(variable.to_owned(), entry.value_span), value: self.text(entry, &place) });
        }
        env
    }
}
