//! The projects of a pipeline's builds, and a role for each environment, set of secrets and set of rights.

use crate::back::aws::names::{BUCKET, logical};
use crate::back::aws::place::Place;
use crate::back::aws::policy::{self, Statement};
use crate::back::aws::{data, machine};
use crate::back::codebuild::file;
use crate::back::codepipeline::view::{Project, Role};
use crate::back::codepipeline::{FOLDER, limit};
use crate::plan::job::PlannedJob;
use crate::plan::step::PlannedKind;

/// The logical id of a job's project.
pub(super) fn id(job: &PlannedJob<'_>) -> String {
    format!("{}Project", logical(&job.id))
}

/// The projects of the jobs of a pipeline, and their roles.
pub(super) fn of_jobs(jobs: &[Place<'_>], prefix: &str, connection: &str) -> (Vec<Project>, Vec<Role>) {
    let mut roles: Vec<(Option<String>, Role)> = Vec::new();
    let mut projects = Vec::new();
    for place in jobs {
        let environment = place.job.environment.as_ref().map(|e| e.name.clone());
        let statements = rights(place, prefix, connection);
        let known = roles.iter().position(|(e, r)| *e == environment && r.statements == statements);
        let at = known.unwrap_or_else(|| {
            let wanted = match &environment {
                Some(name) => format!("{}Role", logical(name)),
                None if statements.len() == plain(place, prefix, connection).len() => "BuildsRole".to_owned(),
                None => format!("{}Role", logical(&place.job.id)),
            };
            let taken = |name: &str| roles.iter().any(|(_, r)| r.id == name);
            let id = if taken(&wanted) { format!("{}Role", logical(&place.job.id)) } else { wanted };
            roles.push((environment, Role { id, comment: String::new(), statements }));
            roles.len() - 1
        });
        let role = &mut roles[at].1;
        role.comment = if role.comment.is_empty() {
            format!("What may be done by {}", place.job.title)
        } else {
            format!("{}, {}", role.comment, place.job.title)
        };
        projects.push(Project {
            id: id(place.job),
            name: format!("{prefix}-{}", file(&place.job.id)),
            description: place.job.title.clone(),
            buildspec: format!("{FOLDER}/{}/{}.yml", place.workflow.file, file(&place.job.id)),
            role: role.id.clone(),
            machine: machine::of_job(place),
            store: data::uses_store(place),
            cache: has_cache(place),
            minutes: limit(place.job).div_ceil(60),
        });
    }
    (projects, roles.into_iter().map(|(_, r)| r).collect())
}

fn has_cache(place: &Place<'_>) -> bool {
    place.job.steps.iter().any(|s| match &s.kind {
        PlannedKind::Cache(_) => true,
        PlannedKind::Toolchain(toolchain) => toolchain.cache,
        _ => false,
    })
}

/// What every build may do: write its log, read the source that the pipeline hands it.
fn plain(place: &Place<'_>, prefix: &str, connection: &str) -> Vec<Statement> {
    let log = policy::of_jobs(&[], &format!("{prefix}-*"), BUCKET);
    let store = data::uses_store(place) || has_cache(place);
    let actions: &[&str] = if store { &["s3:GetObject", "s3:PutObject"] } else { &["s3:GetObject"] };
    let bucket = Statement::new(actions, vec![format!("${{{BUCKET}.Arn}}/*")]);
    log.into_iter().chain([bucket, connected(connection)]).collect()
}

/// A build clones the repository itself, with its history, by the connection; those made before July 2024 have another prefix
/// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/troubleshooting.html#codebuild-role-connections>,
/// <https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html>).
pub(super) fn connected(connection: &str) -> Statement {
    Statement::new(&["codeconnections:UseConnection", "codestar-connections:UseConnection"], vec![connection.to_owned()])
}

fn rights(place: &Place<'_>, prefix: &str, connection: &str) -> Vec<Statement> {
    let own = policy::of_jobs(std::slice::from_ref(place), &format!("{prefix}-*"), BUCKET);
    let mut all = plain(place, prefix, connection);
    let beside = own.into_iter().filter(|s| !s.actions.iter().any(|a| a.starts_with("s3:")) && !all.contains(s));
    let beside: Vec<Statement> = beside.collect();
    all.extend(beside);
    all
}
