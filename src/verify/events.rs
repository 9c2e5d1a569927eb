//! Which jobs are in the pipeline of each event, as the reader of GitLab's file sees it, to be held against what another program finds in that file.

use crate::base::failure::Failure;
use crate::ir::Pipeline;
use crate::render::Output;
use crate::verify::behaviour::{Reader, State, World};
use crate::verify::gitlab::Gitlab;

/// Lines `event<TAB>job`: for every event, by its name and its place in the pipeline's list, the jobs that may be in its pipeline; `-` where none is.
///
/// # Errors
/// `Internal` for a file that the reader does not understand, or an event for which GitLab would refuse to make a pipeline.
pub fn table(pipeline: &Pipeline, outputs: &[Output], events: &[(String, usize)]) -> Result<String, Failure> {
    let mut out = String::new();
    let Some(file) = outputs.iter().find(|o| o.path.ends_with(".gitlab-ci.yml")) else { return Ok(out) };
    let gitlab = Gitlab::read(pipeline, &file.path, &file.text).map_err(Failure::Internal)?;
    for (name, number) in events {
        let started = gitlab.start(&pipeline.events[*number]).map_err(Failure::Internal)?;
        let states = started.states(&World { maybe: true, ..World::default() }).map_err(Failure::Internal)?;
        let there = gitlab.found().iter().zip(states).filter(|(_, state)| *state != State::Absent);
        let mut jobs: Vec<&str> = there.map(|(found, _)| found.id.as_str()).collect();
        if jobs.is_empty() {
            jobs.push("-");
        }
        for job in jobs {
            let line = format!("{name}\t{job}\n");
            if !out.contains(&line) {
                out.push_str(&line);
            }
        }
    }
    Ok(out)
}
