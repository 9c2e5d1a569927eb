//! Apps, and the targets that deliver them.

use crate::base::diag::Diagnostic;
use crate::base::span::{Span, Spanned};
use crate::ir::app::{
    App, AppImage, AppSettings, Applications, Argocd, Autoscale, Delivery, Health, Ingress, Method, Migration, Placed, Resources,
    SyncPolicy, SyncRetry,
};
use crate::ir::environment::Environment;
use crate::ir::id::{AppId, EnvironmentId, ImageId};
use crate::ir::raw::RawValue;
use crate::ir::step::{AppAct, AppStep, Step, StepKind};
use crate::ir::text::{Context, EnvVar, Part, Text};
use crate::ir::units::{Cpu, Duration, Percent, Size};
use crate::sema::declare::{name_of, spanned};
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, missing, raw_value};
use crate::syntax::tree::Node;

/// Settings of `target` that only Argo CD has.
const OF_ARGOCD: &[&str] = &["repo", "path", "revision", "namespace", "applications", "server", "token", "push-token"];
/// Settings of `target` that only CI vendors have.
const OF_CI: &[&str] = &["tier", "tags", "workflows", "install"];
/// Settings of `target` that only Helm has.
const OF_HELM: &[&str] = &["monitor-labels"];

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    /// The targets that deliver apps.
    pub(super) fn delivery(&mut self) -> Delivery {
        let mut delivery = Delivery::default();
        let nodes: Vec<&'n Node<'a>> = self.scope.top.iter().filter(|n| n.name() == "target").collect();
        for node in nodes {
            match node.arg(0).and_then(|e| e.as_str()) {
                Some("helm") => {
                    self.foreign_settings(node, "helm", &[OF_CI, OF_ARGOCD]);
                    delivery.helm = Some(node.span);
                    delivery.monitor_labels = self.monitor_labels(node);
                }
                Some("argocd") => {
                    self.foreign_settings(node, "argocd", &[OF_CI, OF_HELM]);
                    delivery.argocd = self.argocd(node);
                }
                Some("rollouts") => {
                    self.foreign_settings(node, "rollouts", &[OF_CI, OF_ARGOCD, OF_HELM]);
                    delivery.rollouts = Some(node.span);
                }
                Some(other) => self.foreign_settings(node, other, &[OF_ARGOCD, OF_HELM]),
                None => {}
            }
        }
        delivery
    }

    /// `monitor-labels release=kube-prometheus-stack`
    fn monitor_labels(&mut self, node: &Node<'a>) -> Vec<(Spanned<String>, String)> {
        let mut labels = Vec::new();
        for entry in node.child("monitor-labels").map(|n| n.entries.as_slice()).unwrap_or_default() {
            let Some(name) = &entry.name else { continue };
            let value = entry.as_text().into_owned();
            // https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
            let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            let ends = |text: &str| [text.chars().next(), text.chars().last()].iter().flatten().all(char::is_ascii_alphanumeric);
            if value.len() > 63 || !plain(&value) || !ends(&value) {
                self.diagnostics.push(
                    Diagnostic::error("wrong-value-type", entry.value_span, format!("`{value}` is no value of a label"))
                        .label("not letters, digits, `-`, `_` and `.`, at most 63")
                        .help("write it as `kubectl get prometheus -o yaml` shows it below podMonitorSelector"),
                );
            }
            labels.push((Spanned::new(name.text.to_string(), name.span), value));
        }
        labels
    }

    fn foreign_settings(&mut self, node: &Node<'_>, target: &str, foreign: &[&[&str]]) {
        let is_foreign = |name: &str| foreign.iter().any(|f| f.contains(&name));
        let named = node.props().map(|(name, entry)| (name.to_owned(), entry.span));
        let named = named.chain(node.children().iter().map(|c| (c.name().to_owned(), c.span)));
        let flags = node.flag("standby").into_iter().chain(node.flag("check-drift")).map(|s| ("flag".to_owned(), s));
        let flags = flags.filter(|_| foreign.contains(&OF_CI));
        let found: Vec<(String, Span)> = named.filter(|(name, _)| is_foreign(name)).chain(flags).collect();
        for (name, span) in found {
            let message = format!("target `{target}` takes no {}", if name == "flag" { "such word" } else { name.as_str() });
            self.diagnostics.push(
                Diagnostic::error("unknown-property", span, message)
                    .label("another target's")
                    .help("remove it; `pipewright explain target` lists what each target takes"),
            );
        }
    }

    fn argocd(&mut self, node: &'n Node<'a>) -> Option<Argocd> {
        let place = Place::default();
        let Some(repo) = node.setting("repo").and_then(spanned) else {
            self.diagnostics.push(missing(
                node.span,
                "the repository that Argo CD reads",
                "repo=\"https://git.example.com/shop/infra.git\"",
            ));
            return None;
        };
        if !repo.value.starts_with("https://") || repo.value.contains('@') {
            let message = format!("`{}` is no address that a deploy can push to", repo.value);
            self.diagnostics.push(
                Diagnostic::error("wrong-value-type", repo.span, message).label("not an HTTPS address").help(
                    "write it as \"https://git.example.com/shop/infra.git\", without a user; deploys push with `push-token`",
                ),
            );
        }
        let text = |name: &str, default: &str| node.setting(name).and_then(|e| e.as_str()).unwrap_or(default).to_owned();
        let revision = node.setting("revision").and_then(spanned);
        if let Some(head) = revision.as_ref().filter(|r| r.value == "HEAD") {
            self.diagnostics.push(
                Diagnostic::error("wrong-value-type", head.span, "`HEAD` is no branch: a deploy commits to one")
                    .label("whatever the repository's default branch is")
                    .help("name the branch: revision=main"),
            );
        }
        Some(Argocd {
            path: node.setting("path").and_then(|e| self.path(e)).map_or_else(|| "apps".to_owned(), |p| p.value),
            revision: revision.unwrap_or_else(|| Spanned::new("main".to_owned(), node.span)),
            namespace: text("namespace", "argocd"),
            applications: self.prop_word(node, "applications", Applications::ALL).map_or(Applications::Each, |w| w.value),
            server: node.setting("server").map(|e| self.text(e, &place)),
            token: node.setting("token").map(|e| self.text(e, &place)),
            push_token: node.setting("push-token").map(|e| self.text(e, &place)),
            repo,
            span: node.span,
        })
    }

    pub(super) fn apps(&mut self, delivery: &Delivery, environments: &[Environment]) -> Vec<App> {
        let nodes: Vec<&'n Node<'a>> = self.scope.top.iter().filter(|n| n.name() == "app").collect();
        let mut apps = Vec::new();
        for node in nodes {
            let Some(name) = name_of(node) else { continue };
            self.yaml_word(&name, "an app");
            if self.scope.apps.get(&name.value) != Some(apps.len()) {
                continue;
            }
            let via = self.prop_word(node, "via", Method::ALL).or_else(|| {
                let word = node.setting("via").and_then(spanned)?;
                self.word(&word, "via", Method::ALL).map(|m| Spanned::new(m, word.span))
            });
            let default = if delivery.argocd.is_some() { Method::Argocd } else { Method::Helm };
            let base_place = Place { is_gate: true, ..Place::default() };
            let places = (0..environments.len() as u32).map(EnvironmentId);
            let places: Vec<Placed> = places.filter_map(|id| self.placed(node, &name.value, id)).collect();
            self.strategies_elsewhere(node, &places);
            apps.push(App {
                via: via.unwrap_or(Spanned::new(default, name.span)),
                base: self.settings(node, node, None, &base_place),
                places,
                name,
                span: node.span,
            });
        }
        apps
    }

    /// The app in an environment, if it is there.
    fn placed(&mut self, app: &'n Node<'a>, name: &str, id: EnvironmentId) -> Option<Placed> {
        let environment = self.environment_node(id)?;
        let is_app = |n: &&Node<'_>| n.name() == "app" && n.arg(0).and_then(|e| e.as_str()) == Some(name);
        let own = environment.children().iter().find(is_app);
        let label = environment.arg(0).and_then(|e| e.as_str()).unwrap_or_default();
        let brought = self.scope.jobs.iter().any(|job| {
            let to = job.node.setting("to").and_then(|e| e.as_str());
            to == Some(label) && job.node.children().iter().any(|c| is_app(&c))
        });
        if own.is_none() && !brought {
            return None;
        }
        let place = Place { environment: Some(id), ..Place::default() };
        let mut settings = self.settings(own.unwrap_or(app), app, Some(label), &place);
        settings.values = self.environment_values(environment, own, &mut settings);
        Some(Placed { environment: id, settings, span: own.map_or(app.span, |o| o.span) })
    }

    pub(super) fn environment_node(&self, id: EnvironmentId) -> Option<&'n Node<'a>> {
        let is = |n: &&'n Node<'a>| {
            let name = n.arg(0).and_then(|e| e.as_str());
            n.name() == "environment" && name.and_then(|n| self.scope.environments.get(n)) == Some(id.index())
        };
        self.scope.top.iter().find(is)
    }

    /// What the environment gives all its apps, then what it gives this one. `replicas` among them is a number of pods like any other.
    fn environment_values(
        &mut self,
        environment: &'n Node<'a>,
        own: Option<&'n Node<'a>>,
        settings: &mut AppSettings,
    ) -> Vec<(Spanned<String>, RawValue)> {
        let mut list = values(environment);
        for (key, value) in own.map(values).unwrap_or_default() {
            list.retain(|(known, _)| known.value != key.value);
            list.push((key, value));
        }
        if let Some(at) = list.iter().position(|(key, _)| key.value == "replicas") {
            let (key, value) = list.remove(at);
            match &value {
                RawValue::Number(number) if number.parse::<u32>().is_ok() => {
                    settings.replicas = Spanned::new(number.parse().unwrap_or_default(), key.span);
                }
                _ => {
                    self.diagnostics.push(
                        Diagnostic::error("wrong-value-type", key.span, "`replicas` is a number of pods")
                            .label("not a whole number")
                            .help("write replicas 3"),
                    );
                }
            }
        }
        list
    }

    /// The settings of a node. `app` is the app's own node, which holds the strategies of all environments.
    fn settings(
        &mut self,
        node: &'n Node<'a>,
        app: &'n Node<'a>,
        environment: Option<&str>,
        place: &Place<'_, 'n, 'a>,
    ) -> AppSettings {
        let ports = self.ports(node);
        let only_port = |lower: &mut Self, child: &Node<'_>| lower.port_of(child, &ports);
        let health = node.child("health").and_then(|c| {
            let path = name_of(c)?;
            let every = self.time(c, "every", 10);
            let start = self.time(c, "start", 60);
            Some(Health { path, port: only_port(self, c)?, every, start })
        });
        let ingress = node.child("ingress").and_then(|c| {
            let text = |name: &str| c.setting(name).and_then(|e| e.as_str()).map(str::to_owned);
            Some(Ingress {
                host: c.setting("host").and_then(spanned)?,
                path: text("path").unwrap_or_else(|| "/".to_owned()),
                class: text("class"),
                tls: text("tls"),
                gateway: c.setting("gateway").and_then(spanned).and_then(|g| self.gateway(g)),
                port: only_port(self, c)?,
            })
        });
        let resources = node.child("resources");
        AppSettings {
            image: node.setting("image").and_then(spanned).map(|i| self.app_image(&i)),
            health,
            ingress,
            replicas: node.setting("replicas").and_then(|e| self.count(e)).unwrap_or(Spanned::new(1, node.span)),
            requests: resources.map(|r| self.resources(r)).unwrap_or_default(),
            limits: resources.and_then(|r| r.child("limit")).map(|l| self.resources(l)).unwrap_or_default(),
            env: self.env(node, place),
            secrets: self.app_secrets(node),
            autoscale: node.child("autoscale").and_then(|c| self.autoscale(c)),
            migrate: node.child("migrate").and_then(|c| {
                let command = c.arg(0).and_then(|e| e.as_str())?.to_owned();
                Some(Migration {
                    command,
                    timeout: self.time(c, "timeout", 600),
                    compatible: c.flag("compatible").is_some(),
                    span: c.span,
                })
            }),
            metrics: node.child("metrics").and_then(|c| self.metrics(c, &ports)),
            alerts: self.alerts(node, place),
            user: node.setting("user").and_then(|e| self.count(e)),
            writable_root: node.flag("writable-root"),
            strategy: self.strategy(app, environment),
            sync: node.child("sync").map(|c| self.sync(c)),
            values: values(node),
            ports,
        }
    }

    /// `NAMESPACE/NAME`
    fn gateway(&mut self, said: Spanned<String>) -> Option<Spanned<(String, String)>> {
        let plain = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let parts = said.value.split_once('/').filter(|(namespace, name)| plain(namespace) && plain(name));
        if parts.is_none() {
            self.diagnostics.push(
                Diagnostic::error("wrong-value-type", said.span, format!("`{}` is no gateway", said.value))
                    .label("not NAMESPACE/NAME")
                    .help("write its namespace and its name: gateway=\"infra/public\""),
            );
        }
        parts.map(|(namespace, name)| Spanned::new((namespace.to_owned(), name.to_owned()), said.span))
    }

    pub(super) fn time(&mut self, node: &Node<'_>, setting: &str, seconds: u64) -> Duration {
        let own = node.setting(setting).and_then(|e| self.unit(e, Duration::parse));
        own.map_or(Duration::from_seconds(seconds), |d| d.value)
    }

    fn ports(&mut self, node: &Node<'a>) -> Vec<(Spanned<String>, u16)> {
        let mut ports: Vec<(Spanned<String>, u16)> = Vec::new();
        for child in node.children().iter().filter(|c| c.name() == "port") {
            let (Some(name), Some(number)) = (name_of(child), child.arg(1).and_then(|e| self.count(e))) else { continue };
            self.yaml_word(&name, "a port");
            // Kubernetes: the name of a port is an IANA service name.
            if name.value.len() > 15 {
                self.diagnostics.push(
                    Diagnostic::error("bad-name", name.span, format!("`{}` is too long for a port", name.value))
                        .label("more than 15 characters")
                        .help("Kubernetes takes at most 15 characters, such as http or metrics"),
                );
            }
            ports.extend(u16::try_from(number.value).ok().map(|n| (name, n)));
        }
        ports
    }

    /// Names stand bare in the templates of a chart, where a reader of YAML takes some words for truth values.
    fn yaml_word(&mut self, name: &Spanned<String>, what: &str) {
        if matches!(name.value.as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null") {
            self.diagnostics.push(
                Diagnostic::error("bad-name", name.span, format!("{what} cannot be called `{}`", name.value))
                    .label("YAML takes it for a truth value")
                    .help("choose another name"),
            );
        }
    }

    /// The port that a node names, or the only one there is.
    pub(super) fn port_of(&mut self, node: &Node<'_>, ports: &[(Spanned<String>, u16)]) -> Option<String> {
        let known = ports.iter().map(|(n, _)| n.value.as_str());
        match node.setting("port").and_then(spanned) {
            Some(named) if ports.iter().any(|(n, _)| n.value == named.value) => Some(named.value),
            Some(named) => {
                self.diagnostics.push(crate::sema::names::unknown("port of this app", &named.value, named.span, known));
                None
            }
            None if ports.len() == 1 => Some(ports[0].0.value.clone()),
            None => {
                self.diagnostics.push(missing(node.span, "the port", "port=http, the name of a `port` of the app"));
                None
            }
        }
    }

    fn app_image(&mut self, name: &Spanned<String>) -> Spanned<AppImage> {
        let image = match self.scope.images.get(&name.value) {
            Some(at) => AppImage::Built(ImageId(at as u32)),
            None if name.value.contains('/') => AppImage::Repository(name.value.clone()),
            None => {
                let known = self.scope.images.iter().map(|n| n.value.as_str());
                self.diagnostics.push(crate::sema::names::unknown(
                    "image that a `docker-build` makes",
                    &name.value,
                    name.span,
                    known,
                ));
                AppImage::Repository(name.value.clone())
            }
        };
        Spanned::new(image, name.span)
    }

    fn app_secrets(&mut self, node: &Node<'a>) -> Vec<Spanned<String>> {
        let mut names: Vec<Spanned<String>> = Vec::new();
        for name in node.values("secret").into_iter().filter_map(spanned) {
            self.scope.secrets.find(&name.value, name.span, self.diagnostics);
            if names.iter().all(|n| n.value != name.value) {
                names.push(name);
            }
        }
        names
    }

    fn resources(&mut self, node: &Node<'_>) -> Resources {
        Resources {
            cpu: node.setting("cpu").and_then(|e| self.unit(e, Cpu::parse)).map(|c| c.value),
            memory: node.setting("memory").and_then(|e| self.unit(e, Size::parse)).map(|m| m.value),
        }
    }

    fn autoscale(&mut self, node: &Node<'_>) -> Option<Autoscale> {
        let (min, max) = (node.setting("min").and_then(|e| self.count(e))?, node.setting("max").and_then(|e| self.count(e))?);
        let cpu = node.setting("cpu").and_then(|e| self.unit(e, Percent::parse)).map(|p| p.value);
        let memory = node.setting("memory").and_then(|e| self.unit(e, Percent::parse)).map(|p| p.value);
        if cpu.is_none() && memory.is_none() {
            self.diagnostics.push(missing(node.span, "the load to scale by", "cpu=\"70%\" or memory=\"80%\""));
        }
        Some(Autoscale { min, max, cpu, memory, span: node.span })
    }

    fn sync(&mut self, node: &Node<'a>) -> SyncPolicy {
        let retry = node.child("retry").and_then(|r| {
            Some(SyncRetry {
                limit: r.arg(0).and_then(|e| self.count(e))?.value,
                backoff: self.time(r, "backoff", 5),
                factor: r.setting("factor").and_then(|e| self.count(e)).map_or(2, |f| f.value),
                max: self.time(r, "max", 180),
            })
        });
        SyncPolicy {
            automated: node.arg(0).and_then(|e| e.as_str()) == Some("automated"),
            prune: node.flag("prune").is_some(),
            self_heal: node.flag("self-heal").is_some(),
            retry,
            options: node.values("options").into_iter().filter_map(spanned).collect(),
            wave: node.setting("wave").and_then(|e| self.count(e)).map(|w| w.value),
            span: node.span,
        }
    }

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

/// The children of `values`, as keys.
fn values(node: &Node<'_>) -> Vec<(Spanned<String>, RawValue)> {
    let Some(block) = node.child("values") else { return Vec::new() };
    block.children().iter().map(|c| (Spanned::new(c.name().to_owned(), c.name.span), raw_value(c))).collect()
}
