//! What goes into a build and what comes out of it. Builds pass files by a bucket, below the id of their run.

use crate::back::aws::item::Item;
use crate::back::aws::place::Place;
use crate::back::shell::{enclosed, globbed, single_quoted};
use crate::back::state;
use crate::back::variables::{OUTPUT, Variables, axis, input, output, upper};
use crate::base::span::Spanned;
use crate::ir::event::{EventKind, InputKind};
use crate::ir::job::{Job, Report, ReportKind, Shell};
use crate::ir::step::Outcome;
use crate::ir::text::{Context, Part, RunField};
use crate::plan::job::{JobSource, PlannedJob};
use crate::plan::kept;
use crate::plan::step::{PlannedKind, PlannedStep};
use crate::target::frame;
use crate::target::frame::{FAILED, store};

/// The context of the id of the run, which is the folder of its files.
pub(super) const RUN: Context = Context::Run(RunField::Id);

/// Files of a job for other jobs.
pub(super) struct Upload {
    /// After which outcome.
    pub(super) when: Outcome,
    /// The code.
    pub(super) item: Item,
}

/// Before the command line of AWS, which speaks to the bucket as the build itself: a role that a step took has no right to it.
fn as_build(place: &Place<'_>) -> &'static str {
    if takes_role(place.job) { frame::AS_BUILD } else { "" }
}

/// Whether a step of the job takes another role than the build's.
pub(in crate::back) fn takes_role(job: &PlannedJob<'_>) -> bool {
    job.steps.iter().any(|s| match &s.kind {
        PlannedKind::Run(script) => {
            script.lines.iter().flat_map(|l| &l.parts).any(|p| matches!(p, Part::Literal(t) if t.contains(".aws/config")))
        }
        _ => false,
    })
}

/// Whether a step tells a channel's topic of SNS.
pub(super) fn publishes(step: &PlannedStep) -> bool {
    let says = |p: &Part| matches!(p, Part::Literal(text) if text.contains(PUBLISH));
    matches!(&step.kind, PlannedKind::Run(script) if script.lines.iter().flat_map(|l| &l.parts).any(says))
}

/// The command of such a step; as the build itself, since a role that a step took is for what it deploys.
pub(super) fn published(place: &Place<'_>, line: String) -> String {
    if takes_role(place.job) { line.replace(PUBLISH, &format!("{}{PUBLISH}", frame::AS_BUILD)) } else { line }
}

/// As `targets/scripts/sns.sh` has it: a command of the spec's own is for who took the role.
const PUBLISH: &str = r#"aws sns publish --region "${region%%:*}" --topic-arn "$TOPIC""#;

/// Whether the job reads or writes the bucket.
pub(in crate::back) fn uses_store(place: &Place<'_>) -> bool {
    !downloads(place, false).is_empty() || !uploads(place, false).is_empty()
}

/// The names of the archives of an artifact: one for each cell of its job.
fn archives(name: &str, job: &Job) -> Vec<String> {
    let Some(matrix) = &job.matrix else { return vec![format!("{name}.tar.gz")] };
    let of = |cell: &Vec<Option<String>>| {
        let values: Vec<&str> = cell.iter().map(|v| v.as_deref().unwrap_or_default()).collect();
        format!("{name}-{}.tar.gz", values.join("-"))
    };
    matrix.cells.iter().map(of).collect()
}

/// What a person must have given, where one started the run.
pub(super) fn input_checks(place: &Place<'_>, whole: bool) -> Vec<Item> {
    if !place.kinds().contains(&EventKind::Manual) || !place.job.needs.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for asked in &place.workflow.workflow.inputs {
        let (name, shown) = (input(&asked.name.value), &asked.name.value);
        let must = |regex: &str, what: &str| {
            format!(
                "printf '%s\\n' \"${name}\" | grep -Eq {} || {{ echo \"{shown} must be {what}\"; exit 1; }}",
                single_quoted(regex)
            )
        };
        match &asked.kind {
            InputKind::String => {
                if let Some(glob) = &asked.matches {
                    lines.push(must(&glob.value.to_regex(), &format!("like {}", glob.value.text())));
                }
            }
            InputKind::Boolean => lines.push(must("^(true|false)$", "true or false")),
            InputKind::Number => lines.push(must("^-?[0-9]+([.][0-9]+)?$", "a number")),
            InputKind::Choice(options) => {
                let words: Vec<&str> = options.iter().map(|o| o.value.as_str()).collect();
                lines.push(must(&format!("^({})$", words.join("|")), &format!("one of {}", words.join(", "))));
            }
            InputKind::Environment => {
                let words: Vec<&str> = place.plan.pipeline.environments.iter().map(|e| e.name.value.as_str()).collect();
                lines.push(must(&format!("^({})$", words.join("|")), &format!("one of {}", words.join(", "))));
            }
        }
    }
    if lines.is_empty() {
        return Vec::new();
    }
    let text = strict(place, &lines, whole);
    let text = if place.kinds().len() > 1 { format!("if [ \"$RUN_EVENT\" = manual ]; then\n{text}\nfi") } else { text };
    vec![Item { comment: Some(frame::GIVEN.to_owned()), text }]
}

/// Files and values of other jobs.
fn downloads(place: &Place<'_>, whole: bool) -> Vec<Item> {
    files(place, whole).into_iter().chain(values(place)).collect()
}

/// Files of other jobs.
pub(super) fn files(place: &Place<'_>, whole: bool) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for need in &place.job.needs {
        let Some(other) = place.workflow.jobs.get(need.job) else { continue };
        for artifact in &need.artifacts {
            for archive in archives(&artifact.value, &other.job) {
                let text = format!("{}aws s3 cp {} - | tar -xz", as_build(place), store(&archive));
                items.push(Item { comment: Some(format!("Files of {}", other.title)), text: strict(place, &[text], whole) });
            }
        }
    }
    items
}

