//! Environments.

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::environment::{After, AwsIdentity, Cluster, ClusterAccess, Environment, EnvironmentSecret, Tier};
use crate::ir::id::EnvironmentId;
use crate::ir::job::{Concurrency, Group, Mode};
use crate::ir::units::Duration;
use crate::sema::declare::{name_of, spanned};
use crate::sema::filter::filter;
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, missing};
use crate::syntax::tree::Node;

/// How `from=` of an environment's secret begins.
const SECRET_SOURCES: &[&str] = &["ci:", "aws-secretsmanager:"];

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    pub(super) fn environments(&mut self) -> Vec<Environment> {
        let nodes: Vec<&'n Node<'a>> = self.scope.top.iter().filter(|n| n.name() == "environment").collect();
        let mut list = Vec::new();
        for node in nodes {
            let Some(name) = name_of(node) else { continue };
            if self.scope.environments.get(&name.value) == Some(list.len()) {
                let id = EnvironmentId(list.len() as u32);
                list.push(self.environment(id, name, node));
            }
        }
        list
    }

    fn environment(&mut self, id: EnvironmentId, name: Spanned<String>, node: &'n Node<'a>) -> Environment {
        let place = Place { environment: Some(id), ..Place::default() };
        let mut after = Vec::new();
        let mut secrets = Vec::new();
        let requires = self.gate_list(node, "requires");
        let mut queue = Spanned::new(Mode::QueueAll, node.span);
        for child in node.children() {
            match child.name() {
                "after" => {
                    let mut words: Vec<Spanned<String>> = child.args().filter_map(spanned).collect();
                    let strict = words.iter().position(|w| w.value == "strict").map(|i| words.remove(i).span);
                    for word in words {
                        if let Some(environment) = self.environment_named(&word) {
                            after.push(After { environment, strict, span: word.span });
                        }
                    }
                }
                "secret" => {
                    let from = child.setting("from").and_then(spanned);
                    if let Some(from) = from.as_ref().filter(|f| !SECRET_SOURCES.iter().any(|s| f.value.starts_with(s))) {
                        let message = format!("`{}` names no place that secrets come from", from.value);
                        let help = "write `ci:NAME` for a secret of the vendor by another name, or `aws-secretsmanager:PATH`";
                        self.diagnostics.push(Diagnostic::error("wrong-value-type", from.span, message).help(help));
                    }
                    let refresh = child.setting("refresh").and_then(|e| self.unit(e, Duration::parse));
                    let names = child.args().filter_map(spanned);
                    secrets.extend(names.map(|name| EnvironmentSecret { name, from: from.clone(), refresh }));
                }
                "concurrency" => {
                    if let Some(mode) = self.queue_mode(child) {
                        queue = mode;
                    }
                }
                _ => {}
            }
        }
        let tier = node.setting("tier").and_then(spanned).and_then(|w| self.word(&w, "tier", Tier::ALL)).unwrap_or(Tier::Other);
        Environment {
            tier,
            url: node.setting("url").map(|e| self.text(e, &place)),
            after,
            allow: node.child("allow").map(|c| filter(self.scope, c, self.diagnostics)),
            requires,
            env: self.env(node, &place),
            secrets,
            cluster: self.cluster(node, &place),
            identity: self.identity(node, &place),
            concurrency: Concurrency { group: Group::Environment(id), mode: queue, span: queue.span },
            name,
            span: node.span,
        }
    }

    /// `queue all`, `queue latest`, `cancel-running`: as words or as `queue=`; a bare count means that every run waits its turn.
    pub(super) fn queue_mode(&mut self, node: &Node<'_>) -> Option<Spanned<Mode>> {
        let words: Vec<Spanned<String>> = node.args().chain(node.setting("queue")).filter_map(spanned).collect();
        for word in &words {
            let mode = match word.value.as_str() {
                "all" => Mode::QueueAll,
                "latest" => Mode::QueueLatest,
                "cancel-running" => Mode::CancelRunning,
                _ => continue,
            };
            return Some(Spanned::new(mode, word.span));
        }
        None
    }

    fn cluster(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<Cluster> {
        let child = node.child("cluster")?;
        let access = if let Some(secret) = child.setting("kubeconfig").and_then(spanned) {
            self.scope.secrets.find(&secret.value, secret.span, self.diagnostics)?;
            ClusterAccess::Kubeconfig(secret)
        } else if let Some(name) = self.prop_text(child, "eks", place) {
            let Some(region) = self.prop_text(child, "region", place) else {
                self.diagnostics.push(missing(child.span, "the region of the cluster", "region=\"eu-west-1\""));
                return None;
            };
            ClusterAccess::Eks { name, region }
        } else if let Some(server) = child.setting("server").and_then(spanned) {
            ClusterAccess::Server(server)
        } else {
            self.diagnostics.push(missing(
                child.span,
                "how to log in to the cluster",
                "kubeconfig=(secret)KUBE_CONFIG, or eks=NAME region=REGION",
            ));
            return None;
        };
        Some(Cluster { access, namespace: child.setting("namespace").and_then(spanned), span: child.span })
    }

    pub(super) fn identity(&mut self, node: &Node<'a>, place: &Place<'_, 'n, 'a>) -> Option<AwsIdentity> {
        let child = node.children().iter().find(|c| c.name() == "identity")?;
        let (role, region) = (self.prop_text(child, "role", place), self.prop_text(child, "region", place));
        let (Some(role), Some(region)) = (role, region) else {
            self.diagnostics.push(missing(
                child.span,
                "the role or the region",
                "identity aws role=(var)DEPLOY_ROLE region=\"eu-west-1\"",
            ));
            return None;
        };
        Some(AwsIdentity { role, region, span: child.span })
    }
}
