//! Environments, and what the pipeline declares beside its workflows.

use crate::base::span::{Span, Spanned};
use crate::ir::event::Filter;
use crate::ir::id::{EnvironmentId, GateId, TargetId};
use crate::ir::job::Concurrency;
use crate::ir::text::{EnvVar, Text};
use crate::ir::units::Duration;
use crate::ir::words::fields;

/// A place that deploys change.
#[derive(Clone, PartialEq, Debug)]
pub struct Environment {
    /// Its name.
    pub name: Spanned<String>,
    /// How much is at stake.
    pub tier: Tier,
    /// Where a person finds it.
    pub url: Option<Text>,
    /// Environments that come before it in promotion order.
    pub after: Vec<After>,
    /// Events that may deploy here: every deploy's events must be a subset. None means any.
    pub allow: Option<Filter>,
    /// Gates of its deploys.
    pub requires: Vec<Spanned<GateId>>,
    /// Variables for jobs in it.
    pub env: Vec<EnvVar>,
    /// Secrets that only its jobs see.
    pub secrets: Vec<EnvironmentSecret>,
    /// Its cluster.
    pub cluster: Option<Cluster>,
    /// Its cloud identity.
    pub identity: Option<AwsIdentity>,
    /// How its deploys queue; `queue-all` unless said.
    pub concurrency: Concurrency,
    /// Where it stands.
    pub span: Span,
}

impl Environment {
    /// Whether a vendor guards it: it is of production tier, or something is required of its deploys.
    pub fn is_protected(&self) -> bool {
        self.tier == Tier::Production || !self.requires.is_empty()
    }

    /// The vendor's name of a secret that its jobs read: `from="ci:NAME"` gives it another one.
    pub fn vendor_secret<'s>(&'s self, name: &'s str) -> &'s str {
        let renamed = self.secrets.iter().find(|s| s.name.value == name).and_then(|s| s.from.as_ref());
        renamed.and_then(|from| from.value.strip_prefix("ci:")).unwrap_or(name)
    }
}

fields! {
    /// How much is at stake.
    Tier {
        /// A developer's.
        Development = "development",
        /// Tests.
        Testing = "testing",
        /// The last before production.
        Staging = "staging",
        /// The users'.
        Production = "production",
        /// None of these.
        Other = "other",
    }
}

/// An environment that comes before.
#[derive(Clone, PartialEq, Debug)]
pub struct After {
    /// Which.
    pub environment: EnvironmentId,
    /// Whether a run that has no deploy there must find one of an earlier run.
    pub strict: Option<Span>,
    /// Where it was said.
    pub span: Span,
}

/// A secret of an environment.
#[derive(Clone, PartialEq, Debug)]
pub struct EnvironmentSecret {
    /// Its name in scripts.
    pub name: Spanned<String>,
    /// Where it comes from: `ci:NAME` for a differently named secret of the vendor, else `STORE:PATH`, a secret store of the cluster.
    pub from: Option<Spanned<String>>,
    /// How often a store is read again.
    pub refresh: Option<Spanned<Duration>>,
}

/// A Kubernetes cluster.
#[derive(Clone, PartialEq, Debug)]
pub struct Cluster {
    /// How to log in.
    pub access: ClusterAccess,
    /// The namespace of the environment.
    pub namespace: Option<Spanned<String>>,
    /// Where it stands.
    pub span: Span,
}

/// How to log in to a cluster.
#[derive(Clone, PartialEq, Debug)]
pub enum ClusterAccess {
    /// A kubeconfig file in a secret.
    Kubeconfig(Spanned<String>),
    /// An EKS cluster, by the environment's identity.
    Eks {
        /// Its name.
        name: Text,
        /// Its region.
        region: Text,
    },
    /// An address that only a delivery tool inside uses.
    Server(Spanned<String>),
}

/// A role in AWS, taken by OIDC: no stored keys.
#[derive(Clone, PartialEq, Debug)]
pub struct AwsIdentity {
    /// The role's ARN.
    pub role: Text,
    /// The region.
    pub region: Text,
    /// Where it stands.
    pub span: Span,
}