/// Values of other jobs, which the condition of the job may read, too.
pub(super) fn values(place: &Place<'_>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for need in &place.job.needs {
        let Some(other) = place.workflow.jobs.get(need.job) else { continue };
        if fetches(place.job, other) {
            let file = format!("/tmp/{}.env", other.id);
            items.push(Item {
                comment: Some(format!("Outputs of {}", other.title)),
                text: format!("{}aws s3 cp --quiet {} {file}", as_build(place), store(&format!("outputs-{}.env", other.id))),
            });
            items.push(Item { comment: None, text: frame::sourced(&file) });
        }
    }
    items
}

/// Whether a job wants the values of another one.
fn fetches(reader: &PlannedJob<'_>, other: &PlannedJob<'_>) -> bool {
    let mut asked = reader.job.condition.iter().flat_map(|c| c.contexts()).map(|c| c.value);
    reader.reads(other) || asked.any(|c| matches!(c, Context::Output { job, .. } if other.source == JobSource::Spec(job)))
}

/// Files and values for other jobs.
pub(super) fn uploads(place: &Place<'_>, whole: bool) -> Vec<Upload> {
    let job = &*place.job.job;
    let mut found = Vec::new();
    let mine = place.workflow.jobs.iter().position(|j| j.id == place.job.id);
    let consumed = |name: &str| {
        let needs = place.workflow.jobs.iter().flat_map(|j| &j.needs);
        needs.filter(|n| Some(n.job) == mine).any(|n| n.artifacts.iter().any(|a| a.value == name))
    };
    let mut add = |name: &str, paths: &[Spanned<String>], when: Outcome, holds: bool| {
        let paths: Vec<&str> = paths.iter().map(|p| p.value.as_str()).collect();
        // A cell without a value of an axis has no variable of it.
        let cell: String = job.matrix.iter().flat_map(|m| &m.axes).map(|a| format!("-${{{}:-}}", axis(&a.value))).collect();
        let mut lines = vec![format!("{} | sort -u > /tmp/{name}.files || true", listed(&paths))];
        if holds {
            // After a failure there need be none.
            let failed = if when == Outcome::Success { String::new() } else { format!(" || {FAILED}") };
            lines.push(format!("[ -s /tmp/{name}.files ]{failed} || {{ echo \"no file for {name}\"; exit 1; }}"));
        }
        lines.push(format!("tar -czf /tmp/{name}.tar.gz -T /tmp/{name}.files"));
        let to = store(&format!("{name}{cell}.tar.gz"));
        lines.push(format!("{}aws s3 cp --quiet /tmp/{name}.tar.gz {to}", as_build(place)));
        let text = strict(place, &lines, whole);
        found.push(Upload { when, item: Item { comment: Some(format!("Keep {name}")), text } });
    };
    for artifact in &job.produces {
        let (name, when) = (&artifact.name.value, artifact.when);
        add(name, &artifact.paths, when, kept::must_hold(place.workflow, place.job, name, when));
    }
    for report in &job.reports {
        let name = format!("{}-{}", job.name.value, report.kind.value.word());
        if consumed(&name) || shown(place, report).is_none() {
            let found = report.kind.value == ReportKind::Sarif && report.when != Outcome::Failure;
            let holds = found || kept::must_hold(place.workflow, place.job, &name, report.when);
            add(&name, &report.paths, report.when, holds);
        }
    }
    let images = place
        .job
        .steps
        .iter()
        .any(|s| matches!(&s.kind, PlannedKind::DockerBuild(b) if place.workflow.image_is_read(place.job, b.image)));
    // What only its own steps read stays on the machine.
    let outputs = !job.outputs.is_empty() && place.workflow.jobs.iter().any(|j| j.id != place.job.id && fetches(j, place.job));
    if outputs || images {
        let mut lines = Vec::new();
        if outputs {
            let renames: Vec<String> =
                job.outputs.iter().map(|o| format!("-e 's/^{}=/{}=/p'", o.value, output(&place.job.id, &o.value))).collect();
            lines.push(format!("sed -n {} \"${OUTPUT}\" > /tmp/outputs.env", renames.join(" ")));
        }
        if images {
            lines.push(format!("cat {} {} /tmp/outputs.env", frame::IMAGES, if outputs { ">>" } else { ">" }));
        }
        lines.push(format!(
            "{}aws s3 cp --quiet /tmp/outputs.env {}",
            as_build(place),
            store(&format!("outputs-{}.env", place.job.id))
        ));
        let text = strict(place, &lines, whole);
        let comment = Some(frame::HANDED_ON.to_owned());
        found.push(Upload { when: Outcome::Success, item: Item { comment, text } });
    }
    found
}

