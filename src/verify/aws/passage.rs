//! A run of a pipeline: stages one after another, their actions in rounds; what has failed or waits ends it
//! (<https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html>).

use std::collections::{BTreeMap, BTreeSet};

use crate::verify::aws::condition::{Condition, Entry};
use crate::verify::aws::evaluate::Known;
use crate::verify::aws::jobs::{Jobs, Task};
use crate::verify::aws::stack::Schedule;
use crate::verify::aws::trigger::Trigger;
use crate::verify::behaviour::{Frame, Standing, Started, State, World};

/// A pipeline.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) name: String,
    pub(super) trigger: Trigger,
    pub(super) schedules: Vec<Schedule>,
    /// The branch of its source where no trigger says another.
    pub(super) branch: String,
    /// Its variables with their defaults.
    pub(super) variables: Vec<(String, Option<String>)>,
    pub(super) stages: Vec<Stage>,
}

/// A stage behind that of the source.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) entry: Option<Condition>,
    /// The actions, by the round they run in.
    pub(super) rounds: BTreeMap<usize, Vec<Task>>,
}

/// The pipelines that an event starts, each with the variables of its run.
pub(super) struct Run<'r, 'p> {
    pub(super) jobs: &'r Jobs<'p>,
    pub(super) runs: Vec<(&'r Way, BTreeMap<String, Known>)>,
}

/// A text with what a pipeline puts in; none where only a run knows.
///
/// # Errors
/// A variable that the run does not have: the action fails.
fn resolve(text: &str, variables: &BTreeMap<String, Known>) -> Result<Known, String> {
    let mut out = Some(String::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("#{") {
        let (name, behind) = after.split_once('}').ok_or_else(|| format!("`{text}` does not end"))?;
        let value = variables.get(name).ok_or_else(|| format!("no run of this kind has `{name}`"))?;
        out = out.zip(value.as_ref()).map(|(out, value)| out + before + value);
        rest = behind;
    }
    Ok(out.map(|out| out + rest))
}

impl Run<'_, '_> {
    fn task(&self, task: &Task, variables: &BTreeMap<String, Known>, world: &World) -> Result<State, String> {
        let found = &self.jobs.found[task.found];
        if found.job.is_none() && !found.asks.is_empty() {
            let withheld = world.withheld.is_some_and(|gate| found.asks.contains(&gate));
            return Ok(match (withheld, world.dropped) {
                (false, _) => State::Passed,
                (true, false) => State::Waiting,
                // Whoever is asked says no.
                (true, true) => State::Failed,
            });
        }
        let mut passed = BTreeMap::new();
        for (name, value) in &task.passed {
            passed.insert(name.clone(), resolve(value, variables)?);
        }
        self.jobs.state(task.found, &passed, world)
    }

    fn passage(&self, way: &Way, variables: &BTreeMap<String, Known>, world: &World) -> Result<Vec<(usize, State)>, String> {
        let mut all = Vec::new();
        let mut stopped: Option<State> = None;
        for stage in &way.stages {
            let look = |text: &str| resolve(text, variables);
            let entry = stage.entry.as_ref().map_or(Ok(Entry::Enter), |e| e.entry(&look, world.maybe))?;
            if entry == Entry::Fail && stopped.is_none() {
                // The stage fails, and with it the run, before any of its actions.
                all.extend(stage.rounds.values().flatten().map(|t| (t.found, State::Failed)));
                stopped = Some(State::Skipped);
                continue;
            }
            for round in stage.rounds.values() {
                let mut states: Vec<State> = Vec::new();
                for task in round {
                    let state = match entry {
                        Entry::Skip => State::Absent,
                        Entry::Enter | Entry::Fail => self.task(task, variables, world)?,
                    };
                    // One that is not meant ends at once, where it is started at all.
                    states.push(if state == State::Absent { state } else { stopped.unwrap_or(state) });
                }
                all.extend(round.iter().map(|t| t.found).zip(states.iter().copied()));
                if states.contains(&State::Failed) || states.contains(&State::Skipped) {
                    stopped = Some(State::Skipped);
                } else if states.contains(&State::Waiting) {
                    stopped = stopped.or(Some(State::Waiting));
                }
            }
        }
        Ok(all)
    }
}

impl Started for Run<'_, '_> {
    fn states(&self, world: &World) -> Result<Vec<State>, String> {
        let mut all = Vec::new();
        for (way, variables) in &self.runs {
            all.extend(self.passage(way, variables, world).map_err(|e| format!("`{}`: {e}", way.name))?);
        }
        self.jobs.together(&all)
    }

    fn begun(&self) -> Vec<&str> {
        self.runs.iter().map(|(way, _)| way.name.as_str()).collect()
    }

    fn runs(&self, at: usize, frame: &Frame, standing: Standing) -> Option<bool> {
        let tasks = |way: &'_ Way| way.stages.iter().flat_map(|s| s.rounds.values().flatten()).position(|t| t.found == at);
        let (way, variables) = self.runs.iter().find(|(way, _)| tasks(way).is_some())?;
        let task = way.stages.iter().flat_map(|s| s.rounds.values().flatten()).find(|t| t.found == at)?;
        let value = |(name, value): &(String, String)| Some((name.clone(), resolve(value, variables).ok()?));
        let passed: BTreeMap<String, Known> = task.passed.iter().filter_map(value).collect();
        self.jobs.runs(at, &passed, frame, standing)
    }

    fn before(&self) -> Vec<BTreeSet<usize>> {
        let mut tasks: Vec<(usize, BTreeSet<usize>)> = Vec::new();
        for (way, _) in &self.runs {
            let mut earlier: BTreeSet<usize> = BTreeSet::new();
            for round in way.stages.iter().flat_map(|s| s.rounds.values()) {
                let from = tasks.len();
                tasks.extend(round.iter().map(|t| (t.found, earlier.clone())));
                earlier.extend(from..tasks.len());
            }
        }
        self.jobs.before(&tasks)
    }
}
