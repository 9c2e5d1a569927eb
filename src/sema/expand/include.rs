//! `include "ci/shared.kdl"`: the nodes of another file below the root.

use std::path::{Path, PathBuf};

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::source::SourceMap;
use crate::base::span::{Span, Spanned};
use crate::sema::expand::fill;
use crate::syntax::check;
use crate::syntax::habit::habits;
use crate::syntax::parse::parse;
use crate::syntax::shape::reuse;
use crate::syntax::tree::Node;

/// A file that is not there, or cannot be read.
const INCLUDE_UNREADABLE: &str = "include-unreadable";
/// A path that leaves the root.
const INCLUDE_OUTSIDE: &str = "include-outside-root";
/// A file that includes itself.
const INCLUDE_CYCLE: &str = "include-cycle";
/// More files, or deeper, than a spec has.
const INCLUDE_LIMIT: &str = "include-limit";

/// Most files that one spec may include.
const MAX_INCLUDES: usize = 64;
/// Deepest include within includes.
const MAX_INCLUDE_DEPTH: usize = 8;

/// The nodes with every `include` replaced by what its file holds.
pub(super) fn include<'a>(
    nodes: Vec<Node<'a>>,
    sources: &'a SourceMap,
    root: Option<&Path>,
    diagnostics: &mut Diagnostics,
) -> Vec<Node<'a>> {
    if nodes.iter().all(|n| n.name() != "include") {
        return nodes;
    }
    let mut includer = Includer { sources, root, diagnostics, count: 0, stack: Vec::new(), made: Vec::new() };
    includer.nodes(nodes);
    includer.made
}

struct Includer<'i, 'a> {
    sources: &'a SourceMap,
    root: Option<&'i Path>,
    diagnostics: &'i mut Diagnostics,
    count: usize,
    stack: Vec<PathBuf>,
    made: Vec<Node<'a>>,
}

impl<'a> Includer<'_, 'a> {
    fn nodes(&mut self, nodes: Vec<Node<'a>>) {
        for node in nodes {
            if node.name() != "include" {
                self.made.push(node);
                continue;
            }
            let found = check::check_node(&node, &reuse::INCLUDE);
            let wrong = found.has_errors();
            self.diagnostics.extend(found);
            if !wrong {
                node.str_args().into_iter().for_each(|path| self.file(path, node.head()));
            }
        }
    }

    fn error(&mut self, rule: &'static str, span: Span, message: String, help: &str) {
        self.diagnostics.push(Diagnostic::error(rule, span, message).help(help));
    }

    fn file(&mut self, path: Spanned<&str>, head: Span) {
        let name = path.value;
        self.count += 1;
        if self.count > MAX_INCLUDES || self.stack.len() >= MAX_INCLUDE_DEPTH {
            let message = format!("a spec has at most {MAX_INCLUDES} includes, {MAX_INCLUDE_DEPTH} deep");
            return self.error(INCLUDE_LIMIT, path.span, message, "put the content of small files together");
        }
        let climbs = name.split(['/', '\\']).any(|part| part == "..");
        if Path::new(name).is_absolute() || climbs || name.starts_with('/') || name.contains('\\') {
            let message = format!("`{name}` is no path below the root");
            return self.error(INCLUDE_OUTSIDE, path.span, message, "write it relative to the root, with `/`: \"ci/shared.kdl\"");
        }
        let Some(root) = self.root else {
            let message = "a spec without a folder cannot include files".to_owned();
            return self.error(INCLUDE_UNREADABLE, path.span, message, "save the spec as pipeline.kdl in its repository");
        };
        let resolved = root.canonicalize().and_then(|root| Ok((root.join(name).canonicalize()?, root)));
        let (file, root) = match resolved {
            Ok(found) => found,
            Err(e) => {
                let message = format!("cannot read `{name}`: {e}");
                return self.error(INCLUDE_UNREADABLE, path.span, message, "paths are relative to the root of the repository");
            }
        };
        // A link may lead anywhere; what it leads to counts.
        if !file.starts_with(&root) {
            let message = format!("`{name}` leads outside the root");
            return self.error(INCLUDE_OUTSIDE, path.span, message, "copy the file into the repository");
        }
        if self.stack.contains(&file) {
            let message = format!("`{name}` includes itself");
            return self.error(INCLUDE_CYCLE, path.span, message, "take what both need into a file of its own");
        }
        let id = match self.sources.read(&file, name) {
            Ok(id) => id,
            Err(e) => {
                return self.error(
                    INCLUDE_UNREADABLE,
                    path.span,
                    e.to_string(),
                    "paths are relative to the root of the repository",
                );
            }
        };
        let text = &self.sources.file(id).text;
        let (document, found) = parse(id, text);
        let clean = !found.has_errors();
        self.diagnostics.extend(found);
        if clean {
            self.diagnostics.extend(habits(&document, id, text));
        }
        let expansion = self.sources.expand(head, format!("include `{name}`"));
        let mut nodes = document.nodes;
        nodes.iter_mut().for_each(|n| fill::tag_all(n, expansion));
        self.stack.push(file);
        self.nodes(nodes);
        self.stack.pop();
    }
}
