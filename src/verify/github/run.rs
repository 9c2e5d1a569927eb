//! A run on GitHub: which workflows start, which jobs run, and in which order.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::ir::event::Event;
use crate::verify::bash::Names;
use crate::verify::behaviour::{Frame, Guard, Standing, Started, State, World};
use crate::verify::github::context::{expression, masked};
use crate::verify::github::expr::eval;
use crate::verify::github::expr::value::Value;
use crate::verify::github::happening::Happening;
use crate::verify::github::unsure::Unsure;
use crate::verify::github::{Github, Job, Workflow};

/// The runs that an event starts.
#[derive(Debug)]
pub(super) struct Run<'g> {
    github: &'g Github<'g>,
    /// The workflows that start, each with its order, its `github` and `inputs`, and the outputs of jobs that are known before anything runs.
    started: Vec<StartedWorkflow<'g>>,
}

#[derive(Debug)]
struct StartedWorkflow<'g> {
    workflow: &'g Workflow,
    github: Value,
    inputs: Value,
    /// By job.
    outputs: Vec<Value>,
    /// What the steps of each job that decide give: step and outputs.
    decided: Vec<Vec<(String, Value)>>,
    /// Whether the first steps of each job let the event through.
    passes: Vec<Option<bool>>,
}

impl StartedWorkflow<'_> {
    /// Whether the outputs of a job are answers of a step that decides.
    fn outputs_are_decided(&self, at: usize) -> bool {
        !self.workflow.jobs[at].decisions.is_empty()
    }
}

/// The variables of a step that decides.
struct Variables<'h> {
    happening: &'h Happening,
    files: OnceCell<Option<Vec<String>>>,
    /// Variables that the step is given.
    given: &'h dyn Fn(&str) -> Option<Option<String>>,
}

impl Names for Variables<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        match (self.given)(name) {
            Some(value) => value,
            None => self.happening.variable(name),
        }
    }

    fn files(&self) -> Option<&[String]> {
        self.files.get_or_init(|| self.happening.paths().map(<[String]>::to_vec)).as_deref()
    }
}

impl<'g> Run<'g> {
    /// The run of an event.
    ///
    /// # Errors
    /// An expression that stops the engine.
    pub(super) fn new(github: &'g Github<'g>, event: &Event) -> Result<Self, String> {
        let happening = Happening::of(github.pipeline, event);
        let mut started = Vec::new();
        for workflow in github.workflows.iter().filter(|w| happening.starts(w)) {
            let (context, inputs) = (happening.github(), happening.inputs(workflow));
            let given = |step: &[(String, super::expr::Expr)], name: &str| -> Option<Option<String>> {
                let (_, expr) = step.iter().find(|(n, _)| n == name)?;
                let fixed = Fixed { github: &context, inputs: &inputs };
                Some(eval::eval(expr, &fixed).ok().filter(|v| !matches!(v, Value::Unknown)).map(|v| v.shown()))
            };
            let mut outputs = Vec::new();
            let mut passes = Vec::new();
            let mut decided = Vec::new();
            for job in &workflow.jobs {
                let rows = job.outputs.iter().map(|(name, step, output)| {
                    let decided = job.decisions.iter().find(|d| d.step == *step);
                    let value = decided.and_then(|d| {
                        let names = Variables { happening: &happening, files: OnceCell::new(), given: &|n| given(&d.env, n) };
                        d.decisions.output(output, &names)
                    });
                    (name.clone(), value.map_or(Value::Unknown, Value::String))
                });
                outputs.push(Value::object(rows.collect(), true));
                let steps = job.decisions.iter().map(|d| {
                    let names = Variables { happening: &happening, files: OnceCell::new(), given: &|n| given(&d.env, n) };
                    let rows = d.decisions.names().into_iter().map(|name| {
                        let value = d.decisions.output(name, &names);
                        (name.to_owned(), value.map_or(Value::Unknown, Value::String))
                    });
                    (d.step.clone(), Value::object(rows.collect(), true))
                });
                decided.push(steps.collect());
                let pass = job.guards.iter().map(|g| {
                    let names = Variables { happening: &happening, files: OnceCell::new(), given: &|n| given(&g.env, n) };
                    g.guard.passes(&names)
                });
                let pass: Vec<Option<bool>> = pass.collect();
                let refused = pass.contains(&Some(false)).then_some(false);
                passes.push(refused.or((!pass.contains(&None)).then_some(true)));
            }
            started.push(StartedWorkflow { workflow, github: context, inputs, outputs, decided, passes });
        }
        Ok(Self { github, started })
    }
}

