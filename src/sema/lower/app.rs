//! Apps, and the targets that deliver them.

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::app::{
    App, AppImage, AppSettings, Autoscale, Delivery, Health, Ingress, Method, Migration, Placed, Resources, SyncPolicy, SyncRetry,
};
use crate::ir::environment::Environment;
use crate::ir::id::{EnvironmentId, ImageId};
use crate::ir::raw::RawValue;
use crate::ir::units::{Cpu, Duration, Percent, Size};
use crate::sema::declare::{name_of, spanned};
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, missing};
use crate::sema::raw::raw_value;
use crate::syntax::tree::Node;

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
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
}

/// The children of `values`, as keys.
fn values(node: &Node<'_>) -> Vec<(Spanned<String>, RawValue)> {
    let Some(block) = node.child("values") else { return Vec::new() };
    block.children().iter().map(|c| (Spanned::new(c.name().to_owned(), c.name.span), raw_value(c))).collect()
}
