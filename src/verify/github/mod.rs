//! What the files written for GitHub Actions do, as GitHub reads them.
//!
//! Invariant: nothing here is shared with what writes them.

mod context;
pub mod expr;
mod facts;
mod happening;
mod read;
mod run;
mod trigger;
mod unsure;
mod work;

use crate::ir::Pipeline;
use crate::ir::event::Event;
use crate::ir::text::Context;
use crate::verify::bash::{Decisions, Guard};
use crate::verify::behaviour::{Bit, Found, Given, OwnEvent, Place, Reader, Started};
use crate::verify::github::expr::Expr;
use crate::verify::github::trigger::Triggers;

/// The workflows of a repository.
#[derive(Debug)]
pub struct Github<'p> {
    pipeline: &'p Pipeline,
    workflows: Vec<Workflow>,
    found: Vec<Found>,
}

#[derive(Debug)]
struct Workflow {
    /// Its file, below the root.
    path: String,
    /// Its `name`, which is that of the spec.
    name: String,
    on: Triggers,
    jobs: Vec<Job>,
    /// The jobs, each behind those it needs.
    order: Vec<usize>,
}

#[derive(Debug)]
struct Job {
    /// Its place in [`Github::found`].
    at: usize,
    id: String,
    /// Places in the workflow's jobs.
    needs: Vec<usize>,
    /// Places of all jobs before it, however far, itself left out.
    ancestors: Vec<usize>,
    condition: Option<Expr>,
    /// Names of outputs, with the step and the name that give each.
    outputs: Vec<(String, String, String)>,
    /// The steps that decide outputs in a form that is understood.
    decisions: Vec<Deciding>,
    /// First steps that refuse events.
    guards: Vec<Guarding>,
}

#[derive(Debug)]
struct Deciding {
    /// Its id.
    step: String,
    /// Its variables.
    env: Vec<(String, Expr)>,
    decisions: Decisions,
}

#[derive(Debug)]
struct Guarding {
    env: Vec<(String, Expr)>,
    guard: Guard,
}

impl<'p> Github<'p> {
    /// Reads workflow files: path below the root and text.
    ///
    /// # Errors
    /// What cannot be understood, with its file and line.
    pub fn read(pipeline: &'p Pipeline, files: &[(&str, &str)]) -> Result<Self, String> {
        let mut github = Self { pipeline, workflows: Vec::new(), found: Vec::new() };
        for (path, text) in files {
            github.file(path, text).map_err(|e| format!("{path}: {e}"))?;
        }
        github.name_jobs();
        Ok(github)
    }
}

impl Reader for Github<'_> {
    fn word(&self) -> &'static str {
        "github"
    }

    fn found(&self) -> &[Found] {
        &self.found
    }

    fn own_events(&self) -> Vec<OwnEvent<'_>> {
        let mut found = Vec::new();
        for workflow in &self.workflows {
            for (event, keys, line) in &workflow.on.own {
                let place = Place { file: workflow.path.clone(), line: *line };
                found.push(OwnEvent { workflow: &workflow.name, event, keys, place });
            }
        }
        found
    }

    fn start<'r>(&'r self, event: &Event) -> Result<Box<dyn Started + 'r>, String> {
        Ok(Box::new(run::Run::new(self, event)?))
    }

    fn means(&self, at: usize, symbol: &str, context: &Context) -> bool {
        context::means(self, at, symbol, context)
    }

    fn spellings(&self, at: usize, context: &Context) -> Vec<Vec<Bit>> {
        context::spellings(self, at, context)
    }

    fn hands_over(&self, from: usize, to: usize, given: Given<'_>) -> bool {
        let (giver, reader) = (&self.found[from], &self.found[to]);
        let output = match given {
            Given::Output(name) => name.to_owned(),
            Given::Image(name) => format!("{name}-image"),
        };
        giver.outputs.contains(&output) && reader.reads.contains(&format!("{}.{output}", giver.id))
    }
}
