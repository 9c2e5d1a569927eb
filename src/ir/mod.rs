//! The meaning of a spec, free of syntax and of vendors.
//!
//! Two pipelines are *equivalent* if for every event class of [`Pipeline::events`] and every set of job outcomes they
//!
//! 1. run the same jobs,
//! 2. in an order that respects the same happens-before relation,
//! 3. with the same commands in the same shell semantics,
//! 4. behind the same gates and in the same environments,
//! 5. with the same data passed between jobs,
//! 6. with the same consequence of a failure,
//! 7. and expose no more secrets or permissions.
//!
//! Invariant: this room imports `base` only, never reads a file and never prints. What is here has been resolved: a reference is an index,
//! a condition is typed, a duration is a number of seconds. Spans stay, so that every later finding can point at the spec.

pub mod alert;
pub mod app;
mod automaton;
pub mod bits;
pub mod cron;
pub mod environment;
pub mod event;
pub mod expect;
pub mod expr;
pub mod gate;
pub mod glob;
pub mod id;
pub mod job;
pub mod lang;
mod minimise;
pub mod order;
pub mod partition;
pub mod promql;
pub mod raw;
pub mod step;
pub mod stranger;
pub mod strategy;
pub mod text;
pub mod units;
pub mod walk;
mod words;

use crate::base::span::{Span, Spanned};
use crate::ir::app::{App, Delivery};
use crate::ir::environment::{
    Accept, Channel, Environment, Image, Registry, RepositoryPolicy, RunnerClass, Secret, Target, Team, Variable,
};
use crate::ir::event::{Event, EventValue};
use crate::ir::expect::SpecTest;
use crate::ir::gate::Gate;
use crate::ir::id::{AppId, EnvironmentId, GateId, JobId, TargetId, WorkflowId};
use crate::ir::job::{Job, Workflow};
use crate::ir::raw::RawFile;

/// A whole spec.
#[derive(Clone, PartialEq, Debug)]
pub struct Pipeline {
    /// Its name.
    pub name: Spanned<String>,
    /// One sentence about it.
    pub description: Option<String>,
    /// The branch that pull requests usually go to.
    pub default_branch: Spanned<String>,
    /// Prose that has no machine meaning: title and address.
    pub docs: Vec<(String, Option<String>)>,
    /// The vendors to write for, in the order of the spec.
    pub targets: Vec<Target>,
    /// The targets that deliver apps.
    pub delivery: Delivery,
    /// Losses accepted by name.
    pub accepts: Vec<Accept>,
    /// Files of a vendor that stay as they are.
    pub raw_files: Vec<RawFile>,
    /// People.
    pub teams: Vec<Team>,
    /// Secrets.
    pub secrets: Vec<Secret>,
    /// Variables.
    pub variables: Vec<Variable>,
    /// Registries.
    pub registries: Vec<Registry>,
    /// Runners of the spec's own.
    pub runners: Vec<RunnerClass>,
    /// Images that the pipeline builds.
    pub images: Vec<Image>,
    /// Values that depend on the event.
    pub values: Vec<EventValue>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Gates, the jobs' own included.
    pub gates: Vec<Gate>,
    /// Apps.
    pub apps: Vec<App>,
    /// Environments.
    pub environments: Vec<Environment>,
    /// Workflows.
    pub workflows: Vec<Workflow>,
    /// Jobs of all workflows, workflow by workflow in the order of the spec.
    pub jobs: Vec<Job>,
    /// Rules for branches and commits.
    pub repository: Option<RepositoryPolicy>,
    /// What runs must look like.
    pub tests: Vec<SpecTest>,
    /// A witness of every class of events that the spec can tell apart.
    pub events: Vec<Event>,
    /// What is left of it where a vendor lacks the events of another; none where it asks for no such event.
    pub elsewhere: Option<Box<Pipeline>>,
    /// Where the `pipeline` node stands.
    pub span: Span,
}

impl Pipeline {
    /// What a target sees of it: events of GitHub's own are there for GitHub alone.
    pub fn of(&self, target: TargetId) -> &Self {
        self.elsewhere.as_deref().filter(|_| target != TargetId::Github).unwrap_or(self)
    }

    /// Whether a target has a workflow: an event that it knows starts it, and it is one of those that the target holds.
    pub fn starts_on(&self, workflow: WorkflowId, target: &Target) -> bool {
        let own = self.of(target.id).workflow(workflow);
        target.holds(&own.name.value) && !own.on.clauses.is_empty()
    }

    /// The job of an id.
    pub fn job(&self, id: JobId) -> &Job {
        &self.jobs[id.index()]
    }

    /// The gate of an id.
    pub fn gate(&self, id: GateId) -> &Gate {
        &self.gates[id.index()]
    }

    /// The environment of an id.
    pub fn environment(&self, id: EnvironmentId) -> &Environment {
        &self.environments[id.index()]
    }

    /// The workflow of an id.
    pub fn workflow(&self, id: WorkflowId) -> &Workflow {
        &self.workflows[id.index()]
    }

    /// The app of an id.
    pub fn app(&self, id: AppId) -> &App {
        &self.apps[id.index()]
    }

    /// Every job with its id.
    pub fn job_ids(&self) -> impl Iterator<Item = (JobId, &Job)> {
        self.jobs.iter().enumerate().map(|(i, j)| (JobId(i as u32), j))
    }
}
