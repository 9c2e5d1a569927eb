//! The list of passes from a spec to its outputs.

use std::path::Path;

use crate::base::diag::Diagnostic;
use crate::base::failure::Failure;
use crate::base::source::SourceMap;
use crate::base::span::SourceId;
use crate::render::Output;
use crate::render::Renderer;
use crate::syntax::parse;

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
    /// The files, in their order; empty when a finding is an error.
    pub outputs: Vec<Output>,
    /// Where files of the compiled targets may lie, so that those of an older spec are found there (`drift::outputs::orphans`).
    pub places: Vec<&'static str>,
}

/// Compiles a spec.
///
/// # Errors
/// `Internal` when an output is not what its vendor takes; a fault of the spec is a diagnostic.
pub fn compile(sources: &SourceMap, spec: SourceId, _options: &Options<'_>) -> Result<Compiled, Failure> {
    let (_document, diagnostics) = parse::parse(spec, &sources.file(spec).text);
    Ok(Compiled { diagnostics: diagnostics.finish(), ..Compiled::default() })
}
