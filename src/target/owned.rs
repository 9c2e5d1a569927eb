//! Keys of a vendor's files that the compiler writes, or that would take away what it wrote: `raw` may not name them.

use crate::ir::id::TargetId;

/// Where a `raw` stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// On a workflow: the top of the file.
    Workflow,
    /// On a job.
    Job,
    /// On a job that says no cells of its own.
    Cells,
    /// On a job of which they are the whole.
    Whole,
}

const GITHUB_WORKFLOW: &[&str] = &["name", "on", "permissions", "env", "defaults", "concurrency", "jobs"];

const GITHUB_JOB: &[&str] = &[
    "name",
    "needs",
    "if",
    "runs-on",
    "environment",
    "permissions",
    "concurrency",
    "timeout-minutes",
    "continue-on-error",
    "strategy",
    "container",
    "services",
    "outputs",
    "env",
    "defaults",
    "steps",
    "uses",
    "with",
    "secrets",
];

const GITLAB_WORKFLOW: &[&str] =
    &["workflow", "stages", "default", "variables", "spec", "image", "services", "cache", "before_script", "after_script"];

const GITLAB_JOB: &[&str] = &[
    "extends",
    "stage",
    "image",
    "services",
    "tags",
    "needs",
    "dependencies",
    "rules",
    "only",
    "except",
    "when",
    "start_in",
    "manual_confirmation",
    "environment",
    "resource_group",
    "interruptible",
    "timeout",
    "retry",
    "allow_failure",
    "parallel",
    "id_tokens",
    "variables",
    "cache",
    "artifacts",
    "before_script",
    "script",
    "after_script",
    "run",
];

/// Whether a key is not for `raw`.
pub fn is_owned(target: TargetId, level: Level, key: &str) -> bool {
    let owned = match (target, level) {
        (TargetId::Github, Level::Workflow) => GITHUB_WORKFLOW,
        (TargetId::Github, Level::Job) => GITHUB_JOB,
        (TargetId::Gitlab, Level::Workflow) => GITLAB_WORKFLOW,
        (TargetId::Github, Level::Whole) => &["name", "needs", "if"],
        (TargetId::Github, Level::Cells) => return key != "strategy" && GITHUB_JOB.contains(&key),
        (TargetId::Gitlab, Level::Job | Level::Cells | Level::Whole) => GITLAB_JOB,
        // It has a word for each of them, and pipewright writes it.
        (TargetId::Codepipeline, Level::Workflow) => return true,
        (TargetId::Codepipeline, Level::Job | Level::Cells | Level::Whole) => {
            &["Name", "RunOrder", "Region", "InputArtifacts", "OutputArtifacts"]
        }
        // The tables refuse `raw` there.
        (TargetId::Codebuild, _) => &[],
    };
    owned.contains(&key)
}
