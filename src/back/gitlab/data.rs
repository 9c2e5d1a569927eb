//! What goes into a job and what comes out of it: checks before its steps, outputs behind them, artifacts and reports.

use crate::back::gitlab::kept;
use crate::back::gitlab::script::Item;
use crate::back::gitlab::time::words;
use crate::back::gitlab::value::{Place, word};
use crate::back::gitlab::view;
use crate::back::variables::{OUTPUT, Variables, input, output};
use crate::ir::event::EventKind;
use crate::ir::job::ReportKind;
use crate::ir::step::Outcome;
use crate::ir::units::Duration;

/// Lines before the steps: what a person must have said, and what the services need time for.
pub(super) fn first_lines(place: Place<'_>) -> Vec<Item> {
    let mut out = Vec::new();
    if !place.job.job.outputs.is_empty() {
        out.push(Item { comment: None, text: format!("touch \"${OUTPUT}\"") });
    }
    if place.job.needs.is_empty() {
        out.extend(input_check(place).map(|text| Item { comment: Some("What a person must give.".to_owned()), text }));
    }
    for service in &place.job.job.services {
        let (Some(ready), Some(port)) = (&service.ready, &service.port) else { continue };
        let name = &service.name.value;
        // The container cannot be entered from here: that its port answers is the nearest there is to its own command.
        let text = format!(
            "tries=0\nuntil (: < /dev/tcp/{name}/{port}) 2> /dev/null; do\n  tries=$((tries + 1))\n  [ \"$tries\" -lt {retries} ] || {{ echo \"{name} does not answer\"; exit 1; }}\n  sleep {every}\ndone",
            port = port.value,
            retries = ready.retries.max(1),
            every = ready.every.seconds.max(1),
        );
        out.push(Item { comment: Some(format!("Wait until {name} answers.")), text });
    }
    out
}

/// Refuses a pipeline that a person started without what the spec asks for.
fn input_check(place: Place<'_>) -> Option<String> {
    let kinds = place.kinds();
    if !kinds.contains(&EventKind::Manual) {
        return None;
    }
    let mut checks = Vec::new();
    for asked in &place.workflow.workflow.inputs {
        let name = input(&asked.name.value);
        if asked.required && asked.default.is_none() {
            checks.push(format!(": \"${{{name}:?is required}}\""));
        }
        if let Some(glob) = &asked.matches {
            let test = format!("printf '%s\\n' \"${name}\" | grep -Eq {}", word(&glob.value.to_regex()));
            checks.push(format!("{test} || {{ echo \"{name} must look like {}\"; exit 1; }}", glob.value.text()));
        }
    }
    match (checks.as_slice(), kinds.len()) {
        ([], _) => None,
        (_, 1) => Some(checks.join("\n")),
        ([only], _) if !only.contains(" || ") => {
            Some(format!("case \"$CI_PIPELINE_SOURCE\" in web | api | trigger) {only} ;; esac"))
        }
        _ => {
            Some(format!("case \"$CI_PIPELINE_SOURCE\" in\n  web | api | trigger)\n    {}\n    ;;\nesac", checks.join("\n    ")))
        }
    }
}

/// Lines behind the steps: a look for the files of artifacts, and outputs under the names that other jobs read.
pub(super) fn last_lines(place: Place<'_>) -> Vec<Item> {
    let mut lines = kept::looked_for(place);
    lines.extend(outputs(place));
    lines
}

fn outputs(place: Place<'_>) -> Vec<Item> {
    let outputs = &place.job.job.outputs;
    if outputs.is_empty() {
        return Vec::new();
    }
    let renames: Vec<String> =
        outputs.iter().map(|o| format!("-e 's/^{}=/{}=/p'", o.value, output(&place.job.id, &o.value))).collect();
    let text = format!("sed -n {} \"${OUTPUT}\" >> outputs.env", renames.join(" "));
    vec![Item { comment: Some("For the jobs that read these outputs.".to_owned()), text }]
}

pub(super) fn artifacts(place: Place<'_>, script: &[Item]) -> Option<view::Artifacts> {
    let job = &*place.job.job;
    let mut paths: Vec<String> = Vec::new();
    let mut add = |path: &str| {
        if !paths.iter().any(|p| p == path) {
            paths.push(path.to_owned());
        }
    };
    job.produces.iter().flat_map(|a| &a.paths).for_each(|p| add(&p.value));
    let of_kind = |kind: ReportKind| job.reports.iter().filter(move |r| r.kind.value == kind);
    let shown = |format: &str| matches!(format, "cobertura" | "jacoco");
    let coverage = of_kind(ReportKind::Coverage).find_map(|r| {
        let format = r.format.as_ref().map_or("cobertura", |f| f.value.as_str());
        shown(format).then(|| Some((format.to_owned(), r.paths.first()?.value.clone())))?
    });
    for report in &job.reports {
        let name = format!("{}-{}", job.name.value, report.kind.value.word());
        let mine = place.workflow.jobs.iter().position(|j| j.id == place.job.id);
        let consumed = place
            .workflow
            .jobs
            .iter()
            .flat_map(|j| &j.needs)
            .any(|n| Some(n.job) == mine && n.artifacts.iter().any(|a| a.value == name));
        let hidden = match report.kind.value {
            ReportKind::Junit => false,
            ReportKind::Coverage => !shown(report.format.as_ref().map_or("cobertura", |f| f.value.as_str())),
            ReportKind::Sarif => true,
        };
        if consumed || hidden {
            report.paths.iter().for_each(|p| add(&p.value));
        }
    }
    let junit: Vec<String> = of_kind(ReportKind::Junit).flat_map(|r| &r.paths).map(|p| p.value.clone()).collect();
    let dotenv = script.iter().any(|i| i.text.contains("outputs.env"));
    if paths.is_empty() && junit.is_empty() && coverage.is_none() && !dotenv {
        return None;
    }
    let outcomes = job.produces.iter().map(|a| a.when).chain(job.reports.iter().map(|r| r.when));
    let outcomes: Vec<Outcome> = outcomes.collect();
    let when = if outcomes.iter().all(|o| *o == Outcome::Success) {
        None
    } else if outcomes.iter().all(|o| *o == Outcome::Failure) {
        Some("on_failure")
    } else {
        Some("always")
    };
    let keep = job.produces.iter().filter_map(|a| a.keep.as_ref()).map(|k| k.value).max();
    let name = if let [only] = job.produces.as_slice() { Some(only.name.value.clone()) } else { None };
    Some(view::Artifacts { name, paths, when, expire_in: keep.map(|k: Duration| words(k.seconds)), junit, coverage, dotenv })
}