/// Containers beside the build, and the wait until they answer.
pub(super) fn services(place: &Place<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    for service in &place.job.job.services {
        let name = &service.name.value;
        let mut options = vec![format!("--name {name}")];
        options.extend(service.port.iter().map(|p| format!("--publish {0}:{0}", p.value)));
        options.extend(service.env.iter().map(|e| format!("--env {}={}", e.name.value, place.quoted(&e.value))));
        let run = format!("docker run --detach {} {}", options.join(" "), place.quoted(&service.image));
        // Further attempts of the job keep the services of the first.
        let kept = place.job.job.retry.is_some();
        let text = if kept { format!("docker inspect {name} > /dev/null 2>&1 || {run}") } else { run };
        items.push(Item { comment: Some(format!("Start {name}")), text });
        let Some(ready) = &service.ready else { continue };
        let text = format!(
            "(\n  set -eu\n  tries=0\n  until timeout {limit} docker exec {name} sh -c {command}; do\n    tries=$((tries + 1))\n    [ \"$tries\" -lt {retries} ] || {{ docker logs {name}; exit 1; }}\n    sleep {every}\n  done\n)",
            limit = ready.timeout.seconds.max(1),
            command = single_quoted(&ready.command.value),
            retries = ready.retries.max(1),
            every = ready.every.seconds.max(1),
        );
        items.push(Item { comment: Some(format!("Wait until {name} answers")), text });
    }
    items
}

/// The format in which CodeBuild itself shows a report; none where it does not. A build whose report is missing fails when it hands over its
/// files (<https://github.com/prowler-cloud/prowler/issues/1182>), so one that may end before it wrote any keeps it as an artifact.
pub(super) fn shown(place: &Place<'_>, report: &Report) -> Option<&'static str> {
    let whole = !place.guarded && place.job.job.allow_failure.is_none();
    whole.then(|| report_format(report.kind.value, report.format.as_ref().map(|f| f.value.as_str()))).flatten()
}

/// The format of a report in CodeBuild's words; none for one that it does not show
/// (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#reports-buildspec-file>).
fn report_format(kind: ReportKind, format: Option<&str>) -> Option<&'static str> {
    match (kind, format) {
        (ReportKind::Junit, _) => Some("JUNITXML"),
        (ReportKind::Coverage, None | Some("cobertura")) => Some("COBERTURAXML"),
        (ReportKind::Coverage, Some("jacoco")) => Some("JACOCOXML"),
        (ReportKind::Coverage, Some("clover")) => Some("CLOVERXML"),
        (ReportKind::Coverage, Some(_)) | (ReportKind::Sarif, _) => None,
    }
}

/// The name of a report group: `unit-junit`.
pub(super) fn report_name(job: &str, kind: ReportKind) -> String {
    format!("{}-{}", upper(job).to_ascii_lowercase().replace('_', "-"), kind.word())
}

/// A command that lists the files at paths and below them. A star takes names that begin with a dot, and two of them take folders too.
fn listed(paths: &[&str]) -> String {
    let (plain, patterns): (Vec<&str>, Vec<&str>) = paths.iter().partition(|p| !p.contains(['*', '?', '[']));
    let words: Vec<String> = plain.iter().map(|p| single_quoted(p)).chain(patterns.iter().map(|p| globbed(p))).collect();
    let find = format!("find {} -type f -o -type l", words.join(" "));
    if patterns.is_empty() { find } else { format!("bash -O dotglob -O globstar -c {}", single_quoted(&find)) }
}

/// Lines that stop at the first failure. In the script of a whole job they do so by themselves.
pub(super) fn strict(place: &Place<'_>, lines: &[String], whole: bool) -> String {
    if whole && !state::changes(&lines.join("\n")) {
        return lines.join("\n");
    }
    let mut inner = vec![options(&place.job.job).to_owned()];
    inner.extend_from_slice(lines);
    enclosed("(", &inner, ")")
}

/// The options of a shell that stops at the first failure, of a pipe too where the shell knows that.
pub(super) fn options(job: &Job) -> &'static str {
    if job.shell.value == Shell::Sh { "set -eu" } else { "set -euo pipefail" }
}

#[cfg(test)]
mod tests {
    use super::PUBLISH;

    #[test]
    fn the_command_of_a_channel_is_known_by_its_words() {
        assert!(include_str!("../../../targets/scripts/sns.sh").contains(PUBLISH));
    }
}
