//! A job as the buildspec of its build.

use serde::Serialize;

use crate::back::aws::cache::{self, CacheView};
use crate::back::aws::guard::Guard;
use crate::back::aws::item::Item;
use crate::back::aws::place::Place;
use crate::back::aws::{data, script, tool};
use crate::back::variables::OUTPUT;
use crate::ir::job::Shell;
use crate::ir::text::Text;
use crate::plan::step::PlannedKind;
use crate::target::frame;

/// What the template of a buildspec reads.
#[derive(Serialize)]
pub(in crate::back) struct View {
    header: String,
    title: String,
    shell: Option<&'static str>,
    variables: Vec<(String, String)>,
    parameters: Vec<(String, String)>,
    secrets: Vec<(String, String)>,
    runtimes: Vec<(String, String)>,
    build: Vec<Command>,
    post_build: Vec<Command>,
    reports: Vec<Report>,
    cache: Option<CacheView>,
}

#[derive(Serialize)]
struct Command {
    comment: Option<String>,
    text: String,
}

#[derive(Serialize)]
struct Report {
    name: String,
    files: Vec<String>,
    format: &'static str,
}

/// The buildspec of a job. `limit` are the seconds after which CodeBuild itself ends the build.
pub(in crate::back) fn view(place: Place<'_>, header: String, guard: Option<&Guard>, limit: u64) -> View {
    let commands = script::of_job(place, guard, limit);
    let job = &*place.job.job;
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: String| match variables.iter_mut().find(|(n, _)| n == name) {
        Some(found) => found.1 = value,
        None => variables.push((name.to_owned(), value)),
    };
    let mut parameters = Vec::new();
    for name in &place.job.variables {
        let declared = place.plan.pipeline.variables.iter().find(|v| v.name.value == *name);
        match declared.and_then(|v| v.value.as_ref()) {
            Some(value) => set(name, place.fixed(value).unwrap_or_default()),
            None => parameters.push((name.clone(), parameter(&place, name))),
        }
    }
    for variable in place.workflow.env.iter().chain(&place.job.env) {
        if let Some(value) = place.fixed(&variable.value) {
            set(&variable.name.value, value);
        }
    }
    if !job.outputs.is_empty() {
        set(OUTPUT, frame::OUTPUTS.to_owned());
    }
    let secrets = place.job.secrets.iter().map(|name| (name.clone(), secret(&place, name))).collect();
    let runtimes = place.job.steps.iter().flat_map(|s| match &s.kind {
        PlannedKind::Toolchain(toolchain) => {
            let of = |(language, version): &(crate::base::span::Spanned<String>, Text)| {
                tool::runtime(&language.value, &place.fixed(version).unwrap_or_default())
            };
            toolchain.tools.iter().map(of).collect()
        }
        _ => Vec::new(),
    });
    let reports = job.reports.iter().filter_map(|r| {
        let format = data::shown(&place, r)?;
        let files = r.paths.iter().map(|p| p.value.clone()).collect();
        Some(Report { name: data::report_name(&place.job.title, r.kind.value), files, format })
    });
    let reports = reports.collect();
    let command = |item: Item| Command { comment: item.comment, text: item.text };
    View {
        header,
        title: place.job.title.clone(),
        shell: (job.shell.value != Shell::Sh).then_some("bash"),
        variables,
        parameters,
        secrets,
        runtimes: runtimes.collect(),
        build: commands.build.into_iter().map(command).collect(),
        post_build: commands.post_build.into_iter().map(command).collect(),
        reports,
        cache: cache::of_job(&place),
    }
}

/// The name of a parameter of the Systems Manager that holds a variable.
pub(in crate::back) fn parameter(place: &Place<'_>, name: &str) -> String {
    format!("/{}/{name}", place.plan.pipeline.name.value)
}

/// The id of a secret of the Secrets Manager: of the job's environment, or of the pipeline.
pub(in crate::back) fn secret(place: &Place<'_>, name: &str) -> String {
    let pipeline = &place.plan.pipeline.name.value;
    let environment = place.job.environment.as_ref().and_then(|e| e.id).map(|id| place.plan.pipeline.environment(id));
    let own = environment.and_then(|e| e.secrets.iter().find(|s| s.name.value == name).map(|s| (e, s)));
    match own {
        None => format!("{pipeline}/{name}"),
        Some((environment, secret)) => match secret.from.as_ref().map(|f| f.value.as_str()) {
            Some(from) if from.starts_with("aws-secretsmanager:") => {
                // A buildspec writes `name:key`; what stands behind the name of another store is that store's.
                from.trim_start_matches("aws-secretsmanager:").replace('#', ":")
            }
            Some(from) if from.starts_with("ci:") => format!("{pipeline}/{}", from.trim_start_matches("ci:")),
            Some(_) | None => format!("{pipeline}/{}/{name}", environment.name.value),
        },
    }
}
