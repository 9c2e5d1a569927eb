//! Logins of a deploy to its cloud and cluster.

use crate::base::span::Span;
use crate::ir::environment::{AwsIdentity, Cluster, ClusterAccess};
use crate::ir::text::{Context, Part, Text};
use crate::plan::script::{Shell, fill, label, part};

/// Takes a role in AWS with the identity token `$ID_TOKEN`, which a GitLab job has whose permissions hold `id-token`. The tools of AWS take
/// the role themselves, by their own files.
pub fn aws_role(identity: &AwsIdentity) -> Shell {
    Shell::plain(part("aws-role-gitlab.sh"), identity.span)
        .with("AWS_ROLE", identity.role.clone())
        .with("AWS_REGION_NAME", identity.region.clone())
}

/// Takes a role in AWS by the role that the build has already, which must be allowed to.
pub fn aws_role_of_build(identity: &AwsIdentity) -> Shell {
    Shell::plain(part("aws-role-codebuild.sh"), identity.span)
        .with("AWS_ROLE", identity.role.clone())
        .with("AWS_REGION_NAME", identity.region.clone())
}

/// Makes `kubectl` and `helm` speak to a cluster and its namespace; none for a cluster that only a delivery tool inside reaches.
pub fn cluster(cluster: &Cluster) -> Option<Shell> {
    let span = cluster.span;
    let mut shell = match &cluster.access {
        ClusterAccess::Kubeconfig(secret) => {
            Shell::plain(part("kubeconfig.sh"), span).with("KUBECONFIG_FILE", secret_text(&secret.value, secret.span))
        }
        ClusterAccess::Eks { name, region } => {
            Shell::plain(part("eks.sh"), span).with("CLUSTER", name.clone()).with("REGION", region.clone())
        }
        ClusterAccess::Server(_) => return None,
    };
    if let Some(namespace) = &cluster.namespace {
        shell.script.lines.push(Text::literal(fill("namespace.sh", &[("namespace", &label(&namespace.value))]), span));
    }
    Some(shell)
}

fn secret_text(name: &str, span: Span) -> Text {
    let context = crate::base::span::Spanned::new(Context::Secret(name.to_owned()), span);
    Text { parts: vec![Part::Context(context)], span }
}
