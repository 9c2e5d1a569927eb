//! A pipeline on GitLab: which jobs are in it, and what becomes of each.

use std::collections::BTreeSet;

use crate::ir::event::Event;
use crate::verify::bash;
use crate::verify::behaviour::{Bit, Frame, Guard, Standing, Started, State, World};
use crate::verify::gitlab::Gitlab;
use crate::verify::gitlab::condition::Known;
use crate::verify::gitlab::happening::Variables;
use crate::verify::gitlab::rules::{self, When};

/// The pipeline that an event starts.
#[derive(Debug)]
pub(super) struct Run<'g> {
    gitlab: &'g Gitlab<'g>,
    variables: Variables,
    files: Option<Vec<String>>,
    /// Whether the job has no rules and the file has none for pipelines, so that it is left out of merge requests.
    request: bool,
}

/// How a job stands in a pipeline: when it starts, and whether its failure is allowed by its rule.
type Placed = Option<(When, Option<bool>)>;

impl<'g> Run<'g> {
    /// The pipeline of an event.
    pub(super) fn new(gitlab: &'g Gitlab<'g>, event: &Event) -> Result<Self, String> {
        let request = event.kind == crate::ir::event::EventKind::PullRequest;
        Ok(Self { gitlab, variables: Variables::of(gitlab, event), files: event.paths.clone(), request })
    }

    /// Where each job stands; none if there is no pipeline.
    fn placed(&self, maybe: bool) -> Option<Vec<Placed>> {
        let variable = |name: &str| self.variables.get(name);
        let files = self.files.as_deref();
        if let Some(rules) = &self.gitlab.workflow
            && rules::first(rules, maybe, &variable, files).is_none_or(|r| r.when == Some(When::Never))
        {
            return None;
        }
        let place = |job: &super::Job| match &job.rules {
            Some(rules) => rules::first(rules, maybe, &variable, files).map(|r| (r.when.unwrap_or(job.when), r.allow_failure)),
            // Without any rules GitLab runs a job for branches and tags.
            None if self.gitlab.workflow.is_none() && self.request => None,
            None => Some((job.when, None)),
        };
        Some(self.gitlab.jobs.iter().map(place).map(|p| p.filter(|(when, _)| *when != When::Never)).collect())
    }

    /// The jobs of the pipeline that a job waits for.
    fn waits(&self, at: usize, placed: &[Placed]) -> Vec<usize> {
        self.gitlab.waits_for(at).into_iter().filter(|n| placed[*n].is_some()).collect()
    }

    /// A need that is not in the pipeline and may not be absent: GitLab refuses to make the pipeline.
    fn broken(&self, placed: &[Placed]) -> Option<String> {
        for (at, job) in self.gitlab.jobs.iter().enumerate().filter(|(at, _)| placed[*at].is_some()) {
            for (name, optional) in job.needs.iter().flatten() {
                let there = self.gitlab.place(name).is_some_and(|n| placed[n].is_some());
                if !there && !optional {
                    let found = &self.gitlab.found[at];
                    let place = &found.place;
                    return Some(format!(
                        "{}:{}: `{}` needs `{name}`, which is not in the pipeline",
                        place.file, place.line, found.id
                    ));
                }
            }
        }
        None
    }

    fn state(&self, at: usize, placed: &[Placed], states: &[State], world: &World) -> State {
        let Some((when, by_rule)) = placed[at] else { return State::Absent };
        let (job, found) = (&self.gitlab.jobs[at], &self.gitlab.found[at]);
        let before: Vec<State> = self.waits(at, placed).iter().map(|n| states[*n]).collect();
        if before.contains(&State::Waiting) {
            return State::Waiting;
        }
        // With `needs`, one job that did not run keeps the next from running; without, it counts as done.
        let skipped = job.needs.is_some() && before.contains(&State::Skipped);
        let failed = !skipped && before.contains(&State::Failed);
        let starts = match when {
            When::Always => true,
            When::OnFailure => failed,
            When::OnSuccess | When::Manual => !skipped && !failed,
            When::Never => false,
        };
        if !starts || found.job.is_some() && found.job == world.skips {
            return State::Skipped;
        }
        let allowed = match by_rule {
            Some(all) => all,
            None if when == When::Manual && job.rules.is_some() => job.allowed.as_ref().is_some_and(Vec::is_empty),
            None => job.allowed.as_ref().is_some_and(|codes| codes.is_empty() || codes.contains(&1)) && !job.refused,
        };
        if when == When::Manual {
            let given = !found.asks.is_empty() && world.withheld.is_none_or(|gate| !found.asks.contains(&gate));
            if !given {
                // A button that need not be pressed holds nothing up.
                return if allowed || world.dropped { State::Skipped } else { State::Waiting };
            }
        }
        match found.job.is_some_and(|j| world.fails.contains(&j)) {
            false => State::Passed,
            true if allowed => State::Forgiven,
            true => State::Failed,
        }
    }
}

impl Started for Run<'_> {
    fn states(&self, world: &World) -> Result<Vec<State>, String> {
        let mut states = vec![State::Absent; self.gitlab.jobs.len()];
        let Some(placed) = self.placed(world.maybe) else { return Ok(states) };
        if let Some(broken) = self.broken(&placed) {
            return Err(broken);
        }
        for at in &self.gitlab.order {
            states[*at] = self.state(*at, &placed, &states, world);
        }
        Ok(states)
    }

    fn before(&self) -> Vec<BTreeSet<usize>> {
        let mut all: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.gitlab.jobs.len()];
        let Some(placed) = self.placed(true) else { return all };
        for at in self.gitlab.order.iter().copied().filter(|at| placed[*at].is_some()) {
            let waits = self.waits(at, &placed);
            let more: BTreeSet<usize> = waits.iter().flat_map(|n| all[*n].iter().copied()).chain(waits.iter().copied()).collect();
            all[at] = more;
        }
        all
    }

    fn runs(&self, _: usize, frame: &Frame, standing: Standing) -> Option<bool> {
        // What follows the script runs in any case, in a shell that is told how it ended.
        if !frame.after && standing != Standing::Well {
            return Some(false);
        }
        let names = Names { run: self, frame, standing };
        frame.holds(Some(true), |guard| match guard {
            Guard::Test(test) => bash::holds(test, &names),
            Guard::Vendor(_) | Guard::Open => None,
        })
    }
}

/// The variables of a script.
struct Names<'n> {
    run: &'n Run<'n>,
    frame: &'n Frame,
    standing: Standing,
}

impl bash::Names for Names<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        if name == "CI_JOB_STATUS" {
            let word = match self.standing {
                Standing::Well => "success",
                Standing::Failed => "failed",
                Standing::Cancelled => "canceled",
            };
            return Some(word.to_owned());
        }
        match self.frame.env.get(name).map(Vec::as_slice) {
            Some([]) => return Some(String::new()),
            Some([Bit::Text(text)]) => return Some(text.clone()),
            Some([Bit::Symbol(other)]) if other != name => return self.variable(other),
            Some(_) => return None,
            None => {}
        }
        match self.run.variables.get(name) {
            Known::Text(text) => Some(text),
            Known::Null => Some(String::new()),
            Known::Unknown => None,
        }
    }

    fn files(&self) -> Option<&[String]> {
        None
    }

    /// A deploy leaves a file when it starts: where somebody looks for it, it has started.
    fn exists(&self, _: &str) -> Option<bool> {
        Some(true)
    }
}
