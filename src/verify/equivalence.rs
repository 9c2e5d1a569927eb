//! Whether what was written means what the spec says: for every event that the spec can tell apart and every set of outcomes up to a bound,
//! each target runs the same jobs in an order that keeps the spec's, behind the same gates, with the same consequence of a failure.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::failure::Failure;
use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::event::{ClauseKind, Event};
use crate::ir::gate::{GateKind, Via};
use crate::ir::id::{GateId, JobId, TargetId};
use crate::ir::job::NeedKind;
use crate::ir::step::Outcome;
use crate::plan::drift::CHECK;
use crate::render::Output;
use crate::target::capability::Capability;
use crate::verify::accepted::Accepted;
use crate::verify::behaviour::{Found, Reader, State, World};
use crate::verify::difference::Difference;
use crate::verify::model::{self, Model, holds};
use crate::verify::turns::Turn;
use crate::verify::{commands, readers, same, worlds};

/// Differences that one message lists; the rest is counted.
const SHOWN: usize = 5;

/// The most pairs of jobs, counted in each event, of a spec whose outputs are compared whenever they are written: 100 jobs and 40 events.
const SMALL: usize = 400_000;

/// How far a comparison went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// Targets that were read.
    pub targets: usize,
    /// Events that were tried, each with each target.
    pub events: usize,
    /// Runs that were compared: an event with a set of outcomes.
    pub runs: usize,
    /// Runs of at most so many jobs were tried with every pair of failing jobs, larger ones with every single one.
    pub pairs: usize,
    /// Runs of at most so many jobs were tried with every set of failing jobs.
    pub sets: usize,
}

/// Reads the files of every target that has a reader, and compares each with the spec. Files are paths below the root and texts; a target
/// without files is passed over.
pub fn compare(pipeline: &Pipeline, files: &[(&str, &str)]) -> (Vec<Difference>, Extent) {
    compare_until(pipeline, files, usize::MAX)
}

/// As [`compare`], without trying more events of a target once it has so many differences.
pub fn compare_until(pipeline: &Pipeline, files: &[(&str, &str)], enough: usize) -> (Vec<Difference>, Extent) {
    let order = model::order(pipeline);
    let events = worlds::events(pipeline);
    let mut extent = Extent { events: events.len(), pairs: worlds::ALL_PAIRS, sets: worlds::ALL_SETS, ..Extent::default() };
    let mut all = Vec::new();
    for target in &pipeline.targets {
        let pipeline = pipeline.of(target.id);
        let Some(reader) = readers::of(pipeline, target, files) else { continue };
        let accepted = Accepted::of(pipeline, target);
        let mut compare = Compare { pipeline, target, order: &order, accepted, found: BTreeMap::new(), runs: 0, enough };
        match reader {
            Ok(reader) => {
                extent.targets += 1;
                compare.jobs(reader.as_ref());
                compare.own_events(reader.as_ref());
                let turns = compare.commands(reader.as_ref());
                let facts = same::facts(pipeline, target, reader.as_ref());
                if facts.len() < enough {
                    compare.events(reader.as_ref(), &events, &turns);
                }
                all.extend(facts.into_iter().filter(|d| !compare.accepted.covers(d)));
            }
            Err(fault) => compare.unreadable(fault),
        }
        extent.runs += compare.runs;
        all.extend(compare.found.into_values());
    }
    (all, extent)
}

/// Refuses outputs that mean something else than the spec. A spec with more than [`SMALL`] pairs of jobs in all its events is let through: the comparison
/// would cost more than all the rest, and `pipewright verify` makes it.
///
/// # Errors
/// `Internal` with the first differences: what we wrote is our fault.
pub fn check(pipeline: &Pipeline, outputs: &[Output]) -> Result<(), Failure> {
    if pipeline.jobs.len().pow(2) * pipeline.events.len() > SMALL {
        return Ok(());
    }
    let files: Vec<(&str, &str)> = outputs.iter().map(|o| (o.path.as_str(), o.text.as_str())).collect();
    let (differences, _) = compare(pipeline, &files);
    if differences.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = differences.iter().take(SHOWN).map(|d| format!("\n  {}", d.shown())).collect();
    if differences.len() > SHOWN {
        lines.push(format!("\n  and {} more", differences.len() - SHOWN));
    }
    Err(Failure::Internal(format!("what was written does not mean what the spec says; nothing is written:{}", lines.concat())))
}

