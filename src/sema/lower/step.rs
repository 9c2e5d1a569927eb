//! Steps.

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::expr::Expr;
use crate::ir::id::{ImageId, RegistryId};
use crate::ir::step::{
    Cache, Checkout, DockerBuild, ImageTag, Moment, Outcome, Push, Script, Ssh, Step, StepKind, Tool, Toolchain,
};
use crate::ir::text::{EnvVar, Text};
use crate::ir::units::Duration;
use crate::sema::declare::{name_of, spanned};
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, missing};
use crate::syntax::tree::{Entry, Node, Value};

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    /// The steps among some nodes, in order. Nodes that are no steps are passed over: the shape table knows where they may stand.
    pub(super) fn steps(&mut self, nodes: &'n [Node<'a>], place: &Place<'_, 'n, 'a>) -> Vec<Step> {
        nodes.iter().filter_map(|n| self.step(n, place)).collect()
    }

    /// What expressions of GitHub's own call a step. Some handles are those of steps that pipewright writes.
    fn handle(&mut self, node: &Node<'a>) -> Option<Spanned<String>> {
        let id = node.setting("id").and_then(spanned)?;
        let taken = matches!(id.value.as_str(), "values" | "outputs" | "deploy" | "rollback");
        if taken || ["outputs-", "build-", "gate-"].iter().any(|p| id.value.starts_with(p)) {
            let message = format!("`{}` is the handle of a step that pipewright writes", id.value);
            self.diagnostics.push(Diagnostic::error("bad-name", id.span, message).help("choose another one"));
        }
        Some(id)
    }

    /// The step of a node; `None` for a node that is no step.
    pub(super) fn step(&mut self, node: &'n Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Step> {
        let kind = match node.name() {
            "run" | "smoke-test" => StepKind::Run(self.lines(node, place)),
            "checkout" => StepKind::Checkout(self.checkout(node, place)),
            "toolchain" => StepKind::Toolchain(self.toolchain(node, place)),
            "tools" => StepKind::Tools(self.tools(node, place)),
            "cache" => StepKind::Cache(self.cache(node, place)),
            "docker-build" => StepKind::DockerBuild(Box::new(self.docker_build(node, place)?)),
            "registry-login" => StepKind::RegistryLogin(self.registry(node.arg(0)?)?.value),
            "image-promote" => self.image_promote(node, place)?,
            "ssh" => StepKind::Ssh(Box::new(self.ssh(node, place)?)),
            "notify" => StepKind::Notify(self.notification(node, Moment::Always, place)?),
            "uses" => self.uses(node, place)?,
            "app" => return self.app_step(node, place),
            "compose" => return self.compose_step(node, place),
            name if self.scope.actions.contains_key(name) => StepKind::Action(self.action_call(node, place)?),
            _ => return None,
        };
        // A `tag` or `push` inside a build has its own `if`; the step's stands directly below the step.
        let condition = node.setting("if");
        let when = node.setting("when").and_then(spanned);
        let timeout = node.setting("timeout");
        Some(Step {
            name: self.prop_text(node, "name", place),
            kind,
            condition: condition.and_then(|e| self.condition(e, place)),
            when: when.and_then(|w| self.word(&w, "outcome", Outcome::ALL)).unwrap_or(Outcome::Success),
            continue_on_error: node.flag("continue-on-error").is_some(),
            timeout: timeout.and_then(|e| self.unit(e, Duration::parse)).map(|d| d.value),
            env: if node.name() == "ssh" { Vec::new() } else { self.env(node, place) },
            dir: node.setting("dir").and_then(|e| self.path(e)),
            id: self.handle(node),
            span: node.span,
        })
    }

    /// The arguments and `line` children of a node, as one script.
    pub(super) fn lines(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Script {
        let children = node.values("line").into_iter();
        Script { lines: node.args().chain(children).map(|e| self.script(e, place)).collect() }
    }

    fn checkout(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Checkout {
        let flag = |name: &str| node.child(name).is_some() || node.args().any(|e| e.as_str() == Some(name));
        Checkout {
            depth: node.setting("depth").and_then(|e| self.count(e)).map(|n| n.value),
            reference: self.prop_text(node, "ref", place),
            lfs: flag("lfs"),
            submodules: flag("submodules"),
        }
    }

    fn toolchain(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Toolchain {
        let mut toolchain = Toolchain { tools: Vec::new(), cache: false, install: false };
        toolchain.install = node.args().any(|e| e.as_str() == Some("install")) || node.flag("install").is_some();
        for entry in &node.entries {
            let Some(name) = &entry.name else { continue };
            match &*name.text {
                "cache" => toolchain.cache = !matches!(entry.value, Value::Bool(false)) && entry.as_str() != Some("none"),
                "name" | "id" | "if" | "when" | "dir" | "timeout" => {}
                _ => {
                    let version = self.text(entry, place);
                    toolchain.tools.push((Spanned::new(name.text.to_string(), name.span), version));
                }
            }
        }
        toolchain
    }

    fn tools(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Vec<Tool> {
        let mut tools = Vec::new();
        for entry in &node.entries {
            match &entry.name {
                Some(name) if matches!(&*name.text, "name" | "id" | "if" | "when") => {}
                Some(name) => {
                    let version = Some(self.text(entry, place));
                    tools.push(Tool { name: Spanned::new(name.text.to_string(), name.span), version });
                }
                None => tools.extend(spanned(entry).map(|name| Tool { name, version: None })),
            }
        }
        tools
    }

    fn cache(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Cache {
        let args: Vec<&Entry<'a>> = node.args().collect();
        let is_tool = |e: &Entry<'_>| e.as_str().is_some_and(|s| !s.contains(['/', '.', '*', '~']));
        let tool = match args.as_slice() {
            [one] if is_tool(one) => spanned(one),
            _ => None,
        };
        let paths = if tool.is_some() { Vec::new() } else { self.paths(args.into_iter().cloned()) };
        let files: Vec<Entry<'a>> = node.values("files").into_iter().cloned().collect();
        Cache { tool, paths, key: self.prop_text(node, "key", place), files: self.paths(files.into_iter()) }
    }

    pub(super) fn registry(&mut self, entry: &Entry<'_>) -> Option<Spanned<RegistryId>> {
        let name = spanned(entry)?;
        let found = self.scope.registries.find(&name.value, name.span, self.diagnostics)?;
        Some(Spanned::new(RegistryId(found as u32), name.span))
    }

    fn docker_build(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<DockerBuild> {
        let name = name_of(node)?;
        let image = ImageId(self.scope.images.get(&name.value)? as u32);
        let registry = node.setting("registry").and_then(|e| self.registry(e));
        let mut build = DockerBuild {
            image,
            push: if registry.is_some() { Push::NotOnPullRequest } else { Push::Never },
            registry,
            context: node
                .setting("context")
                .and_then(|e| self.path(e))
                .unwrap_or_else(|| Spanned::new(".".to_owned(), node.span)),
            dockerfile: node.setting("dockerfile").and_then(|e| self.path(e)),
            tags: Vec::new(),
            args: Vec::new(),
            labels: Vec::new(),
            platforms: Vec::new(),
            target: node.setting("target").and_then(spanned),
            cache: node.setting("cache").is_none_or(|e| !matches!(e.value, Value::Bool(false)) && e.as_str() != Some("none")),
        };
        for child in node.children() {
            let condition = |lower: &mut Self| child.setting("if").and_then(|e| lower.condition(e, place));
            match child.name() {
                "tag" => {
                    let condition = condition(self);
                    for entry in child.args() {
                        build.tags.push(ImageTag { tag: self.text(entry, place), condition: condition.clone() });
                    }
                }
                "build-arg" => build.args.extend(self.vars(child, place)),
                "label" => build.labels.extend(self.vars(child, place)),
                "platforms" => build.platforms.extend(child.args().filter_map(spanned)),
                "no-push" => build.push = Push::Never,
                "push" => match (child.arg(0).map(|e| &e.value), condition(self)) {
                    (Some(Value::Bool(false)), _) => build.push = Push::Never,
                    (_, Some(condition)) => build.push = Push::If(condition),
                    _ => {}
                },
                _ => {}
            }
        }
        if matches!(node.setting("push").map(|e| &e.value), Some(Value::Bool(false))) {
            build.push = Push::Never;
        }
        Some(build)
    }

    fn vars(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Vec<EnvVar> {
        let entries: Vec<&Entry<'a>> = node.entries.iter().filter(|e| e.name.is_some()).collect();
        let named = entries.into_iter().filter_map(|entry| {
            let name = entry.name.as_ref()?;
            Some(EnvVar { name: Spanned::new(name.text.to_string(), name.span), value: self.text(entry, place) })
        });
        named.collect()
    }

    fn image_promote(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<StepKind> {
        let image = name_of(node)?;
        let registry = node.setting("registry").and_then(|e| self.registry(e));
        let registry = registry.map(|r| r.value).or_else(|| (self.scope.registries.len() == 1).then_some(RegistryId(0)));
        let (Some(registry), Some(from)) = (registry, self.prop_text(node, "from", place)) else {
            self.diagnostics.push(missing(node.span, "the registry or the tag to promote", "registry=… from=…"));
            return None;
        };
        let to: Vec<Text> = node.values("to").into_iter().map(|e| self.text(e, place)).collect();
        if to.is_empty() {
            self.diagnostics.push(missing(node.span, "the tag that the image gets", "to=…"));
            return None;
        }
        Some(StepKind::ImagePromote { image, registry, from, to })
    }

    fn ssh(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Ssh> {
        let mut ssh = self.remote(node, place)?;
        let runs: Vec<&Node<'a>> = node.children().iter().filter(|c| c.name() == "run").collect();
        ssh.scripts = runs.into_iter().map(|c| self.lines(c, place)).collect();
        Some(ssh)
    }

    /// The machine that a node names, with nothing to run there.
    pub(super) fn remote(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Ssh> {
        let need = |lower: &mut Self, prop: &str, example: &str| {
            let text = lower.prop_text(node, prop, place);
            if text.is_none() {
                lower.diagnostics.push(missing(node.span, &format!("`{prop}` of the remote machine"), example));
            }
            text
        };
        let host = need(self, "host", "host=(secret)SSH_HOST");
        let user = need(self, "user", "user=(secret)SSH_USER");
        let key = need(self, "key", "key=(secret)SSH_KEY");
        let known_hosts = need(self, "known-hosts", "known-hosts=(secret)SSH_KNOWN_HOSTS");
        Some(Ssh {
            host: host?,
            user: user?,
            key: key?,
            known_hosts: known_hosts?,
            port: self.prop_text(node, "port", place),
            env: self.env(node, place),
            scripts: Vec::new(),
            compose: None,
        })
    }

    fn uses(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<StepKind> {
        let action = name_of(node)?;
        let children = node.children().iter().filter(|c| c.name() == "with");
        let entries: Vec<&Entry<'a>> = children.flat_map(|c| &c.entries).filter(|e| e.name.is_some()).collect();
        let mut with = Vec::new();
        for entry in entries {
            let Some(name) = &entry.name else { continue };
            let text = self.text(entry, place);
            with.push((Spanned::new(name.text.to_string(), name.span), text));
        }
        Some(StepKind::Uses { action, with })
    }

    /// The condition below a node: `if "…"`.
    pub(super) fn condition_below(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Expr> {
        node.setting("if").and_then(|e| self.condition(e, place))
    }
}
