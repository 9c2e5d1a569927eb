//! Point 3: the commands of the spec, in their order, each in the right shell and directory, with its variables, and run when the spec says.

use std::rc::Rc;

use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::id::{JobId, TargetId};
use crate::ir::job::{Job, Shell as Language};
use crate::ir::step::{Step, StepKind};
use crate::ir::text::{Context, Text};
use crate::ir::walk::{self, Item};
use crate::verify::behaviour::{Act, Bit, Found, Frame, Interpreter, Place, Reader};
use crate::verify::equivalence::Difference;
use crate::verify::script::below;
use crate::verify::texts::Scope;
use crate::verify::turns::Turn;
use crate::verify::wanted::{Wanted, When, steps_of};

/// Compares the commands of a job. What depends on the event is handed back.
pub(super) fn compare<'p>(
    pipeline: &'p Pipeline,
    target: &'p Target,
    reader: &dyn Reader,
    at: usize,
    id: JobId,
) -> (Vec<Difference>, Vec<Turn<'p>>) {
    let Some(acts) = &reader.found()[at].acts else { return (Vec::new(), Vec::new()) };
    let job = pipeline.job(id);
    let wanted = steps_of(pipeline, target.id, job);
    let mut compare = Compare {
        pipeline,
        target,
        reader,
        at,
        id,
        job,
        acts,
        differences: Vec::new(),
        turns: Vec::new(),
        said: vec![false; acts.len()],
    };
    compare.run(&wanted);
    (compare.differences, compare.turns)
}

struct Compare<'p, 'r> {
    pipeline: &'p Pipeline,
    target: &'p Target,
    reader: &'r dyn Reader,
    at: usize,
    id: JobId,
    job: &'p Job,
    acts: &'r [Act],
    differences: Vec<Difference>,
    turns: Vec<Turn<'p>>,
    /// Which lines the spec says.
    said: Vec<bool>,
}