/// What makes two events alike: the presence of the spec's jobs, the states of the target's where all goes well, where all fails and where
/// an approval is withheld, what each waits for, and which files say so.
type Alike = (Vec<u8>, Vec<Vec<State>>, Vec<BTreeSet<usize>>, Vec<String>);

struct Compare<'p> {
    pipeline: &'p Pipeline,
    target: &'p Target,
    order: &'p [JobId],
    accepted: Accepted,
    /// By job and what is wrong: the first case of each.
    found: BTreeMap<(u8, String, String), Difference>,
    runs: usize,
    /// With so many differences no further events are tried.
    enough: usize,
}

impl<'p> Compare<'p> {
    fn add(&mut self, difference: Difference) {
        if self.accepted.covers(&difference) {
            return;
        }
        let key = (difference.point, difference.job.clone(), difference.found.clone());
        match self.found.get_mut(&key) {
            Some(known) => known.more += 1,
            None => _ = self.found.insert(key, difference),
        }
    }

    fn difference(&self, point: u8, job: &str, span: Span) -> Difference {
        Difference {
            target: self.target.id.word(),
            point,
            job: job.to_owned(),
            when: String::new(),
            wanted: String::new(),
            found: String::new(),
            place: None,
            span,
            more: 0,
        }
    }

    fn unreadable(&mut self, fault: String) {
        let wanted = "a file that the reader of its vendor understands".to_owned();
        let base = self.difference(1, "", self.target.span);
        self.add(Difference { wanted, found: fault, ..base });
    }

    /// The vendor refuses to start the run.
    fn broken(&mut self, event: &Event, fault: String) {
        let base = self.difference(1, "", self.target.span);
        self.add(Difference { when: event.shown(), wanted: "a run".to_owned(), found: fault, ..base });
    }

    /// Every job of the spec is there once, and no other that is not accounted for.
    fn jobs(&mut self, reader: &dyn Reader) {
        for (id, job) in self.pipeline.job_ids().filter(|(id, _)| holds(self.pipeline, self.target, *id)) {
            if reader.found().iter().all(|f| f.job != Some(id)) {
                let base = self.difference(1, &job.name.value, job.name.span);
                self.add(Difference { wanted: "the job".to_owned(), found: "no such job".to_owned(), ..base });
            }
        }
        for (at, gate) in self.pipeline.gates.iter().enumerate() {
            let GateKind::Approval(approval) = &gate.kind else { continue };
            let mut by_workflow: BTreeMap<Option<&String>, usize> = BTreeMap::new();
            for asking in reader.found().iter().filter(|f| f.job.is_none() && f.asks.contains(&GateId(at as u32))) {
                *by_workflow.entry(asking.workflow.as_ref()).or_default() += 1;
            }
            let rounds = approval.count.value as usize;
            for asked in by_workflow.into_values().filter(|asked| approval.via == Via::Sequential && *asked < rounds) {
                let base = self.difference(4, &gate.name.value, gate.span);
                let (wanted, found) = (format!("it is asked {rounds} times"), format!("it is asked {asked} times"));
                self.add(Difference { wanted, found, ..base });
            }
        }
        for found in reader.found().iter().filter(|f| !same::accounted(self.pipeline, self.target, f)) {
            let base = self.difference(1, &found.id, self.target.span);
            let wanted = "no such job".to_owned();
            self.add(Difference { wanted, found: "a job of its own".to_owned(), place: Some(found.place.clone()), ..base });
        }
    }

    /// Events of the vendor's own start each workflow as the spec says them, with the same keys, and no others.
    fn own_events(&mut self, reader: &dyn Reader) {
        let found = reader.own_events();
        let said = |event: &str, keys: &str| {
            if keys.is_empty() { format!("the event `{event}`") } else { format!("the event `{event}` with {keys}") }
        };
        let mut wanted = Vec::new();
        for workflow in self.pipeline.workflows.iter().filter(|w| self.target.holds(&w.name.value)) {
            for clause in &workflow.on.clauses {
                if let ClauseKind::Raw(own) = &clause.kind {
                    wanted.push((workflow.name.value.as_str(), own.name.value.as_str(), own.keys.spelled(), clause.span));
                }
            }
        }
        for (workflow, event, keys, span) in &wanted {
            let there = found.iter().find(|o| o.workflow == *workflow && o.event == *event);
            if there.is_none_or(|o| o.keys != keys) {
                let base = self.difference(1, workflow, *span);
                let is = there.map_or_else(|| "no such event".to_owned(), |o| said(o.event, o.keys));
                self.add(Difference { wanted: said(event, keys), found: is, place: there.map(|o| o.place.clone()), ..base });
            }
        }
        for own in
            found.iter().filter(|o| !wanted.iter().any(|(workflow, event, ..)| o.workflow == *workflow && o.event == *event))
        {
            let base = self.difference(1, own.workflow, self.target.span);
            let is = said(own.event, own.keys);
            self.add(Difference { wanted: "no such event".to_owned(), found: is, place: Some(own.place.clone()), ..base });
        }
    }

