//! Which job of the spec a file of a build is, and which secret an id.

use std::collections::BTreeMap;

use crate::ir::Pipeline;
use crate::ir::id::{JobId, WorkflowId};

/// A name as a part of a path: letters, digits and hyphens.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

/// The job whose buildspec stands at `folder/WORKFLOW/JOB.yml`. A job that a digit begins has `job-` before it; of two of one name in a
/// workflow the later has the workflow before it.
pub(super) fn job(pipeline: &Pipeline, path: &str) -> Option<(WorkflowId, JobId)> {
    let mut parts = path.trim_end_matches(".yml").rsplit('/');
    let (name, folder) = (parts.next()?, parts.next()?);
    let workflow = pipeline.workflows.iter().position(|w| plain(&w.name.value) == plain(folder))?;
    let id = WorkflowId(workflow as u32);
    let jobs = &pipeline.workflow(id).jobs;
    let wanted = plain(name);
    let found = |with: &dyn Fn(&str) -> String| jobs.iter().copied().find(|j| with(&pipeline.job(*j).name.value) == wanted);
    let own = found(&|n| plain(n));
    let digit = || found(&|n| format!("job-{}", plain(n)));
    let qualified = || found(&|n| format!("{}-{}", plain(folder), plain(n)));
    own.or_else(digit).or_else(qualified).map(|job| (id, job))
}

/// The secrets that a job may name: ids of the Secrets Manager, and the vendor's names of them. Those of its environment stand below it,
/// unless the spec says where they are.
pub(super) fn secrets(pipeline: &Pipeline, job: JobId) -> BTreeMap<String, String> {
    let entered = pipeline.job(job).environment.as_ref().map(|e| pipeline.environment(e.environment));
    let of_pipeline = &pipeline.name.value;
    let mut found: BTreeMap<String, String> =
        pipeline.secrets.iter().map(|s| (format!("{of_pipeline}/{}", s.name.value), s.name.value.clone())).collect();
    for (environment, secret) in entered.iter().flat_map(|e| e.secrets.iter().map(move |s| (e, s))) {
        let name = &secret.name.value;
        found.remove(&format!("{of_pipeline}/{name}"));
        let from = secret.from.as_ref().map(|f| f.value.as_str());
        let id = match (from.and_then(|f| f.strip_prefix("aws-secretsmanager:")), from.and_then(|f| f.strip_prefix("ci:"))) {
            // A key in it stands behind a colon in a buildspec.
            (Some(id), _) => id.replace('#', ":"),
            (None, Some(own)) => format!("{of_pipeline}/{own}"),
            (None, None) => format!("{of_pipeline}/{}/{name}", environment.name.value),
        };
        found.insert(id, environment.vendor_secret(name).to_owned());
    }
    found
}