/// A vendor to write for.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// Which.
    pub id: TargetId,
    /// Of GitLab: decides what it can hold.
    pub tier: LicenceTier,
    /// Runner tags of every job, of GitLab.
    pub tags: Vec<Spanned<String>>,
    /// Only these workflows, by name; all when `None`.
    pub workflows: Option<Vec<Spanned<String>>>,
    /// Written below `standby/` only.
    pub standby: Option<Span>,
    /// Whether the output checks itself against the spec.
    pub check_drift: Option<Span>,
    /// Whether what the vendor keeps outside its files is written, too.
    pub settings: Option<Span>,
    /// The lines that put `pipewright` on a runner, for that check.
    pub install: Vec<Spanned<String>>,
    /// What the targets of AWS are told beside.
    pub aws: AwsTarget,
    /// Where it stands.
    pub span: Span,
}

impl Target {
    /// Whether a workflow of this name is written for it.
    pub fn holds(&self, workflow: &str) -> bool {
        self.workflows.as_ref().is_none_or(|names| names.iter().any(|n| n.value == workflow))
    }
}

/// What a target of AWS is told.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AwsTarget {
    /// The connection to the repository's host, by its ARN or a variable that holds it.
    pub connection: Option<Text>,
    /// The repository, `owner/name`.
    pub repository: Option<Spanned<String>>,
    /// The image that jobs run in which name none.
    pub image: Option<Spanned<String>>,
    /// The size of machines, where a job asks for none.
    pub compute: Option<Spanned<Compute>>,
}

fields! {
    /// The size of a machine of CodeBuild.
    Compute {
        /// 2 vCPU, 4 GiB (`BUILD_GENERAL1_SMALL`).
        Small = "small",
        /// 4 vCPU, 8 GiB (`BUILD_GENERAL1_MEDIUM`).
        Medium = "medium",
        /// 8 vCPU, 16 GiB (`BUILD_GENERAL1_LARGE`).
        Large = "large",
        /// 36 vCPU, 72 GiB (`BUILD_GENERAL1_XLARGE`).
        Xlarge = "xlarge",
        /// 72 vCPU, 144 GiB (`BUILD_GENERAL1_2XLARGE`).
        Xxlarge = "2xlarge",
    }
}

fields! {
    /// What is paid for, of GitLab.
    LicenceTier {
        /// Free.
        Free = "free",
        /// Premium.
        Premium = "premium",
        /// Ultimate.
        Ultimate = "ultimate",
    }
}

/// A loss that the spec accepts by name.
#[derive(Clone, PartialEq, Debug)]
pub struct Accept {
    /// On which target.
    pub target: Spanned<TargetId>,
    /// The capability that is lossy or absent there.
    pub loss: Spanned<String>,
    /// Why that is right.
    pub reason: Spanned<String>,
    /// The last day it holds, `YYYY-MM-DD`.
    pub until: Option<Spanned<String>>,
    /// Where it stands.
    pub span: Span,
}

/// People, by each vendor's name for them.
#[derive(Clone, PartialEq, Debug)]
pub struct Team {
    /// Its name in the spec.
    pub name: Spanned<String>,
    /// What each vendor calls it.
    pub names: Vec<(TargetId, Spanned<String>)>,
    /// The topic of SNS by which AWS asks its people.
    pub topic: Option<Text>,
}

/// A secret by name; its value lives with the vendor.
#[derive(Clone, PartialEq, Debug)]
pub struct Secret {
    /// Its name.
    pub name: Spanned<String>,
    /// The jobs that may read it, by name; all when empty.
    pub jobs: Vec<Spanned<String>>,
    /// The environments whose jobs may read it; all when empty.
    pub environments: Vec<EnvironmentId>,
}

/// A variable by name.
#[derive(Clone, PartialEq, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Spanned<String>,
    /// Its value, where the spec fixes it; otherwise it lives with the vendor.
    pub value: Option<Text>,
}

/// A registry of container images.
#[derive(Clone, PartialEq, Debug)]
pub struct Registry {
    /// Its name in the spec.
    pub name: Spanned<String>,
    /// How to log in.
    pub kind: RegistryKind,
    /// Host and path prefix, lower case, no scheme: `ghcr.io/example`.
    pub address: Spanned<String>,
    /// User name, where the vendor does not know one.
    pub user: Option<Text>,
    /// Password, where the vendor does not know one.
    pub password: Option<Text>,
    /// Role for a cloud registry.
    pub identity: Option<AwsIdentity>,
}