    /// The commands of each job that some event starts; what depends on the event is handed back.
    fn commands(&mut self, reader: &dyn Reader) -> Vec<Turn> {
        let mut turns = Vec::new();
        for (at, found) in reader.found().iter().enumerate() {
            let starts = |id: &JobId| !self.pipeline.job(*id).possible.is_empty();
            let Some(id) = found.job.filter(|id| holds(self.pipeline, self.target, *id) && starts(id)) else { continue };
            let (differences, more) = commands::compare(self.pipeline, self.target, reader, at, id);
            differences.into_iter().for_each(|d| self.add(d));
            turns.extend(more);
        }
        turns
    }

    fn events(&mut self, reader: &dyn Reader, events: &[Event], turns: &[Turn]) {
        // Events that the spec and the target treat alike need to be looked at once.
        let mut seen: BTreeSet<Alike> = BTreeSet::new();
        for event in events {
            if self.found.len() >= self.enough {
                return;
            }
            let Some(happening) = readers::told_apart(self.pipeline, self.target, event) else { continue };
            let model = Model::of(self.pipeline, self.order, &happening, self.target);
            let started = match reader.start(event) {
                Ok(started) => started,
                Err(fault) => {
                    self.unreadable(fault);
                    continue;
                }
            };
            for turn in turns {
                turn.compare(self.pipeline, self.target, reader, started.as_ref(), &happening)
                    .into_iter()
                    .for_each(|d| self.add(d));
            }
            let all_well = World { maybe: true, ..World::default() };
            let states = match started.states(&all_well) {
                Ok(states) => states,
                Err(fault) => {
                    self.broken(event, fault);
                    continue;
                }
            };
            if self.target.check_drift.is_some() && !self.accepted.gives_up(Capability::CheckDrift) {
                self.drift(reader, event, &happening, &states);
            }
            let before = started.before();
            let presence: Vec<u8> = model.presence().iter().map(|t| *t as u8).collect();
            let all_bad = World { fails: self.order.iter().copied().collect(), ..World::default() };
            let mut probes = vec![states, started.states(&all_bad).unwrap_or_default()];
            let approvals =
                (0..self.pipeline.gates.len() as u32).map(|g| World { withheld: Some(GateId(g)), ..all_well.clone() });
            probes.extend(approvals.map(|world| started.states(&world).unwrap_or_default()));
            let begun = started.begun().into_iter().map(str::to_owned).collect();
            if !seen.insert((presence, probes, before.clone(), begun)) {
                continue;
            }
            self.order_of(reader, &model, event, &before);
            let jobs: Vec<JobId> = model.jobs().collect();
            for world in worlds::worlds(self.pipeline, &jobs) {
                self.runs += 1;
                match started.states(&world) {
                    Ok(states) => self.outcome(reader, &model, event, &world, &states),
                    Err(fault) => self.broken(event, fault),
                }
            }
        }
    }

    /// Where a target checks itself, a commit that arrives is checked, whatever files it changes.
    fn drift(&mut self, reader: &dyn Reader, event: &Event, happening: &[Event], states: &[State]) {
        let workflows = self.pipeline.workflows.iter().filter(|w| self.target.holds(&w.name.value));
        let arrives = workflows.flat_map(|w| w.on.commits()).any(|clause| happening.iter().any(|e| clause.accepts(e)));
        let checks = |f: &Found| f.job.is_none() && f.acts.iter().flatten().any(|act| act.text == CHECK);
        if arrives && !reader.found().iter().zip(states).any(|(found, state)| checks(found) && state.ran()) {
            let wanted = format!("`{CHECK}`, as `check-drift` says");
            let base = self.difference(1, "", self.target.check_drift.unwrap_or(self.target.span));
            self.add(Difference { when: event.shown(), wanted, found: "it is not run".to_owned(), ..base });
        }
    }