impl<'p> Compare<'p, '_> {
    fn found(&self) -> &Found {
        &self.reader.found()[self.at]
    }

    fn differ(&mut self, point: u8, span: Span, line: Option<usize>, wanted: String, found: String) {
        let place = &self.found().place;
        let place = Place { file: place.file.clone(), line: line.unwrap_or(place.line) };
        self.differences.push(Difference {
            target: self.target.id.word(),
            point,
            job: self.job.name.value.clone(),
            when: String::new(),
            wanted,
            found,
            place: Some(place),
            span,
            more: 0,
        });
    }

    fn run(&mut self, wanted: &[Wanted<'p>]) {
        // What runs while all goes well, and what runs behind it, each in its own order.
        let mut next = [0, 0];
        let (first, behind): (Vec<_>, Vec<_>) = wanted.iter().partition(|s| s.when == When::Success);
        for step in first.into_iter().chain(behind) {
            let row = usize::from(step.when != When::Success);
            let from = if step.ordered { next[row] } else { 0 };
            match self.search(step, from) {
                Some((at, length, act)) => {
                    self.said[at..at + length].iter_mut().for_each(|s| *s = true);
                    if step.ordered {
                        next[row] = at + length;
                    }
                    self.around(step, &act);
                }
                None => {
                    let title = step.title();
                    let elsewhere = from > 0 && self.search(step, 0).is_some();
                    let found =
                        if elsewhere { format!("it runs {title} at another place") } else { format!("it does not run {title}") };
                    let wanted =
                        if elsewhere { format!("it runs {title} behind the steps before") } else { format!("it runs {title}") };
                    self.differ(3, step.span, None, wanted, found);
                }
            }
        }
        self.beside();
    }

    fn scope<'s>(&'s self, step: &'s Wanted<'p>, frame: &'s Frame) -> Scope<'s> {
        let given = [&frame.env, &self.found().env];
        Scope { pipeline: self.pipeline, reader: self.reader, at: self.at, job: self.job, env: &step.env, given }
    }

    /// The first place from which the lines of a step stand, one that agrees in everything if there is one: where, how many lines, and the
    /// first line as it runs.
    fn search(&self, step: &Wanted<'p>, from: usize) -> Option<(usize, usize, Act)> {
        let length = step.lines.len().max(1);
        let mut first = None;
        for at in from..(self.acts.len() + 1).saturating_sub(length) {
            if self.said[at..at + length].iter().any(|s| *s) {
                continue;
            }
            let Some(act) = self.stands(step, at) else { continue };
            if self.faults(step, &act).is_empty() {
                return Some((at, length, act));
            }
            first = first.or(Some((at, length, act)));
        }
        first
    }

    fn stands(&self, step: &Wanted<'p>, at: usize) -> Option<Act> {
        let act = &self.acts[at];
        let scope = self.scope(step, &act.frame);
        if let Some(action) = step.action {
            let same = act.text == format!("uses {action}");
            let given = |(name, value): &(&str, &Text)| act.with.get(*name).is_some_and(|bits| scope.value(value, bits));
            return (same && step.with.iter().all(given)).then(|| act.clone());
        }
        let (first, rest) = step.lines.split_first()?;
        for (i, line) in rest.iter().enumerate() {
            let act = &self.acts[at + 1 + i];
            if !self.scope(step, &act.frame).line(line, &step.contexts, &act.text) {
                return None;
            }
        }
        // A single command has its limit and its forgiveness in its own line.
        let mut act = act.clone();
        let mut frame = (*act.frame).clone();
        if rest.is_empty() && !scope.line(first, &step.contexts, &act.text) {
            let limited = act.text.strip_prefix("timeout ").and_then(|t| t.split_once(' '));
            if let Some((seconds, text)) = limited.and_then(|(s, t)| Some((s.parse().ok()?, t.to_owned()))) {
                frame.limit = Some(seconds);
                act.text = text;
            }
            if let Some(text) = act.text.strip_suffix(" || true").map(str::to_owned) {
                frame.soft = true;
                act.text = text;
            }
        }
        let same = scope.line(first, &step.contexts, &act.text);
        act.frame = Rc::new(frame);
        same.then_some(act)
    }

    /// What is wrong with the way in which a step runs, as the spec has it and as it is.
    fn faults(&self, step: &Wanted<'p>, act: &Act) -> Vec<(u8, String, String)> {
        let frame = &act.frame;
        let mut found = Vec::new();
        let mut fault = |point: u8, wanted: String, is: String| found.push((point, wanted, is));
        let title = step.title();
        if step.action.is_none() {
            let pwsh = frame.interpreter == Some(Interpreter::Pwsh);
            let shell = self.job.shell.value;
            if frame.interpreter.is_some() && pwsh != (shell == Language::Pwsh) || frame.interpreter == Some(Interpreter::Other) {
                fault(3, format!("{title} is read by {}", shell.word()), "another shell reads it".to_owned());
            }
            if !frame.stops {
                fault(3, format!("{title} ends at its first failure"), "it goes on behind a failure".to_owned());
            }
            if shell == Language::Bash && !frame.pipes {
                fault(
                    3,
                    format!("{title} fails with any command of a pipe"),
                    "only the last command of a pipe counts".to_owned(),
                );
            }
            let shown = |dir: &str| if dir.is_empty() { "at the root".to_owned() } else { format!("in {dir}") };
            let dir = below("", step.dir);
            if frame.dir.as_ref() != Some(&dir) {
                let is = frame.dir.as_deref().map_or("in a directory that cannot be told".to_owned(), shown);
                fault(3, format!("{title} runs {}", shown(&dir)), format!("it runs {is}"));
            }
        }
        let scope = self.scope(step, frame);
        for (i, variable) in step.env.iter().enumerate() {
            let name = &variable.name.value;
            if step.env[i + 1..].iter().any(|later| later.name.value == *name) {
                continue;
            }
            let value = frame.env.get(name).or_else(|| self.found().env.get(name));
            let same = match value {
                Some(bits) => scope.value(&variable.value, bits) || itself(bits, name) && scope.by_itself(&variable.value, name),
                None => scope.by_itself(&variable.value, name),
            };
            if !same {
                let is = if value.is_some() { "another value" } else { "no value" };
                fault(3, format!("{title} sees the variable {name} of the spec"), format!("it sees {is} of {name}"));
            }
        }
        if step.soft != frame.soft && !frame.after {
            let (forgives, fails) =
                (format!("a failure of {title} is passed over"), format!("a failure of {title} fails the job"));
            let (wanted, is) = if step.soft { (forgives, fails) } else { (fails, forgives) };
            fault(6, wanted, is);
        }
        let own = step.timeout.map(|t| t.seconds);
        let limit = frame.limit.or(if frame.after { self.found().after_timeout } else { None });
        match (own, limit) {
            // Some vendors count minutes.
            (Some(own), Some(limit)) if limit >= own && limit < own + 60 => {}
            (Some(own), Some(limit)) => {
                fault(6, format!("{title} is stopped after {own} s"), format!("it is stopped after {limit} s"))
            }
            (Some(own), None) => fault(6, format!("{title} is stopped after {own} s"), "nothing stops it".to_owned()),
            // A deploy that can be undone gives each step its share, so that there is time left to undo it.
            (None, Some(limit)) if self.job.deploy.is_none() && frame.limit.is_some() => {
                fault(6, format!("{title} has no limit of its own"), format!("it is stopped after {limit} s"));
            }
            (None, _) => {}
        }
        let attempts = self.job.retry.as_ref().map_or(0, |r| r.value) + 1;
        let is = frame.attempts.max(self.found().retry + 1);
        if step.tried && is != attempts {
            fault(6, format!("{title} is tried at most {attempts} times"), format!("it is tried at most {is} times"));
        }
        for secret in frame.env.values().flatten() {
            let Bit::Symbol(symbol) = secret else { continue };
            let named = self.pipeline.secrets.iter().map(|s| Context::Secret(s.name.value.clone()));
            let Some(context) = named.into_iter().find(|c| self.reader.means(self.at, symbol, c)) else { continue };
            let reads = |text: &Text| text.contexts().any(|c| c.value == context);
            let given = step.contexts.contains(&context)
                || step.env.iter().any(|e| reads(&e.value))
                || step.with.iter().any(|(_, text)| reads(text))
                || frame.after;
            if !given && self.target.id == TargetId::Github {
                fault(7, format!("{title} sees no other secrets than its own"), format!("it sees {symbol}"));
            }
        }
        found
    }

    fn around(&mut self, step: &Wanted<'p>, act: &Act) {
        for (point, wanted, is) in self.faults(step, act) {
            self.differ(point, step.span, Some(act.line), wanted, is);
        }
        let frame = &act.frame;
        if step.when != When::Success || !step.conditions.is_empty() || !frame.guards.is_empty() || frame.after {
            self.turns.push(Turn {
                job: self.id,
                at: self.at,
                frame: Rc::clone(frame),
                line: act.line,
                title: step.title(),
                when: step.when,
                conditions: step.conditions.clone(),
                span: step.span,
            });
        }
    }

    /// Whether a line only tells that an action does nothing on this target.
    fn tells_of_absence(&self, text: &str) -> bool {
        self.job.steps.iter().any(|step| match &step.kind {
            StepKind::Action(call) => {
                call.body(self.target.id).is_some_and(|b| b.is_empty)
                    && text == format!("echo \"{} is left out here\"", call.name.value)
            }
            _ => false,
        })
    }

    /// A job of which the spec says every command runs no other.
    fn beside(&mut self) {
        if !is_plain(self.pipeline, self.target.id, self.job) {
            return;
        }
        let own: Vec<(usize, String)> = self
            .acts
            .iter()
            .zip(&self.said)
            .filter(|(act, said)| !**said && !is_frame(&act.text) && !self.tells_of_absence(&act.text))
            .map(|(act, _)| (act.line, act.text.clone()))
            .collect();
        for (line, text) in own {
            let span = self.job.name.span;
            self.differ(3, span, Some(line), "no other commands than those of the spec".to_owned(), format!("it runs `{text}`"));
        }
    }
}

