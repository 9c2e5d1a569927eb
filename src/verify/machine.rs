//! On what a job runs, how often and for how long: containers, cells, further attempts, limits.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::id::TargetId;
use crate::ir::job::{Job, Runner};
use crate::ir::text::{Context, EnvVar};
use crate::verify::behaviour::{Bit, Found, Reader, Variables};
use crate::verify::texts::Scope;

/// What is wrong: the point, what the spec says, what the target does.
pub(super) type Fault = (u8, String, String);

/// Compares a job with what stands at a place.
pub(super) fn faults(pipeline: &Pipeline, target: &Target, reader: &dyn Reader, at: usize, job: &Job) -> Vec<Fault> {
    let found = &reader.found()[at];
    let mut faults = Vec::new();
    if target.id.is_aws() {
        // What no event starts has no project.
        if found.whole.is_none() {
            return faults;
        }
        // The reader itself looks at the cells, and attempts are those of a script.
        usual(target, job, found, &mut faults);
        limit_of_build(job, found, &mut faults);
    } else {
        cells(reader, at, job, &mut faults);
        limit(job, found, &mut faults);
        retry(target.id, job, found, &mut faults);
    }
    containers(pipeline, reader, at, job, &mut faults);
    faults
}

fn containers(pipeline: &Pipeline, reader: &dyn Reader, at: usize, job: &Job, faults: &mut Vec<Fault>) {
    let found = &reader.found()[at];
    let env: Vec<&EnvVar> = pipeline.workflow(job.workflow).env.iter().chain(&job.env).collect();
    let none = Variables::new();
    let scope = Scope { pipeline, reader, at, job, env: &env, given: [&none, &found.env] };
    // GitLab is told no label that only the run knows: that is accepted by name.
    let is_said =
        reader.word() == TargetId::Github.word() || job.runner.is_by_variables() && reader.word() == TargetId::Gitlab.word();
    if let Some(label) = job.runner.label().filter(|_| is_said)
        && !found.label.as_ref().is_some_and(|bits| scope.value(label, bits))
    {
        let is = found.label.as_deref().map_or("it asks for another".to_owned(), |bits| format!("it asks for {}", shown(bits)));
        faults.push((3, "it asks for the runner that the label of the spec names".to_owned(), is));
    }
    if let Some(image) = &job.image
        && !found.image.as_ref().is_some_and(|bits| scope.value(image, bits))
    {
        let is = found.image.as_deref().map_or("on the machine itself".to_owned(), |bits| format!("in {}", shown(bits)));
        faults.push((3, "its scripts run in the image of the spec".to_owned(), format!("they run {is}")));
    }
    if job.image.is_some() && found.entrypoint == Some(job.no_entrypoint.is_some()) {
        let (with, without) =
            ("the program that its image starts with runs first", "its image starts with no program of its own");
        let (wanted, is) = if job.no_entrypoint.is_some() { (without, with) } else { (with, without) };
        faults.push((3, wanted.to_owned(), is.to_owned()));
    }
    for service in &job.services {
        let name = &service.name.value;
        let Some(beside) = found.services.iter().find(|s| s.name == *name) else {
            faults.push((3, format!("`{name}` runs beside it"), format!("`{name}` does not run beside it")));
            continue;
        };
        if !scope.value(&service.image, &beside.image) {
            let is = format!("it has the image {}", shown(&beside.image));
            faults.push((3, format!("`{name}` has the image of the spec"), is));
        }
        for variable in &service.env {
            if !beside.env.get(&variable.name.value).is_some_and(|bits| scope.value(&variable.value, bits)) {
                let variable = &variable.name.value;
                faults.push((3, format!("`{name}` sees {variable} of the spec"), format!("it sees another {variable}, or none")));
            }
        }
    }
}

/// A job without an image of its own has on AWS that of the target, or one of CodeBuild's.
fn usual(target: &Target, job: &Job, found: &Found, faults: &mut Vec<Fault>) {
    let is = shown(found.image.as_deref().unwrap_or_default());
    let arm = matches!(&job.runner, Runner::Named(name) if name.value == "linux-arm");
    let own = target.aws.image.as_ref().map(|i| i.value.as_str());
    let curated = is.starts_with("aws/codebuild/") && (arm || own.is_none());
    if job.image.is_none() && !curated && own != Some(is.as_str()) {
        let wanted = own.map_or("an image of CodeBuild".to_owned(), |own| format!("the image {own}"));
        faults.push((3, format!("its scripts run in {wanted}"), format!("they run in {is}")));
    }
}

fn shown(bits: &[Bit]) -> String {
    let text = |bit: &'_ Bit| match bit {
        Bit::Text(text) | Bit::Symbol(text) => text.clone(),
    };
    bits.iter().map(text).collect()
}

