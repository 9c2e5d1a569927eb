//! What several jobs say alike stands once, in a hidden job that they extend: a mapping is merged with the job's own, a list or a text gives way
//! to it (<https://docs.gitlab.com/ci/yaml/yaml_optimization/#merge-details>).

use crate::back::gitlab::job::DAEMON;
use crate::back::gitlab::view::{Image, Job, Shared};

/// A machine of fewer lines is as easily read where it is used.
const WORTH: usize = 4;

/// A single rule shorter than this is as easily read where it is used.
const LONG: usize = 60;

/// A part that jobs may have in common.
struct Kind {
    /// The part of a job, if it is long enough to be shared.
    of: fn(&Job) -> Option<Shared>,
    /// Leaves the part out of a job.
    take: fn(&mut Job, &Shared),
    /// What to call the part that the jobs of these numbers have in common.
    name: fn(&[Job], &[usize]) -> String,
}

const KINDS: [Kind; 2] =
    [Kind { of: machine, take: take_machine, name: name_of_machine }, Kind { of: rules, take: take_rules, name: name_of_rules }];

/// Moves what several jobs have to hidden jobs, whose names keep clear of `taken`.
pub(super) fn share(jobs: &mut [Job], taken: &[String]) -> Vec<Shared> {
    let mut shared: Vec<Shared> = Vec::new();
    for kind in &KINDS {
        let parts: Vec<Option<Shared>> = jobs.iter().map(kind.of).collect();
        for (i, part) in parts.iter().enumerate() {
            let Some(part) = part else { continue };
            let same: Vec<usize> = (0..jobs.len()).filter(|j| parts[*j].as_ref() == Some(part)).collect();
            if same[0] < i || same.len() < least(part) {
                continue;
            }
            let base = format!(".{}", (kind.name)(jobs, &same).replace([' ', ':'], "-"));
            let free = |name: &String| !taken.contains(name) && !shared.iter().any(|s| s.name == *name);
            let mut names = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}-{n}")));
            let name = names.find(free).unwrap_or(base);
            for j in same {
                (kind.take)(&mut jobs[j], part);
                jobs[j].extends.push(name.clone());
            }
            shared.push(Shared { name, ..part.clone() });
        }
    }
    shared
}

/// How many jobs make it worth a name.
fn least(part: &Shared) -> usize {
    if part.rules.len() == 1 { 3 } else { 2 }
}

/// What a job runs on: its image, the daemon beside it, its caches, and what its tools are told of both.
fn machine(job: &Job) -> Option<Shared> {
    let services = if job.services.iter().all(|s| s.name == DAEMON) { job.services.clone() } else { Vec::new() };
    let variables: Vec<(String, String)> = job.variables.iter().filter(|(n, _)| job.of_tools.contains(n)).cloned().collect();
    let cache = job.cache.clone();
    let headings = usize::from(!services.is_empty()) + usize::from(!variables.is_empty()) + usize::from(!cache.is_empty());
    let entries = services.len() * 2 + variables.len() + cache.iter().map(|c| c.paths.len() + c.files.len() + 2).sum::<usize>();
    (headings + entries >= WORTH).then(|| Shared { image: job.image.clone(), services, variables, cache, ..Shared::default() })
}

fn take_machine(job: &mut Job, part: &Shared) {
    job.image = None;
    if !part.services.is_empty() {
        job.services = Vec::new();
    }
    job.variables.retain(|v| !part.variables.contains(v));
    job.cache = Vec::new();
}

/// By the image, or by the cache where the image is that of all jobs.
fn name_of_machine(jobs: &[Job], same: &[usize]) -> String {
    let job = &jobs[same[0]];
    let of_image = |image: &Image| {
        let image = &image.name;
        let last = image.rsplit('/').next().unwrap_or(image);
        last.split([':', '@']).next().unwrap_or(last).to_owned()
    };
    let of_cache = || job.cache.iter().find_map(|c| c.prefix.clone().or_else(|| c.key.clone()));
    let name = job.image.as_ref().map(of_image).or_else(of_cache).unwrap_or_default();
    if name.is_empty() || name.contains('$') { "machine".to_owned() } else { name }
}

fn rules(job: &Job) -> Option<Shared> {
    let long = job.rules.iter().filter_map(|r| r.condition.as_ref()).any(|c| c.len() >= LONG);
    (job.rules.len() > 1 || long).then(|| Shared { rules: job.rules.clone(), ..Shared::default() })
}

fn take_rules(job: &mut Job, _: &Shared) {
    job.rules = Vec::new();
}

/// By the stage that most of the jobs have in common, or by the first of them; and by when they start, where that is not after success.
fn name_of_rules(jobs: &[Job], same: &[usize]) -> String {
    let first = &jobs[same[0]];
    let of_stage = |stage: &String| same.iter().filter(|j| jobs[**j].stage == *stage).count();
    let stage = same.iter().map(|j| &jobs[*j].stage).find(|s| of_stage(s) * 2 > same.len());
    let when = first.rules[0].when.filter(|when| first.rules.iter().all(|r| r.when == Some(when)));
    let when = when.map_or_else(String::new, |w| format!("-{}", w.replace('_', "-")));
    format!("rules-{}{when}", stage.unwrap_or(&first.key).trim_start_matches('.'))
}
