//! `actions/cache`: the cache of a tool, or of paths below the root.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::yaml::Node;

use super::expr::{Gh, Piece, parse, pieces};
use super::handover::below;
use super::step::Made;
use super::text::{self, Where};
use super::uses::Use;
use super::work::Work;

/// Directories that a known tool caches in, by the tool's name in a spec.
const CACHES: &[(&str, &str)] = &[
    ("~/.cargo", "cargo"),
    ("~/.npm", "npm"),
    ("~/.cache/pip", "pip"),
    ("~/go/pkg/mod", "go"),
    ("~/.cache/go-build", "go"),
    ("~/Library/Caches/go-build", "go"),
    ("%LocalAppData%\\go-build", "go"),
    ("/home/runner/.cache/go-build", "go"),
    ("/home/runner/go/pkg/mod", "go"),
    ("/go/pkg/mod", "go"),
    ("~/.m2", "maven"),
    ("~/.gradle", "gradle"),
    ("~/.cache/yarn", "yarn"),
    ("~/.cache/uv", "uv"),
    ("~/.cache/pypoetry", "poetry"),
];

/// The cache; false where a spec has no word for what is kept, or for its key.
pub(super) fn cache(work: &mut Work<'_, '_>, used: &Use<'_>, made: &mut Made) -> bool {
    if !used.has_only(&["path", "key", "restore-keys", "enableCrossOsArchive"]) {
        return false;
    }
    let (Some(path), Some(key)) = (used.fixed(work, "path"), used.fixed(work, "key")) else { return false };
    let lines: Vec<&str> = path.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let tool = |line: &str| CACHES.iter().find(|(dir, _)| line.starts_with(dir)).map(|(_, tool)| *tool);
    let tools: Vec<&str> = lines.iter().filter_map(|l| tool(l)).collect();
    let tool = tools.first().copied().filter(|first| {
        tools.iter().all(|t| t == first) && lines.iter().all(|l| tool(l).is_some() || *l == "target" || *l == "target/")
    });
    let paths: Option<Vec<String>> = lines.iter().map(|l| below(l)).collect();
    let mut build = match (tool, paths) {
        (Some(tool), _) => node("cache").arg(tool),
        // A word alone would be the name of a tool.
        (None, Some(paths)) => {
            node("cache").args(paths.iter().map(|p| if p.contains(['/', '.', '*']) { p.clone() } else { format!("{p}/") }))
        }
        (None, None) => return false,
    };
    if tool.is_none() {
        let Some(keyed) = keyed(work, &key, build) else { return false };
        build = keyed;
    }
    for entry in used.with.map(Node::entries).unwrap_or_default() {
        work.mark(entry, Fate::Emulated("pipewright makes the key, by system, lock file and vendor".to_owned()));
    }
    let is_there =
        tool.is_some() && made.steps.iter().any(|s| s.0.name() == "cache" && s.0.arg(0).and_then(|e| e.as_str()) == tool);
    if !is_there {
        made.steps.push(build);
    }
    true
}

/// The cache with its key and the files that are part of it; none where something else is.
fn keyed(work: &mut Work<'_, '_>, key: &str, mut build: Build) -> Option<Build> {
    let mut plain = String::new();
    let mut files = Vec::new();
    for piece in pieces(key) {
        match piece {
            Piece::Text(text) => plain.push_str(text),
            Piece::Expr(inner) => match parse(inner)? {
                Gh::Call(name, arguments) if name == "hashfiles" => {
                    for argument in arguments {
                        let Gh::Text(file) = argument else { return None };
                        files.push(below(&file)?);
                    }
                }
                // The system is part of every key.
                expr if matches!(expr.path().as_deref(), Some("runner.os" | "runner.arch")) => {}
                _ => {
                    let (made, fate) = text::text(&format!("${{{{ {inner} }}}}"), Where::Field, &work.scope, work.declared);
                    if fate != Fate::Exact {
                        return None;
                    }
                    plain.push_str(&made);
                }
            },
        }
    }
    let plain = plain.trim_matches('-').replace("--", "-");
    if !plain.is_empty() {
        build = build.prop("key", &plain);
    }
    if let [one] = files.as_slice() {
        build = build.prop("files", one);
    } else if !files.is_empty() {
        build.push(node("files").args(&files));
    }
    Some(build)
}
