//! Nothing of the language stays unrendered: every node of the table and every standard action stands in an example that has golden files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pipewright::base::span::SourceId;
use pipewright::syntax::parse::parse;
use pipewright::syntax::shape::{self, Shape};
use pipewright::syntax::tree::Node;

/// Nodes that no example can hold yet, with the reason.
const NOT_YET: &[(&str, &str)] = &[];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of a node's children; a round's children stand where the round stands. What a template holds has no row before it is put in place.
fn walk(node: &Node<'_>, shape: &'static Shape, seen: &mut BTreeSet<String>) {
    for child in node.children() {
        match shape.child(child.name()) {
            Some(own) if own.shape.id == "each" => {
                seen.insert("each".to_owned());
                walk(child, shape, seen);
            }
            Some(own) => {
                seen.insert(own.shape.id.to_owned());
                walk(child, own.shape, seen);
            }
            None if shape.calls && shape.setting(child.name()).is_none() => {
                seen.insert(format!("action {}", child.name()));
            }
            None => {}
        }
    }
}

fn rows_of(text: &str, seen: &mut BTreeSet<String>) {
    let (document, _) = parse(SourceId(0), text);
    for node in &document.nodes {
        let Some(own) = shape::top::FILE.child(node.name()) else { continue };
        seen.insert(own.shape.id.to_owned());
        walk(node, own.shape, seen);
    }
}

#[test]
fn every_node_and_standard_action_is_rendered_by_an_example() {
    let mut seen = BTreeSet::from(["file".to_owned()]);
    for entry in walkdir::WalkDir::new(root().join("examples")).into_iter().map(Result::unwrap) {
        let path = entry.path();
        let defect = path.components().any(|c| c.as_os_str() == "defects");
        if path.extension().is_some_and(|e| e == "kdl") && !defect {
            rows_of(&fs::read_to_string(path).unwrap(), &mut seen);
        }
    }
    let standard = fs::read_to_string(root().join("targets/actions.kdl")).unwrap();
    let (standard, _) = parse(SourceId(0), &standard);
    let actions = standard.nodes.iter().filter_map(|n| n.arg(0)?.as_str()).map(|name| format!("action {name}"));
    let wanted: Vec<String> = shape::all().into_iter().map(|s| s.id.to_owned()).chain(actions).collect();
    let missing: Vec<&String> = wanted.iter().filter(|w| !seen.contains(*w) && !NOT_YET.iter().any(|(id, _)| id == w)).collect();
    assert!(missing.is_empty(), "no example renders {missing:?}: add them to examples/features-*");
    let stale: Vec<_> = NOT_YET.iter().filter(|(id, _)| seen.contains(*id) || !wanted.iter().any(|w| w == id)).collect();
    assert!(stale.is_empty(), "these are rendered by now: {stale:?}");
}

#[test]
fn rows_are_told_by_where_they_stand() {
    let mut seen = BTreeSet::new();
    rows_of("workflow w { on { push main }; each x a { job j { scan trivy; matrix { include a=b } } } }", &mut seen);
    let expected = ["action scan", "each", "job", "matrix", "matrix.include", "on", "push", "workflow"];
    assert_eq!(seen, expected.map(str::to_owned).into());
}
