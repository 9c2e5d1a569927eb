//! What GitLab calls what the spec names (GitLab's documentation, "Predefined CI/CD variables"), and what pipewright's own variables are called.

use crate::ir::text::{CommitField, Context, GateField, PrField, RepositoryField, RunField, ServiceField};
use crate::verify::behaviour::Bit;
use crate::verify::gitlab::Gitlab;
use crate::verify::texts::upper;

/// Whether a variable is what the spec calls so.
pub(super) fn means(gitlab: &Gitlab<'_>, at: usize, symbol: &str, context: &Context) -> bool {
    let pipeline = gitlab.pipeline;
    let job = gitlab.found[at].job.map(|id| pipeline.job(id));
    let id_of = |id| gitlab.found.iter().find(|f| f.job == Some(id)).map_or("", |f| f.id.as_str());
    let is = |name: &str| symbol == name;
    match context {
        Context::Commit(field) => match field {
            CommitField::Sha => is("CI_COMMIT_SHA"),
            // On a merge request GitLab has the branch itself unless it tries the merge.
            CommitField::HeadSha => is("CI_COMMIT_SHA") || is("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"),
            CommitField::Short => is("COMMIT_SHORT"),
            CommitField::Message => is("CI_COMMIT_MESSAGE"),
            CommitField::Author => is("COMMIT_AUTHOR"),
            CommitField::Branch => is("CI_COMMIT_BRANCH"),
            CommitField::Tag => is("CI_COMMIT_TAG"),
            CommitField::Ref => is("CI_COMMIT_REF_NAME"),
        },
        Context::Run(field) => is(match field {
            RunField::Id => "CI_PIPELINE_ID",
            RunField::Number => "CI_PIPELINE_IID",
            RunField::Url => "CI_PIPELINE_URL",
            RunField::Event => "RUN_EVENT",
            RunField::Actor => "GITLAB_USER_LOGIN",
            RunField::Token => "CI_JOB_TOKEN",
            RunField::Attempt => return false,
        }),
        Context::Pr(field) => is(match field {
            PrField::Number => "CI_MERGE_REQUEST_IID",
            PrField::Source => "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
            PrField::Target => "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
            PrField::Title => "CI_MERGE_REQUEST_TITLE",
        }),
        Context::Repository(field) => is(match field {
            RepositoryField::Name => "CI_PROJECT_PATH",
            RepositoryField::Owner => "CI_PROJECT_NAMESPACE",
            RepositoryField::Url => "CI_PROJECT_URL",
            RepositoryField::DefaultBranch => "CI_DEFAULT_BRANCH",
        }),
        Context::JobStatus => is("JOB_STATUS"),
        Context::Output { job, output } => symbol == format!("{}_{}", upper(id_of(*job)), upper(output)),
        Context::NeedsResult(job) => symbol == format!("{}_RESULT", upper(id_of(*job))),
        Context::Input(name) => symbol == format!("INPUT_{}", upper(name)),
        Context::Matrix(axis) => symbol == format!("MATRIX_{}", upper(axis)),
        Context::Secret(name) => {
            let environment = job.and_then(|j| j.environment.as_ref()).map(|e| pipeline.environment(e.environment));
            symbol == environment.map_or(name.as_str(), |e| e.vendor_secret(name))
        }
        Context::Variable(name) | Context::Env(name) => symbol == name,
        Context::Image(image) => symbol == format!("IMAGE_{}", upper(&pipeline.images[image.index()].name.value)),
        Context::Value(value) => symbol == format!("VALUE_{}", upper(&pipeline.values[value.index()].name.value)),
        Context::Environment { .. } => is("CI_ENVIRONMENT_URL"),
        Context::Gate { gate, field } => match field {
            GateField::Value => symbol == format!("GATE_{}_VALUE", upper(&pipeline.gate(*gate).name.value)),
            GateField::Approver => is("GITLAB_USER_LOGIN"),
        },
        Context::JobName | Context::Registry(_) | Context::Service { .. } | Context::DockerHost => false,
    }
}

/// What is fixed: services are reached by their aliases, the daemon by its own.
pub(super) fn spellings(context: &Context) -> Vec<Vec<Bit>> {
    let text = |t: &str| vec![vec![Bit::Text(t.to_owned())]];
    match context {
        Context::Service { service, field: ServiceField::Host } => text(service),
        Context::DockerHost => text("docker"),
        // A job that is tried again is told nothing of it.
        Context::Run(RunField::Attempt) => text("1"),
        _ => Vec::new(),
    }
}
