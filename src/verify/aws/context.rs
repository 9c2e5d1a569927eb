//! What stands for a context in a build: variables of CodeBuild, and those that a batch, a pipeline or a script sets by the names of the language
//! (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html>).

use crate::ir::Pipeline;
use crate::ir::id::TargetId;
use crate::ir::text::{CommitField, Context, EnvironmentField, GateField, PrField, RepositoryField, RunField, ServiceField};
use crate::verify::behaviour::Bit;
use crate::verify::texts::upper;

/// Whether a variable holds a context.
pub(super) fn means(pipeline: &Pipeline, symbol: &str, context: &Context) -> bool {
    let is = |name: &str| symbol == name;
    match context {
        Context::Commit(field) => match field {
            CommitField::Sha | CommitField::HeadSha => is("CODEBUILD_RESOLVED_SOURCE_VERSION"),
            CommitField::Short => is("COMMIT_SHORT"),
            CommitField::Message => is("COMMIT_MESSAGE"),
            CommitField::Author => is("COMMIT_AUTHOR"),
            CommitField::Branch => is("COMMIT_BRANCH"),
            CommitField::Tag => is("COMMIT_TAG"),
            CommitField::Ref => ["COMMIT_REF", "COMMIT_BRANCH", "COMMIT_TAG"].contains(&symbol),
        },
        Context::Run(field) => is(match field {
            RunField::Id => "RUN_ID",
            RunField::Number => "RUN_NUMBER",
            RunField::Url => "CODEBUILD_BUILD_URL",
            RunField::Event => "RUN_EVENT",
            RunField::Actor => "CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID",
            RunField::Attempt | RunField::Token => return false,
        }),
        Context::Pr(field) => is(match field {
            PrField::Number => "PR_NUMBER",
            PrField::Source => "PR_SOURCE",
            PrField::Target => "PR_TARGET",
            PrField::Title => "PR_TITLE",
        }),
        Context::Repository(field) => is(match field {
            RepositoryField::Name => "REPOSITORY",
            RepositoryField::Owner => "REPOSITORY_OWNER",
            RepositoryField::Url => "REPOSITORY_URL",
            RepositoryField::DefaultBranch => return false,
        }),
        Context::JobStatus => is("JOB_STATUS"),
        Context::Output { job, output } => symbol == format!("{}_{}", upper(&pipeline.job(*job).name.value), upper(output)),
        Context::Input(name) => symbol == format!("INPUT_{}", upper(name)),
        Context::Matrix(axis) => symbol == format!("MATRIX_{}", upper(axis)),
        Context::Secret(name) | Context::Variable(name) | Context::Env(name) => symbol == name,
        Context::Image(image) => symbol == format!("IMAGE_{}", upper(&pipeline.images[image.index()].name.value)),
        Context::Value(value) => symbol == format!("VALUE_{}", upper(&pipeline.values[value.index()].name.value)),
        Context::Environment { field, .. } => *field == EnvironmentField::Url && is("ENVIRONMENT_URL"),
        Context::Gate { gate, field: GateField::Value } => {
            symbol == format!("GATE_{}_VALUE", upper(&pipeline.gate(*gate).name.value))
        }
        Context::Gate { field: GateField::Approver, .. }
        | Context::NeedsResult(_)
        | Context::JobName
        | Context::Registry(_)
        | Context::Service { .. }
        | Context::DockerHost => false,
    }
}

/// What is fixed: services and the daemon are at the machine's own address, and a pipeline knows its repository.
pub(super) fn spellings(pipeline: &Pipeline, target: TargetId, context: &Context) -> Vec<Vec<Bit>> {
    let text = |t: &str| vec![vec![Bit::Text(t.to_owned())]];
    let target = pipeline.targets.iter().find(|t| t.id == target);
    let repository = target.and_then(|t| t.aws.repository.as_ref()).map(|r| r.value.as_str());
    match (context, repository) {
        (Context::Service { field: ServiceField::Host, .. } | Context::DockerHost, _) => text("127.0.0.1"),
        (Context::Repository(RepositoryField::Name), Some(name)) => text(name),
        (Context::Repository(RepositoryField::Owner), Some(name)) => text(name.split('/').next().unwrap_or_default()),
        (Context::Repository(RepositoryField::Url), Some(name)) => text(&format!("https://github.com/{name}")),
        _ => Vec::new(),
    }
}
