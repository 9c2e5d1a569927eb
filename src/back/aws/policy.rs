//! What the role of a build may do: what its jobs need, by name, and nothing else.

use serde::Serialize;

use crate::back::aws::names::parameter;
use crate::back::aws::place::Place;
use crate::back::aws::{buildspec, data};
use crate::back::variables::Variables;
use crate::ir::environment::{AwsIdentity, ClusterAccess, RegistryKind};
use crate::ir::id::RegistryId;
use crate::ir::step::Push;
use crate::plan::step::PlannedKind;

/// A statement of a policy. The resources are texts of `Fn::Sub`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(in crate::back) struct Statement {
    pub(in crate::back) actions: Vec<String>,
    pub(in crate::back) resources: Vec<String>,
}

impl Statement {
    /// A statement.
    pub(in crate::back) fn new(actions: &[&str], resources: Vec<String>) -> Self {
        Self { actions: actions.iter().map(|a| (*a).to_owned()).collect(), resources }
    }
}

/// An ARN in the stack's own account and region.
pub(in crate::back) fn arn(service: &str, resource: &str) -> String {
    format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")
}

/// What the builds of these jobs may do. `bucket` is the logical id of the bucket for their files.
pub(in crate::back) fn of_jobs(jobs: &[Place<'_>], project: &str, bucket: &str) -> Vec<Statement> {
    let mut all = vec![Statement::new(
        &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        vec![
            arn("logs", &format!("log-group:/aws/codebuild/{project}")),
            arn("logs", &format!("log-group:/aws/codebuild/{project}:*")),
        ],
    )];
    let bucket_arn = format!("${{{bucket}.Arn}}");
    if jobs.iter().any(data::uses_store) {
        all.push(Statement::new(&["s3:GetObject", "s3:PutObject"], vec![format!("{bucket_arn}/*")]));
    }
    if jobs.iter().any(|j| j.job.job.reports.iter().any(|r| data::shown(j, r).is_some())) {
        let actions = [
            "codebuild:BatchPutCodeCoverages",
            "codebuild:BatchPutTestCases",
            "codebuild:CreateReport",
            "codebuild:CreateReportGroup",
            "codebuild:UpdateReport",
        ];
        all.push(Statement::new(&actions, vec![arn("codebuild", &format!("report-group/{project}-*"))]));
    }
    let mut secrets: Vec<String> = jobs
        .iter()
        .flat_map(|j| j.job.secrets.iter().map(|s| buildspec::secret(j, s)))
        // The service puts six characters behind the name, behind which a key and a version may stand.
        .map(|id| arn("secretsmanager", &format!("secret:{}-??????", id.split(':').next().unwrap_or_default())))
        .collect();
    tidy(&mut secrets);
    if !secrets.is_empty() {
        all.push(Statement::new(&["secretsmanager:GetSecretValue"], secrets));
    }
    let mut parameters: Vec<String> = Vec::new();
    for job in jobs {
        let live = |name: &&String| job.plan.pipeline.variables.iter().any(|v| v.name.value == **name && v.value.is_none());
        let names = job.job.variables.iter().filter(live);
        parameters.extend(names.map(|n| arn("ssm", &format!("parameter{}", buildspec::parameter(job, n)))));
    }
    tidy(&mut parameters);
    if !parameters.is_empty() {
        all.push(Statement::new(&["ssm:GetParameters"], parameters));
    }
    registries(jobs, &mut all);
    roles(jobs, &mut all);
    topics(jobs, &mut all);
    all
}

fn tidy(list: &mut Vec<String>) {
    list.sort();
    list.dedup();
}

/// Registries of AWS that a build logs in to by its own role: to push where it pushes, to pull otherwise.
fn registries(jobs: &[Place<'_>], all: &mut Vec<Statement>) {
    let mut pulls: Vec<String> = Vec::new();
    let mut pushes: Vec<String> = Vec::new();
    for place in jobs {
        let mut of = |id: RegistryId, name: &str, push: bool| {
            let Some(registry) = place.plan.pipeline.registries.get(id.index()) else { return };
            if registry.kind == RegistryKind::Ecr && registry.password.is_none() && registry.identity.is_none() {
                let list = if push { &mut pushes } else { &mut pulls };
                list.push(repository(&registry.address.value, name));
            }
        };
        for step in &place.job.steps {
            match &step.kind {
                PlannedKind::DockerBuild(build) => {
                    let Some(registry) = &build.registry else { continue };
                    let name = place.plan.pipeline.images.get(build.image.index()).map_or("*", |i| i.name.value.as_str());
                    of(registry.value, name, build.push != Push::Never);
                }
                PlannedKind::ImagePromote { image, registry, .. } => of(*registry, &image.value, true),
                PlannedKind::RegistryLogin(registry) if !named(place, *registry) => of(*registry, "*", false),
                _ => {}
            }
        }
    }
    tidy(&mut pulls);
    tidy(&mut pushes);
    if pulls.is_empty() && pushes.is_empty() {
        return;
    }
    // This one action knows no resource (the service authorization reference of ECR).
    all.push(Statement::new(&["ecr:GetAuthorizationToken"], vec!["*".to_owned()]));
    const PULL: &[&str] = &["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    const PUSH: &[&str] = &["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"];
    pulls.extend(pushes.clone());
    tidy(&mut pulls);
    all.push(Statement::new(PULL, pulls));
    if !pushes.is_empty() {
        all.push(Statement::new(PUSH, pushes));
    }
}

/// Whether a step of the job says which image of a registry it is about.
fn named(place: &Place<'_>, id: RegistryId) -> bool {
    place.job.steps.iter().any(|s| match &s.kind {
        PlannedKind::DockerBuild(build) => build.registry.as_ref().is_some_and(|r| r.value == id),
        PlannedKind::ImagePromote { registry, .. } => *registry == id,
        _ => false,
    })
}

/// `123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop` and an image's name, as an ARN.
fn repository(address: &str, name: &str) -> String {
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let parts: Vec<&str> = host.split('.').collect();
    let account = parts.first().copied().unwrap_or("${AWS::AccountId}");
    let region = parts.get(3).copied().unwrap_or("${AWS::Region}");
    let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    format!("arn:${{AWS::Partition}}:ecr:{region}:{account}:repository/{path}")
}

/// Roles that the jobs take, and clusters that they ask for by their own.
fn roles(jobs: &[Place<'_>], all: &mut Vec<Statement>) {
    let mut taken: Vec<String> = Vec::new();
    let mut clusters: Vec<String> = Vec::new();
    for place in jobs {
        let environment = place.job.environment.as_ref().and_then(|e| e.id).map(|id| place.plan.pipeline.environment(id));
        let role = |identity: &AwsIdentity| place.fixed(&identity.role).unwrap_or_else(|| reference(place, &identity.role));
        for step in &place.job.steps {
            // Of the environment, of a registry, or of the portable action: all end in this one variable.
            let asked = step.env.iter().find(|e| matches!(e.name.value.as_str(), "AWS_ROLE" | "ROLE"));
            if let Some(asked) = asked.filter(|_| data::takes_role(place.job)) {
                taken.push(place.fixed(&asked.value).unwrap_or_else(|| reference(place, &asked.value)));
            }
        }
        let Some(environment) = environment else { continue };
        taken.extend(environment.identity.as_ref().map(role));
        if let (Some(cluster), None) = (&environment.cluster, &environment.identity)
            && let ClusterAccess::Eks { name, region } = &cluster.access
        {
            let (name, region) = (place.fixed(name), place.fixed(region));
            let region = region.unwrap_or_else(|| "${AWS::Region}".to_owned());
            let name = name.unwrap_or_else(|| "*".to_owned());
            clusters.push(format!("arn:${{AWS::Partition}}:eks:{region}:${{AWS::AccountId}}:cluster/{name}"));
        }
    }
    tidy(&mut taken);
    tidy(&mut clusters);
    if !taken.is_empty() {
        all.push(Statement::new(&["sts:AssumeRole"], taken));
    }
    if !clusters.is_empty() {
        all.push(Statement::new(&["eks:DescribeCluster"], clusters));
    }
}

/// A variable that only the account knows is a parameter of the stack.
fn reference(place: &Place<'_>, text: &crate::ir::text::Text) -> String {
    format!("${{{}}}", parameter(place.shown(text).trim_start_matches('$')))
}

/// Topics that the jobs write to.
fn topics(jobs: &[Place<'_>], all: &mut Vec<Statement>) {
    let mut topics: Vec<String> = Vec::new();
    for place in jobs {
        for step in place.job.steps.iter().filter(|s| data::publishes(s)) {
            let topic = step.env.iter().find(|e| e.name.value == "TOPIC");
            topics.extend(topic.map(|t| place.fixed(&t.value).unwrap_or_else(|| reference(place, &t.value))));
        }
    }
    tidy(&mut topics);
    if !topics.is_empty() {
        all.push(Statement::new(&["sns:Publish"], topics));
    }
}
