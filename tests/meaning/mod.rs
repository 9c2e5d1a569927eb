//! What a spec means: its events, which jobs they have, and in what order.

mod events;
mod order;

use pipewright::base::diag::Diagnostics;
use pipewright::base::source::SourceMap;
use pipewright::ir::Pipeline;
use pipewright::ir::bits::BitSet;
use pipewright::sema::lower::lower;
use pipewright::sema::order::complete;
use pipewright::syntax::parse::parse;

/// The meaning of the workflows of a spec, with the rule and message of each finding.
pub(crate) fn meaning(body: &str) -> (Pipeline, Vec<String>) {
    let sources = SourceMap::new();
    let spec =
        sources.add("pipeline.kdl", format!("pipeline sample {{ language 1; default-branch main }}\ntarget github\n{body}"));
    let none = sources.add("none", "");
    let (document, mut found) = parse(spec, &sources.file(spec).text);
    let (standard, _) = parse(none, "");
    let mut lowering = Diagnostics::new();
    let mut pipeline = lower(&sources, &document, &standard, &mut lowering).unwrap();
    found.extend(lowering);
    complete(&mut pipeline, &mut found);
    (pipeline, found.finish().iter().map(|d| format!("{}: {}", d.rule, d.message)).collect())
}

/// The meaning of a spec without fault.
pub(crate) fn good(body: &str) -> Pipeline {
    let (pipeline, found) = meaning(body);
    assert_eq!(found, Vec::<String>::new());
    pipeline
}

/// The events of a set, as they are shown.
pub(crate) fn shown(pipeline: &Pipeline, events: &BitSet) -> Vec<String> {
    events.iter().map(|i| pipeline.events[i].shown()).collect()
}

/// All events, as they are shown.
pub(crate) fn all(pipeline: &Pipeline) -> Vec<String> {
    pipeline.events.iter().map(pipewright::ir::event::Event::shown).collect()
}