    /// What the spec puts before a job has ended there, too.
    fn order_of(&mut self, reader: &dyn Reader, model: &Model<'_>, event: &Event, before: &[BTreeSet<usize>]) {
        let place = |id: JobId| reader.found().iter().position(|f| f.job == Some(id));
        for id in model.jobs() {
            let Some(at) = place(id) else { continue };
            for earlier in model.before(id) {
                if place(earlier).is_none_or(|e| before[at].contains(&e)) {
                    continue;
                }
                let (job, earlier) = (self.pipeline.job(id), self.pipeline.job(earlier));
                let base = self.difference(2, &job.name.value, job.name.span);
                let difference = Difference {
                    when: event.shown(),
                    wanted: format!("it starts after `{}` has ended", earlier.name.value),
                    found: format!("it does not wait for `{}`", earlier.name.value),
                    place: Some(reader.found()[at].place.clone()),
                    ..base
                };
                self.add(difference);
            }
        }
    }

    /// The same jobs do their work.
    fn outcome(&mut self, reader: &dyn Reader, model: &Model<'_>, event: &Event, world: &World, states: &[State]) {
        let wanted = model.states(world);
        for (found, state) in reader.found().iter().zip(states) {
            let Some(id) = found.job.filter(|id| holds(self.pipeline, self.target, *id)) else { continue };
            let should = wanted[id.index()];
            if world.lost {
                // Whatever becomes of it, it does not run without what it needs.
                let job = self.pipeline.job(id);
                let ran = |n: JobId| reader.found().iter().zip(states).any(|(f, s)| f.job == Some(n) && s.ran());
                let mut needs = job.needs.iter().filter(|n| n.kind != NeedKind::Result && wanted[n.job.index()].ran());
                let binds = job.when.value == Outcome::Success && state.ran();
                if !(binds && needs.any(|n| !ran(n.job))) {
                    continue;
                }
            } else if let Some(skipped) = world.skips {
                // Whoever kept that job from running: what needs it strictly does not run either.
                let job = self.pipeline.job(id);
                let there = job.possible.is_subset(&self.pipeline.job(skipped).present);
                let needs =
                    job.needs.iter().any(|n| n.job == skipped && n.kind != NeedKind::Result && (there || n.kind.is_strict()));
                let binds = self.pipeline.job(id).when.value == Outcome::Success;
                if !(needs && binds && state.ran()) {
                    continue;
                }
            }
            // Where the spec waits for a person, a run that ends without one is another run.
            let waits = should != State::Waiting || *state != State::Skipped || world.dropped;
            let same =
                !world.lost && should.ran() == state.ran() && (should == State::Failed) == (*state == State::Failed) && waits;
            // To ask where the spec does not ask is stricter.
            let stricter = world.withheld.is_some() && should.ran() && *state == State::Waiting;
            // A pipeline of AWS is a list: what has failed or was refused ends the whole.
            let list = self.target.id == TargetId::Codepipeline && should.ran() && *state == State::Skipped;
            let stricter = stricter || list && (world.withheld.is_some() || states.contains(&State::Failed));
            if same || stricter {
                continue;
            }
            let point = match (world.withheld.is_some(), world.fails.is_empty() && world.skips.is_none() && !world.lost) {
                (true, _) => 4,
                (false, true) => 1,
                (false, false) => 6,
            };
            let job = self.pipeline.job(id);
            let base = self.difference(point, &job.name.value, job.name.span);
            let difference = Difference {
                when: format!("{}{}", event.shown(), self.circumstances(world)),
                wanted: if world.lost { "it waits for what it needs" } else { said(should) }.to_owned(),
                found: said(*state).to_owned(),
                place: Some(found.place.clone()),
                ..base
            };
            self.add(difference);
        }
    }

    fn circumstances(&self, world: &World) -> String {
        if let Some(gate) = world.withheld {
            return format!(", nobody approving `{}`", self.pipeline.gate(gate).name.value);
        }
        if world.lost {
            return ", where it cannot be decided which jobs run".to_owned();
        }
        if let Some(job) = world.skips {
            return format!(", with `{}` kept from running", self.pipeline.job(job).name.value);
        }
        if world.fails.is_empty() {
            return String::new();
        }
        let names: Vec<String> = world.fails.iter().map(|j| format!("`{}`", self.pipeline.job(*j).name.value)).collect();
        format!(", with {} failing", names.join(" and "))
    }
}

fn said(state: State) -> &'static str {
    match state {
        State::Absent => "it is not in the run",
        State::Skipped => "it does not run",
        State::Waiting => "it waits",
        State::Passed => "it runs",
        State::Failed => "it runs and fails the run",
        State::Forgiven => "it runs, and its failure is forgiven",
    }
}