/// The contexts that are known before a run.
struct Fixed<'v> {
    github: &'v Value,
    inputs: &'v Value,
}

impl eval::World for Fixed<'_> {
    fn context(&self, name: &str) -> Value {
        match name {
            "github" => self.github.clone(),
            "inputs" => self.inputs.clone(),
            _ => Value::Unknown,
        }
    }

    fn status(&self, _: &str) -> bool {
        true
    }
}

/// A job's condition, with what came before it.
struct Moment<'v> {
    run: &'v StartedWorkflow<'v>,
    job: &'v Job,
    states: &'v [State],
}

impl Moment<'_> {
    /// The `result` of a job: what is forgiven counts as success.
    fn result(state: State) -> &'static str {
        match state {
            State::Passed | State::Forgiven => "success",
            State::Failed => "failure",
            State::Absent | State::Skipped | State::Waiting => "skipped",
        }
    }
}

impl eval::World for Moment<'_> {
    fn context(&self, name: &str) -> Value {
        match name {
            "github" => self.run.github.clone(),
            "inputs" => self.run.inputs.clone(),
            "needs" => {
                let row = |at: &usize| {
                    let result = ("result".to_owned(), Value::text(Self::result(self.states[*at])));
                    // A job that only decides and could not has said nothing.
                    let silent = self.states[*at] == State::Failed && self.run.outputs_are_decided(*at);
                    let said = if silent { Value::object(Vec::new(), false) } else { self.run.outputs[*at].clone() };
                    let outputs = ("outputs".to_owned(), said);
                    (self.run.workflow.jobs[*at].id.clone(), Value::object(vec![result, outputs], false))
                };
                Value::object(self.job.needs.iter().map(row).collect(), false)
            }
            _ => Value::object(Vec::new(), true),
        }
    }

    /// GitHub looks at all jobs before, however far: one that was skipped is no success.
    fn status(&self, name: &str) -> bool {
        let before = || self.job.ancestors.iter().map(|a| Self::result(self.states[*a]));
        match name {
            "success" => before().all(|r| r == "success"),
            "failure" => before().any(|r| r == "failure"),
            "always" => true,
            _ => false,
        }
    }
}

impl Run<'_> {
    fn state(&self, run: &StartedWorkflow<'_>, at: usize, states: &[State], world: &World) -> Result<State, String> {
        let job = &run.workflow.jobs[at];
        let found = &self.github.found[job.at];
        if job.needs.iter().any(|n| states[*n] == State::Waiting) {
            return Ok(State::Waiting);
        }
        let moment = Moment { run, job, states };
        let success = eval::World::status(&moment, "success");
        let goes_on = match &job.condition {
            None => success,
            Some(expr) if !success && !expr.asks_status() => false,
            Some(expr) => {
                let unsure = Unsure { world: &moment, jobs: &run.workflow.jobs, maybe: world.maybe };
                unsure.holds(expr).map_err(|e| format!("{}:{}: {e}", found.place.file, found.place.line))?
            }
        };
        if !goes_on || found.job.is_some() && found.job == world.skips {
            return Ok(State::Skipped);
        }
        if world.lost && found.job.is_none() && found.asks.is_empty() {
            return Ok(State::Failed);
        }
        if world.withheld.is_some_and(|gate| found.asks.contains(&gate)) {
            return Ok(if world.dropped { State::Skipped } else { State::Waiting });
        }
        let fails = found.job.is_some_and(|j| world.fails.contains(&j));
        Ok(match run.passes[at] {
            // What it refuses it does not do, but it is red all the same.
            Some(false) => State::Failed,
            _ if fails && found.forgiven => State::Forgiven,
            _ if fails => State::Failed,
            _ => State::Passed,
        })
    }
}

