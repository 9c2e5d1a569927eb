//! Expansion: includes, constants, templates with parameters, rounds of `each`, and `like=` of environments; tree to tree, before types.
//!
//! Each of them is gone afterwards, and every node that came through one carries its use in its span. Merging asks the table of nodes what
//! is single and what is a list: single nodes replace one another, lists append, nodes with a key replace the one of their key, and what a
//! node says itself wins over its templates, later templates over earlier ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::source::SourceMap;
use crate::base::span::{ExpansionId, Span};
use crate::sema::expand::fill::Values;
use crate::sema::expand::merge::Ranked;
use crate::syntax::check;
use crate::syntax::lex::MAX_DEPTH;
use crate::syntax::shape::{Shape, reuse, top};
use crate::syntax::tree::{Document, Node};

mod apps;
mod fill;
mod include;
mod like;
mod merge;
mod repository;
mod template;

/// A template that uses itself.
pub const TEMPLATE_CYCLE: &str = "template-cycle";
/// More than expansion may make.
pub const EXPANSION_TOO_LARGE: &str = "expansion-too-large";
/// A template that nothing uses.
pub const UNUSED_TEMPLATE: &str = "unused-template";
/// A constant that nothing reads.
pub const UNUSED_CONST: &str = "unused-const";
/// A parameter that its template does not read.
pub const UNUSED_PARAM: &str = "unused-param";

/// Most jobs that expansion may make: far above any use, low enough to stop a round that multiplies.
pub const MAX_JOBS: usize = 2_000;
/// Most nodes that expansion may make.
pub const MAX_NODES: usize = if cfg!(test) { 20_000 } else { 1_000_000 };
/// Most bytes of text that constants, parameters and rounds may fill in.
pub const MAX_FILLED: usize = if cfg!(test) { 100_000 } else { 64 << 20 };
/// Deepest use of templates within templates.
pub const MAX_TEMPLATE_DEPTH: usize = 16;

/// Expands a document. `root` is the folder that includes are relative to; without one an include is an error.
pub fn expand<'a>(
    document: Document<'a>,
    sources: &'a SourceMap,
    root: Option<&Path>,
    diagnostics: &mut Diagnostics,
) -> Document<'a> {
    let nodes = include::include(document.nodes, sources, root, diagnostics);
    let mut templates = BTreeMap::new();
    let mut rest = Vec::with_capacity(nodes.len());
    let mut constants = Values::new("constant", "const");
    let mut places = BTreeMap::new();
    for node in nodes {
        match node.name() {
            "template" => {
                let found = check::check_node(&node, &reuse::TEMPLATE);
                if let Some(name) = node.str_arg(0).filter(|_| !found.has_errors()) {
                    let name = name.value.to_owned();
                    repeated(&mut templates, name, node, diagnostics);
                }
                diagnostics.extend(found);
            }
            "const" => {
                let found = check::check_node(&node, &reuse::CONST);
                if !found.has_errors() {
                    constant(node, &mut constants, &mut places, sources, diagnostics);
                }
                diagnostics.extend(found);
            }
            _ => rest.push(node),
        }
    }
    let mut expander = Expander {
        sources,
        templates: &templates,
        constants,
        diagnostics,
        used: BTreeSet::new(),
        params_used: BTreeSet::new(),
        nodes: 0,
        jobs: 0,
        stopped: false,
    };
    let scope = Scope::default();
    let list = expander.list(&rest, Some(&top::FILE), &scope);
    let mut nodes: Vec<Node<'a>> = list.into_iter().map(|(_, node)| node).collect();
    expander.unused(&places);
    like::like(&mut nodes, sources, diagnostics);
    repository::checks(&mut nodes, sources);
    apps::complete(&mut nodes, diagnostics);
    Document { nodes }
}

/// A constant: its value may name those above it.
fn constant<'a>(
    node: Node<'a>,
    constants: &mut Values<'a>,
    places: &mut BTreeMap<String, Span>,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) {
    let (Some(name), Some(value)) = (node.str_arg(0), node.arg(1)) else { return };
    let (name, span) = (name.value.to_owned(), name.span);
    if let Some(first) = places.get(&name) {
        diagnostics.push(
            Diagnostic::error(check::REPEATED_NODE, span, format!("the constant `{name}` stands twice"))
                .related(*first, "first here")
                .help("keep one of them"),
        );
        return;
    }
    let mut value = value.clone();
    fill::entry(&mut value, &[constants], sources, diagnostics);
    places.insert(name.clone(), span);
    constants.set(name, value);
}

