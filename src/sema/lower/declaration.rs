//! What a pipeline declares beside gates, environments and workflows.

use crate::base::diag::Diagnostic;
use crate::base::span::Spanned;
use crate::ir::environment::{
    Accept, AwsIdentity, AwsTarget, Channel, ChannelKind, CommitMessages, Compute, Image, LicenceTier, Protection, Registry,
    RegistryKind, RepositoryPolicy, RunnerClass, Secret, Target, Team, Variable,
};
use crate::ir::event::{EventKind, EventValue};
use crate::ir::id::TargetId;
use crate::ir::raw::RawFile;
use crate::sema::declare::{name_of, spanned};
use crate::sema::filter;
use crate::sema::interpolate::Place;
use crate::sema::lower::{Lower, missing};
use crate::syntax::tree::Node;

/// Where GitHub reads workflows: docs.github.com, "Workflow syntax for GitHub Actions".
const WORKFLOWS: &str = ".github/workflows/";

impl<'n, 'a> Lower<'_, '_, 'n, 'a> {
    fn top(&self, name: &'static str) -> impl Iterator<Item = &'n Node<'a>> + use<'n, 'a> {
        self.scope.top.iter().filter(move |n| n.name() == name)
    }

    pub(super) fn docs(&self) -> Vec<(String, Option<String>)> {
        let of = |n: &Node<'_>| Some((name_of(n)?.value, n.setting("url").and_then(|e| e.as_str()).map(str::to_owned)));
        self.top("doc").filter_map(of).collect()
    }

