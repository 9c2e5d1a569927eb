//! The standard actions are written in the language they are read with, and every version in them is pinned.

use pipewright::base::span::{SourceId, Span};
use pipewright::syntax::check::actions::Actions;
use pipewright::syntax::check::check;
use pipewright::syntax::parse::parse;
use pipewright::target::{asset, pins};

#[test]
fn the_standard_actions_are_whole() {
    let text = asset::text("actions.kdl").unwrap();
    let (document, faults) = parse(SourceId(0), text);
    assert!(faults.is_empty(), "{:#?}", faults.finish());
    let mut actions = Actions::default();
    actions.declare(&document);
    // A file of actions alone lacks a pipeline; nothing else may be wrong with it.
    let end = Span::new(SourceId(0), text.len(), text.len());
    let found: Vec<_> =
        check(&document, &actions, end).finish().into_iter().filter(|d| d.span.start as usize != text.len()).collect();
    assert!(found.is_empty(), "{found:#?}");
    for node in &document.nodes {
        let bodies = node.children().iter().filter(|c| c.name() == "for");
        for uses in bodies.flat_map(|b| b.children()).filter(|s| s.name() == "uses") {
            let reference = uses.arg(0).and_then(|e| e.as_str()).unwrap();
            assert!(pins::resolve(reference).is_ok(), "{reference}");
        }
    }
}