fn repeated<'a>(templates: &mut BTreeMap<String, Node<'a>>, name: String, node: Node<'a>, diagnostics: &mut Diagnostics) {
    if let Some(first) = templates.get(&name) {
        diagnostics.push(
            Diagnostic::error(check::REPEATED_NODE, node.head(), format!("the template `{name}` stands twice"))
                .related(first.head(), "first here")
                .help("rename or remove one of them"),
        );
        return;
    }
    templates.insert(name, node);
}

/// What holds where a node stands.
#[derive(Clone, Default)]
struct Scope<'a> {
    /// The use that brought the node here; 0 for text as written.
    expansion: ExpansionId,
    /// The parameters of the template around, if there is one.
    params: Option<Values<'a>>,
    /// The values of the rounds around.
    each: Option<Values<'a>>,
    /// The templates around, for cycles.
    stack: Vec<String>,
    /// Blocks around, in what comes out.
    depth: usize,
}

struct Expander<'e, 'a> {
    sources: &'a SourceMap,
    templates: &'e BTreeMap<String, Node<'a>>,
    constants: Values<'a>,
    diagnostics: &'e mut Diagnostics,
    used: BTreeSet<String>,
    params_used: BTreeSet<(String, String)>,
    nodes: usize,
    jobs: usize,
    stopped: bool,
}

impl<'a> Expander<'_, 'a> {
    /// The nodes of a block, with rounds and templates replaced by what they make; not yet merged.
    fn list(&mut self, nodes: &[Node<'a>], shape: Option<&'static Shape>, scope: &Scope<'a>) -> Vec<Ranked<'a>> {
        let mut made = Vec::with_capacity(nodes.len());
        let mut rank = 0;
        for node in nodes {
            if self.stopped {
                break;
            }
            match node.name() {
                "each" if shape.is_none_or(|s| !s.foreign) => self.each(node, shape, scope, &mut made),
                "template" if shape.is_none_or(|s| s.child("template").is_some_and(|c| c.shape.id == "template.use")) => {
                    self.uses(node, shape, scope, &mut rank, &mut made);
                }
                _ => {
                    if let Some(node) = self.node(node, shape, scope) {
                        made.push((merge::OWN, node));
                    }
                }
            }
        }
        made
    }

    /// A node as it stands, values filled in and its block expanded.
    fn node(&mut self, node: &Node<'a>, parent: Option<&'static Shape>, scope: &Scope<'a>) -> Option<Node<'a>> {
        self.count(node, scope)?;
        let mut made = Node { children: None, ..shallow(node) };
        self.fill(&mut made, scope);
        fill::tag(&mut made, scope.expansion);
        let shape = parent.and_then(|p| p.child(made.name())).map(|c| c.shape);
        if let Some(children) = &node.children {
            let mut inner = scope.clone();
            inner.depth += 1;
            let list = self.list(children, shape, &inner);
            made.children = Some(merge::merge(list, shape, &made));
        }
        Some(made)
    }

    fn fill(&mut self, node: &mut Node<'a>, scope: &Scope<'a>) {
        let known: Vec<&Values<'a>> =
            [Some(&self.constants), scope.params.as_ref(), scope.each.as_ref()].into_iter().flatten().collect();
        let mut read = Vec::new();
        fill::node(node, &known, self.sources, self.diagnostics, &mut read);
        for (kind, name) in read {
            match (kind, scope.stack.last()) {
                ("param", Some(template)) => {
                    self.params_used.insert((template.clone(), name));
                }
                _ => {
                    self.used.insert(format!("{kind}.{name}"));
                }
            }
        }
    }

    /// Counts what expansion makes; `None` once it is too much, which is said once.
    fn count(&mut self, node: &Node<'a>, scope: &Scope<'a>) -> Option<()> {
        if self.stopped {
            return None;
        }
        if scope.expansion.0 == 0 {
            return Some(());
        }
        self.nodes += 1;
        self.jobs += usize::from(matches!(node.name(), "job" | "deploy"));
        let complaint = if self.jobs > MAX_JOBS {
            format!("expansion makes more than {MAX_JOBS} jobs")
        } else if self.nodes > MAX_NODES {
            format!("expansion makes more than {MAX_NODES} nodes")
        } else if scope.depth > MAX_DEPTH {
            format!("expansion nests blocks deeper than {MAX_DEPTH} levels")
        } else {
            return Some(());
        };
        let span = Span { expansion: scope.expansion, ..node.head() };
        self.diagnostics.push(
            Diagnostic::error(EXPANSION_TOO_LARGE, span, complaint).help("use fewer values in `each`, or flatten the templates"),
        );
        self.stopped = true;
        None
    }

    fn each(&mut self, node: &Node<'a>, shape: Option<&'static Shape>, scope: &Scope<'a>, made: &mut Vec<Ranked<'a>>) {
        let mut head = Node { children: None, ..shallow(node) };
        self.fill(&mut head, scope);
        fill::tag(&mut head, scope.expansion);
        let found = check::check_node(&head, &reuse::EACH);
        let wrong = found.has_errors();
        self.diagnostics.extend(found);
        let Some(name) = head.str_arg(0).filter(|_| !wrong) else { return };
        for value in head.args().skip(1) {
            if self.count(&head, scope).is_none() {
                return;
            }
            let mut inner = scope.clone();
            let what = format!("round `{}` of `each {}`", value.as_text(), name.value);
            inner.expansion = self.sources.expand(head.head(), what);
            inner.each.get_or_insert_with(|| Values::new("round", "each")).set(name.value.to_owned(), value.clone());
            let list = self.list(node.children(), shape, &inner);
            made.extend(list);
        }
    }
}

/// A node without its block.
fn shallow<'a>(node: &Node<'a>) -> Node<'a> {
    Node {
        ty: node.ty.clone(),
        name: node.name.clone(),
        entries: node.entries.clone(),
        children: None,
        comments: node.comments.clone(),
        span: node.span,
    }
}