fields! {
    /// How to log in to a registry.
    RegistryKind {
        /// GitHub's.
        Ghcr = "ghcr",
        /// AWS's.
        Ecr = "ecr",
        /// GitLab's.
        Gitlab = "gitlab",
        /// Docker Hub.
        Dockerhub = "dockerhub",
        /// Any other, by user and password.
        Generic = "generic",
    }
}

/// A runner of the spec's own.
#[derive(Clone, PartialEq, Debug)]
pub struct RunnerClass {
    /// Its name.
    pub name: Spanned<String>,
    /// GitHub labels.
    pub github: Vec<Spanned<String>>,
    /// GitLab tags.
    pub gitlab: Vec<Spanned<String>>,
    /// The size of machines on AWS.
    pub codebuild: Option<Spanned<Compute>>,
}

/// An image that the pipeline builds.
#[derive(Clone, PartialEq, Debug)]
pub struct Image {
    /// Its name.
    pub name: Spanned<String>,
    /// The jobs that build it.
    pub builders: Vec<crate::ir::id::JobId>,
}

/// Where messages go.
#[derive(Clone, PartialEq, Debug)]
pub struct Channel {
    /// Its name.
    pub name: Spanned<String>,
    /// By which means.
    pub kind: ChannelKind,
    /// Where it stands.
    pub span: Span,
}

/// By which means a message goes.
#[derive(Clone, PartialEq, Debug)]
pub enum ChannelKind {
    /// A Slack webhook.
    Slack {
        /// Its address.
        webhook: Text,
    },
    /// Mail by SMTP with TLS.
    Email {
        /// Who gets it.
        to: Vec<Text>,
        /// Who sends it.
        from: Option<Text>,
        /// `host:port`
        smtp: Text,
        /// User name.
        user: Option<Text>,
        /// Password.
        password: Option<Text>,
    },
    /// An address that takes a JSON object.
    Webhook {
        /// Its address.
        url: Text,
    },
    /// A topic of AWS SNS.
    Sns {
        /// Its ARN.
        topic: Text,
    },
    /// PagerDuty events, version 2.
    Pagerduty {
        /// The routing key.
        key: Text,
    },
}

impl ChannelKind {
    /// The texts it is made of, which may hold secrets.
    pub fn texts(&self) -> Vec<&Text> {
        match self {
            Self::Slack { webhook: text }
            | Self::Webhook { url: text }
            | Self::Pagerduty { key: text }
            | Self::Sns { topic: text } => vec![text],
            Self::Email { to, from, smtp, user, password } => {
                to.iter().chain(from).chain([smtp]).chain(user).chain(password).collect()
            }
        }
    }
}

/// Rules for branches and commits.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RepositoryPolicy {
    /// `commit-messages conventional`
    pub commit_messages: Option<CommitMessages>,
    /// Globs of branch names.
    pub branch_names: Vec<Spanned<crate::ir::glob::Glob>>,
    /// Protected branches.
    pub protect: Vec<Protection>,
}

/// What a commit message looks like.
#[derive(Clone, PartialEq, Debug)]
pub struct CommitMessages {
    /// Allowed types; the conventional ones when empty.
    pub types: Vec<Spanned<String>>,
    /// Whether a scope must be given.
    pub scope_required: bool,
    /// Where it stands.
    pub span: Span,
}

/// A protected branch.
#[derive(Clone, PartialEq, Debug)]
pub struct Protection {
    /// Which branches.
    pub branches: Vec<Spanned<crate::ir::glob::Glob>>,
    /// Required checks: jobs.
    pub checks: Vec<Spanned<crate::ir::id::JobId>>,
    /// Reviews before a merge.
    pub approvals: u32,
    /// Flags in the words of the spec: `linear-history`, `dismiss-stale`, `strict`, `admins-exempt`, `code-owners`.
    pub flags: Vec<Spanned<String>>,
    /// Where it stands.
    pub span: Span,
}
