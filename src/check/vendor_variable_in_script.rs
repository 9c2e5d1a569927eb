//! A variable that one vendor sets, in a script that another runs too.

use std::collections::BTreeSet;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script::{self, Line};
use crate::ir::Pipeline;
use crate::ir::id::TargetId;

/// Beginnings of names, and whose they are; none for a vendor that is no target.
const VENDORS: &[(&str, &str, Option<TargetId>)] = &[
    ("CODEBUILD_", "AWS CodeBuild", Some(TargetId::Codebuild)),
    ("GITHUB_", "GitHub", Some(TargetId::Github)),
    ("RUNNER_", "GitHub", Some(TargetId::Github)),
    ("GITLAB_", "GitLab", Some(TargetId::Gitlab)),
    ("CI_", "GitLab", Some(TargetId::Gitlab)),
];

/// What a spec writes instead.
const NEUTRAL: &[(&str, &str)] = &[
    ("CI_COMMIT_SHA", "${commit.sha}"),
    ("GITHUB_SHA", "${commit.sha}"),
    ("CODEBUILD_RESOLVED_SOURCE_VERSION", "${commit.sha}"),
    ("CI_COMMIT_SHORT_SHA", "${commit.short}"),
    ("CI_COMMIT_BRANCH", "${commit.branch}"),
    ("CI_COMMIT_TAG", "${commit.tag}"),
    ("CI_COMMIT_REF_NAME", "${commit.ref}"),
    ("GITHUB_REF_NAME", "${commit.ref}"),
    ("CI_COMMIT_MESSAGE", "${commit.message}"),
    ("CI_COMMIT_AUTHOR", "${commit.author}"),
    ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "${pr.source}"),
    ("GITHUB_HEAD_REF", "${pr.source}"),
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "${pr.target}"),
    ("GITHUB_BASE_REF", "${pr.target}"),
    ("CI_MERGE_REQUEST_IID", "${pr.number}"),
    ("CI_MERGE_REQUEST_TITLE", "${pr.title}"),
    ("CI_PIPELINE_ID", "${run.id}"),
    ("GITHUB_RUN_ID", "${run.id}"),
    ("CODEBUILD_BUILD_ID", "${run.id}"),
    ("CI_PIPELINE_IID", "${run.number}"),
    ("GITHUB_RUN_NUMBER", "${run.number}"),
    ("CODEBUILD_BUILD_NUMBER", "${run.number}"),
    ("CI_PIPELINE_URL", "${run.url}"),
    ("GITHUB_RUN_ATTEMPT", "${run.attempt}"),
    ("CI_PIPELINE_SOURCE", "${run.event}"),
    ("GITHUB_EVENT_NAME", "${run.event}"),
    ("GITHUB_ACTOR", "${run.actor}"),
    ("GITLAB_USER_LOGIN", "${run.actor}"),
    ("GITHUB_TOKEN", "${run.token}"),
    ("CI_JOB_TOKEN", "${run.token}"),
    ("CI_PROJECT_PATH", "${repository.name}"),
    ("GITHUB_REPOSITORY", "${repository.name}"),
    ("CI_PROJECT_NAMESPACE", "${repository.owner}"),
    ("GITHUB_REPOSITORY_OWNER", "${repository.owner}"),
    ("CI_PROJECT_URL", "${repository.url}"),
    ("CI_DEFAULT_BRANCH", "${repository.default-branch}"),
    ("CI_JOB_NAME", "${job.name}"),
    ("GITHUB_JOB", "${job.name}"),
    ("CI_JOB_STATUS", "${job.status}"),
    ("CI_ENVIRONMENT_NAME", "${environment.name}"),
    ("CI_ENVIRONMENT_URL", "${environment.url}"),
    ("GITHUB_OUTPUT", "$PIPEWRIGHT_OUTPUT and an `output`"),
    ("GITHUB_ENV", "`env` of the job, or an `output`"),
    ("CI_REGISTRY", "${registry.NAME} of a declared registry"),
    ("CI_REGISTRY_IMAGE", "${registry.NAME} of a declared registry"),
];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for line in script::all(pipeline) {
        let text = script::marked(line.text);
        let mut said = BTreeSet::new();
        for name in script::expanded(&text) {
            let Some((_, vendor, target)) = VENDORS.iter().find(|(start, ..)| name.starts_with(start)) else { continue };
            let sets = |id: TargetId| Some(id) == *target || id.is_aws() && target.is_some_and(TargetId::is_aws);
            let other = pipeline.targets.iter().any(|t| !sets(t.id));
            if other && said.insert(name) && !script::is_set(pipeline, line, name) {
                diagnostics.push(finding(line, name, vendor));
            }
        }
    }
}

fn finding(line: Line<'_>, name: &str, vendor: &str) -> Diagnostic {
    let neutral = NEUTRAL.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
    let help = neutral.map_or_else(
        || "use a context of the spec, or put the step into a portable action with a body for each vendor".to_owned(),
        |ours| format!("write {ours} instead"),
    );
    Diagnostic::warning(
        "vendor-variable-in-script",
        line.text.span,
        format!("`${name}` is set by {vendor} only; elsewhere this script reads nothing"),
    )
    .label("a variable of one vendor")
    .help(help)
}