#[cfg(test)]
mod tests {
    use super::expand;
    use crate::base::diag::Diagnostics;
    use crate::base::source::SourceMap;
    use crate::syntax::parse::parse;
    use crate::syntax::tree::Node;

    fn shown(node: &Node<'_>) -> String {
        let mut text = node.name().to_owned();
        for entry in &node.entries {
            let ty = entry.ty.as_ref().map_or(String::new(), |t| format!("({})", t.text));
            let name = entry.name.as_ref().map_or(String::new(), |n| format!("{}=", n.text));
            text += &format!(" {name}{ty}{}", entry.as_text());
        }
        if let Some(children) = &node.children {
            text += &format!(" {{{}}}", children.iter().map(shown).collect::<Vec<_>>().join("; "));
        }
        text
    }

    /// The expanded text and the findings, as `rule: message`.
    fn run(text: &str) -> (String, Vec<String>) {
        let sources = SourceMap::new();
        let id = sources.add("pipeline.kdl", text);
        let (document, errors) = parse(id, &sources.file(id).text);
        assert!(errors.is_empty(), "{:?}", errors.iter().map(|d| &d.message).collect::<Vec<_>>());
        let mut found = Diagnostics::new();
        let document = expand(document, &sources, None, &mut found);
        let found = found.finish().iter().map(|d| format!("{}: {}", d.rule, d.message)).collect();
        (document.nodes.iter().map(shown).collect::<Vec<_>>().join("\n"), found)
    }

    #[track_caller]
    fn becomes(text: &str, expected: &str) {
        let (got, found) = run(text);
        assert_eq!((got.as_str(), found.as_slice()), (expected, [].as_slice()));
    }

    #[track_caller]
    fn says(text: &str, expected: &str) {
        let found = run(text).1;
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}\n{found:#?}");
    }

    #[test]
    fn constants_fill_names_and_values_and_keep_their_type() {
        becomes(
            "const V \"3.12\"; const N 3; const I \"python:${const.V}\"; const S (secret)TOKEN\n\
             pipeline \"p-${const.N}\" { image \"${const.I}\"; retry \"${const.N}\"; env A=\"${const.S}\" B=#\"x${const.V}${commit.sha}${HOME}\"# }",
            "pipeline p-3 {image python:3.12; retry 3; env A=(secret)TOKEN B=x3.12${commit.sha}${HOME}}",
        );
    }

    #[test]
    fn rounds_stand_anywhere_and_nest() {
        becomes(
            "workflow w { each a x y { each b 1 2 { job \"${each.a}-${each.b}\" { run \"${each.a}\" } } } }",
            "workflow w {job x-1 {run x}; job x-2 {run x}; job y-1 {run y}; job y-2 {run y}}",
        );
        becomes("workflow w { job j { each s a b { run \"make ${each.s}\" } } }", "workflow w {job j {run make a; run make b}}");
    }

