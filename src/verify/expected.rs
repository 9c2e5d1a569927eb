//! The tests of a spec, asked of what was written for each target.

use std::collections::BTreeSet;

use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::expect::{Expect, ExpectKind, SpecTest};
use crate::ir::gate::GateKind;
use crate::ir::id::GateId;
use crate::verify::behaviour::{Place, Reader, Started, State, World};
use crate::verify::model::holds;
use crate::verify::readers;

/// Something that a test expects and a target's files do not do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmet {
    /// The target's word.
    pub target: &'static str,
    /// Where the name of the test stands.
    pub title: Span,
    /// What is not so: "`deploy` does not wait for `unit` on a push to `main`".
    pub what: String,
    /// Where in the target's files.
    pub place: Option<Place>,
}

impl Unmet {
    /// A line about it.
    pub fn shown(&self) -> String {
        let place = self.place.as_ref().map(|p| format!(" ({}:{})", p.file, p.line)).unwrap_or_default();
        format!("{}: {}{place}", self.target, self.what)
    }
}

/// How many targets were asked, and what is not so on them. A target is not asked of events that its vendor never tells, and of jobs that it
/// does not hold.
pub fn unmet(pipeline: &Pipeline, files: &[(&str, &str)]) -> (usize, Vec<Unmet>) {
    let (mut asked, mut found) = (0, Vec::new());
    for target in &pipeline.targets {
        let Some(reader) = readers::of(pipeline, target, files) else { continue };
        asked += 1;
        for test in &pipeline.tests {
            let mut tell = |what: String, place: Option<Place>| {
                found.push(Unmet { target: target.id.word(), title: test.title.span, what, place });
            };
            match &reader {
                Ok(reader) => of_test(pipeline, target, reader.as_ref(), test, &mut tell),
                Err(fault) => tell(fault.clone(), None),
            }
        }
    }
    (asked, found)
}

fn of_test(
    pipeline: &Pipeline,
    target: &Target,
    reader: &dyn Reader,
    test: &SpecTest,
    tell: &mut dyn FnMut(String, Option<Place>),
) {
    let event = &test.event.value;
    if readers::told_apart(pipeline, target, event).is_none() {
        return;
    }
    let when = event.shown();
    let started = match reader.start(event) {
        Ok(started) => started,
        Err(fault) => return tell(fault, None),
    };
    let states = match started.states(&World { maybe: true, ..World::default() }) {
        Ok(states) => states,
        Err(fault) => return tell(fault, None),
    };
    let before = started.before();
    for expect in test.expects.iter().filter(|e| holds(pipeline, target, e.job)) {
        let name = &pipeline.job(expect.job).name.value;
        let Some(at) = reader.found().iter().position(|f| f.job == Some(expect.job)) else {
            tell(format!("there is no job `{name}`"), None);
            continue;
        };
        let run = Run { reader, started: started.as_ref(), states: &states, before: &before };
        if let Some(fault) = run.fault(pipeline, at, expect) {
            tell(format!("`{name}` {fault} {when}"), Some(reader.found()[at].place.clone()));
        }
    }
}

struct Run<'r> {
    reader: &'r dyn Reader,
    started: &'r dyn Started,
    /// Where all goes well.
    states: &'r [State],
    before: &'r [BTreeSet<usize>],
}

impl Run<'_> {
    fn fault(&self, pipeline: &Pipeline, at: usize, expect: &Expect) -> Option<String> {
        let there = self.states[at] != State::Absent;
        match expect.kind {
            ExpectKind::Runs => (!there).then(|| "does not run".to_owned()),
            ExpectKind::Absent => self.states[at].ran().then(|| "runs".to_owned()),
            // That it does not run has been said.
            ExpectKind::Behind(_) | ExpectKind::After(_) if !there => None,
            ExpectKind::After(other) => {
                let earlier = self.reader.found().iter().position(|f| f.job == Some(other))?;
                let name = &pipeline.job(other).name.value;
                (!self.before[at].contains(&earlier)).then(|| format!("does not wait for `{name}`"))
            }
            ExpectKind::Behind(gate) => {
                let name = &pipeline.gate(gate).name.value;
                (!self.behind(pipeline, at, gate)).then(|| format!("does not stand behind `{name}`"))
            }
        }
    }

    /// Whether a job does not start without an approval; or whether a gate of another kind is asked there, or in a job before it.
    fn behind(&self, pipeline: &Pipeline, at: usize, gate: GateId) -> bool {
        match &pipeline.gate(gate).kind {
            GateKind::Approval(_) => {
                let world = World { withheld: Some(gate), maybe: true, ..World::default() };
                self.started.states(&world).is_ok_and(|states| !states[at].ran())
            }
            // Of commands and hours nothing in a file says which gate they are.
            GateKind::Check { .. } | GateKind::Window(_) => true,
            GateKind::Measure(_) | GateKind::Findings(_) | GateKind::Junit { .. } | GateKind::Probe(_) | GateKind::Query(_) => {
                let mark = format!("gate {}: ", pipeline.gate(gate).name.value);
                let asks = |job: &usize| self.reader.found()[*job].texts.iter().any(|t| t.text.contains(&mark));
                asks(&at) || self.before[at].iter().any(asks)
            }
        }
    }
}