    pub(super) fn targets(&mut self) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        for node in self.top("target") {
            let Some(word) = name_of(node) else { continue };
            // What delivers apps holds no jobs: see `app.rs`.
            if matches!(word.value.as_str(), "helm" | "argocd" | "rollouts") {
                continue;
            }
            let Some(id) = self.target_word(&word) else { continue };
            if let Some(first) = targets.iter().find(|t| t.id == id) {
                self.diagnostics.push(
                    Diagnostic::error("duplicate-name", word.span, format!("target `{}` is declared twice", word.value))
                        .label("declared again here")
                        .related(first.span, "first declared here")
                        .help("put both into one `target` node"),
                );
                continue;
            }
            let tier = self.prop_word(node, "tier", LicenceTier::ALL).map_or(LicenceTier::Free, |t| t.value);
            let words = |name: &str| -> Vec<Spanned<String>> { node.values(name).into_iter().filter_map(spanned).collect() };
            let workflows = words("workflows");
            for workflow in &workflows {
                self.scope.workflows.find(&workflow.value, workflow.span, self.diagnostics);
            }
            let workflows = (!workflows.is_empty()).then_some(workflows);
            let (standby, check_drift) = (node.flag("standby"), node.flag("check-drift"));
            let settings = node.flag("settings");
            let aws = AwsTarget {
                connection: node.setting("connection").map(|e| self.text(e, &Place::default())),
                repository: node.setting("repository").and_then(spanned),
                image: node.setting("image").and_then(spanned),
                compute: node.setting("compute").and_then(spanned).and_then(|w| self.compute(&w)),
            };
            let (tags, install) = (words("tags"), words("install"));
            if id == TargetId::Codepipeline {
                let given = [("connection", aws.connection.is_some()), ("repository", aws.repository.is_some())];
                for (word, _) in given.iter().filter(|(_, is)| !is) {
                    let what = format!("`{word}` of target `codepipeline`");
                    self.diagnostics.push(missing(node.span, &what, &format!("{word}=…")));
                }
            }
            targets.push(Target { id, tier, tags, workflows, standby, check_drift, settings, install, aws, span: node.span });
        }
        merge_builds(&mut targets);
        targets
    }

    fn compute(&mut self, word: &Spanned<String>) -> Option<Spanned<Compute>> {
        self.word(word, "compute", Compute::ALL).map(|c| Spanned::new(c, word.span))
    }

    pub(super) fn accepts(&mut self) -> Vec<Accept> {
        let nodes: Vec<_> = self.top("accept").collect();
        nodes
            .into_iter()
            .filter_map(|node| {
                let word = name_of(node)?;
                let target = Spanned::new(self.target_word(&word)?, word.span);
                let loss = node.arg(1).and_then(spanned)?;
                let Some(reason) = node.setting("reason").and_then(spanned).filter(|r| !r.value.trim().is_empty()) else {
                    self.diagnostics.push(missing(node.span, "the reason why this loss is right", "reason=\"…\""));
                    return None;
                };
                let until = node.setting("until").and_then(spanned);
                if let Some(day) = &until
                    && !is_day(&day.value)
                {
                    self.diagnostics.push(
                        Diagnostic::error("wrong-value-type", day.span, format!("`{}` is no day", day.value))
                            .label("not a day")
                            .help("write it as \"2027-06-30\""),
                    );
                }
                Some(Accept { target, loss, reason, until, span: node.span })
            })
            .collect()
    }

    pub(super) fn raw_files(&mut self) -> Vec<RawFile> {
        let nodes: Vec<_> = self.top("raw").collect();
        let mut files: Vec<RawFile> = Vec::new();
        for entry in nodes.into_iter().flat_map(|n| n.args().skip(1)) {
            let Some(path) = self.path(entry) else { continue };
            let is_workflow = path.value.strip_prefix(WORKFLOWS).is_some_and(|name| {
                !name.contains('/') && [".yml", ".yaml"].iter().any(|end| name.len() > end.len() && name.ends_with(end))
            });
            if !is_workflow {
                self.diagnostics.push(
                    Diagnostic::error("wrong-value-type", path.span, format!("`{}` is no workflow file of GitHub", path.value))
                        .label("not a workflow file")
                        .help(format!("GitHub reads workflows at `{WORKFLOWS}NAME.yml`")),
                );
            } else if let Some(first) = files.iter().find(|f| f.path.value == path.value) {
                self.diagnostics.push(
                    Diagnostic::error("duplicate-name", path.span, format!("`{}` is named twice", path.value))
                        .related(first.path.span, "first named here")
                        .help("keep one of them"),
                );
            } else {
                files.push(RawFile { target: TargetId::Github, path });
            }
        }
        files
    }

    pub(super) fn teams(&mut self) -> Vec<Team> {
        let nodes: Vec<_> = self.top("team").collect();
        nodes
            .into_iter()
            .filter_map(|node| {
                let name = name_of(node)?;
                let of = |(word, id): &(&'static str, TargetId)| Some((*id, node.setting(word).and_then(spanned)?));
                let names = TargetId::ALL.iter().filter_map(of).collect();
                let topic = node.setting("codepipeline").map(|e| self.text(e, &Place::default()));
                Some(Team { name, names, topic })
            })
            .collect()
    }

    pub(super) fn secrets(&mut self) -> Vec<Secret> {
        let names: Vec<Spanned<String>> = self.scope.secrets.iter().cloned().collect();
        names
            .into_iter()
            .map(|name| {
                let node = self.top("secret").find(|n| n.args().any(|e| e.value_span == name.span));
                let words = |kind: &str| node.map(|n| n.values(kind)).unwrap_or_default().into_iter().filter_map(spanned);
                let jobs: Vec<Spanned<String>> = words("jobs").collect();
                for job in &jobs {
                    self.scope.find_job(&job.value, job.span, None, self.diagnostics);
                }
                let environments: Vec<Spanned<String>> = words("environments").collect();
                let environments = environments.iter().filter_map(|e| self.environment_named(e)).collect();
                Secret { name, jobs, environments }
            })
            .collect()
    }

    pub(super) fn variables(&mut self) -> Vec<Variable> {
        let nodes: Vec<_> = self.top("variable").collect();
        nodes
            .into_iter()
            .filter_map(|node| {
                let value = node.arg(1).map(|e| self.text(e, &Place::default()));
                Some(Variable { name: name_of(node)?, value })
            })
            .collect()
    }

    pub(super) fn registries(&mut self) -> Vec<Registry> {
        let nodes: Vec<_> = self.top("registry").collect();
        nodes
            .into_iter()
            .filter_map(|node| {
                let (name, address) = (name_of(node)?, node.arg(1).and_then(spanned)?);
                let place = Place::default();
                let kind = self.prop_word(node, "kind", RegistryKind::ALL).map(|k| k.value);
                let kind = kind.unwrap_or_else(|| registry_kind(&name.value, &address.value));
                if address.value.contains("://") || address.value.chars().any(|c| c.is_ascii_uppercase() || c.is_whitespace()) {
                    let d = Diagnostic::error(
                        "registry-address",
                        address.span,
                        format!("`{}` is no address of a registry", address.value),
                    );
                    self.diagnostics.push(
                        d.label("host and path, in lower case").help("write it as \"ghcr.io/example\": no scheme, no capitals"),
                    );
                }
                Some(Registry {
                    kind,
                    user: self.prop_text(node, "user", &place),
                    password: self.prop_text(node, "password", &place),
                    identity: match (self.prop_text(node, "role", &place), self.prop_text(node, "region", &place)) {
                        (Some(role), Some(region)) => Some(AwsIdentity { role, region, span: node.span }),
                        _ => None,
                    },
                    name,
                    address,
                })
            })
            .collect()
    }

    pub(super) fn runners(&mut self) -> Vec<RunnerClass> {
        let nodes: Vec<_> = self.top("runner").collect();
        nodes
            .into_iter()
            .filter_map(|node| {
                let gitlab = node.child("gitlab").map(|c| c.args().chain(c.values("tags")).filter_map(spanned).collect());
                let compute = node.child("codebuild").and_then(|c| c.setting("compute")).and_then(spanned);
                Some(RunnerClass {
                    name: name_of(node)?,
                    github: node.values("github").into_iter().filter_map(spanned).collect(),
                    gitlab: gitlab.unwrap_or_default(),
                    codebuild: compute.and_then(|w| self.compute(&w)),
                })
            })
            .collect()
    }

    pub(super) fn images(&self) -> Vec<Image> {
        let builders = &self.scope.image_builders;
        self.scope.images.iter().zip(builders).map(|(n, b)| Image { name: n.clone(), builders: b.clone() }).collect()
    }

    pub(super) fn values(&mut self) -> Vec<EventValue> {
        let nodes: Vec<_> = self.top("value").collect();
        nodes
            .into_iter()
            .filter_map(|node| {
                let (arms, otherwise) = (Vec::new(), None);
                let (github, file) = (node.setting("github").and_then(spanned), node.setting("file").and_then(spanned));
                let mut value = EventValue { name: name_of(node)?, arms, otherwise, github, file, decides: false };
                value.otherwise = node.setting("otherwise").map(|e| self.text(e, &Place::default()));
                for child in node.all("on") {
                    let (Some(word), Some(entry)) = (name_of(child), child.arg(1)) else { continue };
                    let text = self.text(entry, &Place::default());
                    if let Some(kind) = self.word(&word, "event", EventKind::ALL) {
                        value.arms.push((Spanned::new(kind, word.span), text));
                    }
                }
                Some(value)
            })
            .collect()
    }

    pub(super) fn channels(&mut self) -> Vec<Channel> {
        let nodes: Vec<_> = self.top("channel").collect();
        nodes
            .into_iter()
            .filter_map(|node| {
                let name = name_of(node)?;
                let means = node.arg(1).and_then(spanned)?;
                let place = Place::default();
                let need = |lower: &mut Self, prop: &str| {
                    let text = lower.prop_text(node, prop, &place);
                    if text.is_none() {
                        lower.diagnostics.push(missing(
                            node.span,
                            &format!("`{prop}` of channel `{}`", name.value),
                            &format!("{prop}=…"),
                        ));
                    }
                    text
                };
                let kind = match means.value.as_str() {
                    "slack" => ChannelKind::Slack { webhook: need(self, "webhook")? },
                    "webhook" => ChannelKind::Webhook { url: need(self, "url")? },
                    "sns" => ChannelKind::Sns { topic: need(self, "topic")? },
                    "pagerduty" => ChannelKind::Pagerduty { key: need(self, "key")? },
                    "email" => {
                        need(self, "to")?;
                        let to = node.values("to").into_iter().map(|e| self.text(e, &place)).collect();
                        ChannelKind::Email {
                            to,
                            smtp: need(self, "smtp")?,
                            from: self.prop_text(node, "from", &Place::default()),
                            user: self.prop_text(node, "user", &Place::default()),
                            password: self.prop_text(node, "password", &Place::default()),
                        }
                    }
                    other => {
                        let known = ["slack", "email", "webhook", "pagerduty", "sns"];
                        self.diagnostics.push(crate::sema::names::unknown(
                            "kind of channel",
                            other,
                            means.span,
                            known.iter().copied(),
                        ));
                        return None;
                    }
                };
                Some(Channel { name, kind, span: node.span })
            })
            .collect()
    }

    pub(super) fn repository(&mut self) -> Option<RepositoryPolicy> {
        let node = self.top("repository").next()?;
        let mut policy = RepositoryPolicy::default();
        for child in node.children() {
            match child.name() {
                "commit-messages" => {
                    let types = child.values("types").into_iter().filter_map(spanned);
                    policy.commit_messages = Some(CommitMessages {
                        types: types.collect(),
                        scope_required: child.flag("scope-required").is_some(),
                        span: child.span,
                    });
                }
                "branch-names" => policy.branch_names.extend(child.args().filter_map(|e| filter::glob(e, self.diagnostics))),
                "protect" => {
                    let checks = child.values("checks").into_iter().filter_map(spanned).filter_map(|c| {
                        self.scope.find_job(&c.value, c.span, None, self.diagnostics).map(|id| Spanned::new(id, c.span))
                    });
                    let checks = checks.collect();
                    let flags = ["linear-history", "dismiss-stale", "strict", "admins-exempt", "code-owners"];
                    let flags = child.children().iter().filter(|c| flags.contains(&c.name()));
                    policy.protect.push(Protection {
                        branches: child.args().filter_map(|e| filter::glob(e, self.diagnostics)).collect(),
                        checks,
                        approvals: child.setting("approvals").and_then(|e| self.count(e)).map_or(0, |n| n.value),
                        flags: flags.map(|f| Spanned::new(f.name().to_owned(), f.span)).collect(),
                        span: child.span,
                    });
                }
                _ => {}
            }
        }
        Some(policy)
    }
}

