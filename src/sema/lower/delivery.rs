//! The targets that deliver apps.

use crate::base::diag::Diagnostic;
use crate::base::span::{Span, Spanned};
use crate::ir::app::{Applications, Argocd, Delivery};
use crate::sema::declare::spanned;
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, missing};
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
}
