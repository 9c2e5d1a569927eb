//! The events and outcomes for which targets are compared.

use std::collections::BTreeSet;

use crate::ir::Pipeline;
use crate::ir::event::{ClauseKind, Event, EventKind, PullRequestType};
use crate::ir::gate::GateKind;
use crate::ir::id::{GateId, JobId, WorkflowId};
use crate::verify::behaviour::World;

/// A run of at most so many jobs is tried with every set of failing jobs.
pub(super) const ALL_SETS: usize = 5;

/// A run of at most so many jobs is tried with every pair of failing jobs; a larger one with every single one.
pub(super) const ALL_PAIRS: usize = 12;

/// A name that no spec writes.
const STRANGE: &str = "zz/none";

/// The events of a spec, and near misses: every name of a branch or tag as a push, a tag, a pull request and a release, and one name that
/// nobody wrote. What starts nothing is among them, so that a filter that lets too much through is seen.
pub(super) fn events(pipeline: &Pipeline) -> Vec<Event> {
    let mut found = pipeline.events.clone();
    let mut names: BTreeSet<String> = [STRANGE.to_owned(), pipeline.default_branch.value.clone()].into();
    for event in &pipeline.events {
        names.extend([&event.branch, &event.tag, &event.target].into_iter().flatten().cloned());
    }
    let mut add = |event: Event| {
        if !found.contains(&event) {
            found.push(event);
        }
    };
    for name in &names {
        let some = Some(name.clone());
        add(Event { branch: some.clone(), ..Event::of(EventKind::Push) });
        add(Event { tag: some.clone(), ..Event::of(EventKind::Tag) });
        for fork in [false, true] {
            for kind in [PullRequestType::Opened, PullRequestType::Updated, PullRequestType::Closed] {
                let (head, pull_request_type) = (Some("topic".to_owned()), Some(kind));
                add(Event { target: some.clone(), head, fork, pull_request_type, ..Event::of(EventKind::PullRequest) });
            }
        }
        for workflow in 0..pipeline.workflows.len() as u32 {
            let by_hand = |e: &&Event| e.kind == EventKind::Manual && e.workflow == Some(WorkflowId(workflow));
            if let Some(manual) = pipeline.events.iter().find(by_hand) {
                add(Event { branch: some.clone(), ..manual.clone() });
            }
        }
        add(Event { tag: some, ..Event::of(EventKind::Release) });
    }
    let files = files(pipeline);
    for event in pipeline.events.iter().filter(|e| e.paths.is_some()) {
        for file in &files {
            add(Event { paths: Some(vec![file.clone()]), ..event.clone() });
        }
    }
    found
}

/// A file for each pattern of files that a spec writes, taken or left out, and one that nobody wrote.
fn files(pipeline: &Pipeline) -> BTreeSet<String> {
    let of_jobs = pipeline.jobs.iter().filter_map(|j| j.only.as_ref());
    let of_workflows =
        pipeline.workflows.iter().flat_map(|w| w.stages.iter().filter_map(|s| s.only.as_ref()).chain(std::iter::once(&w.on)));
    let clauses = of_jobs.chain(of_workflows).flat_map(|f| &f.clauses);
    let patterns = clauses.filter_map(|c| match &c.kind {
        ClauseKind::Push { paths, .. } | ClauseKind::PullRequest { paths, .. } => paths.as_ref().map(|p| &p.pattern),
        _ => None,
    });
    let globs = patterns.flat_map(|p| p.include.iter().chain(&p.except));
    globs.filter_map(|g| g.value.path_lang().witness()).chain([STRANGE.to_owned()]).collect()
}

/// The outcomes of a run of these jobs: all well, whatever only a run knows; jobs that fail, as the bounds say; each job kept from running; what decides about
/// jobs failing; each approval withheld.
pub(super) fn worlds(pipeline: &Pipeline, jobs: &[JobId]) -> Vec<World> {
    let mut sets: Vec<BTreeSet<JobId>> = vec![BTreeSet::new()];
    if jobs.len() <= ALL_SETS {
        for job in jobs {
            let with: Vec<BTreeSet<JobId>> = sets.iter().map(|s| s.iter().copied().chain([*job]).collect()).collect();
            sets.extend(with);
        }
    } else {
        sets.extend(jobs.iter().map(|j| [*j].into()));
        if jobs.len() <= ALL_PAIRS {
            let pairs = jobs.iter().enumerate().flat_map(|(i, a)| jobs[i + 1..].iter().map(move |b| [*a, *b].into()));
            sets.extend(pairs);
        }
    }
    let mut found: Vec<World> = sets.into_iter().map(|fails| World { fails, maybe: true, ..World::default() }).collect();
    found.extend(jobs.iter().map(|j| World { skips: Some(*j), maybe: true, ..World::default() }));
    found.push(World { lost: true, maybe: true, ..World::default() });
    // A file may leave to the run what the spec knows.
    found.push(World::default());
    for (at, gate) in pipeline.gates.iter().enumerate() {
        let id = GateId(at as u32);
        let asked = jobs.iter().any(|j| pipeline.job(*j).requires.iter().any(|g| g.value == id));
        // Around a gate that may be waived a run may go without it.
        if asked && matches!(gate.kind, GateKind::Approval(_)) && gate.waive.is_none() {
            for dropped in [false, true] {
                found.push(World { withheld: Some(id), dropped, maybe: true, ..World::default() });
            }
        }
    }
    found
}