/// A pipeline of AWS brings its own projects of CodeBuild: a `codebuild` beside it says what they are like where it does not say so itself.
fn merge_builds(targets: &mut Vec<Target>) {
    let Some(at) = targets.iter().position(|t| t.id == TargetId::Codebuild) else { return };
    let Some(pipeline) = targets.iter().position(|t| t.id == TargetId::Codepipeline) else { return };
    let beside = targets[at].aws.clone();
    let own = &mut targets[pipeline].aws;
    own.image = own.image.take().or(beside.image);
    own.compute = own.compute.take().or(beside.compute);
    targets.remove(at);
}

/// The kind that a registry's name or host tells.
fn registry_kind(name: &str, address: &str) -> RegistryKind {
    let host = address.split('/').next().unwrap_or_default();
    match host {
        "ghcr.io" => RegistryKind::Ghcr,
        "docker.io" | "index.docker.io" => RegistryKind::Dockerhub,
        "registry.gitlab.com" => RegistryKind::Gitlab,
        _ if host.contains(".dkr.ecr.") => RegistryKind::Ecr,
        _ => RegistryKind::parse(name).unwrap_or(RegistryKind::Generic),
    }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |t: &str, len: usize, max: u32| t.len() == len && t.parse::<u32>().is_ok_and(|n| n >= 1 && n <= max);
    matches!(parts.as_slice(), [y, m, d] if number(y, 4, 9999) && number(m, 2, 12) && number(d, 2, 31))
}
