//! Point 3: the commands of the spec, in their order, each in the right shell and directory, with its variables, and run when the spec says.

use std::rc::Rc;

use crate::base::span::Span;
use crate::ir::Pipeline;
use crate::ir::environment::Target;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::id::{JobId, TargetId};
use crate::ir::job::{Job, Shell as Language};
use crate::ir::text::{CommitField, Context, Text};
use crate::ir::walk;
use crate::plan::step::{PlannedKind, PlannedStep};
use crate::plan::steps::Builder;
use crate::verify::behaviour::{Act, Bit, Found, Frame, Guard, Interpreter, Place, Reader};
use crate::verify::difference::Difference;
use crate::verify::script::below;
use crate::verify::texts::Scope;
use crate::verify::turns::Turn;
use crate::verify::wanted::{Wanted, When, planned, steps_of};

/// What stands for a script where a vendor wants one, and the job runs all it has after it.
const NOTHING: &str = "echo \"Nothing to do\"";

/// Compares the commands of a job. What depends on the event is handed back.
pub(super) fn compare<'p>(
    pipeline: &'p Pipeline,
    target: &'p Target,
    reader: &dyn Reader,
    at: usize,
    id: JobId,
) -> (Vec<Difference>, Vec<Turn>) {
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
    // A build of AWS has much of its own around the commands of the spec.
    if target.id.is_aws() {
        return (compare.differences, compare.turns);
    }
    let steps = Builder::new(pipeline, target.id, job).build();
    compare.planned(&planned(&steps, &wanted));
    compare.beside(&steps);
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
    turns: Vec<Turn>,
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

    fn run(&mut self, wanted: &[Wanted<'_>]) {
        // What runs while all goes well, and what runs behind it, each in its own order.
        let mut next = [0, 0];
        let (first, behind): (Vec<_>, Vec<_>) = wanted.iter().partition(|s| s.when == When::Success);
        for step in first.into_iter().chain(behind) {
            let row = usize::from(step.when != When::Success);
            let from = if step.ordered { next[row] } else { 0 };
            if let Some(end) = self.look(step, from)
                && step.ordered
            {
                next[row] = end;
            }
        }
    }

    /// Pipewright's own scripts, where they differ from what the spec says, stand in the order of the plan.
    fn planned(&mut self, wanted: &[Wanted<'_>]) {
        for step in wanted {
            self.look(step, 0);
        }
    }

    /// Looks for a step from a place on: where it ends.
    fn look(&mut self, step: &Wanted<'_>, from: usize) -> Option<usize> {
        if let Some((at, length, act)) = self.search(step, from) {
            self.said[at..at + length].iter_mut().for_each(|s| *s = true);
            self.around(step, &act);
            return Some(at + length);
        }
        let title = step.title();
        let elsewhere = from > 0 && self.search(step, 0).is_some();
        let (wanted, found) = if elsewhere {
            (format!("it runs {title} behind the steps before"), format!("it runs {title} at another place"))
        } else {
            (format!("it runs {title}"), format!("it does not run {title}"))
        };
        self.differ(3, step.span, None, wanted, found);
        None
    }

    fn scope<'s>(&'s self, step: &'s Wanted<'s>, frame: &'s Frame) -> Scope<'s> {
        let given = [&frame.env, &self.found().env];
        Scope { pipeline: self.pipeline, reader: self.reader, at: self.at, job: self.job, env: &step.env, given }
    }

    /// The first place from which the lines of a step stand, one that agrees in everything if there is one: where, how many lines, and the
    /// first line as it runs.
    fn search(&self, step: &Wanted<'_>, from: usize) -> Option<(usize, usize, Act)> {
        let length = step.lines.len().max(1);
        let mut best: Option<(usize, (usize, usize, Act))> = None;
        for at in from..(self.acts.len() + 1).saturating_sub(length) {
            if self.said[at..at + length].iter().any(|s| *s) {
                continue;
            }
            let Some(act) = self.stands(step, at) else { continue };
            // Of several with the same text the one that looks as if it ran when this one should.
            let rank = usize::from(!self.faults(step, &act).is_empty()) * 2 + usize::from(!seems(step.when, &act.frame));
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, (at, length, act)));
            }
            if rank == 0 {
                break;
            }
        }
        best.map(|(_, found)| found)
    }

    fn stands(&self, step: &Wanted<'_>, at: usize) -> Option<Act> {
        let act = &self.acts[at];
        let scope = self.scope(step, &act.frame);
        if let Some(action) = step.action {
            let same = act.text == format!("uses {action}");
            let given = |(name, value): &(&str, &Text)| act.with.get(*name).is_some_and(|bits| scope.input(value, bits));
            return (same && step.with.iter().all(given)).then(|| act.clone());
        }
        // A single command, or the first and last of several, has its limit and its forgiveness in its own line.
        let (mut limit, mut soft) = (None, false);
        let last = step.lines.len().checked_sub(1)?;
        for (i, line) in step.lines.iter().enumerate() {
            let act = &self.acts[at + i];
            let scope = self.scope(step, &act.frame);
            let mut text = act.text.as_str();
            if scope.line(line, &step.contexts, text, act.quoted) {
                continue;
            }
            if let Some((seconds, rest)) = text.strip_prefix("timeout ").filter(|_| i == 0).and_then(|t| t.split_once(' ')) {
                limit = seconds.parse().ok();
                text = rest;
            }
            if let Some(rest) = text.strip_suffix(" || true").filter(|_| i == last) {
                soft = true;
                text = rest;
            }
            if !scope.line(line, &step.contexts, text, act.quoted) {
                return None;
            }
        }
        let mut act = act.clone();
        if limit.is_some() || soft {
            let mut frame = (*act.frame).clone();
            frame.limit = limit.or(frame.limit);
            frame.soft |= soft;
            act.frame = Rc::new(frame);
        }
        Some(act)
    }

    /// What is wrong with the way in which a step runs, as the spec has it and as it is.
    fn faults(&self, step: &Wanted<'_>, act: &Act) -> Vec<(u8, String, String)> {
        let frame = &act.frame;
        let mut found = Vec::new();
        let mut fault = |point: u8, wanted: String, is: String| found.push((point, wanted, is));
        let title = step.title();
        if self.target.id == TargetId::Gitlab && frame.after != (step.when != When::Success) {
            let (while_well, behind) =
                (format!("{title} runs while all goes well"), "it runs when the script has ended".to_owned());
            let (wanted, is) = if frame.after { (while_well, behind) } else { (behind, while_well) };
            fault(3, wanted, is);
        }
        if step.action.is_none() && !step.own && !frame.stops && !frame.after {
            fault(3, format!("{title} ends at its first failure"), "it goes on behind a failure".to_owned());
        }
        if step.action.is_none() && step.own {
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
            _ if !step.own => {}
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

    fn around(&mut self, step: &Wanted<'_>, act: &Act) {
        for (point, wanted, is) in self.faults(step, act) {
            self.differ(point, step.span, Some(act.line), wanted, is);
        }
        let frame = &act.frame;
        if step.when == When::Asked {
            return;
        }
        if step.when != When::Success || !step.conditions.is_empty() || !frame.guards.is_empty() || frame.after {
            self.turns.push(Turn {
                job: self.id,
                at: self.at,
                frame: Rc::clone(frame),
                line: act.line,
                title: step.title(),
                when: step.when,
                conditions: step.conditions.iter().map(|(c, positive)| ((*c).clone(), *positive)).collect(),
                span: step.span,
            });
        }
    }

    /// A job all of whose commands are known runs no other.
    fn beside(&mut self, steps: &[PlannedStep]) {
        if !is_plain(self.pipeline, self.target.id, self.job, steps) {
            return;
        }
        let own: Vec<(usize, String)> = self
            .acts
            .iter()
            .zip(&self.said)
            .filter(|(act, said)| !**said && !is_frame(&act.text) && act.text != NOTHING)
            .map(|(act, _)| (act.line, act.text.clone()))
            .collect();
        for (line, text) in own {
            let span = self.job.name.span;
            self.differ(3, span, Some(line), "no other commands than those of the spec".to_owned(), format!("it runs `{text}`"));
        }
    }
}

/// Whether a line seems to run when a step should, by the words of its conditions; [`Turn`] tells for sure.
fn seems(when: When, frame: &Frame) -> bool {
    let asks =
        |word: &str| frame.guards.iter().any(|g| matches!(g, Guard::Vendor(text) | Guard::Test(text) if text.contains(word)));
    let behind = frame.after || asks("failure()") || asks("always()");
    match when {
        When::Success => !behind,
        When::Failure => behind && !asks("always()") && (asks("failure()") || asks("= failed")),
        When::Always => asks("always()") || frame.after && !asks("CI_JOB_STATUS"),
        When::Rollback | When::Asked => behind,
    }
}

fn itself(bits: &[Bit], name: &str) -> bool {
    matches!(bits, [Bit::Symbol(other)] if other == name)
}

/// Whether a line only says how others run, or leaves a mark for them.
fn is_frame(text: &str) -> bool {
    let word = text.split([' ', ';']).next().unwrap_or_default();
    matches!(word, "cd" | "export" | "set" | "(" | ")" | "if" | "fi" | "uses" | "touch" | "timeout" | "unset")
        || text.starts_with("rm -f \"$CI_PROJECT_DIR/.")
        || word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// Whether all commands of a job are known: it needs nothing of a vendor for which that has words of its own, no tools, images, files of other jobs, or
/// values that a script works out.
fn is_plain(pipeline: &Pipeline, target: TargetId, job: &Job, steps: &[PlannedStep]) -> bool {
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
    let simple = |step: &PlannedStep| match &step.kind {
        PlannedKind::Run(_) | PlannedKind::Uses { .. } | PlannedKind::Cache(_) => true,
        PlannedKind::Checkout(checkout) => checkout.reference.is_none() && !checkout.lfs,
        _ => false,
    };
    let reads = |step: &PlannedStep| {
        let texts = step.env.iter().map(|e| &e.value).chain(step.kind.texts());
        let mut read = texts.flat_map(Text::contexts).map(|c| c.value.clone());
        // GitHub compares no patterns: a script does.
        let mut by_script = false;
        step.condition.iter().for_each(|c| {
            c.visit(&mut |e| by_script |= target == TargetId::Github && matches!(e.kind, ExprKind::Matches(..)));
        });
        by_script || read.any(|c| asks(&c)) || step.condition.iter().flat_map(Expr::contexts).any(|c| asks(&c.value))
    };
    let workflow = pipeline.workflow(job.workflow);
    let environment = job.environment.as_ref().map(|e| pipeline.environment(e.environment));
    let mut env = workflow.env.iter().chain(environment.into_iter().flat_map(|e| &e.env)).chain(&job.env);
    // GitHub's first step may look at the exact name of a branch before a deploy.
    (job.deploy.is_none() || target != TargetId::Github)
        && job.services.is_empty()
        && job.produces.is_empty()
        && job.reports.is_empty()
        && job.outputs.is_empty()
        && job.raw.is_empty()
        && job.docker.is_none()
        && workflow.inputs.is_empty()
        && steps.iter().all(simple)
        && !steps.iter().any(reads)
        && !walk::contexts(job, &[target]).iter().any(|c| c.value == Context::Commit(CommitField::Short))
        && !env.any(|e| e.value.contexts().any(|c| asks(&c.value)))
}