fn itself(bits: &[Bit], name: &str) -> bool {
    matches!(bits, [Bit::Symbol(other)] if other == name)
}

/// Whether a line only says how others run.
fn is_frame(text: &str) -> bool {
    let word = text.split([' ', ';']).next().unwrap_or_default();
    matches!(word, "cd" | "export" | "set" | "(" | ")" | "if" | "fi" | "uses" | "touch" | "timeout" | "unset")
        || word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// Whether the spec says all commands of a job: nothing in it has a script of pipewright's.
fn is_plain(pipeline: &Pipeline, target: TargetId, job: &Job) -> bool {
    let asks = |c: &Context| {
        matches!(
            c,
            Context::Run(_)
                | Context::Value(_)
                | Context::JobStatus
                | Context::Commit(_)
                | Context::Gate { .. }
                | Context::Image(_)
        )
    };
    let simple = |step: &Step| match &step.kind {
        StepKind::Run(_) | StepKind::Uses { .. } | StepKind::Cache(_) => true,
        StepKind::Checkout(checkout) => checkout.reference.is_none() && !checkout.lfs,
        StepKind::Action(call) => {
            // What is left out says so by a line of its own.
            call.body(target).is_some_and(|b| {
                !b.is_empty && b.steps.iter().all(|s| matches!(s.kind, StepKind::Run(_) | StepKind::Uses { .. }))
            })
        }
        _ => false,
    };
    let workflow = pipeline.workflow(job.workflow);
    let mut read: Vec<Context> = Vec::new();
    walk::items(job, &[target], &mut |item| match item {
        Item::Text(text) | Item::Script(text) => read.extend(text.contexts().map(|c| c.value.clone())),
        Item::Condition(condition) => read.extend(condition.contexts().into_iter().map(|c| c.value)),
        // The vendor decides about the whole job before anything runs.
        Item::JobCondition(_) => {}
    });
    job.deploy.is_none()
        && job.environment.is_none()
        && job.requires.is_empty()
        && job.notify.is_empty()
        && job.services.is_empty()
        && job.produces.is_empty()
        && job.reports.is_empty()
        && job.outputs.is_empty()
        && job.raw.is_empty()
        && job.docker.is_none()
        && workflow.inputs.is_empty()
        && job.steps.iter().all(simple)
        && !read.iter().any(asks)
        && !workflow.env.iter().any(|e| e.value.contexts().any(|c| asks(&c.value)))
}