impl Started for Run<'_> {
    fn states(&self, world: &World) -> Result<Vec<State>, String> {
        let mut all = vec![State::Absent; self.github.found.len()];
        for run in &self.started {
            let mut states = vec![State::Absent; run.workflow.jobs.len()];
            for at in &run.workflow.order {
                states[*at] = self.state(run, *at, &states, world)?;
            }
            run.workflow.jobs.iter().zip(states).for_each(|(job, state)| all[job.at] = state);
        }
        Ok(all)
    }

    fn before(&self) -> Vec<BTreeSet<usize>> {
        let mut all = vec![BTreeSet::new(); self.github.found.len()];
        for run in &self.started {
            for job in &run.workflow.jobs {
                all[job.at] = job.ancestors.iter().map(|a| run.workflow.jobs[*a].at).collect();
            }
        }
        all
    }

    fn runs(&self, at: usize, frame: &Frame, standing: Standing) -> Option<bool> {
        let run = self.started.iter().find(|r| r.workflow.jobs.iter().any(|j| j.at == at))?;
        let job = run.workflow.jobs.iter().find(|j| j.at == at)?;
        let asked = frame.guards.iter().any(|g| matches!(g, Guard::Vendor(_)));
        frame.holds(Some(asked || standing == Standing::Well), |guard| match guard {
            Guard::Vendor(text) => expression(&masked(self.github.pipeline, text), 0).ok().and_then(|expr| {
                // Without a word about the status a step runs only while all goes well.
                if !expr.asks_status() && standing != Standing::Well {
                    return Some(false);
                }
                eval::eval(&expr, &Turn { run, job, standing }).ok()?.truth()
            }),
            Guard::Test(_) | Guard::Open => None,
        })
    }
}

/// A step's condition, when its turn comes.
struct Turn<'v> {
    run: &'v StartedWorkflow<'v>,
    job: &'v Job,
    standing: Standing,
}

impl eval::World for Turn<'_> {
    fn context(&self, name: &str) -> Value {
        match name {
            "github" => self.run.github.clone(),
            "inputs" => self.run.inputs.clone(),
            "needs" => {
                let row = |at: &usize| {
                    let result = ("result".to_owned(), Value::Unknown);
                    let outputs = ("outputs".to_owned(), self.run.outputs[*at].clone());
                    (self.run.workflow.jobs[*at].id.clone(), Value::object(vec![result, outputs], false))
                };
                Value::object(self.job.needs.iter().map(row).collect(), false)
            }
            "steps" => Value::object(self.run.steps(self.job), true),
            _ => Value::object(Vec::new(), true),
        }
    }

    fn status(&self, name: &str) -> bool {
        match name {
            "success" => self.standing == Standing::Well,
            "failure" => self.standing == Standing::Failed,
            "cancelled" => self.standing == Standing::Cancelled,
            "always" => true,
            _ => false,
        }
    }
}

impl StartedWorkflow<'_> {
    /// What the steps that decide have said. Of a deploy that a later step asks after it is taken that it has started.
    fn steps(&self, job: &Job) -> Vec<(String, Value)> {
        let decided = self.workflow.jobs.iter().position(|j| j.at == job.at).map(|at| self.decided[at].as_slice());
        let mut found: Vec<(String, Value)> = Vec::new();
        for (step, outputs) in decided.unwrap_or_default() {
            found.push((step.clone(), Value::object(vec![("outputs".to_owned(), outputs.clone())], true)));
        }
        let started = Value::object(vec![("outcome".to_owned(), Value::text("success"))], true);
        found.extend(["deploy", "rollback"].map(|id| (id.to_owned(), started.clone())));
        found
    }
}