/// The cells by the names of the spec, each once; what a vendor adds for itself, a runner, is left out.
fn cells(reader: &dyn Reader, at: usize, job: &Job, faults: &mut Vec<Fault>) {
    let found = &reader.found()[at];
    let Some(matrix) = &job.matrix else {
        if found.cells.is_some() && !job.has_githubs_cells() {
            faults.push((1, "it runs once".to_owned(), "it runs in cells".to_owned()));
        }
        return;
    };
    type Cell<'c> = BTreeMap<&'c str, &'c str>;
    let wanted: Vec<Cell<'_>> = matrix
        .cells
        .iter()
        .map(|cell| matrix.axes.iter().zip(cell).filter_map(|(a, v)| Some((a.value.as_str(), v.as_deref()?))).collect())
        .collect();
    let is_axis = |name: &str, axis: &str| {
        let context = Context::Matrix(axis.to_owned());
        reader.means(at, name, &context) || reader.means(at, &format!("matrix.{name}"), &context)
    };
    let own = |cell: &'_ BTreeMap<String, String>| -> BTreeMap<String, String> {
        let axis = |name: &str| matrix.axes.iter().find(|a| is_axis(name, &a.value));
        cell.iter().filter_map(|(name, value)| Some((axis(name)?.value.clone(), value.clone()))).collect()
    };
    let is: Vec<BTreeMap<String, String>> = found.cells.iter().flatten().map(own).collect();
    let text =
        |cell: &mut dyn Iterator<Item = (&str, &str)>| cell.map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(", ");
    let count = |all: Vec<String>| {
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        all.into_iter().for_each(|c| *counted.entry(c).or_default() += 1);
        counted
    };
    let wanted = count(wanted.iter().map(|c| text(&mut c.iter().map(|(k, v)| (*k, *v)))).collect());
    let is = count(is.iter().map(|c| text(&mut c.iter().map(|(k, v)| (k.as_str(), v.as_str())))).collect());
    let names: BTreeSet<&String> = wanted.keys().chain(is.keys()).collect();
    for cell in names {
        let (wanted, is) = (wanted.get(cell).copied().unwrap_or(0), is.get(cell).copied().unwrap_or(0));
        if wanted != is {
            faults.push((1, format!("it runs {} for {cell}", times(wanted)), format!("it runs {} for {cell}", times(is))));
        }
    }
    // The machine of a cell follows its own axis.
    if let Runner::Axis(axis) = &job.runner {
        let place = matrix.axes.iter().position(|a| a.value == axis.value);
        let values: BTreeSet<Option<&str>> = matrix.cells.iter().map(|c| c.get(place?)?.as_deref()).collect();
        let machines: BTreeSet<Vec<&String>> = found
            .cells
            .iter()
            .flatten()
            .map(|cell| {
                cell.iter().filter(|(name, _)| !matrix.axes.iter().any(|a| is_axis(name, &a.value))).map(|(_, v)| v).collect()
            })
            .collect();
        if values.len() != machines.len() {
            let wanted = format!("its cells run on {} kinds of machines", values.len());
            faults.push((1, wanted, format!("they run on {} kinds", machines.len())));
        }
    }
}

fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

/// A deploy gets time on top, to watch it and to undo it.
fn limit(job: &Job, found: &Found, faults: &mut Vec<Fault>) {
    if job.runs_nothing() {
        return;
    }
    let own = job.timeout.value.seconds;
    let wanted = format!("it is stopped after {own} s");
    let more = job.deploy.is_some() || !job.requires.is_empty();
    match found.timeout {
        None => faults.push((6, wanted, "only the vendor's own limit stops it".to_owned())),
        Some(is) if is < own || !more && is >= own + 60 => faults.push((6, wanted, format!("it is stopped after {is} s"))),
        Some(_) => {}
    }
}

/// A script has the limit of the job, or leaves what runs behind the steps a share of it. A build has that for each attempt.
fn limit_of_build(job: &Job, found: &Found, faults: &mut Vec<Fault>) {
    let Some(whole) = found.whole.filter(|_| !job.runs_nothing()) else { return };
    let own = job.timeout.value.seconds;
    let work = found.timeout.map_or(whole, |limit| limit.min(whole));
    let behind = found.acts.iter().flatten().any(|a| a.frame.after);
    let least = if behind { own / 2 } else { own };
    // CodeBuild counts minutes; a deploy gets time on top.
    let most = own + if found.timeout.is_some() { 0 } else { 59 };
    let more = job.deploy.is_some() || !job.requires.is_empty();
    if work < least || !more && work > most {
        faults.push((6, format!("it is stopped after {own} s"), format!("it is stopped after {work} s")));
    }
    let all = own * (1 + u64::from(job.retry.as_ref().map_or(0, |r| r.value)));
    if whole < all {
        faults.push((6, format!("its attempts may take {all} s"), format!("it is stopped after {whole} s")));
    }
}

fn retry(target: TargetId, job: &Job, found: &Found, faults: &mut Vec<Fault>) {
    let own = job.retry.as_ref().map_or(0, |r| r.value);
    // GitHub has no word for it: there the script says it.
    if target == TargetId::Gitlab && found.retry != own {
        faults.push((6, format!("it has {own} further attempts"), format!("it has {}", found.retry)));
    }
}
