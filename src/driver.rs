//! The list of passes from a spec to its outputs; the one file that sees all floors.

use std::path::Path;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::failure::Failure;
use crate::base::source::SourceMap;
use crate::base::span::{SourceId, Span};
use crate::check::Checked;
use crate::ir::Pipeline;
use crate::render::Output;
use crate::render::Renderer;
use crate::sema::expand::expand;
use crate::sema::lower::lower;
use crate::sema::order;
use crate::syntax::check;
use crate::syntax::check::Actions;
use crate::syntax::parse;
use crate::syntax::settle::settle;
use crate::target::asset;

/// The portable actions that come with pipewright, in the language of specs.
const STANDARD_ACTIONS: &str = "actions.kdl";

/// What to compile, and for whom.
pub struct Options<'a> {
    /// The folder that includes and outputs are relative to.
    pub root: &'a Path,
    /// The spec's path relative to the root, forward slashes, for the headers of the outputs.
    pub spec: &'a str,
    /// The targets to emit; empty for all of the spec.
    pub targets: &'a [String],
    /// The templates, compiled once for all specs of a run.
    pub renderer: &'a Renderer,
}

/// What comes out of one spec.
#[derive(Debug, Default)]
pub struct Compiled {
    /// Findings in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The meaning, unless the spec could not be read that far.
    pub pipeline: Option<Pipeline>,
    /// The files, in their order; empty when a finding is an error.
    pub outputs: Vec<Output>,
    /// Where files of the compiled targets may lie, so that those of an older spec are found there (`drift::outputs::orphans`).
    pub places: Vec<&'static str>,
}

/// Compiles a spec.
///
/// # Errors
/// `Internal` when an output is not what its vendor takes; a fault of the spec is a diagnostic.
pub fn compile(sources: &SourceMap, spec: SourceId, options: &Options<'_>) -> Result<Compiled, Failure> {
    let mut found = Diagnostics::new();
    let pipeline = read(sources, spec, options.root, &mut found)?;
    Ok(Compiled { diagnostics: found.finish(), pipeline, ..Compiled::default() })
}

/// Text to meaning. Each pass takes a spec that the one before has no fault with: a mistake is reported once, where it was made.
fn read(sources: &SourceMap, spec: SourceId, root: &Path, found: &mut Diagnostics) -> Result<Option<Pipeline>, Failure> {
    let text = &sources.file(spec).text;
    let (document, syntax) = parse::read(spec, text);
    found.extend(syntax);
    if found.has_errors() {
        return Ok(None);
    }
    let mut document = expand(document, sources, Some(root), found);
    let standard_text = asset::text(STANDARD_ACTIONS).unwrap_or_default();
    let standard_id = sources.add("<standard actions>", standard_text);
    let (standard, faults) = parse::parse(standard_id, &sources.file(standard_id).text);
    if let Some(fault) = faults.iter().next() {
        return Err(Failure::Internal(format!("targets/{STANDARD_ACTIONS}: {}", fault.message)));
    }
    let mut actions = Actions::default();
    actions.declare(&standard);
    actions.declare(&document);
    let end = Span::new(spec, text.len(), text.len());
    found.extend(check::check(&document, &actions, end));
    if found.has_errors() {
        return Ok(None);
    }
    settle(&mut document, &actions);
    let Some(mut pipeline) = lower(sources, &document, &standard, found) else { return Ok(None) };
    order::complete(&mut pipeline, found);
    if !found.has_errors() {
        Checked::new(&pipeline, found);
    }
    Ok(Some(pipeline))
}
