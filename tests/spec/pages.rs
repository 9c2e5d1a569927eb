//! Every node has a page with its table, every page a node; the indexes list them all.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use pipewright::syntax::check;
use pipewright::syntax::shape::{self, Shape};

use super::tables::{file, parents, table};
use super::{markdown, root, update};

const START: &str = "<!-- generated -->\n";
const END: &str = "<!-- end -->";

/// A first page: what the table knows.
fn first(shape: &Shape) -> String {
    let title = if shape.name.is_empty() { "the file" } else { shape.name };
    let home = parents(shape).first().map_or("top", |p| if p.name.is_empty() { "top" } else { p.name });
    let example = if shape.example.is_empty() { String::new() } else { format!("\n```kdl {home}\n{}\n```\n", shape.example) };
    format!("# {title}\n\n{}\n\n{START}\n{END}\n{example}", shape.doc)
}

/// The page with what stands between the markers replaced.
fn filled(page: &str, generated: &str) -> Option<String> {
    let (before, rest) = page.split_once(START)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{START}\n{}\n{END}{after}", generated.trim_end()))
}

#[test]
fn every_node_has_a_page_with_its_table() {
    let mut wrong = Vec::new();
    for shape in shape::all() {
        let path = root().join("lang-spec/nodes").join(format!("{}.md", file(shape)));
        let page = fs::read_to_string(&path).unwrap_or_else(|_| if update() { first(shape) } else { String::new() });
        let expected = filled(&page, &table(shape));
        match expected {
            Some(expected) if update() => fs::write(&path, expected).unwrap(),
            Some(expected) if expected == page => {}
            _ => wrong.push(format!("lang-spec/nodes/{}.md", file(shape))),
        }
    }
    assert!(wrong.is_empty(), "missing, or not as in src/syntax/shape: {wrong:?}; run UPDATE_SPEC=1 cargo test spec");
}

#[test]
fn every_page_of_a_node_has_a_node() {
    let rows: BTreeSet<String> = shape::all().into_iter().map(file).collect();
    let pages = fs::read_dir(root().join("lang-spec/nodes")).unwrap();
    let pages = pages.map(|e| e.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
    let stray: Vec<String> = pages.filter(|p| !rows.contains(p)).collect();
    assert!(stray.is_empty(), "no row of src/syntax/shape has these pages: {stray:?}");
}

/// A line on each rule: the summary of its table where it has one, else the first line of its page.
fn summary(rule: &str, page: &str) -> String {
    let known = pipewright::check::RULES.iter().find(|r| r.name == rule).map(|r| r.summary);
    let known = known.or_else(|| check::RULES.iter().find(|(name, _)| *name == rule).map(|(_, line)| *line));
    let first = || page.lines().find(|l| !l.is_empty() && !l.starts_with('#')).unwrap_or_default();
    known.unwrap_or_else(first).to_owned()
}

fn indexes() -> [(&'static str, String); 2] {
    let mut rules = String::from("| rule | what it finds |\n|---|---|\n");
    for path in markdown().into_iter().filter(|p| p.parent().is_some_and(|d| d.ends_with("lang-spec/rules"))) {
        let rule = path.file_stem().unwrap().to_string_lossy().into_owned();
        let _ = writeln!(rules, "| [`{rule}`](rules/{rule}.md) | {} |", summary(&rule, &fs::read_to_string(&path).unwrap()));
    }
    let mut nodes = String::from("| node | in | what it is for |\n|---|---|---|\n");
    for shape in shape::all() {
        let name = if shape.name.is_empty() { "(the file)" } else { shape.name };
        let homes: Vec<&str> = parents(shape).iter().map(|p| if p.name.is_empty() { "the file" } else { p.name }).collect();
        let homes = if homes.len() > 4 { format!("{} and others", homes[..3].join(", ")) } else { homes.join(", ") };
        let _ = writeln!(nodes, "| [`{name}`](nodes/{}.md) | {homes} | {} |", file(shape), shape.doc.replace('|', "\\|"));
    }
    [("lang-spec/rules.md", rules), ("lang-spec/nodes.md", nodes)]
}

#[test]
fn the_indexes_list_every_page() {
    for (name, generated) in indexes() {
        let page = fs::read_to_string(root().join(name)).unwrap();
        let expected = filled(&page, &generated).unwrap();
        if update() {
            fs::write(root().join(name), &expected).unwrap();
        } else {
            assert!(page == expected, "{name} is stale: run UPDATE_SPEC=1 cargo test spec");
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut dead = Vec::new();
    for path in markdown() {
        let page = fs::read_to_string(&path).unwrap();
        for target in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            let local = !target.is_empty() && !target.contains("://") && !target.contains(['`', ' ', '(']);
            if local && !path.parent().unwrap().join(target).exists() {
                dead.push(format!("{}: {target}", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}