    #[test]
    fn templates_merge_single_values_replace_lists_append_and_own_nodes_win() {
        becomes(
            "template a { param v \"20\"; timeout \"1m\"; docker; toolchain node=\"${param.v}\"; env A=1 B=1; service db image=old; needs x }\n\
             template b { timeout \"2m\"; env B=2 C=2 }\n\
             workflow w { job j { template a b v=\"22\"; timeout \"3m\"; needs y; env C=3; service db image=new; run \"t\" }; job k { template a b } }",
            "workflow w {job j {docker; toolchain node=22; env A=1; needs x; env B=2; timeout 3m; needs y; env C=3; service db image=new; run t}; \
             job k {docker; toolchain node=20; env A=1; service db image=old; needs x; timeout 2m; env B=2 C=2}}",
        );
    }

    #[test]
    fn templates_may_use_templates() {
        becomes(
            "template inner { param x; timeout \"1m\"; run \"${param.x}\" }\n\
             template outer { param y; template inner x=\"${param.y}!\"; timeout \"2m\" }\n\
             workflow w { job j { template outer y=hi } }",
            "workflow w {job j {run hi!; timeout 2m}}",
        );
        says(
            "template a { template a }\nworkflow w { job j { template a } }",
            "template-cycle: this template is inside itself, or too deep: a -> a",
        );
    }

    #[test]
    fn an_environment_like_another_starts_as_its_copy() {
        becomes(
            "environment a like=b { tier production; requires go }\nenvironment b like=c { url u }\nenvironment c { tier staging; requires x; after d }",
            "environment a {requires x; after d; url u; tier production; requires go}\n\
             environment b {tier staging; requires x; after d; url u}\nenvironment c {tier staging; requires x; after d}",
        );
        says("environment a like=b\nenvironment b like=a", "environment-cycle: `a` is like itself");
    }

    #[test]
    fn unknown_names_are_found_and_unused_ones_are_warned_of() {
        says("pipeline \"${const.X}\"", "unknown-name: there is no constant `X`");
        says("pipeline \"${param.x}\"", "unknown-name: `param.x` has a value only inside `template`");
        says("workflow w { job j { run \"a ${each.x}\" } }", "unknown-name: `each.x` has a value only inside `each`");
        says("workflow w { job j { template nod } }", "unknown-name: there is no template `nod`");
        says("template t { run \"x\" }\nworkflow w { job j { template t v=1 } }", "unknown-name: there is no parameter `v`");
        says(
            "template t { param v; run \"${param.v}\" }\nworkflow w { job j { template t } }",
            "missing-property: template `t` needs its parameter `v`",
        );
        says("template t { run \"x\" }", "unused-template: ");
        says("const X 1", "unused-const: ");
        says("template t { param v \"1\"; run \"x\" }\nworkflow w { job j { template t } }", "unused-param: ");
        says("const X 1; const X 2\npipeline \"p${const.X}\"", "repeated-node: ");
        says("include \"../x.kdl\"", "include-outside-root: ");
        says("include \"x.kdl\"", "include-unreadable: ");
        says("workflow w { each a }", "missing-argument: ");
    }

    #[test]
    fn expansion_is_bounded() {
        let ten = "0 1 2 3 4 5 6 7 8 9";
        let text = format!("workflow w {{ each a {ten} {{ each b {ten} {{ each c {ten} {{ each d {ten} {{ job j }} }} }} }} }}");
        says(&text, "expansion-too-large: expansion makes more than 2000 jobs");
        let mut doubling = String::from("template t0 { run \"x\" }\n");
        for i in 1..15 {
            doubling += &format!("template t{i} {{ {} }}\n", format!("template t{}; ", i - 1).repeat(4));
        }
        says(
            &format!("{doubling}workflow w {{ job j {{ template t14 }} }}"),
            "expansion-too-large: expansion makes more than 20000 nodes",
        );
    }

    #[test]
    fn findings_in_an_expansion_know_both_places() {
        let sources = SourceMap::new();
        let text = "template t { run \"${const.X}\" }\nworkflow w { each n a { job j { template t } } }";
        let id = sources.add("pipeline.kdl", text);
        let (document, _) = parse(id, &sources.file(id).text);
        let mut found = Diagnostics::new();
        let document = expand(document, &sources, None, &mut found);
        let run = &document.nodes[0].children()[0].children()[0];
        assert_eq!(sources.snippet(run.name.span), "run");
        let through: Vec<&str> = sources.expansions(run.span).iter().map(|e| &*e.what).collect();
        assert_eq!(through, ["template `t`", "round `a` of `each n`"]);
        assert_eq!(found.iter().next().map(|d| sources.snippet(d.span)), Some("${const.X}"));
    }
}
