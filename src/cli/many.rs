//! Many specs compiled side by side. What comes of them is told, and written, one after another in their order, so that nothing but the time
//! taken depends on how many processors there are.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::base::failure::Failure;
use crate::base::source::SourceMap;
use crate::cli::day::today;
use crate::cli::specs::Spec;
use crate::driver::{self, Compiled, Options};
use crate::render::Renderer;

/// As many specs are held at a time, so that memory does not grow with their number.
const HELD: usize = 256;

/// Fewer specs are done before a thread of their own has begun.
const FEW: usize = 4;

type Done = Result<(SourceMap, Compiled), Failure>;

/// Compiles each spec for some targets (all of it, if none is named), by `jobs` threads at the most, and takes its last step.
///
/// # Errors
/// The first in the order of the specs: of reading or compiling one, or of its last step. The steps of those before it have been taken.
pub(super) fn each(
    specs: &[Spec],
    targets: &[String],
    jobs: Option<NonZero<usize>>,
    mut last: impl FnMut(&Spec, SourceMap, Compiled) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let jobs = jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get);
    if jobs == 1 || specs.len() < FEW {
        let renderer = Renderer::new();
        return specs.iter().try_for_each(|spec| {
            let (sources, compiled) = compile(spec, targets, &renderer)?;
            last(spec, sources, compiled)
        });
    }
    for held in specs.chunks(HELD) {
        for (spec, done) in held.iter().zip(side_by_side(held, targets, jobs)) {
            let (sources, compiled) = done?;
            last(spec, sources, compiled)?;
        }
    }
    Ok(())
}

fn compile(spec: &Spec, targets: &[String], renderer: &Renderer) -> Done {
    let sources = SourceMap::new();
    let id = spec.read(&sources)?;
    let options = Options { root: &spec.root, spec: &spec.name, targets, today: Some(today()), renderer };
    let compiled = driver::compile(&sources, id, &options)?;
    Ok((sources, compiled))
}

/// What comes of each spec, in their order.
fn side_by_side(specs: &[Spec], targets: &[String], jobs: usize) -> impl Iterator<Item = Done> {
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Done>> = Mutex::default();
    let work = || {
        let renderer = Renderer::new();
        while let Some((at, spec)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, specs.get(at)?))) {
            let made = compile(spec, targets, &renderer);
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(at, made);
        }
    };
    thread::scope(|scope| (0..jobs.min(specs.len())).for_each(|_| _ = scope.spawn(work)));
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values()
}
